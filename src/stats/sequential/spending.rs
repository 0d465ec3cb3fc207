//! How much of the error may be spent by a share of the planned units (Lan & `DeMets` 1983).

use super::{Reason, Sides};
use crate::stats::normal::{sf, tail_quantile};
use crate::stats::reason::check_level;

/// A family of spending functions: f(t) grows from 0 at t = 0 to α at t = 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Spending {
    /// 2 − 2Φ(z(α/2)/√t): nearly nothing early, so that the last look is nearly a fixed one (Lan & `DeMets` 1983).
    #[default]
    OBrienFleming,
    /// α·ln(1 + (e − 1)·t): bounds that stay about level (Lan & `DeMets` 1983).
    Pocock,
    /// α·t^ρ with ρ in (0, 50] (Kim & `DeMets` 1987).
    Power {
        /// The exponent.
        rho: f64,
    },
    /// α·(1 − e^(−γt))/(1 − e^(−γ)), or α·t at γ = 0, with γ in [−50, 50] (Hwang, Shih & De Cani 1990).
    HwangShihDeCani {
        /// Negative spends late, positive early.
        gamma: f64,
    },
}

impl Spending {
    /// The exponent where none is given: spends nearly as late as O'Brien and Fleming (Jennison & Turnbull 2000, section 7.2).
    pub const USUAL_RHO: f64 = 3.0;
    /// The parameter where none is given: that of `gsDesign`, which spends nearly as late as O'Brien and Fleming.
    pub const USUAL_GAMMA: f64 = -4.0;

    /// The error that may be spent, over both sides together, when a `fraction` of the planned units is complete.
    ///
    /// `fraction` is at least 0; above 1 counts as 1. Two-sided spending gives each side the function at α/2, as do the
    /// programs `ldbounds` and `gsDesign`.
    ///
    /// # Errors
    /// Where α is not in (0, 0.5], the family's parameter out of its range, or the fraction not a number of at least 0.
    pub fn spent(self, alpha: f64, sides: Sides, fraction: f64) -> Result<f64, Reason> {
        self.check(alpha)?;
        if fraction.is_nan() || fraction < 0.0 {
            return Err(Reason::Order);
        }
        if fraction >= 1.0 {
            return Ok(alpha);
        }
        if fraction == 0.0 {
            return Ok(0.0);
        }
        let t = fraction;
        let spent = match self {
            Self::OBrienFleming => {
                let one = sides.one(alpha);
                sides.all(2.0 * sf(tail_quantile(one / 2.0) / t.sqrt()))
            }
            Self::Pocock => alpha * (t * (std::f64::consts::E - 1.0)).ln_1p(),
            Self::Power { rho } => alpha * t.powf(rho),
            Self::HwangShihDeCani { gamma } if gamma.abs() < 1e-12 => alpha * t,
            Self::HwangShihDeCani { gamma } => alpha * ((-gamma * t).exp_m1() / (-gamma).exp_m1()),
        };
        Ok(spent.min(alpha))
    }

    /// Whether the level and the family's parameter are in range.
    pub(super) fn check(self, alpha: f64) -> Result<(), Reason> {
        check_level(alpha)?;
        let fits = match self {
            Self::OBrienFleming | Self::Pocock => true,
            Self::Power { rho } => rho > 0.0 && rho <= 50.0,
            Self::HwangShihDeCani { gamma } => gamma.abs() <= 50.0,
        };
        if fits { Ok(()) } else { Err(Reason::Parameter) }
    }
}
