//! The table of outcomes: a row a metric, the verdict in words beside its sign.

use super::PEN;
use crate::render::markdown::Section;
use crate::render::markdown::inert::code;
use crate::render::results::amounts::{Amounts, confidence};
use crate::render::results::verdict::{Reading, reading};
use crate::results::{Advice, Figure, Metric, Outcome, Results, Role, Treatment};

const HOLDS: (&str, &str) = ("table of metrics", "tables of metrics");

/// A table for every treatment; where there are several, below its own heading.
pub fn sections(results: &Results) -> Vec<Section> {
    let several = results.treatments.len() > 1;
    let control = results.variants.first().map_or_else(|| "Control".to_owned(), |variant| code(&variant.id));
    results
        .treatments
        .iter()
        .map(|treatment| {
            let heading = if several {
                format!("#### {}: {}\n\n", code(&treatment.variant), advice(treatment.advice))
            } else {
                String::new()
            };
            Section { holds: HOLDS, text: format!("{heading}{}", table(results, treatment, &control)) }
        })
        .collect()
}

/// What a treatment's own tests decide.
fn advice(advice: Advice) -> &'static str {
    match advice {
        Advice::Ship => "🟢 qualifies",
        Advice::Wait => "🟡 wait",
        Advice::Stop => "🔴 stop",
        Advice::Withheld => "⚪ withheld",
    }
}

fn table(results: &Results, treatment: &Treatment, control: &str) -> String {
    let alpha = treatment.outcomes.first().map_or(results.method.alpha, |outcome| outcome.alpha);
    let mut text = format!(
        "| Metric | {control} | {} | Lift ({} CI) | Verdict |\n|:--|--:|--:|:--|:--|",
        code(&treatment.variant),
        confidence(alpha)
    );
    for (metric, outcome) in results.metrics.iter().zip(&treatment.outcomes) {
        text.push_str(&row(results, metric, outcome, alpha));
    }
    text
}

fn row(results: &Results, metric: &Metric, outcome: &Outcome, alpha: f64) -> String {
    let amounts = Amounts::at(results, metric, PEN);
    let value = |figure: &Figure| figure.number().map_or_else(|| "–".to_owned(), |value| amounts.value(value));
    let success = metric.role == Role::Success;
    let lift = amounts.change(outcome);
    let lift = if success && lift != "–" { (PEN.strong)(&lift) } else { lift };
    let own =
        if (outcome.alpha - alpha).abs() < 1e-9 { String::new() } else { format!("{} CI ", confidence(outcome.alpha)) };
    let around = amounts.around(outcome).map_or_else(String::new, |around| format!(" ({own}{around})"));
    let Reading { mark, words } = reading(metric, outcome, PEN);
    format!(
        "\n| {} {} | {} | {} | {lift}{around} | {} {words} |",
        sign(metric.role),
        code(&metric.id),
        value(&outcome.control.mean),
        value(&outcome.treatment.mean),
        mark.circle()
    )
}

/// What a metric is for.
fn sign(role: Role) -> &'static str {
    match role {
        Role::Success => "🎯",
        Role::Guardrail => "🛡️",
        Role::Required => "👁️",
    }
}
