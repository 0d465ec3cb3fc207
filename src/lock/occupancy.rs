//! Who holds which buckets of a surface, once a plan is carried out, and what is free beside them.

use std::collections::HashMap;

use super::ledger::Ledger;
use super::room::leave;
use super::{Holder, LedgerVerdict, Lock, Locks, Plan, Verdict};
use crate::bucket::BucketSet;
use crate::model::{Catalogue, Claim, Ix, Surface, Window};
use crate::source::FileId;

/// All that holds buckets of one surface.
#[derive(Debug, Clone)]
pub struct Occupancy<'a> {
    holdout: BucketSet,
    pub occupants: Vec<Occupant<'a>>,
}

/// A lock that holds buckets, or will.
#[derive(Debug, Clone, Copy)]
pub struct Occupant<'a> {
    /// Its claim; none where the declaration is gone or names another surface.
    pub claim: Option<Ix<Claim>>,
    pub lock: &'a Lock,
    /// Whether it is there already.
    pub allotted: bool,
}

/// The occupancy of every surface, by its place in the catalogue.
#[must_use]
pub fn occupancy<'a>(catalogue: &Catalogue, locks: &'a Locks, plan: &'a Plan) -> Vec<Occupancy<'a>> {
    let mut all: Vec<Occupancy<'a>> = catalogue
        .surfaces
        .iter()
        .map(|(ix, surface)| Occupancy { holdout: holdout(surface, ix, locks, plan), occupants: Vec::new() })
        .collect();
    let mut put = |surface: &str, occupant: Occupant<'a>| {
        let place = catalogue.surfaces.find(surface).map(Ix::position);
        if let Some(there) = place.and_then(|place| all.get_mut(place)) {
            there.occupants.push(occupant);
        }
    };
    let claims: HashMap<FileId, Ix<Claim>> = catalogue.claims.iter().map(|(ix, claim)| (claim.file, ix)).collect();
    for (file, held) in locks.everywhere() {
        let claim = file.and_then(|file| claims.get(&file)).copied();
        let planned = claim.and_then(|ix| plan.of(ix)).and_then(drawn);
        let lock = planned.unwrap_or(&held.lock);
        put(&lock.surface, Occupant { claim, lock, allotted: true });
    }
    for (ix, verdict) in &plan.claims {
        if let Verdict::New(lock) = verdict {
            put(&lock.surface, Occupant { claim: Some(*ix), lock, allotted: false });
        }
    }
    all
}

fn drawn(verdict: &Verdict) -> Option<&Lock> {
    match verdict {
        Verdict::Changed(lock) => Some(lock),
        Verdict::New(_) | Verdict::Kept | Verdict::Refused(_) => None,
    }
}

fn holdout(surface: &Surface, ix: Ix<Surface>, locks: &Locks, plan: &Plan) -> BucketSet {
    let planned = plan.ledgers.iter().find(|(at, _)| *at == ix).and_then(|(_, verdict)| match verdict {
        LedgerVerdict::New(ledger) | LedgerVerdict::Changed(ledger) => Some(ledger),
        LedgerVerdict::Kept | LedgerVerdict::Refused { .. } | LedgerVerdict::Unsound => None,
    });
    let there = || locks.ledger(surface.file).map(|held| &held.ledger);
    let holdout = planned.or_else(there).map(|ledger: &Ledger| ledger.holdout.clone());
    holdout.filter(|set| set.size() == surface.buckets).unwrap_or_else(|| BucketSet::with_size(surface.buckets))
}

impl Occupancy<'_> {
    /// How many buckets the holdout has.
    #[must_use]
    pub fn holdout(&self) -> u32 {
        self.holdout.len()
    }

    /// How many buckets the surface has.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.holdout.size()
    }

    /// How many buckets are free for `components` on every day of a window, those of one claim among them.
    #[must_use]
    pub fn free(&self, components: &[String], window: Window, own: Option<Ix<Claim>>) -> u32 {
        let mut free = self.holdout.complement();
        for occupant in self.beside(components, window, own) {
            leave(&mut free, occupant.lock);
        }
        free.len()
    }

    /// Who holds the rest, the largest first.
    #[must_use]
    pub fn holders(&self, components: &[String], window: Window, own: Option<Ix<Claim>>) -> Vec<Holder> {
        let mut holders: Vec<Holder> = self
            .beside(components, window, own)
            .map(|Occupant { lock, .. }| Holder {
                id: lock.id.clone(),
                buckets: lock.size(),
                contested: 0,
                from: lock.start,
                until: lock.window().end,
            })
            .collect();
        holders.sort_by(|a, b| b.buckets.cmp(&a.buckets).then_with(|| a.id.cmp(&b.id)));
        holders
    }

    fn beside(
        &self,
        components: &[String],
        window: Window,
        own: Option<Ix<Claim>>,
    ) -> impl Iterator<Item = &Occupant<'_>> {
        let others = self.occupants.iter().filter(move |other| own.is_none() || other.claim != own);
        others.filter(move |other| other.lock.excludes(components, window))
    }
}
