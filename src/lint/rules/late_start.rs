//! `late-start`: a launch whose first day has begun before it is allotted.

use crate::diag::{Diagnostic, Severity};
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::Verdict;
use crate::model::Claim;

pub static RULE: Rule = Rule {
    name: "late-start",
    group: Group::Coordination,
    level: Some(Severity::Warning),
    serving: false,
    summary: "an experiment starts before it can be launched, so that its first day is cut short",
    page: include_str!("late_start.md"),
    check: Check::Catalogue(check),
};

/// Those that would be allotted now.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let new = context.plan.claims.iter().filter(|(_, verdict)| matches!(verdict, Verdict::New(_)));
    new.filter_map(|(ix, _)| finding(context, &context.catalogue.claims[*ix])).collect()
}

fn finding(context: &Context<'_>, claim: &Claim) -> Option<Diagnostic> {
    let today = context.today;
    let intent = claim.intent.as_ref()?;
    if intent.window.start > today || context.is_over(claim) {
        return None;
    }
    let lost = today.since(intent.window.start);
    let message = if lost == 0 {
        format!("`{}` starts today and is not allotted yet: its first day would be cut short", claim.id)
    } else {
        let days = if lost == 1 { "day has".to_owned() } else { format!("{lost} days have") };
        format!("`{}` is not allotted yet, and its first {days} gone by", claim.id)
    };
    let help = format!("set `start = {}`: days begin at 00:00 UTC", today.plus(1));
    Some(Diagnostic::new(RULE.name, claim.start_span(), message).help(help))
}
