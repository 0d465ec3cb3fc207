//! Verdicts: what a plan says of each lock and ledger, and what may be asked of it.

use std::collections::{BTreeSet, HashSet};

use super::Lock;
use super::ledger::Ledger;
use super::update::Refusal;
use crate::decl::Day;
use crate::model::{Claim, Ix, Surface};

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
    /// The surfaces whose ledger is over just what could be read.
    pub agreeing: HashSet<Ix<Surface>>,
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
