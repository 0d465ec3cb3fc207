//! The edge of an application: a published folder behind a URL, the last good files on disk, and the clock.
//!
//! Beside `io`, which is the edge of the command, nothing else in the crate has effects.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is the edge, where effects are")]

mod shelf;
mod source;

pub use shelf::Shelf;
pub use source::{Fetched, Source};

use std::time::{SystemTime, UNIX_EPOCH};

/// The present instant in Unix seconds.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
