//! Many experiments at a glance: a line each, the worst first.

use super::amounts::effect;
use super::forecast::mark;
use super::words::{headline, standing};
use crate::render::columns::{Cell, Columns};
use crate::render::figures::{counted, listed, percent};
use crate::render::text::{Style, Tone, toned};
use crate::render::words::plain;
use crate::report::{Forecast, Powered};

/// The table, and how many there are of each verdict.
#[must_use]
pub fn text(forecasts: &[Forecast], style: Style, width: usize) -> String {
    if forecasts.is_empty() {
        return "there is no experiment that is live, planned, built or thought of\n".to_owned();
    }
    let titles = ["", "experiment", "surface", "needs most", ">declared", ">shown", ">days", ">planned"];
    let row = |forecast: &Forecast| {
        let binding = forecast.binding();
        let none = || "-".to_owned();
        let declared = binding.and_then(|metric| metric.declared);
        let reached = binding.and_then(|metric| metric.reached);
        let days = binding.and_then(|metric| metric.days.map(|days| (days, metric.days_extrapolated)));
        vec![
            mark(forecast.verdict, style),
            Cell::toned(plain(&forecast.id), Tone::Code),
            Cell::from(forecast.surface.as_deref().map_or_else(String::new, |id| plain(id).into_owned())),
            Cell::from(binding.map_or_else(none, |metric| plain(&metric.id).into_owned())),
            Cell::from(declared.map_or_else(none, |share| format!("{}%", percent(share)))),
            Cell::from(reached.map_or_else(none, |share| format!("{}%", effect(share, declared)))),
            Cell::from(days.map_or_else(none, |(days, far)| format!("{}{days}", if far { "~" } else { "" }))),
            Cell::from(forecast.days.map_or_else(none, |days| days.to_string())),
        ]
    };
    let table = Columns { titles: &titles, gives_way: 1, rows: forecasts.iter().map(row).collect() };
    let mut lines = table.lines(0, width, style);
    lines.push(String::new());
    let reasons = forecasts.iter().filter(|forecast| forecast.verdict == Powered::Unknown);
    for forecast in reasons.take(12) {
        lines.push(format!("{}: {}", toned(&plain(&forecast.id), Tone::Code, style), plain(&headline(forecast))));
    }
    lines.push(tally(forecasts));
    lines.join("\n") + "\n"
}

/// "3 experiments: 2 powered and 1 underpowered".
#[must_use]
pub fn tally(forecasts: &[Forecast]) -> String {
    let count = |verdict| forecasts.iter().filter(|forecast| forecast.verdict == verdict).count();
    let parts: Vec<String> = [Powered::Underpowered, Powered::Unknown, Powered::Powered, Powered::Watched]
        .into_iter()
        .map(|verdict| (count(verdict), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{} {}", crate::render::figures::count(count), standing(verdict)))
        .collect();
    format!("{}: {}", counted(forecasts.len(), "experiment", "experiments"), listed(&parts))
}
