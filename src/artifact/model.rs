//! One surface as it is served: flags, the claims on them, and the buckets they own.

use super::Condition;
use crate::bucket::{BucketSet, Scheme};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;

/// Everything an evaluator needs to know of one surface.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// The surface's id.
    pub surface: String,
    /// The arithmetic of its SDK.
    pub scheme: Scheme,
    /// The salt of the hash that places a unit in a bucket.
    pub salt: String,
    /// Into how many buckets the grid is divided.
    pub buckets: u32,
    /// The attribute that holds a unit's id.
    pub unit: String,
    /// The surface's components.
    pub components: Vec<String>,
    /// Buckets whose units get no experiment and no rollout.
    pub holdout: BucketSet,
    /// Audiences; flags refer to them by index.
    pub segments: Vec<Segment>,
    /// What applications read.
    pub flags: Vec<Flag>,
}

/// A named audience.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The segment's id.
    pub id: String,
    /// Who is in it.
    pub condition: Condition,
}

/// What an application reads, and what decides its value: previews, then claims, then rules, then the default.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// The flag's id.
    pub id: String,
    /// The component it changes.
    pub component: String,
    /// The type of its values.
    pub kind: FlagKind,
    /// The value where nothing else applies.
    pub default: Value,
    /// Variants forced on a segment while an experiment is being built; the first that matches counts.
    pub previews: Vec<Preview>,
    /// Experiments and rollouts, each with the buckets it owns over time.
    pub claims: Vec<Claim>,
    /// Values by segment for units in no claim; the first that matches counts.
    pub rules: Vec<Rule>,
}

/// The type of a flag's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagKind {
    /// A text.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A JSON object.
    Object,
}

/// A variant forced on a segment; never logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The experiment's key.
    pub experiment: String,
    /// Index of the segment.
    pub segment: usize,
    /// The variant's id.
    pub variant: String,
    /// The variant's value.
    pub value: Value,
}

/// A value for a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Index of the segment.
    pub segment: usize,
    /// What its units get.
    pub value: Value,
}

/// An experiment or a rollout on one flag, in one phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What exposures carry, `exposure_key(id, phase)`; derived, and so not stored.
    pub key: String,
    /// The experiment's or rollout's id.
    pub id: String,
    /// Its phase, from 1.
    pub phase: u32,
    /// Which of the two it is.
    pub kind: ClaimKind,
    /// The components it claims; `*` stands for all.
    pub components: Vec<String>,
    /// The salt of the hash that picks the variant.
    pub salt: String,
    /// Index of the segment it is limited to.
    pub segment: Option<usize>,
    /// When it begins, in Unix seconds.
    pub start: i64,
    /// When it has ended, in Unix seconds; open where absent.
    pub end: Option<i64>,
    /// Its ramp, ascending; each step contains the one before.
    pub steps: Vec<Step>,
    /// Its variants, each a range of the variant grid.
    pub variants: Vec<Variant>,
}

/// Experiment or rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimKind {
    /// Compares variants.
    Experiment,
    /// Gives one value to growing shares.
    Rollout,
}

/// The buckets owned from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Unix seconds.
    pub from: i64,
    /// All buckets owned then, those of earlier steps included.
    pub buckets: BucketSet,
}

/// One of a claim's values.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The variant's id.
    pub id: String,
    /// Its cells on the variant grid.
    pub range: Range<u32>,
    /// What its units get.
    pub value: Value,
}

/// What exposures carry: the id in phase 1, `id.phase` after it.
#[must_use]
pub fn exposure_key(id: &str, phase: u32) -> String {
    if phase == 1 { id.to_owned() } else { format!("{id}.{phase}") }
}

impl Artifact {
    /// The claims of all flags, each with its flag.
    pub fn claims(&self) -> impl Iterator<Item = (&Flag, &Claim)> {
        self.flags.iter().flat_map(|flag| flag.claims.iter().map(move |claim| (flag, claim)))
    }
}

impl Claim {
    /// Whether it is in its window at an instant in Unix seconds.
    #[must_use]
    #[inline]
    pub fn is_live(&self, at: i64) -> bool {
        self.start <= at && self.end.is_none_or(|end| at < end)
    }

    /// The step of its ramp that counts at an instant; none before the first.
    #[must_use]
    #[inline]
    pub fn step_at(&self, at: i64) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.from <= at)
    }

    /// Each step of its ramp with the time for which it counts, in Unix seconds; an open end is the last instant there is.
    pub fn windows(&self) -> impl Iterator<Item = (&Step, Range<i64>)> {
        let end = self.end.unwrap_or(i64::MAX);
        let next = self.steps.iter().skip(1).map(|step| step.from).chain([i64::MAX]);
        let windows = self.steps.iter().zip(next).map(move |(step, next)| {
            let window = step.from.max(self.start)..next.min(end);
            (step, window)
        });
        windows.filter(|(_, window)| !window.is_empty())
    }

    /// The buckets it has at an instant, if any.
    #[must_use]
    pub fn owned_at(&self, at: i64) -> Option<&BucketSet> {
        let step = self.is_live(at).then(|| self.step_at(at)).flatten()?;
        (!step.buckets.is_empty()).then_some(&step.buckets)
    }

    /// Every bucket it will ever own, which is what it reserves for its whole window.
    #[must_use]
    pub fn reserved(&self) -> Option<&BucketSet> {
        self.steps.last().map(|step| &step.buckets)
    }
}
