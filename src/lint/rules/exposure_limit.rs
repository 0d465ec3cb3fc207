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

/// A first day that is still ahead, or not served yet: one that is over cannot be made smaller.
fn first_day(context: &Context<'_>, claim: &Claim, surface: &Surface, limits: &Limits) -> Option<Diagnostic> {
    let limit = limits.first_day.as_ref()?;
    if has_begun(context, claim) {
        return None;
    }
    // What begins on a day that has gone by is first seen today, with whatever its ramp has come to by then.
    let late = claim.window.map_or(0, |window| if window.start < context.today { context.today.since(window.start) } else { 0 });
    let (share, span) = share_after(claim, late).filter(|(share, _)| *share > limit.value)?;
    let day = match late {
        0 => "on the first day".to_owned(),
        _ => format!("on {}, the first day that it is served,", context.today),
    };
    let message = format!(
        "{share} {day} is more than the {} with which {} on `{}` may begin",
        limit.value,
        match claim.kind {
            ClaimKind::Experiment => "an experiment",
            ClaimKind::Rollout => "a rollout",
        },
        surface.id
    );
    let finding = Diagnostic::new(RULE.name, span, message).help(smaller(context, claim, limit.value, late));
    let finding = if late > 0 { finding.related(claim.start_span(), "the days since then have gone by") } else { finding };
    Some(finding.related(limit.span, "the limit"))
}

/// Whether units saw this phase before: at the base, where there is one, for only what is there is served.
fn has_begun(context: &Context<'_>, claim: &Claim) -> bool {
    let (context, today) = (context.base.as_ref().map_or(context, |base| base.context.as_ref()), context.today);
    let Some(file) = context.catalogue.claims.get(&claim.id).map(|claim| claim.file) else { return false };
    // What stands in a lock that cannot be read is told elsewhere.
    context.locks.of(file).map_or(context.locks.unreadable(file).is_some(), |held| {
        held.lock.phase >= claim.phase && held.lock.start < today
    })
}

/// How it may begin.
fn smaller(context: &Context<'_>, claim: &Claim, limit: Share, late: u32) -> String {
    let step = format!("{{ days = 1, traffic = \"{limit}\" }}");
    let full = claim.intent.as_ref().and_then(|intent| intent.steps.last()).map(|step| step.share);
    let follows = |share: Option<Share>| share.map_or(String::new(), |share| format!("; the full {share} follows"));
    let fits = share_after(claim, 0).is_some_and(|(share, _)| share <= limit);
    let way = match &claim.written {
        _ if fits => String::new(),
        Written::Experiment(written) if written.ramp.is_none() => {
            let own = written.traffic.as_ref().map(|traffic| traffic.value);
            format!("add `ramp = [{step}]`{}", follows(own.or(full)))
        }
        Written::Experiment(_) => format!("begin the ramp with `{step}`"),
        Written::Rollout(_) => format!("begin the steps with `{step}`"),
    };
    let start = format!("set `start = {}`", context.today.plus(1));
    match (late, fits) {
        (0, _) => way,
        (_, true) => format!("{start}, so that it begins with its first step"),
        (_, false) => format!("{start}, and {way}"),
    }
}

/// The largest share so many days after the start, and where it is written. A step without a day does not put off the next
/// one.
fn share_after(claim: &Claim, after: u32) -> Option<(Share, Span)> {
    let days = |days: &Must<u32>| days.as_ref().map(|days| days.value);
    let steps: Vec<(Option<u32>, Option<&At<Share>>)> = match &claim.written {
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
    let mut begins: u32 = 0;
    let mut largest: Option<&At<Share>> = None;
    for (days, share) in steps {
        let ends = days.map(|days| begins.saturating_add(days));
        let there = begins <= after && ends.is_none_or(|ends| ends > after || ends == begins && begins == after);
        largest = share.filter(|_| there).into_iter().chain(largest).max_by_key(|share| share.value);
        begins = ends.unwrap_or(u32::MAX);
    }
    largest.map(|share| (share.value, share.span))
}
