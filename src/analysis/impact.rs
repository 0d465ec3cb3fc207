//! What an effect on exposed units comes to on the whole surface: the effect times the share exposed.

use super::setting::{Judging, Setting};
use super::{Question, SECOND};
use crate::decl::Day;
use crate::results::{Figure, Impact, Interval, MetricKind, Outcome, Tally};

/// The impact if everybody got the treatment whom the experiment could reach.
pub(super) fn impact(
    question: &Question<'_, '_>,
    setting: &Setting<'_>,
    metric: &Judging<'_>,
    outcome: &Outcome,
    tally: &Tally,
) -> Impact {
    let days = setting.days();
    let exposed: u64 = tally.arms.iter().map(|arm| arm.exposed).sum();
    let everybody = share_of_days(question, setting).map(|share| exposed as f64 / share);
    let everybody = everybody.ok_or_else(|| "nobody was let in yet".to_owned());
    let units_per_day = everybody.clone().map(|units| units / days);
    let adds_up = match metric.kind {
        MetricKind::Ratio => Err("a ratio does not add up over units".to_owned()),
        MetricKind::Quantile => Err("a quantile does not add up over units".to_owned()),
        _ => Ok(()),
    };
    let daily = adds_up.clone().and_then(|()| units_per_day.clone());
    let surface = question.claim.surface.map(|ix| (ix, &question.catalogue.surfaces.at(ix).id));
    let reach = surface.and_then(|(ix, _)| question.power.reach(ix)).map(|reach| reach.at(days).count);
    let id = surface.map_or("", |(_, id)| id.as_str());
    let reach = reach.filter(|reach| *reach > 0.0).ok_or_else(|| format!("no baseline tells the reach of `{id}`"));
    let share = reach.and_then(|reach| everybody.map(|units| (units / reach).min(1.0)));
    let known = setting.forecast.metrics.iter().find(|own| own.id == metric.id).and_then(|own| own.baseline.as_ref());
    let mean = known.map(|moments| moments.mean.abs()).filter(|mean| *mean > 0.0);
    let mean = mean.ok_or_else(|| format!("no baseline tells the mean of `{}`", metric.id));
    // An effect per exposed unit, as a share of the mean over all units.
    let scale = adds_up.and_then(|()| share.clone()).and_then(|share| mean.map(|mean| share / mean));
    Impact {
        per_day: times(&outcome.difference, &daily),
        per_day_interval: both_ends(&outcome.interval, &daily),
        units_per_day: Figure::from(units_per_day),
        exposed: Figure::from(share),
        lift: times(&outcome.difference, &scale),
        lift_interval: both_ends(&outcome.interval, &scale),
    }
}

/// The share of the surface's units that the experiment had, averaged over the days that have passed.
fn share_of_days(question: &Question<'_, '_>, setting: &Setting<'_>) -> Option<f64> {
    let first = Day::containing(setting.from.div_euclid(SECOND));
    // The present day counts as far as it has passed.
    let (days, part) = (setting.elapsed(), setting.days().fract());
    let buckets = f64::from(question.lock.buckets);
    let share = |day: u32| f64::from(question.lock.owned(first.plus(day)).len()) / buckets;
    let sum = (0..days).map(share).sum::<f64>() + part * share(days);
    (sum > 0.0).then(|| sum / setting.days())
}

fn times(figure: &Figure, factor: &Result<f64, String>) -> Figure {
    match (figure, factor) {
        (Figure::Known(value), Ok(factor)) => Figure::from(Ok::<_, String>(value * factor)),
        (Figure::Undefined(why), Ok(_)) => Figure::Undefined(why.clone()),
        (_, Err(why)) => Figure::undefined(why),
    }
}

fn both_ends(interval: &Figure<Interval>, factor: &Result<f64, String>) -> Figure<Interval> {
    match (interval, factor) {
        (Figure::Known(Interval { low, high }), Ok(factor)) => {
            Figure::Known(Interval { low: low * factor, high: high * factor })
        }
        (Figure::Undefined(why), Ok(_)) => Figure::Undefined(why.clone()),
        (_, Err(why)) => Figure::undefined(why),
    }
}
