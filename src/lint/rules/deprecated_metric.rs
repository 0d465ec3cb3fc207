//! `deprecated-metric`: a metric in use that its owner wants nobody to use any more.

use crate::decl::At;
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Role;
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "deprecated-metric",
    group: Group::Conformance,
    level: Some(Severity::Warning),
    serving: false,
    summary: "a metric is used that is deprecated",
    page: include_str!("deprecated_metric.md"),
    check: Check::Catalogue(check),
};

/// What a surface requires is reported once, there, and not at each of its experiments.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut uses: Vec<(&str, Span)> = Vec::new();
    for surface in catalogue.surfaces.values() {
        let required = surface.written.required.iter().flat_map(|required| required.iter()).map(|(id, _)| id);
        let used = surface.written.north_star.iter().chain(required);
        uses.extend(used.map(|id: &At<String>| (id.value.as_str(), id.span)));
    }
    for claim in catalogue.claims.values().filter(|claim| !context.is_over(claim)) {
        let named = claim.tracked.iter().filter(|tracked| tracked.role != Role::Required);
        uses.extend(named.map(|tracked| (tracked.id.as_str(), tracked.span)));
    }
    uses.into_iter().filter_map(|(id, span)| finding(context, id, span)).collect()
}

fn finding(context: &Context<'_>, id: &str, span: Span) -> Option<Diagnostic> {
    let metric = context.catalogue.metrics.get(id)?;
    let reason = metric.written.deprecated.as_ref()?;
    let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let finding = Diagnostic::new(RULE.name, span, format!("`{id}` is deprecated")).related(reason.span, "deprecated here");
    Some(finding.help(if words.is_empty() { "ask its owner what to use instead".to_owned() } else { words }))
}
