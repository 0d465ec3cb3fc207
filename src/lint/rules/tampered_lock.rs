//! `tampered-lock`: a lock that was edited, cut off, or left with a conflict.

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

/// Locks that cannot be read at all are found while reading; here are those whose seal is broken.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let locks = context.catalogue.claims.values().filter_map(|claim| context.locks.of(claim.file));
    locks
        .filter(|held| !held.sealed)
        .map(|held| {
            Diagnostic::new(RULE.name, held.seal_span, "this lock is not what `allot allocate` wrote").help(RESTORE)
        })
        .collect()
}
