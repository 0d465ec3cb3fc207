//! `over-capacity`: a share that is not free.

use crate::decl::Share;
use crate::diag::Diagnostic;
use crate::lint::words::{counted, detectable, grouped, listed};
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{Holder, LedgerVerdict, Refusal, Room, Verdict};
use crate::model::{Claim, Intent, Surface, Written};
use crate::power::{Goal, Power, WhatIf};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "over-capacity",
    group: Group::Coordination,
    level: None,
    serving: false,
    summary: "a share is larger than what is free on its components in its window",
    page: include_str!("over_capacity.md"),
    check: Check::Catalogue(check),
};

/// How many of those who hold the buckets are named.
const NAMED: usize = 3;

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let claims = context.plan.claims.iter().filter_map(|(ix, verdict)| {
        let Verdict::Refused(Refusal::NoRoom(room)) = verdict else { return None };
        let claim = catalogue.claims.at(*ix);
        let intent = claim.intent.as_ref().filter(|_| !context.is_over(claim))?;
        Some(match room.holders.first().filter(|holder| holder.contested > 0) {
            Some(first) => contested(context, claim, intent, room, first),
            None => no_room(context, claim, intent, room),
        })
    });
    let holdouts = context.plan.ledgers.iter().filter_map(|(ix, verdict)| {
        let LedgerVerdict::Refused { needed, free } = verdict else { return None };
        holdout(catalogue.surfaces.at(*ix), *needed, *free)
    });
    claims.chain(holdouts).collect()
}

/// A claim for which too few buckets are free.
fn no_room(context: &Context<'_>, claim: &Claim, intent: &Intent, room: &Room) -> Diagnostic {
    let id = &claim.id;
    let more = room.needed.saturating_sub(room.held);
    let needs = if room.held > 0 { format!("{} more", grouped(more)) } else { grouped(room.needed) };
    let message = format!(
        "`{id}` needs {needs} of {} on {}, and {} free {}",
        counted(room.buckets, "bucket"),
        components(intent),
        match room.free.saturating_sub(room.held) {
            0 => "none is".to_owned(),
            1 => "1 is".to_owned(),
            free => format!("{} are", grouped(free)),
        },
        days(intent)
    );
    let largest = room.largest();
    let smaller =
        (room.free > room.held).then(|| format!("write at most \"{largest}\"{}", finds(context, claim, largest)));
    // One that has begun cannot begin later without a new phase.
    let begun = context.locks.of(claim.file).is_some_and(|held| held.lock.start <= context.today);
    let later = room.earliest.filter(|_| room.held == 0 || !begun);
    let later = later.map(|day| format!("start on {day}, when all of it is free"));
    let ways: Vec<String> = smaller.into_iter().chain(later).collect();
    let mut help = if ways.is_empty() { "wait until others are decided".to_owned() } else { ways.join(", or ") };
    let unnamed = room.holders.len().saturating_sub(NAMED);
    if unnamed > 0 {
        help.push_str(&format!("; {unnamed} more hold the rest"));
    }
    let finding = Diagnostic::new(RULE.name, claim.traffic_span(), message);
    with_holders(context, finding.help(help), room)
}

/// What an experiment finds with another share, by the metric that needs most of it; nothing where nobody can say.
fn finds(context: &Context<'_>, claim: &Claim, share: Share) -> String {
    let power = Power::new(&context.catalogue, &context.locks, &context.plan);
    let forecast = power.forecast(claim, &WhatIf { traffic: Some(share), ..WhatIf::default() });
    let Some(metric) = forecast.binding() else { return String::new() };
    let (id, reached) = (&metric.id, metric.reached.map(detectable));
    match (metric.goal, reached) {
        (Goal::Better(Some(mde)), Some(reached)) => format!(" (finds {reached} on `{id}`, whose MDE is {mde})"),
        (Goal::NotWorse(margin), Some(reached)) => {
            format!(" (rules out {reached} on `{id}`, whose margin is {margin})")
        }
        _ => String::new(),
    }
}

/// A claim whose own buckets are somebody else's in its new window, or on a component that is new to it.
fn contested(context: &Context<'_>, claim: &Claim, intent: &Intent, room: &Room, first: &Holder) -> Diagnostic {
    let (id, other, start) = (&claim.id, &first.id, intent.window.start);
    let end = intent.window.end.map_or(String::new(), |end| format!(" until {end}"));
    let message = format!(
        "`{id}` cannot keep its {} on {}{end}: `{other}` holds {} of them from {} on",
        counted(room.held, "bucket"),
        components(intent),
        grouped(first.contested),
        first.from
    );
    let phase = format!("begin a new phase, which draws other buckets (`phase = {}`)", claim.phase.saturating_add(1));
    let lock_end = context.locks.of(claim.file).and_then(|held| held.lock.window().end);
    let extended = lock_end.is_some_and(|before| intent.window.end.is_none_or(|end| end > before) && first.from > start);
    let help = if extended {
        format!("end it by {} (`days = {}`), or {phase}", first.from, first.from.since(start))
    } else {
        format!("undo it, or {phase}")
    };
    let span = match &claim.written {
        Written::Experiment(written) if extended => written.days.as_ref().map(|days| days.span),
        Written::Experiment(written) => written.also_touches.as_ref().map(|touches| touches.span),
        Written::Rollout(written) => written.also_touches.as_ref().map(|touches| touches.span),
    };
    with_holders(context, Diagnostic::new(RULE.name, span.unwrap_or(claim.traffic_span()), message).help(help), room)
}

fn components(intent: &Intent) -> String {
    if intent.components.iter().any(|component| component == "*") {
        return "all components".to_owned();
    }
    listed(intent.components.iter().map(String::as_str))
}

fn days(intent: &Intent) -> String {
    match intent.window.end {
        Some(end) => format!("from {} until {end}", intent.window.start),
        None => format!("from {} on", intent.window.start),
    }
}

fn with_holders(context: &Context<'_>, finding: Diagnostic, room: &Room) -> Diagnostic {
    room.holders.iter().take(NAMED).fold(finding, |finding, holder| {
        let until = holder.until.map_or("it is decided".to_owned(), |until| until.to_string());
        let held = format!("`{}` holds {} until {until}", holder.id, grouped(holder.buckets));
        match context.catalogue.claims.get(&holder.id) {
            Some(other) => finding.related(other.traffic_span(), held),
            None => finding,
        }
    })
}

fn holdout(surface: &Surface, needed: u32, free: u32) -> Option<Diagnostic> {
    let share = surface.written.holdout.as_ref()?;
    let span: Span = share.span;
    let buckets = if needed == 1 { "bucket" } else { "buckets" };
    let free_now = match free {
        0 => "none is free".to_owned(),
        1 => "1 is free".to_owned(),
        free => format!("{} are free", grouped(free)),
    };
    let message = format!("the holdout of `{}` needs {} more {buckets}, and {free_now}", surface.id, grouped(needed));
    let fits = surface.count(share.value)?.saturating_sub(needed).saturating_add(free);
    let fits = Share::of(fits, surface.buckets);
    let help = format!("at most \"{fits}\" fits now; decided experiments give their buckets back");
    Some(Diagnostic::new(RULE.name, span, message).help(help))
}
