//! Recorded results as Markdown that GitHub renders: the verdict and its reason first, one table, the chart, and then the rest.

mod breakdowns;
mod chart;
mod details;
mod table;

use super::foot::commit;
use super::inert::{code, command, html_code, sentence, web, words};
use super::{Document, Links, Section};
use crate::render::results::pen::{Pen, bare, capital};
use crate::render::results::verdict::{Mark, beyond, harms, headline};
use crate::render::results::{Kept, pen, story, trust};
use crate::results::{Advice, Results, Status};

/// Words in Markdown.
pub(super) const PEN: Pen =
    Pen { name: code, command, words, sentence, strong: |text| format!("**{text}**"), number: bare };

/// Results as a document: what was decided, why, and what to do; then how sure that is.
#[must_use]
pub fn results(results: &Results, kept: Kept<'_>, links: &Links) -> Document {
    let verdict = headline(results, PEN);
    let mut sections: Vec<Section> = alert(results).into_iter().collect();
    sections.extend(effect(results));
    sections.extend(table::sections(results));
    sections.extend(note(results, kept));
    sections.extend(chart::section(results));
    sections.push(checks(results));
    sections.extend(next(results, kept));
    sections.extend(breakdowns::section(results));
    sections.extend(details::sections(results, kept));
    Document { title: format!("### {} {}", verdict.mark.circle(), verdict.words), sections, foot: foot(results, links) }
}

/// What must not be overlooked: data that cannot be trusted, and harm to users.
fn alert(results: &Results) -> Option<Section> {
    let mut lines: Vec<String> = Vec::new();
    for check in results.health.iter().filter(|check| check.status == Status::Failed) {
        let help =
            check.help.as_deref().map_or_else(String::new, |help| format!(" {}", pen::sentence(&sentence(help))));
        lines.push(format!("**{}:** {}.{help}", trust::title(check.name), sentence(&check.found)));
    }
    if results.decision.advice != Advice::Withheld {
        for treatment in &results.treatments {
            for (metric, outcome) in harms(results, treatment).take(4) {
                let effect = crate::render::results::verdict::effect(results, metric, outcome, PEN);
                lines.push(format!(
                    "**{} is significantly worse** with {}: {effect}{}.",
                    words_of(metric),
                    code(&treatment.variant),
                    beyond(metric)
                ));
            }
        }
    }
    if lines.is_empty() {
        return None;
    }
    let text = lines.iter().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n>\n");
    Some(Section { holds: ("warning", "warnings"), text: format!("> [!WARNING]\n{text}") })
}

fn words_of(metric: &crate::results::Metric) -> String {
    capital(&story::named(metric, PEN))
}

/// The effect in the metric's own units, and what it would come to.
fn effect(results: &Results) -> Option<Section> {
    let doubt = (results.decision.advice == Advice::Withheld).then(|| story::DOUBT.to_owned());
    let said: Vec<String> =
        [doubt, story::effect(results, PEN), story::impact(results, PEN)].into_iter().flatten().collect();
    (!said.is_empty()).then(|| Section { holds: ("sentence", "sentences"), text: said.join(" ") })
}

/// When to read it again, where that is what to do.
fn note(results: &Results, kept: Kept<'_>) -> Option<Section> {
    if results.decision.advice != Advice::Wait {
        return None;
    }
    let mut said: Vec<String> = story::reasons(results, PEN).iter().map(|reason| pen::sentence(reason)).collect();
    said.truncate(6);
    said.extend(results.decision.next.as_ref().and_then(|_| story::next(results, kept, PEN).pop()));
    (!said.is_empty()).then(|| Section { holds: ("note", "notes"), text: format!("> [!NOTE]\n> {}", said.join(" ")) })
}

fn checks(results: &Results) -> Section {
    let mut text = "| Trust checks | |\n|:--|:--|".to_owned();
    for line in trust::lines(results, PEN) {
        // What failed says so at the top already.
        let help = line.help.filter(|_| line.mark != Mark::Bad).map_or_else(String::new, |help| format!(": {help}"));
        text.push_str(&format!("\n| {} | {} {}{help} |", line.title, line.mark.circle(), line.found));
    }
    Section { holds: ("table of checks", "tables of checks"), text }
}

/// What to do next; waiting is said above.
fn next(results: &Results, kept: Kept<'_>) -> Option<Section> {
    let mut steps = story::next(results, kept, PEN);
    if results.decision.advice == Advice::Wait && results.decision.next.is_some() {
        steps.pop();
    }
    (!steps.is_empty())
        .then(|| Section { holds: ("next step", "next steps"), text: format!("**Next:** {}", steps.join(" ")) })
}

/// A part that is folded away.
fn folded(holds: (&'static str, &'static str), summary: &str, aside: &str, body: &str) -> Section {
    Section { holds, text: format!("<details>\n<summary><b>{summary}</b>{aside}</summary>\n\n{body}\n\n</details>") }
}

fn foot(results: &Results, links: &Links) -> String {
    let mut parts = Vec::new();
    if let Some(id) = &results.plan.commit {
        let dirty = if results.plan.dirty { " with uncommitted changes" } else { "" };
        parts.push(format!("Plan at {}{dirty}", commit(id, links)));
    }
    let phase = if results.phase > 1 { format!(", phase {}", results.phase) } else { String::new() };
    parts.push(format!("look {}{phase}, as of {}", results.look.number, story::moment(&results.at, PEN)));
    parts.push(format!("counted by {} ({})", words(&results.source.engine), code(&results.source.query)));
    parts.push(format!("allot {}", words(&results.source.tool)));
    if links.in_place {
        parts.push("this comment is updated in place".to_owned());
    }
    if let Some(run) = links.run.as_deref().and_then(web) {
        parts.push(format!("[run log]({run})"));
    }
    format!("<sub>{}</sub>", parts.join(" · "))
}

/// A name in a summary, where Markdown is not read.
fn summary_name(name: &str) -> String {
    html_code(name)
}
