//! `decision-not-applied`: an experiment was shipped, and the flag still serves what it did before.

use crate::decl::{Outcome, Stage};
use crate::diag::{Diagnostic, Severity};
use crate::lint::value::brief;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Ix};

pub static RULE: Rule = Rule {
    name: "decision-not-applied",
    group: Group::Decision,
    level: Some(Severity::Warning),
    serving: false,
    summary: "an experiment shipped a variant, and nobody gets its value",
    page: include_str!("decision_not_applied.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.catalogue.claims.iter().filter_map(|(ix, claim)| finding(context, ix, claim)).collect()
}

fn finding(context: &Context<'_>, ix: Ix<Claim>, claim: &Claim) -> Option<Diagnostic> {
    let decision = claim.experiment()?.decision.as_ref()?;
    let shipped = decision.outcome.as_ref().filter(|outcome| outcome.value == Outcome::Shipped)?;
    let named = decision.variant.as_ref()?;
    let variant = claim.variants.iter().find(|variant| variant.id == named.value)?;
    let flag = context.catalogue.flags.at(claim.flag?);
    let default = flag.written.default.as_ref()?;
    let rules = flag.written.rules.iter().flat_map(|rules| &rules.value);
    let mut served = rules.filter_map(|rule| rule.value.value.as_ref()).chain([default]);
    if served.any(|value| value.value.0 == variant.value) || superseded(context, ix, claim) {
        return None;
    }
    let message = format!(
        "`{}` shipped `{}`, and `{}` still serves {} to everyone",
        claim.id,
        named.value,
        flag.id,
        brief(&default.value.0)
    );
    let value = brief(&variant.value);
    Some(
        Diagnostic::new(RULE.name, shipped.span, message)
            .help(format!("make {value} the default of `{}`, serve it by a rule, or bring it by a rollout", flag.id))
            .related(default.span, "what it serves"),
    )
}

/// Whether what is served is by now the matter of something later on the same flag: a rollout, or a later decision or start.
fn superseded(context: &Context<'_>, ix: Ix<Claim>, claim: &Claim) -> bool {
    let decided = |claim: &Claim| claim.decision().and_then(|decision| decision.on.as_ref()).map(|on| on.value);
    let when = decided(claim);
    context.catalogue.claims.iter().any(|(other, later)| {
        let same = other != ix && later.flag == claim.flag;
        let rolls = later.experiment().is_none() && decided(later).is_none_or(|on| Some(on) >= when);
        let shipped = later.decision().and_then(|decision| decision.outcome.as_ref());
        let ships = shipped.is_some_and(|outcome| outcome.value == Outcome::Shipped) && decided(later) > when;
        let runs = later.stage == Some(Stage::Ship) && later.window.is_some_and(|window| Some(window.start) >= when);
        same && (rolls || ships || runs)
    })
}
