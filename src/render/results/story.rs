//! What happened, in sentences that need no statistics: the effect in the metric's own units first, then what to do.

use super::amounts::{Amounts, SPACE, confidence};
use super::kept::Kept;
use super::pen::{Pen, sentence};
use super::settled;
use super::verdict::{harms, known, primary, why};
use crate::render::comment::is_key;
use crate::render::figures::{count, counted, listed};
use crate::results::{Advice, Figure, Metric, MetricKind, Outcome, Results, State, Status, Treatment, Verdict, Why};

/// What is said of figures that nothing may be read off.
pub const DOUBT: &str = "The figures are here to find the fault by, and not to decide by.";

/// The effect on the primary metric in its own units, after how long and how many; empty where nothing was measured.
pub fn effect(results: &Results, pen: Pen) -> Option<String> {
    let (metric, outcome) = primary(results)?;
    let variant = super::verdict::lead(results)?;
    Some(compared(results, metric, variant, outcome, pen))
}

/// "Minutes listened was **212.4 min** with `fresh`, against 206.1 min in control: 6.3 min higher (95 % CI …)."
fn compared(results: &Results, metric: &Metric, treatment: &Treatment, outcome: &Outcome, pen: Pen) -> String {
    let amounts = Amounts::at(results, metric, pen);
    let subject = named(metric, pen);
    // A name with a comma in it needs another one to end.
    let subject = if subject.contains(", ") { format!("{subject},") } else { subject };
    let (Figure::Known(difference), Some(control), Some(mean)) =
        (&outcome.difference, outcome.control.mean.number(), outcome.treatment.mean.number())
    else {
        return format!("{subject} cannot be compared: {}.", (pen.sentence)(why(metric, outcome)));
    };
    let direction = if *difference < 0.0 { "lower" } else { "higher" };
    let around = known(&outcome.interval).map_or_else(String::new, |interval| {
        format!(" ({}{SPACE}CI {})", confidence(outcome.alpha), amounts.differences(interval))
    });
    let (variant, value) = ((pen.name)(&treatment.variant), (pen.strong)(&amounts.value(mean)));
    // What is told is of the look that the verdict is of; what came since is told beside it.
    let when = settled::look(outcome, pen)
        .map_or_else(|| format!("after {}", after(results, metric)), |look| format!("at {look}, which settled it"));
    let since = settled::since(results, metric, outcome, pen)
        .map_or_else(String::new, |since| format!(" All units up to now say {since}, which only describes."));
    format!(
        "{subject} was {value} with {variant}, against {} in control: {} {direction}{around}, {when}.{since}",
        amounts.value(control),
        amounts.distance(*difference),
    )
}

/// The name of a metric for people: as declared, else its id.
pub fn named(metric: &Metric, pen: Pen) -> String {
    match metric.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => (pen.words)(name),
        None => (pen.name)(&metric.id),
    }
}

/// "14 of 14 days and 402,117 users".
fn after(results: &Results, metric: &Metric) -> String {
    let users = counted_units(results, metric.complete);
    match results.run.days {
        Some(days) => format!("{} of {} and {users}", results.run.elapsed.min(days), days_of(days)),
        None => format!("{} and {users}", days_of(results.run.elapsed)),
    }
}

pub fn days_of(days: u32) -> String {
    counted(days as usize, "day", "days")
}

/// "402,117 users".
pub fn counted_units(results: &Results, number: u64) -> String {
    if number == 1 { format!("1 {}", one(results)) } else { format!("{} {}", count(number), units(results)) }
}

/// What is randomised, as one; a word that is no plain one is not repeated in the middle of sentences.
fn one(results: &Results) -> &str {
    let unit = results.unit.as_str();
    if !unit.is_empty() && unit.len() <= 24 && unit.bytes().all(|byte| byte.is_ascii_lowercase()) {
        unit
    } else {
        "unit"
    }
}

/// What is randomised, as several.
pub fn units(results: &Results) -> String {
    let one = one(results);
    match one.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if one.ends_with(['s', 'x', 'z']) || one.ends_with("ch") || one.ends_with("sh") => format!("{one}es"),
        _ => format!("{one}s"),
    }
}

/// What it would come to, if everybody got it; none where that is not known, or the data are not sound.
pub fn impact(results: &Results, pen: Pen) -> Option<String> {
    let (metric, outcome) = primary(results)?;
    // What may be nothing would come to nothing that anybody could count on.
    let sure = matches!(outcome.verdict, Verdict::Better | Verdict::Worse);
    let impact = outcome.impact.as_ref().filter(|_| sure && results.decision.advice != Advice::Withheld)?;
    let amounts = Amounts::at(results, metric, pen);
    let mut sentences = Vec::new();
    if let (Some(total), Some(around)) = (impact.per_day.number(), known(&impact.per_day_interval)) {
        let what = match metric.kind {
            MetricKind::Conversion => format!(" {}", units(results)),
            _ => String::new(),
        };
        let (way, sign) = if total < 0.0 { ("fewer", -1.0) } else { ("more", 1.0) };
        let way = if metric.kind != MetricKind::Conversion && total < 0.0 { "less" } else { way };
        let (low, high) = (around.low * sign, around.high * sign);
        sentences.push(format!(
            "Given to everybody, expect about {} {way}{what} a day at today's traffic ({} to {}).",
            amounts.total(total.abs()),
            amounts.total(low.min(high)),
            amounts.total(low.max(high))
        ));
    }
    if let (Some(lift), Some(around)) = (impact.lift.number(), known(&impact.lift_interval)) {
        let share = impact.exposed.number().map_or_else(String::new, |share| {
            format!(
                ", of whose {} {} would be exposed",
                units(results),
                super::amounts::percent((share * 1e4).round() / 1e4)
            )
        });
        sentences.push(format!(
            "Over all of {}{share}, that is {} ({}).",
            (pen.name)(&results.surface),
            amounts.lift(lift),
            amounts.lifts(around)
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Why it was decided so: a sentence each, the weightiest first.
pub fn reasons(results: &Results, pen: Pen) -> Vec<String> {
    let several = results.treatments.len() > 1;
    let mut said = Vec::new();
    let mut seen: Vec<(Why, Option<&str>, Option<&str>)> = Vec::new();
    let other = results.treatments.iter().filter(|_| several).flat_map(|treatment| &treatment.reasons);
    for reason in results.decision.reasons.iter().chain(other) {
        let key = (reason.why, reason.variant.as_deref(), reason.metric.as_deref());
        // What is said of all treatments need not be said again of each.
        if seen.contains(&key) || seen.contains(&(reason.why, None, reason.metric.as_deref())) {
            continue;
        }
        seen.push(key);
        let words = (pen.sentence)(&reason.words);
        said.push(match &reason.variant {
            Some(variant) if several => format!("{}: {words}", (pen.name)(variant)),
            _ => words,
        });
    }
    said
}

/// What to do next, a sentence each.
pub fn next(results: &Results, kept: Kept<'_>, pen: Pen) -> Vec<String> {
    let id = &results.experiment;
    let command = |rest: &str| is_key(id).then(|| (pen.command)(&format!("allot {rest}")));
    let conclude = |outcome: &str, variant: &str| {
        // Why, and what was learned, is for people to say; the reasons of a result that is at hand are read there.
        let said = match kept {
            Kept::In(_) => format!("--learned …{}", kept.option()),
            Kept::Nowhere | Kept::Somewhere => "--reason … --learned …".to_owned(),
        };
        command(&format!("conclude {id} --outcome {outcome}{variant} {said}"))
            .map_or_else(String::new, |command| format!(" with {command}"))
    };
    let over = results.run.state == State::Over;
    let decision = &results.decision;
    let mut steps = Vec::new();
    match decision.advice {
        Advice::Ship => {
            let named = decision.variant.as_deref().filter(|variant| results.treatments.len() > 1 && is_key(variant));
            let variant = named.map_or_else(String::new, |variant| format!(" --variant {variant}"));
            steps.push(format!("Record the decision{}.", conclude("shipped", &variant)));
        }
        Advice::Stop if results.treatments.iter().all(|treatment| harms(results, treatment).next().is_none()) => {
            steps.push(format!("Give it to nobody, and record what it showed{}.", conclude("inconclusive", "")));
        }
        Advice::Stop => steps.push(format!("Take it out of what is served{}.", conclude("stopped", ""))),
        Advice::Wait if over && decision.next.is_none() => {
            steps.push(format!("No more data will come: record what it showed{}.", conclude("inconclusive", "")));
        }
        Advice::Wait => {}
        Advice::Withheld => {
            let failed = results.health.iter().filter(|check| check.status == Status::Failed);
            steps.extend(failed.filter_map(|check| check.help.as_deref()).map(|help| sentence(&(pen.sentence)(help))));
            steps.push("Until then nothing is decided, whatever the figures say.".to_owned());
        }
    }
    if !decision.ties.is_empty() {
        let ties: Vec<String> = decision.ties.iter().take(8).map(|tie| (pen.name)(tie)).collect();
        let (verb, behind) = if ties.len() == 1 { ("qualifies", "is") } else { ("qualify", "are") };
        steps.push(format!("{} {verb} as well, and {behind} not significantly behind.", listed(&ties)));
    }
    if let Some(next) = &decision.next {
        let from = if results.source.engine == "aggregates" { " --aggregates …" } else { "" };
        let how = command(&format!("analyze {id}{from}{}", kept.option()))
            .map_or_else(String::new, |command| format!(" with {command}"));
        let why = match next.why.as_str() {
            "week" => ", when the week is whole",
            "look" => ", the next planned look",
            "end" => ", when no more data will come",
            _ => "",
        };
        steps.push(format!("Read it again{how} on {}{why}.", (pen.strong)(&moment(&next.at, pen))));
    }
    steps
}

/// "7 Dec 2026 06:10 UTC"; what is no instant stays as it is.
pub fn moment(at: &str, pen: Pen) -> String {
    let parsed = if at.len() <= 40 { at.parse::<jiff::Timestamp>().ok() } else { None };
    parsed.map_or_else(
        || (pen.words)(at),
        |at| at.strftime("%-d %b %Y %H:%M UTC").to_string().replace(" 00:00 UTC", "").replace(' ', "\u{a0}"),
    )
}
