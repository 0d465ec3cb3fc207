//! The standard normal distribution, accurate in the far tail.
//!
//! The error of tails is below 2e-13, relative, from 1 down to 1e-300; that of `statrs` 0.19 is wrong from the tenth digit on.
//! Quantiles begin with the inverse that `statrs` has, whose ten digits Newton's method here completes. The tests hold
//! both against `mpmath`.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::erf::erfc_inv;

use super::Undefined;

/// Coefficients of ln(P(Z > z)·exp(z²/2)/t) in Chebyshev polynomials of 2t − 1, the highest first, computed at 60 digits.
const SERIES: [f64; 30] = [
    0.000_000_000_000_000_002_328_104_257_952_925_3,
    0.000_000_000_000_000_000_050_030_055_594_459_02,
    -0.000_000_000_000_000_028_166_630_877_471_77,
    0.000_000_000_000_000_121_023_718_922_427_9,
    -0.000_000_000_000_000_094_574_945_712_912_33,
    -0.000_000_000_000_001_523_028_201_457_104_3,
    0.000_000_000_000_007_106_097_613_609_237,
    0.000_000_000_000_000_381_090_525_518_923_2,
    -0.000_000_000_000_112_708_223_613_672_52,
    0.000_000_000_000_313_092_139_934_295_8,
    0.000_000_000_000_894_487_927_309_072_5,
    -0.000_000_000_006_886_027_526_497_553,
    0.000_000_000_002_394_038_083_039_114_6,
    0.000_000_000_096_467_911_020_155_27,
    -0.000_000_000_227_365_122_293_183_6,
    -0.000_000_000_991_364_156_493_033,
    0.000_000_005_059_343_495_551_469,
    0.000_000_006_529_054_439_098_851_5,
    -0.000_000_085_238_095_914_926_54,
    0.000_000_015_626_441_722_066_142,
    0.000_001_303_655_835_580_523_2,
    -0.000_001_624_290_004_647_025_6,
    -0.000_020_278_578_112_534_242,
    0.000_042_523_324_806_907_77,
    0.000_366_839_497_852_761_45,
    -0.000_946_595_344_482_036_9,
    -0.009_561_514_786_808_632,
    0.019_476_473_204_185_836,
    0.641_969_792_356_490_2,
    -1.344_474_040_450_8,
];

/// A step of Newton's method that is less than this share of the quantile leaves all digits right, since each doubles them.
pub(super) const ENOUGH: f64 = 1e-9;

/// The density at z.
pub(super) fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// P(Z ≤ z).
#[must_use]
pub fn cdf(z: f64) -> f64 {
    sf(-z)
}

/// P(Z > z), with its relative accuracy in the upper tail; below the smallest double it is 0.
///
/// With t = 2√2/(2√2 + z) it is t·exp(−z²/2 + P(t)), and P a Chebyshev series.
#[must_use]
pub fn sf(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - sf(-z);
    }
    let t = 2.0 * SQRT_2 / (2.0 * SQRT_2 + z);
    let x = 2.0 * (2.0 * t - 1.0);
    let (mut last, mut before) = (0.0, 0.0);
    for coefficient in SERIES {
        (last, before) = (x * last - before + coefficient, last);
    }
    // The constant's step counts x once rather than twice.
    t * (-0.5 * z * z + last - 0.5 * x * before).exp()
}

/// P(|Z| > |z|), the two-sided p-value; below the smallest double it is 0.
#[must_use]
pub fn two_sided(z: f64) -> f64 {
    2.0 * sf(z.abs())
}

/// The z with P(Z ≤ z) = `p`.
///
/// # Errors
///
/// `p` must be above 0 and below 1.
pub fn quantile(p: f64) -> Result<f64, Undefined> {
    if p <= 0.5 { upper_quantile(p).map(|z| -z) } else { upper_quantile(1.0 - p) }
}

/// The first ten digits of the z with a tail of up to a half.
pub(super) fn about(tail: f64) -> f64 {
    erfc_inv(2.0 * tail) * SQRT_2
}

/// The z with P(Z > z) = `tail`, which keeps small tails that 1 − p would lose.
///
/// # Errors
///
/// `tail` must be above 0 and below 1.
pub fn upper_quantile(tail: f64) -> Result<f64, Undefined> {
    if tail > 0.0 && tail < 1.0 { Ok(tail_quantile(tail)) } else { Err(Undefined::OutOfRange) }
}

/// The same for a tail that is known to lie between 0 and 1.
pub(super) fn tail_quantile(tail: f64) -> f64 {
    if tail > 0.5 {
        return -tail_quantile(1.0 - tail);
    }
    let mut z = about(tail);
    // Newton's steps on the logarithm, where the tail is nearly a parabola: each doubles the digits.
    for _ in 0..2 {
        let found = sf(z);
        let step = (found / tail).ln() * found / density(z);
        // In the subnormal range a step has no digits left to work with.
        z = if (z + step).is_finite() { z + step } else { z };
        if step.abs() <= ENOUGH * z {
            break;
        }
    }
    z
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
            // A tail of about a half, rounded, leaves a quantile of about 0 no more digits than this.
            assert!((found - z).abs() < 1e-14 * z.max(0.05), "{tail}: {found} {z}");
            assert_eq!(quantile(tail), Ok(-found));
        }
        assert_eq!(quantile(0.5), Ok(0.0));
        for p in [0.0, 1.0, -1.0, 2.0, f64::NAN] {
            assert!(quantile(p).is_err(), "{p}");
        }
        assert!(upper_quantile(5e-324).expect("in range") > 38.0);
    }
}
