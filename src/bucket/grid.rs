//! Grids: how cells make buckets, and how weights make ranges.

use super::{BucketSet, VARIANT_GRID};
use std::ops::Range;

/// A surface's grid: `cells` in equal, contiguous `buckets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    buckets: u32,
    width: u32,
}

impl Grid {
    /// A grid whose buckets all have the same number of cells, or `None` where they would not.
    #[must_use]
    pub const fn new(cells: u32, buckets: u32) -> Option<Self> {
        match cells.checked_div(buckets) {
            Some(width) if width > 0 && width.saturating_mul(buckets) == cells => Some(Self { buckets, width }),
            _ => None,
        }
    }

    /// Cells of the whole grid.
    #[must_use]
    pub const fn cells(self) -> u32 {
        self.buckets.saturating_mul(self.width)
    }

    /// How many buckets there are.
    #[must_use]
    pub const fn buckets(self) -> u32 {
        self.buckets
    }

    /// The bucket a cell lies in.
    #[must_use]
    #[inline]
    pub fn bucket_of(self, cell: u32) -> u32 {
        // `new` refuses a width of zero.
        cell.checked_div(self.width).unwrap_or(0)
    }

    /// The cells of a bucket.
    #[must_use]
    pub const fn cells_of(self, bucket: u32) -> Range<u32> {
        let start = bucket.saturating_mul(self.width);
        start..start.saturating_add(self.width)
    }

    /// The cells of a set of buckets as maximal half-open runs, ascending: neighbouring buckets are merged.
    pub fn cell_runs(self, set: &BucketSet) -> impl Iterator<Item = Range<u32>> + '_ {
        set.runs().map(move |run| run.start.saturating_mul(self.width)..run.end.saturating_mul(self.width))
    }
}

/// Contiguous ranges that cover the variant grid exactly, one for each weight, by largest remainder; of equal remainders the
/// earlier variant is served first. Weights that sum to nothing give no ranges.
#[must_use]
pub fn variant_ranges(weights: &[u64]) -> Vec<Range<u32>> {
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).fold(0, u128::saturating_add);
    let grid = u128::from(VARIANT_GRID);
    let mut shares: Vec<(u32, u128)> = Vec::with_capacity(weights.len());
    for &weight in weights {
        let cells = u128::from(weight).saturating_mul(grid);
        let (Some(whole), Some(rest)) = (cells.checked_div(total), cells.checked_rem(total)) else {
            return Vec::new();
        };
        // A share is at most the grid, so it fits.
        shares.push((u32::try_from(whole).unwrap_or(VARIANT_GRID), rest));
    }
    let given = shares.iter().fold(0_u32, |sum, (cells, _)| sum.saturating_add(*cells));
    let left = VARIANT_GRID.saturating_sub(given) as usize;
    let mut by_remainder: Vec<&mut (u32, u128)> = shares.iter_mut().collect();
    by_remainder.sort_by_key(|share| std::cmp::Reverse(share.1));
    for share in by_remainder.into_iter().take(left) {
        share.0 = share.0.saturating_add(1);
    }
    shares
        .iter()
        .scan(0_u32, |start, (cells, _)| {
            let range = *start..start.saturating_add(*cells);
            *start = range.end;
            Some(range)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_divide_the_grid() {
        assert_eq!(Grid::new(10_000, 0), None);
        assert_eq!(Grid::new(10_000, 3), None);
        assert_eq!(Grid::new(10_000, 20_000), None);
        assert_eq!(Grid::new(0, 1), None);
        for buckets in [1, 10, 1_000, 10_000] {
            let grid = Grid::new(10_000, buckets).unwrap();
            assert_eq!((grid.cells(), grid.buckets()), (10_000, buckets));
            for cell in 0..10_000 {
                assert!(grid.cells_of(grid.bucket_of(cell)).contains(&cell));
            }
        }
    }

    #[test]
    fn neighbouring_buckets_are_one_run_of_cells() {
        let grid = Grid::new(10_000, 1_000).unwrap();
        let set = BucketSet::parse("0-1 417 999", 1_000).unwrap();
        assert_eq!(grid.cell_runs(&set).collect::<Vec<_>>(), [0..20, 4_170..4_180, 9_990..10_000]);
    }

    #[test]
    fn remainders_go_to_the_largest_then_the_first() {
        assert_eq!(variant_ranges(&[1, 1]), [0..5_000, 5_000..10_000]);
        assert_eq!(variant_ranges(&[1, 1, 1]), [0..3_334, 3_334..6_667, 6_667..10_000]);
        assert_eq!(variant_ranges(&[1, 5, 1]), [0..1_429, 1_429..8_572, 8_572..10_000]);
        assert_eq!(variant_ranges(&[5, 95]), [0..500, 500..10_000]);
        assert_eq!(variant_ranges(&[0, 7]), [0..0, 0..10_000]);
        assert_eq!(variant_ranges(&[0, 0]), Vec::<Range<u32>>::new());
        assert_eq!(variant_ranges(&[]), Vec::<Range<u32>>::new());
        assert_eq!(variant_ranges(&[u64::MAX, u64::MAX]), [0..5_000, 5_000..10_000]);
    }

    proptest::proptest! {
        #[test]
        fn ranges_cover_the_grid_and_stay_within_a_cell(weights in proptest::collection::vec(0_u64..1_000, 1..40)) {
            let total: u64 = weights.iter().sum();
            let ranges = variant_ranges(&weights);
            if total == 0 {
                assert!(ranges.is_empty());
                return Ok(());
            }
            assert_eq!(ranges.first().unwrap().start, 0);
            assert_eq!(ranges.last().unwrap().end, 10_000);
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
            for (range, weight) in ranges.iter().zip(weights) {
                let exact = weight as f64 * 10_000.0 / total as f64;
                assert!((f64::from(range.end - range.start) - exact).abs() < 1.0);
            }
        }
    }
}
