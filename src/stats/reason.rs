//! Why a design has no answer, or a look no bound, in users' words.

use std::fmt;

/// Why what is planned has no number: units, days, effects, bounds, or half-widths.
///
/// It speaks of parameters and of looks. What data lacks is [`Undefined`](super::Undefined).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The error level is not in (0, 0.5].
    Alpha,
    /// The power is not above the level and below 1.
    Power,
    /// The deterioration tests alone take as much error as the power leaves.
    NoError,
    /// There is no success metric and no guardrail with a margin, or no treatment.
    NothingTested,
    /// The baseline's mean, variance or share is not a number in its range.
    Baseline,
    /// The mean is 0, so that a relative effect means nothing.
    ZeroMean,
    /// The effect or margin is 0 or not a number.
    Effect,
    /// The effect would take a share beyond 0 or 100 %.
    BeyondShare,
    /// The variance is 0: every difference is found with any number of units.
    NoVariance,
    /// The ratio of the arms, the covariate's correlation or the inflation is out of range.
    Ratio,
    /// No units are given.
    NoUnits,
    /// The planned number of units is not a positive number.
    Planned,
    /// The answer is beyond 10¹⁸ units or what numbers can hold.
    OutOfReach,
    /// A reach curve has no point, or its days or units do not grow.
    Curve,
    /// Traffic steps do not grow or are no shares.
    Steps,
    /// So many units are not reached in ten years.
    TooLong,
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
    /// At this look an arm has fewer units than the minimum that was set.
    TooFewUnits,
    /// Since the look before no new units are complete.
    NoNewUnits,
    /// The spending function gives so little to this look that no result could cross its bound.
    NothingToSpend,
    /// An earlier look spent all the error; this one only describes.
    Descriptive,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpha => "the error level must be above 0 and at most 0.5",
            Self::Power => "the power must be above the error level and below 1",
            Self::NoError => "the tests for deterioration take all the error that the power leaves",
            Self::NothingTested => "there is no success metric and no guardrail with a margin",
            Self::Baseline => "the baseline must be a number, its variance not negative, and a share between 0 and 1",
            Self::ZeroMean => "the baseline mean is 0, so that a relative effect means nothing",
            Self::Effect => "the effect must be a number other than 0, and a margin above 0",
            Self::BeyondShare => "the effect would take the share below 0 or above 100 %",
            Self::NoVariance => "the baseline has no variance",
            Self::Ratio => "the ratio of the arms, the correlation or the inflation is out of range",
            Self::NoUnits => "there are no units",
            Self::Planned => "the planned number of units must be positive",
            Self::OutOfReach => "the numbers are beyond what can be computed",
            Self::Curve => "days and units of a reach curve must be positive and grow",
            Self::Steps => "traffic steps must begin on day 0 or later, and only grow, to at most all",
            Self::TooLong => "so many units are not reached in ten years",
            Self::Parameter => "the parameter of the spending function is out of range",
            Self::NoLooks => "no look is planned",
            Self::TooManyLooks => "there are too many looks to compute bounds for",
            Self::Order => "planned looks must have growing, positive fractions",
            Self::NoInformation => "there is no standard error yet",
            Self::TooFewUnits => "there are fewer units than the minimum of each arm",
            Self::NoNewUnits => "no new units are complete since the look before",
            Self::NothingToSpend => "it is too early for any result to be significant",
            Self::Descriptive => "the error is spent, so that this look only describes",
        })
    }
}

impl std::error::Error for Reason {}

/// Whether an error level is in (0, 0.5]. What is below 1e-300 is 0 to all that follows, which divides it further.
pub(super) fn check_level(alpha: f64) -> Result<(), Reason> {
    if (1e-300..=0.5).contains(&alpha) { Ok(()) } else { Err(Reason::Alpha) }
}
