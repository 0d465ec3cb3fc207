//! `invalid-dates`: days and lengths that make no window. Single dates are checked while they are read.

use crate::decl::{At, Day, Experiment, Rollout, Surface};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Written;

pub static RULE: Rule = Rule {
    name: "invalid-dates",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "days or lengths make no window",
    page: include_str!("invalid_dates.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let claims = catalogue.claims.values().flat_map(|claim| match &claim.written {
        Written::Experiment(written) => experiment(written),
        Written::Rollout(written) => rollout(written),
    });
    claims.chain(catalogue.surfaces.values().flat_map(|surface| limit(&surface.written))).collect()
}

/// A length of no days at all.
fn none(days: Option<&At<u32>>, what: &str) -> Option<Diagnostic> {
    let days = days.filter(|days| days.value == 0)?;
    Some(Diagnostic::new(RULE.name, days.span, format!("{what} lasts at least one day")).help("write 1 or more"))
}

/// A length whose end lies beyond the last day that can be written.
fn too_long(start: Option<&At<Day>>, days: &At<u32>) -> Option<Diagnostic> {
    let first = start.map_or(Day::FIRST, |start| start.value);
    (first.plus(days.value) > Day::LAST).then(|| {
        let message = format!("{} days from {first} end after {}", days.value, Day::LAST);
        Diagnostic::new(RULE.name, days.span, message).help("write the number of days that it runs")
    })
}

fn experiment(written: &Experiment) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = none(written.days.as_ref(), "an experiment").into_iter().collect();
    findings.extend(written.days.as_ref().and_then(|days| too_long(written.start.as_ref(), days)));
    let steps = written.ramp.iter().flat_map(|ramp| &ramp.value);
    let lengths: Vec<&At<u32>> = steps.filter_map(|step| step.days.as_ref()).collect();
    findings.extend(lengths.iter().filter_map(|days| none(Some(days), "a step")));
    let (Some(days), Some(last)) = (&written.days, lengths.last()) else { return findings };
    let ramp: u64 = lengths.iter().map(|days| u64::from(days.value)).sum();
    if days.value > 0 && ramp >= u64::from(days.value) {
        let message = format!("the ramp takes {ramp} days of {}, and leaves none for the full share", days.value);
        findings.push(
            Diagnostic::new(RULE.name, last.span, message)
                .help("shorten the ramp, or run for longer")
                .related(days.span, "the whole run"),
        );
    }
    findings
}

fn rollout(written: &Rollout) -> Vec<Diagnostic> {
    let steps = written.steps.iter().flat_map(|steps| &steps.value);
    let lengths = steps.filter_map(|step| step.days.as_ref());
    lengths.filter_map(|days| none(Some(days), "a step").or_else(|| too_long(written.start.as_ref(), days))).collect()
}

fn limit(written: &Surface) -> Option<Diagnostic> {
    let limits = written.limits.as_ref()?;
    none(limits.days.as_ref(), "an experiment").map(Diagnostic::planning)
}
