//! The lift by day with its interval: a chart a treatment, all on one scale, and the same as a table.

use super::article::{Page, scroll};
use super::escape::{PEN, escaped, untagged};
use crate::render::figures::count;
use crate::render::results::amounts::{Amounts, lift};
use crate::render::results::scale::{Scale, drawn};
use crate::render::results::verdict::pair;
use crate::render::results::{method, story};
use crate::results::{DayEstimate, Interval, Metric, Outcome, Treatment};

const HEIGHT: f64 = 190.0;
const TICKS: usize = 4;

type Day<'a> = (&'a DayEstimate, f64, Option<Interval>);

/// The charts of the primary metric; nothing where fewer than two days were estimated.
pub fn section(page: &Page<'_>) -> String {
    let results = page.results;
    let Some(primary) = results.primary() else { return String::new() };
    let pairs: Vec<(&Treatment, &Outcome)> = results
        .treatments
        .iter()
        .filter_map(|treatment| Some((treatment, pair(results, treatment, &primary.id)?.1)))
        .filter(|(_, outcome)| drawn(outcome).len() > 1)
        .collect();
    let Some(scale) = Scale::of_days(pairs.iter().map(|(_, outcome)| *outcome)) else { return String::new() };
    let charts: String = pairs
        .iter()
        .enumerate()
        .map(|(at, (treatment, outcome))| chart(page, at, primary, treatment, outcome, scale))
        .collect();
    let one = if pairs.len() == 1 { " one" } else { "" };
    let note = format!(
        "<p class=\"aside\">The line is the estimate from all units up to a day, the band its interval. {}</p>\n",
        method::daily(&results.method)
    );
    let title = format!("{}, day by day", story::named(primary, PEN));
    page.section("days", &title, &format!("<div class=\"charts{one}\">\n{charts}</div>\n{note}"))
}

fn chart(
    page: &Page<'_>,
    at: usize,
    metric: &Metric,
    treatment: &Treatment,
    outcome: &Outcome,
    scale: Scale,
) -> String {
    let days = drawn(outcome);
    let amounts = Amounts::at(page.results, metric, PEN);
    let id = page.id(&format!("d{at}"));
    let last = days.last().map_or_else(String::new, |(day, lift, interval)| {
        let around = interval.map_or_else(String::new, |interval| format!(", {}", untagged(&amounts.lifts(interval))));
        format!("; day {}: {}{around}", day.day, untagged(&amounts.lift(*lift)))
    });
    let title = format!("Lift in {} by day, {}{last}", escaped(&metric.id), escaped(&treatment.variant));
    let heading = page.heading(2, &format!("Lift with {}", (PEN.name)(&treatment.variant)));
    let rows: String = days.iter().map(|day| row(day, &amounts)).collect();
    format!(
        "<figure>\n{heading}{}\n<figcaption><details><summary>The same as a table</summary>\n{}</details></figcaption>\n</figure>\n",
        svg(&id, &title, &days, scale),
        scroll(
            "lift by day",
            &format!(
                "<table class=\"days\">\n<thead><tr><th scope=\"col\" class=\"n\">Day</th><th scope=\"col\" class=\"n\">{}</th><th scope=\"col\" class=\"n\">Lift</th>\
             <th scope=\"col\">Interval</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>",
                crate::render::results::pen::capital(&story::units(page.results))
            )
        )
    )
}

fn row((day, lift, interval): &Day<'_>, amounts: &Amounts) -> String {
    let around = match (interval, day.lift_interval.why()) {
        (Some(interval), _) => amounts.lifts(*interval),
        (None, Some(why)) => (PEN.sentence)(why),
        (None, None) => "–".to_owned(),
    };
    format!(
        "<tr data-day=\"{}\"><th scope=\"row\" class=\"n\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{around}</td></tr>\n",
        day.day,
        day.day,
        count(day.units),
        amounts.lift(*lift)
    )
}

/// The chart: grid and labels at places in percent, curves in a frame of their own that stretches with them.
fn svg(id: &str, title: &str, days: &[Day<'_>], scale: Scale) -> String {
    let (first, last) = (days.first().map_or(0, |day| day.0.day), days.last().map_or(1, |day| day.0.day));
    let along = |day: u32| f64::from(day.saturating_sub(first)) / f64::from(last.saturating_sub(first).max(1)) * 100.0;
    let down = |value: f64| (1.0 - scale.place(value).clamp(-1.0, 2.0)) * 100.0;
    let decimals = scale.decimals(TICKS);
    let rows: String = scale
        .ticks(TICKS)
        .into_iter()
        .map(|tick| {
            let y = down(tick) / 100.0 * HEIGHT;
            let text = if tick == 0.0 { "0".to_owned() } else { lift(tick, decimals) };
            let class = if tick == 0.0 { "nothing" } else { "grid" };
            format!(
                "<line class=\"{class}\" x1=\"52\" x2=\"100%\" y1=\"{y:.2}\" y2=\"{y:.2}\"/>\
                 <text x=\"44\" y=\"{:.2}\" text-anchor=\"end\">{text}</text>",
                y + 4.0
            )
        })
        .collect();
    // One label for about every six days of a month, always with the last.
    let step = (last.saturating_sub(first)).div_ceil(6).max(1);
    let labels: String = (0..=6)
        .map_while(|number| last.checked_sub(number * step).filter(|day| *day >= first))
        .map(|day| {
            let text = if day == last { format!("day {day}") } else { day.to_string() };
            let anchor = if day == last { "end" } else { "middle" };
            format!("<svg x=\"52\" width=\"calc(100% - 52px)\" class=\"inner\"><text x=\"{:.3}%\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text></svg>", along(day), HEIGHT + 18.0)
        })
        .collect();
    let point = |day: u32, value: f64| format!("{:.3},{:.3}", along(day), down(value));
    let line: Vec<String> = days.iter().map(|(day, lift, _)| point(day.day, *lift)).collect();
    let known: Vec<(u32, Interval)> =
        days.iter().filter_map(|(day, _, interval)| Some((day.day, (*interval)?))).collect();
    let high: Vec<String> = known.iter().map(|(day, interval)| point(*day, interval.high)).collect();
    let low: Vec<String> = known.iter().map(|(day, interval)| point(*day, interval.low)).collect();
    let around: Vec<String> = high.iter().chain(low.iter().rev()).cloned().collect();
    format!(
        "<svg class=\"chart\" height=\"{}\" role=\"img\" aria-labelledby=\"{id}\"><title id=\"{id}\">{title}</title>{rows}{labels}\
         <svg class=\"frame\" x=\"52\" width=\"calc(100% - 52px)\" height=\"{HEIGHT}\" viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\">\
         <polygon class=\"band\" points=\"{}\"/><polyline class=\"edge\" points=\"{}\"/><polyline class=\"edge\" points=\"{}\"/>\
         <polyline class=\"line\" points=\"{}\"/></svg></svg>",
        HEIGHT + 24.0,
        around.join(" "),
        high.join(" "),
        low.join(" "),
        line.join(" ")
    )
}
