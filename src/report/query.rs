//! The SQL of an analysis, as recorded: which statements would run, and what each returns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The SQL of an analysis, as `allot query --format json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "query")]
pub struct Query {
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// The dialect that the statements are written in, as `warehouse.engine` names it.
    pub dialect: String,
    /// What is asked of each surface.
    pub surfaces: Vec<SurfaceQuery>,
    /// What is not asked for, and why.
    pub left_out: Vec<LeftOut>,
}

/// What is asked about all the named experiments of a surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "surface_query")]
pub struct SurfaceQuery {
    /// The surface's id.
    pub surface: String,
    /// The unit that it randomises.
    pub unit: String,
    /// What exposures carry of each experiment: its id, in later phases with `.` and the phase.
    pub experiments: Vec<String>,
    /// The exposures first; they may run in any order.
    pub statements: Vec<StatementQuery>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "statement")]
pub struct StatementQuery {
    /// What its rows say: counts of units, statistics of metrics over units, the same in the joint cells of two experiments, or
    /// quantiles over events.
    pub about: StatementAbout,
    /// The facts that it reads.
    pub facts: Vec<String>,
    /// The metrics that it has statistics of.
    pub metrics: Vec<String>,
    /// The names of the columns that it returns, in order: numbers, but for the values of dimensions.
    pub columns: Vec<String>,
    /// The statement, with its comments and without a semicolon at its end.
    pub sql: String,
}

/// What a statement's rows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "statement_about")]
pub enum StatementAbout {
    Exposures,
    Facts,
    Pairs,
    Events,
}

/// What is not asked for: an experiment, or a metric of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "left_out")]
pub struct LeftOut {
    /// Its id.
    pub experiment: String,
    /// The metric's id; null where all of the experiment is left out.
    pub metric: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// What would help, in words; null where nothing is known to.
    pub help: Option<String>,
}
