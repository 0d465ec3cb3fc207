//! What a change does to users: a base and a head, compared experiment by experiment, from buckets and ranges.
//!
//! Nothing is sampled. On a day, a unit's bucket decides whether an experiment owns it and a second hash which variant it
//! gets; so the share of units that see something else is a sum over buckets and ranges.

mod assigned;
mod claims;
mod definitions;
mod edits;
mod moves;
mod neighbours;
mod side;
#[cfg(test)]
mod tests;

pub use assigned::Assigned;
pub use claims::{Action, ClaimChange, Sized, claims, moves_despite_pauses, moves_on};
pub use definitions::{Definition, What, definitions, dependents, uses};
pub use edits::{Edit, edits};
pub use moves::{Move, moves};
pub use neighbours::{Excluded, Neighbour};
pub use side::Side;

use crate::decl::Day;

/// A value before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pair<T> {
    pub before: Option<T>,
    pub after: Option<T>,
}

/// Everything that changes between a base and a head.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Experiments and rollouts, those that move most units first.
    pub claims: Vec<ClaimChange>,
    /// Everything else that is declared.
    pub definitions: Vec<Definition>,
}

/// Compares two states of a catalogue as of a day.
#[must_use]
pub fn between(base: &Side<'_>, head: &Side<'_>, today: Day) -> Changes {
    Changes { claims: claims(base, head, today), definitions: definitions(base, head, today) }
}
