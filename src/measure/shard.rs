//! One shard: the units whose hashes begin alike, their exposures, and beside each exposure its accumulators.
//!
//! While exposures come in they are a list. Sealed, a shard holds one list of words, in which units follow each other in the
//! order of their hashes. A unit is its hash; a word with, from its lowest bit, 32 bits that say when rows can matter to it
//! and 32 with how many words it takes; where ids are texts, a word with the rest of its key; then its entries.
//! An entry is the instant; a word with, from its lowest bit, 16 bits of study, 8 of variant, 8 that say whether it is mixed,
//! and 32 flags; where there are dimensions, a word with the combination of their values; more flags where there are more
//! accumulators; the accumulators. The hashes are spread evenly, so a list of as many places as there are units says
//! where to begin to look.

use std::ops::Range;

use super::ahead::{ask, ask_lines};
use super::calendar::Calendar;
use super::fact::{Fact, Unit};
use super::hash::Key;
use super::intake::{Folded, Intake, Row};
use super::labels::Labels;
use super::noted::Noted;
use super::plan::Plan;
use super::probe::SHARD_BITS;
use super::words::Words;

/// Lines of the cache in which the units of a place mostly lie.
const LINES: usize = 3;
/// Places for hashes for each unit: the more, the fewer units share one.
const PLACES: usize = 2;
/// Words of a unit before its entries; one more where ids are texts.
const HEAD: usize = 2;

/// Units whose hashes are next to each other.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// Where the first of them begins; the last one ends where the next bucket's begin.
    start: u32,
    /// When rows can matter to any of them.
    calendar: u32,
}

/// Words.
pub(super) type Span = Range<u32>;

#[derive(Debug, Default)]
pub(super) struct Shard {
    pub intake: Intake,
    /// Some for each unit, and one more.
    buckets: Vec<Bucket>,
    /// Words of a unit before its entries.
    head: usize,
    words: Words,
    noted: Noted,
}

impl Shard {
    /// One whose exposures are folded before those of others.
    pub fn early() -> Self {
        Self { intake: Intake::early(), ..Self::default() }
    }

    /// Lays out units with their entries, all accumulators at 0; `None` when they are more than 2^32 words.
    pub fn seal(&mut self, plan: &Plan, labels: &Labels, calendar: &Calendar) -> Option<()> {
        let mut intake = std::mem::take(&mut self.intake);
        self.head = HEAD + usize::from(intake.named);
        let folded = paired(intake.folded(labels), plan);
        self.words = intake.spared();
        let layout = |row: &Row| plan.studies.get(usize::from(row.study));
        let length = |own: &[Row]| self.head + own.iter().filter_map(layout).map(|layout| layout.words).sum::<usize>();
        let places = folded.units().count() * PLACES;
        self.buckets = Vec::with_capacity(places + 1);
        let mut end = 0;
        for own in folded.units() {
            let Key { hash, rest } = own.first()?.key;
            let marked = own.iter().fold(0, |bits, row| bits | calendar.of_exposure(plan, row.study.into(), row.at));
            let length = length(own);
            let (start, words) = self.words.begin(length)?;
            let bucket = bucket(hash, places);
            self.buckets.resize(self.buckets.len().max(bucket + 1), Bucket { start, calendar: 0 });
            self.buckets.get_mut(bucket)?.calendar |= marked;
            words.extend([hash, u64::from(marked) | (length as u64) << 32]);
            words.extend((self.head > HEAD).then_some(rest));
            for row in own {
                let layout = layout(row)?;
                let end = words.len() + layout.words;
                let what = u64::from(row.study) | u64::from(row.variant) << 16 | u64::from(row.mixed) << 24;
                words.extend([row.at.cast_unsigned(), what]);
                words.extend(layout.is_marked().then(|| u64::from(row.mark)));
                words.resize(end, 0);
            }
            end = start + u32::try_from(length).ok()?;
        }
        self.buckets.resize(places + 1, Bucket { start: end, calendar: 0 });
        self.words.shrink();
        Some(())
    }

    /// Where the unit of a hash is to be looked for, and whether a row of that bit of the calendar can matter there.
    #[inline]
    pub fn place(&self, hash: u64, when: u32) -> (Span, bool) {
        let at = bucket(hash, self.buckets.len().saturating_sub(1));
        match self.buckets.get(at..).and_then(<[Bucket]>::first_chunk) {
            Some([own, next]) => (own.start..next.start, own.calendar & when != 0),
            None => (0..0, false),
        }
    }

    /// Asks memory for where the unit of a hash is looked up.
    #[inline]
    pub fn prefetch_place(&self, hash: u64) {
        let bucket = self.buckets.get(bucket(hash, self.buckets.len().saturating_sub(1)));
        bucket.into_iter().for_each(ask);
    }

    /// Asks memory for the units of a place.
    #[inline]
    pub fn prefetch(&self, place: &Span) {
        let words = self.words.at(place.start);
        ask_lines(words.get(..place.len()).unwrap_or(words), LINES);
    }

    /// Adds a row of a source to the entries of an id among the units of a place, if a row of that bit of the calendar can
    /// matter to it.
    #[inline]
    pub fn add(&mut self, key: Key, place: Span, when: u32, fact: Fact<'_>) {
        let mut start = place.start;
        while start < place.end {
            let words = self.words.at_mut(start);
            let Some([hash, head]) = words.first_chunk() else {
                // The next unit is in the next block.
                start = Words::after(start);
                continue;
            };
            let (calendar, length) = halves(*head);
            let is_it = *hash == key.hash && (self.head == HEAD || words.get(HEAD) == Some(&key.rest));
            if is_it {
                if calendar & when != 0 {
                    let words = words.get_mut(..length as usize).unwrap_or_default();
                    fact.add(&mut Unit { words, place: start, noted: &mut self.noted }, self.head);
                }
                return;
            }
            start += length;
        }
    }

    /// Calls for every entry, in order, with the word it begins at.
    pub fn each_entry(&self, plan: &Plan, mut with: impl FnMut(u32, &[u64])) {
        for (first, block) in self.words.blocks() {
            let mut start = 0;
            while let Some(head) = block.get(start + 1) {
                let end = start + halves(*head).1 as usize;
                let mut at = start + self.head;
                while at < end {
                    let Some(what) = block.get(at + 1) else { return };
                    let Some(study) = plan.studies.get(study(*what)) else { return };
                    let Some(entry) = block.get(at..at + study.words) else { return };
                    #[allow(clippy::cast_possible_truncation, reason = "all places are below 2^32")]
                    with(first + at as u32, entry);
                    at += study.words;
                }
                start = end;
            }
        }
    }

    /// Writes what was noted where it can be read: distinct values are counted, events are put in order.
    pub fn settle(&mut self) {
        let words = &mut self.words;
        self.noted.settle(|word, count| {
            words.word_mut(word).into_iter().for_each(|accumulator| *accumulator = (count as f64).to_bits());
        });
    }

    /// The values of events of an entry's accumulator, in no particular order; see [`Shard::settle`].
    pub fn events(&self, entry: u32, word: usize) -> impl Iterator<Item = f64> + '_ {
        self.noted.events(u32::try_from(word).map_or(u32::MAX, |word| entry.saturating_add(word)))
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        let buckets = self.buckets.capacity() * size_of::<Bucket>();
        self.intake.bytes() + buckets + self.words.bytes() + self.noted.bytes()
    }
}

/// Exposures with, after each unit's own, the joint entries of two studies of each of which it saw one variant.
fn paired(folded: Folded, plan: &Plan) -> Folded {
    if plan.pairs.is_empty() {
        return folded;
    }
    let mut all = Folded::default();
    for own in folded.units() {
        let mut joint = own.to_vec();
        for (at, one) in own.iter().enumerate().filter(|(_, row)| !row.mixed) {
            for other in own.iter().skip(at + 1).filter(|row| !row.mixed) {
                let Some((study, width)) = plan.pairs.get(&(one.study, other.study)) else { continue };
                let variant = one.variant.saturating_mul(*width).saturating_add(other.variant);
                let mut row = *one;
                (row.at, row.study, row.variant) = (one.at.max(other.at), *study, variant);
                joint.push(row);
            }
        }
        all.extend(joint.into_iter());
    }
    all
}

/// The two halves of a word.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the two halves")]
fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

/// The bucket of a hash, of as many as there are. A higher hash never has a lower one.
#[inline]
fn bucket(hash: u64, buckets: usize) -> usize {
    #[allow(clippy::cast_possible_truncation, reason = "the high half of a product is less than either factor")]
    let high = ((u128::from(hash << SHARD_BITS) * buckets as u128) >> 64) as usize;
    high
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::column::Taken;
    use crate::measure::plan::{Action, Layout, Probe, Tap};
    use std::collections::HashMap;

    /// One study with one sum over ten microseconds from the exposure.
    fn plan() -> Plan {
        let tap = Tap { source: 0, input: 0, from: 0, to: 10, action: Action::Add, word: 2, flag: (1, 32) };
        let layout = Layout { words: 3, head: 2, taps: vec![tap], variants: 2, ..Layout::default() };
        let probe = Probe { words: 3, from: 0, to: 10, windows: vec![(0, 10, vec![tap])] };
        Plan { studies: vec![layout], probes: vec![vec![probe]], pairs: HashMap::new() }
    }

    #[test]
    fn facts_find_their_units_whatever_shares_their_hash() {
        let (plan, labels) = (plan(), Labels::new(0));
        let calendar = Calendar::of(&plan, Some((0, 1_000)));
        let mut shard = Shard::default();
        // Many units, of which each two share a hash, and hashes are next to each other.
        let key = |n: u64| Key { hash: (n / 2) << 3, rest: n };
        for n in 0..600 {
            let at = i64::try_from(n).unwrap();
            let row = Row { key: key(n), at, mark: 0, study: 0, variant: 0, mixed: false };
            shard.intake.push(row, true, &labels).unwrap();
        }
        shard.seal(&plan, &labels, &calendar).unwrap();
        let values: Vec<f64> = (0..700).map(f64::from).collect();
        let values = [Taken::Floats(values)];
        for n in (0..700).step_by(3) {
            let at = i64::try_from(n).unwrap() + 9;
            let (place, _) = shard.place(key(n).hash, calendar.bit(at));
            let fact = Fact { at, row: usize::try_from(n).unwrap(), probes: &plan.probes[0], values: &values };
            shard.add(key(n), place, calendar.bit(at), fact);
        }
        let mut sums = HashMap::new();
        shard.each_entry(&plan, |_, entry| {
            sums.insert(entry[0], (f64::from_bits(entry[2]), entry[1] >> 32 & 1));
        });
        assert_eq!(sums.len(), 600);
        for n in 0..600_u32 {
            let expected = if n % 3 == 0 { (f64::from(n), 1) } else { (0.0, 0) };
            assert_eq!(sums[&u64::from(n)], expected, "{n}");
        }
    }
}
