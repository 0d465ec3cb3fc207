//! Hashes of unit ids: equal ids have equal hashes, also where one table holds numbers and another their digits.

use twox_hash::XxHash3_128;

/// A unit, by its id: a number is as good as its hash, texts are told apart by 128 bits. Among a billion of them the chance that
/// any two are taken for one is below 10⁻²⁰.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// What units are split and ordered by.
    pub hash: u64,
    /// Where ids are texts, what tells apart those that share a hash; else 0.
    pub rest: u64,
}

/// Mixes a number so that all bits depend on all bits (the finaliser of `SplitMix64`, Steele et al. 2014).
pub(super) fn number(id: i64) -> u64 {
    let mut mixed = id.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The key of an id in text. Its hash is that of the number where it is one in its shortest form, so that shards do not depend on
/// how a file stores ids.
pub(super) fn text(id: &str) -> Key {
    let both = XxHash3_128::oneshot(id.as_bytes());
    #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
    let (low, rest) = (both as u64, (both >> 64) as u64);
    Key { hash: canonical(id).map_or(low, number), rest }
}

/// The number whose shortest decimal digits these are; `007`, `+7`, `-0` and `7.0` are none.
pub(super) fn canonical(id: &str) -> Option<i64> {
    let bytes = id.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let plain = match digits {
        [] => false,
        [b'0'] => digits.len() == bytes.len(),
        [first, ..] => (b'1'..=b'9').contains(first) && digits.len() <= 19 && digits.iter().all(u8::is_ascii_digit),
    };
    if plain { id.parse().ok() } else { None }
}

/// A hash of any bytes: eight at a time, each multiplied into twice the width and folded.
pub(super) fn bytes(all: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ all.len() as u64;
    let (words, rest) = all.as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), 0xa076_1d64_78bd_642f);
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    fold(fold(state ^ u64::from_le_bytes(last), 0xe703_7ed1_a0b4_28db), 0x8ebc_6af0_9c88_c6e3)
}

fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    #[allow(clippy::cast_possible_truncation, reason = "the two halves of a product")]
    let (low, high) = (wide as u64, (wide >> 64) as u64);
    low ^ high
}

#[cfg(test)]
mod tests {
    use super::{bytes, canonical, number, text};

    #[test]
    fn only_the_shortest_form_is_a_number() {
        for id in ["0", "7", "-7", "9223372036854775807", "-9223372036854775808", "9007199254740993"] {
            assert_eq!(canonical(id).map(|number| number.to_string()).as_deref(), Some(id));
            assert_eq!(text(id).hash, number(id.parse().unwrap()));
        }
        for id in ["", "-", "-0", "+7", "007", "7.0", "1e3", " 7", "9223372036854775808", "99999999999999999999", "٣"]
        {
            assert_eq!(canonical(id), None, "{id}");
        }
    }

    #[test]
    fn neighbours_part() {
        let mut all: Vec<u64> = (0..4096).flat_map(|i| [number(i), bytes(format!("user-{i}").as_bytes())]).collect();
        all.extend([b"".as_slice(), b"\0", b"\0\0", b"\0\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\0\0"].map(bytes));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
