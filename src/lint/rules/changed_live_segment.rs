//! `changed-live-segment`: a live experiment addresses other units than before.

use std::collections::BTreeMap;

use crate::artifact::{Condition, Predicate};
use crate::diag::Diagnostic;
use crate::lint::against::{Running, named, new_phase};
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::segment_digest;
use crate::model::{Catalogue, Ix, Segment};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "changed-live-segment",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "the segment of a live experiment is another one, or tests something else",
    page: include_str!("changed_live_segment.md"),
    check: Check::Catalogue(check),
};

/// One that runs under an edited segment, and the segment before and after.
type Edited<'a> = (&'a Running<'a>, Ix<Segment>, Ix<Segment>);

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut edited: BTreeMap<&str, Vec<Edited<'_>>> = BTreeMap::new();
    let running = context.running();
    for running in &running {
        let (old, new) = (running.old.segment, running.new.segment);
        let (before, after) = (id(&running.base.catalogue, old), id(&context.catalogue, new));
        if before != after {
            findings.push(other(context, running, before, after));
        } else if let (Some(segment), Some(old), Some(new)) = (after, old, new) {
            let (before, after) = (digest(&running.base.catalogue, old), digest(&context.catalogue, new));
            if before != after && before.is_some() && after.is_some() {
                edited.entry(segment).or_default().push((running, old, new));
            }
        }
    }
    findings.extend(edited.into_iter().filter_map(|(id, under)| {
        let &(_, old, new) = under.first()?;
        let base = &context.base.as_ref()?.context.catalogue;
        let running: Vec<&Running<'_>> = under.iter().map(|(running, ..)| *running).collect();
        let order = |catalogue: &Catalogue, ix| catalogue.segments.at(ix).predicate.as_ref().map(in_any_order);
        let (message, help) = match order(base, old) == order(&context.catalogue, new) {
            true => (
                format!("`{id}` stands in another order than before, under {}", named(&running)),
                "put it back: it addresses the same units, and their locks know it by the order that it had",
            ),
            false => (
                format!("`{id}` addresses other units than before, under {}", named(&running)),
                "undo it and add a segment under another id, or begin a new phase of each with the next `phase` and a `start` ahead",
            ),
        };
        Some(
            Diagnostic::new(RULE.name, place(&context.catalogue, new), message)
                .help(help)
                .related(place(base, old), "as they were launched"),
        )
    }));
    findings
}

/// A finding about a claim that names another segment.
fn other(context: &Context<'_>, running: &Running<'_>, before: Option<&str>, after: Option<&str>) -> Diagnostic {
    let audience = |id: Option<&str>| id.map_or("all units".to_owned(), |id| format!("`{id}`"));
    let message = format!(
        "`{}` {} and its audience changed from {} to {}: units enter and leave it in the middle of the run",
        running.new.id,
        running.standing.word(),
        audience(before),
        audience(after)
    );
    Diagnostic::new(RULE.name, running.new.segment_span(), message)
        .help(new_phase(running.old, context.today))
        .related(running.old.segment_span(), "the audience at its launch")
}

fn id(catalogue: &Catalogue, segment: Option<Ix<Segment>>) -> Option<&str> {
    segment.map(|ix| catalogue.segments.at(ix).id.as_str())
}

fn digest(catalogue: &Catalogue, segment: Ix<Segment>) -> Option<String> {
    catalogue.segments.at(segment).predicate.as_ref().map(segment_digest)
}

/// What a condition tests, whatever the order in which it is written.
fn in_any_order(condition: &Condition) -> String {
    let all = |parts: &[Condition]| {
        let mut parts: Vec<String> = parts.iter().map(in_any_order).collect();
        parts.sort();
        parts.join("\n")
    };
    match condition {
        Condition::All(parts) => format!("all\n{}\nend", all(parts)),
        Condition::Any(parts) => format!("any\n{}\nend", all(parts)),
        Condition::Not(part) => format!("not\n{}", in_any_order(part)),
        Condition::Is(test) => match &test.predicate {
            Predicate::In(operands) => {
                let mut operands: Vec<String> = operands.iter().map(|operand| format!("{operand:?}")).collect();
                operands.sort();
                format!("{} {:?} in {operands:?}", test.attribute, test.kind)
            }
            _ => format!("{test:?}"),
        },
    }
}

fn place(catalogue: &Catalogue, segment: Ix<Segment>) -> Span {
    let segment = catalogue.segments.at(segment);
    segment.written.r#where.as_ref().map_or(Span::top(segment.file), |clause| clause.span)
}
