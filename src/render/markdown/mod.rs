//! A report as Markdown that GitHub renders: for the comment, the step summary and `--format markdown`.

mod document;

pub use document::Document;

use crate::report::{Plan, Report, Source, Verdict};

/// Where links lead; nothing is linked where it is not known.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// What a path below the top of the repository is appended to, as in `https://github.com/acme/shop/blob/4f1c2ab/`.
    pub files: Option<String>,
    /// The log of the run that made the report.
    pub run: Option<String>,
}

/// A report as a document.
#[must_use]
pub fn report(report: &Report, _links: &Links) -> Document {
    let word = match report.verdict {
        Verdict::Ready => "🟢 Ready",
        Verdict::NotReady => "🔴 Not ready",
    };
    let title = format!("### {word}: {} errors, {} warnings", report.summary.errors, report.summary.warnings);
    Document { title, sections: Vec::new(), foot: String::new() }
}

/// What changes alone, as a document.
#[must_use]
pub fn plan(plan: &Plan, _source: &Source, _links: &Links) -> Document {
    let title = format!("### {} changes", plan.changes.len());
    Document { title, sections: Vec::new(), foot: String::new() }
}
