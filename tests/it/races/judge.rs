//! What a catalogue holds and what is wrong with it, and whether a merge kept what each side had drawn.

use std::collections::{BTreeMap, BTreeSet};

use allotment::decl::{Day, Stage};
use allotment::diag::{Concern, Severity};
use allotment::lint::{Context, Group, Levels, lint, rules};
use allotment::lock::Lock;
use allotment::model::Claim;

use crate::world::World;

/// What every bucket of a surface means: the same units have it as long as this is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    pub salt: Option<String>,
    pub buckets: u32,
    pub unit: String,
    pub sdk: &'static str,
}

/// A catalogue's locks, surfaces and faults.
#[derive(Clone)]
pub struct Survey {
    /// By id.
    pub locks: BTreeMap<String, Lock>,
    /// By surface.
    pub meanings: BTreeMap<String, Meaning>,
    /// The claims that are paused, and those that are decided: they hold buckets and serve none.
    paused: BTreeSet<String>,
    decided: BTreeSet<String>,
    holdouts: BTreeMap<String, allotment::bucket::BucketSet>,
    /// Findings that guard what is served, errors of coordination, and locks that are not up to date.
    pub faults: Vec<String>,
    today: Day,
}

impl Survey {
    pub fn of(world: &World, today: Day) -> Self {
        let sources = world.sources();
        let context = Context::new(&sources, today);
        let catalogue = &context.catalogue;
        let held = catalogue.claims.values().filter_map(|claim| context.locks.of(claim.file));
        let mut meanings = BTreeMap::new();
        let mut holdouts = BTreeMap::new();
        for surface in catalogue.surfaces.values() {
            let ledger = context.locks.ledger(surface.file).map(|held| &held.ledger);
            let (salt, unit) = (ledger.map(|ledger| ledger.salt.clone()), surface.unit().to_owned());
            let meaning = Meaning { salt, buckets: surface.buckets, unit, sdk: surface.sdk.word() };
            meanings.insert(surface.id.clone(), meaning);
            holdouts.extend(ledger.map(|ledger| (surface.id.clone(), ledger.holdout.clone())));
        }
        let levels = Levels::of_root(catalogue.root.as_ref().map(|(_, root)| root));
        let guards =
            |rule: &str, concern| concern == Concern::Serving && rules::find(rule).is_some_and(|rule| rule.serving);
        let coordinates = |rule: &str| rules::find(rule).is_some_and(|rule| rule.group == Group::Coordination);
        let wrong = lint(&context, &levels).findings.into_iter().filter(|finding| {
            let error = finding.severity == Severity::Error;
            guards(finding.rule, finding.concern) || error && coordinates(finding.rule)
        });
        let wrong =
            wrong.map(|finding| format!("{}: {}: {}", sources.path(finding.span.file), finding.rule, finding.message));
        let stale = (!context.plan.is_empty()).then(|| "locks are not up to date".to_owned());
        let claims = |which: &dyn Fn(&Claim) -> bool| {
            catalogue.claims.values().filter(|claim| which(claim)).map(|claim| claim.id.clone()).collect()
        };
        Self {
            locks: held.map(|held| (held.lock.id.clone(), held.lock.clone())).collect(),
            paused: claims(&|claim| claim.is_paused()),
            decided: claims(&|claim| claim.stage == Some(Stage::Tweak)),
            meanings,
            holdouts,
            faults: wrong.chain(stale).collect(),
            today,
        }
    }

    /// Pairs that exclude each other and hold a bucket both, and locks that hold one of the holdout's: told by the buckets
    /// alone, as the rules of lint might be wrong.
    pub fn overlaps(&self) -> Vec<String> {
        let live: Vec<&Lock> = self.locks.values().filter(|lock| self.is_live(&lock.id)).collect();
        let mut found = Vec::new();
        for (at, a) in live.iter().enumerate() {
            for b in &live[..at] {
                let common = a
                    .components
                    .iter()
                    .any(|own| own == "*" || b.components.iter().any(|its| its == "*" || its == own));
                let last = |lock: &Lock| lock.days.map_or(i32::MAX, |days| lock.start.0 + days as i32);
                let meet = a.start.0.max(b.start.0) < last(a).min(last(b));
                if a.surface == b.surface
                    && common
                    && meet
                    && !(a.buckets == b.buckets && a.held().is_disjoint(&b.held()))
                {
                    found.push(format!("{} and {}", a.id, b.id));
                }
            }
            // A ledger that cannot be read is a fault of its own.
            let Some(holdout) = self.holdouts.get(&a.surface) else { continue };
            // A holdout grows into what is decided: nobody is served it, whatever is left of its window.
            let decided = self.decided.contains(&a.id);
            if !decided && (holdout.size() != a.buckets || !a.held().is_disjoint(holdout)) {
                found.push(format!("{} and the holdout", a.id));
            }
        }
        found
    }

    /// Whether units are, or will be, in it by this lock. A pause may outlast the ground that it was drawn on: then it goes on
    /// with a new phase.
    pub fn is_live(&self, id: &str) -> bool {
        !self.paused.contains(id)
            && self.locks.get(id).is_some_and(|lock| lock.window().end.is_none_or(|end| end > self.today))
    }
}

/// What a merge made otherwise than each side's author had drawn it.
pub fn changed_meaning(base: &World, sides: [(&World, &Survey); 2], merged: (&World, &Survey)) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in
        merged.0.files.iter().filter(|(path, _)| path.ends_with(".lock") && !path.starts_with("surfaces/"))
    {
        let (_, id) = path.rsplit_once('/').expect("a folder");
        let id = id.strip_suffix(".lock").expect("a lock");
        let was = base.files.get(path);
        // One that neither side wrote means what it meant to both; of two that both wrote, one may contain the other.
        let wrote = |world: &World| world.files.get(path) != was && world.files.get(path) == Some(text);
        let authors: Vec<_> = sides.iter().filter(|(world, _)| wrote(world) || was == Some(text)).collect();
        if authors.is_empty() {
            found.push(format!("{path} is not its author's"));
        }
        for (_, survey) in authors {
            let surface = &merged.1.locks[id].surface;
            if merged.1.is_live(id) && survey.meanings[surface] != merged.1.meanings[surface] {
                found.push(format!("the ground of {path} is not its author's"));
            }
        }
    }
    found
}
