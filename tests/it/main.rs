//! The integration tests, in one binary.

mod allocation;
mod cli;
mod correctness;
mod examples;
mod fixes;
mod formats;
mod generated;
mod house;
mod levels;
mod licences;
mod merges;
mod readme;
mod recovery;
mod rule_cases;
mod rule_pages;
mod schemas;
mod sdk;
mod serving;
mod world;
