//! Findings that another one says better: of a lock that is not what it should be, what the change would do to users.

use std::collections::HashMap;

use super::{Context, Report};
use crate::diag::{Concern, Diagnostic, Severity};
use crate::model::Claim;
use crate::source::FileId;

/// Rules of the lifecycle that say why a lock is not what it should be.
const TELLING: &[&str] = &[
    "changed-live-segment",
    "changed-weights",
    "decreased-traffic",
    "moved-units",
    "removed-allotted-file",
    "reused-id",
    PLAN,
];
/// The one that says of a lock no more than that its plan is another.
const PLAN: &str = "changed-analysis-plan";

/// Rules whose findings are set aside, each with those that say better what is the matter.
const COVERED: &[(&str, &[&str])] = &[
    ("stale-allocation", TELLING),
    ("missing-allocation", TELLING),
    ("late-start", &["removed-allotted-file"]),
    ("missing-control", &["changed-live-default", "changed-live-value", "changed-weights"]),
];

/// Sets aside what is said of a lock, or of `control`, where a rule of the lifecycle speaks of the same experiment. What is
/// set aside is never worse than what is said instead.
pub(super) fn cover(context: &Context<'_>, report: &mut Report) {
    let ledgers = context.catalogue.surfaces.iter();
    let ledgers: HashMap<FileId, FileId> =
        ledgers.filter_map(|(_, surface)| Some((context.locks.ledger(surface.file)?.file, surface.file))).collect();
    // Locks stand for what they lock.
    let about = |file: FileId| {
        let claim = context.claim_of(file).map(|claim| claim.file);
        claim.or_else(|| ledgers.get(&file).copied()).unwrap_or(file)
    };
    let root = context.catalogue.root.as_ref().map(|(file, _)| *file);
    let mut told: HashMap<FileId, Vec<(&'static str, Severity)>> = HashMap::new();
    for finding in &report.findings {
        let file = about(finding.span.file);
        let surface = context.claim_of(file).and_then(|claim| claim.surface);
        let ledger = surface.and_then(|ix| context.locks.ledger(context.catalogue.surfaces.at(ix).file));
        // A ledger follows the locks on its surface.
        for file in std::iter::once(file).chain(ledger.map(|held| held.file)) {
            told.entry(file).or_default().push((finding.rule, finding.severity));
        }
    }
    // What is said of a segment, a flag, a surface or the root is said of all that stands on it.
    let beneath = |claim: &Claim| {
        let catalogue = &context.catalogue;
        let segment = claim.segment.map(|ix| catalogue.segments.at(ix).file);
        let flag = claim.flag.map(|ix| catalogue.flags.at(ix).file);
        [segment, flag, claim.surface.map(|ix| catalogue.surfaces.at(ix).file), root]
    };
    let better = |finding: &Diagnostic| {
        let (_, by) = COVERED.iter().find(|(rule, _)| *rule == finding.rule)?;
        let file = about(finding.span.file);
        let ground = context.claim_of(file).map_or([None; 4], beneath);
        let mut said =
            ground.into_iter().flatten().chain([file, finding.span.file]).filter_map(|file| told.get(&file)).flatten();
        let told = said.find(|(rule, severity)| {
            let enough = *rule != PLAN || finding.concern == Concern::Planning;
            by.contains(rule) && *severity >= finding.severity && enough
        });
        told.map(|&(rule, _)| rule)
    };
    for finding in std::mem::take(&mut report.findings) {
        match better(&finding) {
            Some(rule) => report.covered.push((finding, rule)),
            None => report.findings.push(finding),
        }
    }
}
