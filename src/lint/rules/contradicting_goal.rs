//! `contradicting-goal`: what is asked of a metric cannot be told, is asked twice, or is less than the surface asks.

use std::collections::BTreeMap;

use crate::decl::{At, Guardrail, Share};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Ix, Metric, Role, Surface, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "contradicting-goal",
    group: Group::Conformance,
    level: None,
    serving: false,
    summary: "what is asked of a metric contradicts its goal, its other role, or its surface",
    page: include_str!("contradicting_goal.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings = Vec::new();
    let mut uses: Vec<(&str, Span)> = Vec::new();
    for surface in catalogue.surfaces.values() {
        let required = surface.written.required.iter().flat_map(|required| required.iter());
        uses.extend(required.map(|(id, _)| (id.value.as_str(), id.span)));
    }
    for claim in catalogue.claims.values().filter(|claim| !context.is_over(claim)) {
        let named = claim.tracked.iter().filter(|tracked| tracked.role != Role::Required);
        uses.extend(named.map(|tracked| (tracked.id.as_str(), tracked.span)));
        let surface = claim.surface.map(|ix| catalogue.surfaces.at(ix));
        for (id, guardrail) in guardrails(claim) {
            let twice = success(claim, id).map(|span| both(id, span));
            findings.extend(twice.or_else(|| looser(context, claim, surface?, id, guardrail)));
        }
    }
    findings.extend(aimless(context, &uses));
    findings
}

fn guardrails(claim: &Claim) -> impl Iterator<Item = &(At<String>, At<Guardrail>)> {
    let guardrails = match &claim.written {
        Written::Experiment(written) => &written.guardrails,
        Written::Rollout(written) => &written.guardrails,
    };
    guardrails.iter().flat_map(|guardrails| guardrails.iter())
}

/// Where a claim names a metric as one that should get better.
fn success(claim: &Claim, id: &str) -> Option<Span> {
    let (key, _) = claim.experiment()?.success.as_ref()?.get(id)?;
    Some(key.span)
}

fn both(id: &At<String>, success: Span) -> Diagnostic {
    let message = format!("`{}` cannot be both a success metric and a guardrail", id.value);
    Diagnostic::new(RULE.name, id.span, message)
        .help("remove it here: a success metric that gets worse stops the experiment already")
        .related(success, "it should get better")
}

/// A guardrail on a metric that the surface requires may only tighten what the surface asks.
fn looser(context: &Context<'_>, claim: &Claim, surface: &Surface, id: &At<String>, guardrail: &At<Guardrail>) -> Option<Diagnostic> {
    let (key, required) = surface.written.required.as_ref()?.get(id)?;
    let from = required.from.as_ref().map(|from| from.value);
    let margin = guardrail.margin.as_ref()?;
    let span = margin.span;
    let allowed = required.margin.as_ref().map_or(Share::NONE, |margin| margin.value);
    // A margin that could not be read is not the strictest one.
    let applies = (required.margin.is_some() || !context.misread(surface.file)) && from.is_none_or(|from| claim.window.is_none_or(|window| window.start >= from));
    if !applies || margin.value <= allowed {
        return None;
    }
    let (name, id, margin) = (&surface.id, &id.value, margin.value);
    let (allows, help) = if allowed == Share::NONE {
        let help = format!("remove it here: an experiment may only ask for more than `{name}` does");
        (format!("on `{name}` it must not get worse"), help)
    } else {
        let help = format!("write at most \"{allowed}\", or remove it here: an experiment may only ask for more than `{name}` does");
        (format!("`{name}` allows {allowed}"), help)
    };
    let message = format!("this lets `{id}` get {margin} worse, and {allows}");
    let place = required.margin.as_ref().map_or(key.span, |margin| margin.span);
    Some(Diagnostic::new(RULE.name, span, message).help(help).related(place, "required here"))
}

/// Metrics in use of which nobody knows which way is better: one finding a metric, however often it is used.
fn aimless(context: &Context<'_>, uses: &[(&str, Span)]) -> Vec<Diagnostic> {
    let metrics = &context.catalogue.metrics;
    let mut first: BTreeMap<Ix<Metric>, Span> = BTreeMap::new();
    for (id, span) in uses {
        let Some(ix) = metrics.find(id).filter(|&ix| metrics.at(ix).written.goal.is_none()) else { continue };
        let place = first.entry(ix).or_insert(*span);
        *place = (*place).min(*span);
    }
    let lacking = first.into_iter().map(|(ix, span)| (metrics.at(ix), span));
    lacking
        .filter(|(metric, _)| !context.misread(metric.file))
        .map(|(metric, used)| {
            let message = format!("`{}` has no `goal`: is more of it better, or less?", metric.id);
            Diagnostic::new(RULE.name, metric.span, message)
                .help("add `goal = \"increase\"` or `goal = \"decrease\"`")
                .related(used, "decisions are read off it here")
        })
        .collect()
}
