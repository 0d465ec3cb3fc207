//! The plan: what every lock and ledger should become, given the declarations and the locks that are there.
//!
//! A lock that is there is kept unless its declaration grows, ends or raises `phase`; then those that are new are drawn, by
//! their first day and id. The same input gives the same plan, and a plan carried out leaves nothing to do.

use std::collections::{BTreeSet, HashSet};

use rayon::prelude::*;

use super::digest::{analysis_digest, salt};
use super::ledger::{Contents, Ledger};
use super::room::{explain, free};
use super::update::{Ground, Refusal, has_grid, seed, steps};
use super::{Lock, Locks, lock_text};
use crate::bucket::{BucketSet, draw};
use crate::decl::{Day, Stage};
use crate::model::{Catalogue, Claim, Intent, Ix, Surface};

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
    /// The ledger cannot be read, or the surface is not sound enough to have one.
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
    let mut by_surface: Vec<Vec<Ix<Claim>>> = vec![Vec::new(); catalogue.surfaces.len()];
    for (ix, claim) in catalogue.claims.iter() {
        if let Some(list) = claim.surface.and_then(|surface| by_surface.get_mut(surface.position())) {
            list.push(ix);
        }
    }
    let surfaces: Vec<Ix<Surface>> = catalogue.surfaces.iter().map(|(ix, _)| ix).collect();
    let planned: Vec<_> = surfaces
        .into_par_iter()
        .zip(by_surface)
        .map(|(ix, claims)| {
            let (verdicts, ledger) = Planner::new(catalogue, locks, wishes, ix).run(&claims);
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

struct Planner<'a> {
    catalogue: &'a Catalogue,
    locks: &'a Locks,
    wishes: &'a Wishes,
    ix: Ix<Surface>,
    surface: &'a Surface,
    salt: String,
}

impl<'a> Planner<'a> {
    fn new(catalogue: &'a Catalogue, locks: &'a Locks, wishes: &'a Wishes, ix: Ix<Surface>) -> Self {
        let surface = &catalogue.surfaces[ix];
        let declared = surface.written.salt.as_ref().map(|salt| salt.value.clone());
        let kept = || locks.ledger(surface.file).map(|held| held.ledger.salt.clone());
        let salt = declared.or_else(kept).unwrap_or_else(|| salt(&["surface", &surface.id]));
        Self { catalogue, locks, wishes, ix, surface, salt }
    }

    fn run(&self, claims: &[Ix<Claim>]) -> (Vec<(Ix<Claim>, Verdict)>, LedgerVerdict) {
        let kept = |&claim: &Ix<Claim>| (claim, Verdict::Kept);
        if self.locks.unreadable(self.surface.file).is_some() || !has_grid(self.surface) || !self.surface.sound {
            return (claims.iter().map(kept).collect(), LedgerVerdict::Unsound);
        }
        let holdout = match self.holdout(claims) {
            Ok(holdout) => holdout,
            Err(verdict) => return (claims.iter().map(kept).collect(), verdict),
        };
        let ground = Ground { catalogue: self.catalogue, surface: self.surface, salt: &self.salt, holdout: &holdout };
        let mut verdicts: Vec<(Ix<Claim>, Verdict)> = Vec::with_capacity(claims.len());
        // Locks as they will be: first those that are there, then what is drawn.
        let mut placed: Vec<Placed<'_>> = Vec::with_capacity(claims.len());
        let mut drawing: Vec<(Ix<Claim>, &Intent)> = Vec::new();
        let mut growing: Vec<(Ix<Claim>, &Intent)> = Vec::new();
        for &ix in claims {
            let claim = &self.catalogue.claims[ix];
            match self.first_look(&ground, claim) {
                Look::Nothing => verdicts.push((ix, Verdict::Kept)),
                Look::Keep => {
                    placed.extend(self.locks.of(claim.file).map(|held| Placed::Held(&held.lock, ix)));
                    verdicts.push((ix, Verdict::Kept));
                }
                Look::Change(lock) => {
                    verdicts.push((ix, Verdict::Changed(lock.clone())));
                    placed.push(Placed::Drawn(lock, ix));
                }
                Look::Refuse(refusal) => {
                    placed.extend(self.locks.of(claim.file).map(|held| Placed::Held(&held.lock, ix)));
                    verdicts.push((ix, Verdict::Refused(refusal)));
                }
                Look::Grow(intent) => {
                    placed.extend(self.locks.of(claim.file).map(|held| Placed::Held(&held.lock, ix)));
                    growing.push((ix, intent));
                }
                Look::Draw(intent) => drawing.push((ix, intent)),
            }
        }
        let order = |&(ix, intent): &(Ix<Claim>, &Intent)| (intent.window.start, self.catalogue.claims[ix].id.clone());
        growing.sort_by_key(order);
        drawing.sort_by_key(order);
        for (ix, intent) in growing.into_iter().chain(drawing) {
            let verdict = self.draw(&ground, ix, intent, &placed);
            if let Verdict::New(lock) | Verdict::Changed(lock) = &verdict {
                placed.retain(|other| other.claim() != ix);
                placed.push(Placed::Drawn(lock.clone(), ix));
            }
            verdicts.push((ix, verdict));
        }
        let ledger = self.ledger(&holdout, &placed);
        (verdicts, ledger)
    }

    /// What is to be done with a claim, before anything is drawn.
    fn first_look(&self, ground: &Ground<'_>, claim: &'a Claim) -> Look<'a> {
        if self.locks.unreadable(claim.file).is_some() {
            return Look::Refuse(Refusal::Tampered);
        }
        let held = self.locks.of(claim.file);
        let Some(intent) = &claim.intent else {
            return if held.is_some() { Look::Keep } else { Look::Nothing };
        };
        let Some(held) = held else {
            let wanted = claim.stage == Some(Stage::Ship) && !intent.paused;
            return if wanted { Look::Draw(intent) } else { Look::Nothing };
        };
        if !held.sealed {
            return Look::Refuse(Refusal::Tampered);
        }
        if claim.stage == Some(Stage::Tweak) {
            return cut(&held.lock, intent);
        }
        if self.wishes.redraw.contains(&claim.id) {
            // A claim that has started may have units in it; only one that is ahead is free to move.
            let ahead = self.wishes.today.is_none_or(|today| held.lock.start > today && intent.window.start > today);
            return if ahead { Look::Draw(intent) } else { Look::Refuse(Refusal::Started) };
        }
        if intent.phase != held.lock.phase {
            return if intent.phase == held.lock.phase + 1 {
                Look::Draw(intent)
            } else {
                Look::Refuse(Refusal::PhaseSkips { to: intent.phase, from: held.lock.phase })
            };
        }
        let pins = ground.broken_pins(&held.lock, intent);
        if !pins.is_empty() {
            return Look::Refuse(Refusal::Pinned(pins));
        }
        if self.unchanged(ground, claim, intent, &held.lock) { Look::Keep } else { Look::Grow(intent) }
    }

    /// Whether a lock says just what its declaration asks for.
    fn unchanged(&self, ground: &Ground<'_>, claim: &Claim, intent: &Intent, lock: &Lock) -> bool {
        let mut total = 0;
        let held = lock.steps.iter().map(|step| {
            total += step.adds.len();
            (step.after, total)
        });
        let same_steps =
            intent.paused || ground.counts(claim, intent).is_some_and(|counts| counts.into_iter().eq(held));
        same_steps
            && lock.window() == intent.window
            && lock.components == intent.components
            && lock.plan == analysis_digest(self.catalogue, claim, self.surface)
    }

    /// Draws a claim's buckets: all of them for a new one or a new phase, those that are missing for one that grows.
    fn draw(&self, ground: &Ground<'_>, ix: Ix<Claim>, intent: &Intent, placed: &[Placed<'_>]) -> Verdict {
        let claim = &self.catalogue.claims[ix];
        if crate::bucket::Scheme::GrowthBook.id() != self.surface.sdk.word() {
            // The draw would be sound, but nothing could be served from it.
            return Verdict::Refused(Refusal::UnknownScheme);
        }
        let Some(counts) = ground.counts(claim, intent) else { return Verdict::Refused(Refusal::Unrepresentable) };
        let held = self.locks.of(claim.file).map(|held| &held.lock);
        let others: Vec<&Lock> = placed.iter().filter(|other| other.claim() != ix).map(Placed::lock).collect();
        let free = free(ground.holdout, others.iter().copied(), &intent.components, intent.window);
        let growing = held.filter(|held| held.phase == intent.phase && !self.wishes.redraw.contains(&claim.id));
        let before = growing.map(|lock| lock.steps.as_slice()).unwrap_or_default();
        let own = growing.map_or_else(|| BucketSet::with_size(self.surface.buckets), Lock::held);
        let needed = match (intent.paused, counts.last()) {
            (true, _) | (_, None) => own.len(),
            (false, Some(&(_, last))) => last,
        };
        let phase = intent.phase.to_string();
        let seed = seed(&self.salt, &claim.id, &phase);
        let mut fresh = free;
        let clashes = !own.is_subset(&fresh);
        fresh.subtract(&own);
        if needed < own.len() {
            return Verdict::Refused(Refusal::Shrinks { to: needed, from: own.len() });
        }
        if clashes || fresh.len() < needed - own.len() {
            let room = explain(ground.holdout, &others, &intent.components, intent.window, needed);
            return Verdict::Refused(Refusal::NoRoom(room));
        }
        let fresh = draw(&fresh, needed - own.len(), &seed);
        let began = match held {
            Some(held) if held.phase < intent.phase => {
                held.began.iter().copied().chain([intent.window.start]).collect()
            }
            Some(held) => {
                let earlier = held.began.len().saturating_sub(1);
                held.began.iter().copied().take(earlier).chain([intent.window.start]).collect()
            }
            None => vec![intent.window.start; intent.phase as usize],
        };
        let mut lock = ground.blank(claim, intent, began);
        if let Some(held) = growing {
            // Salt and ranges stay what they were drawn as, whatever the declaration's order of variants is now.
            lock.salt.clone_from(&held.salt);
            lock.variants.clone_from(&held.variants);
        }
        lock.steps = if intent.paused { before.to_vec() } else { steps(&counts, before, &fresh, &seed) };
        if held.is_some() { Verdict::Changed(Box::new(lock)) } else { Verdict::New(Box::new(lock)) }
    }

    /// The holdout's buckets: kept, or grown from buckets that no live or later lock holds.
    fn holdout(&self, claims: &[Ix<Claim>]) -> Result<BucketSet, LedgerVerdict> {
        let size = self.surface.buckets;
        let Some(needed) = self.surface.count(self.surface.holdout) else { return Err(LedgerVerdict::Unsound) };
        let seed = ["holdout", self.salt.as_str()];
        let before = self.locks.ledger(self.surface.file).map(|held| &held.ledger);
        let kept = before.filter(|ledger| ledger.holdout.size() == size && ledger.salt == self.salt);
        let mut holdout = kept.map_or_else(|| BucketSet::with_size(size), |ledger| ledger.holdout.clone());
        if holdout.len() >= needed {
            return Ok(draw(&holdout, needed, &seed));
        }
        let mut free = holdout.complement();
        for &ix in claims {
            let claim = &self.catalogue.claims[ix];
            if let Some(held) = self.locks.of(claim.file).filter(|_| claim.stage != Some(Stage::Tweak)) {
                held.lock
                    .steps
                    .iter()
                    .filter(|step| step.adds.size() == size)
                    .for_each(|step| free.subtract(&step.adds));
            }
        }
        let missing = needed - holdout.len();
        if free.len() < missing {
            return Err(LedgerVerdict::Refused { needed: missing, free: free.len() });
        }
        holdout.union_with(&draw(&free, missing, &seed));
        Ok(holdout)
    }

    fn ledger(&self, holdout: &BucketSet, placed: &[Placed<'_>]) -> LedgerVerdict {
        let seals: Vec<(&Lock, String)> = placed
            .iter()
            .map(|placed| {
                let seal = match placed {
                    Placed::Held(lock, ix) => {
                        let claim = &self.catalogue.claims[*ix];
                        self.locks.of(claim.file).map_or_else(|| lock_text(lock).1, |held| held.seal.clone())
                    }
                    Placed::Drawn(lock, _) => lock_text(lock).1,
                };
                (placed.lock(), seal)
            })
            .collect();
        let flags = self
            .catalogue
            .flags
            .values()
            .filter(|flag| flag.surface == Some(self.ix))
            .filter_map(|flag| Some((flag.component.as_deref()?, flag.id.as_str())));
        let ledger = Contents {
            unit: self.surface.unit(),
            sdk: self.surface.sdk.word(),
            salt: &self.salt,
            buckets: self.surface.buckets,
            holdout,
            components: &self.surface.components,
            flags: flags.collect::<HashSet<_>>().into_iter().collect(),
            locks: seals
                .iter()
                .map(|(lock, seal)| (lock.components.as_slice(), lock.id.as_str(), seal.as_str()))
                .collect(),
        }
        .ledger();
        match self.locks.ledger(self.surface.file) {
            Some(held) if held.ledger == ledger => LedgerVerdict::Kept,
            Some(_) => LedgerVerdict::Changed(ledger),
            None => LedgerVerdict::New(ledger),
        }
    }
}

/// What is to be done with a claim.
enum Look<'a> {
    Nothing,
    Keep,
    Change(Box<Lock>),
    Grow(&'a Intent),
    Draw(&'a Intent),
    Refuse(Refusal),
}

/// A lock in its place: as it is on disk, or as it was just drawn.
enum Placed<'a> {
    Held(&'a Lock, Ix<Claim>),
    Drawn(Box<Lock>, Ix<Claim>),
}

impl Placed<'_> {
    fn lock(&self) -> &Lock {
        match self {
            Self::Held(lock, _) => lock,
            Self::Drawn(lock, _) => lock,
        }
    }

    fn claim(&self) -> Ix<Claim> {
        match self {
            Self::Held(_, ix) | Self::Drawn(_, ix) => *ix,
        }
    }
}

/// A decided claim keeps its lock as the record; only its window ends with the decision.
fn cut<'a>(lock: &Lock, intent: &Intent) -> Look<'a> {
    let days = intent.window.end.map(|end| end.since(lock.start));
    match (days, lock.days) {
        (Some(days), before) if before.is_none_or(|before| days < before) => {
            Look::Change(Box::new(Lock { days: Some(days), ..lock.clone() }))
        }
        _ => Look::Keep,
    }
}
