//! The evaluator: what a unit gets of a flag, and why.
//!
//! ```
//! use allotment::eval::{AttributeValue, Evaluator};
//! # use allotment::{artifact::Artifact, bucket::{BucketSet, Scheme}};
//! # let artifact = Artifact {
//! #     surface: "home".into(), scheme: Scheme::GrowthBook, salt: "s".into(), buckets: 100, unit: "user-id".into(),
//! #     components: vec![], holdout: BucketSet::with_size(100), segments: vec![], flags: vec![],
//! # };
//! # let bytes = artifact.encode();
//! let evaluator = Evaluator::from_bytes(&bytes)?;
//! let attributes = [("country", AttributeValue::Text("SE"))];
//! let assignment = evaluator.evaluate("home-ranker", "user-1", &attributes, 1_800_000_000);
//! println!("{} because {}", assignment.value, assignment.reason);
//! # Ok::<(), allotment::artifact::DecodeError>(())
//! ```
//!
//! Evaluating allocates nothing and never fails: on any doubt a flag has its default.

mod assignment;
mod attributes;
mod coerce;
mod explain;
mod ids;
mod owners;
mod segment;
mod table;
mod visit;

pub use assignment::{Assignment, Reason};
pub use attributes::{AttributeValue, Attributes};
pub use explain::Explanation;

use crate::artifact::{Artifact, DecodeError, Flag, InvalidCondition};
use crate::bucket::{Grid, Hasher};
use ids::Ids;
use owners::Owners;
use segment::Subject;
use serde_json::Value;
use table::{Outcomes, Owner, Record};
use visit::{Event, Silent, Visitor};

/// One surface, ready to be asked. Built once and shared between threads.
#[derive(Debug)]
pub struct Evaluator {
    artifact: Artifact,
    ids: Ids,
    /// What each flag has, and who owns which of its buckets when.
    records: Vec<Record>,
    owners: Owners,
    outcomes: Outcomes,
    /// For each segment, why it cannot be evaluated, if so.
    faults: Vec<Option<InvalidCondition>>,
    /// Absent where the buckets do not divide the scheme's grid: then nothing is assigned.
    placement: Option<(Hasher, Grid)>,
}

/// A flag of one evaluator, found once so that its id need not be looked up every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlagRef(usize);

/// A unit and the bucket it lies in.
#[derive(Clone, Copy)]
struct Placed<'a> {
    unit: &'a str,
    bucket: u32,
}

impl Evaluator {
    /// Prepares an artifact. Of an artifact that contradicts itself, the contradicting parts are
    /// not served: a bucket that two claims of a flag own at the same time, or a segment that
    /// cannot be evaluated.
    #[must_use]
    pub fn new(artifact: Artifact) -> Self {
        let grid = Grid::new(artifact.scheme.grid(), artifact.buckets);
        let placement = grid.map(|grid| (artifact.scheme.surface_hasher(&artifact.salt), grid));
        let mut outcomes = Outcomes::default();
        let (owners, records) = Owners::of(&artifact, &mut outcomes);
        let faults = artifact.segments.iter().map(|segment| segment.condition.check().err()).collect();
        let ids = Ids::of(&artifact.flags);
        Self { artifact, ids, records, owners, outcomes, faults, placement }
    }

    /// Reads and prepares a native artifact.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Artifact::decode(bytes).map(Self::new)
    }

    /// What is evaluated.
    #[must_use]
    pub const fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// Looks a flag up by its id.
    #[must_use]
    pub fn flag(&self, id: &str) -> Option<FlagRef> {
        self.ids.get(id)
    }

    /// What a unit gets of a flag at an instant in Unix seconds. A flag that is not known has the
    /// value null.
    #[must_use]
    pub fn evaluate(&self, flag: &str, unit: &str, attributes: &impl Attributes, now: i64) -> Assignment<'_> {
        match self.flag(flag) {
            Some(flag) => self.evaluate_flag(flag, unit, attributes, now),
            None => Assignment::of(&Value::Null, Reason::Error),
        }
    }

    /// What a unit gets of a flag that was looked up before.
    #[must_use]
    pub fn evaluate_flag(&self, flag: FlagRef, unit: &str, attributes: &impl Attributes, now: i64) -> Assignment<'_> {
        if let Some(record) = self.records.get(flag.0) {
            self.owners.expect(record);
        }
        self.decide(flag, self.place(unit), attributes, now, &mut Silent)
    }

    /// What a unit gets of every flag, in the artifact's order. The unit is placed once.
    pub fn evaluate_surface<'a, A: Attributes>(
        &'a self,
        unit: &'a str,
        attributes: &'a A,
        now: i64,
    ) -> impl Iterator<Item = (&'a str, Assignment<'a>)> {
        let placed = self.place(unit);
        let flags = self.artifact.flags.iter().zip(0..);
        flags.map(move |(flag, index)| {
            let assignment = self.decide(FlagRef(index), placed, attributes, now, &mut Silent);
            (flag.id.as_str(), assignment)
        })
    }

    /// What a unit gets of a flag, and each step that led there. It is decided by the code that
    /// evaluates.
    #[must_use]
    pub fn explain(&self, flag: &str, unit: &str, attributes: &impl Attributes, now: i64) -> Explanation<'_> {
        let mut recorder = explain::Recorder::of(self.artifact.scheme, unit);
        let Some(flag) = self.flag(flag) else {
            recorder.visit(Event::UnknownFlag);
            return recorder.explain(Assignment::of(&Value::Null, Reason::Error));
        };
        let placed = self.place(unit);
        let assignment = self.decide(flag, placed, attributes, now, &mut recorder);
        recorder.explain(assignment)
    }

    /// The unit's bucket; none for a unit without an id, or with one too long for the surface's SDK, or where the buckets do
    /// not divide the grid.
    fn place<'u>(&self, unit: &'u str) -> Option<Placed<'u>> {
        let (hasher, grid) = self.placement.as_ref()?;
        let too_long = self.artifact.scheme.max_unit().is_some_and(|most| unit.len() > most);
        let bucket = || grid.bucket_of(hasher.cell(unit));
        (!unit.is_empty() && !too_long).then(|| Placed { unit, bucket: bucket() })
    }

    /// Previews, then the claim that owns the bucket, then rules, then the default.
    fn decide<A: Attributes, V: Visitor>(
        &self,
        FlagRef(index): FlagRef,
        placed: Option<Placed<'_>>,
        attributes: &A,
        now: i64,
        visitor: &mut V,
    ) -> Assignment<'_> {
        let Some((flag, record)) = self.artifact.flags.get(index).zip(self.records.get(index)) else {
            visitor.visit(Event::UnknownFlag);
            return Assignment::of(&Value::Null, Reason::Error);
        };
        let Some(placed) = placed else {
            visitor.visit(Event::NoUnit { hashed: self.placement.is_some() });
            return Assignment::of(&flag.default, Reason::Error);
        };
        let Artifact { unit: unit_attribute, scheme, .. } = &self.artifact;
        let subject = Subject { attributes, unit_attribute, unit: placed.unit, scheme: *scheme };
        visitor.visit(Event::Bucket { bucket: placed.bucket, of: self.artifact.buckets });
        let previewed = record.has_previews.then(|| self.preview(flag, &subject, visitor));
        let assignment = previewed
            .flatten()
            .or_else(|| self.claimed(flag, record, placed, &subject, now, visitor))
            .or_else(|| record.has_rules.then(|| self.ruled(flag, &subject, visitor)).flatten())
            .unwrap_or_else(|| {
                visitor.visit(Event::Default);
                Assignment::of(&flag.default, record.fallback)
            });
        Assignment { bucket: Some(placed.bucket), ..assignment }
    }

    fn preview<'a, A: Attributes>(
        &'a self,
        flag: &'a Flag,
        subject: &Subject<'_, A>,
        visitor: &mut impl Visitor,
    ) -> Option<Assignment<'a>> {
        let preview = flag.previews.iter().find(|preview| {
            visitor.visit(Event::Preview(preview));
            self.is_in(preview.segment, subject, visitor)
        })?;
        Some(Assignment::of(&preview.value, Reason::TargetingMatch))
    }

    fn claimed<'a, A: Attributes>(
        &'a self,
        flag: &'a Flag,
        record: &'a Record,
        placed: Placed<'_>,
        subject: &Subject<'_, A>,
        now: i64,
        visitor: &mut impl Visitor,
    ) -> Option<Assignment<'a>> {
        let held_out = self.artifact.holdout.contains(placed.bucket);
        visitor.visit(Event::Holdout(held_out));
        if held_out {
            return None;
        }
        let owner = self.owners.at(record, placed.bucket, now);
        visitor.visit(Event::Owner {
            flag,
            owner: owner.map(|owner| owner.claim as usize),
            bucket: placed.bucket,
            now,
        });
        let owner = owner?;
        if owner.segment != Owner::EVERYBODY && !self.is_in(owner.segment as usize, subject, visitor) {
            return None;
        }
        let cell = self.outcomes.cell(owner, placed.unit);
        let outcome = self.outcomes.of(owner, cell);
        let variant = outcome.map(|outcome| &*outcome.variant);
        visitor.visit(Event::Variant { flag, claim: owner.claim as usize, cell, variant });
        outcome.map(|outcome| Assignment {
            experiment: Some(&outcome.key),
            variant,
            ..Assignment::of(&outcome.value, Reason::Split)
        })
    }

    fn ruled<'a, A: Attributes>(
        &'a self,
        flag: &'a Flag,
        subject: &Subject<'_, A>,
        visitor: &mut impl Visitor,
    ) -> Option<Assignment<'a>> {
        let rule = flag.rules.iter().zip(1..).find(|(rule, number)| {
            visitor.visit(Event::Rule(*number));
            self.is_in(rule.segment, subject, visitor)
        });
        rule.map(|(rule, _)| Assignment::of(&rule.value, Reason::TargetingMatch))
    }

    /// Whether the unit is in a segment; never, where the segment is unknown or cannot be
    /// evaluated.
    fn is_in<A: Attributes>(&self, index: usize, subject: &Subject<'_, A>, visitor: &mut impl Visitor) -> bool {
        let (Some(segment), Some(None)) = (self.artifact.segments.get(index), self.faults.get(index)) else {
            visitor.visit(Event::UnusableSegment);
            return false;
        };
        let holds = subject.satisfies(&segment.condition, visitor);
        visitor.visit(Event::Segment { id: &segment.id, holds });
        holds
    }
}

#[cfg(test)]
mod tests;
