//! The complementary error function, to nearly all digits.
//!
//! That of `statrs` 0.19 is wrong from the tenth digit on (at 1/√2 by 9e-11, relative), which is as much as a p-value may err
//! in all; the error here is below 1e-13, relative, apart from that of the argument. The tests of
//! the normal distribution hold it against `mpmath`.

use std::f64::consts::PI;

/// Where the continued fraction takes over from the series.
const FAR: f64 = 2.0;

/// erfc(x) = 1 − erf(x), with its relative accuracy for large x; below the smallest double it is 0.
pub(super) fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < FAR {
        return 1.0 - erf(x);
    }
    if x > 30.0 {
        return 0.0;
    }
    fraction(x) * bell(x) / PI.sqrt()
}

/// exp(−x²) without the rounding of the square.
fn bell(x: f64) -> f64 {
    let square = x * x;
    (-square).exp() * (-x.mul_add(x, -square)).exp()
}

/// The series of positive terms, 2/√π·exp(−x²)·Σ 2ⁿ·x^(2n+1)/(2n+1)!! (Abramowitz & Stegun 7.1.6).
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
        if term <= 0.25 * f64::EPSILON * sum {
            break;
        }
    }
    2.0 * sum * bell(x) / PI.sqrt()
}

/// √π·exp(x²)·erfc(x) as the continued fraction 1/(x + (1/2)/(x + (2/2)/(x + …))) (the same, 7.1.14), by Lentz's method.
fn fraction(x: f64) -> f64 {
    let (mut value, mut above, mut below) = (x, x, 0.0);
    for n in 1..1_000 {
        let part = 0.5 * f64::from(n);
        below = (x + part * below).recip();
        above = x + part / above;
        let factor = above * below;
        value *= factor;
        if (factor - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value.recip()
}
