//! Ratios of sums, and clusters: linearised within their arm, then a mean.

use super::{Estimate, Moments, Twofold, Undefined};

/// What is below this share of the terms it is a difference of is rounding.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

impl Moments {
    /// The linearised ratio of the first column to the second, and the covariates after them as they are.
    ///
    /// With R = ΣN/ΣD of these units a unit has R + (N − R·D)/mean(D): the mean over units is R, and the variance over n is
    /// that of the delta method, (var N − 2R·cov + R²·var D)/mean(D)².
    ///
    /// # Errors
    ///
    /// [`Undefined::Mismatch`] with fewer than two columns, [`Undefined::EmptyArm`], [`Undefined::ZeroDenominator`],
    /// [`Undefined::Overflow`].
    pub fn linearised(&self) -> Result<Self, Undefined> {
        let (numerator, denominator) = (self.exact_mean(0)?, self.exact_mean(1)?);
        let scale = denominator.value();
        if scale == 0.0 {
            return Err(Undefined::ZeroDenominator);
        }
        let exact = numerator.over(denominator);
        let ratio = super::undefined::finite(exact.value())?;
        let mut means: Vec<Twofold> = vec![exact];
        for column in 2..self.columns() {
            means.push(self.exact_mean(column)?);
        }
        let product = |row: usize, column: usize| match (row, column) {
            (0, 0) => {
                let (own, other) = (self.product(0, 0), ratio * ratio * self.product(1, 1));
                let rest = own - 2.0 * ratio * self.product(0, 1) + other;
                if rest <= ROUNDING * (own + other) { 0.0 } else { rest / scale / scale }
            }
            (row, 0) => (self.product(row + 1, 0) - ratio * self.product(row + 1, 1)) / scale,
            (row, column) => self.product(row + 1, column + 1),
        };
        Ok(Self::built(self.count(), &means, product))
    }
}

impl Estimate {
    /// The ratio of the sums of the first column and the second, with the delta-method variance over n (Deng et al. 2018).
    ///
    /// # Errors
    ///
    /// As [`Moments::linearised`].
    pub fn of_ratio(moments: &Moments) -> Result<Self, Undefined> {
        Self::of_mean(&moments.linearised()?, 0)
    }

    /// The mean per unit where clusters of units were randomised: a row has a cluster's sum and its number of units, and the
    /// count of the moments is that of clusters, which are what is independent.
    ///
    /// # Errors
    ///
    /// As [`Moments::linearised`].
    pub fn of_clusters(clusters: &Moments) -> Result<Self, Undefined> {
        Self::of_ratio(clusters)
    }
}
