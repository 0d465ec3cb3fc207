//! An arm's estimate with its variance, and contrasts of several arms.

use super::undefined::finite;
use super::{Moments, Twofold, Undefined, normal, student};

/// What an arm estimates: whatever a metric is, it is compared as a mean.
///
/// A mean, conversion, ratio, quantile, adjusted or stratified mean all end here.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Units of the arm.
    pub count: u64,
    /// The estimate, in the metric's units.
    pub(super) mean: Twofold,
    /// The variance V of the estimate (not of a unit), in squared units of the metric, without what arms share.
    pub(super) variance: Result<f64, Undefined>,
    /// Degrees of freedom of that variance.
    pub(super) freedom: f64,
    /// The arm's part of what arms share by centring together: variances of a contrast add |Σ wᵢ·uᵢ|².
    pub(super) shared: Vec<f64>,
    /// Degrees of freedom of what is shared.
    pub(super) shared_freedom: f64,
}

impl Estimate {
    /// The mean of a column: V = s²/n with n − 1 degrees of freedom. A conversion is a mean of 0 and 1.
    ///
    /// With one unit the mean is there, and the variance is undefined.
    ///
    /// # Errors
    ///
    /// [`Undefined::EmptyArm`], [`Undefined::Overflow`], [`Undefined::Mismatch`].
    pub fn of_mean(moments: &Moments, column: usize) -> Result<Self, Undefined> {
        let mean = moments.exact_mean(column)?;
        let n = moments.count() as f64;
        Ok(Self::new(moments.count(), mean, moments.variance(column).map(|variance| variance / n), n - 1.0))
    }

    /// An estimate by itself, which shares nothing with other arms.
    pub(super) fn new(count: u64, mean: Twofold, variance: Result<f64, Undefined>, freedom: f64) -> Self {
        Self { count, mean, variance, freedom, shared: Vec::new(), shared_freedom: f64::INFINITY }
    }

    /// The estimate, in the metric's units.
    ///
    /// # Errors
    ///
    /// [`Undefined::Overflow`].
    pub fn mean(&self) -> Result<f64, Undefined> {
        finite(self.mean.value())
    }

    /// The variance of the estimate by itself, in squared units; 0 where the arm does not vary.
    ///
    /// # Errors
    ///
    /// Why it is undefined.
    pub fn variance(&self) -> Result<f64, Undefined> {
        let shared: f64 = self.shared.iter().map(|part| part * part).sum();
        finite(self.variance? + shared)
    }

    /// The standard error of the estimate, in the metric's units; 0 where the arm does not vary.
    ///
    /// # Errors
    ///
    /// Why it is undefined.
    pub fn se(&self) -> Result<f64, Undefined> {
        self.variance().map(f64::sqrt)
    }
}

/// An interval, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value is inside.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// A weighted sum of independent arms, with all that a test of it needs.
///
/// The variance is Σ wᵢ²·Vᵢ + |Σ wᵢ·uᵢ|², where u is what arms share by centring together; the degrees of freedom are
/// Satterthwaite's (1946), Welch's for two arms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The weighted sum, in the metric's units.
    pub value: f64,
    /// Its variance, above 0.
    pub variance: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

impl Contrast {
    /// The contrast of weighted arms.
    ///
    /// # Errors
    ///
    /// Why an arm's variance is undefined; [`Undefined::ZeroVariance`] where nothing varies; [`Undefined::Overflow`].
    pub fn of(terms: &[(f64, &Estimate)]) -> Result<Self, Undefined> {
        let mut parts = Vec::with_capacity(terms.len() + 1);
        for (weight, arm) in terms {
            parts.push((weight * weight * arm.variance?, arm.freedom));
        }
        let width = terms.iter().map(|(_, arm)| arm.shared.len()).max().unwrap_or(0);
        let along = |at: usize| -> f64 {
            terms.iter().map(|(weight, arm)| weight * arm.shared.get(at).copied().unwrap_or(0.0)).sum()
        };
        let shared: f64 = (0..width).map(|at| along(at).powi(2)).sum();
        let freedom = terms.iter().map(|(_, arm)| arm.shared_freedom).fold(f64::INFINITY, f64::min);
        parts.push((shared, freedom));
        let variance = finite(parts.iter().map(|(part, _)| part).sum())?;
        if variance <= 0.0 {
            return Err(Undefined::ZeroVariance);
        }
        let spent: f64 = parts.iter().map(|(part, freedom)| (part / variance).powi(2) / freedom).sum();
        Ok(Self { value: weighted(terms)?, variance, freedom: finite(spent.recip())? })
    }

    /// The standard error, in the metric's units.
    #[must_use]
    pub fn se(&self) -> f64 {
        self.variance.sqrt()
    }

    /// The value in standard errors: t with [`Contrast::freedom`].
    ///
    /// # Errors
    ///
    /// [`Undefined::Overflow`].
    pub fn statistic(&self) -> Result<f64, Undefined> {
        finite(self.value / self.se())
    }

    /// The two-sided p-value by Student's t; below the smallest double it is 0.
    ///
    /// # Errors
    ///
    /// [`Undefined::Overflow`].
    pub fn p(&self) -> Result<f64, Undefined> {
        student::two_sided(self.statistic()?, self.freedom)
    }

    /// The one-sided p-value that the value is above 0, by Student's t.
    ///
    /// # Errors
    ///
    /// [`Undefined::Overflow`].
    pub fn p_above(&self) -> Result<f64, Undefined> {
        student::sf(self.statistic()?, self.freedom)
    }

    /// The z with the same one-sided p-value, from whichever tail has the digits.
    ///
    /// # Errors
    ///
    /// [`Undefined::Overflow`], also where the p-value is below the smallest double.
    pub fn z(&self) -> Result<f64, Undefined> {
        let t = self.statistic()?;
        let tail = student::sf(t.abs(), self.freedom)?;
        let z = if tail > 0.0 { normal::upper_quantile(tail)? } else { return Err(Undefined::Overflow) };
        Ok(z.copysign(t))
    }

    /// value ± q·se.
    ///
    /// # Errors
    ///
    /// [`Undefined::OutOfRange`] for a critical value that is not above 0, [`Undefined::Overflow`].
    pub fn interval(&self, q: f64) -> Result<Interval, Undefined> {
        if !(q > 0.0 && q.is_finite()) {
            return Err(Undefined::OutOfRange);
        }
        let half = q * self.se();
        Ok(Interval { low: finite(self.value - half)?, high: finite(self.value + half)? })
    }
}

/// Σ wᵢ·meanᵢ, in two doubles until the end.
pub(super) fn weighted(terms: &[(f64, &Estimate)]) -> Result<f64, Undefined> {
    let sum = terms.iter().fold(Twofold::default(), |sum, (weight, arm)| sum.plus(arm.mean.times(*weight)));
    finite(sum.value())
}
