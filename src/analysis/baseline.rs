//! Baselines from what was counted: reach, shares of segments, and the moments of metrics.

use super::arms::{Summed, moments, quantile};
use crate::decl::Share;
use crate::query::{Baselines, Calculation};
use crate::results::{MetricTally, Tally};
use crate::stats::Undefined;

/// What was measured of a surface.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// Distinct units seen after so many days.
    pub reach: Vec<(u32, u64)>,
    /// The share of those units in each segment.
    pub segments: Vec<(String, Share)>,
    pub metrics: Vec<Moments>,
    /// Metrics that could not be measured, and why.
    pub failed: Vec<(String, String)>,
}

/// The moments of a metric, per unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    pub id: String,
    pub mean: f64,
    /// Of a ratio that of its linearisation, of a quantile √(n·V): what n divides to give the variance of the estimate.
    pub deviation: f64,
    /// With its covariate.
    pub correlation: Option<f64>,
}

/// Days for which reach is told, if as many are measured.
const DAYS: [u32; 9] = [1, 3, 7, 14, 21, 28, 42, 56, 84];

/// Reads baselines off the answer to their request.
#[must_use]
pub fn measured(asked: &Baselines<'_>, tallies: &[Tally], days: u32) -> Measured {
    let mut found = Measured::default();
    let Some(everybody) = tallies.first() else { return found };
    let reach = |day: u32| -> u64 {
        let arm = everybody.metrics.first().and_then(|metric| metric.arms.first());
        let rows = arm.into_iter().flat_map(|arm| &arm.days).filter(|row| row.day < day);
        rows.map(|row| row.sums.n).sum()
    };
    let told = DAYS.into_iter().filter(|&day| day < days).chain([days]);
    found.reach = told.map(|day| (day, reach(day))).filter(|&(_, units)| units > 0).collect();
    let units = |tally: &Tally| tally.arms.first().map_or(0, |arm| arm.exposed);
    let all = units(everybody);
    for (segment, tally) in asked.segments.iter().zip(tallies.iter().skip(1)) {
        // Rounded to the nearest millionth, of which a share is made.
        let millionths = (u128::from(units(tally)) * 1_000_000 + u128::from(all) / 2).checked_div(u128::from(all));
        let share = millionths.and_then(|millionths| u32::try_from(millionths).ok()).unwrap_or(0);
        found.segments.push((segment.id.clone(), Share(share)));
    }
    for (metric, tally) in asked.metrics.iter().zip(everybody.metrics.iter().skip(1)) {
        let calculation = asked.request.measures.iter().find(|measure| measure.id == metric.id);
        match calculation.map(|measure| moments_of(&metric.id, &measure.calculation, tally)) {
            Some(Ok(moments)) => found.metrics.push(moments),
            Some(Err(why)) => found.failed.push((metric.id.clone(), why)),
            None => {}
        }
    }
    found
}

fn moments_of(id: &str, calculation: &Calculation, tally: &MetricTally) -> Result<Moments, String> {
    if let Some(failed) = &tally.failed {
        return Err(failed.clone());
    }
    if tally.caps.as_ref().is_some_and(|caps| caps.collapsed) {
        return Err(Undefined::CollapsedCap.to_string());
    }
    let arm = tally.arms.first().ok_or("nothing was counted of it")?;
    let said = |why: Undefined| match why {
        Undefined::EmptyArm if arm.incomplete > 0 => {
            format!("the window of none of its {} units has passed yet", arm.incomplete)
        }
        Undefined::EmptyArm => "nobody was seen in these days".to_owned(),
        other => other.to_string(),
    };
    let ratio = matches!(calculation, Calculation::Ratio(..));
    let (estimate, correlation) = match calculation {
        Calculation::UnitQuantile(_, level) | Calculation::EventQuantile { level, .. } => {
            (quantile(arm, *level).map_err(said)?, None)
        }
        _ => {
            let own = moments(&arm.sums).map_err(said)?;
            let linear = if ratio { own.linearised().map_err(said)? } else { own.clone() };
            let correlation = (linear.columns() > 1).then(|| {
                let both = linear.variance(0).ok()? * linear.variance(1).ok()?;
                let correlation = linear.covariance(0, 1).ok()? / both.sqrt();
                correlation.is_finite().then_some(correlation)
            });
            let estimate = Summed::of(&[Ok(own)], ratio).raw.pop().unwrap_or_else(|| Err("nothing".to_owned()))?;
            (estimate, correlation.flatten())
        }
    };
    let variance = estimate.variance().map_err(said)? * estimate.count as f64;
    if variance <= 0.0 {
        return Err(Undefined::ZeroVariance.to_string());
    }
    Ok(Moments { id: id.to_owned(), mean: estimate.mean().map_err(said)?, deviation: variance.sqrt(), correlation })
}
