//! Analyses: from tallies to results, as the command takes them.

mod after;
mod besides;
mod decisions;
mod edge;
mod extremes;
mod field;
mod given;
mod health;
mod kept;
mod looks;
mod peers;
pub mod store;
#[cfg(feature = "embedded")]
mod whole;
