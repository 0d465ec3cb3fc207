//! Effects by the values of dimensions on the page, folded away: nothing is decided by them.

use super::article::{Page, scroll};
use super::escape::{PEN, escaped};
use crate::render::figures::count;
use crate::render::results::amounts::{Amounts, p_digits};
use crate::render::results::besides::{NOTE, TITLE, caveat, effects, failed, figures, metrics, says, value};
use crate::results::{Breakdown, Effect, Metric, Slice};

/// The breakdowns, a table for each dimension and metric; nothing where no dimension is declared.
pub fn section(page: &Page<'_>) -> String {
    let results = page.results;
    if results.breakdowns.is_empty() {
        return String::new();
    }
    let mut body = format!("<p>{NOTE}</p>\n");
    for breakdown in &results.breakdowns {
        match failed(breakdown, PEN) {
            Some(why) => body.push_str(&format!("<p class=\"aside\">{why}</p>\n")),
            None => metrics(results).into_iter().for_each(|metric| body.push_str(&table(page, breakdown, metric))),
        }
    }
    format!("<details>\n<summary>{TITLE} ({})</summary>\n{body}</details>\n", caveat(results))
}

fn table(page: &Page<'_>, breakdown: &Breakdown, metric: &Metric) -> String {
    let rows: String = breakdown
        .slices
        .iter()
        .flat_map(|slice| effects(slice, metric).map(move |effect| row(page, metric, slice, effect)))
        .collect();
    let (dimension, name) = ((PEN.name)(&breakdown.dimension), (PEN.name)(&metric.id));
    let label = format!("{} by {}", escaped(&metric.id), escaped(&breakdown.dimension));
    scroll(
        &label,
        &format!(
            "<table class=\"breakdown\" data-dimension=\"{}\" data-metric=\"{}\">\n<caption>{name} by {dimension}</caption>\n\
             <thead><tr><th scope=\"col\">Value</th><th scope=\"col\">Variant</th><th scope=\"col\" class=\"n\">Units</th>\
             <th scope=\"col\" class=\"n\">Lift</th><th scope=\"col\" class=\"n\">Interval</th>\
             <th scope=\"col\" class=\"n\">p, corrected</th><th scope=\"col\">Note</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>",
            escaped(&breakdown.dimension),
            escaped(&metric.id)
        ),
    )
}

fn row(page: &Page<'_>, metric: &Metric, slice: &Slice, effect: &Effect) -> String {
    let amounts = Amounts::at(page.results, metric, PEN);
    let (lift, around) = figures(&amounts, effect, PEN);
    let (control, treatment) = effect.contrast.units;
    let units = control.saturating_add(treatment);
    let p = effect.adjusted.number().map_or_else(|| "–".to_owned(), |p| (PEN.number)(&p_digits(p), p));
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\"><data value=\"{units}\">{}</data></td><td class=\"n\">{lift}</td>\
         <td class=\"n\">{around}</td><td class=\"n\">{p}</td><td>{}</td></tr>\n",
        value(slice, PEN),
        (PEN.name)(&effect.variant),
        count(units),
        says(effect)
    )
}
