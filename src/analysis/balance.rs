//! Whether covariates from before exposure are alike in all variants: what differs then was not caused by the experiment.

use super::arms::Estimated;
use super::setting::{Judging, Setting};
use crate::results::{Check, CheckName, Figure, Part, Status};
use crate::stats::sequential::{Sequence, Sides};
use crate::stats::{Comparison, Estimate, Moments, SampleRatio, bonferroni};

/// The units that always-valid p-values are tuned for: fixed, so that they hold however often one looks.
const TUNED: f64 = 1e5;

/// The check over all metrics with a covariate. While units come in p-values are always valid, since it is looked at daily.
pub(super) fn balance(setting: &Setting<'_>, estimated: &[Estimated]) -> Check {
    let name = CheckName::PrePeriodBalance;
    let with = setting.metrics.iter().zip(estimated).filter(|(metric, _)| metric.lookback().is_some());
    let mut parts: Vec<Part> = Vec::new();
    for (metric, own) in with {
        for arm in 1..setting.variants.len() {
            parts.extend(part(setting, metric, own, arm));
        }
    }
    let known: Vec<f64> = parts.iter().filter_map(|part| part.p.as_ref()?.number()).collect();
    // Each has been corrected for its columns; this is over parts.
    let smallest = bonferroni(&known).and_then(|adjusted| adjusted.into_iter().reduce(f64::min));
    let Some(smallest) = smallest else {
        return Check::unchecked(name, "no metric has a covariate that can be compared");
    };
    let failed = smallest < SampleRatio::ALARM;
    let worst = parts.iter().min_by(|a, b| number(a).total_cmp(&number(b)));
    let metric = worst.and_then(|part| part.metric.clone()).unwrap_or_default();
    let help = "units were not alike before they were exposed: look for a carry-over from an earlier experiment on the same units, \
                or for an exposure that is logged after the treatment had an effect; then begin a new phase";
    Check {
        name,
        status: if failed { Status::Failed } else { Status::Passed },
        found: if failed {
            format!("`{metric}` differed between variants before anybody was exposed")
        } else {
            "variants were alike before exposure".to_owned()
        },
        help: failed.then(|| help.to_owned()),
        value: Some(Figure::Known(smallest)),
        limit: Some(SampleRatio::ALARM),
        parts,
    }
}

fn number(part: &Part) -> f64 {
    part.p.as_ref().and_then(Figure::number).unwrap_or(1.0)
}

/// The covariate of one metric in one treatment: the column that differs most.
fn part(setting: &Setting<'_>, metric: &Judging<'_>, own: &Estimated, arm: usize) -> Option<Part> {
    let at = |arm: usize| own.moments.get(arm).and_then(|moments| moments.as_ref().ok());
    let (control, treatment) = (at(0)?, at(arm)?);
    let outcomes = if own.ratio { 2 } else { 1 };
    let columns = outcomes..control.columns();
    let tests = columns.len() as f64;
    let tested = columns.filter_map(|column| test(setting, control, treatment, column));
    let (lift, p) = tested.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Part {
        variant: setting.variants.get(arm).map(|(id, _)| id.clone()),
        metric: Some(metric.id.clone()),
        value: lift,
        expected: Some(0.0),
        p: Some(Figure::Known((p * tests).min(1.0))),
    })
}

/// The relative difference of a column, and the p-value of none.
fn test(setting: &Setting<'_>, control: &Moments, treatment: &Moments, column: usize) -> Option<(Figure, f64)> {
    let (c, t) = (Estimate::of_mean(control, column).ok()?, Estimate::of_mean(treatment, column).ok()?);
    let pair = Comparison::new(&c, &t);
    let contrast = pair.against(1.0).ok()?;
    let p = if setting.ended() {
        contrast.p().ok()?
    } else {
        let units = (control.count().saturating_add(treatment.count())) as f64;
        let sequence = Sequence::tuned(SampleRatio::ALARM, Sides::Two, TUNED, 0.0).ok()?;
        sequence.p(units, contrast.statistic().ok()?)
    };
    Some((Figure::from(pair.lift()), p))
}
