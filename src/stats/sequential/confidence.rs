//! Always-valid inference: the asymptotic confidence sequence, which may be looked at whenever one likes
//! (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021).

use super::{Reason, Sides};
use crate::stats::normal;
use crate::stats::reason::check_level;

/// The largest number of units that is computed with.
const MOST: f64 = 1e15;

/// A confidence sequence for a difference of means, tuned to be narrowest at a number of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sequence {
    alpha: f64,
    sides: Sides,
    rho: f64,
    minimum: f64,
}

impl Sequence {
    /// A sequence at level `alpha` (of all sides) that is narrowest at `planned` units over both arms, and says nothing before
    /// each arm has `minimum` units.
    ///
    /// ρ = √((−2 ln α + ln(−2 ln α + 1))/`planned`).
    ///
    /// # Errors
    /// Where the level is not in (0, 0.5], or `planned` not in [1, 10¹⁵].
    pub fn tuned(alpha: f64, sides: Sides, planned: f64, minimum: f64) -> Result<Self, Reason> {
        check_level(alpha)?;
        if !(1.0..=MOST).contains(&planned) {
            return Err(Reason::Planned);
        }
        let rho = (tuned_square(alpha) / planned).sqrt();
        Ok(Self { alpha, sides, rho, minimum })
    }

    /// The mixture's parameter ρ, per root of units.
    #[must_use]
    pub fn rho(self) -> f64 {
        self.rho
    }

    /// The critical value q with `control` and `treatment` units: the interval is the estimate ± q·se, or one end of that.
    ///
    /// With n units of both arms, two-sided √(2(nρ² + 1)/(nρ²)·ln(√(nρ² + 1)/α)), one-sided with ln(1 + √(nρ² + 1)/(2α)).
    ///
    /// # Errors
    /// Where an arm has fewer units than the minimum, or none, or more than 10¹⁵ units are given.
    pub fn critical(self, control: f64, treatment: f64) -> Result<f64, Reason> {
        let least = self.minimum.max(1.0);
        if !(control >= least && treatment >= least) {
            return Err(Reason::TooFewUnits);
        }
        let units = control + treatment;
        if units > MOST {
            return Err(Reason::OutOfReach);
        }
        Ok(critical(self.alpha, self.sides, units * self.rho * self.rho))
    }

    /// The always-valid two-sided p-value of a statistic (in standard errors) at so many units of both arms: the smallest error
    /// at which a sequence with this ρ excludes 0, √(nρ² + 1)·exp(−t²·nρ²/(2(nρ² + 1))), at most 1, and above 0.
    #[must_use]
    pub fn p(self, units: f64, statistic: f64) -> f64 {
        let square = units * self.rho * self.rho;
        let log = 0.5 * (square + 1.0).ln() - 0.5 * statistic * statistic * square / (square + 1.0);
        log.exp().clamp(f64::MIN_POSITIVE, 1.0)
    }

    /// How many times the units of a single look are needed for the same power at the planned end.
    ///
    /// At the number of units that the sequence is tuned for q depends on α alone, so that this needs no search. It counts
    /// only results that are significant at the end; crossing earlier adds power.
    ///
    /// # Errors
    /// Where the level is not in (0, 0.5], or the power not above it and below 1.
    pub fn inflation(alpha: f64, sides: Sides, power: f64) -> Result<f64, Reason> {
        check_level(alpha)?;
        if !(power > sides.one(alpha) && power < 1.0) {
            return Err(Reason::Power);
        }
        let reach = -normal::tail_quantile(power);
        let single = normal::tail_quantile(sides.one(alpha)) + reach;
        Ok(((critical(alpha, sides, tuned_square(alpha)) + reach) / single).powi(2))
    }
}

/// n·ρ² at the number of units that the sequence is tuned for.
fn tuned_square(alpha: f64) -> f64 {
    let twice = -2.0 * alpha.ln();
    twice + twice.ln_1p()
}

fn critical(alpha: f64, sides: Sides, square: f64) -> f64 {
    let root = (square + 1.0).sqrt();
    let log = match sides {
        Sides::Two => root.ln() - alpha.ln(),
        Sides::One => (root / (2.0 * alpha)).ln_1p(),
    };
    (2.0 * (square + 1.0) / square * log).sqrt()
}
