//! The sequential test of the sample ratio: whether counts per variant follow the weights, at every look (Lindon & Malek 2022).

use super::Undefined;

/// The concentrations A₀ of the Dirichlet priors that the evidence is averaged over.
const CONCENTRATIONS: [f64; 5] = [1e1, 1e2, 1e3, 1e4, 1e5];

/// The test over time: its p-value never rises again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRatio {
    p: f64,
}

impl Default for SampleRatio {
    fn default() -> Self {
        Self { p: 1.0 }
    }
}

impl SampleRatio {
    /// The p-value below which the counts are taken not to follow the weights.
    pub const ALARM: f64 = 0.001;

    /// Takes in all units exposed so far and gives the p-value: the running minimum of 1/e, at most 1, above 0.
    ///
    /// # Errors
    /// As [`log_evidence`]; the p-value then stays what it was.
    pub fn look(&mut self, counts: &[u64], weights: &[u64]) -> Result<f64, Undefined> {
        let evidence = log_evidence(counts, weights)?;
        self.p = self.p.min((-evidence).exp().max(f64::MIN_POSITIVE));
        Ok(self.p)
    }

    /// The p-value so far; 1 before the first look.
    #[must_use]
    pub fn p(self) -> f64 {
        self.p
    }

    /// Whether the p-value is below [`Self::ALARM`].
    #[must_use]
    pub fn alarms(self) -> bool {
        self.p < Self::ALARM
    }
}

/// The logarithm of the evidence e that counts do not follow the weights: the Bayes factor of a Dirichlet-multinomial against
/// the multinomial, averaged over concentrations A₀ of 10, 10², …, 10⁵.
///
/// `counts` are all exposed units per variant before any are dropped, `weights` the sizes of the variants' ranges, which need
/// not sum to anything. Accurate to 1e-7 at 10¹² units.
///
/// # Errors
/// [`Undefined::Mismatch`] for fewer than two variants or lists of different lengths, [`Undefined::NoWeight`],
/// [`Undefined::Overflow`] where sums do not fit.
pub fn log_evidence(counts: &[u64], weights: &[u64]) -> Result<f64, Undefined> {
    if counts.len() != weights.len() || counts.len() < 2 {
        return Err(Undefined::Mismatch);
    }
    if weights.contains(&0) {
        return Err(Undefined::NoWeight);
    }
    let sum = |of: &[u64]| of.iter().try_fold(0_u64, |sum, &one| sum.checked_add(one));
    let (units, weight) = (sum(counts).ok_or(Undefined::Overflow)?, sum(weights).ok_or(Undefined::Overflow)?);
    let cells: Vec<Cell> =
        counts.iter().zip(weights).map(|(&count, &own)| Cell::of(count, own, units, weight)).collect();
    let logs = CONCENTRATIONS.map(|concentration| log_factor(&cells, units as f64, concentration));
    // Relative to the largest, so that nothing overflows.
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = logs.iter().map(|log| (log - largest).exp()).sum::<f64>() / CONCENTRATIONS.len() as f64;
    Ok(largest + mean.ln())
}

/// One variant.
struct Cell {
    count: f64,
    share: f64,
    /// Units above what the weight lets expect, worked out in integers.
    excess: f64,
}

impl Cell {
    fn of(count: u64, own: u64, units: u64, weight: u64) -> Self {
        let (have, due) = (u128::from(count) * u128::from(weight), u128::from(units) * u128::from(own));
        let scale = weight as f64;
        let excess = if have >= due { (have - due) as f64 } else { -((due - have) as f64) };
        Self { count: count as f64, share: own as f64 / scale, excess: excess / scale }
    }
}

/// The log of the Bayes factor with one concentration A.
///
/// With Stirling's formula lnΓ(x) = (x − ½) ln x − x + ½ ln 2π + s(x) the large terms of
/// lnΓ(A) − lnΓ(A+n) + Σ[lnΓ(aᵢ+nᵢ) − lnΓ(aᵢ)] − Σ nᵢ ln wᵢ cancel before they are computed. What is left of them is
/// N·Σ wᵢ·((1+dᵢ) ln(1+dᵢ) − dᵢ), with N = A + n and dᵢ the relative excess of a cell, a sum of positive terms.
fn log_factor(cells: &[Cell], units: f64, concentration: f64) -> f64 {
    let all = concentration + units;
    let mut divergence = 0.0;
    let mut rest = (all / concentration).ln() / 2.0 - stirling(all) + stirling(concentration);
    for cell in cells {
        let prior = concentration * cell.share;
        let posterior = prior + cell.count;
        let due = all * cell.share;
        divergence += due * entropy(cell.excess / due, posterior / due);
        rest += stirling(posterior) - stirling(prior) - (posterior / prior).ln() / 2.0;
    }
    divergence + rest
}

/// (1 + d) ln(1 + d) − d, also for small d, where its terms cancel, and with 1 + d given, for d near −1.
fn entropy(d: f64, ratio: f64) -> f64 {
    if d.abs() > 0.05 {
        return ratio * ratio.ln() - d;
    }
    // Σ (−1)^k d^k / (k (k − 1)) from k = 2 on: at 0.05 the last term is below 1e-17 of the first.
    let mut sum = 0.0;
    for k in (2..=15_u32).rev() {
        let k = f64::from(k);
        sum = 1.0 / (k * (k - 1.0)) - d * sum;
    }
    d * d * sum
}

/// What Stirling's formula leaves of lnΓ(x), for positive `x`.
fn stirling(x: f64) -> f64 {
    let mut sum = 0.0;
    let mut x = x;
    while x < 12.0 {
        // s(x) − s(x + 1) = (x + ½) ln(1 + 1/x) − 1.
        sum += (x + 0.5) * (1.0 / x).ln_1p() - 1.0;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = square.mul_add(1.0 / 1188.0, -1.0 / 1680.0);
    let series = square.mul_add(series, 1.0 / 1260.0);
    let series = square.mul_add(series, -1.0 / 360.0);
    sum + square.mul_add(series, 1.0 / 12.0) / x
}

#[cfg(test)]
mod tests;
