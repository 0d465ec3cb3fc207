//! Other experiments on the same units: whether their treatments change this one's effects.

use super::arms::{Summed, moments, over_units};
use super::setting::{Judging, Setting};
use crate::results::{Interaction, Interactions, JointTally, MetricKind, PairTally, Tally};
use crate::stats::sequential::{Sequence, Sides};
use crate::stats::{Contrast, Estimate, holm, interaction};

/// The units that always-valid p-values are tuned for: fixed, so that they hold however often one looks.
const TUNED: f64 = 1e5;

/// The interactions of a tally; none where no other experiment was counted with it. Of data that are not sound none is found.
pub(super) fn interactions(setting: &Setting<'_>, tally: &Tally, sound: bool) -> Option<Interactions> {
    if tally.pairs.is_empty() {
        return None;
    }
    let mut tested = Vec::new();
    for pair in &tally.pairs {
        for joint in &pair.metrics {
            let Some(metric) = setting.metrics.iter().find(|metric| metric.id == joint.metric) else { continue };
            for arm in 1..setting.variants.len() {
                for under in 1..pair.variants.len() {
                    tested.extend(test(setting, pair, joint, metric, (arm, under)));
                }
            }
        }
    }
    let known: Vec<f64> = tested.iter().map(|test| test.p).collect();
    let adjusted = holm(&known).unwrap_or_default();
    let all = tested.into_iter().zip(adjusted).map(|(test, adjusted)| Interaction { adjusted, ..test });
    let tests = known.len() as u64;
    let mut found: Vec<Interaction> = all.filter(|test| sound && test.adjusted < setting.forecast.alpha).collect();
    found.sort_by(|one, other| one.adjusted.total_cmp(&other.adjusted));
    Some(Interactions { with: tally.pairs.iter().map(|pair| pair.with.clone()).collect(), tests, found })
}

/// The difference of differences over four cells; none where one of them has too few units, or nothing varies.
fn test(
    setting: &Setting<'_>,
    pair: &PairTally,
    joint: &JointTally,
    metric: &Judging<'_>,
    (arm, under): (usize, usize),
) -> Option<Interaction> {
    let cell = |arm: usize, under: usize| -> Option<Estimate> {
        let sums = joint.cells.get(arm)?.get(under)?;
        let enough = sums.n as f64 >= Setting::minimum();
        let estimate = if metric.kind == MetricKind::Quantile {
            over_units(joint.quantiles.get(arm)?.get(under)?.as_ref(), metric.level()).ok()?
        } else {
            let moments = [moments(sums)];
            Summed::compared(&moments, metric.kind == MetricKind::Ratio).pop()?.ok()?
        };
        enough.then_some(estimate)
    };
    let cells = [cell(0, 0)?, cell(arm, 0)?, cell(0, under)?, cell(arm, under)?];
    let [cc, tc, ct, tt] = &cells;
    let change = interaction([cc, tc], [ct, tt]).ok()?;
    let effect = |control: &Estimate, treatment: &Estimate| Some(treatment.mean().ok()? - control.mean().ok()?);
    Some(Interaction {
        with: pair.with.clone(),
        under: pair.variants.get(under)?.clone(),
        variant: setting.variants.get(arm)?.0.clone(),
        metric: metric.id.clone(),
        effect: effect(cc, tc)?,
        changed: effect(ct, tt)?,
        difference: change.value,
        se: change.se(),
        p: p(setting, &change, cells.iter().map(|cell| cell.count).sum())?,
        adjusted: 1.0,
    })
}

/// While units come in it is looked at again and again.
fn p(setting: &Setting<'_>, change: &Contrast, units: u64) -> Option<f64> {
    if setting.ended() {
        return change.p().ok();
    }
    let sequence = Sequence::tuned(setting.forecast.alpha, Sides::Two, TUNED, 0.0).ok()?;
    Some(sequence.p(units as f64, change.statistic().ok()?))
}
