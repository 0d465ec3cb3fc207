//! Things of several words, one after the other in blocks of one length: growing copies nothing and leaves little unused, and
//! blocks that exposures came in with serve for the units that are made of them.

/// Words in a block, as a power of two: 16 KiB.
const WITHIN: u32 = 11;
/// Bytes of a block.
const BLOCK: usize = size_of::<u64>() << WITHIN;

/// Things in blocks.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// A thing lies in one block, which for a large one is longer, and stands for as many as it takes: the others are empty.
    blocks: Vec<Vec<u64>>,
    /// Blocks to use again.
    spare: Vec<Vec<u64>>,
    bytes: usize,
}

impl Words {
    /// None, but with the blocks of others.
    pub fn reusing(others: Self) -> Self {
        let mut spare = others.spare;
        spare.extend(others.blocks.into_iter().filter(|block| block.capacity() == 1 << WITHIN));
        Self { bytes: spare.len() * BLOCK, spare, ..Self::default() }
    }

    /// Lets go of blocks that are not used.
    pub fn shrink(&mut self) {
        self.bytes -= self.spare.len() * BLOCK;
        self.spare = Vec::new();
    }

    /// The place of the next thing, which takes some words, and the block to add just these to; `None` where there are more
    /// than 2^32 words.
    pub fn begin(&mut self, words: usize) -> Option<(u32, &mut Vec<u64>)> {
        // What is left behind a long thing is not used, since its places are those of the next blocks.
        if self.blocks.last().is_none_or(|last| last.len() + words > 1 << WITHIN) {
            let taken = self.blocks.last().map_or(0, |last| last.len().div_ceil(1 << WITHIN).max(1));
            self.blocks.resize_with(self.blocks.len().saturating_sub(1) + taken, Vec::new);
            let mut next = if words > 1 << WITHIN { Vec::new() } else { self.spare.pop().unwrap_or_default() };
            next.clear();
            if next.capacity() == 0 {
                next.reserve_exact(words.max(1 << WITHIN));
                self.bytes += next.capacity() * size_of::<u64>();
            }
            self.blocks.push(next);
        }
        let block = self.blocks.len() - 1;
        let last = self.blocks.last_mut()?;
        let place = block.checked_mul(1 << WITHIN)? + last.len();
        u32::try_from(place.checked_add(words)?).ok()?;
        Some((u32::try_from(place).ok()?, last))
    }

    /// The first place of the block after that of a place.
    #[inline]
    pub fn after(place: u32) -> u32 {
        (place | ((1 << WITHIN) - 1)).saturating_add(1)
    }

    /// The words from a place on, to the end of its block.
    #[inline]
    pub fn at(&self, place: u32) -> &[u64] {
        let within = (place & ((1 << WITHIN) - 1)) as usize;
        self.blocks.get((place >> WITHIN) as usize).and_then(|block| block.get(within..)).unwrap_or_default()
    }

    /// The same, to be changed.
    #[inline]
    pub fn at_mut(&mut self, place: u32) -> &mut [u64] {
        let within = (place & ((1 << WITHIN) - 1)) as usize;
        self.blocks.get_mut((place >> WITHIN) as usize).and_then(|block| block.get_mut(within..)).unwrap_or_default()
    }

    /// The blocks with the places they begin at.
    pub fn blocks(&self) -> impl Iterator<Item = (u32, &[u64])> {
        (0..).step_by(1 << WITHIN).zip(self.blocks.iter().map(Vec::as_slice))
    }

    /// The word of a place anywhere in a thing.
    pub fn word_mut(&mut self, place: u32) -> Option<&mut u64> {
        // Behind a long block come empty ones.
        let mut block = (place >> WITHIN) as usize;
        while block > 0 && self.blocks.get(block).is_none_or(Vec::is_empty) {
            block -= 1;
        }
        self.blocks.get_mut(block)?.get_mut(place as usize - (block << WITHIN))
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Words};

    #[test]
    fn things_of_any_length_are_found_again() {
        let mut words = Words::default();
        let lengths = [3, 2_045, 2_048, 1, 5_000, 7, 4_096, 2_049, 2_000, 48, 1];
        let places: Vec<u32> = (0..)
            .zip(lengths)
            .map(|(unit, length)| {
                let (place, block) = words.begin(length).unwrap();
                block.extend(std::iter::repeat_n(unit, length));
                place
            })
            .collect();
        assert!(places.is_sorted());
        for ((unit, length), place) in (0..).zip(lengths).zip(&places) {
            assert!(words.at(*place).iter().take(length).all(|word| *word == unit), "{length}");
            assert_eq!(words.at(*place).iter().filter(|word| **word == unit).count(), length);
            let last = *place + u32::try_from(length).unwrap() - 1;
            assert_eq!(words.word_mut(last).copied(), Some(unit));
        }
        let before = words.bytes();
        let mut again = Words::reusing(words);
        for length in [2_000, 9_000, 2_000] {
            again.begin(length).unwrap().1.extend(std::iter::repeat_n(7, length));
        }
        assert!(again.blocks().map(|(_, block)| block.len()).eq([2_000, 9_000, 0, 0, 0, 0, 2_000]));
        again.shrink();
        assert!(again.bytes() == 2 * BLOCK + 9_000 * 8 && again.bytes() < before);
    }

    #[test]
    fn blocks_hold_all_words_and_no_others() {
        let mut words = Words::default();
        let lengths = [1, 5_000, 2_048];
        for length in lengths {
            words.begin(length).unwrap().1.extend(std::iter::repeat_n(1, length));
        }
        let seen: usize = words.blocks().map(|(_, block)| block.len()).sum();
        assert_eq!(seen, lengths.iter().sum::<usize>());
    }
}
