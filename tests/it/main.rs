//! The integration tests, in one binary.

mod correctness;
mod rule_pages;
mod world;
