//! Whom an experiment can share no unit with, with whom it shares how many, and whose units it takes over.

use super::Side;
use super::assigned::part;
use crate::decl::{Day, Stage};
use crate::lock::{Lock, inheritance};
use crate::model::{Claim, Ix, Window};

/// One that excludes another: they claim a common component on a common day.
#[derive(Debug, Clone, PartialEq)]
pub struct Excluded {
    pub id: String,
    /// The share of the surface that it holds.
    pub share: f64,
    pub window: Window,
}

/// One with which units are shared.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    pub id: String,
    /// The share of the experiment's units that are the other's too.
    pub share: f64,
    pub window: Window,
}

/// Excluded ones, overlapping ones and inherited ones, the largest first.
pub(super) struct Neighbours {
    pub excludes: Vec<Excluded>,
    pub overlaps: Vec<Neighbour>,
    pub inherits: Vec<Neighbour>,
}

pub(super) fn neighbours(side: &Side<'_>, ix: Ix<Claim>, lock: &Lock, today: Day) -> Neighbours {
    let mut found = Neighbours { excludes: Vec::new(), overlaps: Vec::new(), inherits: Vec::new() };
    let own = side.catalogue.claims.at(ix);
    let Some(surface) = own.surface else { return found };
    let held = lock.held();
    let mut earlier = Vec::new();
    for (claim, other) in side.locks_on(surface).filter(|(claim, _)| claim.id != own.id) {
        let window = other.window();
        let ahead = claim.stage == Some(Stage::Ship) && window.end.is_none_or(|end| end > today);
        if ahead && window.overlaps(lock.window()) {
            if lock.excludes(&other.components, window) {
                found.excludes.push(Excluded {
                    id: claim.id.clone(),
                    share: part(other.size(), other.buckets),
                    window,
                });
            } else if other.buckets == lock.buckets {
                let share = part(other.held().intersection_len(&held), held.len());
                found.overlaps.push(Neighbour { id: claim.id.clone(), share, window });
            }
        } else {
            earlier.push(other);
        }
    }
    let inherited = inheritance(lock, earlier.iter().map(AsRef::as_ref));
    let window = |id: &str| earlier.iter().find(|other| other.id == id).map(|other| other.window());
    found.inherits = inherited
        .into_iter()
        .filter_map(|one| {
            let window = window(&one.id)?;
            Some(Neighbour { share: part(one.buckets, held.len()), window, id: one.id })
        })
        .collect();
    found.excludes.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.id.cmp(&b.id)));
    found.overlaps.retain(|other| other.share > 0.0);
    found.overlaps.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.id.cmp(&b.id)));
    found
}
