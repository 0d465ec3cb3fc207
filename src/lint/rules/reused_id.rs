//! `reused-id`: an id that belonged to another experiment.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, ClaimKind};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "reused-id",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "an experiment takes the id of one that was decided, or of another kind",
    page: include_str!("reused_id.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some(base) = &context.base else { return Vec::new() };
    let base = base.context.as_ref();
    let claims = context.catalogue.claims.values();
    let by_declaration = claims.clone().filter_map(|new| {
        let old = base.catalogue.claims.at(base.catalogue.claims.find(&new.id)?);
        let decided = old.stage == Some(Stage::Tweak) && new.stage.is_some_and(|stage| stage != Stage::Tweak);
        let what = match (old.kind == new.kind, decided) {
            (false, _) => format!("`{}` named {} {} before, and names {} {} now", new.id, article(old.kind), old.kind.word(), article(new.kind), new.kind.word()),
            (true, true) => format!("`{}` was decided, and goes on as if it had not been", new.id),
            (true, false) => return None,
        };
        Some(finding(new, what, old.decision().map_or(old.top(), |decision| decision.span)))
    });
    let by_lock = claims.filter_map(|new| {
        let path = context.sources.path(new.file);
        let stray = base.locks.strays.iter().find(|stray| stray.declaration() == path)?;
        Some(finding(new, format!("`{}` was allotted before, to something that is gone", new.id), Span::top(stray.file)))
    });
    by_declaration.chain(by_lock).collect()
}

fn finding(new: &Claim, message: String, was: Span) -> Diagnostic {
    let stage = new.experiment().and_then(|written| written.stage.as_ref()).map(|stage| stage.span);
    Diagnostic::new(RULE.name, stage.unwrap_or_else(|| new.top()), message)
        .help("give it an id of its own, with `follows` if it goes on from there: exposures are told apart by ids alone")
        .related(was, "who had it before")
}

fn article(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Experiment => "an",
        ClaimKind::Rollout => "a",
    }
}
