//! Allotment: experiments declared in Git, linted, allotted, compiled and proven.
//!
//! Applications need the evaluator alone, [`eval::Evaluator`], which reads the native artifact of a surface; without default
//! features the crate is just that. Everything else is the command `allot`: data flows one way, from the TOML texts
//! ([`source`], [`decl`]) over what they mean ([`model`]) and what they were allotted ([`lock`]) to what is said of them
//! ([`lint`], [`render`]) and what is served ([`compile`], [`verify`]). Only [`io`] touches files, Git, GitHub and the clock.
//! An application may take the feature `provider` besides: `OpenFeature` over the evaluator, with an edge of its own, `feed`.

#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod address;
#[cfg(feature = "cli")]
pub mod analysis;
pub mod artifact;
pub mod bucket;
#[cfg(feature = "cli")]
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod compile;
#[cfg(feature = "cli")]
pub mod decl;
#[cfg(feature = "cli")]
pub mod diag;
pub mod eval;
#[cfg(feature = "provider")]
pub mod feed;
#[cfg(feature = "cli")]
pub mod io;
#[cfg(feature = "cli")]
pub mod lint;
#[cfg(feature = "cli")]
pub mod lock;
#[cfg(feature = "counting")]
pub mod measure;
#[cfg(feature = "cli")]
pub mod model;
#[cfg(feature = "cli")]
pub mod power;
#[cfg(feature = "provider")]
pub mod provider;
#[cfg(feature = "publish")]
pub mod publish;
#[cfg(feature = "cli")]
pub mod query;
#[cfg(feature = "cli")]
pub mod render;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "cli")]
pub mod results;
#[cfg(feature = "cli")]
pub mod simulate;
#[cfg(feature = "cli")]
pub mod source;
#[cfg(feature = "cli")]
pub mod stats;
#[cfg(feature = "cli")]
pub mod verify;
