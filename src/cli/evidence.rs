//! What recorded results advised, for decisions to be held against.

use rayon::prelude::*;

use super::Failure;
use super::store::{Place, Store};
use crate::artifact::manifest::sha256;
use crate::lint::Context;
use crate::model::Claim;
use crate::results::{Evidence, Results};

/// Lays what was recorded of every decided experiment beside the catalogue.
///
/// # Errors
/// When a record cannot be read, or is none.
pub fn lay(context: &mut Context<'_>, place: Option<&Place>) -> Result<(), Failure> {
    let Some(place) = place else { return Ok(()) };
    let store = Store::open(place)?;
    let decided: Vec<&Claim> = context.catalogue.claims.values().filter(|claim| claim.decision().is_some()).collect();
    let read = |claim: &Claim| Ok(recorded(&store, claim)?.iter().map(of).collect());
    let evidence: Vec<Vec<Evidence>> = decided.into_par_iter().map(read).collect::<Result<_, Failure>>()?;
    context.evidence = evidence.into_iter().flatten().collect();
    Ok(())
}

/// The looks that were recorded at a claim in its phase, the earliest first.
///
/// # Errors
/// When a record cannot be read, or is none.
pub fn recorded(store: &Store, claim: &Claim) -> Result<Vec<Results>, Failure> {
    Ok(store.shelf(&claim.id, claim.phase)?.into_looks())
}

/// What a record advised.
pub fn of(results: &Results) -> Evidence {
    Evidence::of(results, &sha256(results.write().as_bytes()))
}
