//! `changed-live-default`: the default of a flag changed under live experiments and rollouts on it.

use crate::diag::Diagnostic;
use crate::lint::against::{Running, named};
use crate::lint::value::brief;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Flag;

pub static RULE: Rule = Rule {
    name: "changed-live-default",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "the default of a flag changed while an experiment or a rollout on it is live",
    page: include_str!("changed_live_default.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some(base) = &context.base else { return Vec::new() };
    let flags = &base.context.catalogue.flags;
    let pairs = context.catalogue.flags.values().filter_map(|new| Some((flags.at(flags.find(&new.id)?), new)));
    pairs.filter(|(old, new)| old.file != new.file).filter_map(|(old, new)| finding(context, old, new)).collect()
}

fn finding(context: &Context<'_>, old: &Flag, new: &Flag) -> Option<Diagnostic> {
    let (before, after) = (old.written.default.as_ref()?, new.written.default.as_ref()?);
    if before.value == after.value {
        return None;
    }
    let on_flag = |flag: &Flag| flag.id == new.id;
    let running = context.running();
    let on_it = |running: &&Running<'_>| running.new.flag.is_some_and(|ix| on_flag(context.catalogue.flags.at(ix)));
    let live: Vec<&Running<'_>> = running.iter().filter(on_it).collect();
    if live.is_empty() {
        return None;
    }
    let message = format!(
        "the default of `{}` changed from {} to {} under {}: control and everyone outside would change in the middle of the \
         run",
        new.id,
        brief(&before.value.0),
        brief(&after.value.0),
        named(&live)
    );
    Some(
        Diagnostic::new(RULE.name, after.span, message)
            .help("undo it, or decide what runs on the flag first: a shipped value becomes the default with the decision")
            .related(before.span, "the default that it was launched against"),
    )
}
