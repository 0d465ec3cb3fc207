//! Post-stratification: strata weigh what they weigh over all arms.

use super::undefined::finite;
use super::{Estimate, Moments, Twofold, Undefined};

/// The arms of an experiment, each as the mean of its strata at the shares that these have over all arms.
///
/// `arms` has, arm by arm, the moments of one column per stratum, the strata in the same order; a stratum without units in
/// any arm is passed over. An arm has `Σ W_h·mean_h` and `V = Σ W_h²·s_h²/n_h` (Miratrix, Sekhon & Yu 2013). Arms share the
/// weights, which are random too: a contrast adds `Σ W_h·(Σ wᵢ·(mean_ih − meanᵢ))²/(N − 1)`, as the regression on strata and
/// their interactions with the arm does.
///
/// # Errors
///
/// [`Undefined::Mismatch`] for arms of different strata, [`Undefined::EmptyArm`], [`Undefined::ThinStratum`] where an arm
/// has fewer than two units in a stratum, [`Undefined::Overflow`].
pub fn post_stratify(arms: &[Vec<Moments>]) -> Result<Vec<Estimate>, Undefined> {
    let strata = arms.first().map_or(0, Vec::len);
    if arms.iter().any(|arm| arm.len() != strata) {
        return Err(Undefined::Mismatch);
    }
    let size = |stratum: usize| -> u128 {
        arms.iter().filter_map(|arm| arm.get(stratum)).map(|cell| u128::from(cell.count())).sum()
    };
    let sizes: Vec<u128> = (0..strata).map(size).collect();
    let total = sizes.iter().sum::<u128>() as f64;
    if arms.iter().any(|arm| arm.iter().all(|cell| cell.count() == 0)) {
        return Err(Undefined::EmptyArm);
    }
    let weights: Vec<f64> = sizes.iter().map(|size| *size as f64 / total).collect();
    arms.iter().map(|arm| one(arm, &weights, total)).collect()
}

fn one(arm: &[Moments], weights: &[f64], total: f64) -> Result<Estimate, Undefined> {
    let (mut count, mut mean, mut parts, mut means) = (0u64, Twofold::default(), Vec::new(), Vec::new());
    for (cell, weight) in arm.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
        if cell.count() < 2 {
            return Err(Undefined::ThinStratum);
        }
        let n = cell.count() as f64;
        count = count.checked_add(cell.count()).ok_or(Undefined::Overflow)?;
        mean = mean.plus(cell.exact_mean(0)?.times(*weight));
        parts.push((weight * weight * cell.variance(0)? / n, n - 1.0));
        means.push((*weight, cell.exact_mean(0)?));
    }
    let variance = finite(parts.iter().map(|(part, _)| part).sum())?;
    let spent: f64 = parts.iter().map(|(part, freedom)| (part / variance).powi(2) / freedom).sum();
    // Without variance there is nothing to spend; the degrees are then those of the arm.
    let freedom = if variance > 0.0 { finite(spent.recip())? } else { count as f64 - 1.0 };
    let off = |(weight, own): &(f64, Twofold)| (weight / (total - 1.0)).sqrt() * own.minus(mean).value();
    let shared = means.iter().map(off).collect();
    Ok(Estimate { shared, shared_freedom: total - 1.0, ..Estimate::new(count, mean, Ok(variance), freedom) })
}
