//! What can be said of experiments before they start, as recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Calendar, Share};

/// Forecasts of experiments, or calendars of surfaces, as `allot power --format json` prints them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "power")]
pub struct Power {
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// What was supposed instead of what is declared; null where nothing was.
    pub what_if: Option<WhatIf>,
    /// The experiments that were asked for, in that order; with `--all` the worst first.
    pub experiments: Vec<Forecast>,
    /// Calendars of capacity, where no experiment was asked for.
    pub surfaces: Vec<Calendar>,
    /// The version of `allot`.
    pub tool: String,
    /// The instant that was judged by, as in 2027-02-01T00:00:00Z.
    pub at: String,
}

/// What is supposed instead of what is declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "what-if")]
pub struct WhatIf {
    /// The full share of the surface's units; earlier steps that are not smaller fall away.
    pub traffic: Option<Share>,
    /// How many days it runs.
    pub days: Option<u32>,
    /// The MDE of every success metric, in percent.
    pub mde: Option<Share>,
    /// The power of the whole decision, in percent.
    pub power: Option<Share>,
    /// The confidence of the interval, in percent.
    pub confidence: Option<Share>,
    /// How intervals account for looking more than once.
    #[schemars(extend("enum" = ["group-sequential", "always-valid", "fixed", null]))]
    pub method: Option<String>,
}

/// Whether a plan can show what it is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "power-verdict")]
pub enum Powered {
    /// It reaches what is declared by its planned end.
    Powered,
    /// It does not.
    Underpowered,
    /// It cannot be told, for a reason that is given: this is never taken for enough.
    Unknown,
    /// Nothing that is to be shown is declared: only a deterioration is looked for.
    Watched,
}

/// What can be said of one experiment before it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "forecast")]
pub struct Forecast {
    pub id: String,
    #[schemars(extend("enum" = ["experiment", "rollout"]))]
    pub kind: String,
    /// The path of its declaration below the catalogue's root.
    pub path: String,
    pub surface: Option<String>,
    /// The worst of its metrics' verdicts.
    pub verdict: Powered,
    /// The metric that needs the most, compared with what there is; null where that cannot be told of any.
    pub binding: Option<String>,
    /// The first day of its window, as in 2027-02-01.
    pub start: Option<String>,
    /// How many days it is planned to run.
    pub days: Option<u32>,
    /// The share of the surface's units that it takes at its full size.
    pub traffic: Option<Share>,
    /// Earlier, smaller shares, each with the day after the start on which it begins.
    pub ramp: Vec<(u32, Share)>,
    /// What is not declared yet, so that the most that the surface allows was supposed: `days`, `traffic`, `variants`.
    pub supposed: Vec<String>,
    /// Who of the surface's units is in it.
    pub audience: Audience,
    pub decision: DecisionDesign,
    /// Its metrics, the binding one first.
    pub metrics: Vec<MetricForecast>,
    /// What its binding metric would show if it ran for so many days, at most 32 points, the planned end among them; empty
    /// where that cannot be told, and with `--all`.
    pub curve: Vec<Reached>,
    /// The same by days and traffic; null where that cannot be told, and with `--all`.
    pub table: Option<Table>,
    /// What would make it pass; empty where it does, or where it cannot be told.
    pub ways: Vec<Way>,
}

impl Forecast {
    /// What can be said of the metric that binds.
    #[must_use]
    pub fn binding(&self) -> Option<&MetricForecast> {
        self.metrics.iter().find(|metric| self.binding.as_ref() == Some(&metric.id))
    }
}

/// Who of the units of a surface is in an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "audience")]
pub struct Audience {
    /// The segment; null for everybody.
    pub segment: Option<String>,
    /// The share of the surface's units that is in the segment; null where the baseline does not say.
    pub segment_share: Option<Share>,
    /// The share that nothing reaches. Traffic counts all units, and none of these are among it: nothing more comes off.
    pub holdout: Share,
    /// The share of all units that is in the experiment at its full size: traffic times the segment's share.
    pub share: Option<Share>,
}

/// How a decision is made over all metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "decision-design")]
pub struct DecisionDesign {
    #[schemars(extend("enum" = ["group-sequential", "always-valid", "fixed"]))]
    pub method: String,
    /// When results are looked at: `daily`, `weekly`, or days after the start.
    pub looks: String,
    /// The two-sided error level of the whole decision.
    pub alpha: f64,
    /// The power of the whole decision.
    pub power: f64,
    /// What the tests for deterioration take of the error that the power leaves.
    pub deterioration: f64,
    /// How many treatments are each compared with the control.
    pub treatments: u32,
}

/// What can be said of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "metric-forecast")]
pub struct MetricForecast {
    pub id: String,
    #[schemars(extend("enum" = ["success", "guardrail", "watched"]))]
    pub role: String,
    /// Whether the surface requires it, rather than the experiment names it.
    pub required: bool,
    pub verdict: Powered,
    /// Why it cannot be told, where it cannot.
    pub reason: Option<String>,
    /// The declared MDE of a success metric, or the margin of a guardrail; relative, in percent.
    pub declared: Option<Share>,
    /// The smallest that the planned run shows with the power that is needed; of a watched one, the smallest deterioration.
    pub reached: Option<Share>,
    /// The error level that it is tested at, over the sides of its interval, after the correction for how many there are.
    pub alpha: Option<f64>,
    /// The power that its own test needs for the decision to have its own.
    pub power: Option<f64>,
    /// The probability that its own test shows what is declared, at the planned end.
    pub power_reached: Option<f64>,
    /// How many looks there are at complete units, the last one among them; null without a test.
    pub looks: Option<u32>,
    /// How many times the units of a single look the sequential design needs.
    pub inflation: Option<f64>,
    /// Days from exposure until a unit is complete.
    pub window: u32,
    pub baseline: Option<MetricBaseline>,
    /// Units that show what is declared.
    pub needed: Option<Units>,
    /// Units that are complete at the planned end.
    pub complete: Option<Units>,
    /// Days from the start after which enough units are complete; null where no run of ten years has them.
    pub days: Option<u32>,
    /// Whether `days` lies beyond the last measured day of reach.
    pub days_extrapolated: bool,
    /// Whether `complete` does.
    pub complete_extrapolated: bool,
}

/// Numbers of units, not rounded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "units")]
pub struct Units {
    /// Over all arms.
    pub all: f64,
    /// In the smallest treatment.
    pub treatment: f64,
    pub control: f64,
}

/// What is known of a metric before the test, and where it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "metric-baseline")]
pub struct MetricBaseline {
    /// The file below the catalogue's root.
    pub path: String,
    /// The day of its measurement.
    pub measured: Option<String>,
    /// The last day of its reach curve: beyond it reach is extrapolated.
    pub reach_days: Option<u32>,
    pub mean: f64,
    pub standard_deviation: f64,
    /// With its covariate; null without one.
    pub correlation: Option<f64>,
}

/// What a run of so many days shows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "reached")]
pub struct Reached {
    /// How many days it runs.
    pub days: u32,
    /// Units over all arms that are complete then.
    pub units: f64,
    /// The smallest effect or margin that they show; null where none is.
    pub reached: Option<Share>,
    /// Whether reach was extrapolated.
    pub extrapolated: bool,
}

/// What the binding metric shows, by days and traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "table")]
pub struct Table {
    /// The metric that `reached` is of.
    pub metric: String,
    pub traffic: Vec<Share>,
    pub rows: Vec<Row>,
}

/// One number of days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "row")]
pub struct Row {
    pub days: u32,
    /// One for each share of `traffic`.
    pub cells: Vec<Cell>,
}

/// One number of days at one share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "cell")]
pub struct Cell {
    /// The smallest effect or margin of the table's metric; null where nothing is complete, or it cannot be told.
    pub reached: Option<Share>,
    /// The worst verdict over all metrics.
    pub verdict: Powered,
    /// Whether reach was extrapolated.
    pub extrapolated: bool,
}

/// Something that would make an experiment pass. Effects and margins are not among them: they say what matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "way")]
pub struct Way {
    #[schemars(extend("enum" = ["traffic", "days", "covariate"]))]
    pub kind: String,
    /// Whether it leads out: it is enough by itself, and nobody else holds what it takes. Null where that is not known yet.
    pub open: Option<bool>,
    /// The share that would do.
    pub traffic: Option<Share>,
    /// The days that would do.
    pub days: Option<u32>,
    /// The metric that would need a covariate.
    pub metric: Option<String>,
    /// The correlation that its covariate would need.
    pub correlation: Option<f64>,
    /// The largest share that is free from the first day to the last.
    pub free: Option<Share>,
    /// Who holds the rest, the largest first.
    pub holders: Vec<String>,
    /// Whether reach was extrapolated.
    pub extrapolated: bool,
    /// The same in words, with names in backticks.
    pub words: String,
}
