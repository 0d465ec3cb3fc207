//! The scale that lifts are drawn on: one for all that stand beside one another, so that lengths compare.

use super::amounts::whole;
use crate::results::{DayEstimate, Interval, Metric, Outcome, Results};

/// From where to where, both finite and apart, with nothing in between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
}

/// How many times the usual width a scale is at most: one metric that knows nothing must not squeeze the others.
const WIDEST: f64 = 4.0;

impl Scale {
    /// The scale of intervals and of what else must be seen on it, always with 0; none where there is no interval.
    fn of(intervals: &[Interval], also: impl Iterator<Item = f64>) -> Option<Self> {
        let mut reach: Vec<f64> =
            intervals.iter().map(|interval| interval.low.abs().max(interval.high.abs())).collect();
        reach.retain(|reach| reach.is_finite() && *reach > 0.0);
        reach.sort_by(f64::total_cmp);
        let usual = reach.get(reach.len() / 2)?;
        let most = usual * WIDEST;
        let ends = intervals.iter().flat_map(|interval| [interval.low, interval.high]).chain(also);
        let (low, high) = ends.filter(|end| end.is_finite()).fold((0.0_f64, 0.0_f64), |(low, high), end| {
            let end = end.clamp(-most, most);
            (low.min(end), high.max(end))
        });
        let room = (high - low) * 0.04;
        let scale = Self { low: low - room, high: high + room };
        (room.is_finite() && room > 0.0).then_some(scale)
    }

    /// The scale of all lifts of all treatments, with the margins.
    pub fn of_lifts(results: &Results) -> Option<Self> {
        let outcomes = results.treatments.iter().flat_map(|treatment| &treatment.outcomes);
        let intervals: Vec<Interval> = outcomes.filter_map(|outcome| outcome.lift_interval.known().copied()).collect();
        let limits = results.metrics.iter().filter_map(limit);
        Self::of(&intervals, limits)
    }

    /// The scale of lifts by day, of all treatments.
    pub fn of_days<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Option<Self> {
        let intervals: Vec<Interval> =
            outcomes.flat_map(|outcome| &outcome.days).filter_map(|day| day.lift_interval.known().copied()).collect();
        // The last days say where it ends; the first are as wide as they are.
        Self::of(&intervals, std::iter::empty())
    }

    /// Where a value is, from 0 to 1 on the scale.
    pub fn place(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Whether a value is on it.
    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Round values on it, about so many.
    pub fn ticks(self, about: usize) -> Vec<f64> {
        let raw = (self.high - self.low) / about.max(1) as f64;
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|step| *step >= raw).unwrap_or(raw);
        let first = (self.low / step).ceil();
        let ticks = (0..100_u8).map(|number| (first + f64::from(number)) * step);
        ticks.take_while(|tick| *tick <= self.high).collect()
    }

    /// How many decimals its ticks need as percents.
    pub fn decimals(self, about: usize) -> usize {
        let step = (self.high - self.low) / about.max(1) as f64 * 100.0;
        whole(-step.log10().floor(), 9)
    }
}

/// The lift that a guardrail with a margin must exclude.
pub fn limit(metric: &Metric) -> Option<f64> {
    metric.margin.map(|margin| margin * super::verdict::bad_side(metric))
}

/// The days of an outcome that have a lift, in order; only these are drawn.
pub fn drawn(outcome: &Outcome) -> Vec<(&DayEstimate, f64, Option<Interval>)> {
    let finite = |interval: &Interval| interval.low.is_finite() && interval.high.is_finite();
    let mut days: Vec<_> = outcome
        .days
        .iter()
        .filter_map(|day| Some((day, day.lift.number()?, day.lift_interval.known().copied().filter(finite))))
        .filter(|(_, lift, _)| lift.is_finite())
        .collect();
    days.sort_by_key(|(day, ..)| day.day);
    days.dedup_by_key(|(day, ..)| day.day);
    days
}

#[cfg(test)]
mod tests {
    use super::Scale;
    use crate::results::Interval;

    #[test]
    fn one_wide_interval_does_not_squeeze_the_others() {
        let wide = Interval { low: -5.0, high: 90.0 };
        let usual = Interval { low: -0.01, high: 0.05 };
        let scale = Scale::of(&[usual, usual, wide], [0.1].into_iter()).expect("a scale");
        assert!(scale.high < 0.25 && scale.low > -0.25 && scale.holds(0.1) && scale.holds(0.0));
        assert!(!scale.holds(90.0));
        assert_eq!(Scale::of(&[], std::iter::empty()), None);
        assert_eq!(Scale::of(&[Interval { low: 0.0, high: f64::NAN }], std::iter::empty()), None);
    }

    #[test]
    fn ticks_are_round() {
        let scale = Scale { low: -0.063, high: 0.142 };
        let ticks: Vec<String> = scale.ticks(5).into_iter().map(|tick| format!("{tick:.3}")).collect();
        assert_eq!(ticks, ["-0.050", "0.000", "0.050", "0.100"]);
        assert_eq!(scale.decimals(5), 0);
        assert!(Scale { low: -1e-9, high: 1e300 }.ticks(5).len() <= 100);
    }
}
