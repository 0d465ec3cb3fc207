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

/// Those that would be allotted now, and new phases that would be drawn now.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let claims = &context.catalogue.claims;
    let drawn = context.plan.claims.iter().filter_map(|(ix, verdict)| {
        let claim = claims.at(*ix);
        let before = || context.locks.of(claim.file).map_or(0, |held| held.lock.phase);
        match verdict {
            Verdict::New(_) => finding(context, claim, &format!("`{}`", claim.id)),
            Verdict::Changed(lock) if lock.phase > before() => {
                finding(context, claim, &format!("phase {} of `{}`", lock.phase, claim.id))
            }
            _ => None,
        }
    });
    drawn.collect()
}

fn finding(context: &Context<'_>, claim: &Claim, what: &str) -> Option<Diagnostic> {
    let (today, start) = (context.today, claim.window?.start);
    if start > today || context.is_over(claim) {
        return None;
    }
    let message = match today.since(start) {
        0 => format!("{what} starts today and is not allotted yet: its first day would be cut short"),
        1 => format!("{what} is not allotted yet, and its first day has gone by"),
        lost => format!("{what} is not allotted yet, and its first {lost} days have gone by"),
    };
    let help = format!("set `start = {}`: days begin at 00:00 UTC", today.plus(1));
    Some(Diagnostic::new(RULE.name, claim.start_span(), message).help(help))
}
