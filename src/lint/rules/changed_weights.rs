//! `changed-weights`: other variants, weights, or another order of them, while units are assigned.

use crate::bucket::variant_ranges;
use crate::diag::Diagnostic;
use crate::lint::against::{Running, new_phase};
use crate::lint::words::{listed, would_move};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "changed-weights",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "the variants or weights of a live experiment changed without a new phase",
    page: include_str!("changed_weights.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.running().iter().filter_map(|running| finding(context, running)).collect()
}

fn finding(context: &Context<'_>, running: &Running<'_>) -> Option<Diagnostic> {
    let (old, new) = (running.old, running.new);
    let (before, after) = (sizes(old), sizes(new));
    // Where the declaration cannot be served as it stands, that has to be mended first.
    if before == after || new.intent.is_none() {
        return None;
    }
    let sorted = |sizes: &[(String, u32)]| {
        let mut sizes = sizes.to_vec();
        sizes.sort();
        sizes
    };
    let (id, standing) = (&new.id, running.standing.word());
    let (message, help) = if sorted(&before) == sorted(&after) {
        let message = format!("`{id}` {standing} and its variants stand in another order");
        (message, "put them back: its lock keeps every unit where it is, and whoever reads the file sees other ranges".to_owned())
    } else {
        let moves = would_move(running.surface(), &running.moves(context));
        (format!("`{id}` {standing} and {}: {moves}", what(&before, &after, new)), new_phase(old, context.today))
    };
    Some(Diagnostic::new(RULE.name, place(new), message).help(help).related(place(old), "as it was launched"))
}

/// What changed, in words.
fn what(before: &[(String, u32)], after: &[(String, u32)], new: &Claim) -> String {
    let beyond = |all: &[(String, u32)], known: &[(String, u32)]| -> Vec<String> {
        let known: Vec<&String> = known.iter().map(|(id, _)| id).collect();
        all.iter().map(|(id, _)| id.clone()).filter(|id| !known.contains(&id)).collect()
    };
    let (came, went) = (beyond(after, before), beyond(before, after));
    let list = |ids: &[String]| listed(ids.iter().map(String::as_str));
    match (went.as_slice(), came.as_slice()) {
        ([], []) if matches!(new.written, Written::Rollout(_)) => "its holdback changed".to_owned(),
        ([], []) => "its weights changed".to_owned(),
        ([], came) => format!("{} was added", list(came)),
        (went, []) => format!("{} was removed", list(went)),
        (went, came) => format!("{} gave way to {}", list(went), list(came)),
    }
}

/// The ids of the variants with the lengths of their ranges, in order.
fn sizes(claim: &Claim) -> Vec<(String, u32)> {
    let weights: Vec<u64> = claim.variants.iter().map(|variant| u64::from(variant.weight)).collect();
    let ranges = variant_ranges(&weights);
    claim.variants.iter().zip(ranges).map(|(variant, range)| (variant.id.clone(), range.end - range.start)).collect()
}

fn place(claim: &Claim) -> Span {
    let span = match &claim.written {
        Written::Experiment(written) => {
            let weights = written.weights.as_ref().map(|weights| weights.span);
            weights.or(written.variants.as_ref().map(|variants| variants.span))
        }
        Written::Rollout(written) => {
            let holdback = written.holdback.as_ref().map(|holdback| holdback.span);
            holdback.or(written.steps.as_ref().map(|steps| steps.span))
        }
    };
    span.unwrap_or_else(|| claim.top())
}
