//! What a change does to users, as recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Forecast;

/// What changes between a base and a head.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "plan")]
pub struct Plan {
    /// Experiments and rollouts that change, those that move most users first.
    pub changes: Vec<Change>,
    /// Surfaces, flags, segments, facts and metrics that change.
    pub definitions: Vec<Definition>,
}

/// What happens to an experiment or a rollout; one change may do several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "action")]
pub enum Action {
    /// It enters stage `ship`: units will be assigned.
    Launch,
    /// Its share grows, now or by a step.
    Ramp,
    /// Its share shrinks while it stays live.
    Shrink,
    /// Its share becomes nothing, and its buckets stay its own.
    Pause,
    /// It goes on after a pause.
    Resume,
    /// A new phase: a new salt and a new draw.
    Phase,
    /// Its window moves or changes its length.
    Reschedule,
    /// It is decided, or its window is cut.
    Stop,
    /// It moves between stages that assign no units.
    Stage,
    /// Its file is new, and assigns nobody yet.
    Add,
    /// Its file goes.
    Remove,
    /// Its variants, weights, flag, segment or unit change.
    Assignment,
    /// Its metrics, margins or analysis change.
    Analysis,
    /// Only words change.
    Edit,
}

/// What becomes of one experiment or rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "change")]
pub struct Change {
    pub id: String,
    #[schemars(extend("enum" = ["experiment", "rollout"]))]
    pub kind: String,
    /// The path of its declaration below the catalogue's root; in the base if it is removed.
    pub path: String,
    /// Where it was in the base, if it was elsewhere.
    pub renamed_from: Option<String>,
    pub actions: Vec<Action>,
    pub surface: Option<String>,
    pub flag: Option<String>,
    pub owner: Option<String>,
    pub hypothesis: Option<String>,
    /// Claimed components; `*` is all of them.
    pub components: Vec<String>,
    pub segment: Option<String>,
    /// The stage before and after: `think`, `build`, `ship`, `tweak`.
    pub stage: Span<String>,
    pub phase: Span<u32>,
    /// The first day of its window, as in 2027-02-01.
    pub start: Span<String>,
    /// The day on which its window ends, which is no longer in it.
    pub end: Span<String>,
    /// The share of the surface's units that it takes at its full size.
    pub traffic: Span<Share>,
    /// Earlier, smaller shares of the head, each with its first day.
    pub ramp: Vec<(String, Share)>,
    /// The first day of its full share; null where nothing says so.
    pub full_from: Option<String>,
    /// Ids of the variants with the share of the experiment's units, control first.
    pub variants: Vec<(String, Share)>,
    /// Success metrics and guardrails of the head: the id, the role, and the declared MDE or margin.
    pub metrics: Vec<(String, String, Option<Share>)>,
    /// Units that are assigned otherwise once this is in, on the day `moves_on`.
    pub moves: Vec<Move>,
    /// The first day on which most of them have moved, compared with what the base would do on the same day.
    pub moves_on: Option<String>,
    /// The share of the surface's units that moves in all, by all `moves` but those that stay.
    pub moved: Share,
    /// Units that are assigned otherwise at once, where `moves_on` is a later day and some of them leave what they have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves_today: Vec<Move>,
    /// Buckets that it takes and that it frees, of those of its surface.
    pub taken: u32,
    pub freed: u32,
    pub buckets: u32,
    /// Those that it can share no unit with, because they claim a component of its own at the same time.
    pub excludes: Vec<Excluded>,
    /// Those that run at the same time on other components, the largest overlap first.
    pub overlaps: Vec<Neighbour>,
    /// Ended ones whose units it takes over, the largest first.
    pub inherits: Vec<Neighbour>,
    /// What is written otherwise.
    pub edits: Vec<Edit>,
    /// What it can find as it will be, by the baselines: null where it is not measured, or ends. Its table and its curve are
    /// of one metric, after whole weeks near the planned days, with the planned traffic.
    pub power: Option<Forecast>,
}

/// A value before and after; null where it was not there, or is no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{T}-before-and-after")]
pub struct Span<T> {
    pub before: Option<T>,
    pub after: Option<T>,
}

/// A share, in percent.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "percent")]
pub struct Share(pub f64);

/// Units that move from one variant to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "move")]
pub struct Move {
    /// The variant they leave; null for those in none.
    pub from: Option<String>,
    /// The variant they come to; null for those who fall back to the flag's rules and default.
    pub to: Option<String>,
    /// The share of all units of the surface, before any segment.
    pub units: Share,
    /// Whether what they are served differs: control and no variant at all are often the same.
    pub visible: bool,
    /// Whether they stay in `to` on that day, on which the base would let them go: nobody notices.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stays: bool,
}

/// One that excludes another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "excluded")]
pub struct Excluded {
    pub id: String,
    /// The share of the surface that it holds.
    pub share: Share,
    pub start: String,
    /// None until it is decided.
    pub end: Option<String>,
}

/// Another experiment or rollout with which units are shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "neighbour")]
pub struct Neighbour {
    pub id: String,
    /// The share of the changed one's units that are the other's too, to a tenth of a percent.
    pub share: Share,
    pub start: String,
    /// None until it is decided.
    pub end: Option<String>,
}

/// One key that is written otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "edit")]
pub struct Edit {
    /// The key with the tables it is in, as in `success.minutes-listened.mde`.
    pub key: String,
    /// As written, in TOML.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A surface, flag, segment, fact or metric that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "definition")]
pub struct Definition {
    #[schemars(extend("enum" = ["surface", "flag", "segment", "fact", "metric", "root"]))]
    pub kind: String,
    pub id: String,
    pub path: String,
    #[schemars(extend("enum" = ["added", "changed", "removed"]))]
    pub action: String,
    pub edits: Vec<Edit>,
    /// Live experiments and rollouts that depend on it.
    pub live: Vec<String>,
}
