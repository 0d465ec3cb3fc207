//! What `lint` and `check` have in common: findings in four formats, and the words about them.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;

use super::output::{data, width};
use super::workspace::Workspace;
use super::{Failure, Global};
use crate::diag::{Diagnostic, Severity};
use crate::io;
use crate::render::github::Touched;
use crate::render::{github, json, sarif, text};

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people, with source excerpts
    #[default]
    Text,
    /// For programs: version 1, see `allot schema -o DIR`
    Json,
    /// Workflow commands, which become annotations on a pull request
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Prints findings of so many files on standard output.
///
/// # Errors
/// When standard output cannot be written, or the current folder cannot be told.
pub fn print(
    global: &Global,
    workspace: &Workspace,
    found: &[Diagnostic],
    files: usize,
    format: Format,
) -> Result<(), Failure> {
    let sources = &workspace.sources;
    data(&match format {
        Format::Text => excerpts(workspace, found, global.color.style())?,
        Format::Json => json::findings(sources, found, files),
        Format::Github => github::findings(&below_top(workspace)?, sources, found, &|_, _| Touched::Nothing),
        Format::Sarif => sarif::findings(&below_top(workspace)?, sources, found),
    })
}

/// Findings with source excerpts, their paths as seen from the current folder.
///
/// # Errors
/// When the current folder cannot be told.
pub fn excerpts(workspace: &Workspace, found: &[Diagnostic], style: text::Style) -> Result<String, Failure> {
    let way = io::way(&io::resolved(".".as_ref())?, &io::resolved(&workspace.root)?);
    Ok(text::findings_below(&way, &workspace.sources, found, style, width()))
}

/// The way from the top of the repository, or from the current folder where there is none, to the catalogue's root.
pub fn below_top(workspace: &Workspace) -> Result<String, Failure> {
    if let Some(origin) = &workspace.origin {
        return Ok(origin.folder.clone());
    }
    let root = io::resolved(&workspace.root)?;
    let top = match io::top_of_repository(&root) {
        Some(top) => top,
        None => io::resolved(".".as_ref())?,
    };
    Ok(if root.starts_with(&top) { io::way(&top, &root) } else { String::new() })
}

/// "2 errors and 1 warning"; "no errors" where there are none.
pub fn counted(found: &[Diagnostic]) -> String {
    let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => "nothing is wrong".to_owned(),
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => format!("{} and {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

/// "1 file", "2 files".
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Which surfaces are held back, a line each.
pub fn held_lines(held: &BTreeMap<String, BTreeSet<&'static str>>) -> Vec<String> {
    let line = |(surface, rules): (&String, &BTreeSet<&str>)| {
        let rules: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
        format!("surface `{surface}` is held back by {}: its last good artifact stays", rules.join(", "))
    };
    held.iter().map(line).collect()
}

/// Whether any finding is an error.
pub fn any_error(found: &[Diagnostic]) -> bool {
    found.iter().any(|finding| finding.severity == Severity::Error)
}
