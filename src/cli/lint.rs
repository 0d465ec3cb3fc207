//! `allot lint`: diagnostics only.

use clap::Args;

use super::output::{data, say};
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::diag::Severity;
use crate::lint::{Levels, lint};
use crate::render;

/// Lint the catalogue: every finding with its place and its mend
#[derive(Debug, Args)]
pub struct Lint {}

pub fn run(global: &Global, _verb: &Lint) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    let levels = Levels::of_root(context.catalogue.root.as_ref().map(|(_, root)| root));
    let report = lint(&context, &levels);
    let style = global.color.style();
    data(&render::text::findings(&workspace.sources, &report.findings, style, 100))?;
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    say(&format!("{} files, {errors} errors, {warnings} warnings", workspace.sources.len()));
    Ok(if errors > 0 { Exit::Findings } else { Exit::Clean })
}
