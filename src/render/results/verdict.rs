//! Verdicts in words: of a metric, and of the whole. They say what was decided, and decide nothing.

use super::amounts::{Amounts, Change, SPACE, confidence, number, p_value};
use super::pen::Pen;
use super::settled::is_contradicted;
use crate::render::figures::counted;
use crate::results::{
    Advice, Figure, Goal, Interval, Judged, Metric, Outcome, Reason, Results, State, Treatment, Verdict, Why,
};

/// How a verdict is meant, beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    Bad,
    /// It is to be waited for, or looked into.
    Open,
    /// It says nothing either way.
    Quiet,
}

impl Mark {
    /// A circle of its colour; words always stand beside it.
    #[must_use]
    pub fn circle(self) -> &'static str {
        match self {
            Self::Good => "🟢",
            Self::Bad => "🔴",
            Self::Open => "🟡",
            Self::Quiet => "⚪",
        }
    }
}

/// A verdict with its words.
pub struct Reading {
    pub mark: Mark,
    pub words: String,
}

impl Reading {
    fn new(mark: Mark, words: impl Into<String>) -> Self {
        Self { mark, words: words.into() }
    }
}

/// What the outcome of a metric says, in a few words.
pub fn reading(metric: &Metric, outcome: &Outcome, pen: Pen) -> Reading {
    let p = outcome.p.number().map_or_else(String::new, |p| format!(", {}", (pen.number)(&p_value(p), p)));
    let harmed = outcome.deterioration.as_ref().is_some_and(|test| test.worse);
    match (outcome.verdict, limit(metric)) {
        (Verdict::Withheld, _) => Reading::new(Mark::Quiet, "withheld"),
        (Verdict::Undefined, _) => {
            Reading::new(Mark::Open, format!("undefined: {}", (pen.sentence)(why(metric, outcome))))
        }
        (Verdict::Worse, Some(limit)) => Reading::new(Mark::Bad, format!("worse, beyond its {limit} limit")),
        (_, Some(limit)) if harmed => Reading::new(Mark::Bad, format!("worse, beyond its {limit} limit")),
        (Verdict::Worse, None) => Reading::new(Mark::Bad, format!("worse{p}")),
        (_, None) if harmed => Reading::new(Mark::Bad, "significantly worse"),
        (Verdict::Better, _) => Reading::new(Mark::Good, format!("better{p}")),
        (Verdict::NonInferior, Some(limit)) if is_worse(metric, outcome) => {
            Reading::new(Mark::Good, format!("worse, but within its {limit} limit"))
        }
        (Verdict::NonInferior, Some(limit)) => Reading::new(Mark::Good, format!("within its {limit} limit")),
        (Verdict::NonInferior, None) => Reading::new(Mark::Good, "not worse"),
        (Verdict::Undecided, Some(limit)) => Reading::new(Mark::Open, format!("cannot exclude {limit}")),
        (Verdict::Undecided, None) if metric.judged == Judged::Superiority => {
            Reading::new(Mark::Open, format!("undecided{p}"))
        }
        (Verdict::Undecided, None) => Reading::new(Mark::Quiet, "not shown to be worse"),
    }
}

/// Why an outcome has no interval, as recorded.
pub fn why<'a>(metric: &'a Metric, outcome: &'a Outcome) -> &'a str {
    let figures = [outcome.lift_interval.why(), outcome.interval.why(), outcome.difference.why(), outcome.p.why()];
    metric.failed.as_deref().or(figures.into_iter().flatten().next()).unwrap_or("nothing was computed")
}

/// The side on which a metric gets worse: −1 where less is worse, and where nothing says so.
pub fn bad_side(metric: &Metric) -> f64 {
    if metric.goal == Some(Goal::Decrease) { 1.0 } else { -1.0 }
}

/// "−2 %": the lift that a guardrail with a margin must exclude.
pub fn limit(metric: &Metric) -> Option<String> {
    let margin = metric.margin?;
    let sign = if bad_side(metric) > 0.0 { "+" } else { "−" };
    Some(format!("{sign}{}", super::amounts::percent(margin)))
}

/// Whether all of the interval is on the bad side of nothing.
fn is_worse(metric: &Metric, outcome: &Outcome) -> bool {
    let side = bad_side(metric);
    outcome.interval.known().is_some_and(|interval| interval.low * side > 0.0 && interval.high * side > 0.0)
}

/// The metrics on which a treatment is significantly worse, as its reasons say.
pub fn harms<'a>(results: &'a Results, treatment: &'a Treatment) -> impl Iterator<Item = (&'a Metric, &'a Outcome)> {
    let worse = treatment.reasons.iter().filter(|reason| reason.why == Why::Worse);
    worse.filter_map(|reason| pair(results, treatment, reason.metric.as_deref()?))
}

/// A metric with its outcome in a treatment.
pub fn pair<'a>(results: &'a Results, treatment: &'a Treatment, id: &str) -> Option<(&'a Metric, &'a Outcome)> {
    let metric = results.metrics.iter().find(|metric| metric.id == id)?;
    let outcome = treatment.outcomes.iter().find(|outcome| outcome.metric == id)?;
    Some((metric, outcome))
}

/// The treatment that a decision is about: the one that ships, does harm, or is waited for; of several alike the best.
pub fn lead(results: &Results) -> Option<&Treatment> {
    let decision = &results.decision;
    let named = decision.variant.as_ref().or(decision.reasons.first().and_then(|reason| reason.variant.as_ref()));
    let found = named.and_then(|name| results.treatments.iter().find(|treatment| treatment.variant == *name));
    found.or_else(|| {
        let lift = |treatment: &&Treatment| {
            let pair = results.primary().and_then(|metric| pair(results, treatment, &metric.id));
            pair.and_then(|(metric, outcome)| Some(outcome.lift.number()? * -bad_side(metric)))
                .unwrap_or(f64::NEG_INFINITY)
        };
        // Of equals the first.
        results.treatments.iter().rev().max_by(|one, other| lift(one).total_cmp(&lift(other)))
    })
}

/// Whether a decision is about several treatments alike, none of them named.
fn names_none(results: &Results) -> bool {
    let decision = &results.decision;
    let first = decision.reasons.first().and_then(|reason| reason.variant.as_ref());
    results.treatments.len() > 1 && decision.variant.is_none() && first.is_none()
}

/// The verdict and its reason, in one line without a full stop; also that later data contradict it.
pub fn headline(results: &Results, pen: Pen) -> Reading {
    let Reading { mark, words } = decided(results, pen);
    let about = lead(results).filter(|_| !names_none(results)).map(|treatment| &treatment.variant);
    if !is_contradicted(results, |own| about.is_none_or(|variant| own.variant == *variant)) {
        return Reading { mark, words };
    }
    let mark = if mark == Mark::Good { Mark::Open } else { mark };
    Reading::new(mark, format!("{words}; later data contradict this"))
}

fn decided(results: &Results, pen: Pen) -> Reading {
    let running = results.run.state == State::Running;
    let all = (pen.name)(&results.experiment);
    let sound = results.decision.advice != Advice::Withheld;
    // Harm to users that goes on comes before everything else that sound data say.
    let harmful =
        results.treatments.iter().find(|treatment| sound && running && harms(results, treatment).next().is_some());
    if let Some(treatment) = harmful {
        let harm = harms(results, treatment).next().map_or_else(String::new, |(metric, outcome)| {
            format!("{}, significantly worse{}", effect(results, metric, outcome, pen), beyond(metric))
        });
        let text = match results.decision.advice {
            Advice::Stop => format!("Stop {all} now: {harm}"),
            _ => format!("{} of {all} does harm: {harm}", (pen.name)(&treatment.variant)),
        };
        return Reading::new(Mark::Bad, text);
    }
    let several = results.treatments.len() > 1;
    let subject = match lead(results) {
        Some(treatment) if several => format!("{} of {all}", (pen.name)(&treatment.variant)),
        _ => all.clone(),
    };
    let best = lead(results).filter(|_| names_none(results));
    let best = best.map_or_else(String::new, |best| format!(" with {} at best", (pen.name)(&best.variant)));
    let primary = primary(results).map(|(metric, outcome)| format!("{}{best}", effect(results, metric, outcome, pen)));
    let because =
        |words: String| primary.as_ref().map_or_else(|| words.clone(), |primary| format!("{primary}, {words}"));
    match results.decision.advice {
        Advice::Withheld => Reading::new(Mark::Bad, format!("No verdict on {all}: {}", first_reason(results, pen))),
        Advice::Ship => Reading::new(Mark::Good, format!("Ship {subject}: {}", because(holding(results)))),
        Advice::Stop => {
            let harm = lead(results).and_then(|treatment| harms(results, treatment).next());
            match harm {
                Some((metric, outcome)) => {
                    let harm =
                        format!("{}, significantly worse{}", effect(results, metric, outcome, pen), beyond(metric));
                    Reading::new(Mark::Bad, format!("Do not ship {all}: {harm}"))
                }
                None => {
                    Reading::new(Mark::Quiet, format!("Do not ship {all}: {}", because(first_reason(results, pen))))
                }
            }
        }
        Advice::Wait => {
            let what = if running { format!("Let {all} run on") } else { format!("Wait before shipping {all}") };
            let reason = first_reason(results, pen);
            let better = primary_is_better(results);
            Reading::new(
                Mark::Open,
                format!("{what}: {}", because(if better { format!("but {reason}") } else { reason })),
            )
        }
    }
}

/// The verdict in two or three words, where its subject is named beside it.
pub fn label(results: &Results, pen: Pen) -> String {
    let running = results.run.state == State::Running;
    let decision = &results.decision;
    match decision.advice {
        Advice::Withheld => "No verdict".to_owned(),
        Advice::Stop if running && harm(results).is_some() => "Stop now".to_owned(),
        Advice::Stop => "Do not ship".to_owned(),
        _ if running && harm(results).is_some() => "Does harm".to_owned(),
        Advice::Ship => match &decision.variant {
            Some(variant) if results.treatments.len() > 1 => format!("Ship {}", (pen.name)(variant)),
            _ => "Ship".to_owned(),
        },
        Advice::Wait if running => "Let it run on".to_owned(),
        Advice::Wait => "Wait".to_owned(),
    }
}

/// The weightiest harm of any treatment.
pub fn harm(results: &Results) -> Option<(&Metric, &Outcome)> {
    results.treatments.iter().find_map(|treatment| harms(results, treatment).next())
}

/// ", beyond its limit of −2 %".
pub fn beyond(metric: &Metric) -> String {
    limit(metric).map_or_else(String::new, |limit| format!(", beyond its limit of {limit}"))
}

/// "and all 3 guardrails hold".
fn holding(results: &Results) -> String {
    match guardrails(results) {
        0 => "and nothing is significantly worse".to_owned(),
        1 => "and its guardrail holds".to_owned(),
        several => format!("and all {} hold", counted(several, "guardrail", "guardrails")),
    }
}

/// How many guardrails have margins.
fn guardrails(results: &Results) -> usize {
    results.metrics.iter().filter(|metric| metric.judged == Judged::NonInferiority).count()
}

/// The weightiest reason in words that follow an effect.
fn first_reason(results: &Results, pen: Pen) -> String {
    let reasons = &results.decision.reasons;
    let Some(first) = reasons.first() else { return "no reason is recorded".to_owned() };
    let about = |reason: &Reason| reason.variant == first.variant;
    match first.why {
        Why::NotNonInferior => {
            let open = reasons.iter().filter(|reason| reason.why == Why::NotNonInferior && about(reason)).count();
            let all = guardrails(results).max(open);
            let verb = if open == 1 { "is" } else { "are" };
            format!("{} of {} {verb} undecided", number(open as f64, 0), counted(all, "guardrail", "guardrails"))
        }
        Why::NoSuccessYet => "which is not shown to be better yet".to_owned(),
        Why::NoSuccess => "which is not shown to be better, and no more data will come".to_owned(),
        Why::PartOfWeek => "but the week is not whole yet".to_owned(),
        Why::NothingTested => "and it has nothing that a decision could be read off".to_owned(),
        _ => (pen.sentence)(&first.words),
    }
}

/// The primary metric in the treatment that the decision is about.
pub fn primary(results: &Results) -> Option<(&Metric, &Outcome)> {
    pair(results, lead(results)?, &results.primary()?.id)
}

fn primary_is_better(results: &Results) -> bool {
    primary(results).is_some_and(|(_, outcome)| outcome.verdict == Verdict::Better)
}

/// "`minutes-listened` **+3.0 %** (95 % CI +0.9 % to +5.1 %)".
pub fn effect(results: &Results, metric: &Metric, outcome: &Outcome, pen: Pen) -> String {
    let amounts = Amounts::at(results, metric, pen);
    let name = (pen.name)(&metric.id);
    let interval = |words: Option<String>| {
        words.map_or_else(String::new, |words| format!(" ({}{SPACE}CI {words})", confidence(outcome.alpha)))
    };
    match Change::of(outcome) {
        Change::Lift(lift, around) => {
            let around = around.map(|interval| amounts.lifts(interval));
            format!("{name} {}{}", (pen.strong)(&amounts.lift(lift)), interval(around))
        }
        Change::Difference(difference, around) => {
            let around = around.map(|interval| amounts.differences(interval));
            format!("{name} {}{}", (pen.strong)(&amounts.difference(difference)), interval(around))
        }
        Change::Undefined => format!("{name} is undefined"),
    }
}

/// An interval, where it is defined.
pub fn known(figure: &Figure<Interval>) -> Option<Interval> {
    figure.known().copied()
}
