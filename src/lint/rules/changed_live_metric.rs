//! `changed-live-metric`: a metric or a fact means something else while live experiments are measured by it.

use crate::change::{Definition, What, definitions};
use crate::decl::Day;
use crate::diag::Diagnostic;
use crate::lint::words::{counted, listed};
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
    changed.filter_map(|found| finding(context, &base.context, &found)).collect()
}

fn finding(context: &Context<'_>, base: &Context<'_>, found: &Definition) -> Option<Diagnostic> {
    // Those that end with this very change are measured no more.
    let goes_on = |id: &&str| {
        let claim = context.catalogue.claims.find(id).map(|ix| context.catalogue.claims.at(ix));
        claim.is_some_and(|claim| claim.live_on(context.today))
    };
    let live: Vec<&str> = found.live.iter().map(String::as_str).filter(goes_on).collect();
    if live.is_empty() {
        return None;
    }
    let last = live.iter().filter_map(|id| end(context, id)).max();
    let count = counted(u32::try_from(live.len()).unwrap_or(u32::MAX), "live experiment");
    let shown: Vec<&str> = live.iter().copied().take(5).collect();
    let more = if live.len() > shown.len() { " and more" } else { "" };
    let id = &found.id;
    let message = format!("`{id}` changed under {count}: {}{more}", listed(shown));
    let until = last.map_or("they are decided".to_owned(), |last| format!("{last}, when the last of them ends"));
    let help = format!("undo it and add it under another id, or wait until {until}");
    let place = place(&context.catalogue, found)?;
    Some(Diagnostic::new(RULE.name, place, message).help(help).related(self::place(&base.catalogue, found)?, "as they were planned"))
}

fn place(catalogue: &Catalogue, found: &Definition) -> Option<Span> {
    Some(match found.what {
        What::Metric => catalogue.metrics.at(catalogue.metrics.find(&found.id)?).span,
        _ => catalogue.facts.at(catalogue.facts.find(&found.id)?).span,
    })
}

fn end(context: &Context<'_>, id: &str) -> Option<Day> {
    context.catalogue.claims.at(context.catalogue.claims.find(id)?).window?.end
}
