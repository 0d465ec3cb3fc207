//! The integration tests, in one binary.

mod rule_pages;
mod sdk;
mod world;
