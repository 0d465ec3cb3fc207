//! Corrections for several tests: each p-value is replaced by the level at which its test would be rejected among all.
//!
//! All take p-values in any order and give the adjusted ones in the same order, as R's `p.adjust` does. They are undefined,
//! `None`, where a p-value is not a number in [0, 1]; of no tests there is nothing to adjust.

/// Bonferroni: p·m, at most 1. Controls the chance of any false positive.
#[must_use]
pub fn bonferroni(p: &[f64]) -> Option<Vec<f64>> {
    let m = p.len() as f64;
    valid(p).then(|| p.iter().map(|p| (p * m).min(1.0)).collect())
}

/// Holm 1979: steps down from the smallest. Controls the chance of any false positive, and never rejects less than
/// Bonferroni.
#[must_use]
pub fn holm(p: &[f64]) -> Option<Vec<f64>> {
    let mut largest: f64 = 0.0;
    let m = p.len();
    stepped(p, |rank, p| {
        largest = largest.max((m - rank) as f64 * p).min(1.0);
        largest
    })
}

/// Hommel 1988, by the algorithm of Wright 1992: the most powerful of these under independence or positive dependence.
#[must_use]
pub fn hommel(p: &[f64]) -> Option<Vec<f64>> {
    let m = p.len();
    if !valid(p) || m < 2 {
        return valid(p).then(|| p.to_vec());
    }
    let order = ascending(p);
    let sorted: Vec<f64> = order.iter().map(|&(_, p)| p).collect();
    let simes = sorted.iter().zip(1..).map(|(p, rank)| m as f64 * p / f64::from(rank)).fold(f64::INFINITY, f64::min);
    let mut adjusted = vec![simes; m];
    for size in (2..m).rev() {
        let (small, large) = sorted.split_at(m - size + 1);
        let least =
            large.iter().zip(2..).map(|(p, rank)| size as f64 * p / f64::from(rank)).fold(f64::INFINITY, f64::min);
        let last = small.last().map_or(least, |p| (size as f64 * p).min(least));
        for (rank, (adjusted, p)) in adjusted.iter_mut().zip(&sorted).enumerate() {
            let bound = if rank < small.len() { (size as f64 * p).min(least) } else { last };
            *adjusted = adjusted.max(bound);
        }
    }
    let mut result: Vec<(usize, f64)> =
        order.iter().zip(adjusted).map(|(&(at, p), adjusted)| (at, adjusted.max(p))).collect();
    result.sort_by_key(|&(at, _)| at);
    Some(result.into_iter().map(|(_, p)| p).collect())
}

/// Benjamini & Hochberg 1995: steps up from the largest. Controls the expected share of false ones among the positives.
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Option<Vec<f64>> {
    if !valid(p) {
        return None;
    }
    let m = p.len() as f64;
    let mut least: f64 = 1.0;
    let mut result: Vec<(usize, f64)> = Vec::with_capacity(p.len());
    for (rank, &(at, p)) in ascending(p).iter().enumerate().rev() {
        least = least.min(m / (rank + 1) as f64 * p);
        result.push((at, least));
    }
    result.sort_by_key(|&(at, _)| at);
    Some(result.into_iter().map(|(_, p)| p).collect())
}

fn valid(p: &[f64]) -> bool {
    p.iter().all(|p| (0.0..=1.0).contains(p))
}

/// The p-values from the smallest on, with their places.
fn ascending(p: &[f64]) -> Vec<(usize, f64)> {
    let mut order: Vec<(usize, f64)> = p.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    order
}

/// Adjusts from the smallest on, by rank, and puts the answers back in their places.
fn stepped(p: &[f64], mut adjust: impl FnMut(usize, f64) -> f64) -> Option<Vec<f64>> {
    if !valid(p) {
        return None;
    }
    let mut result: Vec<(usize, f64)> =
        ascending(p).iter().enumerate().map(|(rank, &(at, p))| (at, adjust(rank, p))).collect();
    result.sort_by_key(|&(at, _)| at);
    Some(result.into_iter().map(|(_, p)| p).collect())
}

#[cfg(test)]
mod tests;
