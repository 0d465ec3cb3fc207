//! `changed-analysis-plan`: what a live experiment promised to measure, and how, is no longer what it says.

use crate::diag::Diagnostic;
use crate::lint::against::{Running, new_phase};
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::analysis_digest;
use crate::model::{Catalogue, Claim, Role, Tracked, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "changed-analysis-plan",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "the metrics, margins or method of a live experiment changed after its launch",
    page: include_str!("changed_analysis_plan.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.running().iter().filter_map(|running| finding(context, running)).collect()
}

fn finding(context: &Context<'_>, running: &Running<'_>) -> Option<Diagnostic> {
    let (old, new) = (running.old, running.new);
    let digest = |catalogue: &Catalogue, claim: &Claim| {
        Some(analysis_digest(catalogue, claim, catalogue.surfaces.at(claim.surface?)))
    };
    let (before, after) = (digest(&running.base.catalogue, old)?, digest(&context.catalogue, new)?);
    let readable = context.catalogue.reads_plan(new) && running.base.catalogue.reads_plan(old);
    if before == after || !readable {
        return None;
    }
    let id = &new.id;
    let (what, span, was) = changed(old, new);
    let message = format!("`{id}` is live and {what} after its launch, when its analysis plan was pinned");
    Some(
        Diagnostic::new(RULE.name, span, message)
            .help(format!("{}; or plan another experiment that `follows` it", new_phase(old)))
            .related(was, "the plan at its launch"),
    )
}

/// What is otherwise, where it is written now, and where it was.
fn changed(old: &Claim, new: &Claim) -> (String, Span, Span) {
    let size = |tracked: &Tracked| (tracked.role, tracked.mde, tracked.margin);
    let find = |claim: &'_ Claim, id: &str| claim.tracked.iter().find(|tracked| tracked.id == id).cloned();
    for tracked in &new.tracked {
        match find(old, &tracked.id) {
            None => return (format!("`{}` was added as a {}", tracked.id, role(tracked.role)), tracked.span, plan(old)),
            Some(was) if was.role != tracked.role => {
                let what = format!("`{}` became a {}", tracked.id, role(tracked.role));
                return (what, tracked.span, was.span);
            }
            Some(was) if size(&was) != size(tracked) => {
                let what = if was.mde == tracked.mde { "margin" } else { "MDE" };
                return (format!("the {what} of `{}` changed", tracked.id), tracked.span, was.span);
            }
            Some(_) => {}
        }
    }
    if let Some(gone) = old.tracked.iter().find(|tracked| find(new, &tracked.id).is_none()) {
        return (format!("`{}` is no longer a {}", gone.id, role(gone.role)), plan(new), gone.span);
    }
    let (here, was) = (analysis(new), analysis(old));
    ("how it is analysed changed".to_owned(), here.unwrap_or_else(|| plan(new)), was.unwrap_or_else(|| plan(old)))
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Success => "success metric",
        Role::Guardrail => "guardrail",
        Role::Required => "required metric",
    }
}

fn analysis(claim: &Claim) -> Option<Span> {
    claim.experiment()?.analysis.as_ref().map(|analysis| analysis.span)
}

/// Where a claim's metrics are written.
fn plan(claim: &Claim) -> Span {
    let span = match &claim.written {
        Written::Experiment(written) => {
            let guardrails = written.guardrails.as_ref().map(|guardrails| guardrails.span);
            written.success.as_ref().map(|success| success.span).or(guardrails)
        }
        Written::Rollout(written) => written.guardrails.as_ref().map(|guardrails| guardrails.span),
    };
    span.unwrap_or_else(|| claim.top())
}
