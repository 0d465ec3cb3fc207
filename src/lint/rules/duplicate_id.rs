//! `duplicate-id`: two things of one kind with one id.

use std::collections::HashMap;

use crate::diag::{Diagnostic, shown};
use crate::lint::{Check, Context, Group, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "duplicate-id",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "two things of one kind have the same id",
    page: include_str!("duplicate_id.md"),
    check: Check::Catalogue(check),
};

const FILE: &str = "rename one of the two files: folders do not tell ids apart";
const CLAIM: &str =
    "rename one of the two files: experiments and rollouts share one name space, and folders do not tell them apart";
const KEY: &str = "rename one of the two: files do not tell them apart";

/// What has an id: its kind, the id, where it stands.
type Named<'a> = (&'static str, &'a str, Span);

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let surfaces = catalogue.surfaces.values().map(|surface| ("surface", surface.id.as_str(), Span::top(surface.file)));
    let flags = catalogue.flags.values().map(|flag| ("flag", flag.id.as_str(), Span::top(flag.file)));
    let segments = catalogue.segments.values().map(|segment| ("segment", segment.id.as_str(), Span::top(segment.file)));
    let claims = catalogue.claims.values().map(|claim| (claim.kind.word(), claim.id.as_str(), Span::top(claim.file)));
    let facts = catalogue.facts.values().map(|fact| ("fact", fact.id.as_str(), fact.span));
    let metrics = catalogue.metrics.values().map(|metric| ("metric", metric.id.as_str(), metric.span));
    let baselines = catalogue.baselines.iter().filter_map(|(_, baseline)| {
        let surface = baseline.surface.as_ref()?;
        Some(("baseline", surface.value.as_str(), surface.span))
    });
    let mut findings = twice(surfaces, FILE);
    findings.extend(twice(flags, FILE));
    findings.extend(twice(segments, FILE));
    findings.extend(twice(claims, CLAIM));
    findings.extend(twice(facts, KEY).into_iter().map(Diagnostic::planning));
    findings.extend(twice(metrics, KEY).into_iter().map(Diagnostic::planning));
    findings.extend(twice(baselines, "keep one baseline a surface").into_iter().map(Diagnostic::planning));
    findings
}

/// Every later one of those that share an id; items come in the order of their files.
fn twice<'a>(items: impl Iterator<Item = Named<'a>>, help: &str) -> Vec<Diagnostic> {
    let mut first: HashMap<&str, (&str, Span)> = HashMap::new();
    let mut findings = Vec::new();
    for (kind, id, span) in items {
        let (earlier, place) = *first.entry(id).or_insert((kind, span));
        if place == span {
            continue;
        }
        let message = match kind {
            "baseline" => format!("surface `{}` has another baseline already", shown(id)),
            _ => format!(
                "there is a{} {earlier} `{}` already",
                if earlier.starts_with('e') { "n" } else { "" },
                shown(id)
            ),
        };
        findings.push(Diagnostic::new(RULE.name, span, message).help(help).related(place, "here first"));
    }
    findings
}
