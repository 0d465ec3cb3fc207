//! The record of a look at an experiment: the results that were read, with all that they can be computed again from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Breakdown, Check, Decision, Interactions, Interval, Tally, Treatment};

/// The version of this format; it changes when a key changes its meaning or goes.
pub const VERSION: u32 = 1;

/// The most bytes that a record may have.
pub const MAX_RECORD: u64 = 64 << 20;

/// One look at one experiment, as `allot analyze --format json` prints it and a store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "results")]
pub struct Results {
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// The id of the experiment or rollout.
    pub experiment: String,
    #[schemars(range(min = 1))]
    pub phase: u32,
    /// The surface's id.
    pub surface: String,
    /// The unit that is randomised.
    pub unit: String,
    /// The instant of the look, as in 2027-02-01T00:00:00Z.
    pub at: String,
    /// The team that owns the experiment.
    pub owner: Option<String>,
    /// What was believed, and why, as declared.
    pub hypothesis: Option<String>,
    pub run: Run,
    pub plan: Plan,
    pub method: Method,
    pub look: Look,
    /// Control first.
    pub variants: Vec<Variant>,
    /// The metrics, success first, then guardrails, then those that the surface requires.
    pub metrics: Vec<Metric>,
    /// Whether the data can be trusted.
    pub health: Vec<Check>,
    /// Each treatment against control.
    pub treatments: Vec<Treatment>,
    pub decision: Decision,
    /// Effects by the values of declared dimensions; no part of the decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakdowns: Vec<Breakdown>,
    /// Whether other experiments change these effects; null where none was counted that shares units and a metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactions: Option<Interactions>,
    /// The sufficient statistics that all of the above is computed from.
    pub tally: Tally,
    pub source: Source,
}

/// The run of the phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "run")]
pub struct Run {
    /// The first day, as in 2027-02-01.
    pub start: String,
    /// The first day after it; null for a rollout that has none yet.
    pub end: Option<String>,
    /// Days from start to end.
    pub days: Option<u32>,
    /// Whole days that have passed of it.
    pub elapsed: u32,
    /// How much later facts may arrive, in hours, the longest of all metrics.
    pub lag_hours: f64,
    pub state: State,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "run_state")]
pub enum State {
    /// Units come in.
    Running,
    /// It ended, and facts may still arrive.
    Ended,
    /// No more units will be complete.
    Over,
}

/// The analysis plan that was pinned at launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "analysis_plan")]
pub struct Plan {
    /// The commit at which the declaration was read; null outside a repository.
    pub commit: Option<String>,
    /// Whether files of the catalogue differed from that commit.
    pub dirty: bool,
    /// The digest of the plan in the lock; null where there is no lock.
    pub locked: Option<String>,
    /// The digest of the plan as declared now. If it differs, the plan was changed after launch.
    pub declared: String,
}

/// How intervals account for looking more than once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "method")]
pub struct Method {
    pub kind: MethodKind,
    /// 1 − confidence: the error of a decision, over both sides of its intervals, before it is split.
    pub alpha: f64,
    /// The power that was planned.
    pub power: f64,
    /// α⁻: the error of all tests for deterioration together.
    pub deterioration: f64,
    /// How planned looks spend the error; null for other methods.
    pub spending: Option<String>,
    /// How looks spend the error of the tests for deterioration; null where these are always valid, and in older records, where it is
    /// `spending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deterioration_spending: Option<String>,
    /// Days after the start on which looks were planned; empty for other methods.
    pub looks: Vec<u32>,
    /// Units that each arm must have before an always-valid interval says anything; null for other methods.
    pub minimum: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "method_kind")]
pub enum MethodKind {
    /// Planned looks that spend the error (Lan and DeMets).
    GroupSequential,
    /// Confidence sequences, valid at every instant.
    AlwaysValid,
    /// One look, at the end.
    Fixed,
}

/// Which look this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "look")]
pub struct Look {
    /// From 1, over all looks that were recorded.
    pub number: u32,
    /// The instants of the recorded looks before it, the earliest first.
    pub earlier: Vec<String>,
    /// Whether it is on a planned day.
    pub planned: bool,
}

/// A variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "variant")]
pub struct Variant {
    pub id: String,
    /// The size of its range in the lock, which is its weight.
    pub weight: u64,
    /// Units whose first exposure was to it.
    pub exposed: u64,
    /// Those of them that were exposed to another variant as well.
    pub mixed: u64,
}

/// A metric as it was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "metric")]
pub struct Metric {
    pub id: String,
    /// Its name, as declared.
    pub name: Option<String>,
    /// How it is shown: `%`, `min`, `ms`, a currency.
    pub display: Option<String>,
    pub role: Role,
    /// What decides on it.
    pub judged: Judged,
    /// Which way is good; null where nothing says so.
    pub goal: Option<Goal>,
    /// The smallest effect worth detecting, as planned, a share.
    pub mde: Option<f64>,
    /// How much worse it may get, a share.
    pub margin: Option<f64>,
    pub kind: MetricKind,
    /// The time from first exposure that counts, in days; both ends of aggregates that come without one are 0.
    pub window: Interval,
    /// How late its facts may arrive, in hours.
    pub lag_hours: f64,
    /// What each arm's estimate is, in words.
    pub estimator: String,
    /// The percentile at which values were cut, a share in (0, 1), and where that was.
    pub cap: Option<Cap>,
    /// Complete units over all arms.
    pub complete: u64,
    /// Exposed units over all arms that are in one variant only.
    pub exposed: u64,
    /// Units without any row: counted as 0, or dropped.
    pub without_rows: u64,
    /// Whether those are dropped.
    pub drops_missing: bool,
    /// Why it could not be computed; null where it could.
    pub failed: Option<String>,
}

/// Where values were cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "cap")]
pub struct Cap {
    /// The percentile, a share in (0, 1); null where only its place is known.
    pub level: Option<f64>,
    /// Where it fell for the outcome, for a ratio numerator and denominator.
    pub at: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "role")]
pub enum Role {
    Success,
    Guardrail,
    /// Required by the surface.
    Required,
}

/// What decides on a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "judged")]
pub enum Judged {
    /// It must be better.
    Superiority,
    /// It must be inside its margin.
    NonInferiority,
    /// It must only not be significantly worse.
    Deterioration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "goal")]
pub enum Goal {
    Increase,
    Decrease,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "metric_kind")]
pub enum MetricKind {
    Mean,
    Conversion,
    Ratio,
    Quantile,
    /// A mean that came with its variance, computed elsewhere.
    Aggregate,
}

/// Where the statistics come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "results_source")]
pub struct Source {
    /// The version of `allot`.
    pub tool: String,
    /// What counted: `embedded`, the name of a warehouse, or `aggregates` from a file.
    pub engine: String,
    /// The digest of the request, or of the rows of aggregates that the look is read off.
    pub query: String,
}

impl Results {
    /// Reads a record strictly.
    ///
    /// # Errors
    /// Says in words what is wrong: too large, no JSON, another version, or a key that is missing, unknown or of another type.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let no_record = |wrong: serde_json::Error| format!("it is no record of `allot analyze`: {wrong}");
        if bytes.len() as u64 > MAX_RECORD {
            return Err(format!("it is larger than {} MiB", MAX_RECORD >> 20));
        }
        let found: Versioned = serde_json::from_slice(bytes).map_err(no_record)?;
        if found.version != VERSION {
            return Err(format!("it has version {}, and this `allot` reads version {VERSION}", found.version));
        }
        serde_json::from_slice(bytes).map_err(no_record)
    }

    /// Reads records one after another, as several experiments are printed: each strictly.
    ///
    /// # Errors
    /// As for one; also where there is none at all.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, String> {
        let mut rest = serde_json::Deserializer::from_slice(bytes).into_iter::<serde::de::IgnoredAny>();
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(next) = rest.next() {
            next.map_err(|wrong| format!("it is no record of `allot analyze`: {wrong}"))?;
            let to = rest.byte_offset();
            found.push(Self::read(bytes.get(from..to).unwrap_or_default())?);
            from = to;
        }
        if found.is_empty() { Err("it holds no record of `allot analyze`".to_owned()) } else { Ok(found) }
    }

    /// The record as one line of JSON.
    #[must_use]
    pub fn write(&self) -> String {
        // Strings and finite numbers always serialise.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Whether both are records of the same look: they say the same statistics at the same instant, under the same plan. By whom
    /// and at which commit it was taken does not matter, nor what has been made of it, nor which other experiments were counted
    /// with it.
    #[must_use]
    pub fn is_same_look(&self, other: &Self) -> bool {
        let look = |own: &Self| (own.phase, own.plan.locked.clone(), own.plan.declared.clone());
        self.experiment == other.experiment
            && self.at == other.at
            && look(self) == look(other)
            && self.tally.alone() == other.tally.alone()
    }

    /// Whether another record of the same look comes to the same, whatever words are declared beside it; what it says of fewer
    /// experiments that were counted together is no contradiction.
    #[must_use]
    pub fn comes_to_the_same(&self, other: &Self) -> bool {
        let together = !other.tally.pairs.is_empty();
        let figures = |own: &Self| Self {
            owner: None,
            hypothesis: None,
            plan: Plan { commit: None, dirty: false, ..own.plan.clone() },
            source: Source { tool: String::new(), query: String::new(), ..own.source.clone() },
            interactions: own.interactions.clone().filter(|_| together),
            tally: if together { own.tally.clone() } else { own.tally.alone() },
            ..own.clone()
        };
        figures(self) == figures(other)
    }

    /// The primary metric: the first success metric, else the first of all.
    #[must_use]
    pub fn primary(&self) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.role == Role::Success).or(self.metrics.first())
    }
}
