//! A fact: what a row of a source adds to the accumulators of a unit.

use super::column::Taken;
use super::noted::Noted;
use super::plan::{Action, Probe, Tap};
use super::shard::study;

/// A row of a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fact<'a> {
    pub at: i64,
    /// Its place among the values.
    pub row: usize,
    pub probes: &'a [Probe],
    pub values: &'a [Taken],
}

/// The words of a unit.
pub(super) struct Unit<'a> {
    pub words: &'a mut [u64],
    /// The place of the first of them in its shard.
    pub place: u32,
    pub noted: &'a mut Noted,
}

impl Fact<'_> {
    /// Adds it to the entries of a unit, the first of which begins at a word of it.
    #[inline]
    pub fn add(&self, unit: &mut Unit<'_>, first: usize) {
        let mut start = first;
        while let Some([when, what]) = unit.words.get(start..).and_then(<[u64]>::first_chunk) {
            let Some(probe) = self.probes.get(study(*what)) else { return };
            let after = self.at.saturating_sub(when.cast_signed());
            if probe.from <= after && after < probe.to {
                for (from, to, taps) in &probe.windows {
                    if *from <= after && after < *to {
                        taps.iter().for_each(|tap| self.tap(unit, start, tap));
                    }
                }
            }
            start += probe.words;
        }
    }

    #[inline]
    fn tap(&self, unit: &mut Unit<'_>, start: usize, tap: &Tap) {
        // All places are below 2^32.
        let noted_at = |unit: &Unit<'_>| u32::try_from(start + tap.word).map_or(u32::MAX, |word| unit.place + word);
        let value = match self.values.get(tap.input) {
            Some(Taken::Ones) => 1.0,
            Some(Taken::Floats(floats)) => floats.get(self.row).copied().unwrap_or(f64::NAN),
            Some(Taken::Keys(keys)) => match keys.get(self.row) {
                None | Some(0) => return,
                Some(key) => {
                    unit.noted.distinct(noted_at(unit), *key);
                    return unit.flag(start, tap);
                }
            },
            None => return,
        };
        if !value.is_finite() {
            return;
        }
        if tap.action == Action::Event {
            unit.noted.event(noted_at(unit), value);
        } else {
            let (word, bit) = tap.flag;
            let fresh = unit.words.get(start + word).is_some_and(|flags| flags >> bit & 1 == 0);
            if let Some(accumulator) = unit.words.get_mut(start + tap.word) {
                *accumulator = tap.action.add(*accumulator, value, fresh);
            }
        }
        unit.flag(start, tap);
    }
}

impl Unit<'_> {
    #[inline]
    fn flag(&mut self, start: usize, tap: &Tap) {
        if let Some(flags) = self.words.get_mut(start + tap.flag.0) {
            *flags |= 1 << tap.flag.1;
        }
    }
}
