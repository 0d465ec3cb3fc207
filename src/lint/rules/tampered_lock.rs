//! `tampered-lock`: a lock that was edited, cut off, or left with a conflict.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::RESTORE;

pub static RULE: Rule = Rule {
    name: "tampered-lock",
    group: Group::Coordination,
    level: None,
    serving: true,
    summary: "a lock was edited by hand, or cannot be read",
    page: include_str!("tampered_lock.md"),
    check: Check::Catalogue(check),
};

/// Locks that cannot be read at all are found while reading; here are those whose seal is broken. That of a decided
/// experiment holds nobody back any more.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let broken = context.locks.everywhere().into_iter().map(|(_, held)| held).filter(|held| !held.sealed);
    let decided = |file| context.claim_of(file).is_some_and(|claim| claim.stage == Some(Stage::Tweak));
    broken
        .filter(|held| !decided(held.file))
        .map(|held| {
            let message = "this seal is not that of the text above it: the lock was edited by hand";
            Diagnostic::new(RULE.name, held.seal_span, message).help(RESTORE)
        })
        .collect()
}
