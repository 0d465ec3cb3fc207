//! A segment's cells as a gzipped bitset: bit `i` of byte `i / 8`, the lowest first.

use super::BUCKETS;
use crate::bucket::BucketSet;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use std::ops::Range;

const BYTES: usize = (BUCKETS as usize).div_ceil(8);

/// The one header that is written: deflate, no flags, no time, the best compression, no operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff];
const LEVEL: u8 = 9;

/// Runs of cells as a gzipped bitset. Same runs, same bytes.
pub(super) fn packed(runs: impl Iterator<Item = Range<u32>>) -> Vec<u8> {
    let mut bits = vec![0_u8; BYTES];
    runs.for_each(|run| fill(&mut bits, &run));
    let mut gzip = HEADER.to_vec();
    gzip.extend(compress_to_vec(&bits, LEVEL));
    gzip.extend(crc32fast::hash(&bits).to_le_bytes());
    // Its length is far below 2^32.
    gzip.extend(u32::try_from(bits.len()).unwrap_or(0).to_le_bytes());
    gzip
}

fn fill(bits: &mut [u8], run: &Range<u32>) {
    let bit = |cell: u32| 1_u8 << (cell % 8);
    let mut set = |cells: Range<u32>| {
        for cell in cells {
            if let Some(byte) = bits.get_mut(cell as usize / 8) {
                *byte |= bit(cell);
            }
        }
    };
    let (whole, end) = (run.start.next_multiple_of(8).min(run.end), run.end);
    let last = whole.max(end.saturating_sub(end % 8));
    set(run.start..whole);
    set(last..end);
    if let Some(bytes) = bits.get_mut(whole as usize / 8..last as usize / 8) {
        bytes.fill(0xff);
    }
}

/// The cells of a gzipped bitset; none where it is not as it would be written.
pub(super) fn unpacked(gzip: &[u8]) -> Option<BucketSet> {
    let (header, rest) = gzip.split_first_chunk::<10>()?;
    let (rest, length) = rest.split_last_chunk::<4>()?;
    let (deflated, checksum) = rest.split_last_chunk::<4>()?;
    let bits = decompress_to_vec_with_limit(deflated, BYTES).ok()?;
    let right = *header == HEADER
        && bits.len() == BYTES
        && u32::from_le_bytes(*length) as usize == BYTES
        && u32::from_le_bytes(*checksum) == crc32fast::hash(&bits);
    right.then(|| {
        let mut cells = BucketSet::with_size(BUCKETS);
        runs(&bits).into_iter().for_each(|run| cells.insert_run(run));
        cells
    })
}

fn runs(bits: &[u8]) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    let mut add = |run: Range<u32>| match runs.last_mut() {
        Some(last) if last.end == run.start => last.end = run.end,
        _ => runs.push(run),
    };
    for (byte, start) in bits.iter().zip((0_u32..).step_by(8)) {
        match byte {
            0 => {}
            0xff => add(start..start.saturating_add(8)),
            byte => (0..8).filter(|bit| byte >> bit & 1 == 1).for_each(|bit| {
                let cell = start.saturating_add(bit);
                add(cell..cell.saturating_add(1));
            }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(runs: &[Range<u32>]) -> BucketSet {
        let mut set = BucketSet::with_size(BUCKETS);
        runs.iter().for_each(|run| set.insert_run(run.clone()));
        set
    }

    #[test]
    fn comes_back() {
        let odd: Vec<Range<u32>> = (0..9_999).map(|n| n * 100 + n % 13..n * 100 + n % 13 + n % 80 + 1).collect();
        let cases: [&[Range<u32>]; 5] = [&[], &[3..5, 7..8, 9..31], &[0..1, 8..9], &[2..3, 999_999..1_000_000], &odd];
        for runs in cases.into_iter().chain(std::iter::once(std::slice::from_ref(&(0..BUCKETS)))) {
            assert_eq!(unpacked(&packed(runs.iter().cloned())), Some(set(runs)), "{runs:?}");
        }
    }

    #[test]
    fn the_lowest_bit_is_first() {
        let gzip = packed(std::iter::once(9..10));
        let bits = miniz_oxide::inflate::decompress_to_vec(&gzip[10..gzip.len() - 8]).unwrap();
        assert_eq!((bits.len(), &bits[..3]), (125_000, &[0, 2, 0][..]));
    }

    #[test]
    fn what_is_altered_is_refused() {
        let gzip = packed([100..2_000, 40_000..40_001].into_iter());
        for at in 0..gzip.len() {
            let mut altered = gzip.clone();
            altered[at] ^= 1;
            assert!(unpacked(&altered).is_none_or(|cells| cells == unpacked(&gzip).unwrap()), "byte {at}");
            assert_eq!(unpacked(&gzip[..at]), None);
        }
    }
}
