//! One shard: the units whose hashes begin alike, their exposures, and beside each exposure its accumulators.
//!
//! While exposures come in, a shard holds a table from ids to the places of units and a list of rows, folded now and then so
//! that only the first exposure of a unit to a study stays. Sealed, it holds one list of words. A unit is, where ids are
//! texts, a word with the text's length, then the text; then its entries. An entry is the instant; a word with, from its
//! lowest bit, 16 bits of study, 8 of variant, 8 that say whether it is mixed and whether it is the unit's last, and 32
//! flags; where there are dimensions, a word with the combination of their values; more flags where there are more accumulators; the accumulators.

use std::cmp::Ordering;

use super::calendar::Calendar;
use super::column::Values;
use super::fold::fold;
use super::hash;
use super::labels::Labels;
use super::plan::{Action, Layout, Plan, Probe, Tap};

/// Words in a line of the cache.
const LINE: usize = 8;
/// The bit of an entry's second word that says that it is its unit's last.
const LAST: u64 = 1 << 25;

/// A place of the table.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The id where ids are numbers, else its hash.
    key: u64,
    /// Where the unit is, plus 1; 0 in a free slot.
    place: u32,
    /// When rows can matter to it, once sealed.
    calendar: u32,
}

/// An exposure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub at: i64,
    pub unit: u32,
    pub study: u16,
    pub variant: u8,
    pub mixed: bool,
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

/// A row that is to be looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    pub hash: u64,
    pub id: Id<'a>,
}

/// Where a unit or its entries begin.
pub(super) type Place = usize;

/// An id.
#[derive(Debug, Clone, Copy)]
pub(super) enum Id<'a> {
    Number(i64),
    Text(&'a [u8]),
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    slots: Vec<Slot>,
    units: u32,
    /// Ids in text, one after the other, and where each ends.
    texts: Vec<u8>,
    ends: Vec<u32>,
    rows: Vec<Row>,
    /// The combination of each row; none where there are no dimensions.
    marks: Vec<u32>,
    /// How many rows were left when they were last folded.
    folded: usize,
    /// Whether units begin with their text.
    named: bool,
    words: Vec<u64>,
    /// Values of events: the word of an accumulator, and the value's bits.
    events: Vec<(u32, u64)>,
    /// What tells distinct values apart, in the same way.
    distinct: Vec<(u32, u64)>,
    distinct_folded: usize,
}

impl Shard {
    /// Brings the slot of a hash into the cache; what it returns is to be used, so that it is not left out.
    #[inline]
    pub fn touch(&self, hash: u64) -> u64 {
        self.slots.get(self.home(hash)).map_or(0, |slot| slot.key)
    }

    /// The same for entries, which often lie in two lines of the cache.
    #[inline]
    pub fn touch_entries(&self, place: Place) -> u64 {
        let word = |at: usize| self.words.get(at).copied().unwrap_or(0);
        word(place) ^ word(place + LINE)
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        #[allow(clippy::cast_possible_truncation, reason = "only low bits count")]
        let hash = hash as usize;
        hash & self.slots.len().wrapping_sub(1)
    }

    /// Adds an exposure. It fails when the shard is full, at 2^32 units or bytes of ids.
    pub fn push(&mut self, key: Key<'_>, row: Exposed, labels: &Labels) -> Option<()> {
        let unit = self.unit(key)?;
        if self.rows.len() == self.rows.capacity() {
            if self.rows.len() >= 1024.max(self.folded * 2) {
                self.fold(labels);
            }
            // A quarter more, since all shards have slack at once.
            let more = (self.rows.len() / 4).max(64);
            self.rows.reserve_exact(more);
            if !labels.is_empty() {
                self.marks.reserve_exact(more);
            }
        }
        let Exposed { at, study, variant, mark } = row;
        self.rows.push(Row { at, unit, study, variant, mixed: false });
        if !labels.is_empty() {
            self.marks.push(mark);
        }
        Some(())
    }

    /// The place of a unit, which is added where it is not there yet.
    fn unit(&mut self, key: Key<'_>) -> Option<u32> {
        if (self.units as usize + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let word = key.word();
        let mut at = self.home(key.hash);
        loop {
            let slot = *self.slots.get(at)?;
            if slot.place == 0 {
                break;
            }
            if slot.key == word && self.is(slot.place - 1, key.id) {
                return Some(slot.place - 1);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        let unit = self.units;
        self.units = unit.checked_add(1)?;
        if let Id::Text(text) = key.id {
            let end = u32::try_from(self.texts.len() + text.len()).ok()?;
            if self.texts.capacity() - self.texts.len() < text.len() {
                self.texts.reserve_exact((self.texts.len() / 4).max(text.len()).max(256));
            }
            self.texts.extend_from_slice(text);
            self.ends.push(end);
        }
        *self.slots.get_mut(at)? = Slot { key: word, place: self.units, calendar: 0 };
        Some(unit)
    }

    /// Whether a unit that is not sealed has this id, given that the words agree.
    fn is(&self, unit: u32, id: Id<'_>) -> bool {
        match id {
            Id::Number(_) => true,
            Id::Text(text) => self.text(unit) == text,
        }
    }

    fn text(&self, unit: u32) -> &[u8] {
        let end = |unit: usize| self.ends.get(unit).copied().unwrap_or(0) as usize;
        let unit = unit as usize;
        let start = unit.checked_sub(1).map_or(0, end);
        self.texts.get(start..end(unit)).unwrap_or(&[])
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![Slot::default(); (old.len() * 2).max(16)];
        let named = !self.ends.is_empty();
        for slot in old.into_iter().filter(|slot| slot.place > 0) {
            let hash = if named { slot.key } else { hash::number(slot.key.cast_signed()) };
            let mut at = self.home(hash);
            while self.slots.get(at).is_some_and(|slot| slot.place > 0) {
                at = (at + 1) & (self.slots.len() - 1);
            }
            if let Some(free) = self.slots.get_mut(at) {
                *free = slot;
            }
        }
    }

    /// Leaves one row per unit and study: the earliest, the variant that is named first among those at the same instant, and of
    /// those the lowest in the order of their labels.
    fn fold(&mut self, labels: &Labels) {
        if labels.is_empty() {
            fold(self.units, &mut self.rows, |_, _| Ordering::Equal);
        } else {
            let mut marked: Vec<(Row, u32)> = self.rows.drain(..).zip(self.marks.drain(..)).collect();
            fold(self.units, &mut marked, |one, other| labels.order(one.1, other.1));
            self.rows.extend(marked.iter().map(|(row, _)| *row));
            self.marks.extend(marked.iter().map(|(_, mark)| *mark));
        }
        self.folded = self.rows.len();
    }

    /// Adds the joint entries of units that saw one variant of each of two studies.
    fn pair(&mut self, plan: &Plan) {
        if plan.pairs.is_empty() {
            return;
        }
        let marked = !self.marks.is_empty();
        let (rows, marks) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.marks));
        let mut place = 0;
        for own in rows.chunk_by(|a, b| a.unit == b.unit) {
            self.rows.extend_from_slice(own);
            self.marks.extend(marks.get(place..place + own.len()).unwrap_or(&[]));
            place += own.len();
            for (at, one) in own.iter().enumerate().filter(|(_, row)| !row.mixed) {
                for other in own.iter().skip(at + 1).filter(|row| !row.mixed) {
                    let Some((study, width)) = plan.pairs.get(&(one.study, other.study)) else { continue };
                    let variant = one.variant.saturating_mul(*width).saturating_add(other.variant);
                    self.rows.push(Row {
                        at: one.at.max(other.at),
                        unit: one.unit,
                        study: *study,
                        variant,
                        mixed: false,
                    });
                    self.marks.extend(marked.then_some(0));
                }
            }
        }
    }

    /// Lays out units with their entries, all accumulators at 0; `None` when they are more than 2^32 words.
    pub fn seal(&mut self, plan: &Plan, labels: &Labels, calendar: &Calendar) -> Option<()> {
        self.fold(labels);
        self.pair(plan);
        let (rows, marks) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.marks));
        self.named = !self.ends.is_empty();
        let layout = |row: &Row| plan.studies.get(usize::from(row.study)).map_or(0, |study| study.words);
        let is_marked = |row: &Row| plan.studies.get(usize::from(row.study)).is_some_and(Layout::is_marked);
        let mut marks = marks.into_iter();
        let names: usize =
            if self.named { (0..self.units).map(|unit| 1 + self.text(unit).len().div_ceil(8)).sum() } else { 0 };
        u32::try_from(names + rows.iter().map(layout).sum::<usize>()).ok()?;
        let mut words = Vec::with_capacity(names + rows.iter().map(layout).sum::<usize>());
        let mut places = vec![(0_u32, 0_u32); self.units as usize];
        for rows in rows.chunk_by(|a, b| a.unit == b.unit) {
            let unit = rows.first()?.unit;
            let start = u32::try_from(words.len()).ok()?;
            let mark = |bits, row: &Row| bits | calendar.of_exposure(plan, row.study.into(), row.at);
            let marked = rows.iter().fold(0, mark);
            *places.get_mut(unit as usize)? = (start, marked);
            if self.named {
                let text = self.text(unit);
                words.push(text.len() as u64);
                words.extend(packed(text));
            }
            for (left, row) in (0..rows.len()).rev().zip(rows) {
                let what = u64::from(row.study) | u64::from(row.variant) << 16 | u64::from(row.mixed) << 24;
                let what = if left == 0 { what | LAST } else { what };
                let end = words.len() + layout(row);
                words.extend([row.at.cast_unsigned(), what]);
                let mark = marks.next().map_or(0, u64::from);
                words.extend(is_marked(row).then_some(mark));
                words.resize(end, 0);
            }
        }
        for slot in self.slots.iter_mut().filter(|slot| slot.place > 0) {
            let (start, marked) = *places.get(slot.place as usize - 1)?;
            (slot.place, slot.calendar) = (start.checked_add(1)?, marked);
        }
        (self.texts, self.ends) = (Vec::new(), Vec::new());
        self.words = words;
        Some(())
    }

    /// The first candidate for an id to which a row can matter, at or after the slot that is given, and the slot after it.
    #[inline]
    fn candidate(&self, hash: u64, word: u64, when: u32, from: Option<usize>) -> Option<(Place, usize)> {
        let mut at = from.unwrap_or_else(|| self.home(hash));
        loop {
            let slot = self.slots.get(at)?;
            if slot.place == 0 {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
            if slot.key == word {
                if slot.calendar & when != 0 {
                    return Some((slot.place as usize - 1, at));
                }
                // A number is found once; texts may share a hash.
                if !self.named {
                    return None;
                }
            }
        }
    }

    /// The unit of an id, or another with the same hash, if a row of that bit of the calendar can matter to it:
    /// [`Shard::entries`] tells them apart.
    #[inline]
    pub fn find(&self, key: Key<'_>, when: u32) -> Option<Place> {
        self.candidate(key.hash, key.word(), when, None).map(|(place, _)| place)
    }

    /// Where the entries of an id begin, given what [`Shard::find`] found.
    #[inline]
    pub fn entries(&self, key: Key<'_>, when: u32, found: Place) -> Option<Place> {
        let Id::Text(text) = key.id else { return Some(found) };
        if let Some(length) = self.names(found, text) {
            return Some(found + length);
        }
        // Another text with the same hash: go on from where it was found.
        let mut from = None;
        loop {
            let (place, after) = self.candidate(key.hash, key.word(), when, from)?;
            if let Some(length) = self.names(place, text) {
                return Some(place + length);
            }
            from = Some(after);
        }
    }

    /// How many words the text of a unit takes, if it is this one.
    #[inline]
    fn names(&self, start: usize, text: &[u8]) -> Option<usize> {
        let head = *self.words.get(start)?;
        if head != text.len() as u64 {
            return None;
        }
        let length = 1 + text.len().div_ceil(8);
        let own = self.words.get(start + 1..start + length)?;
        let same = own.iter().zip(packed(text)).all(|(own, word)| *own == word);
        same.then_some(length)
    }

    /// Calls for every entry, in order, with the word it begins at.
    pub fn each_entry(&self, plan: &Plan, mut with: impl FnMut(usize, &[u64])) {
        let (mut at, mut begins) = (0, true);
        while let Some(head) = self.words.get(at) {
            if begins && self.named {
                #[allow(clippy::cast_possible_truncation, reason = "a length")]
                let length = *head as usize;
                at += 1 + length.div_ceil(8);
            }
            let Some(what) = self.words.get(at + 1) else { return };
            let Some(study) = plan.studies.get(study(*what)) else { return };
            let Some(entry) = self.words.get(at..at + study.words) else { return };
            with(at, entry);
            begins = what & LAST != 0;
            at += study.words;
        }
    }

    /// Adds a row of a source to the entries of a unit; `row` is its place among the values.
    #[inline]
    pub fn add(&mut self, entries: Place, at: i64, row: usize, probes: &[Probe], values: &[Values]) {
        let mut start = entries;
        while let (Some(when), Some(what)) = (self.words.get(start), self.words.get(start + 1)) {
            let is_last = what & LAST != 0;
            let Some(probe) = probes.get(study(*what)) else { return };
            let after = at.saturating_sub(when.cast_signed());
            if probe.from <= after && after < probe.to {
                for (from, to, taps) in &probe.windows {
                    if *from <= after && after < *to {
                        taps.iter().for_each(|tap| self.tap(start, tap, row, values));
                    }
                }
            }
            if is_last {
                return;
            }
            start += probe.words;
        }
    }

    #[inline]
    fn tap(&mut self, start: usize, tap: &Tap, row: usize, values: &[Values]) {
        let value = match values.get(tap.input) {
            Some(Values::Ones) => 1.0,
            Some(Values::Floats(floats)) => floats.get(row).copied().unwrap_or(f64::NAN),
            Some(Values::Keys(keys)) => match keys.get(row) {
                None | Some(0) => return,
                Some(key) => {
                    self.note_distinct(start + tap.word, *key);
                    return self.flag(start, tap);
                }
            },
            None => return,
        };
        if !value.is_finite() {
            return;
        }
        if tap.action == Action::Event {
            self.events.extend(u32::try_from(start + tap.word).ok().map(|word| (word, value.to_bits())));
        } else {
            let (word, bit) = tap.flag;
            let fresh = self.words.get(start + word).is_some_and(|flags| flags >> bit & 1 == 0);
            if let Some(accumulator) = self.words.get_mut(start + tap.word) {
                *accumulator = tap.action.add(*accumulator, value, fresh);
            }
        }
        self.flag(start, tap);
    }

    #[inline]
    fn flag(&mut self, start: usize, tap: &Tap) {
        if let Some(flags) = self.words.get_mut(start + tap.flag.0) {
            *flags |= 1 << tap.flag.1;
        }
    }

    /// Notes what tells a value apart; what was noted twice is folded now and then.
    fn note_distinct(&mut self, word: usize, key: u64) {
        let full = self.distinct.len() == self.distinct.capacity();
        if full && self.distinct.len() >= 1024.max(2 * self.distinct_folded) {
            self.fold_distinct();
        }
        self.distinct.extend(u32::try_from(word).ok().map(|word| (word, key)));
    }

    fn fold_distinct(&mut self) {
        self.distinct.sort_unstable();
        self.distinct.dedup();
        self.distinct_folded = self.distinct.len();
    }

    /// Writes what was noted where it can be read: distinct values are counted, events are put in order.
    pub fn settle(&mut self) {
        self.fold_distinct();
        for same in self.distinct.chunk_by(|a, b| a.0 == b.0) {
            if let Some(accumulator) = same.first().and_then(|(word, _)| self.words.get_mut(*word as usize)) {
                *accumulator = (same.len() as f64).to_bits();
            }
        }
        self.distinct = Vec::new();
        self.events.sort_unstable();
    }

    /// The values of an accumulator's events, in no particular order; see [`Shard::settle`].
    pub fn events(&self, word: usize) -> impl Iterator<Item = f64> + '_ {
        let start = self.events.partition_point(|(own, _)| (*own as usize) < word);
        let rest = self.events.get(start..).unwrap_or(&[]);
        rest.iter().take_while(move |(own, _)| *own as usize == word).map(|(_, bits)| f64::from_bits(*bits))
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
            + self.texts.capacity()
            + self.ends.capacity() * 4
            + self.rows.capacity() * size_of::<Row>()
            + self.marks.capacity() * size_of::<u32>()
            + self.words.capacity() * 8
            + (self.events.capacity() + self.distinct.capacity()) * size_of::<(u32, u64)>()
    }
}

impl Key<'_> {
    #[inline]
    fn word(&self) -> u64 {
        match self.id {
            Id::Number(id) => id.cast_unsigned(),
            Id::Text(_) => self.hash,
        }
    }
}

/// The study of an entry, from its second word.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "16 bits")]
pub(super) fn study(what: u64) -> usize {
    (what & 0xffff) as usize
}

/// The variant of an entry, and whether others were seen.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "8 bits")]
pub(super) fn variant(what: u64) -> (usize, bool) {
    ((what >> 16 & 0xff) as usize, what >> 24 & 1 == 1)
}

/// Bytes as words, the last filled up with zeros.
fn packed(text: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (words, rest) = text.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let last = (!rest.is_empty()).then(|| u64::from_le_bytes(last));
    words.iter().map(|word| u64::from_le_bytes(*word)).chain(last)
}
