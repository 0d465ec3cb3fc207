//! `experiments/**/ID.toml` and `rollouts/**/ID.toml`: what claims buckets.

use super::day::Day;
use super::leaf::{Share, Value};
use super::reader::{At, Entries, May, Must};
use super::root::{Looks, Method, Spending};
use super::{table, words};

table! {
    /// An experiment, from the thought to what was learned.
    pub struct Experiment {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// Where it stands: think, build, ship or tweak.
        pub stage: Must<Stage>,
        /// The team that owns it.
        #[schemars(extend("x-refers-to" = "team"))]
        pub owner: Must<String>,
        /// The surface that it runs on.
        #[schemars(extend("x-refers-to" = "surface"))]
        pub surface: Must<String>,
        /// The flag that it varies.
        #[schemars(extend("x-refers-to" = "flag"))]
        pub flag: May<String>,
        /// What is believed, and why.
        pub hypothesis: May<String>,
        /// Further components that it changes; `["*"]` is all of them.
        #[schemars(extend("x-refers-to" = "component-or-all"))]
        pub also_touches: May<Vec<At<String>>>,
        /// Its first day.
        pub start: May<Day>,
        /// How many days it runs.
        pub days: May<u32>,
        /// The share of the surface's units that it takes; "0%" pauses it.
        pub traffic: May<Share>,
        /// Earlier, smaller steps.
        pub ramp: May<Vec<At<RampStep>>>,
        /// Raised whenever units that are already assigned would move. 1 unless said.
        pub phase: May<u32>,
        /// The audience; everybody unless said.
        #[schemars(extend("x-refers-to" = "segment"))]
        pub segment: May<String>,
        /// The value of each variant; `control` is the flag's default.
        pub variants: May<Entries<Value>>,
        /// The share of each variant; equal unless said.
        pub weights: May<Entries<Share>>,
        /// Metrics that should get better.
        #[schemars(extend("x-refers-to" = "metric"))]
        pub success: May<Entries<Success>>,
        /// Metrics that must not get worse, besides those the surface requires.
        #[schemars(extend("x-refers-to" = "metric"))]
        pub guardrails: May<Entries<Guardrail>>,
        /// Where its analysis differs from the catalogue's.
        pub analysis: May<AnalysisOverride>,
        /// What was decided, and why.
        pub decision: May<Decision>,
        /// The experiment that it iterates on.
        #[schemars(extend("x-refers-to" = "experiment"))]
        pub follows: May<String>,
        /// An audience that is forced into a variant while the experiment is built.
        pub preview: May<Preview>,
        /// What shows the need: a prototype, research.
        pub evidence: May<String>,
        /// Where the offline evaluation was read and agreed.
        pub review: May<String>,
        /// Findings that are accepted for a while.
        pub waive: May<Vec<At<Waiver>>>,
    }
}

words! {
    /// The stage of an experiment.
    pub enum Stage("a stage") {
        /// An idea, with a hypothesis and what it should move.
        Think = "think",
        /// A flag and variants; seen by its preview segment only.
        Build = "build",
        /// Running, or planned to run, on its buckets in its window.
        Ship = "ship",
        /// Decided.
        Tweak = "tweak",
    }
}

table! {
    /// A step of a ramp: a share for some days.
    pub struct RampStep {
        /// How many days it lasts.
        pub days: Must<u32>,
        /// The share of the surface's units.
        pub traffic: Must<Share>,
    }
}

table! {
    /// A metric that should get better.
    pub struct Success {
        /// The smallest relative effect worth detecting.
        pub mde: May<Share>,
    }
}

table! {
    /// A metric that must not get worse.
    pub struct Guardrail {
        /// How much worse it may get, relative.
        pub margin: May<Share>,
    }
}

table! {
    /// Where an experiment's analysis differs from the catalogue's.
    pub struct AnalysisOverride {
        /// How intervals account for looking more than once.
        pub method: May<Method>,
        /// When results are looked at.
        pub looks: May<Looks>,
        /// The confidence of the interval that every verdict is read off.
        pub confidence: May<Share>,
        /// The power that it should have.
        pub power: May<Share>,
        /// How a group-sequential plan spends its error rate.
        pub spending: May<Spending>,
    }
}

words! {
    /// How an experiment ended.
    pub enum Outcome("an outcome") {
        Shipped = "shipped",
        Stopped = "stopped",
        Inconclusive = "inconclusive",
        Invalid = "invalid",
        Abandoned = "abandoned",
    }
}

table! {
    /// A decision; its window ends with it.
    pub struct Decision {
        /// How it ended.
        pub outcome: Must<Outcome>,
        /// The variant that was shipped.
        pub variant: May<String>,
        /// The day.
        pub on: Must<Day>,
        /// Why.
        pub reason: May<String>,
        /// What was learned.
        pub learned: May<String>,
        /// The digest of the result that was read, or where it is.
        pub evidence: May<String>,
    }
}

table! {
    /// An audience that sees one variant before launch; not logged.
    pub struct Preview {
        /// The audience.
        #[schemars(extend("x-refers-to" = "segment"))]
        pub segment: Must<String>,
        /// The variant that it sees.
        pub variant: Must<String>,
    }
}

table! {
    /// A finding that is accepted until a day.
    pub struct Waiver {
        /// The rule.
        #[schemars(extend("x-refers-to" = "rule"))]
        pub rule: Must<String>,
        /// Why it is accepted.
        pub reason: Must<String>,
        /// The first day on which it is accepted no more.
        pub until: Must<Day>,
    }
}

table! {
    /// A rollout: one value to growing shares.
    pub struct Rollout {
        /// The version of this file's format: 1.
        pub version: Must<u32>,
        /// The team that owns it.
        #[schemars(extend("x-refers-to" = "team"))]
        pub owner: Must<String>,
        /// The surface that it runs on.
        #[schemars(extend("x-refers-to" = "surface"))]
        pub surface: Must<String>,
        /// The flag that it sets.
        #[schemars(extend("x-refers-to" = "flag"))]
        pub flag: Must<String>,
        /// The value that is rolled out.
        pub value: Must<Value>,
        /// Why, in words.
        pub description: May<String>,
        /// Further components that it changes; `["*"]` is all of them.
        #[schemars(extend("x-refers-to" = "component-or-all"))]
        pub also_touches: May<Vec<At<String>>>,
        /// Its first day.
        pub start: Must<Day>,
        /// Growing shares; the last lasts until a decision.
        pub steps: Must<Vec<At<RolloutStep>>>,
        /// The share of its units that keeps the default, to measure against.
        pub holdback: May<Share>,
        /// Raised whenever units that are already assigned would move. 1 unless said.
        pub phase: May<u32>,
        /// The audience; everybody unless said.
        #[schemars(extend("x-refers-to" = "segment"))]
        pub segment: May<String>,
        /// Metrics that must not get worse.
        #[schemars(extend("x-refers-to" = "metric"))]
        pub guardrails: May<Entries<Guardrail>>,
        /// What was decided, and why.
        pub decision: May<Decision>,
        /// Findings that are accepted for a while.
        pub waive: May<Vec<At<Waiver>>>,
    }
}

table! {
    /// A step of a rollout.
    pub struct RolloutStep {
        /// How many days it lasts; the last step has none.
        pub days: May<u32>,
        /// The share of the surface's units; "100%" is all that the holdout leaves.
        pub traffic: Must<Share>,
    }
}
