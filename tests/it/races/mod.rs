//! Races: branches that are each clean and that Git merges without a conflict make a clean catalogue.

mod git;
mod judge;
mod land;
mod pairs;
mod smallest;
