//! Allotment: experiments declared in Git, linted, allotted, compiled and proven.

pub mod decl;
pub mod diag;
pub mod source;
