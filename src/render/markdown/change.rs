//! One experiment or rollout that changes: a table of what it will be, and a sentence about whom it moves.

use super::inert::{code, sentence, words};
use super::moves;
use super::power::beside;
use super::problems::some;
use crate::render::actions::named;
use crate::render::figures::{count, day, days_between, share, weeks};
use crate::report::{Action, Change, Finding, Report, Severity, Share, Span};

/// How many neighbours a row names.
const NAMED: usize = 6;

/// What is said about a change: the table, and the sentence after it.
pub fn body(report: &Report, change: &Change) -> String {
    let own: Vec<&Finding> = report.diagnostics.iter().filter(|finding| finding.path == change.path).collect();
    let mut table = "| | Plan |\n|:--|:--|".to_owned();
    for row in rows(change) {
        table.push_str(&format!("\n| **{}** | {}{} |", row.title, row.text, marks(row.about, &own)));
    }
    // What results will say about it comes between what it can find and the moves.
    let parts = [Some(table), change.power.as_ref().map(beside::folded), moves::sentence(change)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// A row; `about` are the rules whose findings belong into it.
struct Row {
    title: &'static str,
    text: String,
    about: &'static [&'static str],
}

fn marks(about: &[&str], findings: &[&Finding]) -> String {
    let mut marks: Vec<String> = Vec::new();
    for finding in findings.iter().filter(|finding| about.contains(&finding.rule.as_str())) {
        let sign = if finding.severity == Severity::Error { "❌" } else { "⚠️" };
        let mark = format!("<br>{sign} {}", code(&finding.rule));
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    marks.concat()
}

fn rows(change: &Change) -> Vec<Row> {
    let does = |actions: &[Action]| actions.iter().any(|action| change.actions.contains(action));
    // What stays as it is matters where units are assigned anew; elsewhere only what changes does.
    let whole = does(&[Action::Launch, Action::Phase, Action::Resume, Action::Add]);
    let sized = whole || does(&[Action::Ramp, Action::Shrink, Action::Pause]);
    let mut rows = Vec::new();
    let mut row = |title, text: Option<String>, about| {
        if let Some(text) = text {
            rows.push(Row { title, text, about });
        }
    };
    let hypothesis = change.hypothesis.as_deref().map(sentence);
    row("Hypothesis", hypothesis.filter(|_| !does(&[Action::Remove])), &["missing-hypothesis"]);
    row("What", Some(what(change)), &[]);
    row("Decision", decision(change), &["missing-reason", "overdue-decision"]);
    row("Who", who(change), &["invalid-segment", "unsupported-targeting"]);
    let split = (whole || does(&[Action::Assignment])) && !change.variants.is_empty();
    row("Split", split.then(|| variants(change)), &["invalid-weights", "missing-control", "variant-type-mismatch"]);
    let traffic = (sized || change.traffic.before != change.traffic.after).then(|| traffic(change)).flatten();
    row("Traffic", traffic, &["over-capacity", "unrepresentable-traffic", "exposure-limit"]);
    row("Buckets", buckets(change), &["missing-allocation", "stale-allocation", "bucket-overlap"]);
    let moved = change.start.before != change.start.after || change.end.before != change.end.after;
    row(
        "Length",
        (sized || moved).then(|| length(change)).flatten(),
        &["invalid-dates", "late-start", "window-exceeds-run"],
    );
    let measured = whole || does(&[Action::Analysis, Action::Assignment]);
    let of = |part: Part| {
        let metrics: Vec<_> = change.metrics.iter().filter(|metric| measured && Part::of(metric) == part).collect();
        (!metrics.is_empty()).then(|| some(&metrics, 12, |metric| measure(metric, part)))
    };
    let power: &[&str] = &["underpowered", "missing-baseline"];
    let success: &[&str] = &["missing-mde", "shared-metric", "contradicting-goal", "underpowered", "missing-baseline"];
    let own = if change.power.is_some() { success.strip_suffix(power).unwrap_or(success) } else { success };
    row("Success", of(Part::Success), own);
    row("Smallest effect seen", change.power.as_ref().map(beside::row), power);
    row(
        "Guardrails",
        of(Part::Guardrail),
        &["missing-margin", "missing-required-metric", "metric-unit-mismatch", "deprecated-metric"],
    );
    row("Also measured", of(Part::Further), &[]);
    row(
        "Excludes",
        listed(&change.excludes, |other| {
            format!("{} ({}, {})", code(&other.id), share(other.share), until(&other.start, other.end.as_deref()))
        }),
        &[],
    );
    row(
        "Overlaps",
        listed(&change.overlaps, |other| format!("{} shares {} of its units", code(&other.id), share(other.share))),
        &[],
    );
    row(
        "Inherits",
        listed(&change.inherits, |other| {
            let ended =
                other.end.as_deref().and_then(day).map_or_else(String::new, |end| format!(", until {}", on(end)));
            format!("{} of its units from {}{ended}", share(other.share), code(&other.id))
        }),
        &[],
    );
    rows
}

fn listed<T>(items: &[T], show: impl Fn(&T) -> String) -> Option<String> {
    (!items.is_empty()).then(|| some(items, NAMED, show))
}

/// What is done, of what, by whom.
fn what(change: &Change) -> String {
    let mut text = format!("{} of {} {}", capital(&named(change)), article(&change.kind), words(&change.kind));
    if let Some(flag) = &change.flag {
        text.push_str(&format!(" on flag {}", code(flag)));
    }
    for (name, before, after) in [
        ("stage", change.stage.before.as_deref().map(code), change.stage.after.as_deref().map(code)),
        (
            "phase",
            change.phase.before.map(|phase| phase.to_string()),
            change.phase.after.map(|phase| phase.to_string()),
        ),
    ] {
        if let (Some(before), Some(after)) = (&before, &after)
            && before != after
        {
            text.push_str(&format!(", {name} {before} → {after}"));
        }
    }
    if let Some(owner) = &change.owner {
        text.push_str(&format!("; owner {}", code(owner)));
    }
    text
}

/// The decision that is written, with its reason.
fn decision(change: &Change) -> Option<String> {
    let written = |key: &str| {
        let edit = change.edits.iter().find(|edit| edit.key == key)?;
        edit.after.as_deref().map(|text| text.trim_matches(['"', '\'', '\n', '\r', ' ']))
    };
    let outcome = code(written("decision.outcome")?);
    Some(
        written("decision.reason").map_or_else(|| outcome.clone(), |reason| format!("{outcome}: {}", sentence(reason))),
    )
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn who(change: &Change) -> Option<String> {
    let surface = code(change.surface.as_deref()?);
    let mut text = format!("Units of {surface}");
    if let Some(segment) = &change.segment {
        text.push_str(&format!(" in segment {}", code(segment)));
    }
    match change.components.as_slice() {
        [] => {}
        [all] if all == "*" => text.push_str(", claiming all components"),
        components => text.push_str(&format!(", claiming {}", some(components, NAMED, |name| code(name)))),
    }
    Some(text)
}

fn variants(change: &Change) -> String {
    some(&change.variants, 12, |(id, part)| format!("{} {}", code(id), share(*part)))
}

fn traffic(change: &Change) -> Option<String> {
    let surface = change.surface.as_deref().map_or_else(|| "its surface".to_owned(), code);
    let text = between(&change.traffic, |size: &Share| share(*size))?;
    let mut text = format!("{text} of {surface}");
    if !change.ramp.is_empty() {
        let steps = some(&change.ramp, 6, |(from, size)| format!("{} from {}", share(*size), short(from)));
        text.push_str(&format!(", by steps: {steps}"));
        if let Some(full) = &change.full_from {
            text.push_str(&format!(", all from {}", short(full)));
        }
    }
    Some(text)
}

fn buckets(change: &Change) -> Option<String> {
    let said = match (change.taken, change.freed) {
        (0, 0) => return None,
        (taken, 0) => format!("takes {}", count(taken)),
        (0, freed) => format!("frees {}", count(freed)),
        (taken, freed) => format!("takes {}, frees {}", count(taken), count(freed)),
    };
    Some(format!("{} of {}", capital(&said), count(change.buckets)))
}

/// The window with its length, before and after where that differs.
fn length(change: &Change) -> Option<String> {
    let window = |start: Option<&str>, end: Option<&str>| {
        let start = start?;
        Some(match (day(start), end.map(|end| (end, day(end)))) {
            (Some(first), Some((_, Some(end)))) if end > first => {
                let days = days_between(first, end);
                let last = end.yesterday().unwrap_or(end);
                let whole = if days % 7 == 0 {
                    format!("{} whole {}", days / 7, if days == 7 { "week" } else { "weeks" })
                } else if days > 7 {
                    format!("{}, no whole number of weeks", weeks(days))
                } else {
                    "less than a week".to_owned()
                };
                let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
                format!("{days}, {} ({whole})", days_of(first, last))
            }
            (Some(first), None) => format!("From {}, until it is decided", on(first)),
            (_, Some((end, _))) => format!("From {} up to {}", words(start), words(end)),
            (None, None) => format!("From {}", words(start)),
        })
    };
    let before = window(change.start.before.as_deref(), change.end.before.as_deref());
    let after = window(change.start.after.as_deref(), change.end.after.as_deref());
    between(&Span { before, after }, String::clone)
}

/// "a → b"; only one of them where they are alike or one is not there.
fn between<T: PartialEq>(span: &Span<T>, show: impl Fn(&T) -> String) -> Option<String> {
    match (&span.before, &span.after) {
        (Some(before), Some(after)) if before != after => Some(format!("{} → **{}**", show(before), show(after))),
        (_, Some(after)) => Some(show(after)),
        (Some(before), None) => Some(format!("{} → none", show(before))),
        (None, None) => None,
    }
}

/// The part that a metric has in a decision.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Success,
    Guardrail,
    /// The surface wants to see it, and no limit is set.
    Further,
}

impl Part {
    fn of((_, role, limit): &(String, String, Option<Share>)) -> Self {
        match (role.as_str(), limit) {
            ("success", _) => Self::Success,
            ("guardrail", _) | (_, Some(_)) => Self::Guardrail,
            (_, None) => Self::Further,
        }
    }
}

fn measure((id, _, limit): &(String, String, Option<Share>), part: Part) -> String {
    let limit = match (limit, part) {
        (Some(limit), Part::Success) => format!(" (MDE {})", share(*limit)),
        (Some(limit), _) => format!(" (margin {})", share(*limit)),
        (None, _) => String::new(),
    };
    let sign = match part {
        Part::Success => "🎯 ",
        Part::Guardrail => "🛡️ ",
        Part::Further => "",
    };
    format!("{sign}{}{limit}", code(id))
}

/// "1 Feb to 14 Feb 2027", or until it is decided.
fn until(start: &str, end: Option<&str>) -> String {
    match (day(start), end.map(day)) {
        (Some(start), Some(Some(end))) if end > start => {
            let last = end.yesterday().unwrap_or(end);
            days_of(start, last)
        }
        (Some(start), None) => format!("from {} until it is decided", on(start)),
        _ => format!("{} up to {}", words(start), end.map_or_else(|| "its decision".to_owned(), words)),
    }
}

/// "8 Feb to 7 Mar 2027".
fn days_of(first: jiff::civil::Date, last: jiff::civil::Date) -> String {
    match (first == last, first.year() == last.year()) {
        (true, _) => on(first),
        (_, true) => format!("{} to {}", first.strftime("%-d %b"), on(last)),
        (_, false) => format!("{} to {}", on(first), on(last)),
    }
}

/// "8 Feb 2027".
pub fn on(day: jiff::civil::Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

/// "8 Feb"; what is no day is shown as it is.
pub fn short(text: &str) -> String {
    day(text).map_or_else(|| words(text), |day| day.strftime("%-d %b").to_string())
}
