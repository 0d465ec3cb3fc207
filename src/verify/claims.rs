//! What must hold of each claim by itself.

use super::failure::Fault;
use super::witness::Witness;
use crate::artifact::{Artifact, Claim, Flag};
use crate::bucket::VARIANT_GRID;
use std::ops::Range;

/// Checks every claim of an artifact.
pub(super) fn check(artifact: &Artifact, witness: &mut Witness) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (flag, claim) in artifact.claims() {
        let key = || claim.key.clone();
        if let Some(why) = cover(claim.variants.iter().map(|variant| &variant.range)) {
            faults.push(Fault::Variants { claim: key(), why });
        }
        if let Some(why) = misstep(claim, artifact.buckets) {
            faults.push(Fault::Steps { claim: key(), why });
        }
        if claim.end.is_some_and(|end| end < claim.start) {
            faults.push(Fault::Window { claim: key() });
        }
        if !claims_its_flag(flag, claim) {
            faults.push(Fault::Unclaimed { claim: key(), component: flag.component.clone() });
        }
        for step in &claim.steps {
            let buckets = step.buckets.intersection(&artifact.holdout);
            if !buckets.is_empty() {
                let unit = witness.in_any(&buckets);
                faults.push(Fault::Holdout { claim: key(), buckets, unit });
                break;
            }
        }
    }
    faults
}

fn claims_its_flag(flag: &Flag, claim: &Claim) -> bool {
    claim.components.iter().any(|component| *component == flag.component || component == "*")
}

/// Why ranges do not cover the variant grid exactly, if they do not. A range may be empty.
pub(super) fn cover<'a>(ranges: impl Iterator<Item = &'a Range<u32>>) -> Option<String> {
    let mut ranges: Vec<&Range<u32>> = ranges.collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut covered = 0;
    for range in ranges {
        if range.start > range.end {
            return Some(format!("a variant's range ends at cell {} before it starts at {}", range.end, range.start));
        }
        if range.start == range.end {
            continue;
        }
        if range.start > covered {
            return Some(unserved(covered..range.start));
        }
        if range.start < covered {
            return Some(format!("cell {} belongs to two variants", range.start));
        }
        covered = range.end;
    }
    match covered {
        VARIANT_GRID => None,
        _ if covered > VARIANT_GRID => Some(format!("cell {VARIANT_GRID} is outside the grid")),
        _ => Some(unserved(covered..VARIANT_GRID)),
    }
}

fn unserved(cells: Range<u32>) -> String {
    match (cells.start, cells.end.saturating_sub(1)) {
        (first, last) if first == last => format!("cell {first} belongs to no variant"),
        (first, last) => format!("cells {first} to {last} belong to no variant"),
    }
}

/// What is wrong with a claim's ramp, if anything.
fn misstep(claim: &Claim, buckets: u32) -> Option<&'static str> {
    if claim.steps.is_empty() {
        return Some("no step");
    }
    if claim.steps.iter().any(|step| step.buckets.size() != buckets) {
        return Some("buckets of a surface with another number of them");
    }
    let pairs = || claim.steps.iter().zip(claim.steps.iter().skip(1));
    if pairs().any(|(a, b)| a.from >= b.from) {
        return Some("steps out of order");
    }
    if pairs().any(|(a, b)| !a.buckets.is_subset(&b.buckets)) {
        return Some("a step without buckets of the one before");
    }
    None
}
