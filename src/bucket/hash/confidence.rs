//! Confidence's hash: the low half of `MurmurHash3` x64 128 with seed 0, `>> 4`, modulo the buckets.

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;
const BLOCK: usize = 16;

/// The state of `MurmurHash3` after whatever comes before a unit, up to the last whole block, and what is left of it.
#[derive(Clone, Debug)]
pub struct Murmur {
    h: [u64; 2],
    /// What is left, from the lowest byte on, and how many bits of it count.
    left: u128,
    bits: u32,
    /// How many bytes there were in all.
    before: usize,
    buckets: u32,
}

impl Murmur {
    /// Who owns a unit: the resolver hashes `MegaSalt-{account}|{unit}`, and the account is the surface's salt.
    #[must_use]
    pub fn surface(salt: &str, buckets: u32) -> Self {
        Self::after(&format!("MegaSalt-{salt}|"), buckets)
    }

    /// Which variant a unit gets: the resolver hashes `{segment}|{unit}`, and the segment's name is the claim's salt.
    #[must_use]
    pub fn variant(salt: &str, buckets: u32) -> Self {
        Self::after(&format!("{salt}|"), buckets)
    }

    fn after(prefix: &str, buckets: u32) -> Self {
        let (blocks, rest) = prefix.as_bytes().as_chunks::<BLOCK>();
        let h = blocks.iter().fold([0, 0], |h, block| mixed(h, u128::from_le_bytes(*block)));
        let bits = rest.iter().fold(0, |bits, _| bits + 8);
        Self { h, left: few(rest), bits, before: prefix.len(), buckets }
    }

    /// `(low64(murmur3_x64_128(prefix + unit)) >> 4) % buckets`, as `bucket` in Confidence's resolver.
    #[must_use]
    pub fn cell(&self, unit: &str) -> u32 {
        let unit = unit.as_bytes();
        let (mut h, mut left) = (self.h, self.left);
        // The prefix rarely ends with a block: each block of the unit is shifted behind what is left, and leaves as much.
        let spilled = |block: u128| block.checked_shr(128 - self.bits).unwrap_or(0);
        let (blocks, tail) = unit.as_chunks::<BLOCK>();
        for block in blocks {
            let block = u128::from_le_bytes(*block);
            h = mixed(h, left | block << self.bits);
            left = spilled(block);
        }
        let last = match unit.last_chunk::<BLOCK>() {
            Some(last) => u128::from_le_bytes(*last).checked_shr(128 - bits_of(tail)).unwrap_or(0),
            None => few(tail),
        };
        left |= last << self.bits;
        if self.bits + bits_of(tail) >= 128 {
            h = mixed(h, left);
            left = spilled(last);
        }
        let hash = finished(h, left, self.before.saturating_add(unit.len())) >> 4;
        // Divisions by what a compiler knows are multiplications. A remainder of the number of buckets fits.
        u32::try_from(match self.buckets {
            1_000_000 => hash % 1_000_000,
            10_000 => hash % 10_000,
            buckets => hash.checked_rem(u64::from(buckets)).unwrap_or(0),
        })
        .unwrap_or(0)
    }
}

/// How many bits the bytes of less than a block have.
#[inline]
fn bits_of(tail: &[u8]) -> u32 {
    u32::try_from(tail.len() % BLOCK * 8).unwrap_or(0)
}

/// Fewer than sixteen bytes, from the lowest on: two words that may overlap, in which case both say the same.
#[inline]
fn few(bytes: &[u8]) -> u128 {
    let shift = |width: usize| bits_of(bytes).saturating_sub(u32::try_from(width * 8).unwrap_or(0));
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << shift(8)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        u128::from(u32::from_le_bytes(*first)) | u128::from(u32::from_le_bytes(*last)) << shift(4)
    } else {
        bytes.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte))
    }
}

/// The state after one more block; `MurmurHash3_x64_128` of <https://github.com/aappleby/smhasher>.
#[inline]
const fn mixed([mut h1, mut h2]: [u64; 2], block: u128) -> [u64; 2] {
    let [k1, k2] = words(block);
    h1 ^= k1.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
    h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
    h2 ^= k2.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
    h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    [h1, h2]
}

/// The low half of the hash: the last bytes, which zeros follow, and how many bytes there were.
#[inline]
const fn finished([mut h1, mut h2]: [u64; 2], last: u128, length: usize) -> u64 {
    // Words of zeros leave the state as it is, so it does not matter how many bytes are left.
    let [k1, k2] = words(last);
    h2 ^= k2.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
    h1 ^= k1.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
    h1 ^= length as u64;
    h2 ^= length as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    scrambled(h1).wrapping_add(scrambled(h2))
}

#[inline]
const fn scrambled(mut k: u64) -> u64 {
    k = (k ^ (k >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    k = (k ^ (k >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    k ^ (k >> 33)
}

#[inline]
const fn words(block: u128) -> [u64; 2] {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    [block as u64, (block >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_golden_bucket_of_the_resolver() {
        assert_eq!(Murmur::surface("confidence-test", 1_000_000).cell("roug"), 567_493);
    }

    #[test]
    fn agrees_with_the_published_hash() {
        // `mmh3.hash64(prefix + unit, signed=False)[0]` of PyPI's `mmh3` 5.3.1, `>> 4`.
        for (prefix, unit, hash) in VECTORS.iter().copied() {
            let own = Murmur::after(prefix, u32::MAX).cell(unit);
            assert_eq!(u64::from(own), (hash >> 4) % u64::from(u32::MAX), "{prefix} {unit}");
        }
    }

    const VECTORS: &[(&str, &str, u64)] = &[
        ("", "", 0x0000_0000_0000_0000),
        ("", "Ærø", 0x4e51_cd06_7237_ec42),
        ("", "5f3c2a9e-1b7d-4c8e-9c55-0123456789ab", 0x716b_28d1_d10c_ee35),
        ("a", "a", 0xb741_7134_04fb_a36f),
        ("a", "日本", 0x1320_d6f8_0de0_b0fd),
        ("a", "0123456789abcdef", 0x74d3_1cba_d247_4253),
        ("home.5e1f", "user-1", 0xae9a_6dc2_34f8_68e7),
        ("home.5e1f", "a🌍z", 0x8d94_c664_4fd8_9e17),
        ("0123456789abcde", "", 0xa62d_d5f6_c0bf_2351),
        ("0123456789abcde", "Ærø", 0xcc32_92d3_b563_ed97),
        ("0123456789abcde", "5f3c2a9e-1b7d-4c8e-9c55-0123456789ab", 0xc5df_e06c_701f_4d18),
        ("0123456789abcdef", "a", 0xbf67_766e_d109_b306),
        ("0123456789abcdef", "日本", 0xc3bd_1694_1d73_59f8),
        ("0123456789abcdef", "0123456789abcdef", 0x4f3a_26b5_d619_7cba),
        ("sål", "user-1", 0x589c_67ad_0352_4d24),
        ("sål", "a🌍z", 0x2b0c_e08e_8437_6309),
        ("🌱", "", 0x9548_fbb4_6eac_d729),
        ("🌱", "Ærø", 0x338a_e217_66b8_5150),
        ("🌱", "5f3c2a9e-1b7d-4c8e-9c55-0123456789ab", 0x5fcc_6da3_1c09_3ab8),
        ("a-very-long-salt-that-takes-more-than-two-blocks.9", "a", 0xdab1_29e8_737d_d6a2),
        ("a-very-long-salt-that-takes-more-than-two-blocks.9", "日本", 0x4d56_8ebf_3045_efe5),
        ("a-very-long-salt-that-takes-more-than-two-blocks.9", "0123456789abcdef", 0x2ef9_0380_8e13_6e8a),
    ];
}
