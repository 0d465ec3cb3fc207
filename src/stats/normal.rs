//! The standard normal distribution, accurate in the far tail.
//!
//! The error of tails is below 2e-13, relative, from 1 down to 1e-300. Quantiles begin with the inverse that `statrs` has, whose
//! ten digits a step of Newton's method here completes. The tests hold both against `mpmath`.

use statrs::function::erf::erfc_inv;

use super::Undefined;
use super::erf::erfc;

/// P(Z ≤ z).
#[must_use]
pub fn cdf(z: f64) -> f64 {
    sf(-z)
}

/// P(Z > z), with its relative accuracy in the upper tail; below the smallest double it is 0.
#[must_use]
pub fn sf(z: f64) -> f64 {
    0.5 * erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// P(|Z| > |z|), the two-sided p-value; below the smallest double it is 0.
#[must_use]
pub fn two_sided(z: f64) -> f64 {
    erfc(z.abs() * std::f64::consts::FRAC_1_SQRT_2)
}

/// The z with P(Z ≤ z) = `p`.
///
/// # Errors
///
/// `p` must be above 0 and below 1.
pub fn quantile(p: f64) -> Result<f64, Undefined> {
    if p <= 0.5 { upper_quantile(p).map(|z| -z) } else { upper_quantile(1.0 - p) }
}

/// The z with P(Z > z) = `tail`, which keeps small tails that 1 − p would lose.
///
/// # Errors
///
/// `tail` must be above 0 and below 1.
pub fn upper_quantile(tail: f64) -> Result<f64, Undefined> {
    if !(tail > 0.0 && tail < 1.0) {
        return Err(Undefined::OutOfRange);
    }
    if tail > 0.5 {
        return upper_quantile(1.0 - tail).map(|z| -z);
    }
    let z = std::f64::consts::SQRT_2 * erfc_inv(2.0 * tail);
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let better = z + (sf(z) - tail) / density;
    // In the subnormal range the step has no digits left to work with.
    Ok(if better.is_finite() { better } else { z })
}

#[cfg(test)]
#[allow(clippy::unreadable_literal, reason = "digits as they were printed")]
mod tests {
    use super::{cdf, quantile, sf, two_sided, upper_quantile};

    /// (z, P(Z > z)): `mpmath` 1.3 at 60 digits, `erfc(z/sqrt(2))/2`.
    const TAILS: [(f64, f64); 11] = [
        (-3.0, 0.9986501019683699),
        (0.1, 0.460172162722971),
        (0.5, 0.3085375387259869),
        (1.0, 0.15865525393145705),
        (1.959963984540054, 0.025000000000000012),
        (3.0, 0.0013498980316300946),
        (6.0, 9.86587645037698e-10),
        (10.0, 7.619853024160525e-24),
        (20.0, 2.7536241186062337e-89),
        (30.0, 4.906713927148187e-198),
        (37.5, 4.605353009581955e-308),
    ];

    /// (tail, z): `mpmath` 1.3 at 60 digits, `findroot` of `log(erfc(z/sqrt(2))/2) - log(tail)`.
    const QUANTILES: [(f64, f64); 11] = [
        (0.49, 0.025068908258711057),
        (0.3, 0.5244005127080408),
        (0.2, 0.8416212335729142),
        (0.1, 1.2815515655446004),
        (0.025, 1.9599639845400543),
        (0.001, 3.0902323061678136),
        (1e-06, 4.753424308822899),
        (1e-12, 7.034483825301132),
        (1e-50, 14.933337534788489),
        (1e-200, 30.20559417957964),
        (1e-300, 37.0470962993612),
    ];

    #[test]
    fn tails_are_those_of_mpmath() {
        for (z, tail) in TAILS {
            assert!((sf(z) / tail - 1.0).abs() < 2e-13, "{z}: {} {tail}", sf(z));
            assert!((cdf(-z) / tail - 1.0).abs() < 2e-13, "{z}");
        }
        assert!((two_sided(-1.959963984540054) - 0.05).abs() < 1e-15);
    }

    #[test]
    fn quantiles_are_those_of_mpmath() {
        for (tail, z) in QUANTILES {
            let found = upper_quantile(tail).expect("in range");
            assert!((found / z - 1.0).abs() < 1e-14, "{tail}: {found} {z}");
            assert_eq!(quantile(tail), Ok(-found));
        }
        assert_eq!(quantile(0.5), Ok(0.0));
        for p in [0.0, 1.0, -1.0, 2.0, f64::NAN] {
            assert!(quantile(p).is_err(), "{p}");
        }
        assert!(upper_quantile(5e-324).expect("in range") > 38.0);
    }
}
