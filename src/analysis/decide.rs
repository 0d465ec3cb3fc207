//! What the outcomes come to, per treatment and over all, with every reason in words.

use super::arms::Estimated;
use super::bounds::next_look;
use super::health;
use super::outcome::Judged;
use super::setting::Setting;
use super::{DAY, written};
use crate::decl::Share;
use crate::results::{Advice, Check, Decision, Next, Outcome, Reason, Results, Status, Treatment, Verdict, Why};
use crate::stats::design::{self, Overall, State};
use crate::stats::{Comparison, Critical, Direction};

/// Decides on each treatment and over all of them.
pub(super) fn decide(
    setting: &Setting<'_>,
    estimated: &[Estimated],
    outcomes: Vec<Vec<Judged<'_>>>,
    health: &[Check],
    sound: bool,
) -> (Vec<Treatment>, Decision) {
    let state = State { over: setting.over(), whole_weeks: whole_weeks(setting), sound };
    let primary = setting.metrics.iter().position(|metric| metric.role == crate::model::Role::Success).unwrap_or(0);
    let direction = setting.metrics.get(primary).map_or(Direction::Increase, super::setting::Judging::direction);
    let mut treatments = Vec::new();
    let mut decided = Vec::new();
    let mut criticals: Vec<Option<Critical>> = Vec::new();
    let mut settled: Vec<Option<&Results>> = Vec::new();
    for (at, judged) in outcomes.into_iter().enumerate() {
        let variant = setting.variants.get(at + 1).map_or(String::new(), |(id, _)| id.clone());
        let tested: Vec<_> = judged.iter().map(|judged| judged.tested).collect();
        let decision = design::decide(&tested, state);
        let own = judged.get(primary);
        let estimate = own.and_then(|own| own.outcome.difference.number()).map(|value| direction.sign() * value);
        criticals.push(own.and_then(|own| own.critical));
        settled.push(own.and_then(|own| own.settled));
        let reasons = reasons(setting, estimated, &decision, &variant, health);
        let advice = match &decision {
            _ if !sound => Advice::Withheld,
            design::Decision::Ship(_) => Advice::Ship,
            design::Decision::Wait(_) => Advice::Wait,
            design::Decision::Stop(_) => Advice::Stop,
        };
        let outcomes = judged.into_iter().map(|judged| held(judged.outcome, sound)).collect();
        treatments.push(Treatment { variant, advice, reasons, outcomes });
        decided.push(design::Treatment { decision, primary: estimate });
    }
    // Two treatments are compared at the critical value of the first one's own test; where one look settled both, as they were
    // at that look.
    let of_look = |look: &Results| {
        let metric = setting.metrics.get(primary)?;
        let tally = look.tally.metrics.iter().find(|own| own.metric == metric.id);
        Some(Estimated::of(metric, tally, setting.variants.len()).arms)
    };
    let differs = |one: usize, other: usize| {
        let look = |at: usize| settled.get(at).copied().flatten();
        let then = look(one).filter(|own| look(other).is_some_and(|other| other.at == own.at)).and_then(of_look);
        let Some(arms) = then.as_ref().or(estimated.get(primary).map(|own| &own.arms)) else { return false };
        let (Some(Ok(one_arm)), Some(Ok(other_arm))) = (arms.get(one + 1), arms.get(other + 1)) else { return false };
        let critical = criticals.get(one).copied().flatten();
        let judged =
            critical.and_then(|critical| Comparison::new(one_arm, other_arm).judge(critical, direction, None).ok());
        judged.is_some_and(|judged| judged.better || judged.worse)
    };
    let overall = design::choose(&decided, differs);
    let named = |at: usize| treatments.get(at).map(|treatment| treatment.variant.clone());
    let all = || treatments.iter().flat_map(|treatment| treatment.reasons.iter().cloned()).collect::<Vec<_>>();
    let (advice, variant, ties, mut reasons) = match overall {
        _ if !sound => (Advice::Withheld, None, Vec::new(), all()),
        Overall::Ship { treatment, ties } => {
            let reasons = treatments.get(treatment).map_or(Vec::new(), |treatment| treatment.reasons.clone());
            (Advice::Ship, named(treatment), ties.into_iter().filter_map(named).collect(), reasons)
        }
        Overall::Wait => (Advice::Wait, None, Vec::new(), all()),
        Overall::Stop => (Advice::Stop, None, Vec::new(), all()),
    };
    reasons = once(reasons);
    let waits = matches!(advice, Advice::Wait | Advice::Withheld);
    let next = next_look(setting).filter(|_| waits);
    let week = reasons.iter().any(|reason| reason.why == Why::PartOfWeek);
    let next = next.map(|(at, why)| match week {
        true => {
            let week = i64::from(setting.elapsed() / 7 + 1) * 7 * DAY;
            Next { at: written(setting.from.saturating_add(week)), why: "week".to_owned() }
        }
        false => Next { at: written(at), why: why.to_owned() },
    });
    (treatments, Decision { advice, variant, ties, reasons, next })
}

/// What is said of several treatments alike is said once, of none of them.
fn once(reasons: Vec<Reason>) -> Vec<Reason> {
    let mut said: Vec<Reason> = Vec::new();
    for reason in reasons {
        match said.iter_mut().find(|own| own.why == reason.why && own.metric == reason.metric) {
            Some(own) if own.variant == reason.variant => {}
            Some(own) => own.variant = None,
            None => said.push(reason),
        }
    }
    said
}

/// Whether whole weeks have passed, at least one.
fn whole_weeks(setting: &Setting<'_>) -> bool {
    let days = setting.elapsed();
    days > 0 && days.is_multiple_of(7)
}

/// Nothing is read off an interval of data that cannot be trusted.
fn held(outcome: Outcome, sound: bool) -> Outcome {
    let verdict = match outcome.verdict {
        Verdict::Undefined => Verdict::Undefined,
        _ if !sound => Verdict::Withheld,
        verdict => verdict,
    };
    Outcome { verdict, ..outcome }
}

fn reasons(
    setting: &Setting<'_>,
    estimated: &[Estimated],
    decision: &design::Decision,
    variant: &str,
    health: &[Check],
) -> Vec<Reason> {
    let metric = |at: usize| setting.metrics.get(at);
    let id = |at: usize| metric(at).map(|metric| metric.id.clone());
    let margin = |at: usize| metric(at).and_then(|metric| metric.margin);
    let of = |why: Why, at: Option<usize>, words: String| Reason {
        why,
        variant: Some(variant.to_owned()),
        metric: at.and_then(id),
        words,
    };
    let quoted = |at: usize| format!("`{}`", id(at).unwrap_or_default());
    let one = |why: &design::Why| match *why {
        design::Why::Worse(at) => {
            let beyond = margin(at).map_or(String::new(), |margin| format!(", beyond its margin of {margin}"));
            of(Why::Worse, Some(at), format!("{} is significantly worse{beyond}", quoted(at)))
        }
        design::Why::Better(at) => of(Why::Better, Some(at), format!("{} is better", quoted(at))),
        design::Why::NoSuccess => of(Why::NoSuccess, None, "no success metric is better".to_owned()),
        design::Why::NoSuccessYet => of(Why::NoSuccessYet, None, "no success metric is better yet".to_owned()),
        design::Why::NotNonInferior(at) => {
            let margin = margin(at).unwrap_or(Share::NONE);
            let words = format!("{} is not shown to stay within its margin of {margin}", quoted(at));
            of(Why::NotNonInferior, Some(at), words)
        }
        design::Why::Undefined(at) => {
            // Whoever reads that alone would take it for what the experiment showed.
            let none =
                metric(at).zip(estimated.get(at)).is_some_and(|(metric, own)| health::is_without_facts(metric, own));
            let because = if none { ": no unit has a fact of it" } else { "" };
            of(Why::Undefined, Some(at), format!("{} has no interval{because}", quoted(at)))
        }
        design::Why::GuardrailsHold => {
            of(Why::GuardrailsHold, None, "every guardrail with a margin stays within it".to_owned())
        }
        design::Why::PartOfWeek => {
            of(Why::PartOfWeek, None, "the weeks are not whole, so that some days would count more".to_owned())
        }
        design::Why::Unsound => {
            let failed = health.iter().find(|check| check.status == Status::Failed);
            let words = failed.map_or(String::new(), |check| check.found.clone());
            Reason { why: Why::Unsound, variant: None, metric: None, words }
        }
        design::Why::NothingTested => {
            let words = "there is neither a success metric nor a guardrail with a margin".to_owned();
            of(Why::NothingTested, None, words)
        }
    };
    decision.reasons().iter().map(one).collect()
}
