//! What recorded results advised, for decisions to be held against.

use std::path::Path;

use super::Failure;
use super::store::Store;
use crate::artifact::manifest::sha256;
use crate::lint::Context;
use crate::model::Claim;
use crate::results::{Evidence, Results};

/// Lays what was recorded of every decided experiment beside the catalogue.
///
/// # Errors
/// When a record cannot be read, or is none.
pub fn lay(context: &mut Context<'_>, folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    let store = Store::at(folder);
    let mut evidence = Vec::new();
    for claim in context.catalogue.claims.values().filter(|claim| claim.decision().is_some()) {
        evidence.extend(recorded(&store, claim)?.iter().map(of));
    }
    context.evidence = evidence;
    Ok(())
}

/// The looks that were recorded at a claim in its phase, the earliest first.
///
/// # Errors
/// When a record cannot be read, or is none.
pub fn recorded(store: &Store<'_>, claim: &Claim) -> Result<Vec<Results>, Failure> {
    store.before(&claim.id, claim.phase, i64::MAX)
}

/// What a record advised.
pub fn of(results: &Results) -> Evidence {
    Evidence::of(results, &sha256(results.write().as_bytes()))
}
