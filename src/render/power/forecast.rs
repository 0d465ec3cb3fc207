//! One experiment's forecast as text for a terminal: the verdict, its metrics, a plot, days by traffic, and the ways out.

use super::amounts::{effect, level, needed, number, there};
use super::plot::{self, Plot};
use super::words::{
    audience, decided, headline, left_open, reasons, role, runs, smallest, sources, standing, supposed,
};
use crate::render::columns::{Cell, Columns};
use crate::render::figures::percent;
use crate::render::text::{Style, Tone, toned};
use crate::render::words::{plain, wrapped};
use crate::report::{Forecast, MetricForecast, Powered, Row, Share, Table, WhatIf};

/// Where the words of an indented line begin.
const INDENT: usize = 13;

/// A forecast as a block of lines.
#[must_use]
pub fn text(forecast: &Forecast, what_if: Option<&WhatIf>, style: Style, width: usize) -> String {
    let verdict = toned(standing(forecast.verdict), tone(forecast.verdict).unwrap_or(Tone::Strong), style);
    let mut lines = vec![format!("{}  {verdict}", toned(&plain(&forecast.id), Tone::Code, style))];
    let mut line = |title: &str, words: String| lines.extend(titled(title, &words, style, width));
    line("because", headline(forecast));
    if let Some(words) = what_if.and_then(supposed) {
        line("what if", words);
    }
    line("runs", runs(forecast));
    if let Some(words) = left_open(forecast) {
        line("left open", words);
    }
    if let Some(words) = audience(forecast) {
        line("units", words);
    }
    line("decides", decided(&forecast.decision));
    for (at, way) in forecast.ways.iter().enumerate() {
        line(if at == 0 { "ways out" } else { "" }, way.words.clone());
    }
    if !forecast.metrics.is_empty() {
        lines.push(String::new());
        lines.extend(metrics(forecast, style, width));
        lines.push(String::new());
        lines.extend(tests(forecast, style, width));
    }
    lines.extend(curve(forecast, style, width));
    lines.extend(forecast.table.iter().flat_map(|table| days_by_traffic(table, style, width)));
    lines.join("\n") + "\n"
}

/// A verdict as one character, in the tone of it.
pub fn mark(verdict: Powered, style: Style) -> Cell {
    let text = match (verdict, style) {
        (Powered::Powered, Style::Rich) => "✓",
        (Powered::Powered, Style::Plain) => "+",
        (Powered::Underpowered, Style::Rich) => "✗",
        (Powered::Underpowered, Style::Plain) => "!",
        (Powered::Unknown, _) => "?",
        (Powered::Watched, _) => "",
    };
    Cell { text: text.to_owned(), tone: tone(verdict) }
}

fn tone(verdict: Powered) -> Option<Tone> {
    match verdict {
        Powered::Powered => Some(Tone::Good),
        Powered::Underpowered => Some(Tone::Bad),
        Powered::Unknown => Some(Tone::Strong),
        Powered::Watched => None,
    }
}

/// A line with its title, broken at spaces; the words may be users' own.
pub fn titled(title: &str, words: &str, style: Style, width: usize) -> Vec<String> {
    let broken = wrapped(&plain(words), width.saturating_sub(INDENT).max(20));
    let line = |(at, line): (usize, &str)| {
        let title = if at == 0 { title } else { "" };
        let room = " ".repeat(INDENT.saturating_sub(2 + title.len()));
        let title = if title.is_empty() { String::new() } else { toned(title, Tone::Faint, style) };
        format!("  {title}{room}{line}")
    };
    broken.lines().enumerate().map(line).collect()
}

/// An aside below a table, broken at spaces.
pub fn aside(words: &str, indent: usize, style: Style, width: usize) -> Vec<String> {
    let broken = wrapped(&plain(words), width.saturating_sub(indent).max(20));
    broken.lines().map(|line| format!("{}{}", " ".repeat(indent), toned(line, Tone::Faint, style))).collect()
}

fn none() -> String {
    "-".to_owned()
}

fn percents(share: Option<Share>, against: Option<Share>) -> String {
    share.map_or_else(none, |share| format!("{}%", effect(share, against)))
}

/// What each metric is to show, and what it does.
fn metrics(forecast: &Forecast, style: Style, width: usize) -> Vec<String> {
    let by = forecast.days.map_or_else(|| ">has".to_owned(), |days| format!(">by day {days}"));
    let titles = ["", "metric", "role", ">declared", ">shown", ">days", ">needs", &by];
    let row = |metric: &MetricForecast| {
        let tone = tone(metric.verdict);
        let beyond = |extrapolated: bool| if extrapolated { "~" } else { "" };
        let complete =
            |units: &crate::report::Units| format!("{}{}", beyond(metric.complete_extrapolated), there(units.all));
        vec![
            mark(metric.verdict, style),
            Cell::from(plain(&metric.id)),
            Cell::from(role(metric)),
            Cell::from(percents(metric.declared, None)),
            Cell { text: percents(metric.reached, metric.declared), tone },
            Cell::from(metric.days.map_or_else(none, |days| format!("{}{days}", beyond(metric.days_extrapolated)))),
            Cell::from(metric.needed.map_or_else(none, |units| needed(units.all))),
            Cell::from(metric.complete.as_ref().map_or_else(none, complete)),
        ]
    };
    let table = Columns { titles: &titles, gives_way: 1, rows: forecast.metrics.iter().map(row).collect() };
    let mut lines = table.lines(2, width, style);
    let units = forecast.days.map_or_else(|| "has".to_owned(), |days| format!("by day {days}"));
    lines.extend(aside(&format!("`needs` and `{units}` count complete units, over all variants"), 2, style, width));
    let any = |which: &dyn Fn(&MetricForecast) -> bool| forecast.metrics.iter().any(which);
    if any(&|metric| metric.required) {
        lines.extend(aside("* required by the surface", 2, style, width));
    }
    if any(&|metric| metric.days_extrapolated || metric.complete_extrapolated) {
        lines.extend(aside("~ beyond the last measured day of reach: extrapolated", 2, style, width));
    }
    if any(&|metric| metric.role == "watched" && metric.reached.is_some()) {
        lines.extend(aside("a watched metric has no margin; it shows a deterioration of that size", 2, style, width));
    }
    for words in reasons(forecast) {
        lines.extend(wrapped(&plain(&words), width.saturating_sub(2).max(20)).lines().map(|line| format!("  {line}")));
    }
    lines
}

/// What each metric is tested at, and what that rests on.
fn tests(forecast: &Forecast, style: Style, width: usize) -> Vec<String> {
    let titles = ["tested", ">alpha", ">power", ">has", ">looks", ">infl.", ">window", ">mean", ">sd", ">corr."];
    let rate = |rate: Option<f64>| rate.map_or_else(none, |rate| format!("{}%", level(rate, 3)));
    let row = |metric: &MetricForecast| {
        let base = metric.baseline.as_ref();
        let moment = |part: Option<f64>| part.map_or_else(none, number);
        vec![
            Cell::from(plain(&metric.id)),
            Cell::from(rate(metric.alpha)),
            Cell::from(rate(metric.power)),
            Cell::from(rate(metric.power_reached)),
            Cell::from(metric.looks.map_or_else(none, |looks| looks.to_string())),
            Cell::from(metric.inflation.map_or_else(none, |times| format!("x{times:.3}"))),
            Cell::from(format!("{}d", metric.window)),
            Cell::from(moment(base.map(|base| base.mean))),
            Cell::from(moment(base.map(|base| base.standard_deviation))),
            Cell::from(moment(base.and_then(|base| base.correlation))),
        ]
    };
    let table = Columns { titles: &titles, gives_way: 0, rows: forecast.metrics.iter().map(row).collect() };
    let mut lines = table.lines(2, width, style);
    lines.extend(sources(forecast).iter().flat_map(|words| aside(words, 2, style, width)));
    lines
}

fn curve(forecast: &Forecast, style: Style, width: usize) -> Vec<String> {
    let Some(binding) = forecast.binding() else { return Vec::new() };
    let plot = Plot { curve: &forecast.curve, declared: binding.declared, end: forecast.days };
    let drawn = plot::lines(&plot, 2, width, style);
    if drawn.is_empty() {
        return Vec::new();
    }
    let title = format!("the smallest {} of {} that it shows, by how many days it runs", smallest(binding), binding.id);
    std::iter::once(String::new()).chain(heading(&title, width)).chain(drawn).collect()
}

fn heading(words: &str, width: usize) -> Vec<String> {
    let broken = wrapped(&plain(words), width.saturating_sub(2).max(20));
    broken.lines().map(|line| format!("  {line}")).collect()
}

fn days_by_traffic(table: &Table, style: Style, width: usize) -> Vec<String> {
    let shares: Vec<String> = table.traffic.iter().map(|share| format!(">{}% ", percent(*share))).collect();
    let titles: Vec<&str> = std::iter::once(">days").chain(shares.iter().map(String::as_str)).collect();
    let row = |row: &Row| {
        let cells = row.cells.iter().map(|cell| {
            let beyond = if cell.extrapolated && cell.reached.is_some() { "~" } else { "" };
            let mark = if cell.verdict == Powered::Powered { "+" } else { " " };
            let tone = tone(cell.verdict).filter(|tone| *tone == Tone::Good);
            Cell { text: format!("{beyond}{}{mark}", percents(cell.reached, None)), tone }
        });
        std::iter::once(Cell::from(row.days.to_string())).chain(cells).collect::<Vec<Cell>>()
    };
    let rows = table.rows.iter().map(row).collect();
    let columns = Columns { titles: &titles, gives_way: usize::MAX, rows };
    let title = format!("the same of {} by days and traffic; + where every metric has enough", table.metric);
    std::iter::once(String::new()).chain(heading(&title, width)).chain(columns.lines(2, width, style)).collect()
}
