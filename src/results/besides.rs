//! What is looked at besides the decision: effects by the values of a dimension, and other experiments that change effects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Contrast, Figure};

/// The effects in units of each value of a dimension. It is exploratory: nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "breakdown")]
pub struct Breakdown {
    /// The column of the exposures.
    pub dimension: String,
    /// Why there is nothing of it; null where there is.
    pub failed: Option<String>,
    /// The values of the most units first; all others come last.
    pub slices: Vec<Slice>,
}

/// The units that had one value of a dimension at their first exposure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "slice")]
pub struct Slice {
    /// The value; null for all others together, and empty for units without one.
    pub value: Option<String>,
    /// A treatment's effect on a metric each: of metrics that are decided on and are made of numbers of units.
    pub effects: Vec<Effect>,
}

/// A treatment against control on one metric, among the units of one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "effect")]
pub struct Effect {
    pub variant: String,
    pub metric: String,
    /// At the critical value of the metric's own interval, which knows nothing of how many values are looked at.
    pub contrast: Contrast,
    /// The two-sided p-value of no effect, as that of the outcome.
    pub p: Figure,
    /// The same, adjusted (Holm) for all effects of all breakdowns.
    pub adjusted: Figure,
    /// Whether the adjusted p-value is below what the outcome's own is held against.
    pub stands_out: bool,
    /// The p-value of the same effect as in all other units, adjusted (Holm) for all such tests.
    pub alike: Figure,
    /// Whether that is below it.
    pub differs: bool,
}

/// Other experiments on the same units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "interactions")]
pub struct Interactions {
    /// What exposures to the others carry, of those that share units and a metric and were counted with this one.
    pub with: Vec<String>,
    /// How many tests there were, which p-values are adjusted for: one for each two treatments and each shared metric.
    pub tests: u64,
    /// Those that were significant.
    pub found: Vec<Interaction>,
}

/// Another experiment under whose treatment an effect is another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "interaction")]
pub struct Interaction {
    /// What exposures to the other experiment carry.
    pub with: String,
    /// The treatment of the other experiment.
    pub under: String,
    /// The treatment of this one, whose effect it changes.
    pub variant: String,
    pub metric: String,
    /// The treatment less control among units of the other's control, in the metric's units.
    pub effect: f64,
    /// The same among units of the other's treatment.
    pub changed: f64,
    /// How much that is more.
    pub difference: f64,
    pub se: f64,
    /// The two-sided p-value of no change: while units come in an always-valid one.
    pub p: f64,
    /// The same, adjusted (Holm) for all tests.
    pub adjusted: f64,
}
