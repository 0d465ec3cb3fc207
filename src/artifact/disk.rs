//! The header of the native file: an artifact in JSON, without its bucket sets, which follow the header in order.
//!
//! What can be derived is not written: keys, and in each step the buckets of the step before.

use super::{
    Artifact, Claim, ClaimKind, Condition, DecodeError, Flag, FlagKind, Preview, Rule, Segment, Step, Variant,
    exposure_key,
};
use crate::bucket::{BucketSet, Grid, MAX_BUCKETS};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    surface: String,
    scheme: String,
    salt: String,
    buckets: u32,
    unit: String,
    components: Vec<String>,
    segments: Vec<DiskSegment>,
    flags: Vec<DiskFlag>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiskSegment {
    id: String,
    #[serde(rename = "where")]
    condition: Condition,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiskFlag {
    id: String,
    component: String,
    kind: FlagKind,
    default: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    previews: Vec<DiskPreview>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claims: Vec<DiskClaim>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<DiskRule>,
}

/// Experiment, segment, variant, value.
#[derive(Serialize, Deserialize)]
struct DiskPreview(String, usize, String, Value);

/// Segment, value.
#[derive(Serialize, Deserialize)]
struct DiskRule(usize, Value);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiskClaim {
    id: String,
    #[serde(default = "first_phase", skip_serializing_if = "is_first_phase")]
    phase: u32,
    kind: ClaimKind,
    components: Vec<String>,
    salt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segment: Option<usize>,
    start: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<i64>,
    /// When each step begins.
    steps: Vec<i64>,
    variants: Vec<DiskVariant>,
}

/// Id, first cell, cell after the last, value.
#[derive(Serialize, Deserialize)]
struct DiskVariant(String, u32, u32, Value);

const fn first_phase() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_first_phase(phase: &u32) -> bool {
    *phase == 1
}

/// The header, and the sets in the order in which [`Header::fill`] asks for them.
pub(super) fn split(artifact: &Artifact) -> (Header, Vec<BucketSet>) {
    let mut sets = vec![artifact.holdout.clone()];
    let flags = artifact.flags.iter().map(|flag| split_flag(flag, &mut sets)).collect();
    let segment = |segment: &Segment| DiskSegment { id: segment.id.clone(), condition: segment.condition.clone() };
    let header = Header {
        surface: artifact.surface.clone(),
        scheme: artifact.scheme.to_string(),
        salt: artifact.salt.clone(),
        buckets: artifact.buckets,
        unit: artifact.unit.clone(),
        components: artifact.components.clone(),
        segments: artifact.segments.iter().map(segment).collect(),
        flags,
    };
    (header, sets)
}

fn split_flag(flag: &Flag, sets: &mut Vec<BucketSet>) -> DiskFlag {
    let preview = |p: &Preview| DiskPreview(p.experiment.clone(), p.segment, p.variant.clone(), p.value.clone());
    DiskFlag {
        id: flag.id.clone(),
        component: flag.component.clone(),
        kind: flag.kind,
        default: flag.default.clone(),
        previews: flag.previews.iter().map(preview).collect(),
        claims: flag.claims.iter().map(|claim| split_claim(claim, sets)).collect(),
        rules: flag.rules.iter().map(|rule| DiskRule(rule.segment, rule.value.clone())).collect(),
    }
}

fn split_claim(claim: &Claim, sets: &mut Vec<BucketSet>) -> DiskClaim {
    let mut before: Option<&BucketSet> = None;
    for step in &claim.steps {
        let mut added = step.buckets.clone();
        if let Some(before) = before {
            added.subtract(before);
        }
        sets.push(added);
        before = Some(&step.buckets);
    }
    let variant = |v: &Variant| DiskVariant(v.id.clone(), v.range.start, v.range.end, v.value.clone());
    DiskClaim {
        id: claim.id.clone(),
        phase: claim.phase,
        kind: claim.kind,
        components: claim.components.clone(),
        salt: claim.salt.clone(),
        segment: claim.segment,
        start: claim.start,
        end: claim.end,
        steps: claim.steps.iter().map(|step| step.from).collect(),
        variants: claim.variants.iter().map(variant).collect(),
    }
}

/// Where the sets that follow the header come from.
pub(super) trait Sets {
    /// The next set, of so many buckets.
    fn next(&mut self, buckets: u32) -> Result<BucketSet, DecodeError>;
}

impl Header {
    /// The artifact, with its sets put back.
    pub(super) fn fill(self, sets: &mut impl Sets) -> Result<Artifact, DecodeError> {
        let invalid = |what: &'static str| DecodeError::Invalid(what);
        let scheme = self.scheme.parse().map_err(|_| invalid("unknown scheme"))?;
        let grid = |scheme: crate::bucket::Scheme| Grid::new(scheme.grid(), self.buckets);
        if self.buckets > MAX_BUCKETS || grid(scheme).is_none() {
            return Err(invalid("number of buckets that does not divide the grid"));
        }
        let holdout = sets.next(self.buckets)?;
        let mut segments = Vec::with_capacity(self.segments.len());
        for segment in self.segments {
            segment.condition.check().map_err(DecodeError::Condition)?;
            segments.push(Segment { id: segment.id, condition: segment.condition });
        }
        let filler = Filler { buckets: self.buckets, segments: segments.len() };
        let flags = self.flags.into_iter().map(|flag| filler.flag(flag, sets));
        Ok(Artifact {
            flags: flags.collect::<Result<_, _>>()?,
            surface: self.surface,
            scheme,
            salt: self.salt,
            buckets: self.buckets,
            unit: self.unit,
            components: self.components,
            holdout,
            segments,
        })
    }
}

struct Filler {
    buckets: u32,
    segments: usize,
}

impl Filler {
    fn segment(&self, index: usize) -> Result<usize, DecodeError> {
        let known = index < self.segments;
        known.then_some(index).ok_or(DecodeError::Invalid("segment that is not there"))
    }

    fn flag(&self, flag: DiskFlag, sets: &mut impl Sets) -> Result<Flag, DecodeError> {
        let preview = |DiskPreview(experiment, segment, variant, value)| {
            Ok(Preview { experiment, segment: self.segment(segment)?, variant, value })
        };
        let rule = |DiskRule(segment, value)| Ok(Rule { segment: self.segment(segment)?, value });
        Ok(Flag {
            id: flag.id,
            component: flag.component,
            kind: flag.kind,
            default: flag.default,
            previews: flag.previews.into_iter().map(preview).collect::<Result<_, DecodeError>>()?,
            claims: flag.claims.into_iter().map(|claim| self.claim(claim, sets)).collect::<Result<_, _>>()?,
            rules: flag.rules.into_iter().map(rule).collect::<Result<_, DecodeError>>()?,
        })
    }

    fn claim(&self, claim: DiskClaim, sets: &mut impl Sets) -> Result<Claim, DecodeError> {
        let mut steps: Vec<Step> = Vec::with_capacity(claim.steps.len());
        for from in claim.steps {
            let mut buckets = sets.next(self.buckets)?;
            if let Some(before) = steps.last() {
                if from <= before.from {
                    return Err(DecodeError::Invalid("steps out of order"));
                }
                if !buckets.is_disjoint(&before.buckets) {
                    return Err(DecodeError::Invalid("step that adds a bucket it has"));
                }
                buckets.union_with(&before.buckets);
            }
            steps.push(Step { from, buckets });
        }
        let variant = |DiskVariant(id, start, end, value)| Variant { id, range: start..end, value };
        Ok(Claim {
            key: exposure_key(&claim.id, claim.phase),
            segment: claim.segment.map(|index| self.segment(index)).transpose()?,
            id: claim.id,
            phase: claim.phase,
            kind: claim.kind,
            components: claim.components,
            salt: claim.salt,
            start: claim.start,
            end: claim.end,
            steps,
            variants: claim.variants.into_iter().map(variant).collect(),
        })
    }
}
