//! What is folded away: how results were computed, metric by metric.

use super::{PEN, folded, summary_name};
use crate::render::figures::counted;
use crate::render::markdown::Section;
use crate::render::markdown::inert::{code, words};
use crate::render::results::amounts::{Amounts, p_digits};
use crate::render::results::verdict::known;
use crate::render::results::{Kept, method, story};
use crate::results::{Figure, Results, Treatment};

const HOLDS: (&str, &str) = ("part of how it was computed", "parts of how it was computed");

pub fn sections(results: &Results, kept: Kept<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    sections.extend(hypothesis(results));
    sections.extend(results.treatments.iter().map(|treatment| differences(results, treatment)));
    let mut said: Vec<String> = vec![method::decided(results, kept, PEN).join(" ")];
    for metric in &results.metrics {
        said.push(format!(
            "- {} ({}): {}",
            code(&metric.id),
            method::role(metric),
            method::metric(results, metric, PEN).join(" ")
        ));
    }
    let list = said.join("\n").replacen("\n- ", "\n\n- ", 1);
    sections.push(folded(HOLDS, "How this was computed", "", &list));
    sections
}

fn hypothesis(results: &Results) -> Option<Section> {
    let hypothesis = results.hypothesis.as_deref().filter(|text| !text.trim().is_empty())?;
    let owner = results.owner.as_deref().map_or_else(String::new, |owner| format!(" Owner: {}.", code(owner)));
    Some(folded(("hypothesis", "hypotheses"), "What was believed", "", &format!("{}{owner}", words(hypothesis))))
}

/// Every outcome in the metric's own units, with what it was read off.
fn differences(results: &Results, treatment: &Treatment) -> Section {
    let mut text =
        "| Metric | Difference (CI) | Standard error | p | Held against | Computed |\n|:--|:--|--:|--:|--:|:--|"
            .to_owned();
    for (metric, outcome) in results.metrics.iter().zip(&treatment.outcomes) {
        let amounts = Amounts::at(results, metric, PEN);
        let around = known(&outcome.interval)
            .map_or_else(String::new, |interval| format!(" ({})", amounts.differences(interval)));
        let shown =
            |figure: &Figure, show: &dyn Fn(f64) -> String| figure.number().map_or_else(|| "–".to_owned(), show);
        text.push_str(&format!(
            "\n| {} | {}{around} | {} | {} | {} | {} |",
            code(&metric.id),
            shown(&outcome.difference, &|value| amounts.difference(value)),
            shown(&outcome.se, &method::digits),
            shown(&outcome.p, &p_digits),
            shown(&outcome.level, &method::digits),
            method::outcome(results, metric, outcome, PEN).join(" ")
        ));
    }
    let aside = format!(
        " ({}, {} against {})",
        counted(results.metrics.len(), "metric", "metrics"),
        summary_name(&treatment.variant),
        results.variants.first().map_or_else(|| "control".to_owned(), |variant| summary_name(&variant.id))
    );
    let units = treatment
        .outcomes
        .iter()
        .map(|outcome| outcome.control.units.saturating_add(outcome.treatment.units))
        .max()
        .unwrap_or(0);
    let body = format!("{text}\n\nFrom {}.", story::counted_units(results, units));
    folded(("table of differences", "tables of differences"), "In the metrics' own units", &aside, &body)
}
