//! The history of one experiment or rollout, as recorded.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Change, Source};

/// What became of one experiment or rollout, as `allot history --format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "history")]
pub struct History {
    #[schemars(extend("const" = 1))]
    pub version: u32,
    pub id: String,
    /// Where its declaration is now, below the catalogue's root; null if it is gone.
    pub path: Option<String>,
    /// Whether every commit was looked at, and not only first parents: then a merge counts only for what it did itself.
    pub every_commit: bool,
    /// The newest first.
    pub entries: Vec<Entry>,
    /// Where the history ends before its beginning; null if it does not.
    pub cut: Option<Cut>,
    /// Where it was read.
    pub source: Source,
}

/// One commit that touches it, or what is not committed yet.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "entry")]
pub struct Entry {
    /// The commit; null for what is not committed yet.
    pub commit: Option<Commit>,
    /// The pull request that brought it in, where something tells it.
    pub pull: Option<Pull>,
    /// Whether the commit merges.
    pub merge: bool,
    /// The commits of the merged branch that touch it, the newest first; at most 20.
    pub merged: Vec<Commit>,
    /// The files that it touches, below the catalogue's root.
    pub paths: Vec<String>,
    /// Where its declaration was before, if it was elsewhere.
    pub moved_from: Option<String>,
    /// Whether it was there once, gone, and is there again.
    pub restored: bool,
    /// What it does, as `allot plan` says it for the day of the commit; null if that is nothing, or cannot be told. Its
    /// neighbours (`excludes`, `overlaps`, `inherits`) are not looked for.
    pub change: Option<Change>,
    /// What was decided, if that is new or otherwise than before.
    pub decision: Option<Decision>,
    /// Waivers that are new, otherwise or gone.
    pub waivers: Vec<Waiver>,
    /// What is wrong with a version, and why `change` may be null.
    pub faults: Vec<Fault>,
    /// The older commit that it is compared with, where the version before it cannot be read.
    pub compared_with: Option<String>,
}

/// A commit, as it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "commit")]
pub struct Commit {
    pub id: String,
    pub author: String,
    /// The author's address, where `--verbose` asks for it.
    pub email: Option<String>,
    /// When it was authored, as in 2027-02-01T00:00:00Z; null where that is no date.
    pub at: Option<String>,
    /// The first line of its message.
    pub subject: String,
    /// Where it is read.
    pub url: Option<String>,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "pull-request")]
pub struct Pull {
    pub number: u64,
    pub title: Option<String>,
    /// Where it is read.
    pub url: Option<String>,
    /// Who says so: `message` is the commit's message, in which anybody may write anything; `forge` is GitHub.
    #[schemars(extend("enum" = ["message", "forge"]))]
    pub from: &'static str,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "decision")]
pub struct Decision {
    /// `made`, `changed`, or `withdrawn`: then the rest is as it was.
    #[schemars(extend("enum" = ["made", "changed", "withdrawn"]))]
    pub what: &'static str,
    /// `shipped`, `stopped`, `inconclusive`, `invalid` or `abandoned`.
    pub outcome: Option<String>,
    pub variant: Option<String>,
    /// The day, as in 2027-02-01.
    pub on: Option<String>,
    pub reason: Option<String>,
    pub learned: Option<String>,
    pub evidence: Option<String>,
}

/// A waiver that is new, otherwise or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "waiver")]
pub struct Waiver {
    #[schemars(extend("enum" = ["added", "changed", "removed"]))]
    pub what: &'static str,
    pub rule: String,
    pub reason: Option<String>,
    /// The first day on which it accepts nothing any more.
    pub until: Option<String>,
    /// The same before, if it was another day.
    pub until_before: Option<String>,
    /// Whether that day has come.
    pub expired: bool,
}

/// What is wrong with a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "fault")]
pub struct Fault {
    #[schemars(extend("enum" = ["before", "after"]))]
    pub side: &'static str,
    pub path: String,
    #[schemars(range(min = 1))]
    pub line: usize,
    pub message: String,
    /// Whether the file cannot be read at all for it.
    pub unreadable: bool,
}

/// Where a history ends before its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "cut")]
pub struct Cut {
    /// `limit`: there are more entries than `--limit`; `shallow`: the clone has no older commits.
    #[schemars(extend("enum" = ["limit", "shallow"]))]
    pub why: &'static str,
    /// The oldest commit that a shallow clone has.
    pub commit: Option<Commit>,
    /// Whether its files are there at that commit.
    pub there: bool,
}

impl History {
    /// The history as one line of JSON.
    #[must_use]
    pub fn write(&self) -> String {
        super::read::line(self)
    }
}
