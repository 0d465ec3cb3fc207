//! Effects by the values of dimensions: exploratory, corrected for how many there are, and no part of the decision.

use super::Question;
use super::arms::{Summed, add, moments, over_units, said};
use super::bounds::Course;
use super::outcome::{self, both, contrast};
use super::setting::{Judging, Setting};
use crate::results::{
    Breakdown, Effect, Figure, Judged, MethodKind, MetricKind, MetricTally, PartQuantile, Slice, Sums, Tally,
    UnitQuantile,
};
use crate::stats::{self, Comparison, Critical, Estimate, holm};

/// The estimates of all arms, control first.
type Arms = Vec<Result<Estimate, String>>;

/// An effect with the p-values that are still to be adjusted, and what they are held against.
struct Found {
    effect: Effect,
    p: Option<f64>,
    alike: Option<f64>,
    level: Option<f64>,
}

/// The breakdowns of a tally; nothing stands out of data that are not sound.
pub(super) fn breakdowns(
    question: &Question<'_, '_>,
    setting: &Setting<'_>,
    judged: &[Vec<outcome::Judged<'_>>],
    tally: &Tally,
    sound: bool,
) -> Vec<Breakdown> {
    let mut found: Vec<Vec<Vec<Found>>> = Vec::new();
    for (dimension, own) in tally.dimensions.iter().enumerate() {
        let slices = (0..own.values.len()).map(|place| slice(question, setting, judged, tally, (dimension, place)));
        found.push(slices.collect());
    }
    let all = || found.iter().flatten().flatten();
    let p = adjusted(all().map(|found| found.p));
    let alike = adjusted(all().map(|found| found.alike));
    let mut adjusted = p.into_iter().zip(alike);
    let breakdowns = tally.dimensions.iter().zip(found).map(|(dimension, slices)| Breakdown {
        dimension: dimension.dimension.clone(),
        failed: dimension.failed.clone(),
        slices: dimension
            .values
            .iter()
            .zip(slices)
            .map(|(value, found)| {
                let effects = found.into_iter().map(|found| {
                    let (p, alike) = adjusted.next().unwrap_or_default();
                    let below = |p: Option<f64>| sound && p.zip(found.level).is_some_and(|(p, level)| p < level);
                    let figure = |p: Option<f64>, own: &Figure| p.map_or_else(|| own.clone(), Figure::Known);
                    Effect {
                        adjusted: figure(p, &found.effect.adjusted),
                        stands_out: below(p),
                        alike: figure(alike, &found.effect.alike),
                        differs: below(alike),
                        ..found.effect
                    }
                });
                Slice { value: value.clone(), effects: effects.collect() }
            })
            .collect(),
    });
    breakdowns.collect()
}

/// The p-values that there are, adjusted for one another.
fn adjusted(all: impl Iterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    let all: Vec<Option<f64>> = all.collect();
    let known: Vec<f64> = all.iter().flatten().copied().collect();
    let mut adjusted = holm(&known).unwrap_or_default().into_iter();
    all.into_iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// The metrics that a breakdown is of: those that are decided on, of which units are told apart.
fn is_broken_down(metric: &Judging<'_>) -> bool {
    metric.kind != MetricKind::Aggregate && metric.judged() != Judged::Deterioration
}

fn slice(
    question: &Question<'_, '_>,
    setting: &Setting<'_>,
    judged: &[Vec<outcome::Judged<'_>>],
    tally: &Tally,
    at: (usize, usize),
) -> Vec<Found> {
    let mut found = Vec::new();
    for (place, metric) in setting.metrics.iter().enumerate().filter(|(_, metric)| is_broken_down(metric)) {
        let own = tally.metrics.iter().find(|own| own.metric == metric.id);
        let Some(own) = own.filter(|own| own.caps.as_ref().is_none_or(|caps| !caps.collapsed)) else { continue };
        let found_arms = match metric.kind {
            MetricKind::Quantile => quantiles(own, at, metric.level()),
            kind => arms(own, at, kind == MetricKind::Ratio),
        };
        let Some((mine, rest)) = found_arms else { continue };
        for (arm, outcomes) in judged.iter().enumerate() {
            let arm = arm + 1;
            let Some(of_all) = outcomes.get(place) else { continue };
            found.push(effect(question, setting, metric, (of_all, arm), &mine, &rest));
        }
    }
    found
}

/// The estimates among units of a value, and among all others; none where the tally does not tell.
fn arms(own: &MetricTally, (dimension, place): (usize, usize), ratio: bool) -> Option<(Arms, Arms)> {
    let mut mine = Vec::new();
    let mut rest = Vec::new();
    for arm in &own.arms {
        let parts = arm.parts.get(dimension)?;
        mine.push(moments(parts.get(place)?));
        let mut others = Sums::default();
        for (_, sums) in parts.iter().enumerate().filter(|(other, sums)| *other != place && sums.n > 0) {
            if !add(&mut others, sums) {
                return None;
            }
        }
        rest.push(moments(&others));
    }
    Some((Summed::compared(&mine, ratio), Summed::compared(&rest, ratio)))
}

/// The same of a quantile over units.
fn quantiles(own: &MetricTally, (dimension, place): (usize, usize), level: f64) -> Option<(Arms, Arms)> {
    let parts = own.arms.iter().map(|arm| arm.quantile_parts.get(dimension)?.get(place));
    let parts: Vec<&PartQuantile> = parts.collect::<Option<_>>()?;
    let of = |part: Option<&UnitQuantile>| over_units(part, level).map_err(said);
    let mine = parts.iter().map(|part| of(part.own.as_ref()));
    Some((mine.collect(), parts.iter().map(|part| of(part.rest.as_ref())).collect()))
}

fn effect(
    question: &Question<'_, '_>,
    setting: &Setting<'_>,
    metric: &Judging<'_>,
    (of_all, arm): (&outcome::Judged<'_>, usize),
    mine: &Arms,
    rest: &Arms,
) -> Found {
    let variant = setting.variants.get(arm).map_or("", |(id, _)| id.as_str());
    let units = both(mine, arm).map_or((0, 0), |(control, treatment)| (control.count, treatment.count));
    let outcome = &of_all.outcome;
    let all = (outcome.control.units, outcome.treatment.units);
    let course = Course { units, ..Course::of(question, setting, metric, variant, all) };
    let few = (units.0.min(units.1) as f64) < Setting::minimum();
    let why = || format!("there are fewer than {} units in an arm", Setting::minimum());
    // What a look at all units is read by; a sequence is as wide as its own units say.
    let sequential = setting.kind == MethodKind::AlwaysValid || of_all.critical.is_none();
    let critical = match of_all.critical {
        _ if few => Err(why()),
        Some(critical) if !sequential => Ok(critical),
        _ => course.always_valid(setting, metric).map(|q| Critical::Width { q }),
    };
    let tested = |contrast: Result<stats::Contrast, String>| -> Result<f64, String> {
        let contrast = contrast?;
        if few {
            return Err(why());
        }
        if !sequential {
            return contrast.p().map_err(|why| why.to_string());
        }
        let statistic = contrast.statistic().map_err(|why| why.to_string())?;
        let none = || "there is no plan to tune it for".to_owned();
        course.always_valid_p(outcome.alpha, statistic).ok_or_else(none)
    };
    let pair = both(mine, arm);
    let plain = pair.clone().and_then(|(control, treatment)| {
        Comparison::new(control, treatment).against(1.0).map_err(|why| why.to_string())
    });
    let apart = pair.and_then(|(control, treatment)| {
        let (other_control, other_treatment) = both(rest, arm)?;
        stats::interaction([other_control, other_treatment], [control, treatment]).map_err(|why| why.to_string())
    });
    let (p, alike) = (tested(plain), tested(apart));
    let level = if sequential { Some(outcome.alpha) } else { outcome.level.number() };
    Found {
        p: p.as_ref().ok().copied(),
        alike: alike.as_ref().ok().copied(),
        level,
        effect: Effect {
            variant: variant.to_owned(),
            metric: metric.id.clone(),
            contrast: contrast(mine, arm, critical, metric.direction()),
            adjusted: Figure::from(p.clone()),
            p: Figure::from(p),
            stands_out: false,
            alike: Figure::from(alike),
            differs: false,
        },
    }
}
