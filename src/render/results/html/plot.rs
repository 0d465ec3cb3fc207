//! The forest plot: a row a metric with its interval on one scale, beside the words that say the same.

use super::article::Page;
use super::escape::{PEN, escaped, untagged};
use super::{class, mark};
use crate::render::results::amounts::{Amounts, Change, lift};
use crate::render::results::method::role;
use crate::render::results::scale::{Scale, limit};
use crate::render::results::story::named;
use crate::render::results::verdict::{Reading, known, reading};
use crate::render::results::{amounts, verdict};
use crate::results::{Metric, Outcome, Treatment};

/// How many round values the scale shows.
const TICKS: usize = 6;
/// Half the height of a row.
const MIDDLE: u32 = 14;

/// The plot of a treatment.
pub fn forest(page: &Page<'_>, at: usize, treatment: &Treatment) -> String {
    let results = page.results;
    let scale = Scale::of_lifts(results);
    let variant = (PEN.name)(&treatment.variant);
    let control = results.variants.first().map_or_else(|| "control".to_owned(), |variant| (PEN.name)(&variant.id));
    let rows: String = results
        .metrics
        .iter()
        .zip(&treatment.outcomes)
        .enumerate()
        .map(|(row, (metric, outcome))| line(page, &format!("p{at}-{row}"), metric, outcome, scale))
        .collect();
    let axis = scale.map_or_else(String::new, |scale| {
        format!("<tfoot><tr><th></th><td class=\"plot\">{}</td><td></td></tr></tfoot>\n", axis(scale))
    });
    format!(
        "<table class=\"forest\">\n<caption>Lift of {variant} over {control}</caption>\n<thead><tr><th scope=\"col\">Metric</th>\
         <th scope=\"col\">Lift</th><th scope=\"col\">In words</th></tr></thead>\n<tbody>\n{rows}</tbody>\n{axis}</table>\n"
    )
}

fn line(page: &Page<'_>, part: &str, metric: &Metric, outcome: &Outcome, scale: Option<Scale>) -> String {
    let amounts = Amounts::at(page.results, metric, PEN);
    let Reading { mark: sign, words } = reading(metric, outcome, PEN);
    let both = |figure: String, around: Option<String>| {
        let around = around.map_or_else(String::new, |around| format!(" <span class=\"around\">{around}</span>"));
        format!("<span class=\"lift\">{figure}</span>{around}")
    };
    let figure = match Change::of(outcome) {
        Change::Lift(lift, around) => both(amounts.lift(lift), around.map(|interval| amounts.lifts(interval))),
        Change::Difference(difference, around) => {
            both(amounts.difference(difference), around.map(|interval| amounts.differences(interval)))
        }
        Change::Undefined => String::new(),
    };
    let drawn = scale.map_or_else(String::new, |scale| {
        let limit = verdict::limit(metric).map_or_else(String::new, |limit| format!(", limit {limit}"));
        let title = match figure.is_empty() {
            true => format!("{}: nothing to draw{limit}", escaped(&metric.id)),
            false => format!("{}: lift {}{limit}", escaped(&metric.id), untagged(&figure)),
        };
        svg(&page.id(part), &title, sign_class(sign), metric, outcome, scale)
    });
    format!(
        "<tr data-metric=\"{}\"><th scope=\"row\" class=\"name\">{}<span class=\"role\">{}</span></th><td class=\"plot\">{drawn}</td>\
         <td class=\"says\">{figure}<span class=\"role\">{} {words}</span></td></tr>\n",
        escaped(&metric.id),
        named(metric, PEN),
        role(metric),
        mark(sign)
    )
}

fn sign_class(sign: verdict::Mark) -> &'static str {
    class(sign)
}

/// The interval, its limit and what lies beyond that; places are percents, so that it is as wide as there is room.
fn svg(id: &str, title: &str, class: &str, metric: &Metric, outcome: &Outcome, scale: Scale) -> String {
    let at = |value: f64| format!("{:.3}%", scale.place(value).clamp(0.0, 1.0) * 100.0);
    let height = 2 * MIDDLE;
    let mut marks = String::new();
    if let Some(limit) = limit(metric).filter(|limit| scale.holds(*limit)) {
        let place = scale.place(limit) * 100.0;
        let (from, wide) = if limit > 0.0 { (place, 100.0 - place) } else { (0.0, place) };
        marks.push_str(&format!(
            "<rect class=\"beyond\" x=\"{from:.3}%\" y=\"0\" width=\"{wide:.3}%\" height=\"{height}\"/>\
             <line class=\"limit\" data-value=\"{limit}\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" y2=\"{height}\"/>",
            at(limit)
        ));
    }
    marks.push_str(&format!("<line class=\"nothing\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" y2=\"{height}\"/>", at(0.0)));
    if let (Some(lift), Some(interval)) = (outcome.lift.number(), known(&outcome.lift_interval)) {
        marks.push_str(&format!(
            "<line class=\"range\" data-low=\"{}\" data-high=\"{}\" x1=\"{}\" x2=\"{}\" y1=\"{MIDDLE}\" y2=\"{MIDDLE}\"/>",
            interval.low,
            interval.high,
            at(interval.low),
            at(interval.high)
        ));
        for (end, sign, anchor) in [(interval.low, "‹", "start"), (interval.high, "›", "end")] {
            if !scale.holds(end) {
                marks.push_str(&format!(
                    "<text class=\"more\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{sign}</text>",
                    at(end),
                    MIDDLE - 4
                ));
            }
        }
        if scale.holds(lift) {
            marks.push_str(&format!(
                "<circle class=\"point\" data-value=\"{lift}\" cx=\"{}\" cy=\"{MIDDLE}\" r=\"4.5\"/>",
                at(lift)
            ));
        }
    }
    format!(
        "<svg class=\"{class}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{id}\"><title id=\"{id}\">{title}</title>{marks}</svg>"
    )
}

/// The round values below the rows; what they say stands in words in every row.
fn axis(scale: Scale) -> String {
    let decimals = scale.decimals(TICKS);
    let ticks: String = scale
        .ticks(TICKS)
        .into_iter()
        .map(|tick| {
            let text = if tick == 0.0 { "0".to_owned() } else { lift(tick, decimals) };
            let place = scale.place(tick) * 100.0;
            format!(
                "<line class=\"nothing\" x1=\"{place:.3}%\" x2=\"{place:.3}%\" y1=\"0\" y2=\"4\"/>\
                 <text x=\"{place:.3}%\" y=\"18\" text-anchor=\"middle\" data-value=\"{tick}\">{text}</text>"
            )
        })
        .collect();
    format!("<svg class=\"axis\" height=\"24\" aria-hidden=\"true\">{ticks}</svg>")
}

/// "+3.0 %", or a dash.
pub fn shown(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), show)
}

/// "95 % CI".
pub fn level(alpha: f64) -> String {
    format!("{} CI", amounts::confidence(alpha))
}
