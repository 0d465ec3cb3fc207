//! Findings as JSON, version 1; and the schemas of all that is recorded.

use schemars::JsonSchema;
use serde::Serialize;

use super::recorded;
use super::schema::schema_of;
use crate::diag::Diagnostic;
use crate::report;
use crate::results;
use crate::source::Sources;

/// Findings, as `allot lint --format json` prints them.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "findings", deny_unknown_fields)]
struct Findings {
    /// The version of this format; it changes when a key changes its meaning or goes.
    #[schemars(extend("const" = 1))]
    version: u32,
    /// Counts.
    summary: report::Summary,
    /// The findings, sorted by path and place.
    diagnostics: Vec<report::Finding>,
}

/// The findings as one line of JSON; `files` is how many files were looked at.
#[must_use]
pub fn findings(sources: &Sources, findings: &[Diagnostic], files: usize) -> String {
    let found = Findings {
        version: report::VERSION,
        summary: recorded::summary(findings, files),
        diagnostics: recorded::findings(sources, findings),
    };
    // Strings and numbers always serialise.
    let mut text = serde_json::to_string(&found).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON Schema of the findings.
#[must_use]
pub fn schema() -> serde_json::Value {
    schema_of::<Findings>()
}

/// The JSON Schema of the record of a gate.
#[must_use]
pub fn check_schema() -> serde_json::Value {
    schema_of::<report::Report>()
}

/// The JSON Schema of a plan alone.
#[must_use]
pub fn plan_schema() -> serde_json::Value {
    schema_of::<report::Planned>()
}

/// The JSON Schema of a history.
#[must_use]
pub fn history_schema() -> serde_json::Value {
    schema_of::<report::History>()
}

/// The JSON Schema of the results of a look.
#[must_use]
pub fn results_schema() -> serde_json::Value {
    schema_of::<results::Results>()
}

/// The JSON Schema of forecasts and calendars.
#[must_use]
pub fn power_schema() -> serde_json::Value {
    schema_of::<report::Power>()
}

/// The JSON Schema of the SQL of an analysis.
#[must_use]
pub fn query_schema() -> serde_json::Value {
    schema_of::<report::Query>()
}
