//! The plan: what every lock and ledger should become, given the declarations and the locks that are there.
//!
//! A lock that is there is kept unless its declaration grows, ends or raises `phase`; then those that are new are drawn, by
//! their first day and id. The same input gives the same plan, and a plan carried out leaves nothing to do.
//!
//! Whatever is broken, no bucket is given twice: a lock counts on the surface that it names even where its declaration
//! cannot be read, and while a lock cannot be trusted nothing is drawn beside it.

use std::collections::HashMap;

use rayon::prelude::*;

use super::Locks;
use super::digest::segment_digest;
use super::planner::{Occupants, Planned, Planner};
use super::verdict::{Plan, Wishes};
use crate::model::{Catalogue, Claim, Ix, Surface};
use crate::source::FileId;

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
    // Many claims have the same audience.
    let segments: Vec<Option<String>> =
        catalogue.segments.values().map(|segment| segment.predicate.as_ref().map(segment_digest)).collect();
    let surfaces: Vec<Ix<Surface>> = catalogue.surfaces.iter().map(|(ix, _)| ix).collect();
    let planned: Vec<_> = surfaces
        .into_par_iter()
        .zip(occupants)
        .map(|(ix, there)| {
            let blocked = lost.iter().any(|lost| lost.is_none_or(|lost| lost == ix));
            (ix, Planner::new(catalogue, locks, wishes, &segments, ix, there, blocked).run())
        })
        .collect();
    let mut plan = Plan::default();
    for (ix, Planned { claims, ledger, agrees }) in planned {
        plan.claims.extend(claims);
        plan.ledgers.push((ix, ledger));
        plan.agreeing.extend(agrees.then_some(ix));
    }
    plan.claims.sort_by_key(|&(ix, _)| ix);
    plan
}
