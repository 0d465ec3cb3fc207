//! Sufficient statistics: all that is taken from data, from which every result can be computed again; never raw units.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most letters of a dimension's value that are recorded.
const MOST_LETTERS: usize = 100;

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
    /// Exposure rows outside the window of the phase, or after the look.
    pub rows_outside: u64,
    /// Exposure rows with a variant that the experiment does not have.
    pub rows_unknown_variant: u64,
    /// Per metric, in the order in which the experiment tracks them.
    pub metrics: Vec<MetricTally>,
    /// The dimensions by which units are told apart as they were at first exposure; empty where none are declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<DimensionTally>,
    /// The experiments that share units and a metric with this one, and were counted with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<PairTally>,
}

impl Tally {
    /// The same without what other experiments share with it, which depends on which were counted together.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self { pairs: Vec::new(), ..self.clone() }
    }
}

/// A dimension with the values of it that are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DimensionTally {
    /// The column of the exposures.
    pub dimension: String,
    /// The values of the most units of one variant alone, the most first; null stands for all others together, and an empty one for units
    /// without a value.
    pub values: Vec<Option<String>>,
    /// Why it could not be read, in words for people; there are no values then.
    pub failed: Option<String>,
}

impl DimensionTally {
    /// A value as it is recorded: cut where it is longer than anybody would read.
    #[must_use]
    pub fn recorded(value: &str) -> String {
        match value.char_indices().nth(MOST_LETTERS) {
            Some((end, _)) => format!("{}…", value.get(..end).unwrap_or("")),
            None => value.to_owned(),
        }
    }
}

/// What was counted of the units that two experiments share.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairTally {
    /// What exposures to the other experiment carry: its id, in later phases with the phase.
    pub with: String,
    /// Its variants, control first.
    pub variants: Vec<String>,
    /// Per metric that both track and that is made of numbers of units; quantiles over events are not.
    pub metrics: Vec<JointTally>,
}

/// The joint cells of a metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JointTally {
    /// The metric's id.
    pub metric: String,
    /// Per own variant, then per variant of the other: complete units of one variant of each alone, whose windows begin at the
    /// later of their two first exposures; no covariate.
    pub cells: Vec<Vec<Sums>>,
    /// For a quantile over units: the same; null where a cell has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<Vec<Option<UnitQuantile>>>,
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
    /// For a quantile over units.
    pub quantile: Option<UnitQuantile>,
    /// `sums` by dimension and value, in the order of [`Tally::dimensions`]; empty for quantiles over events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Vec<Sums>>,
    /// For a quantile over units: the same by dimension and value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantile_parts: Vec<Vec<PartQuantile>>,
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

/// A quantile over units. Their other values are not recorded: no more is needed of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitQuantile {
    pub units: u64,
    /// The quantile, and the values at the two levels around it that its standard error comes from; these are the quantile
    /// itself where there are too few units for them.
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
}

/// A quantile among the units of a value of a dimension, and among all others; null where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartQuantile {
    pub own: Option<UnitQuantile>,
    pub rest: Option<UnitQuantile>,
}
