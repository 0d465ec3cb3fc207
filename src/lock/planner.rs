//! The plan of one surface: what is kept, what moves and what is drawn, in an order that a second run would not change.

use std::collections::HashSet;

use super::digest::{analysis_digest, salt};
use super::ledger::Contents;
use super::room::leave;
use super::settle::{Placed, Wanting, put, settle};
use super::unseen::unseen;
use super::update::{Ground, Refusal, cut, has_grid};
use super::verdict::{LedgerVerdict, Verdict, Wishes};
use super::{Held, Lock, Locks, lock_text};
use crate::bucket::{BucketSet, draw};
use crate::decl::{Kind, Stage};
use crate::model::{Catalogue, Claim, Flag, Intent, Ix, Surface};

/// Plans one surface.
pub(super) struct Planner<'a> {
    catalogue: &'a Catalogue,
    locks: &'a Locks,
    wishes: &'a Wishes,
    segments: &'a [Option<String>],
    ix: Ix<Surface>,
    surface: &'a Surface,
    salt: String,
    there: Occupants<'a>,
    /// Whether a lock that cannot be trusted may hold buckets here: then nothing is drawn.
    blocked: bool,
}

/// All that may hold buckets of one surface.
#[derive(Default)]
pub(super) struct Occupants<'a> {
    /// The claims that are declared on it.
    pub claims: Vec<Ix<Claim>>,
    /// Locks that were drawn on it and whose declarations are gone, cannot be read, or name another surface by now.
    pub bystanders: Vec<&'a Held>,
}

/// What becomes of one surface.
pub(super) struct Planned {
    pub claims: Vec<(Ix<Claim>, Verdict)>,
    pub ledger: LedgerVerdict,
    /// Whether the ledger that is there is over just what could be read.
    pub agrees: bool,
}

/// What is to be done with a claim, before anything is drawn.
enum Look<'a> {
    Keep,
    Change(Box<Lock>),
    Want { intent: &'a Intent, grows: bool },
    Refuse(Refusal),
}

impl<'a> Planner<'a> {
    pub fn new(
        catalogue: &'a Catalogue,
        locks: &'a Locks,
        wishes: &'a Wishes,
        segments: &'a [Option<String>],
        ix: Ix<Surface>,
        there: Occupants<'a>,
        lost: bool,
    ) -> Self {
        let surface = catalogue.surfaces.at(ix);
        let declared = surface.written.salt.as_ref().map(|salt| salt.value.clone());
        let kept = || locks.ledger(surface.file).map(|held| held.ledger.salt.clone());
        let salt = declared.or_else(kept).unwrap_or_else(|| salt(&["surface", &surface.id]));
        let edited = |&ix: &Ix<Claim>| {
            let claim = catalogue.claims.at(ix);
            claim.stage != Some(Stage::Tweak) && locks.of(claim.file).is_some_and(|held| !held.sealed)
        };
        let blocked = lost || there.claims.iter().any(edited) || there.bystanders.iter().any(|held| !held.sealed);
        Self { catalogue, locks, wishes, segments, ix, surface, salt, there, blocked }
    }

    /// What becomes of the lock of each claim, and of the ledger.
    pub fn run(&self) -> Planned {
        let all_kept = |ledger: LedgerVerdict| {
            let claims = self.there.claims.iter().map(|&ix| (ix, Verdict::Kept)).collect();
            Planned { claims, ledger, agrees: false }
        };
        if self.locks.unreadable(self.surface.file).is_some() || !has_grid(self.surface) || !self.surface.sound {
            return all_kept(LedgerVerdict::Unsound);
        }
        let holdout = match self.holdout() {
            Ok(holdout) => holdout,
            Err(verdict) => return all_kept(verdict),
        };
        let ground = Ground {
            catalogue: self.catalogue,
            surface: self.surface,
            salt: &self.salt,
            holdout: &holdout,
            segments: self.segments,
        };
        let mut verdicts: Vec<(Ix<Claim>, Verdict)> = Vec::with_capacity(self.there.claims.len());
        let mut placed: Vec<Placed<'a>> = self.there.bystanders.iter().map(|held| Placed::held(held, None)).collect();
        let mut wanting: Vec<Wanting<'a>> = Vec::new();
        for &ix in &self.there.claims {
            let claim = self.catalogue.claims.at(ix);
            // A lock of another surface holds buckets there, not here.
            let held = self.locks.of(claim.file);
            let here = held.filter(|held| held.lock.surface == self.surface.id);
            placed.extend(here.map(|held| Placed::held(held, Some(ix))));
            match self.first_look(&ground, claim) {
                Look::Keep => verdicts.push((ix, Verdict::Kept)),
                Look::Refuse(refusal) => verdicts.push((ix, Verdict::Refused(refusal))),
                Look::Change(lock) => {
                    put(&mut placed, ix, (*lock).clone());
                    verdicts.push((ix, Verdict::Changed(lock)));
                }
                Look::Want { intent, grows } => {
                    let grows = held.filter(|_| grows).map(|held| &held.lock);
                    wanting.push(Wanting { ix, intent, held, grows });
                }
            }
        }
        wanting.sort_by_key(|wanting| (wanting.intent.window.start, &self.catalogue.claims.at(wanting.ix).id));
        if self.blocked {
            verdicts.extend(wanting.into_iter().map(|wanting| (wanting.ix, Verdict::Refused(Refusal::Tampered))));
        } else {
            verdicts.extend(settle(&ground, wanting, &mut placed));
        }
        self.with_ledger(&ground, verdicts, &placed)
    }

    /// What is to be done with a claim, before anything is drawn.
    fn first_look(&self, ground: &Ground<'_>, claim: &'a Claim) -> Look<'a> {
        if self.locks.unreadable(claim.file).is_some() {
            return Look::Refuse(Refusal::Tampered);
        }
        let held = self.locks.of(claim.file);
        let Some(intent) = &claim.intent else { return Look::Keep };
        let Some(held) = held else {
            let wanted = claim.stage == Some(Stage::Ship) && !intent.paused;
            return if wanted { Look::Want { intent, grows: false } } else { Look::Keep };
        };
        if claim.stage == Some(Stage::Tweak) {
            return if held.sealed { cut(&held.lock, intent).map_or(Look::Keep, Look::Change) } else { Look::Keep };
        }
        if !held.sealed {
            return Look::Refuse(Refusal::Tampered);
        }
        let lock = &held.lock;
        let raised = intent.phase != lock.phase;
        if raised && Some(intent.phase) != lock.phase.checked_add(1) {
            return Look::Refuse(Refusal::PhaseSkips { to: intent.phase, from: lock.phase });
        }
        if raised && intent.paused {
            // A pause takes no buckets: the new phase is drawn when it goes on.
            return Look::Keep;
        }
        if self.wishes.redraw.contains(&claim.id) && !intent.paused {
            // A claim that has started may have units in it; only one that is ahead is free to move.
            let ahead = self.wishes.today.is_none_or(|today| lock.start > today && intent.window.start > today);
            return if ahead { Look::Want { intent, grows: false } } else { Look::Refuse(Refusal::Started) };
        }
        if raised {
            return Look::Want { intent, grows: false };
        }
        let pins = ground.broken_pins(claim, lock, intent);
        if !pins.is_empty() {
            return Look::Refuse(Refusal::Pinned(pins));
        }
        if self.unchanged(ground, claim, intent, lock) { Look::Keep } else { Look::Want { intent, grows: true } }
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
            && (lock.plan == analysis_digest(self.catalogue, claim, self.surface) || !self.catalogue.reads_plan(claim))
    }

    /// The holdout's buckets: kept, or grown from buckets that no live or later lock holds.
    fn holdout(&self) -> Result<BucketSet, LedgerVerdict> {
        let size = self.surface.buckets;
        let Some(needed) = self.surface.count(self.surface.holdout) else { return Err(LedgerVerdict::Unsound) };
        let seed = ["holdout", self.salt.as_str()];
        let before = self.locks.ledger(self.surface.file).map(|held| &held.ledger);
        let kept = before.filter(|ledger| ledger.holdout.size() == size && ledger.salt == self.salt);
        let mut holdout = kept.map_or_else(|| BucketSet::with_size(size), |ledger| ledger.holdout.clone());
        if holdout.len() >= needed {
            return Ok(draw(&holdout, needed, &seed));
        }
        if self.blocked {
            return Err(LedgerVerdict::Unsound);
        }
        let mut free = holdout.complement();
        for held in &self.there.bystanders {
            leave(&mut free, &held.lock);
        }
        for &ix in &self.there.claims {
            let claim = self.catalogue.claims.at(ix);
            if let Some(held) = self.locks.of(claim.file).filter(|_| claim.stage != Some(Stage::Tweak)) {
                // Locks of another grid are drawn again before this holdout is in force.
                if held.lock.buckets == size && held.lock.surface == self.surface.id {
                    leave(&mut free, &held.lock);
                }
            }
        }
        let missing = needed - holdout.len();
        if free.len() < missing {
            return Err(LedgerVerdict::Refused { needed: missing, free: free.len() });
        }
        holdout.union_with(&draw(&free, missing, &seed));
        Ok(holdout)
    }

    /// The verdicts with the ledger that goes with them.
    fn with_ledger(&self, ground: &Ground<'_>, claims: Vec<(Ix<Claim>, Verdict)>, placed: &[Placed<'_>]) -> Planned {
        let (ledger, whole) = self.ledger(ground, placed);
        let written = claims.iter().any(|(_, verdict)| matches!(verdict, Verdict::New(_) | Verdict::Changed(_)));
        let there = self.locks.ledger(self.surface.file);
        let agrees = there.is_some_and(|held| held.ledger == ledger);
        let ledger = match there {
            Some(_) if agrees => LedgerVerdict::Kept,
            // Without what cannot be read it would only have to be written again.
            Some(_) if !(written || whole && self.knows_flags()) => LedgerVerdict::Kept,
            _ if self.blocked => LedgerVerdict::Unsound,
            Some(_) => LedgerVerdict::Changed(ledger),
            None => LedgerVerdict::New(ledger),
        };
        Planned { claims, ledger, agrees }
    }

    /// Whether every flag could be read as far as the ledger names it.
    fn knows_flags(&self) -> bool {
        let whole = |flag: &Flag| flag.surface != Some(self.ix) || flag.component.is_some();
        let unread = self.catalogue.unread.iter().any(|&(_, kind)| kind == Kind::Flag);
        let strays = self.catalogue.flags.values().any(|flag| flag.surface.is_none());
        !unread && !strays && self.catalogue.flags.values().all(whole)
    }

    /// The ledger, and whether all that it says could be read.
    fn ledger(&self, ground: &Ground<'_>, placed: &[Placed<'_>]) -> (super::Ledger, bool) {
        let mut whole = true;
        let mut seal = |placed: &Placed<'_>| {
            let seal = placed.seal.map_or_else(|| lock_text(&placed.lock).1, str::to_owned);
            let besides = placed.claim.and_then(|ix| unseen(ground, self.catalogue.claims.at(ix), &placed.lock));
            whole &= besides.is_some();
            seal + &besides.unwrap_or_default()
        };
        let locks = placed
            .iter()
            .map(|placed| (placed.lock.components.as_slice(), placed.lock.id.as_str(), seal(placed)))
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
            holdout: ground.holdout,
            components: &self.surface.components,
            flags: flags.collect::<HashSet<_>>().into_iter().collect(),
            locks,
        };
        (ledger.ledger(), whole)
    }
}
