//! `skipped-stage`: an experiment that goes back, or forward by more than one stage.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "skipped-stage",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "an experiment goes back a stage, or leaves one out",
    page: include_str!("skipped_stage.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some(base) = &context.base else { return Vec::new() };
    let before = &base.context.catalogue.claims;
    let claims = context.catalogue.claims.values().filter(|claim| claim.experiment().is_some());
    claims
        .filter_map(|claim| {
            let old = before.find(&claim.id).map(|ix| before.at(ix));
            match old {
                Some(old) if old.file == claim.file => None,
                old => finding(old, claim),
            }
        })
        .collect()
}

fn finding(old: Option<&Claim>, new: &Claim) -> Option<Diagnostic> {
    let (now, id) = (new.stage?, &new.id);
    let Some(old) = old else {
        return (now == Stage::Tweak).then(|| {
            let message = format!("`{id}` is new and already in stage `tweak`: nothing is known of what it did");
            Diagnostic::new(RULE.name, place(new), message).help("a new file begins at `think`, `build` or `ship`")
        });
    };
    let was = old.stage?;
    let finding = |message: String, help: String| {
        Some(Diagnostic::new(RULE.name, place(new), message).help(help).related(place(old), "the stage it was in"))
    };
    match (was, now) {
        (Stage::Think, Stage::Ship) => finding(
            format!("`{id}` goes from `think` straight to `ship`"),
            "go to `build` first, where its preview segment can be looked at; or straight to `tweak`".to_owned(),
        ),
        // A decided one that comes back is another experiment under an old name: that has a rule of its own.
        (Stage::Tweak, _) => None,
        (was, now) if order(now) < order(was) => finding(
            format!("`{id}` goes back from `{}` to `{}`", was.word(), now.word()),
            match was {
                Stage::Ship => "`traffic = \"0%\"` pauses it, and a decision in stage `tweak` ends it".to_owned(),
                _ => format!("keep `stage = \"{}\"`, or end it in `tweak` with `outcome = \"abandoned\"`", was.word()),
            },
        ),
        _ => None,
    }
}

fn order(stage: Stage) -> u8 {
    match stage {
        Stage::Think => 0,
        Stage::Build => 1,
        Stage::Ship => 2,
        Stage::Tweak => 3,
    }
}

fn place(claim: &Claim) -> Span {
    let stage = claim.experiment().and_then(|written| written.stage.as_ref());
    stage.map_or(claim.top(), |stage| stage.span)
}
