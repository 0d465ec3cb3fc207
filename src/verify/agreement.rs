//! Whether a payload says what the native artifact says at the payload's instant.

use super::failure::Fault;
use super::witness::Witness;
use crate::artifact::{Artifact, Claim, Flag, Payload, Served, format};
use crate::bucket::{BucketSet, Grid};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the two do not agree on.
///
/// The cells, salts and variants that decide who gets what are compared one by one, as they were read; whatever else there
/// is must be what the artifact compiles to, byte for byte.
pub(super) fn compare(artifact: &Artifact, payload: &Payload, bytes: &[u8], at: i64) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut differs = |what: String, unit: Option<String>| faults.push(Fault::Disagreement { what, unit });
    let mut expected = expected(artifact, at);
    let mut witness = Witness::of_cells(artifact);
    for served in &payload.served {
        let key = &served.key;
        let Some(due) = expected.remove(&(key.as_str(), served.window.as_ref().map(|window| window.start))) else {
            differs(format!("`{key}` is served by the payload alone"), witness.in_any(&served.cells));
            continue;
        };
        if let Some(what) = difference(artifact, &due, served) {
            differs(format!("`{key}` has another {what}"), None);
        }
        let apart = apart(&cells(artifact, due.buckets), &served.cells);
        if !apart.is_empty() {
            differs(format!("`{key}` owns other cells, among them {apart}"), witness.in_any(&apart));
        }
    }
    for ((key, _), due) in expected {
        let when = if due.window.is_some() { "is due" } else { "is live" };
        differs(format!("`{key}` {when} and not in the payload"), witness.in_any(&cells(artifact, due.buckets)));
    }
    if faults.is_empty() {
        let what = match format::encode(artifact, at) {
            Ok(expected) if expected == bytes => return faults,
            Ok(_) => "the payload is not what the artifact compiles to".to_owned(),
            Err(why) => why.to_string(),
        };
        faults.push(Fault::Disagreement { what, unit: None });
    }
    faults
}

/// What a payload should say of a claim, or of a step of its ramp.
struct Due<'a> {
    flag: &'a Flag,
    claim: &'a Claim,
    buckets: &'a BucketSet,
    window: Option<Range<i64>>,
}

/// By key and beginning: what is live at the instant or, where the format knows times, every step that is not over by then.
fn expected(artifact: &Artifact, at: i64) -> BTreeMap<(&str, Option<i64>), Due<'_>> {
    let mut expected = BTreeMap::new();
    for (flag, claim) in artifact.claims() {
        let mut put = |buckets, window: Option<Range<i64>>| {
            let begins = window.as_ref().map(|window| window.start);
            expected.insert((claim.key.as_str(), begins), Due { flag, claim, buckets, window });
        };
        if format::has_windows(artifact.scheme) {
            let steps = claim.windows().filter(|(step, window)| window.end > at && !step.buckets.is_empty());
            steps.for_each(|(step, window)| put(&step.buckets, Some(window)));
        } else if let Some(buckets) = claim.owned_at(at) {
            put(buckets, None);
        }
    }
    expected
}

/// What decides who gets what and when, other than the buckets.
fn difference(artifact: &Artifact, due: &Due<'_>, served: &Served) -> Option<&'static str> {
    let Due { flag, claim, .. } = due;
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
        ("segment", claim.segment.is_some() == served.targeted),
        ("window", due.window == served.window),
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
