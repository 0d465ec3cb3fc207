//! `segments/ID.toml`: a reusable audience.

use super::clause::Clause;
use super::reader::{May, Must};
use super::table;

table! {
    /// An audience, by the attributes of its units.
    pub struct Segment {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// Who they are, in words.
        pub description: May<String>,
        /// The tests that a unit must pass, all of them.
        pub r#where: Must<Clause>,
    }
}
