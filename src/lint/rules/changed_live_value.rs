//! `changed-live-value`: a variant of a live experiment serves something else under the same name.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::against::{Running, Standing, new_phase};
use crate::lint::value::brief;
use crate::lint::words::percent;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Flag, Ix, Variant, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "changed-live-value",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "a variant of an experiment has another value than at its launch, before it is decided",
    page: include_str!("changed_live_value.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    // On another flag all values are others: that is told once.
    let flag = |context: &Context<'_>, claim: &Claim| claim.flag.map(|ix| context.catalogue.flags.at(ix).id.clone());
    // What is over and not decided is decided by what it served, so that stays, too.
    let mut running = context.launched();
    running.retain(|running| running.new.stage == Some(Stage::Ship));
    let same_flag = |running: &&Running<'_>| flag(running.base, running.old) == flag(context, running.new);
    running.iter().filter(same_flag).flat_map(|running| changed(context, running)).collect()
}

fn changed<'a>(context: &'a Context<'_>, running: &'a Running<'_>) -> Vec<Diagnostic> {
    let default = |context: &Context<'_>, flag: Option<Ix<Flag>>| {
        let flag = flag.map(|ix| context.catalogue.flags.at(ix));
        flag.and_then(|flag| flag.written.default.as_ref()).map(|default| default.value.0.clone())
    };
    let (before, after) = (default(running.base, running.old.flag), default(context, running.new.flag));
    // A control that follows the flag's default is that change's finding.
    let serves = running.serves(context.today);
    let follows = |old: &Variant, new: &Variant| {
        serves && old.id == "control" && before != after && before.as_ref() == Some(&old.value) && after.as_ref() == Some(&new.value)
    };
    let pairs = running.new.variants.iter().filter_map(|new| {
        let old = running.old.variants.iter().find(|old| old.id == new.id)?;
        (old.value != new.value && !follows(old, new)).then_some((old, new))
    });
    pairs.map(|(old, new)| finding(context, running, old, new)).collect()
}

fn finding(context: &Context<'_>, running: &Running<'_>, old: &Variant, new: &Variant) -> Diagnostic {
    let range = running.lock.variants.iter().find(|(id, _)| *id == new.id).map_or(0, |(_, range)| range.len());
    let share = f64::from(running.lock.size()) / f64::from(running.lock.buckets.max(1));
    let consequence = match running.serves(context.today) {
        true => format!(
            "{} of the units of `{}` would see something else, and no analysis could tell before from after",
            percent(share * range as f64 / f64::from(crate::bucket::VARIANT_GRID)),
            running.surface()
        ),
        false => "what its data tell of would no longer be what is written, and is decided about".to_owned(),
    };
    let message = format!(
        "`{}` {} and `{}` changed from {} to {}: {consequence}",
        running.new.id,
        running.standing.word(),
        new.id,
        brief(&old.value),
        brief(&new.value),
    );
    let help = match running.standing {
        Standing::Ended => "undo it: to try something else, plan another experiment that `follows` it".to_owned(),
        Standing::Live | Standing::Paused => new_phase(running.old, context.today),
    };
    Diagnostic::new(RULE.name, place(running.new, &new.id), message)
        .help(help)
        .related(place(running.old, &old.id), "what it was launched with")
}

fn place(claim: &Claim, id: &str) -> Span {
    let span = match &claim.written {
        Written::Experiment(written) => {
            let variants = written.variants.as_ref();
            variants.and_then(|variants| variants.get(id)).map(|(_, value)| value.span)
        }
        Written::Rollout(written) => written.value.as_ref().map(|value| value.span),
    };
    span.unwrap_or_else(|| claim.top())
}
