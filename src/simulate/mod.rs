//! Simulation: synthetic units through the real evaluator, and tests of what came of them.
//!
//! Targeting is left out, so that every unit that a bucket reaches is counted: what is tested is the arithmetic.

use rayon::prelude::*;

use crate::artifact::Artifact;
use crate::bucket::Grid;
use crate::eval::Evaluator;
use crate::stats::{ChiSquare, goodness_of_fit, independence};

/// The probability below which a test fails.
pub const LEVEL: f64 = 1e-6;
/// Units that one worker takes at a time.
const CHUNK: u64 = 4_096;

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Units fall into all buckets alike.
    Uniformity,
    /// Units of an experiment fall into its variants by their weights.
    Split,
    /// Variants of two experiments that overlap are independent.
    Independence,
    /// No unit is in two experiments that exclude each other.
    Exclusion,
}

impl Kind {
    /// The word that users see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Uniformity => "uniformity",
            Self::Split => "split",
            Self::Independence => "independence",
            Self::Exclusion => "exclusion",
        }
    }
}

/// One test.
#[derive(Debug, Clone)]
pub struct Test {
    pub kind: Kind,
    /// The experiments that it is about.
    pub about: Vec<String>,
    /// Units that took part.
    pub units: u64,
    /// None for exclusion, and where there are too few units.
    pub result: Option<ChiSquare>,
    pub passed: bool,
}

/// What a surface's units got.
#[derive(Debug, Clone)]
pub struct Simulation {
    pub surface: String,
    pub units: u64,
    /// Units in the holdout.
    pub held_out: u64,
    /// Keys of the live experiments, and how many units each reached.
    pub reached: Vec<(String, u64)>,
    pub tests: Vec<Test>,
}

/// The id of a synthetic unit: 16 hex digits that look like any application's.
#[must_use]
pub fn unit(seed: u64, number: u64) -> String {
    // SplitMix64 (Steele, Lea and Flood 2014): a bijection, so that no two units of a seed are alike.
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    format!("{:016x}", state ^ (state >> 31))
}

/// Counts of one worker.
struct Counts {
    buckets: Vec<u64>,
    held_out: u64,
    /// Per experiment and variant.
    variants: Vec<Vec<u64>>,
    /// Per pair of experiments, by variant of each, row by row.
    pairs: Vec<Vec<u64>>,
}

/// The live claims of a surface and the pairs of them.
struct Plan {
    keys: Vec<String>,
    ranges: Vec<Vec<(String, u64)>>,
    pairs: Vec<(usize, usize, bool)>,
}

/// Sends units through a surface at an instant in Unix seconds.
#[must_use]
pub fn simulate(artifact: &Artifact, at: i64, units: u64, seed: u64) -> Simulation {
    let mut open = artifact.clone();
    for flag in &mut open.flags {
        flag.previews.clear();
        flag.rules.clear();
        flag.claims.iter_mut().for_each(|claim| claim.segment = None);
    }
    let plan = Plan::of(&open, at);
    let evaluator = Evaluator::new(open);
    let chunks: Vec<u64> = (0..units.div_ceil(CHUNK)).map(|chunk| chunk * CHUNK).collect();
    let counts = chunks
        .into_par_iter()
        .map(|first| {
            let mut counts = plan.counts(artifact.buckets);
            for number in first..(first + CHUNK).min(units) {
                plan.count(&evaluator, &unit(seed, number), at, &mut counts);
            }
            counts
        })
        .reduce(|| plan.counts(artifact.buckets), Counts::add);
    let mut tests = Vec::new();
    let even = vec![1.0 / f64::from(artifact.buckets); artifact.buckets as usize];
    tests.push(tested(Kind::Uniformity, Vec::new(), units, goodness_of_fit(&counts.buckets, &even)));
    for ((key, ranges), variants) in plan.keys.iter().zip(&plan.ranges).zip(&counts.variants) {
        let whole: u64 = ranges.iter().map(|(_, size)| size).sum();
        let shares: Vec<f64> = ranges.iter().map(|(_, size)| *size as f64 / whole.max(1) as f64).collect();
        let result = goodness_of_fit(variants, &shares);
        tests.push(tested(Kind::Split, vec![key.clone()], variants.iter().sum(), result));
    }
    for (&(a, b, excludes), cells) in plan.pairs.iter().zip(&counts.pairs) {
        let about = [a, b].iter().filter_map(|&at| plan.keys.get(at).cloned()).collect();
        let both: u64 = cells.iter().sum();
        if excludes {
            tests.push(Test { kind: Kind::Exclusion, about, units: both, result: None, passed: both == 0 });
        } else {
            let width = plan.ranges.get(b).map_or(1, Vec::len).max(1);
            let table: Vec<Vec<u64>> = cells.chunks(width).map(<[u64]>::to_vec).collect();
            tests.push(tested(Kind::Independence, about, both, independence(&table)));
        }
    }
    let reached = plan.keys.iter().cloned().zip(counts.variants.iter().map(|counts| counts.iter().sum())).collect();
    Simulation { surface: artifact.surface.clone(), units, held_out: counts.held_out, reached, tests }
}

/// A test without enough units passes: it has shown nothing wrong.
fn tested(kind: Kind, about: Vec<String>, units: u64, result: Option<ChiSquare>) -> Test {
    Test { kind, about, units, result, passed: result.is_none_or(|result| result.p >= LEVEL) }
}

impl Plan {
    fn of(artifact: &Artifact, at: i64) -> Self {
        let live: Vec<_> = artifact.claims().map(|(_, claim)| claim).filter(|claim| claim.is_live(at)).collect();
        let shares = |a: &[String], b: &[String]| {
            a.iter().any(|own| own == "*" || b.iter().any(|other| other == "*" || other == own))
        };
        let mut pairs = Vec::new();
        for (a, first) in live.iter().enumerate() {
            for (b, second) in live.iter().enumerate().skip(a + 1) {
                pairs.push((a, b, shares(&first.components, &second.components)));
            }
        }
        let ranges = live.iter().map(|claim| {
            claim
                .variants
                .iter()
                .map(|variant| (variant.id.clone(), u64::from(variant.range.end - variant.range.start)))
                .collect()
        });
        Self { keys: live.iter().map(|claim| claim.key.clone()).collect(), ranges: ranges.collect(), pairs }
    }

    fn counts(&self, buckets: u32) -> Counts {
        let size = |at: usize| self.ranges.get(at).map_or(0, Vec::len);
        Counts {
            buckets: vec![0; buckets as usize],
            held_out: 0,
            variants: self.ranges.iter().map(|variants| vec![0; variants.len()]).collect(),
            pairs: self.pairs.iter().map(|&(a, b, _)| vec![0; size(a) * size(b)]).collect(),
        }
    }

    fn count(&self, evaluator: &Evaluator, unit: &str, at: i64, counts: &mut Counts) {
        let artifact = evaluator.artifact();
        let mut got: Vec<Option<usize>> = vec![None; self.keys.len()];
        let mut bucket = None;
        for (_, assignment) in evaluator.evaluate_surface(unit, &(), at) {
            bucket = bucket.or(assignment.bucket);
            let (Some(key), Some(variant)) = (assignment.experiment, assignment.variant) else { continue };
            let Some(place) = self.keys.iter().position(|own| own == key) else { continue };
            let variant = self.ranges.get(place).and_then(|ranges| ranges.iter().position(|(id, _)| id == variant));
            if let (Some(slot), Some(variant)) = (got.get_mut(place), variant) {
                *slot = Some(variant);
                if let Some(count) = counts.variants.get_mut(place).and_then(|counts| counts.get_mut(variant)) {
                    *count += 1;
                }
            }
        }
        let bucket = bucket.or_else(|| {
            let hasher = artifact.scheme.surface_hasher(&artifact.salt);
            Some(Grid::new(artifact.scheme.grid(), artifact.buckets)?.bucket_of(hasher.cell(unit)))
        });
        if let Some(bucket) = bucket {
            if let Some(count) = counts.buckets.get_mut(bucket as usize) {
                *count += 1;
            }
            counts.held_out += u64::from(artifact.holdout.contains(bucket));
        }
        for (&(a, b, _), cells) in self.pairs.iter().zip(&mut counts.pairs) {
            let (Some(Some(first)), Some(Some(second))) = (got.get(a), got.get(b)) else { continue };
            let width = self.ranges.get(b).map_or(0, Vec::len);
            if let Some(cell) = cells.get_mut(first * width + second) {
                *cell += 1;
            }
        }
    }
}

impl Counts {
    #[expect(clippy::needless_pass_by_value, reason = "the signature that a reduction asks for")]
    fn add(mut self, other: Self) -> Self {
        let add = |into: &mut [u64], from: &[u64]| into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
        add(&mut self.buckets, &other.buckets);
        self.held_out += other.held_out;
        self.variants.iter_mut().zip(&other.variants).for_each(|(into, from)| add(into, from));
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(into, from)| add(into, from));
        self
    }
}
