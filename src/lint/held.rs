//! Which surfaces a serving fault holds back, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Report, rules};
use crate::decl::{Kind, Stage};
use crate::diag::{Concern, Diagnostic, Severity};
use crate::model::{Catalogue, Claim, Ix, Phase, Surface, Target};
use crate::source::{FileId, Source};

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
    let file = finding.span.file;
    let path = context.sources.path(file);
    let declaration = path.strip_suffix(".lock").map_or(path.to_owned(), |stem| format!("{stem}.toml"));
    match Kind::of(&declaration) {
        // A ledger that was left behind has no part in anything.
        Some(Kind::Surface) if context.sources.find(&declaration).is_none() => Vec::new(),
        Some(Kind::Surface) => vec![Source::new(&declaration, "").stem().to_owned()],
        Some(Kind::Flag) if declaration == path => flagged(context, file),
        Some(Kind::Segment) if declaration == path => users(context, Source::new(path, "").stem()),
        Some(Kind::Experiment | Kind::Rollout | Kind::Flag | Kind::Segment) => claimed(context, file, &declaration),
        Some(Kind::Metrics | Kind::Baseline) => Vec::new(),
        Some(Kind::Root) => all(context),
        // A folder that is not followed hides what is in it.
        None => match path
            .split('/')
            .next()
            .and_then(|folder| Kind::ALL.into_iter().find(|kind| kind.folder() == Some(folder)))
        {
            Some(Kind::Metrics | Kind::Baseline) => Vec::new(),
            Some(Kind::Flag | Kind::Experiment | Kind::Rollout) => ids(catalogue, disagreeing(context)),
            Some(Kind::Surface | Kind::Segment | Kind::Root) | None => all(context),
        },
    }
}

fn all(context: &Context<'_>) -> Vec<String> {
    context.catalogue.surfaces.values().map(|surface| surface.id.clone()).collect()
}

fn ids(catalogue: &Catalogue, surfaces: impl IntoIterator<Item = Ix<Surface>>) -> Vec<String> {
    let surfaces: BTreeSet<Ix<Surface>> = surfaces.into_iter().collect();
    surfaces.into_iter().map(|ix| catalogue.surfaces.at(ix).id.clone()).collect()
}

/// The surfaces whose ledger is not over what could be read: what is missing may be theirs.
fn disagreeing(context: &Context<'_>) -> impl Iterator<Item = Ix<Surface>> {
    let surfaces = context.catalogue.surfaces.iter().map(|(ix, _)| ix);
    surfaces.filter(|ix| !context.plan.agreeing.contains(ix))
}

/// The surface of a flag. Where its file does not say, the ledger that has the flag is not over what could be read.
fn flagged(context: &Context<'_>, file: FileId) -> Vec<String> {
    let catalogue = &context.catalogue;
    if let Some(surface) = catalogue.flags.values().find(|flag| flag.file == file).and_then(|flag| flag.surface) {
        return ids(catalogue, [surface]);
    }
    let id = context.sources.get(file).map_or("", Source::stem);
    let named = catalogue.references.iter().filter(|named| named.target == Target::Flag && named.id == id);
    let claims = named.filter_map(|named| context.claim_of(named.span.file)).filter(|claim| is_served(claim));
    ids(catalogue, claims.filter_map(|claim| claim.surface).chain(disagreeing(context)))
}

/// The surface on which an experiment or a rollout has a part in what is served. Where its file does not say, its lock does: without
/// a lock nothing of it is served but a preview, which its flag leads to.
fn claimed(context: &Context<'_>, file: FileId, declaration: &str) -> Vec<String> {
    let catalogue = &context.catalogue;
    let claim = context.claim_of(file);
    if let Some(claim) = claim {
        if !is_served(claim) {
            return Vec::new();
        }
        if let Some(surface) = claim.surface {
            return ids(catalogue, [surface]);
        }
    }
    let beside = match context.sources.find(declaration) {
        Some(declared) => context.locks.of(declared),
        None => context.locks.everywhere().into_iter().map(|(_, held)| held).find(|held| held.file == file),
    };
    let lock = format!("{}.lock", declaration.strip_suffix(".toml").unwrap_or(declaration));
    match beside {
        Some(held) if held.sealed => {
            let over = held.lock.window().phase(context.today) == Phase::Over;
            ids(catalogue, catalogue.surfaces.find(&held.lock.surface).filter(|_| !over))
        }
        // What was edited, or cannot be read, may be of any surface.
        Some(_) => all(context),
        None if context.sources.find(&lock).is_some() => all(context),
        None => {
            let preview = claim.filter(|claim| claim.stage == Some(Stage::Build)).and_then(|claim| claim.flag);
            ids(catalogue, preview.and_then(|flag| catalogue.flags.at(flag).surface))
        }
    }
}

/// Whether a claim may have a part in what is served: a thought has none yet, and a record no more.
fn is_served(claim: &Claim) -> bool {
    !matches!(claim.stage, Some(Stage::Think | Stage::Tweak))
}

/// The surfaces on which a segment is used, whether its own file can be read or not.
fn users(context: &Context<'_>, segment: &str) -> Vec<String> {
    let catalogue = &context.catalogue;
    let named = catalogue.references.iter().filter(|named| named.target == Target::Segment && named.id == segment);
    let mut surfaces = BTreeSet::new();
    for file in named.map(|named| named.span.file) {
        let path = context.sources.path(file);
        surfaces.extend(match Kind::of(path) {
            Some(Kind::Flag) => flagged(context, file),
            Some(Kind::Experiment | Kind::Rollout) => claimed(context, file, path),
            _ => Vec::new(),
        });
    }
    surfaces.into_iter().collect()
}
