//! `stale-allocation`: a lock that is no longer what its declaration asks for.

use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{LedgerVerdict, Pin, Refusal, Verdict};
use crate::model::{Claim, Written};
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
        let claim = &catalogue.claims[*ix];
        let lock = context.locks.of(claim.file).map(|held| Span::top(held.file));
        let finding = match verdict {
            Verdict::Changed(_) => {
                let message = format!("the lock of `{}` is not what this file asks for any more", claim.id);
                Diagnostic::new(RULE.name, claim.traffic_span(), message).help(HELP)
            }
            Verdict::Refused(refusal) => match refused(claim, refusal) {
                Some(finding) => finding,
                None => continue,
            },
            Verdict::Kept | Verdict::New(_) => continue,
        };
        findings.push(match lock {
            Some(lock) => finding.related(lock, "its lock"),
            None => finding,
        });
    }
    for (ix, verdict) in &context.plan.ledgers {
        let surface = &catalogue.surfaces[*ix];
        let Some(held) = context.locks.ledger(surface.file) else { continue };
        let LedgerVerdict::Changed(ledger) = verdict else { continue };
        let differs = |component: &str, digest: &str| held.ledger.components.get(component).is_none_or(|was| was != digest);
        let component = ledger.components.iter().find(|(component, digest)| differs(component, digest));
        let place = component.and_then(|(component, _)| held.places.get(component.as_str())).or(held.places.get(""));
        let what = match component {
            Some((component, _)) if held.places.contains_key(component.as_str()) => format!("component `{component}`"),
            _ => "the surface".to_owned(),
        };
        let message = format!("the ledger of `{}` does not say what {what} holds now", surface.id);
        findings.push(Diagnostic::new(RULE.name, place.copied().unwrap_or(Span::top(held.file)), message).help(HELP));
    }
    for stray in &context.locks.strays {
        let message = format!("this lock stands beside no declaration: `{}` is not there", stray.declaration());
        findings.push(
            Diagnostic::new(RULE.name, Span::top(stray.file), message)
                .help("restore the declaration: once allotted, it stays as the record, in stage `tweak`"),
        );
    }
    findings
}

/// What cannot be allotted as declared; a lack of room and a broken lock have rules of their own.
fn refused(claim: &Claim, refusal: &Refusal) -> Option<Diagnostic> {
    let id = &claim.id;
    let phase = claim.phase;
    let again = format!(
        "units already assigned would move: undo it, or begin a new phase with `phase = {}` (before its start, \
         `allot allocate --redraw {id}` draws it again)",
        phase.saturating_add(1)
    );
    Some(match refusal {
        Refusal::Pinned(pins) => {
            let what: Vec<&str> = pins.iter().map(|pin| pin.word()).collect();
            let message = format!("{} of `{id}` changed after its buckets were drawn", what.join(" and "));
            Diagnostic::new(RULE.name, pins.first().map_or(claim.top(), |pin| place(claim, *pin)), message).help(again)
        }
        Refusal::Shrinks { to, from } => {
            let message = format!("`{id}` asks for {to} buckets and holds {from}: a share never shrinks within a phase");
            Diagnostic::new(RULE.name, claim.traffic_span(), message)
                .help(format!("{again}; `traffic = \"0%\"` pauses it without moving anyone"))
        }
        Refusal::PhaseSkips { to, from } => {
            let message = format!("`phase` is {to}, and the lock is of phase {from}");
            let span = phase_span(claim).unwrap_or_else(|| claim.top());
            Diagnostic::new(RULE.name, span, message).help(format!("phases are counted: write `phase = {from}` or `phase = {}`", from.saturating_add(1)))
        }
        Refusal::NoRoom(_)
        | Refusal::Unrepresentable
        | Refusal::Tampered
        | Refusal::Started
        | Refusal::UnknownScheme => return None,
    })
}

fn phase_span(claim: &Claim) -> Option<Span> {
    match &claim.written {
        Written::Experiment(written) => written.phase.as_ref().map(|phase| phase.span),
        Written::Rollout(written) => written.phase.as_ref().map(|phase| phase.span),
    }
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
