//! `stale-allocation`: a lock that is no longer what its declaration asks for.

use std::collections::HashSet;

use crate::diag::Diagnostic;
use crate::lint::against::keys_of_new_phase;
use crate::lint::words::{counted, grouped, listed};
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{Held, LedgerVerdict, Lock, Pin, Refusal, Verdict};
use crate::model::{Claim, Ix, Phase, Surface, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "stale-allocation",
    group: Group::Coordination,
    level: None,
    serving: true,
    summary: "a lock is not what its declaration asks for",
    page: include_str!("stale_allocation.md"),
    check: Check::Catalogue(check),
};

const HELP: &str = "run `allot allocate` and commit what it writes";

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings = Vec::new();
    for (ix, verdict) in &context.plan.claims {
        let claim = catalogue.claims.at(*ix);
        // A lock whose days are over holds nobody back, whatever has become of its declaration.
        let live = |held: &&Held| !context.is_over(claim) || held.lock.window().phase(context.today) != Phase::Over;
        let Some(held) = context.locks.of(claim.file).filter(live) else { continue };
        let finding = match verdict {
            Verdict::Changed(lock) => {
                let (span, message) = changed(claim, &held.lock, lock);
                let finding = Diagnostic::new(RULE.name, span, message).help(HELP);
                // What an analysis promised is pinned in the lock, and yet no part of what is served.
                let mut served = Lock::clone(lock);
                served.plan.clone_from(&held.lock.plan);
                Some(if served == held.lock { finding.planning() } else { finding })
            }
            Verdict::Refused(refusal) => refused(context, claim, &held.lock, refusal),
            Verdict::Kept | Verdict::New(_) => None,
        };
        findings.extend(finding.map(|finding| finding.related(Span::top(held.file), "its lock")));
    }
    // Where locks are to be written or drawn again, the ledger follows them; one that is wrong by itself is worth a word.
    let written = context.plan.claims.iter().filter(|(ix, verdict)| match verdict {
        Verdict::New(_) | Verdict::Changed(_) => true,
        Verdict::Refused(Refusal::Pinned(_)) => !context.is_over(catalogue.claims.at(*ix)),
        Verdict::Refused(_) | Verdict::Kept => false,
    });
    let following: HashSet<Ix<Surface>> = written.filter_map(|(ix, _)| catalogue.claims.at(*ix).surface).collect();
    findings.extend(context.plan.ledgers.iter().filter(|(ix, _)| !following.contains(ix)).filter_map(|(ix, verdict)| {
        let LedgerVerdict::Changed(ledger) = verdict else { return None };
        let surface = catalogue.surfaces.at(*ix);
        let held = context.locks.ledger(surface.file)?;
        let differs = |component: &str, digest: &str| held.ledger.components.get(component).is_none_or(|was| was != digest);
        let component = ledger.components.iter().find(|(component, digest)| differs(component, digest));
        let known = component.and_then(|(component, _)| Some((component, held.places.get(component.as_str())?)));
        let (what, place) = match known {
            Some((component, place)) => (format!("component `{component}`"), Some(place)),
            None => ("the surface".to_owned(), held.places.get("")),
        };
        let message = format!("the ledger of `{}` is not up to date with {what}", surface.id);
        let finding = Diagnostic::new(RULE.name, place.copied().unwrap_or(Span::top(held.file)), message).help(HELP);
        // Digests are there for merges: whatever they are over that could harm what is served has findings of its own. A pause
        // in a hurry, whose ledger was not written, must not be held back. The salt and the holdout are served.
        let served = held.ledger.salt == ledger.salt && held.ledger.holdout == ledger.holdout;
        Some(if served { finding.planning() } else { finding })
    }));
    findings.extend(context.locks.strays.iter().map(|stray| {
        let message = format!("this lock stands beside no declaration: `{}` is not there", stray.declaration());
        Diagnostic::new(RULE.name, Span::top(stray.file), message)
            .help("restore the declaration: once allotted, it stays as the record, in stage `tweak`")
    }));
    findings
}

/// The first thing that a lock says otherwise than it should, and where the declaration says it.
fn changed(claim: &Claim, old: &Lock, new: &Lock) -> (Span, String) {
    let id = &claim.id;
    let day = |lock: &Lock| lock.window().end.map_or("a decision".to_owned(), |end| end.to_string());
    let end = || claim.decision().and_then(|decision| decision.on.as_ref()).map(|on| on.span).or(key(claim, Key::Days));
    let (span, message) = if old.phase != new.phase {
        let message = format!("phase {} of `{id}` has no buckets yet: its lock is of phase {}", new.phase, old.phase);
        (key(claim, Key::Phase), message)
    } else if old.size() != new.size() {
        let asked = counted(new.size(), "bucket");
        (Some(claim.traffic_span()), format!("`{id}` asks for {asked}, and its lock holds {}", grouped(old.size())))
    } else if old.start != new.start {
        (Some(claim.start_span()), format!("`{id}` starts on {}, and its lock on {}", new.start, old.start))
    } else if old.days != new.days {
        (end(), format!("`{id}` runs until {}, and its lock until {}", day(new), day(old)))
    } else if old.components != new.components {
        let parts = |lock: &Lock| listed(lock.components.iter().map(String::as_str));
        (key(claim, Key::Components), format!("`{id}` claims {}, and its lock {}", parts(new), parts(old)))
    } else if old.steps != new.steps {
        (key(claim, Key::Ramp), format!("`{id}` grows in other steps than its lock"))
    } else {
        (key(claim, Key::Plan), format!("how `{id}` is analysed changed after its lock was written"))
    };
    (span.unwrap_or_else(|| claim.top()), message)
}

/// What cannot be allotted as declared; a lack of room, a share between buckets and a broken lock have rules of their own.
fn refused(context: &Context<'_>, claim: &Claim, lock: &Lock, refusal: &Refusal) -> Option<Diagnostic> {
    let id = &claim.id;
    let next = format!("`phase = {}`", lock.phase.saturating_add(1));
    // Before its first day nobody is in it.
    let again = match lock.start > context.today && claim.window.is_some_and(|window| window.start > context.today) {
        true => format!("undo it, or run `allot allocate --redraw {id}`: nobody is in it yet"),
        false => {
            // A start that is ahead is one for the new phase.
            let ahead = claim.window.is_some_and(|window| window.start > context.today);
            let keys = if ahead { next.clone() } else { keys_of_new_phase(lock.phase, context.today) };
            format!("undo it, or begin a new phase with {keys}: every unit is then assigned anew")
        }
    };
    Some(match refusal {
        Refusal::Pinned(pins) => {
            let what: Vec<String> = pins.iter().map(|pin| pinned(claim, lock, *pin)).collect();
            let whose = match pins.as_slice() {
                [Pin::Unit | Pin::Scheme | Pin::Buckets] => format!("the buckets of `{id}`"),
                _ => "its buckets".to_owned(),
            };
            let message = format!("{} changed after {whose} were drawn", what.join(" and "));
            let first = pins.first().copied();
            let finding = Diagnostic::new(RULE.name, first.map_or(claim.top(), |pin| place(claim, pin)), message);
            let beyond = first.and_then(|pin| origin(context, claim, pin));
            match beyond {
                Some((span, label)) => finding.related(span, label).help(again),
                None => finding.help(again),
            }
        }
        Refusal::Shrinks { to, from } => {
            let message = format!(
                "`{id}` asks for {} and holds {}: a share never shrinks within a phase",
                counted(*to, "bucket"),
                grouped(*from)
            );
            let pause = match &claim.written {
                Written::Experiment(_) => "; `traffic = \"0%\"` pauses it and keeps its buckets",
                Written::Rollout(_) => "",
            };
            Diagnostic::new(RULE.name, claim.traffic_span(), message).help(format!("{again}{pause}"))
        }
        Refusal::PhaseSkips { to, from } => {
            let message = format!("this is phase {to} of `{id}`, and its lock is of phase {from}");
            let help = format!("phases are counted: write `phase = {from}` or {next}");
            Diagnostic::new(RULE.name, key(claim, Key::Phase).unwrap_or_else(|| claim.top()), message).help(help)
        }
        Refusal::NoRoom(_) | Refusal::Unrepresentable | Refusal::Tampered | Refusal::Started => return None,
    })
}

/// A part of a declaration.
#[derive(Clone, Copy)]
enum Key {
    Phase,
    Days,
    Components,
    Ramp,
    Plan,
}

/// Where a part of a claim is written; the nearest thing to it where it is not.
fn key(claim: &Claim, key: Key) -> Option<Span> {
    match &claim.written {
        Written::Experiment(written) => {
            let flag = || written.flag.as_ref().map(|flag| flag.span);
            match key {
                Key::Phase => written.phase.as_ref().map(|phase| phase.span),
                Key::Days => written.days.as_ref().map(|days| days.span),
                Key::Components => written.also_touches.as_ref().map(|touches| touches.span).or_else(flag),
                Key::Ramp => written.ramp.as_ref().map(|ramp| ramp.span).or(Some(claim.traffic_span())),
                Key::Plan => {
                    let success = written.success.as_ref().map(|success| success.span);
                    success.or(written.guardrails.as_ref().map(|guardrails| guardrails.span))
                }
            }
        }
        Written::Rollout(written) => {
            let flag = || written.flag.as_ref().map(|flag| flag.span);
            match key {
                Key::Phase => written.phase.as_ref().map(|phase| phase.span),
                Key::Days | Key::Ramp => written.steps.as_ref().map(|steps| steps.span),
                Key::Components => written.also_touches.as_ref().map(|touches| touches.span).or_else(flag),
                Key::Plan => written.guardrails.as_ref().map(|guardrails| guardrails.span),
            }
        }
    }
}

/// What is pinned, in words.
fn pinned(claim: &Claim, lock: &Lock, pin: Pin) -> String {
    let (id, surface) = (&claim.id, &lock.surface);
    match pin {
        Pin::Surface => format!("the surface of `{id}`"),
        Pin::Flag => format!("the flag of `{id}`"),
        Pin::Variants => format!("the variants of `{id}` or their weights"),
        Pin::Segment => format!("the segment of `{id}`, or what it tests,"),
        Pin::Unit => format!("the unit of `{surface}`"),
        Pin::Scheme => format!("the `sdk` of `{surface}`"),
        Pin::Buckets => format!("the number of buckets of `{surface}`"),
        Pin::Salt => format!("the salt of `{surface}`, or the id of `{id}`,"),
    }
}

/// Where something that is pinned is written outside the declaration.
fn origin(context: &Context<'_>, claim: &Claim, pin: Pin) -> Option<(Span, &'static str)> {
    let catalogue = &context.catalogue;
    let surface = claim.surface.map(|ix| &catalogue.surfaces.at(ix).written);
    let span = match pin {
        Pin::Segment => return Some((Span::top(catalogue.segments.at(claim.segment?).file), "the segment")),
        Pin::Unit => surface?.unit.as_ref()?.span,
        Pin::Scheme => surface?.sdk.as_ref()?.span,
        Pin::Buckets => surface?.buckets.as_ref()?.span,
        Pin::Salt => match &surface?.salt {
            Some(salt) => salt.span,
            None => {
                let ledger = context.locks.ledger(catalogue.surfaces.at(claim.surface?).file)?;
                return Some((Span::top(ledger.file), "the ledger holds the salt"));
            }
        },
        Pin::Surface | Pin::Flag | Pin::Variants => return None,
    };
    Some((span, "it is written here"))
}

/// The place of what is pinned, in the declaration.
fn place(claim: &Claim, pin: Pin) -> Span {
    let span = match &claim.written {
        Written::Experiment(e) => match pin {
            Pin::Variants => e.weights.as_ref().map(|weights| weights.span).or(e.variants.as_ref().map(|v| v.span)),
            Pin::Segment => e.segment.as_ref().map(|segment| segment.span),
            Pin::Flag => e.flag.as_ref().map(|flag| flag.span),
            _ => e.surface.as_ref().map(|surface| surface.span),
        },
        Written::Rollout(r) => match pin {
            Pin::Variants => r.holdback.as_ref().map(|holdback| holdback.span),
            Pin::Segment => r.segment.as_ref().map(|segment| segment.span),
            Pin::Flag => r.flag.as_ref().map(|flag| flag.span),
            _ => r.surface.as_ref().map(|surface| surface.span),
        },
    };
    span.unwrap_or_else(|| claim.top())
}
