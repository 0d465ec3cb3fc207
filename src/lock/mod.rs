//! Allocations and ledgers: what is on disk, what it means, and the plan of what it should become.
//!
//! A lock stands beside each experiment and rollout that was ever allotted; a ledger stands beside each surface. Both are
//! functions of the declarations and of the locks that are there, never of the clock.

mod codec;
mod digest;
mod inherit;
mod ledger;
mod occupancy;
mod plain;
mod plan;
mod planner;
mod room;
mod settle;
mod shape;
mod store;
mod unseen;
mod update;
mod verdict;

use std::ops::Range;

use crate::bucket::BucketSet;
use crate::decl::Day;
use crate::model::Window;

pub use codec::{lock_text, path_of_lock, seal_of};
pub use digest::{analysis_digest, digest, segment_digest};
pub use inherit::{Inherited, inheritance};
pub use ledger::{Ledger, ledger_text, path_of_ledger};
pub use occupancy::{Occupancy, Occupant, occupancy};
pub use plan::plan;
pub use room::{Holder, Room};
pub(crate) use store::RESTORE;
pub use store::{Held, HeldLedger, Locks, Stray};
pub use update::{Pin, Refusal};
pub use verdict::{LedgerVerdict, Plan, Verdict, Wishes};

/// What an experiment or a rollout was allotted, with everything pinned that could move a running unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    pub id: String,
    pub surface: String,
    pub flag: String,
    pub phase: u32,
    /// The first day of each phase, the first one's first.
    pub began: Vec<Day>,
    pub start: Day,
    /// None lasts until a decision.
    pub days: Option<u32>,
    /// Claimed components, sorted; `*` alone is all of them.
    pub components: Vec<String>,
    /// The unit that is randomised.
    pub unit: String,
    /// The scheme of the hash, by the id of its SDK.
    pub scheme: String,
    /// How many cells the hash has.
    pub grid: u32,
    /// How many buckets the surface had.
    pub buckets: u32,
    /// The salt of the second hash, which picks the variant.
    pub salt: String,
    /// The digest of the audience.
    pub segment: Option<String>,
    /// The digest of the analysis plan.
    pub plan: String,
    /// The range of each variant on the grid of 10,000.
    pub variants: Vec<(String, Range<u32>)>,
    pub steps: Vec<Step>,
}

/// The buckets that a step adds to those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Days after the start.
    pub after: u32,
    pub adds: BucketSet,
}

impl Lock {
    /// The days on which it holds its buckets.
    #[must_use]
    pub fn window(&self) -> Window {
        Window { start: self.start, end: self.days.map(|days| self.start.plus(days)) }
    }

    /// The buckets of the steps that have begun on a day.
    #[must_use]
    pub fn owned(&self, day: Day) -> BucketSet {
        let mut owned = BucketSet::with_size(self.buckets);
        for step in self.steps.iter().filter(|step| self.start.plus(step.after) <= day) {
            owned.union_with(&step.adds);
        }
        owned
    }

    /// All buckets that it holds, which it does for its whole window.
    #[must_use]
    pub fn held(&self) -> BucketSet {
        let mut held = BucketSet::with_size(self.buckets);
        for step in &self.steps {
            held.union_with(&step.adds);
        }
        held
    }

    /// How many buckets it holds.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.steps.iter().map(|step| step.adds.len()).sum()
    }

    /// Whether it claims a component, or any at all if `component` is `*`.
    #[must_use]
    pub fn claims(&self, component: &str) -> bool {
        component == "*" || self.components.iter().any(|own| own == "*" || own == component)
    }

    /// Whether two locks exclude each other: they share a component and a day.
    #[must_use]
    pub fn excludes(&self, components: &[String], window: Window) -> bool {
        components.iter().any(|component| self.claims(component)) && self.window().overlaps(window)
    }

    /// The id that exposures carry.
    #[must_use]
    pub fn key(&self) -> String {
        match self.phase {
            0 | 1 => self.id.clone(),
            phase => format!("{}.{phase}", self.id),
        }
    }
}
