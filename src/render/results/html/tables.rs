//! The tables of the page: trust, the split of units, and every metric in its own units.

use super::article::{Page, scroll};
use super::escape::{PEN, escaped};
use super::mark;
use super::plot::{level, shown};
use crate::render::figures::count;
use crate::render::results::amounts::{Amounts, number, p_digits, percent};
use crate::render::results::method::digits;
use crate::render::results::pen::{capital, sentence};
use crate::render::results::trust::lines;
use crate::render::results::verdict::{known, reading};
use crate::render::results::{settled, story};
use crate::results::{CheckName, Figure, Metric, Outcome, Treatment};

/// Whether the data can be trusted, and how the units were split.
pub fn trust(page: &Page<'_>) -> String {
    let rows: String = lines(page.results, PEN)
        .into_iter()
        .map(|line| {
            let help =
                line.help.map_or_else(String::new, |help| format!("<span class=\"role\">{}</span>", sentence(&help)));
            format!(
                "<tr><th scope=\"row\">{}</th><td>{} {}{help}</td></tr>\n",
                line.title,
                mark(line.mark),
                capital(&line.found)
            )
        })
        .collect();
    let head = "<thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Found</th></tr></thead>";
    let table = format!("<table class=\"trust\">\n{head}\n<tbody>\n{rows}</tbody>\n</table>\n");
    page.section("trust", "Can the data be trusted?", &format!("{table}{}", split(page)))
}

/// Units by variant, against what was planned.
fn split(page: &Page<'_>) -> String {
    let results = page.results;
    let ratio = results.health.iter().find(|check| check.name == CheckName::SampleRatio);
    let weights: f64 = results.variants.iter().map(|variant| variant.weight as f64).sum();
    let all: f64 = results.variants.iter().map(|variant| variant.exposed as f64).sum();
    let share = |part: f64, of: f64| if of > 0.0 { number(part / of * 100.0, 2) + "\u{a0}%" } else { "–".to_owned() };
    let rows: String = results
        .variants
        .iter()
        .map(|variant| {
            let part = ratio.and_then(|check| check.parts.iter().find(|part| part.variant.as_ref() == Some(&variant.id)));
            let expected = shown(part.and_then(|part| part.expected), |expected| number(expected, 1));
            format!(
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{expected}</td>\
                 <td class=\"n\"><data value=\"{}\">{}</data></td><td class=\"n\">{}</td></tr>\n",
                (PEN.name)(&variant.id),
                share(variant.weight as f64, weights),
                share(variant.exposed as f64, all),
                variant.exposed,
                count(variant.exposed),
                count(variant.mixed)
            )
        })
        .collect();
    let table = format!(
        "<table class=\"split\">\n<caption>{} by variant</caption>\n<thead><tr><th scope=\"col\">Variant</th><th scope=\"col\" class=\"n\">Planned</th>\
         <th scope=\"col\" class=\"n\">Seen</th><th scope=\"col\" class=\"n\">Expected</th><th scope=\"col\" class=\"n\">Exposed</th>\
         <th scope=\"col\" class=\"n\">In two variants</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>",
        capital(&story::units(results))
    );
    scroll("units by variant", &table)
}

/// Every metric in its own units, a table a treatment.
pub fn metrics(page: &Page<'_>) -> String {
    let tables: String = page.results.treatments.iter().map(|treatment| table(page, treatment)).collect();
    page.section("metrics", "In the metrics’ own units", &tables)
}

fn table(page: &Page<'_>, treatment: &Treatment) -> String {
    let results = page.results;
    let (variant, control) = (
        (PEN.name)(&treatment.variant),
        results.variants.first().map_or_else(|| "control".to_owned(), |variant| (PEN.name)(&variant.id)),
    );
    let rows: String =
        results.metrics.iter().zip(&treatment.outcomes).map(|(metric, outcome)| row(page, metric, outcome)).collect();
    let label = format!("figures of {}", escaped(&treatment.variant));
    scroll(
        &label,
        &format!(
            "<table class=\"figures\" data-variant=\"{}\">\n<caption>{variant} against {control}</caption>\n<thead><tr><th scope=\"col\">Metric</th>\
             <th scope=\"col\" class=\"n\">{control}</th><th scope=\"col\" class=\"n\">{variant}</th><th scope=\"col\" class=\"n\">Difference</th>\
             <th scope=\"col\" class=\"n\">Lift</th><th scope=\"col\" class=\"n\">p</th><th scope=\"col\">Verdict</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>",
            escaped(&treatment.variant)
        ),
    )
}

fn row(page: &Page<'_>, metric: &Metric, outcome: &Outcome) -> String {
    let amounts = Amounts::at(page.results, metric, PEN);
    let value = |figure: &Figure| shown(figure.number(), |value| amounts.value(value));
    let of = |name: &str, text: String| format!("<span data-of=\"{name}\">{text}</span>");
    let below = |name: &str, text: Option<String>| {
        text.map_or_else(String::new, |text| format!("<span class=\"role\" data-of=\"{name}\">{text}</span>"))
    };
    let margin = metric.margin.map(|margin| format!("margin {}", (PEN.number)(&percent(margin), margin)));
    let said = reading(metric, outcome, PEN);
    let since = settled::since(page.results, metric, outcome, PEN);
    let p = |p: f64| (PEN.number)(&p_digits(p), p);
    let against = outcome.level.number().map(|level| format!("against {}", (PEN.number)(&digits(level), level)));
    let cells = [
        of("control", value(&outcome.control.mean)),
        of("treatment", value(&outcome.treatment.mean)),
        of("difference", shown(outcome.difference.number(), |value| amounts.difference(value)))
            + &below("interval", known(&outcome.interval).map(|interval| amounts.differences(interval))),
        of("lift", shown(outcome.lift.number(), |value| amounts.lift(value)))
            + &below("lift-interval", known(&outcome.lift_interval).map(|interval| amounts.lifts(interval)))
            + &below("since", since.map(|since| format!("up to now {since}"))),
        of("p", shown(outcome.p.number(), p)) + &below("level", against),
    ];
    let cells: String = cells.iter().map(|text| format!("<td class=\"n\">{text}</td>")).collect();
    let level = below("alpha", known(&outcome.interval).map(|_| level(outcome.alpha)));
    let margin = below("margin", margin);
    format!(
        "<tr data-metric=\"{}\"><th scope=\"row\">{}{margin}</th>{cells}<td class=\"says\">{} {}{level}</td></tr>\n",
        escaped(&metric.id),
        (PEN.name)(&metric.id),
        mark(said.mark),
        said.words
    )
}
