//! `removed-allotted-file`: a declaration or a lock is gone that was once allotted.

use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "removed-allotted-file",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "an experiment that was allotted, or its lock, was removed",
    page: include_str!("removed_allotted_file.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some(base) = &context.base else { return Vec::new() };
    let base = base.context.as_ref();
    base.catalogue.claims.values().filter_map(|old| finding(context, base, old)).collect()
}

fn finding(context: &Context<'_>, base: &Context<'_>, old: &Claim) -> Option<Diagnostic> {
    let lock = base.locks.of(old.file).map(|held| held.file).or_else(|| base.locks.unreadable(old.file))?;
    let word = old.kind.word();
    let Some(new) = context.catalogue.claims.find(&old.id).map(|ix| context.catalogue.claims.at(ix)) else {
        let path = base.sources.path(old.file);
        // A file that is there and cannot be read is another finding.
        if context.sources.find(path).is_some() {
            return None;
        }
        let stray = context.locks.strays.iter().find(|stray| stray.declaration() == path);
        let place = stray.map_or(Span::top(old.file), |stray| Span::top(stray.file));
        let message = format!("{word} `{}` was allotted, and its file is gone: with it goes the record of who saw what", old.id);
        return Some(
            Diagnostic::new(RULE.name, place, message)
                .help("restore it; to end it, go to stage `tweak` with a decision")
                .related(Span::top(lock), "what it was allotted"),
        );
    };
    if context.locks.of(new.file).is_some() || context.locks.unreadable(new.file).is_some() {
        return None;
    }
    let message = format!("the lock of `{}` is gone: what its units were assigned by is known nowhere else", old.id);
    let base = context.base.as_ref().map_or("REF", |base| base.name);
    Some(
        Diagnostic::new(RULE.name, new.top(), message)
            .help(format!("restore it: `allot allocate --base {base}` keeps every lock that is there"))
            .related(Span::top(lock), "what it was allotted"),
    )
}
