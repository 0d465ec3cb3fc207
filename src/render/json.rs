//! Findings as JSON, version 1: for `lint` and `check`.

use schemars::JsonSchema;
use serde::Serialize;

use super::schema::schema_of;
use crate::diag::{Diagnostic, Severity};
use crate::source::{Position, Sources};

/// Findings, as `allot lint --format json` and `allot check --format json` print them.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "findings", deny_unknown_fields)]
struct Report<'a> {
    /// The version of this format; it changes when a key changes its meaning or goes.
    #[schemars(extend("const" = 1))]
    version: u32,
    /// Counts.
    summary: Summary,
    /// The findings, sorted by path and place.
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "summary", deny_unknown_fields)]
struct Summary {
    /// How many findings are errors: any makes the exit code 1.
    errors: usize,
    /// How many are warnings.
    warnings: usize,
    /// How many files were looked at.
    files: usize,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "finding", deny_unknown_fields)]
struct Finding<'a> {
    /// The rule's name.
    rule: &'a str,
    #[schemars(extend("enum" = ["error", "warning"]))]
    severity: &'static str,
    /// What is wrong.
    message: &'a str,
    /// How to mend it, where there is something to say.
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Place<'a>,
    /// Further places that explain the finding.
    related: Vec<Related<'a>>,
}

/// A place; lines and columns are counted from 1, columns in characters, and the end is the place after the last one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "place", inline)]
struct Place<'a> {
    /// The path below the catalogue's root.
    path: &'a str,
    #[schemars(range(min = 1))]
    line: usize,
    #[schemars(range(min = 1))]
    column: usize,
    #[schemars(range(min = 1))]
    end_line: usize,
    #[schemars(range(min = 1))]
    end_column: usize,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "related", deny_unknown_fields)]
struct Related<'a> {
    /// The path below the catalogue's root.
    path: &'a str,
    #[schemars(range(min = 1))]
    line: usize,
    #[schemars(range(min = 1))]
    column: usize,
    /// What is there.
    message: &'a str,
}

/// The findings as one line of JSON; `files` is how many files were looked at.
#[must_use]
pub fn findings(sources: &Sources, findings: &[Diagnostic], files: usize) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let report = Report {
        version: 1,
        summary: Summary { errors: count(Severity::Error), warnings: count(Severity::Warning), files },
        diagnostics: findings.iter().map(|finding| shape(sources, finding)).collect(),
    };
    // Strings and numbers always serialise.
    let mut text = serde_json::to_string(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn shape<'a>(sources: &'a Sources, finding: &'a Diagnostic) -> Finding<'a> {
    let Position { line, column, end_line, end_column } = sources.position(finding.span);
    let related = finding.related.iter().map(|label| {
        let at = sources.position(label.span);
        Related { path: sources.path(label.span.file), line: at.line, column: at.column, message: &label.message }
    });
    Finding {
        rule: finding.rule,
        severity: finding.severity.word(),
        message: &finding.message,
        help: finding.help.as_deref(),
        place: Place { path: sources.path(finding.span.file), line, column, end_line, end_column },
        related: related.collect(),
    }
}

/// The JSON Schema of this format.
#[must_use]
pub fn schema() -> serde_json::Value {
    schema_of::<Report<'_>>()
}
