//! Bucket sets in as few bytes as there is information: a range coder over exact counts.
//!
//! A set of `k` of `n` buckets is one of `C(n, k)`. Going through the buckets in order, the next one is in the set with
//! probability `ones left / buckets left`, and the product of these is exactly `1 / C(n, k)`; coding each bucket with that
//! probability therefore costs `log2 C(n, k)` bits and the rounding of the last byte. Integers only, so every machine
//! writes the same bytes.

use super::{BucketSet, MAX_BUCKETS};
use std::fmt;

/// Why bytes are not a bucket set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// There are more buckets than any grid has cells.
    TooLarge,
    /// The number of buckets in the set is missing, not in its shortest form, or above the size.
    Count,
    /// The bytes are not those that the set they stand for is written as.
    NotCanonical,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "more than 1,000,000 buckets",
            Self::Count => "invalid number of buckets in a coded set",
            Self::NotCanonical => "coded bucket set with bytes missing, altered or left over",
        })
    }
}

impl std::error::Error for DecodeError {}

/// The interval is kept between `2^32` and `2^40` wide: fine enough that rounding is not felt with a million buckets, and a
/// product with a count of buckets (20 bits) still fits 64 bits.
const TOP: u32 = 40;
const MASK: u64 = (1 << TOP) - 1;
const BOTTOM: u64 = 1 << 32;

impl BucketSet {
    /// The set in `log2 C(size, len)` bits and at most five bytes: the count, then the coded buckets. The size is not
    /// written; whoever reads the set knows its surface.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut count = self.len();
        while count >= 0x80 {
            out.push(count.to_le_bytes()[0] | 0x80);
            count >>= 7;
        }
        out.push(count.to_le_bytes()[0]);
        let mut encoder = Encoder { low: 0, range: MASK, out };
        let mut odds = Odds::new(self.size(), self.len());
        for bucket in 0..self.size() {
            if odds.is_certain() {
                break;
            }
            let one = self.contains(bucket);
            encoder.put(odds.split(encoder.range), one);
            odds.step(one);
        }
        encoder.finish()
    }

    /// Reads what [`BucketSet::encode`] wrote for a set of `size` buckets. Only the
    /// bytes that `encode` writes for some set are accepted; since nearly every code of the right length stands for a set,
    /// it takes a digest to know that they are the bytes that were meant.
    ///
    /// # Errors
    /// Too many buckets, an impossible count, or bytes that no set is written as.
    pub fn decode(bytes: &[u8], size: u32) -> Result<Self, DecodeError> {
        if size > MAX_BUCKETS {
            return Err(DecodeError::TooLarge);
        }
        let (count, coded) = read_count(bytes, size).ok_or(DecodeError::Count)?;
        let mut set = Self::with_size(size);
        let mut decoder = Decoder::new(coded);
        let mut odds = Odds::new(size, count);
        for bucket in 0..size {
            if odds.is_certain() {
                if odds.ones > 0 {
                    set.insert_run(bucket..size);
                }
                break;
            }
            let one = decoder.take(odds.split(decoder.range));
            if one {
                set.insert(bucket);
            }
            odds.step(one);
        }
        if decoder.is_canonical() { Ok(set) } else { Err(DecodeError::NotCanonical) }
    }
}

/// A count of at most `size`, little-endian in groups of seven bits, and what follows it.
fn read_count(bytes: &[u8], size: u32) -> Option<(u32, &[u8])> {
    let mut count = 0_u32;
    let mut rest = bytes;
    // Three groups hold any count up to 2^21, and so every size.
    for shift in [0, 7, 14] {
        let (&byte, tail) = rest.split_first()?;
        rest = tail;
        count |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let needless = byte == 0 && shift > 0;
            return (!needless && count <= size).then_some((count, rest));
        }
    }
    None
}

/// How many buckets are still to come, and how many of them are in the set.
struct Odds {
    left: u64,
    ones: u64,
}

impl Odds {
    fn new(size: u32, count: u32) -> Self {
        Self { left: size.into(), ones: count.into() }
    }

    fn is_certain(&self) -> bool {
        self.ones == 0 || self.ones >= self.left
    }

    /// The part of an interval `range` wide that stands for "in the set"; at least one and less than the whole.
    fn split(&self, range: u64) -> u64 {
        range.saturating_mul(self.ones).checked_div(self.left).unwrap_or(0)
    }

    fn step(&mut self, one: bool) {
        self.left = self.left.saturating_sub(1);
        self.ones = self.ones.saturating_sub(one.into());
    }
}

struct Encoder {
    low: u64,
    range: u64,
    out: Vec<u8>,
}

impl Encoder {
    fn put(&mut self, split: u64, one: bool) {
        if one {
            self.range = split;
        } else {
            self.low = self.low.saturating_add(split);
            self.range = self.range.saturating_sub(split);
            self.carry();
        }
        while self.range < BOTTOM {
            self.shift();
            self.range <<= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.low = shortest(self.low, self.range);
        self.carry();
        while self.low > 0 {
            self.shift();
        }
        // The reader takes bytes beyond the end as zeros; the count before the code is never zero when there is a code.
        let count = self.out.iter().take_while(|byte| **byte >= 0x80).count().saturating_add(1);
        while self.out.len() > count && self.out.last() == Some(&0) {
            self.out.pop();
        }
        self.out
    }

    fn shift(&mut self) {
        self.out.push((self.low >> (TOP - 8)).to_le_bytes()[0]);
        self.low = (self.low << 8) & MASK;
    }

    /// Adds one to the number written so far when `low` has outgrown its bits.
    fn carry(&mut self) {
        if self.low > MASK {
            self.low &= MASK;
            for byte in self.out.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }
}

struct Decoder<'a> {
    coded: &'a [u8],
    /// The last 40 bits read, and how far they lie above the encoder's `low`.
    window: u64,
    above: u64,
    range: u64,
    read: usize,
}

impl<'a> Decoder<'a> {
    fn new(coded: &'a [u8]) -> Self {
        let mut decoder = Self { coded, window: 0, above: 0, range: MASK, read: 0 };
        for _ in 0..TOP / 8 {
            decoder.shift();
        }
        decoder
    }

    fn take(&mut self, split: u64) -> bool {
        let one = self.above < split;
        if one {
            self.range = split;
        } else {
            self.above = self.above.saturating_sub(split);
            self.range = self.range.saturating_sub(split);
        }
        while self.range < BOTTOM {
            self.range <<= 8;
            self.shift();
        }
        one
    }

    fn shift(&mut self) {
        let byte = u64::from(self.coded.get(self.read).copied().unwrap_or(0));
        self.read = self.read.saturating_add(1);
        self.window = (self.window << 8 | byte) & MASK;
        self.above = (self.above << 8 | byte) & MASK;
    }

    /// Whether the code is the shortest in its interval, and ends where the encoder would have ended it.
    fn is_canonical(&self) -> bool {
        let low = self.window.wrapping_sub(self.above) & MASK;
        self.above < self.range
            && shortest(low, self.range) & MASK == self.window
            && self.coded.len() <= self.read
            && self.coded.last() != Some(&0)
    }
}

/// The number in `low..low + range` with the most zero bytes at its end.
fn shortest(low: u64, range: u64) -> u64 {
    let end = low.saturating_add(range);
    let rounded = [40, 32, 24, 16, 8].map(|bits| {
        let below = !(u64::MAX << bits);
        low.saturating_add(below) & !below
    });
    rounded.into_iter().find(|number| *number < end).unwrap_or(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::draw;

    /// `log2 C(n, k)`.
    fn information(n: u32, k: u32) -> f64 {
        (0..k).map(|i| (f64::from(n - i) / f64::from(k - i)).log2()).sum()
    }

    #[test]
    fn costs_what_the_information_is_worth() {
        for size in [1, 2, 3, 64, 100, 1_000, 10_000] {
            for share in [0, 1, 2, 10, 50, 90, 99, 100] {
                let count = size * share / 100;
                let set = draw(&BucketSet::full(size), count, &["size", "share"]);
                let coded = set.encode();
                let bound = information(size, count) / 8.0;
                assert!((coded.len() as f64) < bound + 5.0, "{size} {share}: {} {bound}", coded.len());
                assert_eq!(BucketSet::decode(&coded, size), Ok(set));
            }
        }
    }

    #[test]
    fn the_finest_grid_comes_back() {
        let set = draw(&BucketSet::full(MAX_BUCKETS), 123_456, &["fine"]);
        let coded = set.encode();
        assert!((coded.len() as f64) < information(MAX_BUCKETS, 123_456) / 8.0 + 5.0);
        assert_eq!(BucketSet::decode(&coded, MAX_BUCKETS), Ok(set));
        assert_eq!(BucketSet::decode(&coded, MAX_BUCKETS + 1), Err(DecodeError::TooLarge));
    }

    #[test]
    fn contiguous_sets_carry_without_loss() {
        // Runs at either end drive the interval to its edges, where a carry crosses many bytes.
        for size in [200, 1_000] {
            for start in 0..size {
                for end in [start, start + 1, u32::midpoint(start, size), size] {
                    let mut set = BucketSet::with_size(size);
                    set.insert_run(start..end);
                    assert_eq!(BucketSet::decode(&set.encode(), size), Ok(set), "{start}..{end} of {size}");
                }
            }
        }
    }

    #[test]
    fn every_small_code_stands_for_one_set() {
        // All byte strings of up to two bytes of code: what is accepted is written back the same.
        for size in 0..12 {
            let mut sets = 0_u32;
            for count in 0..=12_u8 {
                for code in 0..=0xffff_u32 {
                    let [low, high, ..] = code.to_le_bytes();
                    let bytes = match (low, high) {
                        (0, 0) => vec![count],
                        (low, 0) => vec![count, low],
                        (low, high) => vec![count, low, high],
                    };
                    if let Ok(set) = BucketSet::decode(&bytes, size) {
                        sets += 1;
                        assert_eq!(set.encode(), bytes);
                    }
                }
            }
            assert_eq!(sets, 1 << size, "each set of {size} is written in at most two bytes, once");
        }
    }

    #[test]
    fn truncated_and_altered_codes_never_panic() {
        let set = draw(&BucketSet::full(1_000), 137, &["hostile"]);
        let coded = set.encode();
        for end in 0..coded.len() {
            if let Ok(other) = BucketSet::decode(&coded[..end], 1_000) {
                assert_eq!(other.encode(), coded[..end]);
            }
        }
        for bit in 0..coded.len() * 8 {
            let mut altered = coded.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = BucketSet::decode(&altered, 1_000) {
                assert_ne!(other, set);
                assert_eq!(other.encode(), altered);
            }
        }
        let longer = [coded.as_slice(), &[0]].concat();
        assert_eq!(BucketSet::decode(&longer, 1_000), Err(DecodeError::NotCanonical));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_refused_or_canonical(bytes in proptest::collection::vec(0_u8..=255, 0..40), size in 0_u32..2_000) {
            if let Ok(set) = BucketSet::decode(&bytes, size) {
                assert_eq!(set.encode(), bytes);
            }
        }

        #[test]
        fn any_set_comes_back(buckets in proptest::collection::btree_set(0_u32..700, 0..700)) {
            let mut set = BucketSet::with_size(700);
            for bucket in buckets {
                set.insert(bucket);
            }
            assert_eq!(BucketSet::decode(&set.encode(), 700), Ok(set));
        }
    }
}
