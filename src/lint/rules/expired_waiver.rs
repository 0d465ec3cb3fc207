//! `expired-waiver`: a waiver that accepts nothing any more, or never did.

use crate::decl::{At, Stage, Waiver};
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;

pub static RULE: Rule = Rule {
    name: "expired-waiver",
    group: Group::Hygiene,
    level: Some(Severity::Error),
    serving: false,
    summary: "a waiver has run out, or has no effect",
    page: include_str!("expired_waiver.md"),
    check: Check::Catalogue(check),
};

/// Waivers of decided experiments are part of the record.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let claims = context.catalogue.claims.values().filter(|claim| claim.stage != Some(Stage::Tweak));
    claims.flat_map(Claim::waivers).filter_map(|waiver| finding(context, waiver)).collect()
}

fn finding(context: &Context<'_>, waiver: &At<Waiver>) -> Option<Diagnostic> {
    let rule = waiver.rule.as_ref()?;
    let name = if rule.len() > 80 { "…" } else { rule.as_str() };
    // A rule that does not exist, or cannot be waived, is an unknown reference.
    super::find(rule).filter(|rule| !rule.serving)?;
    if let Some(reason) = waiver.reason.as_ref().filter(|reason| reason.trim().is_empty()) {
        let message = format!("this waiver of `{name}` has no effect without a reason");
        return Some(Diagnostic::new(RULE.name, reason.span, message).help("say why the finding is accepted for now"));
    }
    let until = waiver.until.as_ref().filter(|until| until.value <= context.today)?;
    let message = format!("this waiver of `{name}` ran out on {}", until.value);
    Some(
        Diagnostic::new(RULE.name, until.span, message)
            .help("mend what it accepted and remove it, or agree on a later day with the surface's owners"),
    )
}
