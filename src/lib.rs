//! Allotment: experiments declared in Git, linted, allotted, compiled and proven.

pub mod artifact;
pub mod bucket;
pub mod cli;
pub mod compile;
pub mod decl;
pub mod diag;
pub mod eval;
pub mod io;
pub mod lint;
pub mod lock;
pub mod model;
pub mod render;
pub mod simulate;
pub mod source;
pub mod stats;
