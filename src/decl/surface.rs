//! `surfaces/ID.toml`: a surface, the ground that experiments share.

use super::day::Day;
use super::leaf::Share;
use super::reader::{At, Entries, May, Must};
use super::{table, words};

table! {
    /// A surface: one unit, one hash, one artifact; its ledger stands beside it.
    pub struct Surface {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// The surface's name.
        pub name: Must<String>,
        /// What it is, in words.
        pub description: May<String>,
        /// The teams that must approve every change here.
        #[schemars(extend("x-refers-to" = "team"))]
        pub owners: Must<Vec<At<String>>>,
        /// What is randomised: a unit of `allotment.toml`.
        #[schemars(extend("x-refers-to" = "unit"))]
        pub unit: Must<String>,
        /// The SDK that reads the artifact; it fixes the hash. "growthbook" unless said.
        pub sdk: May<Sdk>,
        /// How many buckets the units are hashed into; it divides the hash's grid. 1,000 unless said.
        pub buckets: May<u32>,
        /// The salt of the surface's hash; drawn from its id unless said.
        pub salt: May<String>,
        /// The metric that this surface exists to move.
        #[schemars(extend("x-refers-to" = "metric"))]
        pub north_star: May<String>,
        /// The fact whose rows are visits of this surface: `allot baseline` measures reach and segments from it.
        #[schemars(extend("x-refers-to" = "fact"))]
        pub visits: May<String>,
        /// The share of units that no experiment and no rollout reaches.
        pub holdout: May<Share>,
        /// What a single experiment may take here.
        pub limits: May<Limits>,
        /// The parts that an experiment can change; at most one experiment a unit on each.
        pub components: Must<Entries<String>>,
        /// Metrics measured in every experiment here.
        #[schemars(extend("x-refers-to" = "metric"))]
        pub required: May<Entries<Required>>,
    }
}

words! {
    /// An SDK, and with it the arithmetic of assignment.
    pub enum Sdk("an SDK") {
        /// FNV-1a 32, twice; 10,000 cells. Read by GrowthBook SDKs.
        Growthbook = "growthbook",
        /// MD5; 10,000 cells. Read by Eppo SDKs.
        Eppo = "eppo",
        /// MurmurHash3; 1,000,000 cells. Read by Confidence local resolvers.
        Confidence = "confidence",
    }
}

table! {
    /// What a single experiment may take.
    pub struct Limits {
        /// The largest share on an experiment's first day.
        pub first_day: May<Share>,
        /// The largest share at any time.
        pub traffic: May<Share>,
        /// The longest run, in days.
        pub days: May<u32>,
    }
}

table! {
    /// A metric that every experiment here measures.
    pub struct Required {
        /// How much worse it may get, relative; without one it must not get worse.
        pub margin: May<Share>,
        /// Required of experiments that start on this day or later.
        pub from: May<Day>,
    }
}
