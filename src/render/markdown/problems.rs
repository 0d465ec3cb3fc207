//! What blocks a change: one alert at the top, with places and mends.

use super::findings::{listed_place, said};
use super::foot::command;
use super::verdict::{BY_ALLOCATION, blocking};
use super::{Links, Section, inert};
use crate::render::figures::{counted, listed};
use crate::report::{Finding, Report};

/// How many problems the alert shows; all of them are listed further below.
const SHOWN: usize = 8;

/// The alert; none where nothing blocks.
pub fn alert(report: &Report, links: &Links) -> Option<Section> {
    let mut problems: Vec<String> = Vec::new();
    let (by_allocation, by_hand): (Vec<&Finding>, Vec<&Finding>) =
        blocking(report).partition(|finding| BY_ALLOCATION.contains(&finding.rule.as_str()));
    for finding in by_hand.iter().take(SHOWN) {
        problems.push(format!("{} {}", said(finding), listed_place(report, finding, links)));
    }
    let number = by_hand.len() + usize::from(!by_allocation.is_empty() || !report.stale.is_empty());
    if number == 0 {
        return held(report).map(|text| Section { holds: HOLDS, text: format!("> [!WARNING]\n> {text}") });
    }
    if by_hand.len() > SHOWN {
        problems.push(format!("and {} more, in all findings below", counted(by_hand.len() - SHOWN, "error", "errors")));
    }
    if number > by_hand.len() {
        problems.push(locks(report, &by_allocation));
    }
    let head = format!("**{}:**", counted(number, "blocking problem", "blocking problems"));
    let mut lines = match problems.as_slice() {
        [only] => vec![format!("{head} {only}")],
        several => {
            let mut lines = vec![head, String::new()];
            lines.extend(several.iter().map(|problem| format!("- {problem}")));
            lines
        }
    };
    if let Some(held) = held(report) {
        lines.extend([String::new(), held]);
    }
    let text: Vec<String> = lines.iter().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    Some(Section { holds: HOLDS, text: format!("> [!WARNING]\n{}", text.join("\n")) })
}

const HOLDS: (&str, &str) = ("list of blocking problems", "lists of blocking problems");

/// Locks that are not up to date, and what brings them there.
fn locks(report: &Report, findings: &[&Finding]) -> String {
    let run = command(&report.source, "allocate").unwrap_or_else(|| "allot allocate".to_owned());
    let mut text = format!("Locks are not up to date: run `{run}` and commit what it writes");
    let mut paths: Vec<&str> = report.stale.iter().map(String::as_str).collect();
    if paths.is_empty() {
        paths.extend(findings.iter().map(|finding| finding.path.as_str()));
        paths.dedup();
        text.push_str(", because of ");
    } else {
        text.push_str(": ");
    }
    text.push_str(&some(&paths, 6, |path| inert::path(path)));
    text
}

/// "`a`, `b` and 3 more".
pub fn some<T>(items: &[T], max: usize, show: impl Fn(&T) -> String) -> String {
    let mut shown: Vec<String> = items.iter().take(max).map(show).collect();
    if items.len() > max {
        shown.push(format!("{} more", items.len() - max));
    }
    listed(&shown)
}

/// Surfaces that would not be brought up to date.
fn held(report: &Report) -> Option<String> {
    let surfaces = some(&report.held, 6, |held| {
        format!("{} (by {})", inert::code(&held.surface), some(&held.rules, 4, |rule| inert::code(rule)))
    });
    match report.held.len() {
        0 => None,
        1 => Some(format!(
            "Surface {surfaces} is held back: until this is mended it serves its last good artifact, and nothing new."
        )),
        _ => Some(format!(
            "Surfaces {surfaces} are held back: until this is mended they serve their last good artifacts, and nothing new."
        )),
    }
}
