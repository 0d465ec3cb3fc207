//! Adjustment for covariates from before the exposure: CUPED as the full regression, with θ of each arm's own.

use super::factor::Factor;
use super::undefined::finite;
use super::{Estimate, Moments, Undefined};

/// The share of a covariate's variance that the others must leave.
const COLLINEAR: f64 = 1e-8;

/// What is below this share of an outcome's variance is rounding.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// All arms of an experiment, adjusted together.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjusted {
    /// The arms, in their order.
    pub arms: Vec<Estimate>,
    /// θ of each arm: outcome per covariate, for the covariates that were kept, in their order.
    pub thetas: Vec<Vec<f64>>,
    /// The share of each arm's variance that adjusting removed, R².
    pub removed: Vec<f64>,
    /// Which covariates, from 0, were left out, and why.
    pub dropped: Vec<(usize, Undefined)>,
}

/// The outcome adjusted for covariates: the regression of outcome on arm, covariates centred at their means over all arms,
/// and their interactions (Lin 2013; Negi & Wooldridge 2021).
///
/// Each arm's first column is the outcome (for a ratio that of [`Moments::linearised`]), the others are covariates. An arm
/// has mean y − θ·(mean x − mean x over all arms), with θ the arm's own least-squares coefficients and the residual variance
/// with n − 1 − p for p covariates. Arms share the centring: a contrast of weights w has the variance
/// Σ wᵢ²·Vᵢ + (Σ wᵢ·θᵢ)ᵀ·S·(Σ wᵢ·θᵢ)/N, where S is the covariance of the covariates over all N units. A covariate that is
/// constant, or a combination of earlier ones, in an arm is left out of all, with the reason.
///
/// # Errors
///
/// [`Undefined::Mismatch`] for arms of different columns or without covariates; the reason of the first covariate where all
/// are left out: the caller falls back to the unadjusted mean. [`Undefined::EmptyArm`], [`Undefined::Overflow`].
pub fn adjust(arms: &[Moments]) -> Result<Adjusted, Undefined> {
    let columns = arms.first().map_or(0, Moments::columns);
    if columns < 2 || arms.iter().any(|arm| arm.columns() != columns) {
        return Err(Undefined::Mismatch);
    }
    if arms.iter().any(|arm| arm.count() == 0) {
        return Err(Undefined::EmptyArm);
    }
    let all = Moments::merged(arms)?;
    for table in arms.iter().chain([&all]) {
        for row in 0..columns {
            finite(table.product(row, row))?;
        }
    }
    let (kept, dropped, mut factors) = keep(arms, &all);
    if kept.is_empty() {
        return Err(dropped.first().map_or(Undefined::Mismatch, |(_, why)| *why));
    }
    let pooled = factors.pop().unwrap_or_default();
    let n = all.count() as f64;
    let mut adjusted = Adjusted { arms: Vec::new(), thetas: Vec::new(), removed: Vec::new(), dropped };
    for (arm, factor) in arms.iter().zip(&factors) {
        let outcome = arm.product(0, 0);
        let with: Vec<f64> = kept.iter().map(|column| correlation(arm, 0, *column)).collect();
        let along = factor.forward(&with);
        let removed: f64 = along.iter().map(|part| part * part).sum();
        let scaled = factor.backward(&along);
        let theta: Vec<f64> = kept.iter().zip(&scaled).map(|(x, b)| b * ratio(outcome, arm.product(*x, *x))).collect();
        let mut mean = arm.exact_mean(0)?;
        for (column, theta) in kept.iter().zip(&theta) {
            let off = arm.exact_mean(*column)?.minus(all.exact_mean(*column)?);
            mean = mean.minus(off.times(finite(*theta)?));
        }
        let freedom = arm.count() as f64 - 1.0 - kept.len() as f64;
        let left = if 1.0 - removed <= ROUNDING { 0.0 } else { outcome * (1.0 - removed) };
        let variance =
            if freedom < 1.0 { Err(Undefined::TooFewUnits) } else { finite(left / freedom / arm.count() as f64) };
        let spread = |column: &usize| all.variance(*column).map(|variance| (variance / n).sqrt());
        let spreads = kept.iter().map(spread).collect::<Result<Vec<f64>, _>>()?;
        let scaled: Vec<f64> = theta.iter().zip(&spreads).map(|(theta, spread)| theta * spread).collect();
        adjusted.arms.push(Estimate {
            shared: pooled.transposed(&scaled),
            shared_freedom: n - 1.0,
            ..Estimate::new(arm.count(), mean, variance, freedom)
        });
        adjusted.thetas.push(theta);
        adjusted.removed.push(removed.min(1.0));
    }
    Ok(adjusted)
}

/// Which columns are kept, which covariates are not, and the factors of the arms and, last, of all units.
fn keep(arms: &[Moments], all: &Moments) -> (Vec<usize>, Vec<(usize, Undefined)>, Vec<Factor>) {
    let (mut kept, mut dropped): (Vec<usize>, Vec<(usize, Undefined)>) = (Vec::new(), Vec::new());
    let mut factors = vec![Factor::default(); arms.len() + 1];
    for column in 1..all.columns() {
        let tables = || arms.iter().chain([all]);
        if tables().any(|table| table.product(column, column) <= 0.0) {
            dropped.push((column - 1, Undefined::ConstantCovariate));
            continue;
        }
        let mut grown = factors.clone();
        let mut left = tables().zip(&mut grown).map(|(table, factor)| {
            let others: Vec<f64> = kept.iter().map(|other| correlation(table, column, *other)).collect();
            factor.push(&others, COLLINEAR)
        });
        // What is no number is not kept either.
        if left.all(|left| left > COLLINEAR) {
            factors = grown;
            kept.push(column);
        } else {
            dropped.push((column - 1, Undefined::Collinear));
        }
    }
    (kept, dropped, factors)
}

/// The correlation of two columns; an outcome that does not vary has none.
fn correlation(table: &Moments, one: usize, other: usize) -> f64 {
    let (a, b) = (table.product(one, one).sqrt(), table.product(other, other).sqrt());
    if a > 0.0 { table.product(one, other) / a / b } else { 0.0 }
}

/// √a/√b.
fn ratio(a: f64, b: f64) -> f64 {
    a.sqrt() / b.sqrt()
}
