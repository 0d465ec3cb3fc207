//! `moved-units`: a change that would assign the units of a live experiment anew.

use std::collections::BTreeMap;

use crate::bucket::BucketSet;
use crate::decl::{At, Stage};
use crate::diag::Diagnostic;
use crate::lint::against::{Running, keys_of_new_phase, named, new_phase};
use crate::lint::words::would_move;
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{Lock, Pin, RESTORE, Refusal};
use crate::model::{Claim, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "moved-units",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "a salt, a unit or its attribute, a flag, a first day or a lock changed, and with it who gets what in a live experiment",
    page: include_str!("moved_units.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let running = context.running();
    let mut findings: Vec<Diagnostic> = Vec::new();
    let mut on_units: BTreeMap<&str, Vec<&Running<'_>>> = BTreeMap::new();
    let mut on_surfaces: BTreeMap<(&str, Vec<&str>), Vec<&Running<'_>>> = BTreeMap::new();
    for running in &running {
        let (own, surface) = pins(context, running);
        if let Some(&pin) = own.first() {
            findings.push(changed(context, running, &own, pin));
        } else if !surface.is_empty() {
            let words = surface.iter().map(|pin| pin.word()).collect();
            on_surfaces.entry((running.surface(), words)).or_default().push(running);
        } else if let Some((unit, ..)) = attributes(context, running) {
            on_units.entry(unit).or_default().push(running);
        } else {
            findings.extend(rescheduled(context, running).or_else(|| redrawn(context, running)));
        }
    }
    findings.extend(went_back(context));
    findings.extend(on_units.into_values().filter_map(|under| hashed_by_another(context, &under)));
    findings.extend(on_surfaces.into_values().filter_map(|under| hashed_anew(context, &under)));
    findings
}

/// What is pinned and declared otherwise now: by the experiment itself, and by its surface. What has a rule of its own is
/// said there.
fn pins(context: &Context<'_>, running: &Running<'_>) -> (Vec<Pin>, Vec<Pin>) {
    let Some(Refusal::Pinned(pins)) = running.refusal(context) else { return (Vec::new(), Vec::new()) };
    let pins = pins.iter().copied().filter(|pin| !matches!(pin, Pin::Variants | Pin::Segment));
    // Under the salt that its surface had before, it is the lock that is another's.
    let salt = |context: &Context<'_>, claim: &Claim| {
        let surface = context.catalogue.surfaces.at(claim.surface?);
        let declared = surface.written.salt.as_ref().map(|salt| salt.value.clone());
        declared.or_else(|| Some(context.locks.ledger(surface.file)?.ledger.salt.clone()))
    };
    let salted = salt(running.base, running.old) == salt(context, running.new);
    pins.partition(|pin| matches!(pin, Pin::Surface | Pin::Flag) || *pin == Pin::Salt && salted)
}

/// What a surface declares otherwise, in words.
fn of_surface(pin: Pin) -> &'static str {
    match pin {
        Pin::Unit => "the unit",
        Pin::Scheme => "the `sdk`",
        Pin::Buckets => "the number of buckets",
        Pin::Salt => "the salt",
        Pin::Surface | Pin::Flag | Pin::Variants | Pin::Segment => pin.word(),
    }
}

/// Claims whose phase is lower than it was: it would be one that is over, with whoever was in it then.
fn went_back(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some(base) = context.base.as_ref().map(|base| base.context.as_ref()) else { return Vec::new() };
    let lower = base.catalogue.claims.values().filter_map(|old| {
        let lock = &base.locks.of(old.file)?.lock;
        let new = context.catalogue.claims.find(&old.id).map(|ix| context.catalogue.claims.at(ix))?;
        if old.stage != Some(Stage::Ship) || old.kind != new.kind || new.phase >= lock.phase {
            return None;
        }
        let (was, is) = (lock.phase, new.phase);
        let message = format!("`{}` goes back from phase {was} to phase {is}: who comes now would be taken for who was there then", new.id);
        let help = format!("write `phase = {was}`, or begin a new one with {}", keys_of_new_phase(was, context.today));
        let finding = Diagnostic::new(RULE.name, phase(new), message).help(help);
        Some(finding.related(phase(old), "the phase that it is in"))
    });
    lower.collect()
}

/// Where the phase is written.
fn phase(claim: &Claim) -> Span {
    let written = match &claim.written {
        Written::Experiment(written) => written.phase.as_ref(),
        Written::Rollout(written) => written.phase.as_ref(),
    };
    written.map_or(claim.top(), |phase| phase.span)
}

/// The experiment names another flag or another surface.
fn changed(context: &Context<'_>, running: &Running<'_>, pins: &[Pin], first: Pin) -> Diagnostic {
    let (old, new) = (running.old, running.new);
    let words = pins.iter().map(|pin| if *pin == Pin::Salt { "the salt of its lock" } else { pin.word() });
    let words: Vec<&str> = words.collect();
    let moves = would_move(running.surface(), &running.moves(context));
    let message = format!("`{}` {} and {} changed: {moves}", new.id, running.standing.word(), words.join(" and "));
    let at = |context: &Context<'_>, claim: &Claim| match first {
        Pin::Salt => context.locks.of(claim.file).map(|held| Span::top(held.file)),
        first => place(context, claim, first),
    };
    let help = if first == Pin::Salt { RESTORE.to_owned() } else { new_phase(old, context.today) };
    Diagnostic::new(RULE.name, at(context, new).unwrap_or_else(|| new.top()), message)
        .help(help)
        .related(at(running.base, old).unwrap_or_else(|| old.top()), "what its units were assigned by")
}

/// A surface hashes its units anew, and all that runs on it with them.
fn hashed_anew(context: &Context<'_>, under: &[&Running<'_>]) -> Option<Diagnostic> {
    let one = *under.first()?;
    let (_, pins) = pins(context, one);
    let &pin = pins.first()?;
    let words: Vec<&str> = pins.iter().map(|pin| of_surface(*pin)).collect();
    let moves = all_move(context, under);
    let message = format!("{} of `{}` changed under {}: {moves}", words.join(" and "), one.surface(), named(under));
    let help = "undo it until nothing runs on the surface, or begin a new phase of each with the next `phase` and a `start` ahead";
    // What is not written is so by the surface's default.
    let top = |context: &Context<'_>, claim: &Claim| {
        let surface = claim.surface.map(|ix| context.catalogue.surfaces.at(ix).file);
        surface.map_or(claim.top(), Span::top)
    };
    let here = place(context, one.new, pin).unwrap_or_else(|| top(context, one.new));
    let was = place(one.base, one.old, pin).unwrap_or_else(|| top(one.base, one.old));
    Some(Diagnostic::new(RULE.name, here, message).help(help).related(was, "what units were assigned by"))
}

/// Who moves where something of all of them changed.
fn all_move(context: &Context<'_>, under: &[&Running<'_>]) -> String {
    match under {
        [one] => would_move(one.surface(), &one.moves(context)),
        _ => "every unit of each would be assigned anew".to_owned(),
    }
}

/// The unit of a live experiment, with the attribute that was hashed for it and the one that would be now. No lock says it:
/// buckets are drawn without it.
fn attributes<'a>(context: &'a Context<'_>, running: &'a Running<'_>) -> Option<(&'a str, &'a At<String>, &'a At<String>)> {
    let unit = running.lock.unit.as_str();
    let (was, is) = (attribute(running.base, unit)?, attribute(context, unit)?);
    (was.value != is.value).then_some((unit, was, is))
}

/// The attribute that an SDK hashes for a unit, as it is written.
fn attribute<'a>(context: &'a Context<'_>, unit: &str) -> Option<&'a At<String>> {
    let (_, root) = context.catalogue.root.as_ref()?;
    let (_, unit) = root.units.as_ref()?.get(unit)?;
    unit.attribute.as_ref()
}

/// Another attribute is hashed for a unit, and with it all that runs on every surface that has it.
fn hashed_by_another(context: &Context<'_>, under: &[&Running<'_>]) -> Option<Diagnostic> {
    let (unit, was, is) = attributes(context, under.first()?)?;
    let moves = all_move(context, under);
    let (before, after) = (&was.value, &is.value);
    let message = format!("the attribute of `{unit}` changed from `{before}` to `{after}` under {}: {moves}", named(under));
    let help = "undo it until nothing runs on the unit, or begin a new phase of each with the next `phase` and a `start` ahead";
    Some(Diagnostic::new(RULE.name, is.span, message).help(help).related(was.span, "what units were assigned by"))
}

/// The first day of a live experiment is another.
fn rescheduled(context: &Context<'_>, running: &Running<'_>) -> Option<Diagnostic> {
    let (old, new) = (running.old, running.new);
    if new.window?.start == old.window?.start {
        return None;
    }
    let (was, is) = (old.window?.start, new.window?.start);
    let moves = match running.moves(context) {
        moves if moves.is_empty() && is > was => format!("what its units did before {is} would count no more"),
        moves if moves.is_empty() => format!("days before {was} would count, on which nobody was in it"),
        moves => would_move(running.surface(), &moves),
    };
    let message =
        format!("`{}` {} and its first day moved from {was} to {is}: {moves}", new.id, running.standing.word());
    let help = format!("{}; `days` moves its end, and nobody with it", new_phase(old, context.today));
    let was = (old.start_span(), "the day on which it began");
    Some(Diagnostic::new(RULE.name, new.start_span(), message).help(help).related(was.0, was.1))
}

/// The lock of a live experiment is not what the one before grew into.
fn redrawn(context: &Context<'_>, running: &Running<'_>) -> Option<Diagnostic> {
    let (old, new) = (running.old, running.new);
    let held = context.locks.of(new.file).filter(|held| !grown(running.lock, &held.lock))?;
    let moves = would_move(running.surface(), &running.moves(context));
    let message = format!("the lock of `{}`, which {}, was drawn again: {moves}", new.id, running.standing.word());
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
        && old.steps.iter().map(|step| old.start.plus(step.after)).all(|day| {
            // Whoever was in it stays in it, unless its share of the day shrinks: that has a rule of its own.
            let (before, after) = (old.owned(day), new.owned(day));
            before.len() > after.len() || kept(&before, &after)
        })
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
