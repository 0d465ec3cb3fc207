//! Whether data can be trusted: the health checks, each with its figures and what to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Figure;

/// A health check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "check")]
pub struct Check {
    pub name: CheckName,
    pub status: Status,
    /// What was found, in a sentence for people.
    pub found: String,
    /// What to do, where something is to be done.
    pub help: Option<String>,
    /// The p-value or share that was judged.
    pub value: Option<Figure>,
    /// What it was held against: a p-value below, or a share above, fails.
    pub limit: Option<f64>,
    /// The figures per variant, or per metric and treatment.
    pub parts: Vec<Part>,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "check_name")]
pub enum CheckName {
    /// All exposed units against the ranges in the lock: a p-value; the parts are the variants, with counts.
    SampleRatio,
    /// Units seen in two variants: their share; the parts are the variants by first exposure, with counts.
    MixedAssignments,
    /// Covariates from before exposure are alike: the smallest adjusted p-value; a part per metric and treatment, with the
    /// relative difference.
    PrePeriodBalance,
    /// Exposures and facts are there; a part per metric that has none, with its complete units.
    MissingData,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "check_status")]
pub enum Status {
    Passed,
    /// It withholds every verdict.
    Failed,
    /// There is nothing to check, or not yet.
    Unchecked,
}

/// A figure of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "check_part")]
pub struct Part {
    /// The variant.
    pub variant: Option<String>,
    /// The metric.
    pub metric: Option<String>,
    /// What was found.
    pub value: Figure,
    /// What was to be expected.
    pub expected: Option<f64>,
    /// The p-value of this part alone.
    pub p: Option<Figure>,
}
