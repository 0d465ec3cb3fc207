//! `missing-baseline`: an experiment of which nobody can say whether it is large enough.

use super::missing_required_metric::facts_without;
use super::underpowered::due;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Role};
use crate::power::{Lacking, Power};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "missing-baseline",
    group: Group::Power,
    level: None,
    serving: false,
    summary: "the baselines lack what it takes to say whether an experiment is large enough",
    page: include_str!("missing_baseline.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let power = Power::new(&context.catalogue, &context.locks, &context.plan);
    let claims = context.catalogue.claims.values().filter(|claim| due(context, claim));
    claims.filter_map(|claim| finding(context, claim, &power.lacking(claim))).collect()
}

fn finding(context: &Context<'_>, claim: &Claim, lacking: &Lacking) -> Option<Diagnostic> {
    let surface = context.catalogue.surfaces.at(claim.surface?);
    let misread = |file| context.misread(file);
    let mut lacking = lacking.clone();
    // What could not be computed anyway has findings of its own, too.
    lacking.metrics.retain(|id| context.catalogue.metrics.get(id).is_some_and(|metric| {
        metric.formula.is_some() && facts_without(context, metric, surface.unit()).is_empty()
    }));
    let surface = &surface.id;
    // What could not be read has findings of its own, and the rest of it may be what is lacking.
    if lacking.is_empty() || lacking.file.is_some_and(misread) || unread(context) {
        return None;
    }
    let file = match lacking.file {
        Some(file) => context.sources.path(file).to_owned(),
        None => format!("baselines/{surface}.toml"),
    };
    let (mut what, mut help) = (Vec::new(), Vec::new());
    if lacking.reach {
        what.push("its reach".to_owned());
        help.push("`[reach]`, the distinct units after 1, 7, 14 and 28 days".to_owned());
    }
    if let Some(segment) = &lacking.segment {
        what.push(format!("the share of `{segment}`"));
        help.push(format!("`{segment}` to `[segments]`"));
    }
    let metrics = lacking.metrics.iter().map(String::as_str);
    what.extend(metrics.clone().map(|id| format!("`{id}`")));
    if let Some(first) = lacking.metrics.first() {
        let more = if lacking.metrics.len() > 1 { " and so on, each" } else { "" };
        help.push(format!("`[metrics.{first}]`{more} with its `mean` and `standard-deviation`"));
    }
    let message =
        format!("`{surface}` has no baseline of {}: nobody can say whether `{}` is large enough", and(&what), claim.id);
    let own = |id: &&str| claim.tracked.iter().find(|tracked| tracked.id == **id && tracked.role != Role::Required);
    let span = if lacking.segment.is_some() { Some(claim.segment_span()) } else { None };
    let span = span.or(metrics.clone().find_map(|id| own(&id)).map(|tracked| tracked.span));
    let span: Span = span.unwrap_or_else(|| claim.traffic_span());
    let finding = Diagnostic::new(RULE.name, span, message).help(format!("measure it with `allot baseline {surface}`, or add to `{file}` {}", and(&help)));
    let required = |id: &str| claim.tracked.iter().find(|tracked| tracked.id == id && tracked.role == Role::Required);
    Some(metrics.filter_map(required).fold(finding, |finding, tracked| finding.related(tracked.span, "required here")))
}

/// Whether a file of baselines could not be read at all.
fn unread(context: &Context<'_>) -> bool {
    context.catalogue.unread.iter().any(|&(_, kind)| kind == crate::decl::Kind::Baseline)
}

fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
