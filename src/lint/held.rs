//! Which surfaces a serving fault holds back, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Report, rules};
use crate::decl::{Kind, Stage};
use crate::diag::{Concern, Diagnostic, Severity};
use crate::model::{Claim, Ix, Segment};

/// The names of the rules that hold each surface back. A held surface keeps its last good artifact.
#[must_use]
pub fn held(context: &Context<'_>, report: &Report) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut held: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let said = report.findings.iter().map(|finding| (finding, finding.rule));
    // What is set aside holds back all the same, under the name of what is said instead.
    for (finding, named) in said.chain(report.covered.iter().map(|(finding, rule)| (finding, *rule))) {
        let serving = rules::find(finding.rule).is_some_and(|rule| rule.serving);
        if serving && finding.concern == Concern::Serving && finding.severity == Severity::Error {
            for surface in touched(context, finding) {
                held.entry(surface).or_default().insert(named);
            }
        }
    }
    held
}

/// The surfaces whose artifact a finding's file has a part in; all of them where that cannot be told.
fn touched(context: &Context<'_>, finding: &Diagnostic) -> Vec<String> {
    let catalogue = &context.catalogue;
    let all = || catalogue.surfaces.values().map(|surface| surface.id.clone()).collect();
    let file = finding.span.file;
    let path = context.sources.path(file);
    let declaration = path.strip_suffix(".lock").map_or(path.to_owned(), |stem| format!("{stem}.toml"));
    let named = |surface: Option<Ix<crate::model::Surface>>| match surface {
        Some(ix) => vec![catalogue.surfaces.at(ix).id.clone()],
        None => all(),
    };
    match Kind::of(&declaration) {
        Some(Kind::Surface) => {
            vec![crate::source::Source::new(&declaration, "").stem().to_owned()]
        }
        Some(Kind::Flag) => match catalogue.flags.values().find(|flag| flag.file == file) {
            Some(flag) => named(flag.surface),
            None => all(),
        },
        Some(Kind::Segment) => match catalogue.segments.iter().find(|(_, segment)| segment.file == file) {
            Some((ix, _)) => users(context, ix),
            None => all(),
        },
        Some(Kind::Experiment | Kind::Rollout) => match context.claim_of(file) {
            // A thought and a decided experiment have no part in what is served.
            Some(claim) if matches!(claim.stage, Some(Stage::Think | Stage::Tweak)) => Vec::new(),
            Some(claim) => named(claim.surface),
            None => all(),
        },
        Some(Kind::Metrics | Kind::Baseline) => Vec::new(),
        Some(Kind::Root) | None => all(),
    }
}

/// The surfaces on which a segment is used.
fn users(context: &Context<'_>, segment: Ix<Segment>) -> Vec<String> {
    let catalogue = &context.catalogue;
    let id = &catalogue.segments.at(segment).id;
    // A thought is not served yet, and a record no more.
    let served = |claim: &&Claim| !matches!(claim.stage, Some(Stage::Think | Stage::Tweak));
    let by_claims = catalogue.claims.values().filter(served).filter(|claim| {
        let preview = claim.experiment().and_then(|experiment| experiment.preview.as_ref());
        let previewed = preview.and_then(|preview| preview.segment.as_ref()).is_some_and(|named| named.value == *id);
        claim.segment == Some(segment) || previewed
    });
    let by_flags = catalogue.flags.values().filter(|flag| flag.rules.contains(&Some(segment)));
    let surfaces: BTreeSet<_> =
        by_claims.filter_map(|claim| claim.surface).chain(by_flags.filter_map(|flag| flag.surface)).collect();
    surfaces.into_iter().map(|ix| catalogue.surfaces.at(ix).id.clone()).collect()
}
