//! The hash schemes that stock SDKs use, and the one that is implemented so far.

use std::fmt;
use std::str::FromStr;

/// Cells of the grid on which variants are ranges, whatever the scheme.
pub const VARIANT_GRID: u32 = 10_000;

/// The arithmetic a surface's SDK uses to place a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// FNV-1a 32 over UTF-16 code units, twice; `hashVersion` 2 of its SDKs.
    GrowthBook,
    /// MD5 of `salt-unit`, first four bytes big-endian; not implemented yet.
    Eppo,
    /// `MurmurHash3` x64 128, low 64 bits `>> 4`; not implemented yet.
    Confidence,
}

impl Scheme {
    /// Every scheme, in the order of their ids in documents.
    pub const ALL: [Self; 3] = [Self::GrowthBook, Self::Eppo, Self::Confidence];

    /// The id written in catalogues and artifacts.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::GrowthBook => "growthbook",
            Self::Eppo => "eppo",
            Self::Confidence => "confidence",
        }
    }

    /// Cells of the grid on which a surface places its units.
    #[must_use]
    pub const fn grid(self) -> u32 {
        match self {
            Self::GrowthBook | Self::Eppo => 10_000,
            Self::Confidence => 1_000_000,
        }
    }

    /// A hasher for one salt, or `None` for a scheme that is not implemented: without a hasher there is no cell, so such a
    /// scheme cannot be used by mistake.
    #[must_use]
    pub fn hasher(self, salt: &str) -> Option<Hasher> {
        match self {
            Self::GrowthBook => Some(Hasher(Salted::GrowthBook(fnv1a(FNV_OFFSET, salt)))),
            // A new scheme adds its salted state to `Salted` and its arithmetic to `Hasher`; the compiler finds the places.
            Self::Eppo | Self::Confidence => None,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// A scheme id that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownScheme;

impl fmt::Display for UnknownScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown scheme; one of `growthbook`, `eppo`, `confidence`")
    }
}

impl std::error::Error for UnknownScheme {}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        Self::ALL.into_iter().find(|scheme| scheme.id() == text).ok_or(UnknownScheme)
    }
}

/// A scheme with its salt already absorbed, so that hashing a unit costs only the unit. Allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hasher(Salted);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Salted {
    /// The FNV state after the salt.
    GrowthBook(u32),
}

impl Hasher {
    /// A hasher for the empty salt, where one has to stand that is never asked.
    pub(crate) const UNSALTED: Self = Self(Salted::GrowthBook(FNV_OFFSET));

    /// The unit's cell on its surface's grid, in `0..scheme.grid()`.
    #[must_use]
    #[inline]
    pub fn surface_cell(&self, unit: &str) -> u32 {
        match self.0 {
            Salted::GrowthBook(state) => growthbook(state, unit),
        }
    }

    /// The unit's cell on the variant grid, in `0..VARIANT_GRID`.
    #[must_use]
    #[inline]
    pub fn variant_cell(&self, unit: &str) -> u32 {
        match self.0 {
            Salted::GrowthBook(state) => growthbook(state, unit),
        }
    }
}

const FNV_OFFSET: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

/// `fnv1a(decimal(fnv1a(salt + unit))) % 10000`, as `hash` with version 2 in the JavaScript SDK's `util.ts`.
#[inline]
fn growthbook(salted: u32, unit: &str) -> u32 {
    fnv1a_decimal(fnv1a(salted, unit)) % 10_000
}

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
            let hasher = Scheme::GrowthBook.hasher(seed).unwrap();
            assert_eq!(hasher.surface_cell(id), cell, "{seed} {id}");
        }
    }

    #[test]
    fn agrees_with_the_frozen_vectors() {
        let file: serde_json::Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(cases.len() > 50);
        for case in cases {
            let text = |key: &str| case[key].as_str().unwrap();
            let hasher = Scheme::GrowthBook.hasher(text("seed")).unwrap();
            assert_eq!(case["cell"], hasher.surface_cell(text("id")), "{case}");
        }
    }

    #[test]
    fn precomputed_salts_and_the_plain_formula_agree() {
        for seed in ["", "s", "home.3f9c", "sål", "🌱"] {
            let hasher = Scheme::GrowthBook.hasher(seed).unwrap();
            for id in ["", "1", "unit-1", "b0ab7c5e-19", "Ærø", "日本", "a🌍z", "\u{1f600}", "é1"] {
                assert_eq!(hasher.surface_cell(id), reference(seed, id), "{seed} {id}");
                assert_eq!(hasher.variant_cell(id), reference(seed, id), "{seed} {id}");
            }
            for n in 0..5_000 {
                let id = format!("unit-{n}");
                assert_eq!(hasher.surface_cell(&id), reference(seed, &id));
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

    #[test]
    fn only_implemented_schemes_have_a_hasher() {
        assert!(Scheme::GrowthBook.hasher("x").is_some());
        assert_eq!(Scheme::Eppo.hasher("x"), None);
        assert_eq!(Scheme::Confidence.hasher("x"), None);
        for scheme in Scheme::ALL {
            assert_eq!(scheme.to_string().parse(), Ok(scheme));
        }
        assert_eq!("GrowthBook".parse::<Scheme>(), Err(UnknownScheme));
    }
}
