//! The integration tests, in one binary.

mod allocation;
mod examples;
mod merges;
mod rule_pages;
mod sdk;
mod serving;
mod world;
