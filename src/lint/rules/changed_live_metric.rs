//! `changed-live-metric`: a metric or a fact means something else while live experiments are measured by it.

use crate::change::{Definition, What, definitions, uses};
use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::against::{Running, Standing, named};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Catalogue;
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "changed-live-metric",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "a metric or a fact changed while live experiments are measured by it",
    page: include_str!("changed_live_metric.md"),
    check: Check::Catalogue(check),
};

/// Keys that say nothing of what is measured.
const WORDS: [&str; 4] = ["name", "description", "display", "deprecated"];

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some((before, after)) = context.sides() else { return Vec::new() };
    let Some(base) = &context.base else { return Vec::new() };
    let changed = definitions(&before, &after, context.today).into_iter().filter(|found| {
        let means = |found: &Definition| found.edits.iter().any(|edit| !WORDS.contains(&edit.key.as_str()));
        matches!(found.what, What::Fact | What::Metric) && found.there == (true, true) && means(found)
    });
    let launched = context.launched();
    changed.filter_map(|found| finding(context, &base.context, &launched, &found)).collect()
}

fn finding(
    context: &Context<'_>,
    base: &Context<'_>,
    launched: &[Running<'_>],
    found: &Definition,
) -> Option<Diagnostic> {
    let uses = uses(&base.catalogue, found.what, &found.id);
    // Those that are decided with this very change are measured no more.
    let measured = |running: &&Running<'_>| running.new.stage == Some(Stage::Ship) && uses(running.old);
    let under: Vec<&Running<'_>> = launched.iter().filter(measured).collect();
    if under.is_empty() {
        return None;
    }
    let message = format!("`{}` changed under {}: what was measured so far would mean something else", found.id, named(&under));
    // A rollout, and whatever is overdue, ends on no day that is known.
    let end = |running: &&Running<'_>| running.new.window?.end.filter(|_| running.standing != Standing::Ended);
    let last = under.iter().map(end).collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max());
    let until = last.map_or(String::new(), |last| format!(": the last of them ends on {last}"));
    let help = format!("undo it and add it under another id, or wait until they are decided{until}");
    let place = place(&context.catalogue, found)?;
    Some(Diagnostic::new(RULE.name, place, message).help(help).related(self::place(&base.catalogue, found)?, "as they were planned"))
}

fn place(catalogue: &Catalogue, found: &Definition) -> Option<Span> {
    Some(match found.what {
        What::Metric => catalogue.metrics.at(catalogue.metrics.find(&found.id)?).span,
        _ => catalogue.facts.at(catalogue.facts.find(&found.id)?).span,
    })
}
