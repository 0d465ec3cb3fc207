//! A report as Markdown that GitHub renders: for the comment, the step summary and `--format markdown`.

mod change;
mod chart;
mod concluded;
mod details;
mod document;
mod edits;
mod findings;
mod foot;
mod history;
mod inert;
mod moves;
mod power;
mod problems;
mod results;
mod summary;
mod verdict;

pub use concluded::{Ending, concluded};
pub use document::{Document, Section};
pub use history::history;
pub use power::power;
pub use results::results;

use super::actions::{concerns_users, named};
use crate::report::{Change, Plan, Planned, Recorded, Report};

/// Where links lead, and where the text will stand; nothing is linked where it is not known.
#[derive(Debug, Clone, Default)]
pub struct Links {
    /// What a path below the top of the repository is appended to, as in `https://github.com/acme/shop/blob/4f1c2ab/`.
    pub files: Option<String>,
    /// The log of the run that made the report.
    pub run: Option<String>,
    /// Whether this is a comment that the next run writes anew, and says so.
    pub in_place: bool,
}

/// So many changes are shown open, one below another; of more, the largest are folded away below their table.
const OPEN: usize = 3;
/// How many are folded away: with them the table, the definitions, the difference and the findings fit into a comment.
const LARGEST: usize = 12;

/// A report as a document: the verdict, what blocks, what changes for users and when, and then all the rest.
#[must_use]
pub fn report(report: &Report, links: &Links) -> Document {
    let mut sections: Vec<Section> = problems::alert(report, links).into_iter().collect();
    if let Some(plan) = &report.plan {
        sections.extend(changes(report, plan));
        sections.extend(edits::definitions(plan));
        sections.extend(edits::difference(report, plan));
    }
    sections.extend(findings::sections(report, links));
    Document { title: verdict::title(report), sections, foot: foot::foot(&report.source, links) }
}

/// A record of either kind as a document.
#[must_use]
pub fn recorded(record: &Recorded, links: &Links) -> Document {
    match record {
        Recorded::Check(checked) => report(checked, links),
        Recorded::Plan(planned) => plan(planned, links),
    }
}

/// What changes alone, without a verdict: nothing was linted.
#[must_use]
pub fn plan(planned: &Planned, links: &Links) -> Document {
    let base = planned.source.base.as_ref().map_or("the base", |base| &base.name);
    let title = format!("### What changes against {}", inert::code(base));
    let report = planned.unjudged();
    let plan = &planned.plan;
    let mut sections = changes(&report, plan);
    sections.extend(edits::definitions(plan));
    sections.extend(edits::difference(&report, plan));
    if sections.is_empty() {
        sections.push(Section { holds: ("sentence", "sentences"), text: "Nothing changes.".to_owned() });
    }
    Document { title, sections, foot: foot::foot(&planned.source, links) }
}

/// Experiments and rollouts: at a glance, when, and one by one.
fn changes(report: &Report, plan: &Plan) -> Vec<Section> {
    let mut sections = Vec::new();
    let holds = ("change in detail", "changes in detail");
    match plan.changes.as_slice() {
        [] => {}
        [only] => {
            sections.push(Section { holds, text: change::body(report, only) });
            sections.extend(chart::section(&plan.changes));
        }
        several => {
            sections.extend(summary::sections(report, several));
            sections.extend(chart::section(several));
            let open = several.len() <= OPEN;
            let mut largest: Vec<&Change> = several.iter().collect();
            // They come sorted by how many they move; what moves nobody is no detail that a reviewer of many needs.
            largest.retain(|change| open || concerns_users(change));
            for change in largest.into_iter().take(LARGEST) {
                let text = if open { opened(report, change) } else { folded(report, change) };
                sections.push(Section { holds, text });
            }
        }
    }
    sections
}

fn opened(report: &Report, change: &Change) -> String {
    format!("#### {}: {}\n\n{}", inert::code(&change.id), named(change), change::body(report, change))
}

fn folded(report: &Report, change: &Change) -> String {
    let summary = format!("<b>{}</b>: {}", inert::html_code(&change.id), named(change));
    format!("<details>\n<summary>{summary}</summary>\n\n{}\n\n</details>", change::body(report, change))
}
