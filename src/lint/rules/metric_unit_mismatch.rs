//! `metric-unit-mismatch`: a metric whose facts do not know the unit that a surface randomises.

use super::missing_required_metric::{facts_without, units, without_column};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Metric, Role, Surface};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "metric-unit-mismatch",
    group: Group::Conformance,
    level: None,
    serving: false,
    summary: "a metric's facts do not know the unit of the surface that it is measured on",
    page: include_str!("metric_unit_mismatch.md"),
    check: Check::Catalogue(check),
};

/// Metrics that experiments name, and the north stars of surfaces; what is required has a rule of its own.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings = Vec::new();
    for surface in catalogue.surfaces.values() {
        let star = surface.written.north_star.as_ref();
        let metric = star.and_then(|star| Some((star.span, catalogue.metrics.get(star)?)));
        findings.extend(metric.and_then(|(span, metric)| finding(context, surface, metric, span)));
    }
    for claim in catalogue.claims.values().filter(|claim| !context.is_over(claim)) {
        let Some(surface) = claim.surface.map(|ix| catalogue.surfaces.at(ix)) else { continue };
        for tracked in claim.tracked.iter().filter(|tracked| tracked.role != Role::Required) {
            let metric = tracked.metric.map(|ix| catalogue.metrics.at(ix));
            findings.extend(metric.and_then(|metric| finding(context, surface, metric, tracked.span)));
        }
    }
    findings
}

fn finding(context: &Context<'_>, surface: &Surface, metric: &Metric, span: Span) -> Option<Diagnostic> {
    let required = surface.written.required.as_ref();
    if required.is_some_and(|required| required.get(&metric.id).is_some()) {
        return None;
    }
    let unit = surface.unit();
    let without = facts_without(context, metric, unit);
    let place = units(without.first()?);
    let (id, why) = (&surface.id, without_column(&without, unit));
    let message = format!("`{}` cannot be measured per {unit}, as `{id}` needs: {why}", metric.id);
    let help = format!("add the column, as in `unit = {{ {unit} = \"{unit}_id\" }}`, or choose another metric");
    Some(Diagnostic::new(RULE.name, span, message).help(help).related(place, "its units"))
}
