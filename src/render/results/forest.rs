//! A small forest plot in letters: an interval a line, nothing and the limits drawn through.

use super::amounts::{lift, whole};
use super::scale::{Scale, limit};
use crate::render::columns::shortened;
use crate::render::words::plain;
use crate::results::{Outcome, Results, Treatment};

/// How wide names are at most, and the plot at least and at most.
const NAMES: usize = 28;
const NARROWEST: usize = 24;
const WIDEST: usize = 64;

/// The lines of a plot; none where there is no room.
pub fn lines(results: &Results, treatment: &Treatment, scale: Scale, indent: usize, width: usize) -> Vec<String> {
    let names = results.metrics.iter().map(|metric| plain(&metric.id).chars().count()).max().unwrap_or(0).min(NAMES);
    let columns = width.saturating_sub(indent + names + 2).min(WIDEST);
    if columns < NARROWEST {
        return Vec::new();
    }
    let margin = " ".repeat(indent);
    let mut out = Vec::new();
    for (metric, outcome) in results.metrics.iter().zip(&treatment.outcomes) {
        let drawn = interval(outcome, limit(metric), scale, columns);
        let name = shortened(&plain(&metric.id), names);
        out.push(format!("{margin}{name:<names$}  {drawn}").trim_end().to_owned());
    }
    out.push(format!("{margin}{}  {}", " ".repeat(names), axis(scale, columns)).trim_end().to_owned());
    out
}

fn column(scale: Scale, value: f64, columns: usize) -> usize {
    let along = (scale.place(value).clamp(0.0, 1.0) * (columns - 1) as f64).round();
    whole(along, columns - 1)
}

fn interval(outcome: &Outcome, limit: Option<f64>, scale: Scale, columns: usize) -> String {
    let mut line = vec![' '; columns];
    let mut put = |at: usize, mark: char| {
        if let Some(place) = line.get_mut(at) {
            *place = mark;
        }
    };
    put(column(scale, 0.0, columns), '│');
    if let Some(limit) = limit.filter(|limit| scale.holds(*limit)) {
        put(column(scale, limit, columns), '┊');
    }
    if let (Some(interval), Some(estimate)) = (outcome.lift_interval.known(), outcome.lift.number()) {
        let (low, high) = (column(scale, interval.low, columns), column(scale, interval.high, columns));
        (low..=high).for_each(|at| put(at, '─'));
        // Where a line goes through nothing or a limit, that stays seen.
        for (value, mark, beside) in [(Some(0.0), '┼', '│'), (limit, '┊', '┊')] {
            if let Some(at) = value.filter(|value| scale.holds(*value)).map(|value| column(scale, value, columns)) {
                put(at, if (low..=high).contains(&at) { mark } else { beside });
            }
        }
        put(low, if scale.holds(interval.low) { '├' } else { '◂' });
        put(high, if scale.holds(interval.high) { '┤' } else { '▸' });
        if scale.holds(estimate) {
            put(column(scale, estimate, columns), '●');
        }
    }
    line.iter().collect()
}

/// The round values below.
fn axis(scale: Scale, columns: usize) -> String {
    let about = (columns / 12).max(2);
    let mut line = vec![' '; columns];
    for tick in scale.ticks(about) {
        let text = if tick == 0.0 { "0".to_owned() } else { lift(tick, scale.decimals(about)) };
        let length = text.chars().count();
        let from = column(scale, tick, columns).saturating_sub(length / 2).min(columns.saturating_sub(length));
        let around = from.saturating_sub(1)..(from + length + 1).min(columns);
        if line.get(around).is_some_and(|there| there.iter().all(|mark| *mark == ' ')) {
            line.iter_mut().skip(from).zip(text.chars()).for_each(|(mark, letter)| *mark = letter);
        }
    }
    line.iter().collect()
}
