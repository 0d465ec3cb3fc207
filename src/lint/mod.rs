//! Lint: rules, one file each, and what becomes of their findings.

mod against;
mod config;
mod context;
mod cover;
mod held;
mod rule;
pub mod rules;
mod schema;
mod value;
mod words;

use rayon::prelude::*;

pub use config::Levels;
pub use context::{Base, Context};
pub use held::held;
pub use rule::{Check, Group, Rule};

use crate::decl::Stage;
use crate::diag::{Concern, Diagnostic, Severity};

/// What lint has to say of a catalogue.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Sorted by place.
    pub findings: Vec<Diagnostic>,
    /// Findings that a waiver accepts for now.
    pub waived: Vec<Diagnostic>,
    /// Findings about locks, each with the rule whose finding says better what is the matter: what the change would do to users.
    pub covered: Vec<(Diagnostic, &'static str)>,
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
        cover::cover(context, &mut report);
    }
    report
}

/// Whether a finding is about a thought or a record: neither has a part in what is served. Their locks do.
fn unserved(context: &Context<'_>, rule: &Rule, finding: &Diagnostic) -> bool {
    let claim = context.claim_of(finding.span.file).filter(|claim| claim.file == finding.span.file);
    rule.group == Group::Correctness
        && claim.is_some_and(|claim| matches!(claim.stage, Some(Stage::Think | Stage::Tweak)))
}
