//! GrowthBook's hash: FNV-1a 32 over UTF-16 code units, twice; `hashVersion` 2 of its SDKs.

/// The FNV state after a salt: what hashing a unit goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fnv(u32);

impl Fnv {
    /// The state after a salt.
    #[must_use]
    pub fn salted(salt: &str) -> Self {
        Self(fnv1a(FNV_OFFSET, salt))
    }

    /// The state before any salt, where one has to stand that is never asked.
    pub(crate) const UNSALTED: Self = Self(FNV_OFFSET);

    /// `fnv1a(decimal(fnv1a(salt + unit))) % 10000`, as `hash` with version 2 in the JavaScript SDK's `util.ts`.
    #[must_use]
    #[inline]
    pub fn cell(self, unit: &str) -> u32 {
        fnv1a_decimal(fnv1a(self.0, unit)) % 10_000
    }
}

const FNV_OFFSET: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

#[inline]
const fn fnv_step(state: u32, code_unit: u16) -> u32 {
    // A code unit is xored as a whole number, as JavaScript's `charCodeAt` does; the other SDKs follow it.
    (state ^ code_unit as u32).wrapping_mul(FNV_PRIME)
}

/// FNV-1a 32 over the UTF-16 code units of `text`, continued from `state`.
#[inline]
fn fnv1a(state: u32, text: &str) -> u32 {
    let mut state = state;
    for (at, byte) in text.bytes().enumerate() {
        if !byte.is_ascii() {
            // Before the first byte that is not ASCII there is a character boundary, so the rest is there.
            let rest = text.get(at..).unwrap_or_default();
            return rest.encode_utf16().fold(state, fnv_step);
        }
        state = fnv_step(state, u16::from(byte));
    }
    state
}

/// FNV-1a 32 of the number written in decimal.
#[inline]
fn fnv1a_decimal(number: u32) -> u32 {
    let low = five_digits(number % 100_000);
    // Most hashes have ten digits. What the first three of them make is known, and the loop has a fixed length.
    if let Some(state) = (number / 10_000_000).checked_sub(100).and_then(|head| HEADS.get(head as usize)) {
        let state = fnv_digit(fnv_digit(*state, number / 1_000_000 % 10), number / 100_000 % 10);
        return low.into_iter().fold(state, fnv_digit);
    }
    let high = five_digits(number / 100_000);
    // Leading zeros are not written; a lone zero is.
    let digits = || high.into_iter().chain(low);
    let zeros = digits().take(9).take_while(|digit| *digit == 0).count();
    digits().skip(zeros).fold(FNV_OFFSET, fnv_digit)
}

/// FNV-1a 32 of each three digits that a number of ten digits may begin with, from 100.
static HEADS: [u32; 330] = {
    let mut heads = [0; 330];
    let (mut at, mut number) = (0, 100);
    while let Some((head, _)) = heads.split_at_mut(at).1.split_first_mut() {
        *head = fnv_digit(fnv_digit(fnv_digit(FNV_OFFSET, number / 100), number / 10 % 10), number % 10);
        (at, number) = (at + 1, number + 1);
    }
    heads
};

/// The decimal digits of a number below 100,000, each from a division of its own so that none waits for another.
#[inline]
const fn five_digits(number: u32) -> [u32; 5] {
    [number / 10_000, number / 1_000 % 10, number / 100 % 10, number / 10 % 10, number % 10]
}

#[inline]
const fn fnv_digit(state: u32, digit: u32) -> u32 {
    (state ^ (digit | 0x30)).wrapping_mul(FNV_PRIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(seed: &str, id: &str) -> u32 {
        let fnv = |text: String| text.encode_utf16().fold(FNV_OFFSET, fnv_step);
        fnv(fnv(format!("{seed}{id}")).to_string()) % 10_000
    }

    #[test]
    fn agrees_with_the_javascript_sdk() {
        // `hash(seed, value, 2)` of `@growthbook/growthbook` 1.8.0, times 10,000.
        for (seed, id, cell) in [
            ("", "a", 216),
            ("b", "a", 6_650),
            ("b", "ab", 4_876),
            ("seed", "unit-1", 8_255),
            ("sål", "Ærø", 4_092),
            ("home", "a🌍z", 3_379),
            ("🌱", "日本", 4_465),
            ("home.3f9c", "5f3c2a9e-1b7d-4c8e", 2_614),
        ] {
            let hasher = Fnv::salted(seed);
            assert_eq!(hasher.cell(id), cell, "{seed} {id}");
        }
    }

    #[test]
    fn agrees_with_the_frozen_vectors() {
        let file: serde_json::Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(cases.len() > 50);
        for case in cases {
            let text = |key: &str| case[key].as_str().unwrap();
            let hasher = Fnv::salted(text("seed"));
            assert_eq!(case["cell"], hasher.cell(text("id")), "{case}");
        }
    }

    #[test]
    fn precomputed_salts_and_the_plain_formula_agree() {
        for seed in ["", "s", "home.3f9c", "sål", "🌱"] {
            let hasher = Fnv::salted(seed);
            for id in ["", "1", "unit-1", "b0ab7c5e-19", "Ærø", "日本", "a🌍z", "\u{1f600}", "é1"] {
                assert_eq!(hasher.cell(id), reference(seed, id), "{seed} {id}");
            }
            for n in 0..5_000 {
                let id = format!("unit-{n}");
                assert_eq!(hasher.cell(&id), reference(seed, &id));
            }
        }
    }

    #[test]
    fn decimals_of_every_length_agree() {
        let plain = |n: u32| n.to_string().encode_utf16().fold(FNV_OFFSET, fnv_step);
        let mut edges = vec![0, u32::MAX];
        for digits in 0..10 {
            let power = 10_u32.pow(digits);
            edges.extend([power - 1, power, power + 1, power.saturating_mul(4)]);
        }
        for number in edges {
            assert_eq!(fnv1a_decimal(number), plain(number), "{number}");
        }
    }
}
