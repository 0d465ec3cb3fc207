//! `missing-reason`: a decision that does not say why, or what was learned.

use crate::decl::{At, Outcome};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;

pub static RULE: Rule = Rule {
    name: "missing-reason",
    group: Group::Decision,
    level: None,
    serving: false,
    summary: "a decision does not say why, or what was learned",
    page: include_str!("missing_reason.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.catalogue.claims.values().filter_map(|claim| finding(context, claim)).collect()
}

/// Every decision has a reason. One that was read off an experiment's results says what was learned, too: an experiment that
/// was invalid or abandoned has none, and a rollout asks no question.
fn finding(context: &Context<'_>, claim: &Claim) -> Option<Diagnostic> {
    let decision = claim.decision()?;
    let outcome = decision.outcome.as_ref().map(|outcome| outcome.value);
    let read = matches!(outcome, Some(Outcome::Shipped | Outcome::Stopped | Outcome::Inconclusive));
    let learns = read && claim.experiment().is_some();
    let said = |text: &Option<At<String>>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let (reason, learned) = (said(&decision.reason), said(&decision.learned) || !learns);
    let figures = "add `reason = \"…\"` with the figures that it was read off";
    let next = "`learned = \"…\"`: what the next experiment should know";
    let (what, empty, help) = match (reason, learned) {
        (true, true) => return None,
        (true, false) => ("what was learned", &decision.learned, format!("add {next}")),
        (false, true) if learns => ("why", &decision.reason, figures.to_owned()),
        (false, true) => ("why", &decision.reason, "say it in a sentence, as `reason = \"…\"`".to_owned()),
        (false, false) => ("why, nor what was learned", &decision.reason, format!("{figures}, and {next}")),
    };
    if context.misread(claim.file) {
        return None;
    }
    let span = empty.as_ref().map_or(decision.span, |text| text.span);
    Some(Diagnostic::new(RULE.name, span, format!("the decision on `{}` does not say {what}", claim.id)).help(help))
}
