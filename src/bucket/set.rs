//! A set of buckets: one bit for each bucket of a surface.

use std::fmt;
use std::ops::Range;

/// The most buckets a set can be read back with: the finest grid of any scheme.
pub const MAX_BUCKETS: u32 = 1_000_000;

/// Which of a surface's `size` buckets are meant. Buckets outside `0..size` are never in the set.
///
/// Sets that are combined belong to one surface and have one size; where sizes differ, a set keeps its own and buckets
/// beyond it are left out.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BucketSet {
    size: u32,
    ones: u32,
    words: Vec<u64>,
}

const BITS: u32 = u64::BITS;

/// The word that holds a bucket, and the bucket's bit in it.
const fn place(bucket: u32) -> (usize, u64) {
    ((bucket / BITS) as usize, 1 << (bucket % BITS))
}

impl BucketSet {
    /// No bucket out of `size`.
    #[must_use]
    pub fn with_size(size: u32) -> Self {
        let words = vec![0; size.div_ceil(BITS) as usize];
        Self { size, ones: 0, words }
    }

    /// All of `size` buckets.
    #[must_use]
    pub fn full(size: u32) -> Self {
        let mut set = Self::with_size(size);
        set.insert_run(0..size);
        set
    }

    /// How many buckets there are to choose from.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// How many buckets are in the set.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.ones
    }

    /// A bit for each bucket, lowest first, in as many words as it takes; bits beyond the size are zero.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Whether no bucket is in the set.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ones == 0
    }

    /// Adds a bucket; true when it was not there before. A bucket outside the size is left out.
    pub fn insert(&mut self, bucket: u32) -> bool {
        if bucket >= self.size {
            return false;
        }
        let (word, bit) = place(bucket);
        match self.words.get_mut(word) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                self.ones = self.ones.saturating_add(1);
                true
            }
            _ => false,
        }
    }

    /// Adds every bucket of a half-open run, as far as the size allows.
    pub fn insert_run(&mut self, run: Range<u32>) {
        for bucket in run.start..run.end.min(self.size) {
            self.insert(bucket);
        }
    }

    /// Takes a bucket out; true when it was there.
    pub fn remove(&mut self, bucket: u32) -> bool {
        let (word, bit) = place(bucket);
        match self.words.get_mut(word) {
            Some(word) if *word & bit != 0 => {
                *word &= !bit;
                self.ones = self.ones.saturating_sub(1);
                true
            }
            _ => false,
        }
    }

    /// Whether a bucket is in the set.
    #[must_use]
    #[inline]
    pub fn contains(&self, bucket: u32) -> bool {
        let (word, bit) = place(bucket);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The buckets in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().zip(0_u32..).flat_map(|(&word, index)| {
            let first = index.saturating_mul(BITS);
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left.wrapping_sub(1);
                Some(first.saturating_add(bit))
            })
        })
    }

    /// Maximal runs of neighbouring buckets, half-open and ascending.
    pub fn runs(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        let mut buckets = self.iter().peekable();
        std::iter::from_fn(move || {
            let start = buckets.next()?;
            let mut end = start.saturating_add(1);
            while buckets.next_if_eq(&end).is_some() {
                end = end.saturating_add(1);
            }
            Some(start..end)
        })
    }

    /// Whether the two sets have no bucket in common.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & b == 0)
    }

    /// Whether every bucket of this set is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.intersection_len(other) == self.len()
    }

    /// How many buckets the two sets have in common.
    #[must_use]
    pub fn intersection_len(&self, other: &Self) -> u32 {
        let pairs = self.words.iter().zip(&other.words);
        pairs.fold(0, |sum: u32, (a, b)| sum.saturating_add((a & b).count_ones()))
    }

    /// The buckets the two sets have in common.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.combine(other, |a, b| a & b);
        both
    }

    /// Adds the other set's buckets.
    pub fn union_with(&mut self, other: &Self) {
        self.combine(other, |a, b| a | b);
    }

    /// Takes the other set's buckets out.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, |a, b| a & !b);
    }

    /// The buckets that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut rest = Self::full(self.size);
        rest.subtract(self);
        rest
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        let theirs = other.words.iter().copied().chain(std::iter::repeat(0));
        for (word, their) in self.words.iter_mut().zip(theirs) {
            *word = with(*word, their);
        }
        // A wider set may have set bits in this set's last word that lie beyond its size.
        let spare = self.size % BITS;
        if let (Some(last), 1..) = (self.words.last_mut(), spare) {
            *last &= !(u64::MAX << spare);
        }
        self.ones = self.words.iter().fold(0, |sum, word| sum.saturating_add(word.count_ones()));
    }
}

impl fmt::Debug for BucketSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BucketSet({self} of {})", self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn set(size: u32, buckets: &[u32]) -> BucketSet {
        let mut set = BucketSet::with_size(size);
        for &bucket in buckets {
            set.insert(bucket);
        }
        set
    }

    #[test]
    fn counts_what_is_in_it() {
        let mut some = BucketSet::with_size(130);
        assert!(some.is_empty());
        assert!(some.insert(0) && some.insert(129) && some.insert(64));
        assert!(!some.insert(64) && !some.insert(130) && !some.insert(u32::MAX));
        assert_eq!(some.len(), 3);
        assert!(some.contains(129) && !some.contains(130) && !some.contains(u32::MAX));
        assert!(some.remove(64) && !some.remove(64) && !some.remove(500));
        assert_eq!(some.iter().collect::<Vec<_>>(), [0, 129]);
        assert_eq!(BucketSet::full(130).len(), 130);
        assert_eq!(BucketSet::full(0).len(), 0);
    }

    #[test]
    fn runs_are_maximal() {
        let some = set(200, &[0, 1, 2, 3, 17, 63, 64, 65, 199]);
        assert_eq!(some.runs().collect::<Vec<_>>(), [0..4, 17..18, 63..66, 199..200]);
        assert!(BucketSet::full(1_000).runs().eq(std::iter::once(0..1_000)));
    }

    #[test]
    fn other_sizes_never_leak_in() {
        let mut narrow = set(70, &[1, 69]);
        narrow.union_with(&BucketSet::full(128));
        assert_eq!(narrow, BucketSet::full(70));
        let mut wide = BucketSet::full(128);
        wide.subtract(&BucketSet::full(70));
        assert!(wide.runs().eq(std::iter::once(70..128)));
        assert_eq!(wide.intersection(&BucketSet::full(70)).len(), 0);
    }

    proptest::proptest! {
        #[test]
        fn behaves_like_a_set(
            size in 1_u32..300,
            a in proptest::collection::btree_set(0_u32..300, 0..200),
            b in proptest::collection::btree_set(0_u32..300, 0..200),
        ) {
            let fit = |s: &BTreeSet<u32>| s.iter().copied().filter(|&x| x < size).collect::<BTreeSet<_>>();
            let (a, b) = (fit(&a), fit(&b));
            let build = |s: &BTreeSet<u32>| set(size, &s.iter().copied().collect::<Vec<_>>());
            let list = |s: &BucketSet| s.iter().collect::<BTreeSet<_>>();
            let (x, y) = (build(&a), build(&b));
            assert_eq!(x.len() as usize, a.len());
            assert_eq!(x.is_disjoint(&y), a.is_disjoint(&b));
            assert_eq!(x.is_subset(&y), a.is_subset(&b));
            assert_eq!(x.intersection_len(&y) as usize, a.intersection(&b).count());
            assert_eq!(list(&x.intersection(&y)), &a & &b);
            let mut union = x.clone();
            union.union_with(&y);
            assert_eq!(list(&union), &a | &b);
            let mut rest = x.clone();
            rest.subtract(&y);
            assert_eq!(list(&rest), &a - &b);
            assert_eq!(rest.len() as usize, (&a - &b).len());
            assert_eq!(x.complement().len(), size - x.len());
        }
    }
}
