//! The power of a group sequential design, and how many more units it needs than a single look.

use super::walk::Walk;
use super::{Bound, Look, MAX_LOOKS, Reason, Sides, Spending, bounds};
use crate::stats::normal;

/// The probability of crossing the upper bound at some look, before the lower one if there is one.
///
/// `drift` is the expected z statistic at information 1: effect/se of a look whose information is 1. Looks without a bound
/// are passed over.
///
/// # Errors
/// Where the lists differ in length, no look has a bound, or the information of looks with bounds does not grow.
pub fn crossing(looks: &[Look], bounds: &[Result<Bound, Reason>], sides: Sides, drift: f64) -> Result<f64, Reason> {
    if looks.len() != bounds.len() || !drift.is_finite() {
        return Err(Reason::Order);
    }
    let bounded = looks.iter().zip(bounds).filter_map(|(look, bound)| Some((look.information, bound.ok()?.critical)));
    let mut total = 0.0;
    let mut state: Option<(Walk, f64, f64)> = None;
    for (information, critical) in bounded {
        let walk = match state.take() {
            None => Walk::new(information, drift, false),
            Some((mut walk, before, earlier)) => {
                if information <= before {
                    return Err(Reason::Order);
                }
                walk.advance((sides == Sides::Two).then_some(-earlier), earlier, information);
                walk
            }
        };
        total += walk.above(critical).0;
        state = Some((walk, information, critical));
    }
    if state.is_none() { Err(Reason::NoLooks) } else { Ok(total.min(1.0)) }
}

/// The drift, effect/se at the plan's end, with which planned looks cross the upper bound with probability `power`.
///
/// # Errors
/// Where an argument is out of range, or planned looks do not grow.
pub fn drift(spending: Spending, alpha: f64, sides: Sides, power: f64, looks: &[Look]) -> Result<f64, Reason> {
    if !(power > sides.one(alpha) && power < 1.0) {
        return Err(Reason::Power);
    }
    let end = looks.last().ok_or(Reason::NoLooks)?.information;
    let scaled: Vec<Look> = looks.iter().map(|look| Look { information: look.information / end, ..*look }).collect();
    if scaled.len() > MAX_LOOKS {
        return Err(Reason::TooManyLooks);
    }
    let grows = scaled.iter().zip(scaled.iter().skip(1)).all(|(a, b)| a.information < b.information);
    if !grows || scaled.iter().any(|look| !(look.information > 0.0 && look.fraction > 0.0)) {
        return Err(Reason::Order);
    }
    let limits = bounds(spending, alpha, sides, &scaled)?;
    let single = normal::tail_quantile(sides.one(alpha)) - normal::tail_quantile(power);
    let goal = normal::tail_quantile(1.0 - power);
    // Seen through the normal quantile, power is close to a line in the drift.
    let gap = |drift: f64| -> Result<f64, Reason> {
        let missed = 1.0 - crossing(&scaled, &limits, sides, drift)?;
        Ok(normal::tail_quantile(missed.clamp(1e-15, 1.0 - 1e-15)) - goal)
    };
    let (mut low, mut high) = (0.0, single * 8.0);
    let mut at = single * 1.02;
    let mut previous: Option<(f64, f64)> = None;
    for _ in 0..100 {
        let off = gap(at)?;
        if off < 0.0 {
            low = at;
        } else {
            high = at;
        }
        let secant = previous.map_or(at - off, |(x, y)| at - off * (at - x) / (off - y));
        let next = if secant > low && secant < high { secant } else { f64::midpoint(low, high) };
        if (next - at).abs() < 1e-10 {
            return Ok(next);
        }
        previous = Some((at, off));
        at = next;
    }
    Err(Reason::OutOfReach)
}

/// How many times the units of a single look a group sequential design needs for the same power, at least 1
/// (Jennison & Turnbull 2000, chapter 2: R).
///
/// # Errors
/// As [`drift`].
pub fn inflation(spending: Spending, alpha: f64, sides: Sides, power: f64, looks: &[Look]) -> Result<f64, Reason> {
    let needed = drift(spending, alpha, sides, power, looks)?;
    let single = normal::tail_quantile(sides.one(alpha)) - normal::tail_quantile(power);
    Ok((needed / single).powi(2).max(1.0))
}
