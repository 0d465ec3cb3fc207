//! Estimates by the day up to which units were first exposed, with the interval that a look at those would have had.

use super::arms::{Estimated, Summed};
use super::bounds::Course;
use super::outcome::contrast;
use super::setting::{Judging, Setting};
use crate::results::{DayEstimate, MethodKind};
use crate::stats::sequential::Look;
use crate::stats::{Comparison, Critical};

/// One estimate for each day on which units were first exposed; none where there are no sums per day.
pub(super) fn estimates(
    setting: &Setting<'_>,
    metric: &Judging<'_>,
    estimated: &Estimated,
    arm: usize,
    course: &Course<'_>,
) -> Vec<DayEstimate> {
    let now = course.units.0.saturating_add(course.units.1) as f64;
    let mut estimates = Vec::with_capacity(estimated.days.len());
    for (day, moments) in &estimated.days {
        let count = |at: usize| moments.get(at).map_or(0, crate::stats::Moments::count);
        let (control, treatment) = (count(0), count(arm));
        let moments: Vec<_> = moments.iter().cloned().map(Ok).collect();
        let arms = Summed::compared(&moments, estimated.ratio);
        let units = control.saturating_add(treatment);
        let whole = units as f64 >= now;
        let fraction = if whole { course.fraction } else { course.fraction * units as f64 / now };
        let before = |looks: &[Look]| looks.iter().filter(|look| look.fraction < fraction).copied().collect();
        let then = Course {
            earlier: before(&course.earlier),
            watched: before(&course.watched),
            units: (control, treatment),
            fraction,
            planned: course.planned.or((setting.kind == MethodKind::Fixed).then_some(now)),
            last: course.last && whole,
            ..course.clone()
        };
        let se = super::outcome::both(&arms, arm).ok().and_then(|(control, treatment)| {
            Comparison::new(control, treatment).against(1.0).ok().map(|contrast| contrast.se())
        });
        let critical = match setting.kind {
            MethodKind::Fixed => then.always_valid(setting, metric).map(|q| Critical::Width { q }),
            _ => then.main(setting, metric, se).0,
        };
        let found = contrast(&arms, arm, critical, metric.direction());
        estimates.push(DayEstimate {
            day: *day,
            units,
            difference: found.difference,
            lift: found.lift,
            interval: found.interval,
            lift_interval: found.lift_interval,
        });
    }
    estimates
}
