//! Eppo's hash: MD5 of `salt-unit` in UTF-8, its first four bytes big-endian, modulo the shards.

use md5::Digest as _;

/// How many shards there are, on a surface and among variants.
const SHARDS: u32 = 10_000;

/// The state of MD5 after a salt and its hyphen.
#[derive(Clone, Debug)]
pub struct Md5(md5::Md5);

impl Md5 {
    /// The state after a salt.
    #[must_use]
    pub fn salted(salt: &str) -> Self {
        Self(md5::Md5::new_with_prefix(salt.as_bytes()).chain_update(b"-"))
    }

    /// `u32be(md5(salt + "-" + unit)[0..4]) % 10000`, as `getShard` in Eppo's and Datadog's SDKs.
    #[must_use]
    pub fn cell(&self, unit: &str) -> u32 {
        let digest: [u8; 16] = self.0.clone().chain_update(unit.as_bytes()).finalize().into();
        let [a, b, c, d, ..] = digest;
        u32::from_be_bytes([a, b, c, d]) % SHARDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_plain_formula() {
        // Computed with Python's `hashlib`.
        for (salt, unit, cell) in VECTORS.iter().copied() {
            assert_eq!(Md5::salted(salt).cell(unit), cell, "{salt} {unit}");
        }
    }

    const VECTORS: &[(&str, &str, u32)] = &[
        ("", "", 5_692),
        ("", "Ærø", 2_325),
        ("", "5f3c2a9e-1b7d-4c8e-9c55-0123456789ab", 192),
        ("a", "a", 2_159),
        ("a", "日本", 5_560),
        ("a", "0123456789abcdef", 8_866),
        ("home.5e1f", "user-1", 1_515),
        ("home.5e1f", "a🌍z", 6_840),
        ("0123456789abcde", "", 295),
        ("0123456789abcde", "Ærø", 4_952),
        ("0123456789abcde", "5f3c2a9e-1b7d-4c8e-9c55-0123456789ab", 7_768),
        ("0123456789abcdef", "a", 4_811),
        ("0123456789abcdef", "日本", 8_944),
        ("0123456789abcdef", "0123456789abcdef", 9_353),
        ("sål", "user-1", 9_204),
        ("sål", "a🌍z", 448),
        ("🌱", "", 6_923),
        ("🌱", "Ærø", 3_863),
        ("🌱", "5f3c2a9e-1b7d-4c8e-9c55-0123456789ab", 8_051),
        ("a-very-long-salt-that-takes-more-than-two-blocks.9", "a", 1_050),
        ("a-very-long-salt-that-takes-more-than-two-blocks.9", "日本", 706),
        ("a-very-long-salt-that-takes-more-than-two-blocks.9", "0123456789abcdef", 4_219),
    ];
}
