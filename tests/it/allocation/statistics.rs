//! What reuse rests on, measured: draws are uniform over what was free, and a variant says nothing about any earlier one.

use std::collections::BTreeMap;

use allotment::bucket::{BucketSet, Grid, Scheme, VARIANT_GRID};
use allotment::decl::Day;
use allotment::lock::Lock;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::dice::Dice;
use super::field::{COMPONENTS, Field, Plot};
use crate::world::TODAY;

/// How likely each test is to fail by chance.
const RISK: f64 = 1e-6;

/// How often each bucket was drawn, against how often it should have been.
struct Usage {
    seen: Vec<f64>,
    expected: Vec<f64>,
    variance: Vec<f64>,
}

impl Usage {
    fn new(buckets: u32) -> Self {
        let none = vec![0.0; buckets as usize];
        Self { seen: none.clone(), expected: none.clone(), variance: none }
    }

    /// Adds every draw of a field, in the order in which they were made: each was from what those before had left it.
    fn add(&mut self, locks: &BTreeMap<String, Lock>, holdout: &BucketSet) {
        let mut order: Vec<&Lock> = locks.values().collect();
        order.sort_by_key(|lock| (lock.start, &lock.id));
        for (at, lock) in order.iter().enumerate() {
            let mut free = holdout.complement();
            let excluded = order[..at].iter().filter(|other| other.excludes(&lock.components, lock.window()));
            excluded.for_each(|other| free.subtract(&other.held()));
            let held = lock.held();
            assert!(held.is_subset(&free), "{}", lock.id);
            let share = f64::from(held.len()) / f64::from(free.len());
            for bucket in free.iter() {
                let at = bucket as usize;
                self.seen[at] += f64::from(u8::from(held.contains(bucket)));
                self.expected[at] += share;
                self.variance[at] += share * (1.0 - share);
            }
        }
    }

    /// The chance of a usage as uneven as this one or more. Sizes are fixed, so the buckets' deviations sum to nothing and
    /// one degree of freedom is lost: n - 1 of them, each with the share (n - 1) / n of its variance left.
    fn chance(&self) -> f64 {
        let used: Vec<usize> = (0..self.seen.len()).filter(|&at| self.variance[at] > 0.0).collect();
        let deviation = |&at: &usize| (self.seen[at] - self.expected[at]).powi(2) / self.variance[at];
        let n = used.len() as f64;
        let sum: f64 = used.iter().map(deviation).sum();
        ChiSquared::new(n - 1.0).expect("degrees of freedom").sf(sum * (n - 1.0) / n)
    }
}

/// So many experiments whose starts are spread over so many days; what does not fit is left out by allocation.
fn planted(dice: &mut Dice, salt: &str, experiments: u32, days: u32, components: &[&'static str]) -> Field {
    let mut field = Field::new(200, 2);
    field.surface(200, 2, &format!("salt = \"{salt}\"\n"));
    for n in 0..experiments {
        let start = TODAY.plus(1 + dice.below(days));
        let component = *dice.pick(components);
        let mut plot = Plot::new(&format!("plot-{n}"), component, start, 7 + dice.below(28), 5 + dice.below(40));
        plot.control = 20 + dice.below(60);
        if dice.below(10) == 0 {
            plot.touches = vec!["*"];
        }
        field.plant(&plot);
    }
    field.allocate();
    field
}

#[test]
fn each_bucket_that_is_free_is_as_likely_as_any_other() {
    let mut dice = Dice::new(7);
    let mut usage = Usage::new(200);
    for round in 0..12 {
        let field = planted(&mut dice, &format!("round-{round}"), 60, 120, &COMPONENTS);
        let (locks, holdout) = field.locks();
        assert!(locks.len() > 30, "{}", locks.len());
        usage.add(&locks, &holdout);
    }
    let chance = usage.chance();
    // Too even would be as wrong as too uneven.
    assert!((RISK..1.0 - RISK).contains(&chance), "{chance}");
}

/// A unit's bucket, and its variant in each experiment that it is in.
struct Population {
    buckets: Vec<u32>,
    units: Vec<String>,
}

impl Population {
    fn new(size: usize, salt: &str, buckets: u32) -> Self {
        let units: Vec<String> = (0..size).map(|n| format!("user-{n}")).collect();
        let (hasher, grid) = (Scheme::GrowthBook.surface_hasher(salt), Grid::new(10_000, buckets));
        let bucket = |unit: &String| grid.expect("a grid").bucket_of(hasher.cell(unit));
        Self { buckets: units.iter().map(bucket).collect(), units }
    }

    /// For each unit, whether it is in `control`, if it is in the experiment at all.
    fn variants(&self, lock: &Lock) -> Vec<Option<bool>> {
        let (held, hasher) = (lock.held(), Scheme::GrowthBook.variant_hasher(&lock.salt));
        let (_, control) = lock.variants.iter().find(|(id, _)| id == "control").expect("a control");
        assert!(control.end <= VARIANT_GRID);
        let variant = |unit: &String| control.contains(&hasher.cell(unit));
        let places = self.buckets.iter().zip(&self.units);
        places.map(|(bucket, unit)| held.contains(*bucket).then(|| variant(unit))).collect()
    }
}

/// Pearson's chi-square of two variants over the units that are in both; none where a cell is too small for it.
fn association(a: &[Option<bool>], b: &[Option<bool>]) -> Option<f64> {
    let mut cells = [[0.0_f64; 2]; 2];
    for (a, b) in a.iter().zip(b) {
        if let (Some(a), Some(b)) = (a, b) {
            cells[usize::from(*a)][usize::from(*b)] += 1.0;
        }
    }
    let row = |at: usize| cells[at][0] + cells[at][1];
    let column = |at: usize| cells[0][at] + cells[1][at];
    let all = row(0) + row(1);
    let expected = |i: usize, j: usize| row(i) * column(j) / all;
    let places = [(0, 0), (0, 1), (1, 0), (1, 1)];
    if all == 0.0 || places.iter().any(|&(i, j)| expected(i, j) < 5.0) {
        return None;
    }
    Some(places.iter().map(|&(i, j)| (cells[i][j] - expected(i, j)).powi(2) / expected(i, j)).sum())
}

#[test]
fn a_year_of_reuse_carries_nothing_over() {
    let mut dice = Dice::new(2027);
    let field = planted(&mut dice, "a-year-of-reuse", 330, 365, &["ranker", "cards"]);
    let (locks, holdout) = field.locks();
    assert!(locks.len() >= 150, "{}", locks.len());
    let mut usage = Usage::new(200);
    usage.add(&locks, &holdout);
    let chance = usage.chance();
    assert!((RISK..1.0 - RISK).contains(&chance), "{chance}");

    let population = Population::new(20_000, "a-year-of-reuse", 200);
    let mut year: Vec<(Day, Vec<Option<bool>>)> =
        locks.values().map(|lock| (lock.start, population.variants(lock))).collect();
    year.sort_by_key(|(start, _)| *start);
    let pairs =
        || year.iter().enumerate().flat_map(|(at, later)| year[..at].iter().map(move |earlier| (earlier, later)));
    let statistics: Vec<f64> = pairs().filter_map(|(earlier, later)| association(&earlier.1, &later.1)).collect();
    assert!(statistics.len() > 8_000, "{}", statistics.len());
    let one = ChiSquared::new(1.0).expect("one degree of freedom");
    let worst = statistics.iter().copied().fold(0.0, f64::max);
    let risk = RISK / statistics.len() as f64;
    assert!(one.sf(worst) > risk, "chi-square {worst} in one of {} pairs", statistics.len());
    // Nor is there anything small in all of them: the mean of a chi-square with one degree of freedom is 1, its variance 2.
    let mean = statistics.iter().sum::<f64>() / statistics.len() as f64;
    assert!((mean - 1.0).abs() < 6.0 * (2.0 / statistics.len() as f64).sqrt(), "{mean}");
}
