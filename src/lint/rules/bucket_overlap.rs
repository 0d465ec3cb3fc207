//! `bucket-overlap`: two claims that exclude each other, or a claim and the holdout, hold the same buckets.

use std::collections::BTreeMap;

use crate::bucket::BucketSet;
use crate::diag::Diagnostic;
use crate::lint::words::counted;
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{Held, Lock};
use crate::model::{Ix, Surface};

pub static RULE: Rule = Rule {
    name: "bucket-overlap",
    group: Group::Coordination,
    level: None,
    serving: true,
    summary: "two experiments that exclude each other, or one and the holdout, hold the same buckets",
    page: include_str!("bucket_overlap.md"),
    check: Check::Catalogue(check),
};

/// Locks are swept by their first day, component by component: only those that share a day are compared. Days that are over
/// are left out: what happened in them is for the analysis to say.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut grounds: BTreeMap<(Ix<Surface>, &str), Vec<&Held>> = BTreeMap::new();
    let mut findings = Vec::new();
    for claim in context.catalogue.claims.values() {
        let (Some(held), Some(surface)) = (context.locks.of(claim.file), claim.surface) else { continue };
        let over = held.lock.window().end.is_some_and(|end| end <= context.today);
        if over || held.lock.surface != context.catalogue.surfaces.at(surface).id {
            continue;
        }
        let declared = &context.catalogue.surfaces.at(surface).components;
        for component in declared.iter().filter(|component| held.lock.claims(component)) {
            grounds.entry((surface, component)).or_default().push(held);
        }
        if !context.is_over(claim) {
            findings.extend(holdout(context, surface, held));
        }
    }
    for ((_, component), mut locks) in grounds {
        locks.sort_by_key(|held| (held.lock.start, held.file));
        findings.extend(sweep(context, component, &locks));
    }
    // A pair that shares several components is one finding.
    findings.sort_by(Diagnostic::order);
    findings.dedup_by(|a, b| a.span == b.span && a.related == b.related);
    findings
}

/// The overlaps among the locks of one component, which are sorted by their first day.
fn sweep(context: &Context<'_>, component: &str, locks: &[&Held]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut open: Vec<(&Held, BucketSet)> = Vec::new();
    // All that is held by those that are open: only who meets it is compared with each of them.
    let mut taken = BucketSet::with_size(locks.iter().map(|held| held.lock.buckets).max().unwrap_or(0));
    for held in locks {
        let before = open.len();
        open.retain(|(other, _)| other.lock.window().end.is_none_or(|end| end > held.lock.start));
        if open.len() < before {
            taken = BucketSet::with_size(taken.size());
            open.iter().for_each(|(_, set)| taken.union_with(set));
        }
        let set = held.lock.held();
        if !set.is_disjoint(&taken) {
            findings.extend(open.iter().filter_map(|(other, theirs)| overlap(context, component, (other, theirs), (held, &set))));
        }
        taken.union_with(&set);
        open.push((held, set));
    }
    findings
}

fn overlap(context: &Context<'_>, component: &str, earlier: (&Held, &BucketSet), later: (&Held, &BucketSet)) -> Option<Diagnostic> {
    let ((earlier, ours), (later, theirs)) = (earlier, later);
    let (a, b) = (&earlier.lock, &later.lock);
    if !a.window().overlaps(b.window()) || a.buckets != b.buckets {
        return None;
    }
    let buckets = shown(&ours.intersection(theirs), &format!(" on `{component}`"))?;
    let message = format!("`{}` and `{}` both hold {buckets}", b.id, a.id);
    Some(
        Diagnostic::new(RULE.name, later.steps_span, message)
            .help(format!("units in them would be in both; {}", redraw(context, later)))
            .related(earlier.steps_span, format!("`{}` holds them from {}", a.id, a.start)),
    )
}

fn holdout(context: &Context<'_>, surface: Ix<Surface>, held: &Held) -> Option<Diagnostic> {
    let surface = context.catalogue.surfaces.at(surface);
    let ledger = context.locks.ledger(surface.file)?;
    let reserve = &ledger.ledger.holdout;
    let buckets = (reserve.size() == held.lock.buckets).then(|| shown(&held.lock.held().intersection(reserve), ""))??;
    let message = format!("`{}` and the holdout of `{}` both hold {buckets}", held.lock.id, surface.id);
    Some(
        Diagnostic::new(RULE.name, held.steps_span, message)
            .help(format!("no experiment reaches the holdout; {}", redraw(context, held)))
            .related(ledger.places.get("").copied().unwrap_or(crate::source::Span::top(ledger.file)), "the ledger"),
    )
}

/// How many buckets, where, and one of them.
fn shown(shared: &BucketSet, place: &str) -> Option<String> {
    let first = shared.iter().next()?;
    Some(if shared.len() == 1 {
        format!("bucket {first}{place}")
    } else {
        format!("{}{place}, such as {first}", counted(shared.len(), "bucket"))
    })
}

/// How a lock is drawn again: one that has begun has units in it, and needs a new phase.
fn redraw(context: &Context<'_>, held: &Held) -> String {
    let Lock { id, start, phase, .. } = &held.lock;
    if *start > context.today {
        format!("`{id}` has not begun: delete `{}` and run `allot allocate`", context.sources.path(held.file))
    } else {
        format!("write `phase = {}` in `{id}`, and run `allot allocate`", phase.saturating_add(1))
    }
}
