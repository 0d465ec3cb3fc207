//! Lint: rules, one file each, and what becomes of their findings.

mod against;
mod config;
mod context;
mod held;
mod rule;
pub mod rules;
mod schema;
mod value;
mod words;

use std::collections::HashMap;

use rayon::prelude::*;

pub use config::Levels;
pub use context::{Base, Context};
pub use held::held;
pub use rule::{Check, Group, Rule};

use crate::decl::Stage;
use crate::diag::{Concern, Diagnostic, Severity};
use crate::model::Claim;
use crate::source::FileId;

/// What lint has to say of a catalogue.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Sorted by place.
    pub findings: Vec<Diagnostic>,
    /// Findings that a waiver accepts for now.
    pub waived: Vec<Diagnostic>,
    /// Findings about locks of which another one says better what is the matter: what the change would do to users.
    pub covered: Vec<Diagnostic>,
}

impl Report {
    /// How many findings have a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Runs every rule. The order of the findings depends on nothing but the catalogue.
#[must_use]
pub fn lint(context: &Context<'_>, levels: &Levels) -> Report {
    report(context, levels, |_| true)
}

/// Runs the rules that can hold a surface back, and no other.
#[must_use]
pub fn lint_serving(context: &Context<'_>, levels: &Levels) -> Report {
    report(context, levels, |rule| rule.serving)
}

fn report(context: &Context<'_>, levels: &Levels, wanted: fn(&Rule) -> bool) -> Report {
    let mut findings: Vec<Diagnostic> = rules::ALL
        .par_iter()
        .filter(|rule| wanted(rule))
        .flat_map_iter(|rule| match rule.check {
            Check::Reading => Vec::new(),
            Check::Catalogue(check) => check(context),
        })
        .collect();
    findings.extend(context.read.iter().cloned());
    findings.sort_by(Diagnostic::order);
    findings.dedup();
    let mut report = Report::default();
    for mut finding in findings {
        let Some(rule) = rules::find(finding.rule) else { continue };
        if !rule.serving || unserved(context, rule, &finding) {
            finding.concern = Concern::Planning;
        }
        let serving = finding.concern == Concern::Serving;
        finding.severity = match levels.of(rule, serving) {
            Some(severity) => severity,
            None => continue,
        };
        if !serving && context.waives(&finding) {
            report.waived.push(finding);
        } else {
            report.findings.push(finding);
        }
    }
    if context.base.is_some() {
        cover(context, &mut report);
    }
    report
}

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
fn cover(context: &Context<'_>, report: &mut Report) {
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
    let covered = |finding: &Diagnostic| {
        let Some((_, by)) = COVERED.iter().find(|(rule, _)| *rule == finding.rule) else { return false };
        let file = about(finding.span.file);
        let ground = context.claim_of(file).map_or([None; 4], beneath);
        let mut said =
            ground.into_iter().flatten().chain([file, finding.span.file]).filter_map(|file| told.get(&file)).flatten();
        said.any(|(rule, severity)| {
            let enough = *rule != PLAN || finding.concern == Concern::Planning;
            by.contains(rule) && *severity >= finding.severity && enough
        })
    };
    let (covered, kept) = std::mem::take(&mut report.findings).into_iter().partition(covered);
    (report.covered, report.findings) = (covered, kept);
}

/// Whether a finding is about a thought or a record: neither has a part in what is served. Their locks do.
fn unserved(context: &Context<'_>, rule: &Rule, finding: &Diagnostic) -> bool {
    let claim = context.claim_of(finding.span.file).filter(|claim| claim.file == finding.span.file);
    rule.group == Group::Correctness
        && claim.is_some_and(|claim| matches!(claim.stage, Some(Stage::Think | Stage::Tweak)))
}
