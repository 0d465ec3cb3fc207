//! `decreased-traffic`: a share that shrinks while units are assigned.

use std::collections::BTreeSet;

use crate::decl::{Day, Share};
use crate::diag::Diagnostic;
use crate::lint::against::{Running, new_phase};
use crate::lint::words::percent;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Intent, Written};

pub static RULE: Rule = Rule {
    name: "decreased-traffic",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "a live experiment takes a smaller share than before",
    page: include_str!("decreased_traffic.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.running().iter().filter_map(|running| finding(context, running)).collect()
}

fn finding(context: &Context<'_>, running: &Running<'_>) -> Option<Diagnostic> {
    let today = context.today;
    let (old, new) = (running.old.intent.as_ref()?, running.new.intent.as_ref()?);
    if old.paused || new.paused || old.window.start != new.window.start {
        return None;
    }
    let days: BTreeSet<Day> = [old, new]
        .into_iter()
        .flat_map(|intent| intent.steps.iter().map(|step| intent.window.start.plus(step.after)))
        .chain([today])
        .filter(|&day| day >= today)
        .collect();
    let (day, before, after) = days
        .into_iter()
        .map(|day| (day, share(old, day), share(new, day)))
        .find(|(_, before, after)| after < before)?;
    // What a share is of differs: a rollout takes what the holdout leaves.
    let moves = running.moves_on(context, day);
    let lost = percent(moves.iter().filter(|found| found.to.is_none()).map(|found| found.units).sum());
    let when = if day == today { String::new() } else { format!(" on {day}") };
    let id = &running.new.id;
    let message = format!(
        "`{id}` {} and shrinks from {before} to {after}{when}: {lost} of the units of `{}` would fall back to what they \
         have without it",
        running.standing.word(),
        running.surface()
    );
    let pause = match running.new.written {
        Written::Experiment(_) => "; `traffic = \"0%\"` pauses it, a decision ends it",
        Written::Rollout(_) => "; a decision ends it",
    };
    Some(
        Diagnostic::new(RULE.name, running.new.traffic_span(), message)
            .help(format!("{}{pause}", new_phase(running.old, context.today)))
            .related(running.old.traffic_span(), "the share that it was given"),
    )
}

/// The share on a day.
fn share(intent: &Intent, day: Day) -> Share {
    let begun = intent.steps.iter().rev().find(|step| intent.window.start.plus(step.after) <= day);
    begun.map_or(Share::NONE, |step| step.share)
}
