//! Pairs of overlapping studies: which of them share units, and how their joint cells are counted as one study more.

use super::request::{Measure, Pair, Request, Study};
use crate::results::{JointTally, PairTally, Tally};

/// The most dimensions by which results are broken down.
pub const MOST_DIMENSIONS: usize = 8;

/// The most values of a dimension that are told apart, those of the most units; all others are counted together.
pub const MOST_VALUES: usize = 12;

/// The most pairs of a request: units that are in both cost as much again.
const MOST_PAIRS: usize = 64;

/// The most joint cells of a pair.
const MOST_CELLS: usize = 36;

/// The pairs of studies that share units and a metric; where there are more than are counted, those that share the most time.
pub(super) fn pairs(
    studies: &[Study],
    measures: &[Measure],
    now: i64,
    excludes: impl Fn(usize, usize) -> bool,
) -> Vec<Pair> {
    let mut found: Vec<(i64, Pair)> = Vec::new();
    for (other, second) in studies.iter().enumerate() {
        for (one, first) in studies.iter().enumerate().take(other) {
            let shared = first.until.min(second.until).min(now) - first.from.max(second.from);
            let few = first.variants.len() * second.variants.len() <= MOST_CELLS;
            if shared <= 0 || !few || excludes(one, other) {
                continue;
            }
            let of_units =
                |place: &usize| measures.get(*place).is_some_and(|measure| measure.calculation.is_of_units());
            let both = first.measures.iter().filter(|place| second.measures.contains(place) && of_units(place));
            let measures: Vec<usize> = both.copied().collect();
            if !measures.is_empty() {
                found.push((shared, Pair { one, other, measures }));
            }
        }
    }
    found.sort_by_key(|(shared, pair)| (std::cmp::Reverse(*shared), pair.one, pair.other));
    found.truncate(MOST_PAIRS);
    found.sort_by_key(|(_, pair)| (pair.one, pair.other));
    found.into_iter().map(|(_, pair)| pair).collect()
}

impl Request {
    /// A request in which each pair is a study of its own, whose variants are the joint cells, the other's changing first. A unit
    /// belongs to it that saw one variant of each alone, from the later of its two first exposures on: from then on both can
    /// have an effect. Covariates are left out, since the earlier one of both may have changed them. None without pairs.
    #[must_use]
    pub fn joint(&self) -> Option<Self> {
        let studies: Vec<Study> = self.pairs.iter().filter_map(|pair| self.cells(pair)).collect();
        (!studies.is_empty()).then(|| Self {
            exposures: super::Exposures { dimensions: Vec::new(), ..self.exposures.clone() },
            studies,
            measures: self.measures.iter().map(|measure| Measure { covariate: None, ..measure.clone() }).collect(),
            pairs: Vec::new(),
            ..self.clone()
        })
    }

    fn cells(&self, pair: &Pair) -> Option<Study> {
        let (one, other) = (self.studies.get(pair.one)?, self.studies.get(pair.other)?);
        let cells = one.variants.iter().flat_map(|own| other.variants.iter().map(move |second| [own, second]));
        Some(Study {
            id: format!("{} and {}", one.id, other.id),
            key: format!("{} and {}", one.key, other.key),
            variants: cells.map(|[own, second]| format!("{own} and {second}")).collect(),
            from: one.from.max(other.from),
            until: one.until.min(other.until),
            measures: pair.measures.clone(),
        })
    }
}

/// Writes what was counted of pairs, see [`Request::joint`], into the tallies of both of their studies.
pub fn joined(request: &Request, tallies: &mut [Tally], joint: &[Tally]) {
    for (pair, counted) in request.pairs.iter().zip(joint) {
        let (Some(one), Some(other)) = (request.studies.get(pair.one), request.studies.get(pair.other)) else {
            continue;
        };
        let width = other.variants.len().max(1);
        let metrics = counted.metrics.iter().filter_map(|metric| {
            let collapsed = metric.caps.as_ref().is_some_and(|caps| caps.collapsed);
            if metric.failed.is_some() || collapsed || metric.arms.iter().all(|arm| arm.sums.n == 0) {
                return None;
            }
            let cells = metric.arms.chunks(width).map(|row| row.iter().map(|arm| arm.sums.clone()).collect());
            let are_quantiles = metric.arms.iter().any(|arm| arm.quantile.is_some());
            let quantiles = metric.arms.chunks(if are_quantiles { width } else { usize::MAX });
            let quantiles = quantiles.filter(|_| are_quantiles).map(|row| row.iter().map(|arm| arm.quantile).collect());
            let (cells, quantiles) = (cells.collect(), quantiles.collect());
            Some(JointTally { metric: metric.metric.clone(), cells, quantiles })
        });
        let metrics: Vec<JointTally> = metrics.collect();
        if metrics.is_empty() {
            continue;
        }
        let turned: Vec<JointTally> = metrics.iter().map(turned).collect();
        for (place, with, metrics) in [(pair.one, other, metrics), (pair.other, one, turned)] {
            if let Some(tally) = tallies.get_mut(place) {
                tally.pairs.push(PairTally { with: with.key.clone(), variants: with.variants.clone(), metrics });
            }
        }
    }
}

/// The same cells as the other study sees them.
fn turned(joint: &JointTally) -> JointTally {
    fn columns<T: Clone>(rows: &[Vec<T>]) -> Vec<Vec<T>> {
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        (0..width).map(|at| rows.iter().filter_map(|row| row.get(at).cloned()).collect()).collect()
    }
    JointTally { metric: joint.metric.clone(), cells: columns(&joint.cells), quantiles: columns(&joint.quantiles) }
}
