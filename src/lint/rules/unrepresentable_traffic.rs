//! `unrepresentable-traffic`: a share that is no whole number of buckets.

use crate::decl::{At, Share};
use crate::diag::Diagnostic;
use crate::lint::words::counted;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Surface, Written};

pub static RULE: Rule = Rule {
    name: "unrepresentable-traffic",
    group: Group::Coordination,
    level: None,
    serving: false,
    summary: "a share is no whole number of the surface's buckets",
    page: include_str!("unrepresentable_traffic.md"),
    check: Check::Catalogue(check),
};

/// The whole, in the millionths of [`Share`].
const WHOLE: u64 = 1_000_000;

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings = Vec::new();
    for surface in catalogue.surfaces.values() {
        findings.extend(surface.written.holdout.as_ref().and_then(|holdout| finding(surface, holdout)));
    }
    for claim in catalogue.claims.values().filter(|claim| !context.is_over(claim)) {
        let Some(surface) = claim.surface.map(|ix| catalogue.surfaces.at(ix)) else { continue };
        findings.extend(shares(claim).into_iter().filter_map(|share| finding(surface, share)));
    }
    findings
}

/// Every share of the surface that a claim names.
fn shares(claim: &Claim) -> Vec<&At<Share>> {
    match &claim.written {
        Written::Experiment(written) => {
            let ramp = written.ramp.iter().flat_map(|ramp| &ramp.value);
            ramp.filter_map(|step| step.traffic.as_ref()).chain(&written.traffic).collect()
        }
        Written::Rollout(written) => {
            let steps = written.steps.iter().flat_map(|steps| &steps.value);
            steps.filter_map(|step| step.traffic.as_ref()).collect()
        }
    }
}

fn finding(surface: &Surface, share: &At<Share>) -> Option<Diagnostic> {
    let buckets = u64::from(surface.buckets);
    // A number of buckets that makes no grid, and a share above the whole, are mended first.
    if surface.count(share.value).is_some() || !WHOLE.is_multiple_of(buckets) || share.value > Share::WHOLE {
        return None;
    }
    let parts = u64::from(share.value.0) * buckets;
    let fraction = format!("{}.{:06}", parts / WHOLE, parts % WHOLE);
    let message = format!(
        "{} of {} is {}, and a bucket is never split",
        share.value,
        counted(surface.buckets, "bucket"),
        fraction.trim_end_matches('0')
    );
    let near = |count: u64| Share::of(u32::try_from(count).unwrap_or(u32::MAX), surface.buckets);
    let (below, above) = (near(parts / WHOLE), near(parts / WHOLE + 1));
    let help = if below == Share::NONE {
        format!("the smallest share of `{}` is \"{above}\"", surface.id)
    } else {
        format!("write \"{below}\" or \"{above}\", the nearest shares that `{}` has", surface.id)
    };
    Some(Diagnostic::new(RULE.name, share.span, message).help(help))
}
