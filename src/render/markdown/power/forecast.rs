//! One experiment's forecast as sections: its metrics, the ways out, a chart, and the rest folded away.

use super::{chart, sign, spaced};
use crate::render::figures::{percent, share};
use crate::render::markdown::Section;
use crate::render::markdown::details::{Block, collapsed};
use crate::render::markdown::inert::{code, html_code, sentence, words};
use crate::render::power::{
    audience, decided, effect, left_open, level, needed, number, reasons, role, runs, smallest, sources, supposed,
    there,
};
use crate::report::{Forecast, MetricForecast, Powered, Share, Table, WhatIf};

/// What is said of an experiment, the most important first.
pub fn sections(forecast: &Forecast, what_if: Option<&WhatIf>) -> Vec<Section> {
    let mut sections = vec![facts(forecast, what_if)];
    if !forecast.metrics.is_empty() {
        sections.push(metrics(forecast));
    }
    if !forecast.ways.is_empty() {
        let items: Vec<String> = forecast
            .ways
            .iter()
            .map(|way| {
                let sign = match way.open {
                    Some(true) => "✅",
                    Some(false) => "❌",
                    None => "❔",
                };
                format!("- {sign} {}", spaced(&sentence(&way.words)))
            })
            .collect();
        let text = format!("**Ways out**\n\n{}", items.join("\n"));
        sections.push(Section { holds: ("list of ways out", "lists of ways out"), text });
    }
    sections.extend(chart::of(forecast));
    sections.extend(forecast.table.iter().flat_map(days_by_traffic));
    sections.extend(tests(forecast));
    sections
}

/// Many experiments, a row each.
pub fn overview(forecasts: &[Forecast]) -> Vec<Section> {
    let head = "| | Experiment | Surface | Needs most | Declared | Shown | Days | Planned |\n|:-:|:--|:--|:--|--:|--:|--:|--:|\n";
    let row = |forecast: &Forecast| {
        let binding = forecast.binding();
        let declared = binding.and_then(|metric| metric.declared);
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            sign(forecast.verdict),
            code(&forecast.id),
            forecast.surface.as_deref().map(code).unwrap_or_default(),
            binding.map(|metric| code(&metric.id)).unwrap_or_default(),
            declared.map(share).unwrap_or_default(),
            binding
                .and_then(|metric| metric.reached)
                .map(|reached| effects(Some(reached), declared))
                .unwrap_or_default(),
            binding.map(days).unwrap_or_default(),
            forecast.days.map(|days| days.to_string()).unwrap_or_default()
        )
    };
    let rows: Vec<String> = forecasts.iter().map(row).collect();
    let parts = crate::render::markdown::details::packed(&rows, 12_000);
    let holds = ("table of experiments", "tables of experiments");
    parts.into_iter().map(|rows| Section { holds, text: format!("{head}{}", rows.join("\n")) }).collect()
}

fn facts(forecast: &Forecast, what_if: Option<&WhatIf>) -> Section {
    let rows = [
        ("What if", what_if.and_then(supposed)),
        ("Runs", Some(runs(forecast))),
        ("Left open", left_open(forecast)),
        ("Units", audience(forecast)),
        ("Decides", Some(decided(&forecast.decision))),
    ];
    let mut text = "| | Plan |\n|:--|:--|".to_owned();
    for (title, said) in rows {
        if let Some(said) = said {
            text.push_str(&format!("\n| **{title}** | {} |", spaced(&sentence(&said))));
        }
    }
    Section { holds: ("plan", "plans"), text }
}

/// "2.5 %", on the side of what is declared that it is on.
pub fn effects(reached: Option<Share>, declared: Option<Share>) -> String {
    reached.map_or_else(String::new, |reached| format!("{}\u{a0}%", effect(reached, declared)))
}

fn days(metric: &MetricForecast) -> String {
    let beyond = if metric.days_extrapolated { "≈\u{a0}" } else { "" };
    metric.days.map_or_else(String::new, |days| format!("{beyond}{days}"))
}

/// The table of its metrics, with what its signs mean.
pub fn metrics(forecast: &Forecast) -> Section {
    let by = forecast.days.map_or_else(|| "Units there".to_owned(), |days| format!("By day {days}"));
    let mut text = format!(
        "| | Metric | Role | Declared | Shown | Days | Units needed | {by} |\n|:-:|:--|:--|--:|--:|--:|--:|--:|"
    );
    for metric in &forecast.metrics {
        let binds = forecast.binding.as_ref() == Some(&metric.id);
        let name = if binds { format!("**{}**", code(&metric.id)) } else { code(&metric.id) };
        let shown = effects(metric.reached, metric.declared);
        let shown = if metric.verdict == Powered::Underpowered { format!("**{shown}**") } else { shown };
        let beyond = if metric.complete_extrapolated { "≈\u{a0}" } else { "" };
        text.push_str(&format!(
            "\n| {} | {name} | {} | {} | {shown} | {} | {} | {} |",
            if metric.verdict == Powered::Watched { "" } else { sign(metric.verdict) },
            words(&role(metric)),
            metric.declared.map(share).unwrap_or_default(),
            days(metric),
            metric.needed.map_or_else(String::new, |units| needed(units.all)),
            metric.complete.map_or_else(String::new, |units| format!("{beyond}{}", there(units.all)))
        ));
    }
    let mut notes: Vec<String> = Vec::new();
    let any = |which: &dyn Fn(&MetricForecast) -> bool| forecast.metrics.iter().any(which);
    if any(&|metric| metric.required) {
        notes.push("&#42; required by the surface".to_owned());
    }
    if any(&|metric| metric.days_extrapolated || metric.complete_extrapolated) {
        notes.push("≈ beyond the last measured day of reach: extrapolated".to_owned());
    }
    if any(&|metric| metric.role == "watched" && metric.reached.is_some()) {
        notes.push("a watched metric has no margin; it shows a deterioration of that size".to_owned());
    }
    notes.extend(reasons(forecast).iter().map(|reason| spaced(&sentence(reason))));
    if !notes.is_empty() {
        text.push_str(&format!("\n\n<sub>{}</sub>", notes.join(" · ")));
    }
    Section { holds: ("table of metrics", "tables of metrics"), text }
}

fn days_by_traffic(table: &Table) -> Vec<Section> {
    let shares: Vec<String> = table.traffic.iter().map(|&traffic| share(traffic)).collect();
    let head = format!("| Days | {} |\n|--:|{}\n", shares.join(" | "), "--:|".repeat(shares.len()));
    let row = |row: &crate::report::Row| {
        let cells = row.cells.iter().map(|cell| {
            let beyond = if cell.extrapolated && cell.reached.is_some() { "≈\u{a0}" } else { "" };
            let shown = format!("{beyond}{}", effects(cell.reached, None));
            if cell.verdict == Powered::Powered && !shown.is_empty() { format!("**{shown}** ✅") } else { shown }
        });
        format!("| {} | {} |", row.days, cells.collect::<Vec<_>>().join(" | "))
    };
    let rows: Vec<String> = table.rows.iter().map(row).collect();
    collapsed(&Block {
        summary: &format!("<b>Days and traffic</b>: the smallest that {} shows", html_code(&table.metric)),
        holds: ("table of days and traffic", "tables of days and traffic"),
        before: &head,
        items: &rows,
        after: "\n\n✅ where every metric has enough; ≈ where reach is extrapolated.",
    })
}

fn tests(forecast: &Forecast) -> Vec<Section> {
    let rate = |rate: Option<f64>| rate.map_or_else(String::new, |rate| format!("{}\u{a0}%", level(rate, 3)));
    let row = |metric: &MetricForecast| {
        let base = metric.baseline.as_ref();
        let moment = |part: Option<f64>| part.map_or_else(String::new, number);
        format!(
            "| {} | {} | {} | {} | {} | {} | {} d | {} | {} | {} |",
            code(&metric.id),
            rate(metric.alpha),
            rate(metric.power),
            rate(metric.power_reached),
            metric.looks.map_or_else(String::new, |looks| looks.to_string()),
            metric.inflation.map_or_else(String::new, |times| format!("× {times:.3}")),
            metric.window,
            moment(base.map(|base| base.mean)),
            moment(base.map(|base| base.standard_deviation)),
            moment(base.and_then(|base| base.correlation)),
        )
    };
    let rows: Vec<String> = forecast.metrics.iter().map(row).collect();
    let from: Vec<String> = sources(forecast).iter().map(|words| sentence(words)).collect();
    let after = if from.is_empty() { String::new() } else { format!("\n\nBaselines: {}.", from.join("; ")) };
    collapsed(&Block {
        summary: "<b>What it is tested at</b>, and the baselines behind it",
        holds: ("table of tests", "tables of tests"),
        before: "| Metric | α | Power | Reached | Looks | Inflation | Window | Mean | SD | Correlation |\n|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        items: &rows,
        after: &after,
    })
}

/// What a chart is of.
pub fn subject(forecast: &Forecast) -> Option<(&MetricForecast, &'static str)> {
    forecast.binding().map(|binding| (binding, smallest(binding)))
}

/// A percent for an axis.
pub fn plain(value: Share) -> String {
    percent(value).replace('−', "-")
}
