//! All findings: what counts, and apart from it what the base has too.

use super::details::{Block, collapsed};
use super::inert::{address, code, html_code, place, sentence};
use super::{Links, Section};
use crate::render::figures::{count, counted, listed};
use crate::report::{Finding, Report, Severity};

/// How many findings are listed at most; more are counted.
const MAX: usize = 400;

/// The message and the mend of a finding.
pub fn said(finding: &Finding) -> String {
    let mut text = sentence(&finding.message);
    if let Some(help) = &finding.help {
        text.push_str(&format!("; {}", sentence(help)));
    }
    text
}

/// The place of a finding, linked where it is known where links lead.
pub fn listed_place(report: &Report, finding: &Finding, links: &Links) -> String {
    linked(report, &finding.path, finding.line, links)
}

fn linked(report: &Report, path: &str, line: usize, links: &Links) -> String {
    let below_top = format!("{}{path}", report.source.folder);
    let label = place(path, line);
    match links.files.as_deref().and_then(|base| address(base, &below_top)) {
        Some(address) => format!("[{label}]({address}#L{line})"),
        None => label,
    }
}

fn item(report: &Report, finding: &Finding, links: &Links) -> String {
    let sign = match finding.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
    };
    let mut text =
        format!("- {sign} {} {} {}", code(&finding.rule), said(finding), listed_place(report, finding, links));
    for related in finding.related.iter().take(3) {
        let place = linked(report, &related.path, related.line, links);
        text.push_str(&format!("<br>↳ {} {place}", sentence(&related.message)));
    }
    text
}

/// Findings that count, errors first; then those that the base has too.
pub fn sections(report: &Report, links: &Links) -> Vec<Section> {
    let mut counting: Vec<&Finding> = report.diagnostics.iter().collect();
    counting.sort_by_key(|finding| finding.severity == Severity::Warning);
    let errors = counting.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = counting.len() - errors;
    let mut numbers = Vec::new();
    if errors > 0 {
        numbers.push(counted(errors, "error", "errors"));
    }
    if warnings > 0 {
        numbers.push(counted(warnings, "warning", "warnings"));
    }
    let items = |findings: &[&Finding]| -> Vec<String> {
        let mut items: Vec<String> = findings.iter().take(MAX).map(|finding| item(report, finding, links)).collect();
        if findings.len() > MAX {
            items.push(format!("- and {} more, which `allot check` prints", count(findings.len() - MAX)));
        }
        items
    };
    let mut sections = collapsed(&Block {
        summary: &format!("<b>All findings</b> ({})", listed(&numbers)),
        holds: ("list of findings", "lists of findings"),
        before: "",
        items: &items(&counting),
        after: "",
    });
    let base = report.source.base.as_ref().map_or_else(|| "the base".to_owned(), |base| html_code(&base.name));
    let known: Vec<&Finding> = report.known.iter().collect();
    sections.extend(collapsed(&Block {
        summary: &format!(
            "<b>Already in {base}</b> ({}: {})",
            counted(known.len(), "finding", "findings"),
            if known.len() == 1 { "it blocks nobody here" } else { "they block nobody here" }
        ),
        holds: ("list of findings that the base has too", "lists of findings that the base has too"),
        before: "",
        items: &items(&known),
        after: "",
    }));
    sections
}
