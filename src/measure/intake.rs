//! Exposures of a shard as they come in: folded now and then, so that of each unit and study only the first stays.

use super::column::begin;
use super::hash::Key;
use super::labels::Labels;
use super::probe::SHARD_BITS;
use super::words::Words;

/// How many exposures come in at least before they are folded.
const FEW: usize = 1 << 14;

/// An exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub key: Key,
    pub at: i64,
    /// The combination of its values of dimensions.
    pub mark: u32,
    pub study: u16,
    pub variant: u8,
    pub mixed: bool,
}

/// Words of a row where ids are numbers, and where they are texts.
const NUMBERED: usize = 3;
const NAMED: usize = 4;

impl Row {
    /// All but the rest of its key.
    fn words(self) -> [u64; NUMBERED] {
        let what = u64::from(self.study) << 32 | u64::from(self.variant) << 48 | u64::from(self.mixed) << 56;
        [self.key.hash, self.at.cast_unsigned(), u64::from(self.mark) | what]
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "parts of a word")]
    fn of<const N: usize>(words: &[u64; N]) -> Self {
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        let (hash, at, what, rest) = (next(), next(), next(), next());
        let (mark, study, variant) = (what as u32, (what >> 32) as u16, (what >> 48) as u8);
        Self { key: Key { hash, rest }, at: at.cast_signed(), mark, study, variant, mixed: what >> 56 != 0 }
    }
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
    pub fn extend(&mut self, rows: impl Iterator<Item = Row>) {
        let start = self.rows.len();
        for row in rows {
            match self.rows.get_mut(start..).and_then(<[Row]>::last_mut) {
                Some(first) if first.study == row.study => first.mixed |= row.mixed || first.variant != row.variant,
                _ => self.rows.push(row),
            }
        }
        // There are fewer than 2^32 rows.
        self.units.extend(u32::try_from(self.rows.len()));
    }
}

/// The exposures of a shard.
#[derive(Debug)]
pub(super) struct Intake {
    /// As [`Row::words`] has them; where ids are texts the rest of its key follows each.
    rows: Words,
    count: usize,
    /// Whether ids are texts.
    pub named: bool,
    /// How many were left when they were last folded.
    kept: usize,
    /// How many there may be before they are folded again.
    limit: usize,
}

impl Default for Intake {
    fn default() -> Self {
        Self { rows: Words::default(), count: 0, named: false, kept: 0, limit: FEW }
    }
}

impl Intake {
    /// One that is folded somewhat earlier, for others to learn from.
    pub fn early() -> Self {
        Self { limit: FEW / 4 * 3, ..Self::default() }
    }

    /// How many there may be before they are folded again.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Units are spread evenly: where another shard need not be folded soon, this one need not either.
    pub fn learn(&mut self, limit: usize) {
        self.limit = self.limit.max(limit);
    }

    /// Adds an exposure, whose unit's id is a text if it is `named`, as it is for all of them. It fails when there are more than
    /// can be told apart.
    #[inline]
    pub fn push(&mut self, row: Row, named: bool, labels: &Labels) -> Option<()> {
        if self.count >= self.limit {
            self.fold(labels)?;
        }
        self.named = named;
        self.add(row)
    }

    /// Leaves the first exposure of each unit to each study.
    pub fn fold(&mut self, labels: &Labels) -> Option<()> {
        let Folded { rows, .. } = self.folded(labels);
        let before = self.count;
        self.kept = rows.len();
        // Where hardly any is left out it is not worth while soon again.
        self.limit = FEW.max(rows.len() * if rows.len() * 2 > before { 4 } else { 2 });
        self.rows = self.spared();
        self.count = 0;
        for row in rows {
            self.add(row)?;
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
        let ([hash, at, what], rest) = (row.words(), row.key.rest);
        let words = self.rows.begin(if self.named { NAMED } else { NUMBERED })?.1;
        words.extend([hash, at, what]);
        if self.named {
            words.push(rest);
        }
        Some(())
    }

    /// No words, but the blocks that rows took, once these are folded and not needed any more.
    pub fn spared(&mut self) -> Words {
        Words::reusing(std::mem::take(&mut self.rows))
    }

    /// The first exposure of each unit to each study, and whether there was another variant: the earliest, the variant that
    /// is named first among those at the same instant, and of those the lowest in the order of their labels. They are
    /// ordered by key, then by study.
    pub fn folded(&self, labels: &Labels) -> Folded {
        if self.named { self.folded_of::<NAMED>(labels) } else { self.folded_of::<NUMBERED>(labels) }
    }

    /// The same, of rows of so many words.
    fn folded_of<const N: usize>(&self, labels: &Labels) -> Folded {
        let mut folded = Folded { rows: Vec::with_capacity(self.count), ..Folded::default() };
        let sorted = self.sorted::<N>(labels);
        let units = sorted.chunk_by(|one, other| Row::of(one).key == Row::of(other).key);
        units.for_each(|rows| folded.extend(rows.iter().map(Row::of)));
        folded
    }

    /// All rows, in the order that is said in [`Intake::folded`].
    fn sorted<const N: usize>(&self, labels: &Labels) -> Vec<[u64; N]> {
        let rows = || self.rows.blocks().flat_map(|(_, block)| block.as_chunks::<N>().0);
        // Counted into places by their hashes, of which each takes a few rows; then these are sorted.
        let bits = self.count.checked_ilog2().unwrap_or(0).saturating_sub(2);
        #[allow(clippy::cast_possible_truncation, reason = "fewer bits than there are rows")]
        let place =
            |row: &[u64; N]| (Row::of(row).key.hash << SHARD_BITS).checked_shr(u64::BITS - bits).unwrap_or(0) as usize;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        for row in rows() {
            starts.get_mut(place(row) + 1).into_iter().for_each(|count| *count += 1);
        }
        begin(&mut starts);
        let mut sorted = vec![[0; N]; self.count];
        for row in rows() {
            let Some(next) = starts.get_mut(place(row)) else { continue };
            sorted.get_mut(*next as usize).into_iter().for_each(|to| *to = *row);
            *next += 1;
        }
        for rows in sorted.chunk_by_mut(|one, other| place(one) == place(other)) {
            rows.sort_unstable_by(|one, other| {
                let (one, other) = (Row::of(one), Row::of(other));
                let key = |row: Row| (row.key, row.study, row.at, row.variant);
                let order = key(one).cmp(&key(other));
                if labels.is_empty() { order } else { order.then_with(|| labels.order(one.mark, other.mark)) }
            });
        }
        sorted
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(hash: u64, rest: u64, study: u16, at: i64, variant: u8) -> Row {
        Row { key: Key { hash, rest }, at, mark: 0, study, variant, mixed: false }
    }

    fn pushed(rows: &[Row], named: bool, folds: usize) -> Vec<Row> {
        let labels = Labels::new(0);
        let mut intake = Intake::default();
        for (place, row) in rows.iter().enumerate() {
            intake.push(*row, named, &labels).unwrap();
            if folds > 0 && place % folds == 0 {
                intake.fold(&labels).unwrap();
            }
        }
        let folded = intake.folded(&labels);
        let units: Vec<&[Row]> = folded.units().collect();
        assert!(units.iter().all(|own| own.iter().is_sorted_by_key(|row| row.study)));
        assert!(units.is_sorted_by(|one, other| one[0].key < other[0].key));
        units.concat()
    }

    #[test]
    fn the_first_exposure_of_a_unit_to_a_study_stays() {
        let rows =
            [row(9, 0, 1, 50, 0), row(9, 0, 0, 40, 1), row(9, 0, 1, 30, 0), row(4, 0, 1, 7, 1), row(9, 0, 0, 45, 0)];
        let mixed = Row { mixed: true, ..row(9, 0, 0, 40, 1) };
        assert_eq!(pushed(&rows, false, 0), [row(4, 0, 1, 7, 1), mixed, row(9, 0, 1, 30, 0)]);
    }

    #[test]
    fn of_two_variants_at_one_instant_the_first_named_stays() {
        let rows = [row(1, 0, 0, 5, 2), row(1, 0, 0, 5, 1)];
        assert_eq!(pushed(&rows, false, 0), [Row { mixed: true, ..row(1, 0, 0, 5, 1) }]);
    }

    #[test]
    fn texts_that_share_a_hash_are_two_units() {
        let rows = [row(7, 2, 0, 5, 0), row(7, 1, 0, 6, 1), row(7, 2, 0, 4, 0), row(7, 1, 1, 1, 0)];
        assert_eq!(pushed(&rows, true, 0), [row(7, 1, 0, 6, 1), row(7, 1, 1, 1, 0), row(7, 2, 0, 4, 0)]);
    }

    #[test]
    fn folding_now_and_then_changes_nothing() {
        let drawn = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        for named in [false, true] {
            let rows: Vec<Row> = (0..2_000_u64)
                .map(|n| {
                    let rest = if named { drawn(n + 7) % 4 } else { 0 };
                    let study = u16::try_from(drawn(n + 1) % 3).unwrap();
                    let at = i64::try_from(drawn(n + 2) % 1_000).unwrap();
                    row((drawn(n) % 97) << 48, rest, study, at, u8::try_from(drawn(n + 3) % 2).unwrap())
                })
                .collect();
            let once = pushed(&rows, named, 0);
            assert!(once.len() > 250 && once.iter().any(|row| row.mixed));
            assert_eq!(pushed(&rows, named, 1), once);
            assert_eq!(pushed(&rows, named, 171), once);
        }
    }
}
