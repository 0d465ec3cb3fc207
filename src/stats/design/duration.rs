//! How many units are complete after how many days, and how many days it takes to have enough.

use super::Reason;

/// The longest duration that is looked at, in days: ten years.
pub const LONGEST: u32 = 3_653;
/// The least and the most days and units that a curve has: beyond them quotients would overflow.
const LEAST: f64 = 1e-9;
const MOST: f64 = 1e18;

/// Distinct units that a surface reaches within days of any start.
///
/// Between measured points reach is interpolated by straight lines from the origin along the least concave curve that is not
/// below any point: over days distinct units only come more slowly, so that a point below its neighbours' line is noise. A
/// straight line understates reach between points, so that durations are rather too long than too short.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Corners of the curve, from the origin on.
    corners: Vec<(f64, f64)>,
}

/// How units beyond the last measured day were worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extrapolation {
    /// There is one point alone: reach goes on in proportion to days, which overstates it.
    Proportional,
    /// As days to this power, between 0 and 1, which is that of the last measured stretch.
    Power(f64),
}

/// A number of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Units {
    /// Units, not rounded.
    pub count: f64,
    /// How reach beyond the last measured day was worked out, where it was needed.
    pub extrapolated: Option<Extrapolation>,
}

impl Reach {
    /// A curve through points of (days, units) in any order.
    ///
    /// # Errors
    /// Where there is no point, a number is not positive (below 1e-9, or above 10¹⁸), a day is twice, or units fall with days.
    pub fn new(points: &[(f64, f64)]) -> Result<Self, Reason> {
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let positive = |x: f64| (LEAST..=MOST).contains(&x);
        let grows = points.iter().zip(points.iter().skip(1)).all(|(a, b)| a.0 < b.0 && a.1 <= b.1);
        if points.is_empty() || !grows || !points.iter().all(|&(days, units)| positive(days) && positive(units)) {
            return Err(Reason::Curve);
        }
        let mut corners: Vec<(f64, f64)> = vec![(0.0, 0.0)];
        for point in points {
            while let [.., a, b] = corners.as_slice() {
                // A corner is kept while the slope falls there.
                let (before, after) = ((b.1 - a.1) / (b.0 - a.0), (point.1 - b.1) / (point.0 - b.0));
                if before >= after {
                    break;
                }
                corners.pop();
            }
            corners.push(point);
        }
        Ok(Self { corners })
    }

    /// Units reached within `days`, which may be a part of a day; none at 0 and before.
    #[must_use]
    pub fn at(&self, days: f64) -> Units {
        let none = Units { count: 0.0, extrapolated: None };
        if days.is_nan() || days <= 0.0 {
            return none;
        }
        let days = days.min(MOST);
        let pairs = || self.corners.iter().zip(self.corners.iter().skip(1));
        if let Some((a, b)) = pairs().find(|(_, b)| days <= b.0) {
            let count = a.1 + (b.1 - a.1) * ((days - a.0) / (b.0 - a.0));
            return Units { count, extrapolated: None };
        }
        let Some((a, b)) = pairs().next_back() else { return none };
        let times = days / b.0;
        if a.0 == 0.0 {
            return Units { count: b.1 * times, extrapolated: Some(Extrapolation::Proportional) };
        }
        let exponent = ((b.1 / a.1).ln() / (b.0 / a.0).ln()).clamp(0.0, 1.0);
        Units { count: b.1 * times.powf(exponent), extrapolated: Some(Extrapolation::Power(exponent)) }
    }
}

/// From a day on, a share of the eligible units is in the experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The day, counted from the start, which is 0.
    pub day: f64,
    /// The share, above that of the step before, at most 1.
    pub share: f64,
}

/// How units come into an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    reach: Reach,
    /// Shares that are added, with their days.
    slices: Vec<(f64, f64)>,
    eligible: f64,
    window: f64,
}

impl Traffic {
    /// Units of `reach` that are in a `segment` (a share) and not in the `holdout` (a share), let in by `steps`, and complete
    /// for a metric once its `window` in days has passed since exposure.
    ///
    /// What a step lets in comes as reach does from that step's day on, whatever came before.
    ///
    /// # Errors
    /// Where a share is not in its range, the window is negative, or the steps do not grow.
    pub fn new(reach: Reach, steps: &[Step], segment: f64, holdout: f64, window: f64) -> Result<Self, Reason> {
        let shares = segment > 0.0 && segment <= 1.0 && (0.0..1.0).contains(&holdout);
        if !(shares && (0.0..=f64::from(LONGEST)).contains(&window)) || steps.is_empty() {
            return Err(Reason::Steps);
        }
        let (mut day, mut share) = (0.0, 0.0);
        let mut slices = Vec::with_capacity(steps.len());
        for step in steps {
            if !(step.day >= day && step.day.is_finite() && step.share > share && step.share <= 1.0) {
                return Err(Reason::Steps);
            }
            slices.push((step.day, step.share - share));
            (day, share) = (step.day, step.share);
        }
        Ok(Self { reach, slices, eligible: segment * (1.0 - holdout), window })
    }

    /// Units over all arms that are complete `days` after the start.
    #[must_use]
    pub fn complete(&self, days: f64) -> Units {
        let mut all = Units { count: 0.0, extrapolated: None };
        for &(day, share) in &self.slices {
            let slice = self.reach.at(days - self.window - day);
            all.count += slice.count * share * self.eligible;
            all.extrapolated = all.extrapolated.or(slice.extrapolated);
        }
        all
    }

    /// The whole days after which `needed` units over all arms are complete, and how many are then.
    ///
    /// `needed` is the size of the treatment over its share of the experiment's traffic.
    ///
    /// # Errors
    /// Where `needed` is not a positive number, or it would take more than ten years.
    pub fn days(&self, needed: f64) -> Result<(u32, Units), Reason> {
        if needed.is_nan() || needed <= 0.0 {
            return Err(Reason::NoUnits);
        }
        let enough = |days: u32| self.complete(f64::from(days)).count >= needed;
        if !enough(LONGEST) {
            return Err(Reason::TooLong);
        }
        let (mut short, mut long) = (0, LONGEST);
        while long - short > 1 {
            let middle = u32::midpoint(short, long);
            if enough(middle) {
                long = middle;
            } else {
                short = middle;
            }
        }
        Ok((long, self.complete(f64::from(long))))
    }
}

#[cfg(test)]
mod tests {
    use super::{Extrapolation, Reach, Step, Traffic};
    use crate::stats::design::Reason;

    fn curve() -> Reach {
        Reach::new(&[(28.0, 250.0), (7.0, 100.0), (14.0, 160.0)]).expect("a curve")
    }

    #[test]
    fn reach_between_and_beyond_its_points() {
        let reach = curve();
        for (days, units) in [(-1.0, 0.0), (0.0, 0.0), (3.5, 50.0), (7.0, 100.0), (10.5, 130.0), (28.0, 250.0)] {
            let found = reach.at(days);
            assert!((found.count - units).abs() < 1e-9, "{days}: {}", found.count);
            assert_eq!(found.extrapolated, None);
        }
        let exponent = (250.0_f64 / 160.0).log2();
        let beyond = reach.at(56.0);
        assert!((beyond.count - 250.0 * 250.0 / 160.0).abs() < 1e-9, "{}", beyond.count);
        assert!(matches!(beyond.extrapolated, Some(Extrapolation::Power(found)) if (found - exponent).abs() < 1e-12));
        let one = Reach::new(&[(7.0, 100.0)]).expect("a curve");
        assert_eq!(one.at(14.0).extrapolated, Some(Extrapolation::Proportional));
        assert!((one.at(14.0).count - 200.0).abs() < 1e-9);
    }

    #[test]
    fn a_point_below_its_neighbours_is_passed_over() {
        let reach = Reach::new(&[(7.0, 100.0), (14.0, 110.0), (21.0, 180.0)]).expect("a curve");
        assert!((reach.at(14.0).count - 140.0).abs() < 1e-9);
        for points in [
            &[][..],
            &[(0.0, 1.0)],
            &[(1.0, 0.0)],
            &[(1.0, 2.0), (1.0, 3.0)],
            &[(1.0, 2.0), (2.0, 1.0)],
            &[(f64::NAN, 1.0)],
        ] {
            assert_eq!(Reach::new(points), Err(Reason::Curve));
        }
    }

    #[test]
    fn days_over_steps_windows_segments_and_holdouts() {
        let steps = [Step { day: 0.0, share: 0.1 }, Step { day: 3.0, share: 0.5 }];
        let traffic = Traffic::new(curve(), &steps, 0.5, 0.2, 7.0).expect("traffic");
        // On day 17 the first slice has come for ten days without its window, the second for seven.
        let reach = 100.0 + 60.0 * 3.0 / 7.0;
        let expected = 0.4 * (0.1 * reach + 0.4 * 100.0);
        assert!((traffic.complete(17.0).count - expected).abs() < 1e-9);
        assert_eq!(traffic.days(expected - 1e-9).expect("days").0, 17);
        assert_eq!(traffic.days(expected + 1e-6).expect("days").0, 18);
        assert_eq!(traffic.days(1e12), Err(Reason::TooLong));
        assert_eq!(traffic.days(0.0), Err(Reason::NoUnits));
        let wrong = [Step { day: 0.0, share: 0.5 }, Step { day: 3.0, share: 0.1 }];
        assert_eq!(Traffic::new(curve(), &wrong, 0.5, 0.2, 7.0), Err(Reason::Steps));
        assert_eq!(Traffic::new(curve(), &steps, 0.0, 0.2, 7.0), Err(Reason::Steps));
    }
}
