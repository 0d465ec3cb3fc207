//! Flags by id.

use super::FlagRef;
use super::table::place;
use crate::artifact::Flag;
use std::hash::Hasher;

/// Slots in a line.
const SLOTS: usize = 8;

/// Where each flag is: a table of which one cache line is read to find a flag, and one to know that it is the right one.
#[derive(Debug)]
pub(super) struct Ids {
    /// A power of two of them; those that do not fit a line are in the next one.
    lines: Vec<Line>,
    /// All ids, one after another, and where each begins; one more closes the last.
    names: Vec<u8>,
    starts: Vec<u32>,
}

/// Slots that are filled from the first; a tag is a byte of which the highest bit is set, and zero in an empty slot.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
struct Line {
    tags: u64,
    flags: [u32; SLOTS],
}

impl Ids {
    /// Of flags with the same id the last one counts.
    pub(super) fn of(flags: &[Flag]) -> Self {
        let lines = flags.len().div_ceil(SLOTS / 2).next_power_of_two();
        let mut ids = Self { lines: vec![Line::default(); lines], names: Vec::new(), starts: Vec::new() };
        for flag in flags {
            ids.starts.push(place(ids.names.len()));
            ids.names.extend(flag.id.as_bytes());
        }
        ids.starts.push(place(ids.names.len()));
        for (flag, index) in flags.iter().zip(0..) {
            ids.insert(&flag.id, index);
        }
        ids
    }

    fn insert(&mut self, id: &str, flag: u32) {
        let (tag, mut at) = self.home(id);
        // Half of all slots stay empty, so there is one.
        for _ in 0..self.lines.len() {
            let Some(line) = self.lines.get(at) else { return };
            let same = line.find(tag).find(|(_, other)| self.name(*other) == Some(id.as_bytes())).map(|(slot, _)| slot);
            let free = SLOTS.saturating_sub(line.tags.leading_zeros() as usize / 8);
            let slot = same.unwrap_or(free);
            if let Some(line) = self.lines.get_mut(at)
                && let Some(place) = line.flags.get_mut(slot)
            {
                *place = flag;
                line.tags |= tag << (slot * 8);
                return;
            }
            at = self.after(at);
        }
    }

    #[inline]
    pub(super) fn get(&self, id: &str) -> Option<FlagRef> {
        let (tag, mut at) = self.home(id);
        for _ in 0..self.lines.len() {
            let line = self.lines.get(at)?;
            for (_, flag) in line.find(tag) {
                if self.name(flag) == Some(id.as_bytes()) {
                    return Some(FlagRef(flag as usize));
                }
            }
            if line.tags >> 56 == 0 {
                return None;
            }
            at = self.after(at);
        }
        None
    }

    /// An id's tag and its line.
    #[inline]
    fn home(&self, id: &str) -> (u64, usize) {
        let mut hasher = IdHasher::default();
        hasher.write(id.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "the line is taken from the low bits")]
        let (tag, line) = (hasher.0 >> 56 | 0x80, hasher.0 as usize);
        (tag, line & self.lines.len().wrapping_sub(1))
    }

    #[inline]
    fn after(&self, line: usize) -> usize {
        line.wrapping_add(1) & self.lines.len().wrapping_sub(1)
    }

    #[inline]
    fn name(&self, flag: u32) -> Option<&[u8]> {
        let [start, end] = *self.starts.get(flag as usize..)?.first_chunk()?;
        self.names.get(start as usize..end as usize)
    }
}

impl Line {
    /// The slots that have a tag, and now and then one more, with their flags. All are compared at once, so that nothing
    /// depends on which it is.
    #[inline]
    fn find(&self, tag: u64) -> impl Iterator<Item = (usize, u32)> + '_ {
        const ONES: u64 = 0x0101_0101_0101_0101;
        // A byte of zero is where the tag is.
        let differ = self.tags ^ tag.wrapping_mul(ONES);
        let mut found = differ.wrapping_sub(ONES) & !differ & (ONES << 7);
        std::iter::from_fn(move || {
            let slot = found.trailing_zeros() as usize / 8;
            let flag = *self.flags.get(slot)?;
            found &= found.wrapping_sub(1);
            Some((slot, flag))
        })
    }
}

/// Eight bytes at a time, multiplied and folded. The standard hasher would take longer than all
/// else in a lookup, and what it guards against cannot happen here: the ids are those of an
/// artifact, and looking one up adds none.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let rest = rest.iter().fold(1, |rest, byte| rest << 8 | u64::from(*byte));
        self.write_u64(rest);
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded into one")]
        let folded = (product >> 64) as u64 ^ product as u64;
        self.0 = folded;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::sample;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    #[test]
    fn ids_that_are_alike_are_told_apart() {
        let hashes: HashSet<u64> = (0..100_000)
            .map(|n| BuildHasherDefault::<IdHasher>::default().hash_one(format!("flag-{n}").as_str()))
            .collect();
        assert_eq!(hashes.len(), 100_000);
        // The table takes its place from the low bits and its tag from the high ones.
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff).collect();
        let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 48).collect();
        // Of 65,536 places, 100,000 balls leave 78.3 % filled.
        assert!(
            (50_700..52_000).contains(&low.len()) && (50_700..52_000).contains(&high.len()),
            "{} {}",
            low.len(),
            high.len()
        );
    }
    #[test]
    fn every_id_is_found_and_no_other() {
        let flag = |id: String| Flag { id, ..sample::home().flags.remove(0) };
        for count in [0, 1, 7, 8, 9, 100, 3_000] {
            let mut flags: Vec<Flag> = (0..count).map(|n| flag(format!("flag-{n}"))).collect();
            let ids = Ids::of(&flags);
            for n in 0..count {
                assert_eq!(ids.get(&format!("flag-{n}")), Some(FlagRef(n)));
            }
            for other in ["", "flag-", "flag-x", &format!("flag-{count}")] {
                assert_eq!(ids.get(other), None, "{other}");
            }
            flags.extend((0..count).map(|n| flag(format!("flag-{n}"))));
            let twice = Ids::of(&flags);
            assert!((0..count).all(|n| twice.get(&format!("flag-{n}")) == Some(FlagRef(count + n))));
        }
    }
}
