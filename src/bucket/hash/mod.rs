//! The hash schemes that stock SDKs use.

mod confidence;
mod eppo;
mod growthbook;

pub use confidence::Murmur;
pub use eppo::Md5;
pub use growthbook::Fnv;

use std::fmt;
use std::str::FromStr;

/// Cells of the grid on which variants are ranges, whatever the scheme.
pub const VARIANT_GRID: u32 = 10_000;

/// The arithmetic a surface's SDK uses to place a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// FNV-1a 32 over UTF-16 code units, twice; `hashVersion` 2 of its SDKs.
    GrowthBook,
    /// MD5 of `salt-unit`, first four bytes big-endian.
    Eppo,
    /// `MurmurHash3` x64 128, low 64 bits `>> 4`.
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

    /// How long a unit's id may be, in bytes of UTF-8, for its SDKs to resolve it at all.
    #[must_use]
    pub const fn max_unit(self) -> Option<usize> {
        match self {
            Self::GrowthBook | Self::Eppo => None,
            Self::Confidence => Some(100),
        }
    }

    /// What places a unit on its surface's grid, for the surface's salt.
    #[must_use]
    pub fn surface_hasher(self, salt: &str) -> Hasher {
        match self {
            Self::GrowthBook => Hasher::GrowthBook(Fnv::salted(salt)),
            Self::Eppo => Hasher::Eppo(Md5::salted(salt)),
            Self::Confidence => Hasher::Confidence(Murmur::surface(salt, self.grid())),
        }
    }

    /// What places a unit on the variant grid, for the salt of an experiment or a rollout.
    #[must_use]
    pub fn variant_hasher(self, salt: &str) -> Hasher {
        match self {
            Self::GrowthBook => Hasher::GrowthBook(Fnv::salted(salt)),
            Self::Eppo => Hasher::Eppo(Md5::salted(salt)),
            Self::Confidence => Hasher::Confidence(Murmur::variant(salt, VARIANT_GRID)),
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

/// A scheme's hash with its salt already absorbed, so that hashing a unit costs only the unit. Allocates nothing.
#[derive(Clone, Debug)]
pub enum Hasher {
    /// See [`Fnv`].
    GrowthBook(Fnv),
    /// See [`Md5`].
    Eppo(Md5),
    /// See [`Murmur`].
    Confidence(Murmur),
}

impl Hasher {
    /// The unit's cell on the grid that this hasher was made for.
    #[must_use]
    #[inline]
    pub fn cell(&self, unit: &str) -> u32 {
        match self {
            Self::GrowthBook(state) => state.cell(unit),
            Self::Eppo(state) => state.cell(unit),
            Self::Confidence(state) => state.cell(unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_read_as_they_are_written() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.to_string().parse(), Ok(scheme));
        }
        assert_eq!("GrowthBook".parse::<Scheme>(), Err(UnknownScheme));
    }

    #[test]
    fn cells_lie_on_their_grids() {
        for scheme in Scheme::ALL {
            let (surface, variant) = (scheme.surface_hasher("a.1"), scheme.variant_hasher("b.2"));
            let mut highest = (0, 0);
            for n in 0..20_000 {
                let unit = format!("unit-{n}");
                highest = (highest.0.max(surface.cell(&unit)), highest.1.max(variant.cell(&unit)));
            }
            // Of 20,000 uniform cells the highest is in the last thousandth but for a chance of e^-20.
            let high = |highest: u32, grid: u32| highest < grid && highest >= grid - grid / 1_000;
            assert!(high(highest.0, scheme.grid()) && high(highest.1, VARIANT_GRID), "{scheme} {highest:?}");
        }
    }
}
