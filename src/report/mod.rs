//! The record of a gate: findings, and what a change does to users, as data that another run can read and show.
//!
//! `allot check --format json` writes it; `allot comment` reads it, also where it comes from a fork's pull request. So it is
//! read strictly: what is unknown, too large or of another version is refused, and no text in it is trusted to be tame.

mod calendar;
mod history;
mod plan;
mod power;
mod query;
mod read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use calendar::{Booking, Calendar, Lane, Level, Opening, Question};
pub use history::{Commit, Cut, Decision, Entry, Fault, History, Pull, Waiver};
pub use plan::{Action, Change, Definition, Edit, Excluded, Move, Neighbour, Plan, Share, Span};
pub use power::{
    Audience, Cell, DecisionDesign, Forecast, MetricBaseline, MetricForecast, Power, Powered, Reached, Row, Table,
    Units, Way, WhatIf,
};
pub use query::{LeftOut, Query, StatementAbout, StatementQuery, SurfaceQuery};
pub use read::{MAX_RECORD, Recorded};

/// The version of this format; it changes when a key changes its meaning or goes.
pub const VERSION: u32 = 1;

/// What a gate found, as `allot check --format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "check")]
pub struct Report {
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// Counts of the findings in `diagnostics`.
    pub summary: Summary,
    /// The findings that count: those that the base does not have, sorted by path and place.
    pub diagnostics: Vec<Finding>,
    /// Whether the change may go in.
    pub verdict: Verdict,
    /// Findings that the base has too, at the same instant: they block nobody.
    pub known: Vec<Finding>,
    /// Surfaces that a serving fault holds back.
    pub held: Vec<Held>,
    /// Files that `allot allocate` would write: locks and ledgers that are not up to date.
    pub stale: Vec<String>,
    /// What changes against the base; null where there is none, as on a first commit.
    pub plan: Option<Plan>,
    /// Where all this was read.
    pub source: Source,
}

/// Whether a change may go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ready,
    NotReady,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "summary")]
pub struct Summary {
    /// How many findings are errors: any makes the exit code 1.
    pub errors: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// How many files were looked at.
    pub files: usize,
}

/// A finding; lines and columns are counted from 1, columns in characters, and the end is the place after the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "finding")]
pub struct Finding {
    /// The rule's name.
    pub rule: String,
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where there is something to say.
    pub help: Option<String>,
    /// The path below the catalogue's root.
    pub path: String,
    #[schemars(range(min = 1))]
    pub line: usize,
    #[schemars(range(min = 1))]
    pub column: usize,
    #[schemars(range(min = 1))]
    pub end_line: usize,
    #[schemars(range(min = 1))]
    pub end_column: usize,
    /// Further places that explain the finding.
    pub related: Vec<Related>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "severity")]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "related")]
pub struct Related {
    /// The path below the catalogue's root.
    pub path: String,
    #[schemars(range(min = 1))]
    pub line: usize,
    #[schemars(range(min = 1))]
    pub column: usize,
    /// What is there.
    pub message: String,
}

/// A surface that keeps its last good artifact, and the rules that hold it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "held")]
pub struct Held {
    pub surface: String,
    pub rules: Vec<String>,
}

/// Where a report was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "source")]
pub struct Source {
    /// The version of `allot`.
    pub tool: String,
    /// The instant that was judged by, as in 2027-02-01T00:00:00Z.
    pub at: String,
    /// The catalogue's folder below the top of the repository, ending in `/`; empty for the top.
    pub folder: String,
    /// The commit of the head; null where the work tree is in no repository or has no commit yet.
    pub head: Option<String>,
    /// Whether files in the work tree differ from that commit.
    pub dirty: bool,
    /// What was compared with.
    pub base: Option<Base>,
}

/// The base of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "base")]
pub struct Base {
    /// As it was named, such as `origin/main`.
    pub name: String,
    /// The commit that was compared with: the merge base.
    pub commit: String,
}

/// What changes, as `allot plan --format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "plan")]
pub struct Planned {
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// What changes against the base.
    pub plan: Plan,
    /// Where it was read.
    pub source: Source,
}

impl Planned {
    /// A report without any finding, for what shows both.
    #[must_use]
    pub fn unjudged(&self) -> Report {
        Report {
            version: self.version,
            summary: Summary { errors: 0, warnings: 0, files: 0 },
            diagnostics: Vec::new(),
            verdict: Verdict::Ready,
            known: Vec::new(),
            held: Vec::new(),
            stale: Vec::new(),
            plan: Some(self.plan.clone()),
            source: self.source.clone(),
        }
    }
}
