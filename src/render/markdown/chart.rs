//! When things run, as a Mermaid chart that GitHub draws: this change, and what runs on the same surface.

use jiff::civil::Date;

use super::inert::{fence, label};
use super::{OPEN, Section};
use crate::render::actions::lead;
use crate::render::figures::{count, day, days_between, share};
use crate::report::{Action, Change, Share};

/// How many bars a chart has at most, in this change and beside it.
const OWN: usize = 16;
const OTHERS: usize = 10;
/// How far beyond the changes themselves others are drawn, in days.
const MARGIN: i32 = 28;

pub(super) struct Bar {
    pub name: String,
    /// What Mermaid is told about it, with its comma, such as `active, `.
    pub tag: &'static str,
    pub start: Date,
    /// The first day that is no longer in it; none until it is decided.
    pub end: Option<Date>,
}

/// How every chart over days begins.
pub(super) const HEAD: &str = "gantt\n    dateFormat YYYY-MM-DD\n    axisFormat %d %b\n    todayMarker off\n";

/// The chart of changes that have a window ahead; none where there is none.
pub fn section(changes: &[Change]) -> Option<Section> {
    let mut own: Vec<Bar> = Vec::new();
    let mut left_out = 0_usize;
    for change in changes.iter().filter(|change| is_drawn(change)) {
        let bars = steps(change, changes.len() == 1);
        if own.len() + bars.len() <= OWN {
            own.extend(bars);
        } else {
            left_out += 1;
        }
    }
    let first = own.iter().map(|bar| bar.start).min()?;
    let last = own.iter().map(|bar| bar.end.unwrap_or(bar.start)).max()?;
    if days_between(first, last) > 3 * 366 {
        return None;
    }
    let left = first.saturating_sub(jiff::Span::new().days(MARGIN));
    let right = last.saturating_add(jiff::Span::new().days(MARGIN));
    // Beside many changes there is no room for what else runs.
    let near = if changes.len() > OPEN { &[] } else { changes };
    let others: Vec<(&'static str, Vec<Bar>)> = [
        ("Excluded", near.iter().flat_map(excluded).collect::<Vec<_>>()),
        ("Overlaps", near.iter().flat_map(overlapping).collect()),
    ]
    .into_iter()
    .map(|(title, bars)| (title, drawn(bars, changes, left, right)))
    .collect();

    let mut lines = format!("{HEAD}    section This PR\n");
    let mut number = 0;
    for bar in &own {
        line(&mut lines, bar, &mut number, right);
        if changes.len() == 1 && own.last().is_some_and(|last| std::ptr::eq(last, bar)) && bar.end.is_some() {
            lines.push_str(&format!("    Decision :milestone, {}, 0d\n", bar.end.unwrap_or(bar.start)));
        }
    }
    for (title, bars) in others.iter().filter(|(_, bars)| !bars.is_empty()) {
        lines.push_str(&format!("    section {title}\n"));
        for bar in bars {
            line(&mut lines, bar, &mut number, right);
        }
    }
    let mut text = fence("mermaid", &lines);
    if left_out > 0 {
        text.push_str(&format!("\n\n_The chart has no room for {} more; the table has them all._", count(left_out)));
    }
    Some(Section { holds: ("chart", "charts"), text })
}

/// Whether a change leaves something that runs.
fn is_drawn(change: &Change) -> bool {
    !matches!(
        lead(change),
        Action::Stop | Action::Remove | Action::Edit | Action::Analysis | Action::Stage | Action::Add
    )
}

/// The steps of a change; one bar where it is one of many.
fn steps(change: &Change, in_steps: bool) -> Vec<Bar> {
    let Some(start) = change.start.after.as_deref().and_then(day) else { return Vec::new() };
    let end = change.end.after.as_deref().and_then(day);
    if end.is_some_and(|end| end <= start) {
        return Vec::new();
    }
    let full = change.traffic.after;
    let named = |size: Option<Share>| size.map_or_else(String::new, |size| format!(" {}", share(size)));
    let whole = |start| Bar { name: format!("{}{}", label(&change.id), named(full)), tag: "active, ", start, end };
    let days: Option<Vec<Date>> = change.ramp.iter().map(|(from, _)| day(from)).collect();
    let after_ramp = change.full_from.as_deref().and_then(day);
    match (days, after_ramp) {
        (Some(days), Some(full_from)) if in_steps && !days.is_empty() && days.len() <= 8 => {
            let mut ends = days.iter().copied().skip(1).chain([full_from]);
            let mut bars: Vec<Bar> = days
                .iter()
                .zip(&change.ramp)
                .map(|(&start, (_, size))| Bar {
                    name: format!("Ramp{}", named(Some(*size))),
                    tag: "active, ",
                    start,
                    end: ends.next(),
                })
                .collect();
            bars.push(Bar { start: full_from, ..whole(full_from) });
            // Steps that are out of order are no steps.
            let ordered = bars.iter().all(|bar| bar.end.is_none_or(|end| end > bar.start));
            if ordered { bars } else { vec![whole(start)] }
        }
        _ => vec![whole(start)],
    }
}

fn excluded(change: &Change) -> impl Iterator<Item = Bar> + '_ {
    change.excludes.iter().filter_map(|other| bar(&other.id, &other.start, other.end.as_deref(), "done, "))
}

fn overlapping(change: &Change) -> impl Iterator<Item = Bar> + '_ {
    change.overlaps.iter().filter_map(|other| bar(&other.id, &other.start, other.end.as_deref(), ""))
}

fn bar(id: &str, start: &str, end: Option<&str>, tag: &'static str) -> Option<Bar> {
    let start = day(start)?;
    let end = match end {
        Some(end) => Some(day(end).filter(|end| *end > start)?),
        None => None,
    };
    Some(Bar { name: label(id), tag, start, end })
}

/// Each once, without those that change themselves, and cut to the time that the chart shows.
fn drawn(bars: Vec<Bar>, changes: &[Change], left: Date, right: Date) -> Vec<Bar> {
    let mut shown: Vec<Bar> = Vec::new();
    for mut bar in bars {
        let seen = shown.iter().any(|other| other.name == bar.name)
            || changes.len() > 1 && changes.iter().any(|change| label(&change.id) == bar.name);
        bar.start = bar.start.max(left);
        bar.end = bar.end.map(|end| end.min(right));
        if shown.len() < OTHERS && !seen && bar.start < bar.end.unwrap_or(right) {
            shown.push(bar);
        }
    }
    shown
}

/// The name, the tag, an id of its own, and both days.
pub(super) fn line(lines: &mut String, bar: &Bar, number: &mut usize, right: Date) {
    *number += 1;
    let end = bar.end.unwrap_or(right);
    lines.push_str(&format!("    {} :{}t{number}, {}, {end}\n", bar.name, bar.tag, bar.start));
}
