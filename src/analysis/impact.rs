//! What an effect on exposed units comes to on the whole surface: the effect times the share exposed.

use std::cmp::Reverse;

use super::setting::{Judging, Setting};
use super::{DAY, Question, SECOND};
use crate::decl::Day;
use crate::results::{Figure, Impact, Interval, MetricKind, MetricTally, Outcome, Tally};

/// The impact if everybody got the treatment whom the experiment could reach.
pub(super) fn impact(
    question: &Question<'_, '_>,
    setting: &Setting<'_>,
    metric: &Judging<'_>,
    outcome: &Outcome,
    tally: &Tally,
) -> Impact {
    let days = setting.days();
    let seen = seen(question, setting, tally);
    let nobody = || "nobody was let in yet".to_owned();
    let everybody = seen.last().map(|(_, units)| *units).ok_or_else(nobody);
    let window = (metric.window.1 - metric.window.0) as f64 / DAY as f64;
    let units_per_day = begun(&seen, window).ok_or_else(nobody);
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

/// After so many days so many units would have been seen if everybody had been let in: from the complete units by the day of
/// their first exposure, as far as these days are, and from all that were exposed. Empty where nobody was let in.
fn seen(question: &Question<'_, '_>, setting: &Setting<'_>, tally: &Tally) -> Vec<(f64, f64)> {
    let mut seen = Vec::new();
    let complete = |metric: &MetricTally| metric.arms.iter().map(|arm| arm.sums.n).fold(0, u64::saturating_add);
    let known = tally.metrics.iter().filter_map(|own| {
        let metric = setting.metrics.iter().find(|metric| metric.id == own.metric)?;
        Some((own, metric))
    });
    // Of several with as many units the one that is complete the soonest.
    let fullest =
        known.min_by_key(|(own, metric)| (Reverse(complete(own)), metric.lag.saturating_add(metric.window.1)));
    if let Some((fullest, metric)) = fullest {
        let until = setting.until.unwrap_or(i64::MAX).min(setting.now.saturating_sub(metric.lag));
        let whole = until.saturating_sub(metric.window.1).saturating_sub(setting.from).div_euclid(DAY);
        let by_day = || fullest.arms.iter().flat_map(|arm| &arm.days);
        let last = by_day().map(|own| own.day).max().map_or(0, |last| i64::from(last) + 1);
        for day in 1..=u32::try_from(whole.min(last)).unwrap_or(0) {
            let units = by_day().filter(|own| own.day < day).map(|own| own.sums.n).fold(0, u64::saturating_add);
            let share = share(question, setting, f64::from(day));
            seen.extend(share.map(|share| (f64::from(day), units as f64 / share)));
        }
    }
    let exposed: u64 = tally.arms.iter().map(|arm| arm.exposed).fold(0, u64::saturating_add);
    let all = share(question, setting, setting.days()).map(|share| (setting.days(), exposed as f64 / share));
    seen.extend(all);
    seen
}

/// In how many units a day a window of so many days begins: with the first visit after the last window's end. How long that
/// takes to come follows from how many units are seen within one window and within two, as if visits came at random. Where
/// there are no two windows yet it takes no time, which may be some too many.
fn begun(seen: &[(f64, f64)], window: f64) -> Option<f64> {
    let (days, _) = *seen.last().filter(|(days, _)| *days > 0.0)?;
    let window = window.clamp(days.min(1.0), days);
    let one = within(seen, window);
    let most = one / window;
    if 2.0 * window > days || one <= 0.0 {
        return Some(most);
    }
    // With visits at a rate of k a day, of N units N·(1 − e^(−k·t)) are seen in t days, and N / (window + 1/k) begin a window.
    let missed = within(seen, 2.0 * window) / one - 1.0;
    let visits = -missed.ln();
    Some(if missed > 0.0 && missed < 1.0 { most * visits / ((1.0 + visits) * (1.0 - missed)) } else { most })
}

/// Units that are seen within so many days; between days that are known it is about a straight line.
fn within(seen: &[(f64, f64)], days: f64) -> f64 {
    let mut before = (0.0, 0.0);
    for &(day, units) in seen {
        if days <= day {
            return before.1 + (days - before.0) / (day - before.0) * (units - before.1);
        }
        before = (day, units);
    }
    before.1
}

/// The share of the surface's units that the experiment had, averaged over its first days.
fn share(question: &Question<'_, '_>, setting: &Setting<'_>, days: f64) -> Option<f64> {
    let first = Day::containing(setting.from.div_euclid(SECOND));
    let buckets = f64::from(question.lock.buckets);
    let share = |day: u32| f64::from(question.lock.owned(first.plus(day)).len()) / buckets;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of days, cut off")]
    let whole = days as u32;
    // The last day counts as far as it has passed.
    let sum = (0..whole).map(share).sum::<f64>() + days.fract() * share(whole);
    (sum > 0.0).then(|| sum / days)
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
