//! What is said of verdicts that an earlier look settled: at which, and what later data say beside them.

use super::amounts::{Amounts, Change, SPACE, confidence};
use super::pen::Pen;
use super::story::moment;
use super::trust::Line;
use super::verdict::{Mark, limit};
use crate::render::figures::listed;
use crate::results::{Advice, Metric, Outcome, Results, Treatment, Verdict};

/// How many instants and contradictions are told.
const MOST: usize = 5;

/// "the look of 1 Feb 2027": which one settled an outcome; none where it is of this look.
pub fn look(outcome: &Outcome, pen: Pen) -> Option<String> {
    outcome.settled.as_ref().map(|settled| format!("the look of {}", moment(&settled.at, pen)))
}

/// "−9.8 % (98.75 % CI −12.0 % to −7.5 %)": what all units up to now say; none where they are those that settled it.
pub fn since(results: &Results, metric: &Metric, outcome: &Outcome, pen: Pen) -> Option<String> {
    let since = &outcome.settled.as_ref()?.since;
    let same = since.units == (outcome.control.units, outcome.treatment.units)
        && (&since.difference, &since.interval) == (&outcome.difference, &outcome.interval);
    if same {
        return None;
    }
    let amounts = Amounts::at(results, metric, pen);
    let around = |around: String| format!(" ({}{SPACE}CI {around})", confidence(outcome.alpha));
    match Change::between((&since.lift, &since.lift_interval), (&since.difference, &since.interval)) {
        Change::Lift(lift, own) => {
            Some(amounts.lift(lift) + &own.map_or_else(String::new, |own| around(amounts.lifts(own))))
        }
        Change::Difference(difference, own) => {
            Some(amounts.difference(difference) + &own.map_or_else(String::new, |own| around(amounts.differences(own))))
        }
        Change::Undefined => None,
    }
}

/// The outcomes that later data contradict, with their metrics; none where nothing is to be read off the data.
fn contradicted(results: &Results) -> impl Iterator<Item = (&Treatment, &Metric, &Outcome)> {
    let sound = results.decision.advice != Advice::Withheld;
    let outcomes = results.treatments.iter().filter(move |_| sound).flat_map(|treatment| {
        results.metrics.iter().zip(&treatment.outcomes).map(move |(metric, outcome)| (treatment, metric, outcome))
    });
    outcomes.filter(|(_, _, outcome)| outcome.settled.as_ref().is_some_and(|settled| settled.contradicts))
}

/// Whether later data contradict a verdict on one of some treatments.
pub fn is_contradicted(results: &Results, of: impl Fn(&Treatment) -> bool) -> bool {
    contradicted(results).any(|(treatment, ..)| of(treatment))
}

/// Which looks the figures are of, and every verdict that later data contradict.
pub fn lines(results: &Results, pen: Pen) -> Vec<Line> {
    let outcomes = || results.treatments.iter().flat_map(|treatment| &treatment.outcomes);
    let mut looks: Vec<&str> =
        outcomes().filter_map(|outcome| outcome.settled.as_ref()).map(|settled| settled.at.as_str()).collect();
    if looks.is_empty() {
        return Vec::new();
    }
    looks.sort_unstable();
    looks.dedup();
    let several = if looks.len() == 1 { "the look" } else { "the looks" };
    let more = if looks.len() > MOST { ", and of later ones" } else { "" };
    let looks: Vec<String> = looks.into_iter().take(MOST).map(|at| moment(at, pen)).collect();
    let all = outcomes().all(|outcome| outcome.settled.is_some());
    let whose = if all { "verdicts and figures" } else { "verdicts that are settled, and their figures," };
    let mut lines = vec![Line {
        mark: Mark::Quiet,
        title: "Plan is spent",
        found: format!("{whose} are of {several} of {}{more}; later data only describe", listed(&looks)),
        help: None,
    }];
    lines.extend(contradicted(results).take(MOST).map(|(treatment, metric, outcome)| Line {
        mark: Mark::Open,
        title: "Later data contradict",
        found: format!(
            "{} with {} was {}, and all units up to now say {}",
            (pen.name)(&metric.id),
            (pen.name)(&treatment.variant),
            was(metric, outcome),
            since(results, metric, outcome, pen).unwrap_or_else(|| "otherwise".to_owned())
        ),
        help: Some(
            "look for what has changed since, such as units that came late or a filter, before acting on it".to_owned(),
        ),
    }));
    lines
}

fn was(metric: &Metric, outcome: &Outcome) -> String {
    let harmed = outcome.deterioration.as_ref().is_some_and(|test| test.worse);
    match (outcome.verdict, limit(metric)) {
        (Verdict::Worse, _) => "worse".to_owned(),
        _ if harmed => "worse".to_owned(),
        (Verdict::Better, _) => "better".to_owned(),
        (Verdict::NonInferior, Some(limit)) => format!("within its {limit} limit"),
        _ => "not shown to be worse".to_owned(),
    }
}
