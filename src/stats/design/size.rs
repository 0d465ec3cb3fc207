//! Sample size, power and minimum detectable effect of one comparison.

use super::Reason;
use crate::stats::reason::check_level;
use crate::stats::sequential::Sides;
use crate::stats::{Direction, normal};

/// The most units that are an answer.
const MOST: f64 = 1e18;

/// What is known of a metric before the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Baseline {
    /// A mean per unit, with the variance over units; for ratios and quantiles the variance is n·se².
    Mean {
        /// The mean, in the metric's unit.
        mean: f64,
        /// The variance, in the square of that unit.
        variance: f64,
    },
    /// A share of units in (0, 1), whose variance follows from it.
    Binary {
        /// The share.
        share: f64,
    },
}

impl Baseline {
    fn mean(self) -> f64 {
        match self {
            Self::Mean { mean, .. } => mean,
            Self::Binary { share } => share,
        }
    }

    fn variance(self) -> f64 {
        match self {
            Self::Mean { variance, .. } => variance,
            Self::Binary { share } => share * (1.0 - share),
        }
    }
}

/// What a test is to show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// An effect, relative to |mean| and with its sign: 0.02 is 2 % more.
    Effect(f64),
    /// That the metric is not worse by more than a margin relative to |mean|, where the test compares `mean_t` with k·`mean_c`.
    NonInferior {
        /// The relative margin, positive.
        margin: f64,
        /// Which change is good.
        good: Direction,
    },
    /// The same with a margin in the metric's own unit, where k = 1.
    NonInferiorBy {
        /// The absolute margin, positive.
        margin: f64,
    },
}

/// A comparison of a treatment with a control, before it has data.
///
/// The formula is that of two means with unequal arms (Chow, Shao & Wang 2008, section 3.2):
/// `n_t` = ((z(1 − α/sides) + z(power))/δ)²·(k²·`var_c`/κ + `var_t`)·(1 − ρ²)·inflation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// The baseline, taken to hold in the control.
    pub baseline: Baseline,
    /// The error level of all sides.
    pub alpha: f64,
    /// Two for the intervals that verdicts are read off, so that success is tested at α/2.
    pub sides: Sides,
    /// κ: units in the control per unit in the treatment.
    pub ratio: f64,
    /// The correlation ρ of a covariate with the metric; 0 without one.
    pub correlation: f64,
    /// How many times the units the sequential design needs; 1 with a single look.
    pub inflation: f64,
}

/// Units per arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// In the treatment, not rounded.
    pub treatment: f64,
    /// In the control, not rounded.
    pub control: f64,
}

impl Size {
    /// Whole units in the treatment: the next integer.
    #[must_use]
    pub fn treatment_ceil(self) -> f64 {
        self.treatment.ceil()
    }

    /// Whole units in the control: κ times the whole treatment, to the next integer.
    #[must_use]
    pub fn control_ceil(self) -> f64 {
        let exact = self.treatment_ceil() * (self.control / self.treatment);
        // A ratio such as 2/3 is not exact; an integer that it misses by rounding is still meant.
        let nearest = exact.round();
        if (exact - nearest).abs() <= exact * 8.0 * f64::EPSILON { nearest } else { exact.ceil() }
    }

    /// Whole units in both arms.
    #[must_use]
    pub fn total_ceil(self) -> f64 {
        self.treatment_ceil() + self.control_ceil()
    }
}

impl Design {
    /// The units needed to show `aim` with probability `power`.
    ///
    /// # Errors
    /// Where an argument is out of range, nothing varies, or the answer is beyond 10¹⁸.
    pub fn size(&self, aim: Aim, power: f64) -> Result<Size, Reason> {
        let (delta, variance) = self.terms(aim)?;
        let treatment = (self.quantiles(power)? / delta).powi(2) * variance;
        // An effect that any number of units shows still takes a unit.
        let size = Size { treatment, control: treatment * self.ratio };
        if treatment <= 0.0 {
            return Err(Reason::NoVariance);
        }
        if size.treatment.max(size.control) < MOST { Ok(size) } else { Err(Reason::OutOfReach) }
    }

    /// The probability of showing `aim` with `treatment` units in the treatment, and κ times that in the control.
    ///
    /// # Errors
    /// As [`Self::size`], and where there are no units.
    pub fn power(&self, aim: Aim, treatment: f64) -> Result<f64, Reason> {
        let (delta, variance) = self.terms(aim)?;
        check_units(treatment)?;
        let reached = delta.abs() / (variance / treatment).sqrt();
        if reached.is_nan() {
            return Err(Reason::OutOfReach);
        }
        Ok(normal::sf(normal::tail_quantile(self.sides.one(self.alpha)) - reached))
    }

    /// The smallest effect that `treatment` units, and κ times that in the control, show with probability `power`: absolute, in
    /// the metric's unit, with the sign of `direction`. The inverse of [`Self::size`].
    ///
    /// # Errors
    /// As [`Self::size`], and where a share would have to go beyond 0 or 100 %.
    pub fn detectable(&self, direction: Direction, treatment: f64, power: f64) -> Result<f64, Reason> {
        check_units(treatment)?;
        let square = self.quantiles(power)?.powi(2) / treatment * self.factor()?;
        let sign = direction.sign();
        let control = self.variance()? / self.ratio;
        let effect = match self.baseline {
            Baseline::Mean { variance, .. } => (square * (control + variance)).sqrt(),
            // The treatment's variance moves with the effect: δ² = q·(var_c/κ + (p + δ)(1 − p − δ)), a quadratic in δ.
            Baseline::Binary { share } => {
                let (a, half, c) =
                    (1.0 + square, square * sign * (0.5 - share), square * (control + share * (1.0 - share)));
                let root = half.mul_add(half, a * c).sqrt();
                let effect = if half > 0.0 { (half + root) / a } else { c / (root - half) };
                let reached = share + sign * effect;
                if !(0.0..=1.0).contains(&reached) {
                    return Err(Reason::BeyondShare);
                }
                effect
            }
        };
        finite(effect).map(|effect| sign * effect)
    }

    /// The smallest margin, absolute and positive, beyond which `treatment` units rule out a loss with probability `power`, for
    /// a test with k = 1.
    ///
    /// # Errors
    /// As [`Self::detectable`].
    pub fn margin(&self, treatment: f64, power: f64) -> Result<f64, Reason> {
        check_units(treatment)?;
        let variance = self.variance()?;
        let square = self.quantiles(power)?.powi(2) / treatment * self.factor()?;
        finite((square * (variance / self.ratio + variance)).sqrt())
    }

    /// The smallest relative margin that `treatment` units rule out with probability `power`, where the test compares `mean_t`
    /// with k·`mean_c` and k depends on the margin.
    ///
    /// # Errors
    /// As [`Self::detectable`], where the mean is 0, and where no margin is large enough: a margin widens what it is compared
    /// with, too.
    pub fn relative_margin(&self, good: Direction, treatment: f64, power: f64) -> Result<f64, Reason> {
        check_units(treatment)?;
        let (mean, variance) = (self.baseline.mean(), self.variance()?);
        if mean == 0.0 {
            return Err(Reason::ZeroMean);
        }
        let square = self.quantiles(power)?.powi(2) / treatment * self.factor()?;
        // m²·mean² = q·var·((1 − s·m)²/κ + 1) with s = ±1: a quadratic in m.
        let scale = square * variance / (mean * mean);
        let side = good.sign() * mean.signum();
        let a = 1.0 - scale / self.ratio;
        let (half, c) = (scale / self.ratio * side, scale * (1.0 / self.ratio + 1.0));
        if !(a > 0.0 && a.is_finite()) {
            return Err(Reason::OutOfReach);
        }
        // a·m² + 2·half·m − c = 0, whose positive root is taken in the form that does not cancel.
        let root = half.mul_add(half, a * c).sqrt();
        let margin = if half > 0.0 { c / (half + root) } else { (root - half) / a };
        finite(margin)
    }

    /// The effect or margin, absolute and positive, that `treatment` units show with probability `power` if variances are those
    /// that `aim` supposes: what is left of a design whose units came out otherwise.
    ///
    /// For a share it differs a little from [`Self::detectable`], which moves the treatment's variance with the effect.
    ///
    /// # Errors
    /// As [`Self::power`].
    pub fn resolution(&self, aim: Aim, treatment: f64, power: f64) -> Result<f64, Reason> {
        check_units(treatment)?;
        let (_, variance) = self.terms(aim)?;
        finite(self.quantiles(power)? * (variance / treatment).sqrt())
    }

    /// z(1 − α/sides) + z(power).
    fn quantiles(&self, power: f64) -> Result<f64, Reason> {
        check_level(self.alpha)?;
        let one = self.sides.one(self.alpha);
        if !(power > one && power < 1.0) {
            return Err(Reason::Power);
        }
        Ok(normal::tail_quantile(one) - normal::tail_quantile(power))
    }

    /// What the variance is multiplied by: (1 − ρ²)·inflation.
    fn factor(&self) -> Result<f64, Reason> {
        let ratio = (1e-9..=1e9).contains(&self.ratio);
        if ratio && self.correlation.abs() < 1.0 && (1.0..=1e9).contains(&self.inflation) {
            Ok((1.0 - self.correlation * self.correlation) * self.inflation)
        } else {
            Err(Reason::Ratio)
        }
    }

    /// The baseline's variance, positive.
    fn variance(&self) -> Result<f64, Reason> {
        let (mean, variance) = (self.baseline.mean(), self.baseline.variance());
        let share = !matches!(self.baseline, Baseline::Binary { share } if !(0.0..=1.0).contains(&share));
        if !(mean.is_finite() && variance.is_finite() && variance >= 0.0 && share) {
            return Err(Reason::Baseline);
        }
        if variance == 0.0 { Err(Reason::NoVariance) } else { Ok(variance) }
    }

    /// The absolute effect or margin δ, and k²·`var_c`/κ + `var_t` with its factors.
    fn terms(&self, aim: Aim) -> Result<(f64, f64), Reason> {
        check_level(self.alpha)?;
        let (mean, control, factor) = (self.baseline.mean(), self.variance()?, self.factor()?);
        let relative = |of: f64| if mean == 0.0 { Err(Reason::ZeroMean) } else { Ok(of * mean.abs()) };
        let (delta, k, treatment) = match aim {
            Aim::Effect(effect) => {
                let delta = relative(effect)?;
                let treatment = match self.baseline {
                    Baseline::Mean { variance, .. } => variance,
                    Baseline::Binary { share } => {
                        let reached = share + delta;
                        if !(0.0..=1.0).contains(&reached) {
                            return Err(Reason::BeyondShare);
                        }
                        reached * (1.0 - reached)
                    }
                };
                (delta, 1.0, treatment)
            }
            Aim::NonInferior { margin, good } if margin > 0.0 => {
                (relative(margin)?, 1.0 - good.sign() * margin * mean.signum(), control)
            }
            Aim::NonInferiorBy { margin } if margin > 0.0 => (margin, 1.0, control),
            Aim::NonInferior { .. } | Aim::NonInferiorBy { .. } => return Err(Reason::Effect),
        };
        if delta == 0.0 || !delta.is_finite() {
            return Err(Reason::Effect);
        }
        let variance = (k * k * control / self.ratio + treatment) * factor;
        finite(variance).map(|variance| (delta, variance))
    }
}

fn check_units(units: f64) -> Result<(), Reason> {
    if units.is_nan() || units < 1.0 {
        return Err(Reason::NoUnits);
    }
    if units > MOST { Err(Reason::OutOfReach) } else { Ok(()) }
}

fn finite(number: f64) -> Result<f64, Reason> {
    if number.is_finite() { Ok(number) } else { Err(Reason::OutOfReach) }
}

#[cfg(test)]
mod tests;
