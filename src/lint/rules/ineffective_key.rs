//! `ineffective-key`: a key that nothing is done with where it stands.

use crate::diag::{Diagnostic, shown};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Formula, Metric};
use crate::query::MOST_DIMENSIONS;
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "ineffective-key",
    group: Group::Hygiene,
    level: None,
    serving: false,
    summary: "a key has no effect where it stands",
    page: include_str!("ineffective_key.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let exposures = catalogue.root.as_ref().and_then(|(_, root)| root.exposures.as_ref());
    let dimensions = exposures.and_then(|exposures| exposures.value.dimensions.as_ref());
    let further = dimensions.into_iter().flat_map(|list| &list.value).nth(MOST_DIMENSIONS);
    let further = further.map(|first| {
        let message = format!("results are broken down by {MOST_DIMENSIONS} dimensions, and this is one more");
        finding(first.span, message, "leave out those that nobody reads: the more are looked at, the less stands out")
    });
    catalogue.metrics.values().flat_map(of_metric).chain(further).collect()
}

fn finding(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic::new(RULE.name, span, message).help(help)
}

fn of_metric(metric: &Metric) -> Vec<Diagnostic> {
    let (cap, covariate) = (&metric.written.cap, &metric.written.covariate);
    let (cap, covariate) = (cap.as_ref().map(|at| at.span), covariate.as_ref().map(|at| at.span));
    let id = shown(&metric.id);
    let mut findings = Vec::new();
    match metric.formula {
        Some(Formula::Quantile { .. } | Formula::UnitQuantile(..)) => {
            findings.extend(cap.map(|span| {
                let message = format!("`{id}` is a quantile, which no single large value moves: nothing is cut");
                finding(span, message, "remove it")
            }));
            findings.extend(covariate.map(|span| {
                let message = format!("`{id}` is a quantile, which is not adjusted for a covariate");
                finding(span, message, "remove it, or measure a mean or a share beside the quantile")
            }));
        }
        Some(Formula::Conversion(..)) => findings.extend(cap.map(|span| {
            let message = format!("`{id}` is a conversion, which is 0 or 1: nothing is cut");
            finding(span, message, "remove it")
        })),
        Some(Formula::Mean(_) | Formula::Ratio(..)) | None => {}
    }
    findings
}
