//! Allotment: experiments declared in Git, linted, allotted, compiled and proven.

pub mod bucket;
pub mod decl;
pub mod diag;
pub mod model;
pub mod source;
