//! The integration tests, in one binary.

mod allocation;
mod correctness;
mod examples;
mod generated;
mod house;
mod levels;
mod licences;
mod merges;
mod readme;
mod rule_cases;
mod rule_pages;
mod sdk;
mod serving;
mod world;
