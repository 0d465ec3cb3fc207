//! `window-exceeds-run`: a metric that no unit could complete within the run.

use crate::decl::{At, Stage, Window};
use crate::diag::Diagnostic;
use crate::lint::words::{counted, listed};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Role, Tracked};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "window-exceeds-run",
    group: Group::Conformance,
    level: None,
    serving: false,
    summary: "a metric's window is as long as the experiment, or longer",
    page: include_str!("window_exceeds_run.md"),
    check: Check::Catalogue(check),
};

/// A rollout lasts until it is decided, so any window fits into it.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let claims = context.catalogue.claims.values();
    claims
        .filter(|claim| claim.stage == Some(Stage::Ship) && !context.is_over(claim))
        .flat_map(|claim| findings(context, claim).unwrap_or_default())
        .collect()
}

/// A finding for each metric that the experiment names; and one at its length for all that the surface requires.
fn findings(context: &Context<'_>, claim: &Claim) -> Option<Vec<Diagnostic>> {
    let days = claim.experiment()?.days.as_ref()?;
    let too_long: Vec<Long<'_>> = claim
        .tracked
        .iter()
        .filter_map(|tracked| {
            let metric = context.catalogue.metrics.at(tracked.metric?);
            let window = metric.written.window.as_ref()?;
            (window.value.to >= days.value).then_some(Long { tracked, window })
        })
        .collect();
    let (required, own): (Vec<_>, Vec<_>) = too_long.into_iter().partition(|long| long.tracked.role == Role::Required);
    let unit = claim.surface.map_or("unit", |ix| context.catalogue.surfaces.at(ix).unit());
    let finding = |of: &[Long<'_>], span: Span, which: &str, takes: &str| {
        let longest = of.iter().map(|long| long.window.value.to).max()?;
        let message = format!(
            "{}{which} {takes} {} from first exposure, and `{}` runs for {}: no {unit} would be complete",
            listed(of.iter().map(|long| long.tracked.id.as_str())),
            counted(longest, "day"),
            claim.id,
            days.value
        );
        let help = format!("run for at least {} days, or measure a shorter window", longest.saturating_add(1));
        let finding = Diagnostic::new(RULE.name, span, message).help(help);
        Some(of.iter().take(3).fold(finding, |finding, long| finding.related(long.window.span, "its window")))
    };
    let mut findings: Vec<Diagnostic> =
        own.iter().filter_map(|long| finding(&[*long], long.tracked.span, "", "takes")).collect();
    let takes = if required.len() == 1 { "takes" } else { "take up to" };
    // What the surface requires is not written here: the run itself is too short.
    findings.extend(finding(&required, days.span, ", required here,", takes));
    Some(findings)
}

/// A metric whose window does not fit.
#[derive(Clone, Copy)]
struct Long<'a> {
    tracked: &'a Tracked,
    window: &'a At<Window>,
}
