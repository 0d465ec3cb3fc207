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

use std::collections::HashSet;

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
const TELLING: [&str; 5] =
    ["changed-live-segment", "changed-weights", "decreased-traffic", "moved-units", "removed-allotted-file"];

/// Sets aside what is said of a lock where a rule of the lifecycle speaks of the same experiment.
fn cover(context: &Context<'_>, report: &mut Report) {
    // A segment under live experiments, or a surface, is a finding elsewhere than the locks that it breaks.
    let about = |finding: &Diagnostic| {
        let claim = context.claim_of(finding.span.file);
        claim.map_or(finding.span.file, |claim| claim.file)
    };
    let told: HashSet<FileId> =
        report.findings.iter().filter(|finding| TELLING.contains(&finding.rule)).map(about).collect();
    let beneath = |claim: &Claim| {
        let segment = claim.segment.map(|ix| context.catalogue.segments.at(ix).file);
        [segment, claim.surface.map(|ix| context.catalogue.surfaces.at(ix).file)]
    };
    let covered = |finding: &Diagnostic| {
        let ground = context.claim_of(finding.span.file).map_or([None; 2], beneath);
        let said = told.contains(&about(finding)) || ground.iter().flatten().any(|file| told.contains(file));
        matches!(finding.rule, "stale-allocation" | "missing-allocation") && said
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
