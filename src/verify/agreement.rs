//! Whether a payload says what the native artifact says at the payload's instant.

use super::failure::Fault;
use super::witness::Witness;
use crate::artifact::growthbook::{self, Payload, Served};
use crate::artifact::{Artifact, Claim, Flag};
use crate::bucket::{BucketSet, Grid};
use std::collections::BTreeMap;

/// What the two do not agree on.
///
/// The cells, salts and variants that decide who gets what are compared one by one, as they were read; whatever else there
/// is must be what the artifact compiles to, byte for byte.
pub(super) fn compare(artifact: &Artifact, payload: &Payload, bytes: &[u8], at: i64) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut differs = |what: String, unit: Option<String>| faults.push(Fault::Disagreement { what, unit });
    let mut live = BTreeMap::new();
    for (flag, claim) in artifact.claims() {
        let step = claim.is_live(at).then(|| claim.step_at(at)).flatten();
        if let Some(step) = step.filter(|step| !step.buckets.is_empty()) {
            live.insert(claim.key.as_str(), (flag, claim, &step.buckets));
        }
    }
    let mut witness = Witness::of_cells(artifact);
    for served in &payload.served {
        let key = &served.key;
        let Some((flag, claim, buckets)) = live.remove(key.as_str()) else {
            differs(format!("`{key}` is served by the payload alone"), witness.in_any(&served.cells));
            continue;
        };
        if let Some(what) = difference(artifact, flag, claim, served) {
            differs(format!("`{key}` has another {what}"), None);
        }
        let apart = apart(&cells(artifact, buckets), &served.cells);
        if !apart.is_empty() {
            differs(format!("`{key}` owns other cells, among them {apart}"), witness.in_any(&apart));
        }
    }
    for (key, (_, _, buckets)) in live {
        differs(format!("`{key}` is live and not in the payload"), witness.in_any(&cells(artifact, buckets)));
    }
    if faults.is_empty() {
        let what = match growthbook::encode(artifact, at) {
            Ok(expected) if expected == bytes => return faults,
            Ok(_) => "the payload is not what the artifact compiles to".to_owned(),
            Err(why) => why.to_string(),
        };
        faults.push(Fault::Disagreement { what, unit: None });
    }
    faults
}

/// What decides who gets what, other than the buckets.
fn difference(artifact: &Artifact, flag: &Flag, claim: &Claim, served: &Served) -> Option<&'static str> {
    let same_variants = claim.variants.len() == served.variants.len()
        && claim
            .variants
            .iter()
            .zip(&served.variants)
            .all(|(own, (id, range, _))| own.id == *id && own.range == *range);
    let checks = [
        ("flag", flag.id == served.flag),
        ("list of components", claim.components == served.components),
        ("unit attribute", artifact.unit == served.unit),
        ("surface salt", artifact.salt == served.surface_salt),
        ("salt", claim.salt == served.salt),
        ("list of variants", same_variants),
        ("segment", claim.segment.is_some() == served.condition.is_some()),
    ];
    checks.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}

/// The cells of some buckets, as a set of cells.
fn cells(artifact: &Artifact, buckets: &BucketSet) -> BucketSet {
    let mut cells = BucketSet::with_size(artifact.scheme.grid());
    if let Some(grid) = Grid::new(artifact.scheme.grid(), artifact.buckets) {
        grid.cell_runs(buckets).for_each(|run| cells.insert_run(run));
    }
    cells
}

/// What is in one of the sets only.
fn apart(a: &BucketSet, b: &BucketSet) -> BucketSet {
    let (mut only_a, mut only_b) = (a.clone(), b.clone());
    only_a.subtract(b);
    only_b.subtract(a);
    only_a.union_with(&only_b);
    only_a
}
