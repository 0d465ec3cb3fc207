//! Classical designs with equally spaced looks: one constant for all looks.

use super::walk::Walk;
use super::{Reason, Sides};
use crate::stats::normal;
use crate::stats::reason::check_level;

/// The shape of a classical boundary at looks k = 1…K.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Classical {
    /// The same critical value at each look (Pocock 1977).
    Pocock,
    /// C·√(K/k) (O'Brien & Fleming 1979).
    OBrienFleming,
    /// C·(k/K)^(Δ − ½) with Δ in [−0.5, 0.7] (Wang & Tsiatis 1987); Pocock's is Δ = ½, O'Brien and Fleming's Δ = 0.
    WangTsiatis {
        /// The shape Δ.
        delta: f64,
    },
}

impl Classical {
    /// The critical value of look `look` of `looks`, given the constant.
    #[must_use]
    pub fn critical(self, constant: f64, look: u32, looks: u32) -> f64 {
        constant * (f64::from(look) / f64::from(looks)).powf(self.delta() - 0.5)
    }

    fn delta(self) -> f64 {
        match self {
            Self::Pocock => 0.5,
            Self::OBrienFleming => 0.0,
            Self::WangTsiatis { delta } => delta,
        }
    }
}

/// The constant C of a classical design: the critical value at the last look (Jennison & Turnbull 2000, chapter 2).
///
/// # Errors
/// Where the level is not in (0, 0.5], there is no look or more than 1,000, or the shape is out of range.
pub fn classical(design: Classical, alpha: f64, sides: Sides, looks: u32) -> Result<f64, Reason> {
    check_level(alpha)?;
    if !(-0.5..=0.7).contains(&design.delta()) {
        return Err(Reason::Parameter);
    }
    match looks {
        0 => return Err(Reason::NoLooks),
        1..=1_000 => {}
        _ => return Err(Reason::TooManyLooks),
    }
    let share = sides.one(alpha);
    let (mut low, mut high) = (0.0, 40.0);
    // The probability of ever crossing falls with the constant; its logarithm is close to a parabola.
    let mut at = normal::tail_quantile(share) * 1.1;
    let mut previous: Option<(f64, f64)> = None;
    for _ in 0..100 {
        let excess = (crossed(design, at, sides, looks) / share).ln();
        if excess > 0.0 {
            low = at;
        } else {
            high = at;
        }
        let secant = previous.map_or(at + excess / 3.0, |(x, y)| at - excess * (at - x) / (excess - y));
        let next = if secant > low && secant < high { secant } else { f64::midpoint(low, high) };
        if (next - at).abs() < 1e-11 {
            return Ok(next);
        }
        previous = Some((at, excess));
        at = next;
    }
    Ok(at)
}

/// The probability, on one side, of crossing at any look.
fn crossed(design: Classical, constant: f64, sides: Sides, looks: u32) -> f64 {
    let at = |look: u32| f64::from(look) / f64::from(looks);
    let mut walk = Walk::new(at(1), 0.0, sides == Sides::Two);
    let mut total = 0.0;
    for look in 1..=looks {
        let critical = design.critical(constant, look, looks);
        total += walk.above(critical).0;
        if look < looks {
            walk.advance((sides == Sides::Two).then_some(-critical), critical, at(look + 1));
        }
    }
    total
}
