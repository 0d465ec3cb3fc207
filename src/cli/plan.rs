//! `allot plan`: what changes between two states of a catalogue.

use clap::{Args, ValueEnum};

use super::gate::{Gate, source};
use super::output::data;
use super::workspace::{Revisions, Workspace};
use super::{Exit, Failure, Global};
use crate::render::markdown::{self, Links};
use crate::render::plan;
use crate::report;

/// What changes for users between two states: launches, ramps, stops, and how many units move
///
/// The base is read straight from Git, at the nearest commit that it has in common with the head; nothing is checked out.
/// Shares are exact: they are counted from buckets and ranges.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot plan --base origin/main
  allot plan --base HEAD            what is not committed yet
  allot plan --base HEAD~1 --head HEAD
                                    between two commits, also in a bare repository
  allot plan --base origin/main --format markdown")]
pub struct Plan {
    /// Compare with the nearest common commit of this revision and the head
    #[arg(long, value_name = "REF")]
    base: String,
    /// Look at this commit instead of the work tree
    #[arg(long, value_name = "REF")]
    head: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: version 1, see `allot schema output/plan`
    Json,
    /// As the comment on a pull request shows it
    Markdown,
}

/// The most characters of a plan in Markdown: as many as a comment may have.
const MAX_COMMENT: usize = 60_000;

pub fn run(global: &Global, verb: &Plan) -> Result<Exit, Failure> {
    let revisions = Revisions { base: Some(&verb.base), head: verb.head.as_deref() };
    let workspace = Workspace::open_at(global, revisions)?;
    let context = workspace.context();
    let plan = Gate::plan(&context).unwrap_or_default();
    let planned = || -> Result<_, Failure> {
        Ok(report::Planned { version: report::VERSION, plan: plan.clone(), source: source(&workspace)? })
    };
    data(&match verb.format {
        Format::Text => plan::text(&plan, global.color.style()),
        Format::Json => planned()?.write(),
        Format::Markdown => markdown::plan(&planned()?, &Links::default()).fit(MAX_COMMENT),
    })?;
    Ok(Exit::Clean)
}
