//! `changed-analysis-plan`: what an experiment promised to measure, and how, is no longer what it said at its launch.

use std::collections::BTreeMap;

use crate::decl::{AnalysisOverride, At, Looks, Share};
use crate::diag::Diagnostic;
use crate::lint::against::{Running, Standing, named, new_phase};
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::analysis_digest;
use crate::model::{Catalogue, Claim, Role, Tracked, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "changed-analysis-plan",
    group: Group::Lifecycle,
    level: None,
    serving: false,
    summary: "the metrics, margins or method of an experiment changed between its launch and its decision",
    page: include_str!("changed_analysis_plan.md"),
    check: Check::Catalogue(check),
};

/// What is otherwise, where it is written now, and where it was.
type Change = (String, Span, Span);

/// What a surface requires or `[analysis]` says is one finding for all that it changes.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let launched = context.launched();
    let mut changes: BTreeMap<(Span, String), (Span, Vec<&Running<'_>>)> = BTreeMap::new();
    for running in &launched {
        if let Some((what, here, was)) = changed(context, running) {
            changes.entry((here, what)).or_insert((was, Vec::new())).1.push(running);
        }
    }
    changes.into_iter().filter_map(|((here, what), (was, under))| finding(context, &what, here, was, &under)).collect()
}

fn finding(context: &Context<'_>, what: &str, here: Span, was: Span, under: &[&Running<'_>]) -> Option<Diagnostic> {
    let first = under.first()?;
    let message = match under {
        [one] => format!(
            "`{}` {} and {what} after its launch, when its analysis plan was pinned",
            one.new.id,
            one.standing.word()
        ),
        several => format!("{what} under {}: their analysis plans were pinned when they were launched", named(several)),
    };
    let help = match under {
        [one] if one.standing == Standing::Ended => {
            "undo it: what was promised before there were data is what decides; to ask something else, plan another \
             experiment that `follows` it"
                .to_owned()
        }
        [one] => format!("{}; or plan another experiment that `follows` it", new_phase(one.old, context.today)),
        _ if what.ends_with("was added as a required metric") => {
            "say `from` which day it is required: what starts before then goes on without it".to_owned()
        }
        _ => "undo it, or wait until they are decided".to_owned(),
    };
    let label = if first.standing == Standing::Ended { "the plan that its data were gathered for" } else { "the plan at its launch" };
    Some(Diagnostic::new(RULE.name, here, message).help(help).related(was, label))
}

/// The first thing that differs between the plans.
fn changed(context: &Context<'_>, running: &Running<'_>) -> Option<Change> {
    let (before, after) = ((&running.base.catalogue, running.old), (&context.catalogue, running.new));
    let digest = |(catalogue, claim): (&Catalogue, &Claim)| {
        Some(analysis_digest(catalogue, claim, catalogue.surfaces.at(claim.surface?)))
    };
    let readable = before.0.reads_plan(before.1) && after.0.reads_plan(after.1);
    if !readable || digest(before)? == digest(after)? {
        return None;
    }
    let how = || ("how it is analysed changed".to_owned(), plan(running.new), plan(running.old));
    Some(metrics(before, after).or_else(|| north_star(before, after)).or_else(|| method(before, after)).unwrap_or_else(how))
}

/// A catalogue and a claim in it.
type Side<'a> = (&'a Catalogue, &'a Claim);

/// A metric that came, went, or has another role or size.
fn metrics(before: Side<'_>, after: Side<'_>) -> Option<Change> {
    let (old, new) = (before.1, after.1);
    let size = |tracked: &Tracked| (tracked.mde, tracked.margin);
    let find = |claim: &Claim, id: &str| claim.tracked.iter().find(|tracked| tracked.id == id).cloned();
    for tracked in &new.tracked {
        match find(old, &tracked.id) {
            None => {
                let was = if tracked.role == Role::Required { required(before) } else { plan(old) };
                return Some((format!("`{}` was added as a {}", tracked.id, role(tracked.role)), tracked.span, was));
            }
            Some(was) if was.role != tracked.role => {
                let what = format!("`{}` became a {}", tracked.id, role(tracked.role));
                return Some((what, tracked.span, was.span));
            }
            Some(was) if size(&was) != size(tracked) => {
                let (what, old, new) = match was.mde == tracked.mde {
                    true => ("margin", was.margin, tracked.margin),
                    false => ("MDE", was.mde, tracked.mde),
                };
                let words = between(shown(old), shown(new));
                return Some((format!("the {what} of `{}` changed {words}", tracked.id), tracked.span, was.span));
            }
            Some(_) => {}
        }
    }
    let gone = old.tracked.iter().find(|tracked| find(new, &tracked.id).is_none())?;
    let here = if gone.role == Role::Required { required(after) } else { plan(new) };
    Some((format!("`{}` is no longer a {}", gone.id, role(gone.role)), here, gone.span))
}

fn north_star(before: Side<'_>, after: Side<'_>) -> Option<Change> {
    let of = |(catalogue, claim): Side<'_>| {
        let surface = catalogue.surfaces.at(claim.surface?);
        let named = surface.written.north_star.as_ref();
        let place = named.map_or(Span::top(surface.file), |named| named.span);
        Some((surface.id.clone(), named.map(|named| format!("`{}`", named.value)), place))
    };
    let ((_, old, was), (id, new, here)) = (of(before)?, of(after)?);
    (old != new).then(|| (format!("the north star of `{id}` changed {}", between(old, new)), here, was))
}

/// How it is analysed: as the experiment says, else as the root does.
fn method(before: Side<'_>, after: Side<'_>) -> Option<Change> {
    let (old, new) = (effective(before), effective(after));
    let differs = |((_, old), (_, new)): &((_, Setting), (_, Setting))| old.0 != new.0;
    let ((key, old), (_, new)) = old.into_iter().zip(new).find(differs)?;
    let here = new.1.unwrap_or_else(|| plan(after.1));
    Some((format!("`{key}` changed {}", between(old.0, new.0)), here, old.1.unwrap_or_else(|| plan(before.1))))
}

/// A setting in words, and its place.
type Setting = (Option<String>, Option<Span>);

fn effective((catalogue, claim): Side<'_>) -> Vec<(&'static str, Setting)> {
    let own: Option<&AnalysisOverride> = claim.experiment().and_then(|written| written.analysis.as_ref()).map(|at| &at.value);
    let root = catalogue.root.as_ref().and_then(|(_, root)| root.analysis.as_ref()).map(|at| &at.value);
    macro_rules! setting {
        ($key:ident, $word:expr) => {{
            let at = own.and_then(|own| own.$key.as_ref()).or(root.and_then(|root| root.$key.as_ref()));
            (stringify!($key), (at.map($word), at.map(|at| at.span)))
        }};
    }
    vec![
        setting!(method, |at| format!("\"{}\"", at.value.word())),
        setting!(looks, |at| match &at.value {
            Looks::Every(rhythm) => format!("\"{}\"", rhythm.word()),
            Looks::Days(days) => format!("{days:?}"),
        }),
        setting!(confidence, percent),
        setting!(power, percent),
        setting!(spending, |at| format!("\"{}\"", at.value.word())),
    ]
}

fn percent(at: &At<Share>) -> String {
    at.value.to_string()
}

fn shown(share: Option<Share>) -> Option<String> {
    share.map(|share| share.to_string())
}

fn between(before: Option<String>, after: Option<String>) -> String {
    let or = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    format!("from {} to {}", or(before), or(after))
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Success => "success metric",
        Role::Guardrail => "guardrail",
        Role::Required => "required metric",
    }
}

/// Where a surface says what it requires.
fn required((catalogue, claim): Side<'_>) -> Span {
    let surface = claim.surface.map(|ix| catalogue.surfaces.at(ix));
    let table = surface.map(|surface| {
        let required = surface.written.required.as_ref();
        required.map_or(Span::top(surface.file), |required| required.span)
    });
    table.unwrap_or_else(|| claim.top())
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
