//! One side of a comparison: a catalogue with the locks that hold, or would once `allot allocate` has run.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::lock::{LedgerVerdict, Lock, Locks, Plan, Refusal, Verdict};
use crate::model::{Catalogue, Claim, Ix, Surface};
use crate::source::{FileId, Sources};

/// A state of a catalogue.
pub struct Side<'a> {
    pub sources: &'a Sources,
    pub catalogue: &'a Catalogue,
    pub locks: &'a Locks,
    /// What allocation would write; none for a state that is what it is.
    plan: Option<HashMap<Ix<Claim>, &'a Verdict>>,
    /// The salts of ledgers that allocation would write.
    salts: HashMap<Ix<Surface>, &'a str>,
}

impl<'a> Side<'a> {
    /// A state as it is on disk or in a commit.
    #[must_use]
    pub fn as_it_is(sources: &'a Sources, catalogue: &'a Catalogue, locks: &'a Locks) -> Self {
        Self { sources, catalogue, locks, plan: None, salts: HashMap::new() }
    }

    /// A state as it will be once it is allotted.
    #[must_use]
    pub fn once_allotted(sources: &'a Sources, catalogue: &'a Catalogue, locks: &'a Locks, plan: &'a Plan) -> Self {
        let changes = plan.claims.iter().filter(|(_, verdict)| *verdict != Verdict::Kept);
        let claims = changes.map(|(ix, verdict)| (*ix, verdict)).collect();
        let ledgers = plan.ledgers.iter();
        let salts = ledgers.filter_map(|(ix, verdict)| match verdict {
            LedgerVerdict::New(ledger) | LedgerVerdict::Changed(ledger) => Some((*ix, ledger.salt.as_str())),
            LedgerVerdict::Kept | LedgerVerdict::Refused { .. } | LedgerVerdict::Unsound => None,
        });
        Self { sources, catalogue, locks, plan: Some(claims), salts: salts.collect() }
    }

    /// The lock of a claim on this side.
    #[must_use]
    pub fn lock(&self, ix: Ix<Claim>) -> Option<Cow<'a, Lock>> {
        let planned = self.plan.as_ref().and_then(|plan| plan.get(&ix).copied());
        if let Some(Verdict::New(lock) | Verdict::Changed(lock)) = planned {
            return Some(Cow::Borrowed(lock));
        }
        let file = self.catalogue.claims.at(ix).file;
        self.locks.of(file).map(|held| Cow::Borrowed(&held.lock))
    }

    /// Whether allocation would write another lock than the one that is there.
    #[must_use]
    pub fn redraws(&self, ix: Ix<Claim>) -> bool {
        let planned = self.plan.as_ref().and_then(|plan| plan.get(&ix).copied());
        matches!(planned, Some(Verdict::New(_) | Verdict::Changed(_)))
    }

    /// Why allocation would not do what a claim asks for.
    #[must_use]
    pub fn refusal(&self, ix: Ix<Claim>) -> Option<&'a Refusal> {
        match self.plan.as_ref().and_then(|plan| plan.get(&ix).copied()) {
            Some(Verdict::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// The version of the lock's file.
    #[must_use]
    pub fn lock_file(&self, claim: &Claim) -> Option<FileId> {
        self.locks.of(claim.file).map(|held| held.file).or_else(|| self.locks.unreadable(claim.file))
    }

    /// The salt of a surface's hash: as declared, else as its ledger keeps it.
    #[must_use]
    pub fn salt(&self, surface: Ix<Surface>) -> Option<&'a str> {
        let planned = self.salts.get(&surface).copied();
        let surface = self.catalogue.surfaces.at(surface);
        let declared = surface.written.salt.as_ref().map(|salt| salt.value.as_str());
        declared.or(planned).or_else(|| self.locks.ledger(surface.file).map(|held| held.ledger.salt.as_str()))
    }

    /// The locks on a surface, each with its claim.
    pub fn locks_on(&self, surface: Ix<Surface>) -> impl Iterator<Item = (&'a Claim, Cow<'a, Lock>)> {
        let catalogue = self.catalogue;
        catalogue.claims_on(surface).filter_map(|(ix, claim)| Some((claim, self.lock(ix)?)))
    }
}
