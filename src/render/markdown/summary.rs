//! Many changes at a glance: a table with a row each.

use super::details::packed;
use super::inert::code;
use super::{LARGEST, Section, change::short};
use crate::render::actions::{concerns_users, named};
use crate::render::figures::{count, counted, day, days_between, share};
use crate::report::{Change, Report, Severity};

/// How many rows are shown at most.
const MAX_ROWS: usize = 500;
/// The most characters of one table.
const MAX_TABLE: usize = 12_000;

/// The table, in parts that each have its head.
pub fn sections(report: &Report, changes: &[Change]) -> Vec<Section> {
    let shown = changes.get(..MAX_ROWS).unwrap_or(changes);
    let findings: Vec<String> = shown.iter().map(|change| findings(report, change)).collect();
    // A column that would be empty is not there.
    let found = findings.iter().any(|found| !found.is_empty());
    let (last, rule) = if found { (" Findings |", ":--|") } else { ("", "") };
    let head = format!("| | Change | Surface | Units that move | Window |{last}\n|:--|:--|:--|--:|:--|{rule}\n");
    let mut rows: Vec<String> = Vec::new();
    for (change, findings) in shown.iter().zip(&findings) {
        let last = if found { format!(" {findings} |") } else { String::new() };
        rows.push(format!("{}{last}", row(change)));
    }
    if changes.len() > MAX_ROWS {
        let more = count(changes.len() - MAX_ROWS);
        rows.push(format!("| and {more} more | `allot plan` prints them | | | |"));
    }
    let holds = ("table of changes", "tables of changes");
    let mut sections: Vec<Section> = packed(&rows, MAX_TABLE)
        .into_iter()
        .map(|rows| Section { holds, text: format!("{head}{}", rows.join("\n")) })
        .collect();
    if changes.iter().filter(|change| concerns_users(change)).count() > LARGEST
        && let Some(last) = sections.last_mut()
    {
        last.text.push_str(&format!("\n\n_The {LARGEST} that move most follow in detail._"));
    }
    sections
}

fn row(change: &Change) -> String {
    let seen = change.moves.iter().any(|units| units.visible);
    let moved = match (change.moved.0 > 0.0, seen) {
        (false, _) => "none".to_owned(),
        (true, true) => format!("**{}**", share(change.moved)),
        (true, false) => format!("{}, unseen", share(change.moved)),
    };
    format!(
        "| {} | {} | {} | {moved} | {} |",
        code(&change.id),
        named(change),
        change.surface.as_deref().map(code).unwrap_or_default(),
        window(change)
    )
}

/// "8 Feb, 28 days".
fn window(change: &Change) -> String {
    let Some(start) = change.start.after.as_deref() else { return String::new() };
    match (day(start), change.end.after.as_deref().map(day)) {
        (Some(first), Some(Some(end))) if end > first => {
            let days = usize::try_from(days_between(first, end)).unwrap_or(0);
            format!("{}, {}", first.strftime("%-d %b %Y"), counted(days, "day", "days"))
        }
        (_, None) => format!("{}, until decided", short(start)),
        _ => short(start),
    }
}

fn findings(report: &Report, change: &Change) -> String {
    let of = |severity| {
        report.diagnostics.iter().filter(|finding| finding.path == change.path && finding.severity == severity).count()
    };
    let signs = [("❌", of(Severity::Error)), ("⚠️", of(Severity::Warning))];
    let shown: Vec<String> =
        signs.iter().filter(|(_, number)| *number > 0).map(|(sign, number)| format!("{sign} {number}")).collect();
    shown.join(" ")
}
