//! What is drawn on one surface, in which order, and what is refused.

use std::borrow::Cow;
use std::collections::HashSet;

use super::room::{explain, free};
use super::update::{Ground, Refusal, seed, steps};
use super::verdict::Verdict;
use super::{Held, Lock};
use crate::bucket::{BucketSet, draw};
use crate::decl::Day;
use crate::model::{Claim, Intent, Ix};

/// A lock in its place: as it is on disk, or as it was just drawn.
pub(super) struct Placed<'a> {
    pub lock: Cow<'a, Lock>,
    /// The digest that it is sealed with on disk.
    pub seal: Option<&'a str>,
    pub claim: Option<Ix<Claim>>,
}

/// A claim that needs buckets.
#[derive(Clone, Copy)]
pub(super) struct Wanting<'a> {
    pub ix: Ix<Claim>,
    pub intent: &'a Intent,
    /// The lock that is there.
    pub held: Option<&'a Held>,
    /// The lock whose buckets it keeps: none for a first draw, a new phase and a redraw.
    pub grows: Option<&'a Lock>,
}

/// Draws all that is wanted: first for locks that are there, again and again while one leaves room for another, so that
/// a second allocation finds nothing to do; then for those that are new, which leave no room to anyone.
pub(super) fn settle<'a>(
    ground: &Ground<'_>,
    wanting: Vec<Wanting<'a>>,
    placed: &mut Vec<Placed<'a>>,
) -> Vec<(Ix<Claim>, Verdict)> {
    let mut verdicts = Vec::with_capacity(wanting.len());
    let (mut pending, new): (Vec<_>, Vec<_>) = wanting.into_iter().partition(|wanting| wanting.held.is_some());
    loop {
        let before = pending.len();
        let mut refused = Vec::new();
        for wanting in pending {
            match allot(ground, wanting, placed) {
                Ok(lock) => {
                    put(placed, wanting.ix, lock.clone());
                    verdicts.push((wanting.ix, Verdict::Changed(Box::new(lock))));
                }
                Err(refusal) => refused.push((wanting, refusal)),
            }
        }
        pending = refused.iter().map(|(wanting, _)| *wanting).collect();
        if pending.is_empty() {
            break;
        }
        if pending.len() < before {
            continue;
        }
        let Some(drawn) = together(ground, &mut pending, placed) else {
            verdicts.extend(refused.into_iter().map(|(wanting, refusal)| (wanting.ix, Verdict::Refused(refusal))));
            break;
        };
        verdicts.extend(drawn.into_iter().map(|(ix, lock)| (ix, Verdict::Changed(Box::new(lock)))));
    }
    for wanting in new {
        let verdict = match allot(ground, wanting, placed) {
            Ok(lock) => {
                placed.push(Placed::drawn(wanting.ix, lock.clone()));
                Verdict::New(Box::new(lock))
            }
            Err(refusal) => Verdict::Refused(refusal),
        };
        verdicts.push((wanting.ix, verdict));
    }
    verdicts
}

/// Draws all pending redraws at once, each as if the others had left their old buckets; takes those that were drawn out
/// of `pending`, or changes nothing where one of them does not fit even so.
fn together<'a>(
    ground: &Ground<'_>,
    pending: &mut Vec<Wanting<'a>>,
    placed: &mut Vec<Placed<'a>>,
) -> Option<Vec<(Ix<Claim>, Lock)>> {
    let moving: Vec<Wanting<'a>> = pending.iter().copied().filter(|wanting| wanting.grows.is_none()).collect();
    if moving.len() < 2 {
        return None;
    }
    let leaving: HashSet<Option<Ix<Claim>>> = moving.iter().map(|wanting| Some(wanting.ix)).collect();
    let (left, mut others): (Vec<_>, Vec<_>) =
        std::mem::take(placed).into_iter().partition(|placed| leaving.contains(&placed.claim));
    let before = others.len();
    for wanting in &moving {
        let Ok(lock) = allot(ground, *wanting, &others) else {
            others.truncate(before);
            others.extend(left);
            *placed = others;
            return None;
        };
        put(&mut others, wanting.ix, lock);
    }
    let drawn = others.iter().skip(before).filter_map(|placed| Some((placed.claim?, placed.lock.clone().into_owned())));
    let drawn = drawn.collect();
    *placed = others;
    pending.retain(|wanting| wanting.grows.is_some());
    Some(drawn)
}

/// Draws a claim's buckets: all of them for a new one or a new phase, those that are missing for one that grows.
fn allot(ground: &Ground<'_>, wanting: Wanting<'_>, placed: &[Placed<'_>]) -> Result<Lock, Refusal> {
    let Wanting { ix, intent, held, grows } = wanting;
    let claim = ground.catalogue.claims.at(ix);
    let counts = ground.counts(claim, intent).ok_or(Refusal::Unrepresentable)?;
    let others = || placed.iter().filter(|other| other.claim != Some(ix)).map(|other| other.lock.as_ref());
    let mut fresh = free(ground.holdout, others(), &intent.components, intent.window);
    let before = grows.map(|lock| lock.steps.as_slice()).unwrap_or_default();
    let own = grows.map_or_else(|| BucketSet::with_size(ground.surface.buckets), Lock::held);
    let needed = match (intent.paused, counts.last()) {
        (true, _) | (_, None) => own.len(),
        (false, Some(&(_, last))) => last,
    };
    if needed < own.len() {
        return Err(Refusal::Shrinks { to: needed, from: own.len() });
    }
    let clashes = !own.is_subset(&fresh);
    fresh.subtract(&own);
    if clashes || fresh.len() < needed - own.len() {
        let others: Vec<&Lock> = others().collect();
        return Err(Refusal::NoRoom(explain(ground.holdout, &others, intent, needed, &own)));
    }
    let phase = intent.phase.to_string();
    let seed = seed(ground.salt, &claim.id, &phase);
    let fresh = draw(&fresh, needed - own.len(), &seed);
    let mut lock = ground.blank(claim, intent, began(intent, held.map(|held| &held.lock)));
    if let Some(held) = grows {
        // Salt and ranges stay what they were drawn as, whatever the declaration's order of variants is now.
        lock.salt.clone_from(&held.salt);
        lock.variants.clone_from(&held.variants);
    }
    lock.steps = if intent.paused { before.to_vec() } else { steps(&counts, before, &fresh, &seed) };
    Ok(lock)
}

impl<'a> Placed<'a> {
    pub fn held(held: &'a Held, claim: Option<Ix<Claim>>) -> Self {
        Self { lock: Cow::Borrowed(&held.lock), seal: Some(&held.seal), claim }
    }

    pub fn drawn(ix: Ix<Claim>, lock: Lock) -> Self {
        Self { lock: Cow::Owned(lock), seal: None, claim: Some(ix) }
    }
}

/// Puts a lock in the place of its claim's former one.
pub(super) fn put(placed: &mut Vec<Placed<'_>>, ix: Ix<Claim>, lock: Lock) {
    placed.retain(|other| other.claim != Some(ix));
    placed.push(Placed::drawn(ix, lock));
}

/// The first day of each phase: those before stay, that of the present phase is its start.
fn began(intent: &Intent, held: Option<&Lock>) -> Vec<Day> {
    let start = intent.window.start;
    match held {
        Some(held) if held.phase < intent.phase => held.began.iter().copied().chain([start]).collect(),
        Some(held) => held.began.iter().copied().take(held.began.len().saturating_sub(1)).chain([start]).collect(),
        None => vec![start; intent.phase as usize],
    }
}
