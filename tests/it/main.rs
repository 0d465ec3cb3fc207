//! The integration tests, in one binary.

mod allocation;
mod levels;
mod rule_cases;
mod rule_pages;
mod world;
