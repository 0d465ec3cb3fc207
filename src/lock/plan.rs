//! The plan: what every lock and ledger should become, given the declarations and the locks that are there.
//!
//! A lock that is there is kept unless its declaration grows, ends or raises `phase`; then those that are new are drawn, by
//! their first day and id. The same input gives the same plan, and a plan carried out leaves nothing to do.
//!
//! Whatever is broken, no bucket is given twice: a lock counts on the surface that it names even where its declaration
//! cannot be read, and while a lock cannot be trusted nothing is drawn beside it.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;

use super::ledger::Ledger;
use super::planner::Planner;
use super::update::Refusal;
use super::{Held, Lock, Locks};
use crate::decl::Day;
use crate::model::{Catalogue, Claim, Ix, Surface};
use crate::source::FileId;

/// What becomes of the lock of one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It needs none, or the one that is there is right.
    Kept,
    /// There was none.
    New(Box<Lock>),
    /// It grows, ends, begins a phase, or its plan is pinned anew.
    Changed(Box<Lock>),
    /// It cannot be what the declaration asks for.
    Refused(Refusal),
}

/// What becomes of a surface's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerVerdict {
    Kept,
    New(Ledger),
    Changed(Ledger),
    /// The holdout cannot grow so far: buckets it needs, and those that nobody holds.
    Refused {
        needed: u32,
        free: u32,
    },
    /// It has to wait: the ledger or a lock cannot be trusted, or the surface is not sound enough to have one.
    Unsound,
}

/// What every lock and ledger should become.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub claims: Vec<(Ix<Claim>, Verdict)>,
    pub ledgers: Vec<(Ix<Surface>, LedgerVerdict)>,
}

/// What was asked for besides.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Claims to be drawn again, if they have not started.
    pub redraw: BTreeSet<String>,
    /// The day against which "has not started" is held.
    pub today: Option<Day>,
}

impl Plan {
    /// The verdict on a claim.
    #[must_use]
    pub fn of(&self, claim: Ix<Claim>) -> Option<&Verdict> {
        let at = self.claims.binary_search_by_key(&claim, |&(ix, _)| ix).ok()?;
        self.claims.get(at).map(|(_, verdict)| verdict)
    }

    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.claims.iter().all(|(_, verdict)| *verdict == Verdict::Kept)
            && self.ledgers.iter().all(|(_, verdict)| *verdict == LedgerVerdict::Kept)
    }
}

/// Plans every surface; surfaces have nothing in common.
#[must_use]
pub fn plan(catalogue: &Catalogue, locks: &Locks, wishes: &Wishes) -> Plan {
    let mut occupants: Vec<Occupants<'_>> = Vec::new();
    occupants.resize_with(catalogue.surfaces.len(), Occupants::default);
    let mut claims: HashMap<FileId, &Claim> = HashMap::with_capacity(catalogue.claims.len());
    for (ix, claim) in catalogue.claims.iter() {
        claims.insert(claim.file, claim);
        if let Some(there) = claim.surface.and_then(|surface| occupants.get_mut(surface.position())) {
            there.claims.push(ix);
        }
    }
    for (file, held) in locks.everywhere() {
        let Some(surface) = catalogue.surfaces.find(&held.lock.surface) else { continue };
        let claim = file.and_then(|file| claims.get(&file));
        let own = claim.is_some_and(|claim| claim.surface == Some(surface));
        // One that moves to another surface with a new phase leaves this one.
        let leaves = claim.is_some_and(|claim| claim.surface.is_some() && claim.phase > held.lock.phase);
        if let Some(there) = occupants.get_mut(surface.position()).filter(|_| !own && !leaves) {
            there.bystanders.push(held);
        }
    }
    // What cannot be read may hold buckets anywhere, unless its declaration says where.
    let lost: Vec<Option<Ix<Surface>>> =
        locks.lost().map(|file| file.and_then(|file| claims.get(&file)).and_then(|claim| claim.surface)).collect();
    let surfaces: Vec<Ix<Surface>> = catalogue.surfaces.iter().map(|(ix, _)| ix).collect();
    let planned: Vec<_> = surfaces
        .into_par_iter()
        .zip(occupants)
        .map(|(ix, there)| {
            let blocked = lost.iter().any(|lost| lost.is_none_or(|lost| lost == ix));
            let (verdicts, ledger) = Planner::new(catalogue, locks, wishes, ix, there, blocked).run();
            (ix, verdicts, ledger)
        })
        .collect();
    let mut plan = Plan::default();
    for (ix, verdicts, ledger) in planned {
        plan.claims.extend(verdicts);
        plan.ledgers.push((ix, ledger));
    }
    plan.claims.sort_by_key(|&(ix, _)| ix);
    plan
}

/// All that may hold buckets of one surface.
#[derive(Default)]
pub(super) struct Occupants<'a> {
    /// The claims that are declared on it.
    pub claims: Vec<Ix<Claim>>,
    /// Locks that were drawn on it and whose declarations are gone, cannot be read, or name another surface by now.
    pub bystanders: Vec<&'a Held>,
}
