//! `missing-required-metric`: a surface requires a metric that cannot be computed there.

use crate::diag::Diagnostic;
use crate::lint::words::listed;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Fact, Metric, Surface};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "missing-required-metric",
    group: Group::Conformance,
    level: None,
    serving: false,
    summary: "a metric that a surface requires cannot be computed there",
    page: include_str!("missing_required_metric.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings = Vec::new();
    for surface in catalogue.surfaces.values() {
        for (id, _) in surface.written.required.iter().flat_map(|required| required.iter()) {
            findings.extend(catalogue.metrics.get(id).and_then(|metric| finding(context, surface, metric, id.span)));
        }
    }
    findings
}

fn finding(context: &Context<'_>, surface: &Surface, metric: &Metric, span: Span) -> Option<Diagnostic> {
    let (id, unit) = (&metric.id, surface.unit());
    let (why, help, place, label) = if metric.formula.is_none() {
        // A formula that is not there or cannot be parsed is a finding of its own, at the metric.
        let help = "mend the metric, or require another one".to_owned();
        ("it has no valid formula".to_owned(), help, metric.span, "the metric")
    } else {
        let without = facts_without(context, metric, unit);
        let help = format!("add the column, as in `unit = {{ {unit} = \"{unit}_id\" }}`, or require another metric");
        (without_column(&without, unit), help, units(without.first()?), "its units")
    };
    let message = format!("no experiment on `{}` can measure `{id}`: {why}", surface.id);
    Some(Diagnostic::new(RULE.name, span, message).help(help).related(place, label))
}

/// The facts of a metric that do not know a unit; none where the unit is not known at all.
pub(super) fn facts_without<'a>(context: &'a Context<'_>, metric: &Metric, unit: &str) -> Vec<&'a Fact> {
    let catalogue = &context.catalogue;
    let declared = catalogue.root.as_ref().and_then(|(_, root)| root.units.as_ref());
    let known = declared.is_some_and(|units| units.get(unit).is_some());
    let facts = metric.facts.iter().map(|&ix| catalogue.facts.at(ix)).filter(|_| known);
    facts.filter(|fact| fact.written.unit.as_ref().is_some_and(|units| units.get(unit).is_none())).collect()
}

/// Says that facts lack the column of a unit.
pub(super) fn without_column(facts: &[&Fact], unit: &str) -> String {
    let have = if facts.len() == 1 { "has" } else { "have" };
    format!("{} {have} no column for `{unit}`", listed(facts.iter().map(|fact| fact.id.as_str())))
}

/// Where a fact names its units.
pub(super) fn units(fact: &Fact) -> Span {
    fact.written.unit.as_ref().map_or(fact.span, |units| units.span)
}
