//! The sufficient statistics, from which everything else on the page can be computed again.

use super::article::{Page, scroll};
use super::escape::{PEN, escaped};
use crate::render::figures::count;
use crate::results::{ArmTally, Metric, MetricKind, MetricTally};

/// All of them, folded away.
pub fn section(page: &Page<'_>) -> String {
    let results = page.results;
    let tables: String = results
        .tally
        .metrics
        .iter()
        .map(|tally| {
            let metric = results.metrics.iter().find(|metric| metric.id == tally.metric);
            table(page, tally, metric)
        })
        .collect();
    let settled = results.treatments.iter().flat_map(|own| &own.outcomes).any(|outcome| outcome.settled.is_some());
    let settled = if settled {
        " These are of all units up to now; settled figures come from the record of their own look."
    } else {
        ""
    };
    format!(
        "<details>\n<summary>Sufficient statistics</summary>\n<p>Sums are of values less a shift, which is the same in all variants; products \
         are the lower triangle of their cross-products, row by row. Units are those of one variant alone whose window is \
         complete.{settled}</p>\n{tables}</details>\n"
    )
}

fn table(page: &Page<'_>, tally: &MetricTally, metric: Option<&Metric>) -> String {
    let name = (PEN.name)(&tally.metric);
    if let Some(why) = &tally.failed {
        return format!("<p>{name}: {}.</p>\n", (PEN.sentence)(why));
    }
    let variants = &page.results.tally.arms;
    let rows: String = tally
        .arms
        .iter()
        .enumerate()
        .map(|(at, arm)| row(variants.get(at).map_or("?", |arm| &arm.variant), arm))
        .collect();
    let caption = format!("{name}: {}", columns(tally, metric));
    scroll(
        &format!("sufficient statistics of {}", escaped(&tally.metric)),
        &format!(
            "<table class=\"raw\" data-metric=\"{}\">\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">Variant</th><th scope=\"col\" class=\"n\">Units</th>\
             <th scope=\"col\">Shifts</th><th scope=\"col\">Sums</th><th scope=\"col\">Products</th><th scope=\"col\" class=\"n\">Incomplete</th>\
             <th scope=\"col\" class=\"n\">Without rows</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>",
            escaped(&tally.metric)
        ),
    )
}

/// What the columns are.
fn columns(tally: &MetricTally, metric: Option<&Metric>) -> &'static str {
    let ratio = metric.is_some_and(|metric| metric.kind == MetricKind::Ratio);
    let columns = tally.arms.iter().map(|arm| arm.sums.sums.len()).max().unwrap_or(0);
    match (columns, ratio) {
        (0, _) => "no sums",
        (1, _) => "the outcome",
        (2, true) => "numerator and denominator",
        (2, false) => "the outcome, and the same from before exposure",
        _ => "numerator and denominator, and the same from before exposure",
    }
}

fn row(variant: &str, arm: &ArmTally) -> String {
    let list = |values: &[f64]| {
        values.iter().map(|value| format!("<data value=\"{value}\">{value}</data>")).collect::<Vec<_>>().join(", ")
    };
    let sums = &arm.sums;
    let between = |value: f64, lower: f64, upper: f64| {
        format!("{}, between {} and {}", list(&[value]), list(&[lower]), list(&[upper]))
    };
    let more = match (&arm.events, &arm.quantile) {
        (Some(of), _) => {
            let between = between(of.value, of.lower, of.upper);
            format!("<span class=\"role\">{} events: {between}</span>", count(of.events))
        }
        (None, Some(of)) => format!("<span class=\"role\">{}</span>", between(of.value, of.lower, of.upper)),
        (None, None) => String::new(),
    };
    format!(
        "<tr><th scope=\"row\">{}{more}</th><td class=\"n\"><data value=\"{}\">{}</data></td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td></tr>\n",
        (PEN.name)(variant),
        sums.n,
        count(sums.n),
        list(&sums.shifts),
        list(&sums.sums),
        list(&sums.products),
        count(arm.incomplete),
        count(arm.without_rows)
    )
}
