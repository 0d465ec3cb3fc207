//! The integration tests, in one binary.

mod allocation;
mod cli;
mod examples;
mod formats;
mod generated;
mod house;
mod licences;
mod merges;
mod readme;
mod rule_pages;
mod schemas;
mod sdk;
mod serving;
mod world;
