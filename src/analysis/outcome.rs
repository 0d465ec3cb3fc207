//! One treatment against control on one metric.

use super::arms::Estimated;
use super::bounds::{Course, Criticals};
use super::setting::{Judging, Setting};
use super::{Question, days, impact};
use crate::results::{
    ArmEstimate, Contrast, Covariate, Deterioration, Figure, Interval, Judged as JudgedBy, MarginTest, MethodKind,
    Outcome, Results, Settled, Spending, Tally, Verdict,
};
use crate::stats::design::{Role, Standing, Tested};
use crate::stats::{self, Comparison, Critical, Direction, Estimate, Judgement};

/// An outcome with what the decision needs of it.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    pub outcome: Outcome,
    /// The look that settled it, whose figures these are.
    pub settled: Option<&'a Results>,
    pub tested: Tested,
    /// The critical value by which treatments are compared with one another.
    pub critical: Option<Critical>,
}

/// Judges one metric of the treatment at a place among the variants.
pub(super) fn judge<'a>(
    question: &Question<'a, '_>,
    setting: &Setting<'_>,
    metric: &Judging<'_>,
    estimated: &Estimated,
    arm: usize,
    tally: &Tally,
) -> Judged<'a> {
    let variant = setting.variants.get(arm).map_or("", |(id, _)| id.as_str());
    let units = |at: usize| estimated.units.get(at).copied().unwrap_or(0);
    let course = Course::of(question, setting, metric, variant, (units(0), units(arm)));
    let pair = both(&estimated.arms, arm);
    let compared = pair.as_ref().map(|(control, treatment)| Comparison::new(control, treatment));
    let plain = compared.as_ref().map_err(|why| (*why).clone()).and_then(|pair| pair.against(1.0).map_err(why));
    let se = plain.as_ref().ok().map(stats::Contrast::se);
    let criticals = course.criticals(setting, metric, se);
    let direction = metric.direction();
    let margin = metric.margin.map(crate::decl::Share::fraction);
    let judgement = compared.as_ref().map_err(|why| (*why).clone()).and_then(|pair| {
        // What the data lack says more than what the look lacks.
        plain.clone()?;
        pair.judge(criticals.main.clone()?, direction, margin).map_err(why)
    });
    let deterioration = compared.as_ref().ok().map(|pair| worse(pair, &criticals, direction, margin, setting));
    let figure = |of: &dyn Fn(&Comparison<'_>) -> Result<f64, stats::Undefined>| match &compared {
        Ok(pair) => Figure::from(of(pair)),
        Err(why) => Figure::undefined(why),
    };
    let (absolute, relative) = intervals(&judgement);
    let outcome = Outcome {
        metric: metric.id.clone(),
        verdict: verdict(&judgement),
        control: arm_estimate(estimated, 0),
        treatment: arm_estimate(estimated, arm),
        difference: figure(&|pair| pair.difference()),
        se: Figure::from(plain.as_ref().map(stats::Contrast::se)),
        freedom: Figure::from(match &judgement {
            Ok(judgement) => Ok(judgement.freedom),
            Err(_) => plain.as_ref().map(|contrast| contrast.freedom),
        }),
        lift: figure(&|pair| pair.lift()),
        lift_se: figure(&|pair| pair.lift_se()),
        critical: Figure::from(judgement.as_ref().map(|judgement| judgement.q)),
        interval: absolute,
        lift_interval: relative,
        alpha: criticals.alpha,
        p: Figure::from(plain.clone().and_then(|contrast| p(&contrast, &course, &criticals, setting))),
        level: Figure::from(criticals.level.clone()),
        margin: margin.map(|margin| margin_test(&compared, direction, margin)),
        deterioration,
        planned_units: course.planned,
        spending: criticals.spent.clone().map(|spent| Spending {
            fraction: course.fraction,
            information: match course.look(se) {
                Some(look) => Figure::Known(look.information),
                None => Figure::undefined("there is no standard error yet"),
            },
            last: course.last,
            spent,
        }),
        covariate: covariate(metric, estimated, arm),
        kept: estimated.kept.as_ref().map(|kept| contrast(kept, arm, criticals.main.clone(), direction)),
        days: days::estimates(setting, metric, estimated, arm, &course),
        impact: None,
        settled: None,
    };
    let outcome = match course.settled {
        Some((look, settled)) => after(outcome, look, settled),
        None => {
            let decides = metric.judged() != JudgedBy::Deterioration;
            let impact = decides.then(|| impact::impact(question, setting, metric, &outcome, tally));
            Outcome { impact, ..outcome }
        }
    };
    let tested = Tested {
        role: match metric.judged() {
            JudgedBy::Superiority => Role::Success,
            JudgedBy::NonInferiority => Role::Guardrail,
            JudgedBy::Deterioration => Role::Watched,
        },
        standing: standing(metric, outcome.verdict, &plain),
        worse: is_worse(&outcome),
    };
    Judged { outcome, settled: course.settled.map(|(look, _)| look), tested, critical: criticals.main.ok() }
}

/// What a look says after the one that settled the verdict: a verdict is read off one interval, so that its figures stay beside
/// it, and those of now stand beside them.
fn after(now: Outcome, look: &Results, settled: &Outcome) -> Outcome {
    let worse = is_worse(&now) || now.verdict == Verdict::Worse;
    let was_worse = is_worse(settled) || settled.verdict == Verdict::Worse;
    let contradicts = if was_worse { now.verdict == Verdict::Better } else { worse };
    let since = Contrast {
        units: (now.control.units, now.treatment.units),
        difference: now.difference,
        se: now.se,
        lift: now.lift,
        interval: now.interval,
        lift_interval: now.lift_interval,
    };
    Outcome {
        planned_units: now.planned_units,
        spending: now.spending,
        settled: Some(Settled { at: look.at.clone(), since, contradicts }),
        ..settled.clone()
    }
}

fn is_worse(outcome: &Outcome) -> bool {
    outcome.deterioration.as_ref().is_some_and(|test| test.worse)
}

/// The estimates of control and the arm at a place.
pub(super) fn both(arms: &[Result<Estimate, String>], arm: usize) -> Result<(&Estimate, &Estimate), String> {
    let at = |at: usize| match arms.get(at) {
        Some(Ok(estimate)) => Ok(estimate),
        Some(Err(why)) => Err(why.clone()),
        None => Err("the variant was not counted".to_owned()),
    };
    Ok((at(0)?, at(arm)?))
}

fn why(why: stats::Undefined) -> String {
    why.to_string()
}

fn verdict(judgement: &Result<Judgement, String>) -> Verdict {
    match judgement.as_ref().map(|judgement| judgement.verdict) {
        Ok(stats::Verdict::Better) => Verdict::Better,
        Ok(stats::Verdict::NonInferior) => Verdict::NonInferior,
        Ok(stats::Verdict::Worse) => Verdict::Worse,
        Ok(stats::Verdict::Undecided) => Verdict::Undecided,
        Err(_) => Verdict::Undefined,
    }
}

/// Where the metric's own test stands. A look that is too early leaves it undecided; what data lack leaves it undefined.
fn standing(metric: &Judging<'_>, verdict: Verdict, plain: &Result<stats::Contrast, String>) -> Standing {
    match (metric.judged(), verdict) {
        (JudgedBy::Superiority | JudgedBy::NonInferiority, Verdict::Better) | (_, Verdict::NonInferior) => {
            Standing::Shown
        }
        (_, Verdict::Undefined) if plain.is_err() => Standing::Undefined,
        _ => Standing::Undecided,
    }
}

fn intervals(judgement: &Result<Judgement, String>) -> (Figure<Interval>, Figure<Interval>) {
    let recorded = |of: &stats::Interval| Figure::Known(Interval { low: of.low, high: of.high });
    match judgement {
        Ok(judgement) => {
            let relative = match &judgement.relative {
                Ok(relative) => recorded(relative),
                Err(why) => Figure::undefined(why),
            };
            (recorded(&judgement.absolute), relative)
        }
        Err(why) => (Figure::undefined(why), Figure::undefined(why)),
    }
}

/// A difference with its intervals at a critical value.
pub(super) fn contrast(
    arms: &[Result<Estimate, String>],
    arm: usize,
    critical: Result<Critical, String>,
    direction: Direction,
) -> Contrast {
    let pair = both(arms, arm);
    let compared = pair.as_ref().map(|(control, treatment)| Comparison::new(control, treatment));
    let of = |compute: &dyn Fn(&Comparison<'_>) -> Result<f64, stats::Undefined>| match &compared {
        Ok(pair) => Figure::from(compute(pair)),
        Err(why) => Figure::undefined(why),
    };
    let judged = compared.as_ref().map_err(|why| (*why).clone());
    let judged = judged.and_then(|pair| pair.judge(critical?, direction, None).map_err(why));
    let (interval, lift_interval) = intervals(&judged);
    Contrast {
        units: pair.as_ref().map_or((0, 0), |(control, treatment)| (control.count, treatment.count)),
        difference: of(&|pair| pair.difference()),
        se: of(&|pair| pair.against(1.0).map(|contrast| contrast.se())),
        lift: of(&|pair| pair.lift()),
        interval,
        lift_interval,
    }
}

fn p(
    contrast: &stats::Contrast,
    course: &Course<'_>,
    criticals: &Criticals,
    setting: &Setting<'_>,
) -> Result<f64, String> {
    if setting.kind != MethodKind::AlwaysValid {
        return contrast.p().map_err(why);
    }
    criticals.main.clone()?;
    let statistic = contrast.statistic().map_err(why)?;
    course.always_valid_p(criticals.alpha, statistic).ok_or_else(|| "there is no plan to tune it for".to_owned())
}

fn margin_test(compared: &Result<Comparison<'_>, &String>, direction: Direction, margin: f64) -> MarginTest {
    let contrast = match compared {
        Ok(pair) => pair.against_margin(direction, margin).map_err(why),
        Err(why) => Err((*why).clone()),
    };
    let of = |compute: &dyn Fn(&stats::Contrast) -> Result<f64, stats::Undefined>| match &contrast {
        Ok(contrast) => Figure::from(compute(contrast)),
        Err(why) => Figure::undefined(why),
    };
    MarginTest {
        margin,
        value: of(&|contrast| Ok(contrast.value)),
        se: of(&|contrast| Ok(contrast.se())),
        statistic: of(&|contrast| contrast.statistic()),
        p: of(&|contrast| contrast.p_above()),
    }
}

/// The test for being worse; with a margin for being beyond it.
fn worse(
    pair: &Comparison<'_>,
    criticals: &Criticals,
    direction: Direction,
    margin: Option<f64>,
    setting: &Setting<'_>,
) -> Deterioration {
    let contrast = match margin {
        Some(margin) => pair.against_margin(direction, margin),
        None => pair.against(1.0),
    };
    let sign = if margin.is_some() { 1.0 } else { direction.sign() };
    let statistic = contrast.and_then(|contrast| contrast.statistic().map(|statistic| -sign * statistic));
    let critical = match (&contrast, criticals.deterioration.clone()) {
        (Ok(contrast), Ok(critical)) => critical.at(contrast.freedom).map_err(why),
        (Err(undefined), _) => Err(why(*undefined)),
        (_, Err(why)) => Err(why),
    };
    let worse = matches!((&statistic, &critical), (Ok(statistic), Ok(critical)) if statistic > critical);
    Deterioration {
        alpha: setting.alphas.deterioration,
        critical: Figure::from(critical),
        statistic: Figure::from(statistic),
        worse,
    }
}

fn arm_estimate(estimated: &Estimated, arm: usize) -> ArmEstimate {
    let figure =
        |of: &[Result<Estimate, String>], number: fn(&Estimate) -> Result<f64, stats::Undefined>| match of.get(arm) {
            Some(Ok(estimate)) => Figure::from(number(estimate)),
            Some(Err(why)) => Figure::undefined(why),
            None => Figure::undefined("the variant was not counted"),
        };
    ArmEstimate {
        units: estimated.units.get(arm).copied().unwrap_or(0),
        mean: figure(&estimated.arms, Estimate::mean),
        se: figure(&estimated.arms, Estimate::se),
        raw: figure(&estimated.raw, Estimate::mean),
    }
}

fn covariate(metric: &Judging<'_>, estimated: &Estimated, arm: usize) -> Option<Covariate> {
    let days = metric.lookback()?;
    let unused = |why: String| Covariate { days, used: false, why: Some(why), theta: None, removed: None };
    match &estimated.adjusted {
        None => Some(unused("nothing was counted from before exposure".to_owned())),
        Some(Err(why)) => Some(unused(why.to_string())),
        Some(Ok(adjusted)) => {
            let first = |at: usize| adjusted.thetas.get(at).and_then(|thetas| thetas.first()).copied();
            let variance = |arms: &[Result<Estimate, String>]| {
                let (control, treatment) = both(arms, arm).ok()?;
                Comparison::new(control, treatment).against(1.0).ok().map(|contrast| contrast.variance)
            };
            let removed = variance(&estimated.arms).zip(variance(&estimated.raw)).map(|(own, raw)| 1.0 - own / raw);
            Some(Covariate { days, used: true, why: None, theta: first(0).zip(first(arm)), removed })
        }
    }
}
