//! `bucket-overlap`: two claims that exclude each other hold the same buckets.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::Held;
use crate::model::{Ix, Surface};

pub static RULE: Rule = Rule {
    name: "bucket-overlap",
    group: Group::Coordination,
    level: None,
    serving: true,
    summary: "two experiments that exclude each other hold the same buckets",
    page: include_str!("bucket_overlap.md"),
    check: Check::Catalogue(check),
};

/// Locks are swept by their first day, component by component: only those that share a day are compared.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut grounds: BTreeMap<(Ix<Surface>, &str), Vec<&Held>> = BTreeMap::new();
    for claim in context.catalogue.claims.values() {
        let (Some(held), Some(surface)) = (context.locks.of(claim.file), claim.surface) else { continue };
        let declared = &context.catalogue.surfaces[surface].components;
        for component in declared.iter().filter(|component| held.lock.claims(component)) {
            grounds.entry((surface, component)).or_default().push(held);
        }
    }
    let mut findings = Vec::new();
    for ((_, component), mut locks) in grounds {
        locks.sort_by_key(|held| (held.lock.start, held.file));
        let mut open: Vec<&Held> = Vec::new();
        for held in locks {
            open.retain(|other| other.lock.window().end.is_none_or(|end| end > held.lock.start));
            findings.extend(open.iter().filter_map(|other| overlap(context, component, other, held)));
            open.push(held);
        }
    }
    // A pair that shares several components is one finding.
    findings.sort_by(Diagnostic::order);
    findings.dedup_by(|a, b| a.span == b.span && a.related == b.related);
    findings
}

fn overlap(context: &Context<'_>, component: &str, earlier: &Held, later: &Held) -> Option<Diagnostic> {
    if !earlier.lock.window().overlaps(later.lock.window()) {
        return None;
    }
    let shared = earlier.lock.held().intersection(&later.lock.held());
    let first = shared.iter().next()?;
    let (a, b) = (&earlier.lock, &later.lock);
    let count = shared.len();
    let buckets = if count == 1 { format!("bucket {first}") } else { format!("{count} buckets, such as {first}") };
    let message = format!("`{}` and `{}` both hold {buckets} on component `{component}`", b.id, a.id);
    let path = context.sources.path(later.file);
    Some(
        Diagnostic::new(RULE.name, later.steps_span, message)
            .help(format!(
                "units in them would be in both: keep the one that is live, delete `{path}`, and run `allot allocate`"
            ))
            .related(earlier.steps_span, format!("`{}` holds them from {}", a.id, a.start)),
    )
}
