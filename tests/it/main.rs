//! The integration tests, in one binary.

mod allocation;
mod rule_pages;
mod world;
