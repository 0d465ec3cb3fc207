//! The integration tests, in one binary.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests fail loudly, and run programs in folders of their own"
)]

mod action;
mod allocation;
mod analysis;
mod cli;
#[cfg(feature = "forge")]
mod comment;
mod conclude;
mod correctness;
mod design;
mod design_peers;
mod design_simulations;
#[cfg(feature = "embedded")]
mod engine;
mod examples;
mod extremes;
mod first_days;
mod fixes;
mod formats;
mod gate;
mod generated;
mod history;
mod house;
mod levels;
mod licences;
mod lifecycle;
mod markdown;
mod merge_verb;
mod merges;
mod moves;
mod plans;
mod power;
mod power_rules;
mod power_unknown;
mod published;
#[cfg(feature = "publish")]
mod publishing;
mod races;
mod readme;
mod recovery;
mod repositories;
mod results;
mod results_shown;
mod rule_cases;
mod rule_pages;
mod schemas;
#[cfg(feature = "publish")]
mod sdk;
#[cfg(feature = "publish")]
mod sdk_confidence;
mod serving;
mod sql;
mod stats_edge;
mod stats_peers;
mod world;
