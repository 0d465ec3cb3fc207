//! What a declaration asks for that its lock does not show.
//!
//! Most edits of a claim change its lock, and with it the digests of its components. Some leave the lock as it is and yet
//! decide what another edit would make of it: a conclusion on the last day, a pause, a phase that is raised in a pause, a
//! component that is claimed twice, a rollout that asks for more than the holdout leaves. Were they not in the digests too,
//! Git would merge them in silence with the edit that they contradict.

use super::Lock;
use super::update::Ground;
use crate::decl::Stage;
use crate::model::{Claim, Written};

/// What the ledger says of a claim besides its lock; nothing for most. None while its declaration cannot be read.
pub(super) fn unseen(ground: &Ground<'_>, claim: &Claim, lock: &Lock) -> Option<String> {
    match claim.stage? {
        Stage::Tweak => return Some(" decided".to_owned()),
        // A draft asks for nothing.
        Stage::Think | Stage::Build => return Some(String::new()),
        Stage::Ship => {}
    }
    let intent = claim.intent.as_ref()?;
    let mut words = String::new();
    if intent.paused {
        words.push_str(" paused");
        if intent.phase != lock.phase {
            words.push_str(&format!(" before phase {}", intent.phase));
        }
    }
    let touches = match &claim.written {
        Written::Experiment(written) => written.also_touches.as_ref(),
        Written::Rollout(written) => written.also_touches.as_ref(),
    };
    let own = ground.catalogue.flags.at(intent.flag).component.as_deref()?;
    let twice = touches.is_some_and(|touches| touches.value.iter().any(|touched| touched.value == own));
    if twice && !lock.components.iter().any(|component| component == "*") {
        words.push_str(" touches its own");
    }
    let most = ground.most();
    for step in &intent.steps {
        if ground.surface.count(step.share).is_some_and(|count| count > most) {
            words.push_str(&format!(" up to {}", step.share));
        }
    }
    Some(words)
}
