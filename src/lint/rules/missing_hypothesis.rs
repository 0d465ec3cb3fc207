//! `missing-hypothesis`: an experiment that does not say what is believed.

use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;

pub static RULE: Rule = Rule {
    name: "missing-hypothesis",
    group: Group::Hygiene,
    level: None,
    serving: false,
    summary: "an experiment does not say what is believed, and why",
    page: include_str!("missing_hypothesis.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.catalogue.claims.values().filter_map(|claim| finding(context, claim)).collect()
}

fn finding(context: &Context<'_>, claim: &Claim) -> Option<Diagnostic> {
    let written = claim.experiment()?;
    let span = match &written.hypothesis {
        Some(hypothesis) if hypothesis.trim().is_empty() => hypothesis.span,
        Some(_) => return None,
        None if context.misread(claim.file) => return None,
        None => written.stage.as_ref().map_or_else(|| claim.top(), |stage| stage.span),
    };
    Some(
        Diagnostic::new(RULE.name, span, format!("`{}` does not say what is believed", claim.id))
            .help("write `hypothesis = \"…\"`: who would do what differently, why, and which metric would show it"),
    )
}
