//! Why a number is undefined: a reason takes its place, never NaN, infinity or 0.

use std::fmt;

/// Why data gives no number. What lacks in a plan is [`Reason`](super::Reason).
///
/// It displays as words for a reader. Whoever decides treats every one of them as "wait", never as a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// An arm has no units.
    EmptyArm,
    /// An arm has one unit, so that its variance is unknown.
    OneUnit,
    /// There are fewer units than the estimate has parameters, or than its normal approximation reaches.
    TooFewUnits,
    /// No arm varies, so that nothing can be tested.
    ZeroVariance,
    /// The control mean is zero, so that nothing is relative to it.
    ControlMeanZero,
    /// The control mean does not differ significantly from zero, so that a relative interval is unbounded.
    ControlMeanNearZero,
    /// The denominator of a ratio sums to zero.
    ZeroDenominator,
    /// The percentile to cap at is the smallest value, so that the cap would leave nothing.
    CollapsedCap,
    /// The order statistics around a quantile are the same value.
    ZeroWidth,
    /// A covariate does not vary within an arm.
    ConstantCovariate,
    /// A covariate is a combination of the others within an arm, or nearly.
    Collinear,
    /// An arm has fewer than two units in a stratum.
    ThinStratum,
    /// A value is not a finite number.
    NotFinite,
    /// A result is beyond what a double holds.
    Overflow,
    /// The sums belong to no data: a variance is negative, or a correlation beyond 1.
    ImpossibleSums,
    /// The sums are so far from the mean that rounding ate the variance: they are to be taken about a shift near the mean.
    LostDigits,
    /// Shapes differ that must be the same.
    Mismatch,
    /// A variant is to have no units, so that nothing can be told of its share.
    NoWeight,
    /// A parameter is outside the range that has a meaning.
    OutOfRange,
}

impl fmt::Display for Undefined {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::EmptyArm => "an arm is empty",
            Self::OneUnit => "an arm has one unit, so its variance is unknown",
            Self::TooFewUnits => "there are too few units",
            Self::ZeroVariance => "the variance is zero in both arms, so no test is possible",
            Self::ControlMeanZero => "the control mean is 0",
            Self::ControlMeanNearZero => "the control mean does not differ significantly from 0",
            Self::ZeroDenominator => "the denominator sums to 0",
            Self::CollapsedCap => "the cap collapses to the smallest value",
            Self::ZeroWidth => "too many values are the same around the quantile",
            Self::ConstantCovariate => "the covariate has zero variance",
            Self::Collinear => "the covariate is a combination of the others",
            Self::ThinStratum => "an arm has fewer than two units in a stratum",
            Self::NotFinite => "a value is not a finite number",
            Self::Overflow => "a number is too large",
            Self::ImpossibleSums => "no data has these sums",
            Self::LostDigits => "rounding of the sums ate the variance, so they need a shift near the mean",
            Self::Mismatch => "shapes differ",
            Self::NoWeight => "a variant has no weight",
            Self::OutOfRange => "a parameter is out of range",
        })
    }
}

impl std::error::Error for Undefined {}

/// The number if it is finite; what is not came from an overflow, since input is checked.
pub(super) fn finite(number: f64) -> Result<f64, Undefined> {
    if number.is_finite() { Ok(number) } else { Err(Undefined::Overflow) }
}
