//! `unused-definition`: something that is declared and that nothing names.

use std::collections::HashSet;

use crate::decl::{Entries, Kind, May, is_id};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Target;
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "unused-definition",
    group: Group::Hygiene,
    level: None,
    serving: false,
    summary: "something is declared that nothing uses",
    page: include_str!("unused_definition.md"),
    check: Check::Catalogue(check),
};

/// What joins the tests of a segment is no attribute's name.
const RESERVED: [&str; 3] = ["all", "any", "not"];

/// One pass over all references. A flag without an experiment is what a flag should be, and is not asked about.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    // What could not be read may name anything: tidiness can wait until all is read.
    if !catalogue.unread.is_empty() || !context.read.is_empty() {
        return Vec::new();
    }
    // A name that leads nowhere may be a slip for one that is then not used.
    let mut waiting: HashSet<Target> =
        catalogue.references.iter().filter(|reference| !reference.found).map(|reference| reference.target).collect();
    if catalogue.segments.values().any(|segment| segment.predicate.is_none()) {
        waiting.insert(Target::Attribute);
    }
    let mut used: HashSet<(Target, &str)> = HashSet::new();
    for reference in &catalogue.references {
        // A baseline measures what others use, and the columns of exposures are there for every unit.
        let kind = Kind::of(context.sources.path(reference.span.file));
        let listed = kind == Some(Kind::Baseline) || (kind == Some(Kind::Root) && reference.target == Target::Unit);
        if !listed {
            used.insert((reference.target, &reference.id));
        }
    }
    let mut declared: Vec<(Target, &str, Span)> = Vec::new();
    if let Some((_, root)) = &catalogue.root {
        let units = root.units.iter().flat_map(|units| units.iter());
        used.extend(units.filter_map(|(_, unit)| Some((Target::Attribute, unit.attribute.as_ref()?.value.as_str()))));
        declared.extend(keys(Target::Team, &root.teams));
        declared.extend(keys(Target::Unit, &root.units));
        declared.extend(keys(Target::Attribute, &root.attributes));
    }
    declared.extend(catalogue.segments.values().map(|item| (Target::Segment, item.id.as_str(), Span::top(item.file))));
    declared.extend(catalogue.facts.values().map(|item| (Target::Fact, item.id.as_str(), item.span)));
    declared.extend(catalogue.metrics.values().map(|item| (Target::Metric, item.id.as_str(), item.span)));
    let unused = declared.into_iter().filter(|&(target, id, _)| {
        // One that is not even an id, or cannot be named, has a finding of its own.
        let nameable = is_id(id) && !(target == Target::Attribute && RESERVED.contains(&id));
        nameable && !waiting.contains(&target) && !used.contains(&(target, id))
    });
    unused.map(|(target, id, span)| finding(target, id, span)).collect()
}

#[expect(clippy::ref_option, reason = "the type of every key that may be absent")]
fn keys<T>(target: Target, entries: &May<Entries<T>>) -> impl Iterator<Item = (Target, &str, Span)> {
    let entries = entries.iter().flat_map(|entries| entries.iter());
    entries.map(move |(id, _)| (target, id.value.as_str(), id.span))
}

fn finding(target: Target, id: &str, span: Span) -> Diagnostic {
    let by = match target {
        Target::Team => "it owns nothing",
        Target::Unit => "no surface randomises it, and no fact has a column for it",
        Target::Attribute => "no segment tests it, and no unit is hashed by it",
        Target::Segment => "no experiment, rollout or flag is for it",
        Target::Fact => "no metric is made from it",
        _ => "no experiment, rollout or surface measures it",
    };
    Diagnostic::new(RULE.name, span, format!("{} `{id}` is not used: {by}", target.word())).help("remove it, or name it where it was meant")
}
