//! `overdue-decision`: an experiment that has ended, and nobody said what came of it.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Phase};

pub static RULE: Rule = Rule {
    name: "overdue-decision",
    group: Group::Decision,
    level: None,
    serving: false,
    summary: "an experiment has ended and has no decision",
    page: include_str!("overdue_decision.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.catalogue.claims.values().filter_map(|claim| finding(context, claim)).collect()
}

/// A rollout lasts until it is decided: it is never overdue.
fn finding(context: &Context<'_>, claim: &Claim) -> Option<Diagnostic> {
    let written = claim.experiment()?;
    let stage = written.stage.as_ref().filter(|stage| stage.value == Stage::Ship)?;
    let window = claim.window.filter(|window| window.phase(context.today) == Phase::Over)?;
    let planned = written.days.as_ref().is_some_and(|days| days.value > 0);
    if !planned || written.decision.is_some() || context.misread(claim.file) {
        return None;
    }
    let (id, end) = (&claim.id, window.end?);
    let late = context.today.since(end);
    let ago = match late {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    };
    let message = format!("`{id}` ended {ago}, on {end}, and has no decision");
    let help = format!(
        "run `allot conclude {id} --outcome …`, or set `stage = \"tweak\"` and write `[decision]` with `outcome`, `on`, \
         `reason` and `learned`"
    );
    Some(Diagnostic::new(RULE.name, stage.span, message).help(help))
}
