//! `moved-units`: a change that would assign the units of a live experiment anew.

use std::collections::BTreeMap;

use crate::bucket::BucketSet;
use crate::diag::Diagnostic;
use crate::lint::against::{Running, new_phase};
use crate::lint::words::{counted, listed, would_move};
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{Lock, Pin, RESTORE, Refusal};
use crate::model::{Claim, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "moved-units",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "a salt, a unit, a flag, a first day or a lock changed, and with it who gets what in a live experiment",
    page: include_str!("moved_units.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let running = context.running();
    let mut findings: Vec<Diagnostic> = Vec::new();
    let mut on_surfaces: BTreeMap<(&str, Vec<&str>), Vec<&Running<'_>>> = BTreeMap::new();
    for running in &running {
        let (own, surface) = pins(context, running);
        if let Some(&pin) = own.first() {
            findings.push(changed(context, running, &own, pin));
        } else if !surface.is_empty() {
            let words = surface.iter().map(|pin| pin.word()).collect();
            on_surfaces.entry((running.surface(), words)).or_default().push(running);
        } else {
            findings.extend(rescheduled(context, running).or_else(|| redrawn(context, running)));
        }
    }
    findings.extend(on_surfaces.into_values().filter_map(|under| hashed_anew(context, &under)));
    findings
}

/// What is pinned and declared otherwise now: by the experiment itself, and by its surface. What has a rule of its own is
/// said there.
fn pins(context: &Context<'_>, running: &Running<'_>) -> (Vec<Pin>, Vec<Pin>) {
    let Some(Refusal::Pinned(pins)) = running.refusal(context) else { return (Vec::new(), Vec::new()) };
    let pins = pins.iter().copied().filter(|pin| !matches!(pin, Pin::Variants | Pin::Segment));
    pins.partition(|pin| matches!(pin, Pin::Surface | Pin::Flag))
}

/// The experiment names another flag or another surface.
fn changed(context: &Context<'_>, running: &Running<'_>, pins: &[Pin], first: Pin) -> Diagnostic {
    let (old, new) = (running.old, running.new);
    let words: Vec<&str> = pins.iter().map(|pin| pin.word()).collect();
    let moves = would_move(running.surface(), &running.moves(context));
    let message = format!("`{}` is live and {} changed: {moves}", new.id, words.join(" and "));
    Diagnostic::new(RULE.name, place(context, new, first).unwrap_or_else(|| new.top()), message)
        .help(new_phase(old))
        .related(place(running.base, old, first).unwrap_or_else(|| old.top()), "what its units were assigned by")
}

/// A surface hashes its units anew, and all that runs on it with them.
fn hashed_anew(context: &Context<'_>, under: &[&Running<'_>]) -> Option<Diagnostic> {
    let one = *under.first()?;
    let (_, pins) = pins(context, one);
    let &pin = pins.first()?;
    let words: Vec<&str> = pins.iter().map(|pin| pin.word()).collect();
    let shown = listed(under.iter().take(5).map(|running| running.new.id.as_str()));
    let more = if under.len() > 5 { " and more" } else { "" };
    let count = counted(u32::try_from(under.len()).unwrap_or(u32::MAX), "live experiment");
    let moves = match under {
        [one] => would_move(one.surface(), &one.moves(context)),
        _ => "every unit of each would be assigned anew".to_owned(),
    };
    let message = format!("{} changed under {count}, {shown}{more}: {moves}", words.join(" and "));
    let help = "undo it until nothing runs on the surface, or begin a new phase of each with the next `phase`";
    let here = place(context, one.new, pin).unwrap_or_else(|| one.new.top());
    let was = place(one.base, one.old, pin).unwrap_or_else(|| one.old.top());
    Some(Diagnostic::new(RULE.name, here, message).help(help).related(was, "what units were assigned by"))
}

/// The first day of a live experiment is another.
fn rescheduled(context: &Context<'_>, running: &Running<'_>) -> Option<Diagnostic> {
    let (old, new) = (running.old, running.new);
    if new.window?.start == old.window?.start {
        return None;
    }
    let moves = would_move(running.surface(), &running.moves(context));
    let message = format!("`{}` is live and its first day moved: {moves}", new.id);
    let help = format!("{}; `days` moves its end, and nobody with it", new_phase(old));
    let was = (old.start_span(), "the day on which it began");
    Some(Diagnostic::new(RULE.name, new.start_span(), message).help(help).related(was.0, was.1))
}

/// The lock of a live experiment is not what the one before grew into.
fn redrawn(context: &Context<'_>, running: &Running<'_>) -> Option<Diagnostic> {
    let (old, new) = (running.old, running.new);
    let held = context.locks.of(new.file).filter(|held| !grown(running.lock, &held.lock))?;
    let moves = would_move(running.surface(), &running.moves(context));
    let message = format!("the lock of `{}`, which is live, was drawn again: {moves}", new.id);
    let was = running.base.locks.of(old.file).map_or(old.top(), |held| held.steps_span);
    let finding = Diagnostic::new(RULE.name, held.steps_span, message).help(RESTORE);
    Some(finding.related(was, "the buckets that it was given"))
}

/// Whether a lock is what another one grew into.
fn grown(old: &Lock, new: &Lock) -> bool {
    let kept = |old: &BucketSet, new: &BucketSet| old.size() == new.size() && old.is_subset(new);
    old.salt == new.salt
        && old.variants == new.variants
        && (&old.unit, &old.scheme, old.grid) == (&new.unit, &new.scheme, new.grid)
        && kept(&old.held(), &new.held())
}

/// Where what is pinned is written.
fn place(context: &Context<'_>, claim: &Claim, pin: Pin) -> Option<Span> {
    let surface = claim.surface.map(|ix| context.catalogue.surfaces.at(ix));
    let (own_surface, own_flag) = match &claim.written {
        Written::Experiment(written) => (written.surface.as_ref(), written.flag.as_ref()),
        Written::Rollout(written) => (written.surface.as_ref(), written.flag.as_ref()),
    };
    match pin {
        Pin::Surface => own_surface.map(|at| at.span),
        Pin::Flag => own_flag.map(|at| at.span),
        Pin::Unit => surface?.written.unit.as_ref().map(|at| at.span),
        Pin::Scheme => surface?.written.sdk.as_ref().map(|at| at.span),
        Pin::Buckets => surface?.written.buckets.as_ref().map(|at| at.span),
        Pin::Salt => {
            let declared = surface?.written.salt.as_ref().map(|at| at.span);
            declared.or_else(|| context.locks.ledger(surface?.file).map(|held| Span::top(held.file)))
        }
        Pin::Variants | Pin::Segment => None,
    }
}
