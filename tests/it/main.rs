//! The integration tests, in one binary.

mod correctness;
mod fixes;
mod recovery;
mod rule_pages;
mod world;
