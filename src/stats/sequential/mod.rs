//! Looks before the end that keep the error rate: group sequential bounds and confidence sequences.

mod bounds;
mod classical;
mod confidence;
pub(super) mod power;
mod spending;
mod walk;

pub use bounds::{Bound, Look, MAX_LOOKS, bounds, planned};
pub use classical::{Classical, classical};
pub use confidence::Sequence;
pub use power::{crossing, drift, inflation};
pub use spending::Spending;

pub use super::Reason;

/// Whether a test looks for a difference in one direction or in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// In the good, or the bad, direction only.
    One,
    /// In both, with half of the error each.
    #[default]
    Two,
}

impl Sides {
    /// The error of one side.
    #[must_use]
    pub fn one(self, all: f64) -> f64 {
        match self {
            Self::One => all,
            Self::Two => all / 2.0,
        }
    }

    /// The error of all sides, from that of one.
    #[must_use]
    pub fn all(self, one: f64) -> f64 {
        match self {
            Self::One => one,
            Self::Two => one * 2.0,
        }
    }
}

#[cfg(test)]
mod tests;
