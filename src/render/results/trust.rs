//! Whether the data can be trusted: every check in a line, with what it found and what to do.

use super::amounts::{p_value, percent};
use super::besides;
use super::pen::Pen;
use super::settled;
use super::story::days_of;
use super::verdict::Mark;
use crate::render::figures::{count, listed};
use crate::results::{Check, CheckName, Results, State, Status};

/// A check in a line.
pub struct Line {
    pub mark: Mark,
    pub title: &'static str,
    pub found: String,
    pub help: Option<String>,
}

/// Every check that was made, then what else a reader must know before believing anything.
pub fn lines(results: &Results, pen: Pen) -> Vec<Line> {
    let mut lines: Vec<Line> = results.health.iter().map(|check| line(check, pen)).collect();
    lines.extend([length(results), plan(results)]);
    lines.extend(settled::lines(results, pen));
    lines.extend(left_out(results));
    lines.extend(others(results, pen));
    lines
}

/// What a check is called.
pub fn title(name: CheckName) -> &'static str {
    match name {
        CheckName::SampleRatio => "Split as planned (SRM)",
        CheckName::MixedAssignments => "In one variant only",
        CheckName::PrePeriodBalance => "Alike before launch (A/A)",
        CheckName::MissingData => "Data are there",
    }
}

fn line(check: &Check, pen: Pen) -> Line {
    let value = check.value.as_ref().and_then(crate::results::Figure::number).map_or_else(String::new, |value| {
        match check.name {
            CheckName::SampleRatio | CheckName::PrePeriodBalance => {
                format!(", {}", (pen.number)(&p_value(value), value))
            }
            CheckName::MixedAssignments => format!(", {}", (pen.number)(&percent((value * 1e4).round() / 1e4), value)),
            CheckName::MissingData => String::new(),
        }
    });
    Line {
        mark: match check.status {
            Status::Passed => Mark::Good,
            Status::Failed => Mark::Bad,
            Status::Unchecked => Mark::Quiet,
        },
        title: title(check.name),
        found: format!("{}{value}", (pen.sentence)(&check.found)),
        help: check.help.as_deref().map(|help| (pen.sentence)(help)),
    }
}

fn length(results: &Results) -> Line {
    let run = &results.run;
    let (mark, found) = match run.days {
        Some(days) if run.elapsed >= days => (Mark::Good, format!("{} of {}", days, days_of(days))),
        Some(days) => (Mark::Quiet, format!("{} of {} so far", run.elapsed, days_of(days))),
        None => (Mark::Quiet, format!("{} so far, and no end is planned", days_of(run.elapsed))),
    };
    let waiting = if run.state == State::Ended { ", and facts may still arrive" } else { "" };
    Line { mark, title: "Planned length", found: format!("{found}{waiting}"), help: None }
}

fn plan(results: &Results) -> Line {
    let plan = &results.plan;
    let (mark, found) = match &plan.locked {
        Some(locked) if *locked == plan.declared => (Mark::Good, "as pinned at launch"),
        Some(_) => (Mark::Open, "changed after launch: this is what it says now"),
        None => (Mark::Quiet, "not pinned by a lock"),
    };
    let dirty = if plan.dirty { ", with changes that are not committed" } else { "" };
    Line { mark, title: "Analysis plan", found: format!("{found}{dirty}"), help: None }
}

/// Other experiments on the same units.
fn others(results: &Results, pen: Pen) -> Vec<Line> {
    let said = besides::others(results, pen).into_iter();
    said.map(|(mark, found)| Line { mark, title: "Other experiments", found, help: None }).collect()
}

/// Rows of exposures that count for nothing.
fn left_out(results: &Results) -> Option<Line> {
    let tally = &results.tally;
    // Until the run is over its exposures are read up to the look.
    let outside =
        if results.run.state == State::Running { "outside the run or after this look" } else { "outside the run" };
    let kinds = [
        (tally.rows_without_key, "without unit, variant or instant"),
        (tally.rows_outside, outside),
        (tally.rows_unknown_variant, "of no variant that it has"),
    ];
    let said: Vec<String> =
        kinds.iter().filter(|(rows, _)| *rows > 0).map(|(rows, what)| format!("{} {what}", count(*rows))).collect();
    (!said.is_empty()).then(|| Line {
        mark: Mark::Quiet,
        title: "Exposure rows left out",
        found: listed(&said),
        help: None,
    })
}
