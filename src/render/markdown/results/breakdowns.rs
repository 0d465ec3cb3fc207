//! Effects by the values of dimensions, folded away: nothing is decided by them.

use super::{PEN, folded};
use crate::render::figures::count;
use crate::render::markdown::Section;
use crate::render::markdown::inert::code;
use crate::render::results::amounts::{Amounts, confidence};
use crate::render::results::besides::{NOTE, TITLE, caveat, effects, failed, figures, metrics, says, value};
use crate::results::{Breakdown, Metric, Results};

const HOLDS: (&str, &str) = ("breakdown", "breakdowns");

/// The breakdowns of the primary metric; none where no dimension is declared.
pub fn section(results: &Results) -> Option<Section> {
    if results.breakdowns.is_empty() {
        return None;
    }
    let metric = metrics(results).first().copied();
    let mut parts = Vec::new();
    for breakdown in &results.breakdowns {
        match (failed(breakdown, PEN), metric) {
            (Some(why), _) => parts.push(why),
            (None, Some(metric)) => parts.push(table(results, breakdown, metric)),
            (None, None) => {}
        }
    }
    if let Some(metric) = metric {
        parts.push(format!("<sub>Effects on {}. {NOTE}</sub>", code(&metric.id)));
    }
    Some(folded(HOLDS, TITLE, &format!(" ({})", caveat(results)), &parts.join("\n\n")))
}

fn table(results: &Results, breakdown: &Breakdown, metric: &Metric) -> String {
    let amounts = Amounts::at(results, metric, PEN);
    let several = results.treatments.len() > 1;
    let alpha = results.treatments.iter().flat_map(|own| &own.outcomes).find(|own| own.metric == metric.id);
    let level = confidence(alpha.map_or(results.method.alpha, |outcome| outcome.alpha));
    let (head, line) = if several { (" Variant |", ":--|") } else { ("", "") };
    let mut text =
        format!("| {} |{head} Units | Lift ({level} CI) | |\n|:--|{line}--:|:--|:--|", code(&breakdown.dimension));
    for slice in &breakdown.slices {
        for effect in effects(slice, metric) {
            let (lift, around) = figures(&amounts, effect, PEN);
            let variant = if several { format!(" {} |", code(&effect.variant)) } else { String::new() };
            let (control, treatment) = effect.contrast.units;
            text.push_str(&format!(
                "\n| {} |{variant} {} | {lift} ({around}) | {} |",
                value(slice, PEN),
                count(control.saturating_add(treatment)),
                says(effect)
            ));
        }
    }
    text
}
