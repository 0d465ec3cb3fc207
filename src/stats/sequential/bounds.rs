//! Group sequential bounds at looks as they are observed, by error spending.

use super::walk::Walk;
use super::{Reason, Sides, Spending};
use crate::stats::normal;

/// The most looks with new units that bounds are computed for.
pub const MAX_LOOKS: usize = 1_000;
/// The least growth of the fraction that counts as new units, in shares of the plan.
const NEW: f64 = 1e-4;
/// The least growth of information from look to look, as a share of it: below it looks are told apart no further.
const GROWTH: f64 = 1e-4;
/// The same at the last look, which is never skipped.
const LAST_GROWTH: f64 = 1e-6;
/// Less error than this is kept for the next look: its bound would be beyond 21 standard errors.
const LEAST: f64 = 1e-100;

/// One look at the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Complete units as a share of the planned units; it may be above 1.
    pub fraction: f64,
    /// 1/se² of the estimate at this look, in any unit that all looks share.
    pub information: f64,
    /// Whether this is a look after the end and lag, which spends all that is left.
    pub last: bool,
}

/// The bound of a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// The critical value q: a result is significant beyond it, and the repeated confidence interval is the estimate ± q·se
    /// (Jennison & Turnbull 1989).
    pub critical: f64,
    /// The error spent up to and with this look, over all sides.
    pub spent: f64,
}

/// Equally spaced looks, the last at the plan's end.
#[must_use]
pub fn planned(looks: u32) -> Vec<Look> {
    let at = |look: u32| {
        let fraction = f64::from(look) / f64::from(looks);
        Look { fraction, information: fraction, last: look == looks }
    };
    (1..=looks).map(at).collect()
}

/// The bounds at looks in the order of time: symmetric if two-sided, the upper one if one-sided.
///
/// The error is spent on fractions as observed; looks are correlated by √(`I_i`/`I_j`) with the information as observed. If the
/// information falls although units were added, because a variance rose, it is taken to have grown as the units did: that
/// correlates looks less, so that bounds are higher rather than lower. A bound depends on no later look. Bounds are exact to
/// about 1e-9.
///
/// A look without a bound has its reason: no standard error, no new units (a ten-thousandth of the plan at least), too
/// early, or after all error is spent. What such a look does not spend is left for the next.
///
/// # Errors
/// Where the level or the family's parameter is out of range, or more than [`MAX_LOOKS`] looks have new units.
pub fn bounds(
    spending: Spending,
    alpha: f64,
    sides: Sides,
    looks: &[Look],
) -> Result<Vec<Result<Bound, Reason>>, Reason> {
    spending.check(alpha)?;
    let mut course = Course {
        walk: None,
        seen: 0.0,
        unit: 1.0,
        information: 0.0,
        spent: 0.0,
        critical: 0.0,
        trend: 0.0,
        counted: 0,
        over: false,
    };
    looks
        .iter()
        .map(|look| match course.bound(spending, alpha, sides, look) {
            Err(Reason::TooManyLooks) => Err(Reason::TooManyLooks),
            bound => Ok(bound),
        })
        .collect()
}

/// What earlier looks left behind.
struct Course {
    walk: Option<Walk>,
    /// The fraction and the information at the last look with a bound.
    seen: f64,
    information: f64,
    /// The square root of what information is measured in: that of the first look is near 1 then.
    unit: f64,
    spent: f64,
    critical: f64,
    /// How the critical value changed with information of late: as a power of it.
    trend: f64,
    counted: usize,
    over: bool,
}

impl Course {
    fn bound(&mut self, spending: Spending, alpha: f64, sides: Sides, look: &Look) -> Result<Bound, Reason> {
        if self.over {
            return Err(Reason::Descriptive);
        }
        if !(look.information > 0.0 && look.information.is_finite() && look.fraction > 0.0) {
            return Err(Reason::NoInformation);
        }
        if !look.last && look.fraction < self.seen + NEW {
            return Err(Reason::NoNewUnits);
        }
        let target = if look.last { alpha } else { spending.spent(alpha, sides, look.fraction)? };
        let share = sides.one(target - self.spent);
        if share < LEAST {
            return Err(Reason::NothingToSpend);
        }
        if self.walk.is_none() {
            // A power of 2, so that no digit changes.
            self.unit = (look.information.log2() / 2.0).floor().exp2();
        }
        let look = &Look { information: look.information / self.unit / self.unit, ..*look };
        if !(look.information > 0.0 && look.information.is_finite()) {
            return Err(Reason::NoInformation);
        }
        self.counted += 1;
        if self.counted > MAX_LOOKS {
            return Err(Reason::TooManyLooks);
        }
        let information = self.grown(look);
        let walk = match &mut self.walk {
            Some(walk) => {
                let lower = (sides == Sides::Two).then_some(-self.critical);
                walk.advance(lower, self.critical, information);
                walk
            }
            None => self.walk.insert(Walk::new(information, 0.0, sides == Sides::Two)),
        };
        let gain = information / self.information;
        let guess = if self.critical > 0.0 { self.critical * gain.powf(self.trend) } else { 0.0 };
        let critical = solve(walk, share, guess);
        let trend = (critical / self.critical).ln() / gain.ln();
        self.trend = if trend.is_finite() { trend.clamp(-1.0, 1.0) } else { 0.0 };
        self.seen = self.seen.max(look.fraction);
        self.information = information;
        self.spent = target;
        self.critical = critical;
        self.over = target >= alpha;
        Ok(Bound { critical, spent: target })
    }

    /// The information at a look, grown at least a little since the look before.
    fn grown(&self, look: &Look) -> f64 {
        if self.information == 0.0 {
            return look.information;
        }
        let least = 1.0 + if look.last { LAST_GROWTH } else { GROWTH };
        if look.information >= self.information * least {
            return look.information;
        }
        self.information * (look.fraction / self.seen).max(least)
    }
}

/// The critical value that a share of the error is above, by Newton's method on the logarithm: the tail is nearly log-concave,
/// so that each step comes from above; bisection guards it.
fn solve(walk: &Walk, share: f64, near: f64) -> f64 {
    let free = normal::tail_quantile(share);
    let mut at = if near > 0.0 { near.min(free) } else { free };
    // What has not crossed is part of a normal distribution, so that the bound is at most that of a single look.
    let (mut low, mut high) = (f64::min(free, 0.0) - 10.0, free + 1e-9);
    for _ in 0..100 {
        let (tail, slope) = walk.above(at);
        if tail > share {
            low = low.max(at);
        } else {
            high = high.min(at);
        }
        let step = (tail / share).ln() * tail / slope;
        let next = at + step;
        // Digits double with each step, so that the next one would be below rounding.
        if step.abs() < 1e-7 {
            return next;
        }
        let next = if next.is_finite() && next > low && next < high { next } else { f64::midpoint(low, high) };
        at = next;
    }
    at
}
