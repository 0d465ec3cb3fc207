//! What a change can find: in its first line, in its table, and folded away below it.

use super::forecast::{effects, metrics};
use super::spaced;
use crate::render::figures::{counted, share};
use crate::render::markdown::inert::{code, sentence};
use crate::render::power::{level, otherwise, reasons, shown, sources, there};
use crate::report::{Forecast, Powered, Reached, Row};

/// "28 days detect an effect of **1.24 %** on `minutes-listened`"; none where it cannot be told.
pub fn title(forecast: &Forecast) -> Option<String> {
    let (metric, days, reached) = shown(forecast)?;
    let s = if days == 1 { "s" } else { "" };
    let what = match metric.role.as_str() {
        "success" => format!("detect{s} an effect of"),
        _ => format!("rule{s} out a loss of"),
    };
    let days = counted(days as usize, "day", "days");
    Some(format!("{days} {what} **{reached}\u{a0}%** on {}", code(&metric.id)))
}

/// The row of the table: "1.24 % on `minutes-listened` (MDE 2.5 %), 80 % power, 5 % two-sided".
pub fn row(forecast: &Forecast) -> String {
    let Some((metric, _, reached)) = shown(forecast) else {
        let reasons: Vec<String> = reasons(forecast).iter().map(|reason| spaced(&sentence(reason))).collect();
        return match reasons.as_slice() {
            [] => "Cannot be told".to_owned(),
            reasons => format!("Cannot be told: {}", reasons.join("; ")),
        };
    };
    let what = if metric.role == "success" { "MDE" } else { "margin" };
    let declared = metric.declared.map_or_else(String::new, |declared| format!(" ({what} {})", share(declared)));
    let decision = &forecast.decision;
    let rate = |rate: f64| format!("{}\u{a0}%", level(rate, 3));
    format!(
        "{reached}\u{a0}% on {}{declared}, {} power, {} two-sided over all metrics",
        code(&metric.id),
        rate(decision.power),
        rate(decision.alpha)
    )
}

/// What it finds if it runs for other weeks, and each of its metrics.
pub fn folded(forecast: &Forecast) -> String {
    let others: Vec<String> = otherwise(forecast).iter().map(|words| spaced(&sentence(words))).collect();
    let summary = match (forecast.verdict, others.first(), others.last()) {
        (Powered::Powered | Powered::Underpowered, Some(first), Some(last)) if others.len() > 1 => {
            format!("<b>How long should it run?</b> {first}, {last}")
        }
        _ => "<b>What it can find</b>".to_owned(),
    };
    let mut text = String::new();
    if let Some(table) = forecast.table.as_ref().filter(|table| !table.rows.is_empty()) {
        text.push_str(&format!(
            "| Days | Complete units | Shown on {} | All shown? |\n|--:|--:|--:|:-:|\n",
            code(&table.metric)
        ));
        for (row, point) in table.rows.iter().zip(&forecast.curve) {
            text.push_str(&weeks(forecast, row, point));
        }
        text.push('\n');
    }
    text.push_str(&metrics(forecast).text);
    let mut notes: Vec<String> = sources(forecast).iter().map(|words| sentence(words)).collect();
    if forecast.curve.iter().any(|point| point.extrapolated) {
        notes.push("≈ beyond the measured days".to_owned());
    }
    if !notes.is_empty() {
        text.push_str(&format!("\n\nFrom {}; units that return are counted once.", notes.join("; ")));
    }
    format!("<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>")
}

/// A number of days; those that are planned stand out.
fn weeks(forecast: &Forecast, row: &Row, point: &Reached) -> String {
    let planned = forecast.days == Some(row.days);
    let strong = |text: String| if planned && !text.is_empty() { format!("**{text}**") } else { text };
    let beyond = if point.extrapolated { "≈\u{a0}" } else { "" };
    let all = row.cells.first().map_or("", |cell| if cell.verdict == Powered::Powered { "yes" } else { "no" });
    format!(
        "| {} | {} | {} | {} |\n",
        strong(row.days.to_string()),
        strong(format!("{beyond}{}", there(point.units))),
        strong(effects(point.reached, None)),
        strong(all.to_owned())
    )
}
