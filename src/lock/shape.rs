//! Locks and ledgers as they stand on disk.

use crate::decl::{At, Day, Entries, May, Must, table};

table! {
    /// The allocation of an experiment or a rollout.
    pub struct LockFile {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// The surface.
        pub surface: Must<String>,
        /// The flag.
        pub flag: Must<String>,
        /// The phase.
        pub phase: Must<u32>,
        /// The first day of each phase.
        pub began: Must<Vec<At<Day>>>,
        /// The first day of the window.
        pub start: Must<Day>,
        /// The length of the window; a rollout has none until it is decided.
        pub days: May<u32>,
        /// Claimed components.
        pub components: Must<Vec<At<String>>>,
        /// The unit that is randomised.
        pub unit: Must<String>,
        /// The scheme of the hash.
        pub scheme: Must<String>,
        /// The cells of the hash.
        pub grid: Must<u32>,
        /// The buckets of the surface.
        pub buckets: Must<u32>,
        /// The salt of the variant's hash.
        pub salt: Must<String>,
        /// The digest of the audience.
        pub segment: May<String>,
        /// The digest of the analysis plan.
        pub plan: Must<String>,
        /// The range of each variant, half-open, on the grid of 10,000.
        pub variants: Must<Entries<Vec<At<u32>>>>,
        /// Buckets, step by step.
        pub steps: Must<Vec<At<StepFile>>>,
        /// The digest of every byte before it.
        pub seal: Must<SealFile>,
    }
}

table! {
    /// What a step adds.
    pub struct StepFile {
        /// Days after the start.
        pub after: Must<u32>,
        /// How many buckets there are from this step on, for readers.
        pub buckets: Must<u32>,
        /// The buckets that this step adds, as runs.
        pub adds: Must<Vec<At<String>>>,
    }
}

table! {
    /// The seal of a file that is not edited by hand.
    pub struct SealFile {
        /// The digest of every byte before this table.
        pub digest: Must<String>,
    }
}

table! {
    /// The ledger of a surface.
    pub struct LedgerFile {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// The salt of the surface's hash.
        pub salt: Must<String>,
        /// The buckets of the holdout, as runs.
        pub holdout: Must<Vec<At<String>>>,
        /// The digest of what all components share.
        pub surface: Must<SealFile>,
        /// The digest of each component.
        pub components: Must<Entries<SealFile>>,
    }
}
