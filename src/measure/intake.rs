//! Exposures of a shard as they come in: folded now and then, so that of each unit and study only the first stays.

use super::column::begin;
use super::labels::Labels;
use super::notes::Notes;
use super::probe::SHARD_BITS;
use super::words::Words;

/// How many exposures come in before they are folded.
const FEW: usize = 1 << 14;

/// An exposure.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// The hash of the unit's id, which for a number is as good as the id.
    pub hash: u64,
    pub at: i64,
    /// Where ids are numbers, the combination of its values of dimensions; else the place of a note with the id and that.
    beside: u32,
    pub study: u16,
    pub variant: u8,
    pub mixed: bool,
}

/// Words of a row.
const ROW: usize = 3;

impl Row {
    fn words(self) -> [u64; ROW] {
        let what = u64::from(self.study) << 32 | u64::from(self.variant) << 48 | u64::from(self.mixed) << 56;
        [self.hash, self.at.cast_unsigned(), u64::from(self.beside) | what]
    }

    #[allow(clippy::cast_possible_truncation, reason = "parts of a word")]
    fn of(&[hash, at, what]: &[u64; ROW]) -> Self {
        let (beside, study, variant) = (what as u32, (what >> 32) as u16, (what >> 48) as u8);
        Self { hash, at: at.cast_signed(), beside, study, variant, mixed: what >> 56 != 0 }
    }
}

/// An exposure that comes in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exposed {
    pub at: i64,
    pub study: u16,
    pub variant: u8,
    /// The combination of its values of dimensions.
    pub mark: u32,
}

/// The id of a unit: its hash and, where ids are texts, the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    pub hash: u64,
    pub text: Option<&'a [u8]>,
}

/// Exposures of which each is the only one of its unit and study, unit after unit.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub rows: Vec<Row>,
    /// Where the rows of each unit end.
    units: Vec<u32>,
}

impl Folded {
    /// The rows of each unit.
    pub fn units(&self) -> impl Iterator<Item = &[Row]> {
        let starts = std::iter::once(&0).chain(&self.units);
        starts.zip(&self.units).filter_map(|(start, end)| self.rows.get(*start as usize..*end as usize))
    }

    /// Adds the rows of a unit, which are ordered by study; of each study the first stays.
    pub fn extend(&mut self, rows: &[Row]) {
        let start = self.rows.len();
        for row in rows {
            match self.rows.get_mut(start..).and_then(<[Row]>::last_mut) {
                Some(first) if first.study == row.study => first.mixed |= row.mixed || first.variant != row.variant,
                _ => self.rows.push(*row),
            }
        }
        // There are fewer than 2^32 rows.
        self.units.extend(u32::try_from(self.rows.len()));
    }
}

/// The exposures of a shard.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Three words each.
    rows: Words,
    count: usize,
    notes: Notes,
    /// Whether ids are texts.
    pub named: bool,
    /// How many were left when they were last folded, and how many there may be before they are folded again.
    kept: usize,
    limit: usize,
}

impl Intake {
    /// Adds an exposure. It fails when there are more ids than can be told apart.
    #[inline]
    pub fn push(&mut self, key: Key<'_>, row: Exposed, labels: &Labels) -> Option<()> {
        if self.count >= self.limit.max(FEW) {
            self.fold(labels)?;
        }
        let Exposed { at, study, variant, mark } = row;
        let beside = match key.text {
            Some(text) => self.notes.push(text, mark)?,
            None => mark,
        };
        self.named = key.text.is_some();
        self.add(Row { hash: key.hash, at, beside, study, variant, mixed: false })
    }

    /// Leaves the first exposure of each unit to each study.
    pub fn fold(&mut self, labels: &Labels) -> Option<()> {
        let Folded { rows, .. } = self.folded(labels);
        let before = self.count;
        self.kept = rows.len();
        // Where hardly any is left out it is not worth while soon again.
        self.limit = if rows.len() * 2 > before { rows.len() * 4 } else { rows.len() * 2 };
        let notes = std::mem::take(&mut self.notes);
        self.rows = Words::reusing(std::mem::take(&mut self.rows));
        self.count = 0;
        for row in rows {
            let beside = if self.named {
                let (text, mark) = notes.get(row.beside);
                self.notes.push(text, mark)?
            } else {
                row.beside
            };
            self.add(Row { beside, ..row })?;
        }
        self.rows.shrink();
        Some(())
    }

    /// The same where more than half of them are new since then.
    pub fn tidy(&mut self, labels: &Labels) {
        if self.count > 2 * self.kept {
            // It fails only where there are more than were there before.
            let _ = self.fold(labels);
        }
    }

    #[inline]
    fn add(&mut self, row: Row) -> Option<()> {
        self.count += 1;
        self.rows.begin(ROW)?.1.extend(row.words());
        Some(())
    }

    fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.rows.blocks().flat_map(|(_, block)| block.as_chunks().0).map(Row::of)
    }

    /// No words, but the blocks that rows took, once these are folded and not needed any more.
    pub fn spared(&mut self) -> Words {
        Words::reusing(std::mem::take(&mut self.rows))
    }

    /// The first exposure of each unit to each study, and whether there was another variant: the earliest, the variant that
    /// is named first among those at the same instant, and of those the lowest in the order of their labels. They are
    /// ordered by hash, then by id, then by study.
    pub fn folded(&self, labels: &Labels) -> Folded {
        let mut folded = Folded { rows: Vec::with_capacity(self.count), ..Folded::default() };
        let mut sorted = self.sorted(labels);
        for rows in sorted.chunk_by_mut(|one, other| one.hash == other.hash) {
            if !self.named {
                folded.extend(rows);
                continue;
            }
            let first = rows.first().map(|row| self.text(row));
            if rows.iter().skip(1).all(|row| Some(self.text(row)) == first) {
                folded.extend(rows);
            } else {
                // Ids that share a hash.
                rows.sort_by(|one, other| self.text(one).cmp(self.text(other)));
                rows.chunk_by(|one, other| self.text(one) == self.text(other)).for_each(|rows| folded.extend(rows));
            }
        }
        folded
    }

    /// All rows, ordered by hash, and those of a hash as it is said in [`Intake::folded`], but for the id.
    fn sorted(&self, labels: &Labels) -> Vec<Row> {
        // Counted into places by their hashes, of which each takes a few rows; then these are sorted.
        let bits = self.count.checked_ilog2().unwrap_or(0).saturating_sub(2);
        #[allow(clippy::cast_possible_truncation, reason = "fewer bits than there are rows")]
        let place = |row: &Row| (row.hash << SHARD_BITS).checked_shr(u64::BITS - bits).unwrap_or(0) as usize;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        for row in self.rows() {
            starts.get_mut(place(&row) + 1).into_iter().for_each(|count| *count += 1);
        }
        begin(&mut starts);
        let mut sorted = vec![Row::default(); self.count];
        for row in self.rows() {
            let Some(next) = starts.get_mut(place(&row)) else { continue };
            sorted.get_mut(*next as usize).into_iter().for_each(|to| *to = row);
            *next += 1;
        }
        for rows in sorted.chunk_by_mut(|one, other| place(one) == place(other)) {
            rows.sort_unstable_by(|one, other| {
                let key = |row: &Row| (row.hash, row.study, row.at, row.variant);
                let order = key(one).cmp(&key(other));
                if labels.is_empty() {
                    return order;
                }
                order.then_with(|| labels.order(self.mark(one), self.mark(other)))
            });
        }
        sorted
    }

    /// The id of an exposure's unit, where ids are texts.
    pub fn text(&self, row: &Row) -> &[u8] {
        self.notes.get(row.beside).0
    }

    /// The combination of an exposure's values of dimensions.
    pub fn mark(&self, row: &Row) -> u32 {
        if self.named { self.notes.get(row.beside).1 } else { row.beside }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.notes.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(rows: &[(u64, Option<&str>, u16, i64, u8)], folds: usize) -> Vec<(u64, String, u16, i64, u8, bool)> {
        let labels = Labels::new(0);
        let mut intake = Intake::default();
        for (place, (hash, text, study, at, variant)) in rows.iter().enumerate() {
            let key = Key { hash: *hash, text: text.map(str::as_bytes) };
            let row = Exposed { at: *at, study: *study, variant: *variant, mark: 0 };
            intake.push(key, row, &labels).unwrap();
            if folds > 0 && place % folds == 0 {
                intake.fold(&labels).unwrap();
            }
        }
        let folded = intake.folded(&labels);
        let units: Vec<Vec<Row>> = folded.units().map(<[Row]>::to_vec).collect();
        assert!(units.iter().all(|own| own.iter().is_sorted_by_key(|row| row.study)));
        let text = |row: &Row| {
            if intake.named { String::from_utf8(intake.text(row).to_vec()).unwrap() } else { String::new() }
        };
        units.iter().flatten().map(|row| (row.hash, text(row), row.study, row.at, row.variant, row.mixed)).collect()
    }

    #[test]
    fn the_first_exposure_of_a_unit_to_a_study_stays() {
        let rows =
            [(9, None, 1, 50, 0), (9, None, 0, 40, 1), (9, None, 1, 30, 0), (4, None, 1, 7, 1), (9, None, 0, 45, 0)];
        let first = |hash, study, at, variant, mixed| (hash, String::new(), study, at, variant, mixed);
        let expected = [first(4, 1, 7, 1, false), first(9, 0, 40, 1, true), first(9, 1, 30, 0, false)];
        assert_eq!(pushed(&rows, 0), expected);
    }

    #[test]
    fn of_two_variants_at_one_instant_the_first_named_stays() {
        let rows = [(1, None, 0, 5, 2), (1, None, 0, 5, 1)];
        assert_eq!(pushed(&rows, 0), [(1, String::new(), 0, 5, 1, true)]);
    }

    #[test]
    fn ids_that_share_a_hash_are_two_units() {
        let rows = [(7, Some("b"), 0, 5, 0), (7, Some("a"), 0, 6, 1), (7, Some("b"), 0, 4, 0), (7, Some("a"), 1, 1, 0)];
        let own = |text: &str, study, at, variant| (7, text.to_owned(), study, at, variant, false);
        assert_eq!(pushed(&rows, 0), [own("a", 0, 6, 1), own("a", 1, 1, 0), own("b", 0, 4, 0)]);
    }

    #[test]
    fn folding_now_and_then_changes_nothing() {
        let drawn = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let texts = ["anna", "bo", "", "a much longer one than the others"];
        for named in [false, true] {
            let rows: Vec<_> = (0..2_000_u64)
                .map(|n| {
                    let hash = (drawn(n) % 97) << 50;
                    let text = named.then(|| texts[usize::try_from(drawn(n + 7) % 4).unwrap()]);
                    let study = u16::try_from(drawn(n + 1) % 3).unwrap();
                    (
                        hash,
                        text,
                        study,
                        i64::try_from(drawn(n + 2) % 1_000).unwrap(),
                        u8::try_from(drawn(n + 3) % 2).unwrap(),
                    )
                })
                .collect();
            let once = pushed(&rows, 0);
            assert!(once.len() > 250 && once.iter().any(|row| row.5));
            assert_eq!(pushed(&rows, 1), once);
            assert_eq!(pushed(&rows, 171), once);
        }
    }
}
