//! The first line: whether the change can go in, and why not.

use super::inert::{code, words};
use super::power::beside;
use crate::render::actions::{can, lead, tally, users_concerned};
use crate::render::figures::{counted, day, days_between, share};
use crate::report::{Action, Change, Finding, Plan, Report, Severity, Verdict};

/// Rules whose findings one run of `allot allocate` mends.
pub const BY_ALLOCATION: [&str; 2] = ["missing-allocation", "stale-allocation"];

/// The title of a report.
pub fn title(report: &Report) -> String {
    let line = match &report.plan {
        None => no_plan(report),
        Some(plan) => match plan.changes.as_slice() {
            [] => definitions_only(report, plan),
            changes if !users_concerned(plan) => {
                format!("Nothing changes for users: {}{}", tally(changes), after(report))
            }
            [only] => format!("{} can {}{}{}", code(&only.id), can(only), after(report), reason(only)),
            changes => {
                let number = counted(changes.len(), "change", "changes");
                format!("{number} can go in{}: {}", after(report), tally(changes))
            }
        },
    };
    format!("### {} {line}", sign(report))
}

/// Green goes in. Yellow does after its fixes. Red would also stop a surface from being brought up to date, until it is mended.
fn sign(report: &Report) -> &'static str {
    let held = |rules: &[String]| rules.iter().any(|rule| !BY_ALLOCATION.contains(&rule.as_str()));
    match report.verdict {
        Verdict::Ready => "🟢",
        Verdict::NotReady if report.held.iter().any(|surface| held(&surface.rules)) => "🔴",
        Verdict::NotReady => "🟡",
    }
}

/// Findings that block.
pub fn blocking(report: &Report) -> impl Iterator<Item = &Finding> {
    report.diagnostics.iter().filter(|finding| finding.severity == Severity::Error)
}

/// " after 2 fixes and `allot allocate`"; nothing where nothing blocks.
fn after(report: &Report) -> String {
    if report.verdict == Verdict::Ready {
        return String::new();
    }
    let allotted = |finding: &&Finding| BY_ALLOCATION.contains(&finding.rule.as_str());
    let by_hand = blocking(report).filter(|finding| !allotted(finding)).count();
    let by_allocation = !report.stale.is_empty() || blocking(report).any(|finding| allotted(&finding));
    match (by_hand, by_allocation) {
        // Not ready, and nothing says why: no promise then.
        (0, false) => " later: it is not ready".to_owned(),
        (0, true) => " after `allot allocate`".to_owned(),
        (fixes, false) => format!(" after {}", counted(fixes, "fix", "fixes")),
        (fixes, true) => format!(" after {} and `allot allocate`", counted(fixes, "fix", "fixes")),
    }
}

/// What a single change means, in a few words.
fn reason(change: &Change) -> String {
    let surface = change.surface.as_deref().map_or_else(|| "its surface".to_owned(), code);
    let power = change.power.as_ref().and_then(beside::title);
    match (lead(change), change.traffic.before, change.traffic.after) {
        (Action::Launch | Action::Phase | Action::Resume | Action::Analysis | Action::Reschedule, ..)
            if power.is_some() =>
        {
            power.map_or_else(String::new, |found| format!(" · {found}"))
        }
        (Action::Launch | Action::Phase, _, Some(size)) => {
            let days = match (change.start.after.as_deref().and_then(day), change.end.after.as_deref().and_then(day)) {
                (Some(start), Some(end)) if end > start => format!(" for {} days", days_between(start, end)),
                _ => String::new(),
            };
            format!(" · **{}** of {surface}{days}", share(size))
        }
        (Action::Ramp | Action::Shrink, Some(before), Some(after)) if before != after => {
            format!(" · from {} to **{}** of {surface}", share(before), share(after))
        }
        _ if change.moved.0 > 0.0 => format!(" · moves **{}** of {surface}'s units", share(change.moved)),
        _ => String::new(),
    }
}

fn definitions_only(report: &Report, plan: &Plan) -> String {
    let number = counted(plan.definitions.len(), "definition", "definitions");
    let live = plan.definitions.iter().any(|definition| !definition.live.is_empty());
    let touched = if live { ", with live tests on them" } else { "" };
    match plan.definitions.as_slice() {
        [] => format!("Nothing changes for users{}", after(report)),
        _ if !users_concerned(plan) => {
            let verb = if plan.definitions.len() == 1 { "changes" } else { "change" };
            format!("Nothing changes for users{}: {number} {verb}{touched}", after(report))
        }
        [only] => {
            let verb = match only.action.as_str() {
                "added" => "be added",
                "removed" => "be removed",
                _ => "change",
            };
            format!("{} {} can {verb}{}{touched}", words(&only.kind), code(&only.id), after(report))
        }
        _ => format!("{number} can change{}{touched}", after(report)),
    }
}

/// Without a base there is nothing but findings.
fn no_plan(report: &Report) -> String {
    let files = counted(report.summary.files, "file", "files");
    match report.verdict {
        Verdict::Ready => format!("Ready: {files} checked, no errors"),
        Verdict::NotReady => format!("Ready{}: {files} checked", after(report)),
    }
}
