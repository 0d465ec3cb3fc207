//! Sufficient statistics: all that is taken from data, from which every result can be computed again; never raw units.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was counted for one experiment in its current phase.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// What exposures carry: the experiment's id, in later phases with the phase.
    pub key: String,
    /// Exposed units, per variant, control first.
    pub arms: Vec<Arm>,
    /// Exposure rows of the experiment that were left out because the unit, the variant or the instant is null.
    pub rows_without_key: u64,
    /// Exposure rows outside the window of the phase.
    pub rows_outside: u64,
    /// Exposure rows with a variant that the experiment does not have.
    pub rows_unknown_variant: u64,
    /// Per metric, in the order in which the experiment tracks them.
    pub metrics: Vec<MetricTally>,
}

/// The exposed units of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    pub variant: String,
    /// Units whose first exposure was to this variant, mixed ones included.
    pub exposed: u64,
    /// Those of them that were exposed to another variant as well. They are dropped from the estimates.
    pub mixed: u64,
}

/// What was counted for a metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricTally {
    /// The metric's id.
    pub metric: String,
    /// Where values were cut, if the metric has a cap.
    pub caps: Option<Caps>,
    /// Per variant, control first.
    pub arms: Vec<ArmTally>,
    /// Why the metric could not be computed from these data, in words for people; the arms are empty then.
    pub failed: Option<String>,
}

/// Where values were cut: the percentile over all arms' units. A column without a cap is null.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// One per column of [`Sums`], in its order.
    pub at: Vec<Option<f64>>,
    /// Whether a cap fell onto the smallest value, so that nothing is left of the metric.
    pub collapsed: bool,
}

/// The units of a variant, as far as their windows are complete.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmTally {
    /// Complete units of this variant alone.
    pub sums: Sums,
    /// The same with units kept that were seen in several variants, by their first exposure.
    pub kept: Sums,
    /// `sums` by the day of first exposure, days after the study's first instant in order; days without units are left out.
    pub days: Vec<DaySums>,
    /// Exposed units of this variant alone whose window is not complete.
    pub incomplete: u64,
    /// Complete units without any row.
    pub without_rows: u64,
    /// For a quantile over events.
    pub events: Option<EventQuantile>,
    /// For a quantile over units: distinct values with their counts, ascending.
    pub values: Option<Histogram>,
}

/// Units, sums and cross-products of columns: a mean or conversion has the value, a ratio numerator and denominator; with a
/// covariate the same columns follow from before exposure.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    /// Units.
    pub n: u64,
    /// What was taken off each column before summing, the same in all arms, so that no digits are lost.
    pub shifts: Vec<f64>,
    /// Σ(x − shift), one per column.
    pub sums: Vec<f64>,
    /// Σ(x − shift)(y − shift), the lower triangle row by row: xx, yx, yy, zx, …
    pub products: Vec<f64>,
}

/// The sums of units exposed on one day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaySums {
    /// Whole days after the study's first instant.
    pub day: u32,
    pub sums: Sums,
}

/// A quantile over events, whose units are clusters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventQuantile {
    /// Events.
    pub events: u64,
    /// The quantile, and the values at the two levels around it that its standard error comes from.
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
}

/// Distinct values with their counts, ascending.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    pub values: Vec<f64>,
    pub counts: Vec<u64>,
}
