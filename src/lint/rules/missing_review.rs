//! `missing-review`: an experiment on a flag that needs an offline evaluation ships without one.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "missing-review",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "an experiment ships on a flag with `requires-review`, and names no review",
    page: include_str!("missing_review.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some(base) = &context.base else { return Vec::new() };
    let before = &base.context.catalogue.claims;
    // What ships already was let in before.
    let entering = context.catalogue.claims.values().filter(|claim| {
        let old = before.find(&claim.id).map(|ix| before.at(ix));
        claim.stage == Some(Stage::Ship) && old.is_none_or(|old| old.stage != Some(Stage::Ship))
    });
    entering.filter_map(|claim| finding(context, claim)).collect()
}

fn finding(context: &Context<'_>, claim: &Claim) -> Option<Diagnostic> {
    let written = claim.experiment()?;
    let flag = context.catalogue.flags.at(claim.flag?);
    let required = flag.written.requires_review.as_ref().filter(|required| required.value)?;
    let reviewed = written.review.as_ref().is_some_and(|review| !review.value.trim().is_empty());
    if reviewed || written.unread.contains(&"review") {
        return None;
    }
    let span = written.stage.as_ref().map_or(Span::top(claim.file), |stage| stage.span);
    let message = format!("`{}` goes to `ship` without a review, and `{}` requires one", claim.id, flag.id);
    Some(
        Diagnostic::new(RULE.name, span, message)
            .help("add `review = \"…\"`: where the offline evaluation was read, and who agreed")
            .related(required.span, "the flag requires it"),
    )
}
