//! `exposure-limit`: more than a surface lets a single experiment take.

use crate::decl::{At, Limits, Must, Share, Stage};
use crate::diag::Diagnostic;
use crate::lint::words::counted;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, ClaimKind, Surface, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "exposure-limit",
    group: Group::Coordination,
    level: None,
    serving: false,
    summary: "an experiment takes more than its surface lets a single one take",
    page: include_str!("exposure_limit.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    // One that ships and is not sound has findings of its own, and what is left of it says little.
    let sound = |claim: &&Claim| claim.stage != Some(Stage::Ship) || claim.intent.is_some();
    for claim in context.catalogue.claims.values().filter(|claim| !context.is_over(claim)).filter(sound) {
        if context.broken(claim.file) {
            continue;
        }
        let Some(surface) = claim.surface.map(|ix| context.catalogue.surfaces.at(ix)) else { continue };
        let Some(limits) = &surface.written.limits else { continue };
        findings.extend(first_day(context, claim, surface, limits));
        if let Written::Experiment(written) = &claim.written {
            let traffic = written.traffic.as_ref().zip(limits.traffic.as_ref());
            findings.extend(traffic.filter(|(share, limit)| share.value > limit.value).map(|(share, limit)| {
                let id = &surface.id;
                let message = format!("{} is more than `{id}` gives a single experiment", share.value);
                let help = format!("write at most \"{}\", or ask the owners of `{id}` for more", limit.value);
                Diagnostic::new(RULE.name, share.span, message).help(help).related(limit.span, "the limit")
            }));
            let days = written.days.as_ref().zip(limits.days.as_ref());
            findings.extend(days.filter(|(days, limit)| days.value > limit.value).map(|(days, limit)| {
                let id = &surface.id;
                let message = format!("{} are more than an experiment may run on `{id}`", counted(days.value, "day"));
                let help = format!("write at most {}, or ask the owners of `{id}` for more", limit.value);
                Diagnostic::new(RULE.name, days.span, message).help(help).related(limit.span, "the limit")
            }));
        }
    }
    findings
}

/// A first day that is still ahead, or not yet allotted: one that is over cannot be made smaller.
fn first_day(context: &Context<'_>, claim: &Claim, surface: &Surface, limits: &Limits) -> Option<Diagnostic> {
    let limit = limits.first_day.as_ref()?;
    let begun = claim.window.is_some_and(|window| window.start < context.today);
    if begun && context.locks.of(claim.file).is_some() {
        return None;
    }
    let (share, span) = opening(claim)?;
    if share <= limit.value {
        return None;
    }
    let message = format!(
        "{share} on the first day is more than the {} with which {} on `{}` may begin",
        limit.value,
        match claim.kind {
            ClaimKind::Experiment => "an experiment",
            ClaimKind::Rollout => "a rollout",
        },
        surface.id
    );
    let step = format!("{{ days = 1, traffic = \"{}\" }}", limit.value);
    let help = match &claim.written {
        Written::Experiment(written) if written.ramp.is_none() => format!("add `ramp = [{step}]`; the full {share} follows"),
        Written::Experiment(_) => format!("begin the ramp with `{step}`"),
        Written::Rollout(_) => format!("begin the steps with `{step}`"),
    };
    Some(Diagnostic::new(RULE.name, span, message).help(help).related(limit.span, "the limit"))
}

/// The largest share on the first day, and where it is written. A step without a day does not put off the next one.
fn opening(claim: &Claim) -> Option<(Share, Span)> {
    let days = |days: &Must<u32>| days.as_ref().map(|days| days.value);
    let mut steps: Vec<(Option<u32>, Option<&At<Share>>)> = match &claim.written {
        Written::Experiment(written) => {
            let ramp = written.ramp.iter().flat_map(|ramp| &ramp.value);
            let ramp = ramp.map(|step| (days(&step.days), step.traffic.as_ref()));
            ramp.chain([(None, written.traffic.as_ref())]).collect()
        }
        Written::Rollout(written) => {
            let steps = written.steps.iter().flat_map(|steps| &steps.value);
            steps.map(|step| (step.days.as_ref().map(|days| days.value), step.traffic.as_ref())).collect()
        }
    };
    let first = steps.iter().position(|&(days, _)| days != Some(0)).map_or(steps.len(), |at| at + 1);
    steps.truncate(first);
    let shares = steps.into_iter().filter_map(|(_, share)| share);
    shares.max_by_key(|share| share.value).map(|share| (share.value, share.span))
}
