//! One surface as an artifact: its flags, and on each what claims its buckets.

use std::collections::BTreeMap;

use crate::artifact::{Artifact, Claim, ClaimKind, Flag, FlagKind, Preview, Rule, Segment, Step, Variant};
use crate::bucket::{BucketSet, Scheme};
use crate::decl::{Day, FlagType, Sdk, Stage};
use crate::lock::{Lock, Locks};
use crate::model::{self, Catalogue, Ix};

/// Why a surface has no artifact although nothing holds it back: a part of it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsound(pub String);

/// The artifact of a surface: what is live at `at`, in seconds since 1970, and what is still to come.
///
/// Everything that decides who gets what is read from the locks; declarations give values and audiences.
///
/// # Errors
/// When the ledger or a part of a flag is missing.
pub fn artifact(
    catalogue: &Catalogue,
    locks: &Locks,
    surface: Ix<model::Surface>,
    at: i64,
) -> Result<Artifact, Unsound> {
    let ground = catalogue.surfaces.at(surface);
    let missing = |what: &str| Unsound(format!("surface `{}` has no {what}", ground.id));
    let ledger = &locks.ledger(ground.file).ok_or_else(|| missing("ledger"))?.ledger;
    let unit = catalogue.unit_attribute(ground.unit()).ok_or_else(|| missing("unit"))?;
    let mut pool = Pool { catalogue, used: BTreeMap::new() };
    for (_, flag) in catalogue.flags.iter().filter(|(_, flag)| flag.surface == Some(surface)) {
        flag.rules.iter().flatten().for_each(|&segment| pool.uses(segment));
    }
    let claims: Vec<&model::Claim> = catalogue.claims_on(surface).map(|(_, claim)| claim).collect();
    for claim in &claims {
        claim.segment.into_iter().for_each(|segment| pool.uses(segment));
        preview_segment(catalogue, claim).into_iter().for_each(|segment| pool.uses(segment));
    }
    let segments = pool.number()?;
    let mut flags = Vec::new();
    for (ix, flag) in catalogue.flags.iter().filter(|(_, flag)| flag.surface == Some(surface)) {
        let on_flag: Vec<&model::Claim> = claims.iter().copied().filter(|claim| claim.flag == Some(ix)).collect();
        flags.push(served(catalogue, locks, flag, &on_flag, &pool, at)?);
    }
    flags.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Artifact {
        surface: ground.id.clone(),
        scheme: match ground.sdk {
            Sdk::Growthbook => Scheme::GrowthBook,
            Sdk::Eppo => Scheme::Eppo,
            Sdk::Confidence => Scheme::Confidence,
        },
        salt: ledger.salt.clone(),
        buckets: ground.buckets,
        unit: unit.to_owned(),
        components: ground.components.clone(),
        holdout: ledger.holdout.clone(),
        segments,
        flags,
    })
}

/// The segments in use, by id, and then by their place in the artifact.
struct Pool<'a> {
    catalogue: &'a Catalogue,
    used: BTreeMap<&'a str, (Ix<model::Segment>, usize)>,
}

impl Pool<'_> {
    fn uses(&mut self, segment: Ix<model::Segment>) {
        self.used.insert(&self.catalogue.segments.at(segment).id, (segment, 0));
    }

    /// Numbers the segments in use, sorted by id.
    fn number(&mut self) -> Result<Vec<Segment>, Unsound> {
        let catalogue = self.catalogue;
        let numbered = self.used.iter_mut().enumerate().map(|(at, (id, (ix, number)))| {
            *number = at;
            let predicate = catalogue.segments.at(*ix).predicate.as_ref();
            let predicate = predicate.ok_or_else(|| Unsound(format!("segment `{id}` is not sound")))?;
            Ok(Segment { id: (*id).to_owned(), condition: predicate.clone() })
        });
        numbered.collect()
    }

    fn place(&self, segment: Ix<model::Segment>) -> Result<usize, Unsound> {
        let id = self.catalogue.segments.at(segment).id.as_str();
        self.used.get(id).map(|&(_, at)| at).ok_or_else(|| Unsound(format!("segment `{id}` is not there")))
    }
}

fn served(
    catalogue: &Catalogue,
    locks: &Locks,
    flag: &model::Flag,
    claims: &[&model::Claim],
    pool: &Pool<'_>,
    at: i64,
) -> Result<Flag, Unsound> {
    let missing = |what: &str| Unsound(format!("flag `{}` has no {what}", flag.id));
    let kind = flag.written.r#type.as_ref().ok_or_else(|| missing("type"))?.value;
    let default = flag.written.default.as_ref().ok_or_else(|| missing("default"))?.value.0.clone();
    let mut rules = Vec::new();
    for (rule, segment) in flag.written.rules.iter().flat_map(|rules| &rules.value).zip(&flag.rules) {
        let value = rule.value.value.as_ref().ok_or_else(|| missing("value in a rule"))?.value.0.clone();
        rules.push(Rule { segment: pool.place(segment.ok_or_else(|| missing("segment in a rule"))?)?, value });
    }
    let mut previews = Vec::new();
    let mut live = Vec::new();
    for claim in claims {
        previews.extend(preview(catalogue, claim, pool)?);
        if let Some(held) = locks.of(claim.file)
            && let Some(claim) = served_claim(claim, &held.lock, pool, at)?
        {
            live.push(claim);
        }
    }
    previews.sort_by(|a: &Preview, b| a.experiment.cmp(&b.experiment));
    live.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    Ok(Flag {
        id: flag.id.clone(),
        component: flag.component.clone().ok_or_else(|| missing("component"))?,
        kind: match kind {
            FlagType::String => FlagKind::String,
            FlagType::Number => FlagKind::Number,
            FlagType::Boolean => FlagKind::Boolean,
            FlagType::Object => FlagKind::Object,
        },
        default,
        previews,
        claims: live,
        rules,
    })
}

fn preview_segment(catalogue: &Catalogue, claim: &model::Claim) -> Option<Ix<model::Segment>> {
    let preview = claim.experiment().filter(|_| claim.stage == Some(Stage::Build))?.preview.as_ref()?;
    catalogue.segments.find(&preview.segment.as_ref()?.value)
}

/// The variant that an audience is forced into while the experiment is built.
fn preview(catalogue: &Catalogue, claim: &model::Claim, pool: &Pool<'_>) -> Result<Option<Preview>, Unsound> {
    let Some(segment) = preview_segment(catalogue, claim) else { return Ok(None) };
    let named = claim.experiment().and_then(|experiment| experiment.preview.as_ref()?.variant.as_ref());
    let variant = named.and_then(|named| claim.variants.iter().find(|variant| variant.id == named.value));
    let variant = variant.ok_or_else(|| Unsound(format!("the preview of `{}` has no variant", claim.id)))?;
    let segment = pool.place(segment)?;
    let (variant, value) = (variant.id.clone(), variant.value.clone());
    Ok(Some(Preview { experiment: claim.key(), segment, variant, value }))
}

/// A claim with its lock, unless it is over, paused, decided, or not launched.
fn served_claim(claim: &model::Claim, lock: &Lock, pool: &Pool<'_>, at: i64) -> Result<Option<Claim>, Unsound> {
    let over = lock.window().is_empty() || lock.window().end.is_some_and(|end| end.seconds() <= at);
    let paused = claim.is_paused();
    if claim.stage != Some(Stage::Ship) || over || paused {
        return Ok(None);
    }
    let mut variants = Vec::new();
    for (id, range) in &lock.variants {
        let declared = claim.variants.iter().find(|variant| variant.id == *id);
        let declared = declared.ok_or_else(|| Unsound(format!("`{}` has no variant `{id}`", claim.id)))?;
        variants.push(Variant { id: id.clone(), range: range.clone(), value: declared.value.clone() });
    }
    let mut owned = BucketSet::with_size(lock.buckets);
    let mut steps: Vec<Step> = Vec::new();
    for step in &lock.steps {
        owned.union_with(&step.adds);
        let from = Day::plus(lock.start, step.after).seconds();
        match steps.last_mut() {
            // Steps that begin together are one step.
            Some(last) if last.from == from => last.buckets = owned.clone(),
            _ => steps.push(Step { from, buckets: owned.clone() }),
        }
    }
    Ok(Some(Claim {
        key: lock.key(),
        id: claim.id.clone(),
        phase: lock.phase,
        kind: match claim.kind {
            model::ClaimKind::Experiment => ClaimKind::Experiment,
            model::ClaimKind::Rollout => ClaimKind::Rollout,
        },
        components: lock.components.clone(),
        salt: lock.salt.clone(),
        segment: claim.segment.map(|segment| pool.place(segment)).transpose()?,
        start: lock.start.seconds(),
        end: lock.window().end.map(Day::seconds),
        steps,
        variants,
    }))
}
