//! What runs when on a surface, how full it is, and what could still start, as recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Share;

/// A surface's calendar of capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "calendar")]
pub struct Calendar {
    pub surface: String,
    pub buckets: u32,
    /// The share that nothing reaches.
    pub holdout: Share,
    /// The first day that is looked at, as in 2027-02-01.
    pub from: String,
    /// The day after the last one.
    pub until: String,
    pub question: Question,
    /// The share of bucket-days between these days, over all components, that nobody holds: the surface's bandwidth for
    /// further experiments.
    pub free: Share,
    /// Its components, in their order.
    pub components: Vec<Lane>,
}

/// What an experiment that could start is measured by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "question")]
pub struct Question {
    /// The metric that it should make better: the surface's north star unless another is asked for; null where there is none.
    pub metric: Option<String>,
    /// The effect to detect; null where none is asked for.
    pub mde: Option<Share>,
    /// How many days it runs.
    pub days: u32,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "lane")]
pub struct Lane {
    pub component: String,
    /// What claims it in these days, the earliest first.
    pub bookings: Vec<Booking>,
    /// How full it is: stretches of days without gaps, from the first day to the last.
    pub levels: Vec<Level>,
    /// The share of its bucket-days that nobody holds.
    pub free: Share,
    /// What could start: now, and on each later day on which more is free.
    pub openings: Vec<Opening>,
    /// The first that could detect the effect that is asked for; null without a question, or where none can in these days.
    pub earliest: Option<Opening>,
}

/// Something that runs or will.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "booking")]
pub struct Booking {
    pub id: String,
    /// None where its declaration is gone.
    #[schemars(extend("enum" = ["experiment", "rollout", null]))]
    pub kind: Option<String>,
    /// The share of the surface that it holds for all of its window, whatever its ramp uses so far.
    pub share: Share,
    pub start: String,
    /// The day on which it is over; null until it is decided.
    pub end: Option<String>,
    /// Whether it claims every component.
    pub everywhere: bool,
    /// Whether it is allotted already, rather than to be allotted next.
    pub allotted: bool,
}

/// A stretch of days on which a component is equally full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "level")]
pub struct Level {
    pub from: String,
    /// The day after the last.
    pub until: String,
    /// The share of the surface that somebody holds.
    pub taken: Share,
    /// The share that nobody holds; with `taken` and the holdout it is all.
    pub free: Share,
}

/// An experiment that could start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "opening")]
pub struct Opening {
    /// Its first day.
    pub start: String,
    /// How many days it runs.
    pub days: u32,
    /// The largest share that is free on all of them, at most what the surface gives one experiment.
    pub share: Share,
    /// The smallest effect on the question's metric that two equal arms detect with all of it; null where that cannot be told.
    pub reached: Option<Share>,
    /// Why it cannot be told, where it cannot.
    pub reason: Option<String>,
    /// Units that would be complete, over both arms.
    pub units: Option<f64>,
    /// Whether reach was extrapolated.
    pub extrapolated: bool,
}
