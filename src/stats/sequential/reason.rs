//! Why something sequential has no value, in users' words.

use std::fmt;

/// Why a bound, a constant or a half-width is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The error level is not in (0, 0.5].
    Alpha,
    /// The power is not above the level and below 1.
    Power,
    /// The parameter of a spending function or a family is out of range.
    Parameter,
    /// No look is planned, or a count of looks is 0.
    NoLooks,
    /// There are more looks with new units than are computed.
    TooManyLooks,
    /// Planned fractions or information do not grow, or are not positive numbers.
    Order,
    /// At this look there is no standard error yet.
    NoInformation,
    /// Since the look before no new units are complete.
    NoNewUnits,
    /// The spending function gives so little to this look that no result could cross its bound.
    NothingToSpend,
    /// An earlier look spent all the error; this one only describes.
    Descriptive,
    /// No number of units would do, as far as numbers reach.
    OutOfReach,
    /// There are fewer units than the minimum that was set.
    TooFewUnits,
    /// The planned number of units is not a positive number.
    Planned,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpha => "the error level must be above 0 and at most 0.5",
            Self::Power => "the power must be above the error level and below 1",
            Self::Parameter => "the parameter of the spending function is out of range",
            Self::NoLooks => "no look is planned",
            Self::TooManyLooks => "there are too many looks to compute bounds for",
            Self::Order => "planned looks must have growing, positive fractions",
            Self::NoInformation => "there is no standard error yet",
            Self::NoNewUnits => "no new units are complete since the look before",
            Self::NothingToSpend => "it is too early for any result to be significant",
            Self::Descriptive => "the error is spent, so that this look only describes",
            Self::OutOfReach => "no number of units is enough",
            Self::TooFewUnits => "there are fewer units than the minimum of each arm",
            Self::Planned => "the planned number of units must be positive",
        })
    }
}

impl std::error::Error for Reason {}
