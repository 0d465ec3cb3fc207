//! `wrong-type`: a value that is not of the kind that its key needs, or beyond its bounds. Most are found while reading.

use crate::address::check as check_address;
use crate::decl::{At, Baseline, Experiment, Fact, FlagType, Looks, Metric, Rollout, Root, Share, Success};
use crate::diag::{Diagnostic, shown};
use crate::lint::value::brief;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Catalogue, Flag, MAX_PHASE, Surface, Written, is_salt};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "wrong-type",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a value is not of the kind that its key needs, or beyond its bounds",
    page: include_str!("wrong_type.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings: Vec<Diagnostic> = catalogue.root.iter().flat_map(|(_, root)| of_root(root)).collect();
    findings.extend(catalogue.surfaces.values().flat_map(of_surface));
    findings.extend(catalogue.flags.values().flat_map(of_flag));
    findings.extend(catalogue.metrics.values().filter_map(|metric| of_metric(&metric.written)));
    findings.extend(catalogue.facts.values().flat_map(|fact| of_fact(&fact.written)));
    findings.extend(catalogue.baselines.iter().flat_map(|(_, baseline)| of_baseline(catalogue, baseline)));
    for claim in catalogue.claims.values() {
        match &claim.written {
            Written::Experiment(written) => findings.extend(of_experiment(written)),
            Written::Rollout(written) => findings.extend(of_rollout(written)),
        }
    }
    findings
}

fn wrong(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(RULE.name, span, message).help(help)
}

/// A share of something that is more than all of it.
fn over(share: Option<&At<Share>>, whole: &str) -> Option<Diagnostic> {
    let share = share.filter(|share| share.value > Share::WHOLE)?;
    Some(wrong(share.span, format!("{} is more than all of {whole}", share.value), "write at most \"100%\""))
}

/// A probability that must leave room on both sides.
fn inner(share: Option<&At<Share>>) -> Option<Diagnostic> {
    let share = share.filter(|share| share.value == Share::NONE || share.value >= Share::WHOLE)?;
    let message = format!("this must lie between 0% and 100%, but it is {}", share.value);
    Some(wrong(share.span, message, "write a share such as \"95%\" for confidence, or \"80%\" for power").planning())
}

fn of_looks(looks: Option<&At<Looks>>) -> Option<Diagnostic> {
    let looks = looks?;
    let Looks::Days(days) = &looks.value else { return None };
    let growing = days.iter().zip(days.iter().skip(1)).all(|(earlier, later)| earlier < later);
    let sound = growing && days.first().is_some_and(|first| *first > 0);
    (!sound).then(|| {
        wrong(looks.span, "looks must be growing days after the start", "write days such as [7, 14, 28]").planning()
    })
}

fn of_root(root: &Root) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    if let Some(analysis) = &root.analysis {
        findings.extend([inner(analysis.confidence.as_ref()), inner(analysis.power.as_ref())].into_iter().flatten());
        findings.extend(of_looks(analysis.looks.as_ref()));
    }
    for (id, attribute) in root.attributes.iter().flat_map(|attributes| attributes.iter()) {
        let (Some(kind), Some(values)) = (attribute.r#type.as_ref(), &attribute.values) else { continue };
        let fits = |value: &serde_json::Value| match kind.value.word() {
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => value.is_string(),
        };
        let strangers = values.iter().filter(|value| !fits(&value.0));
        findings.extend(strangers.map(|value| {
            let message =
                format!("{} is not a {}, and the attribute `{}` is", brief(&value.0), kind.value.word(), shown(id));
            wrong(value.span, message, "write its values in its type, or correct its type").planning()
        }));
    }
    for (id, address) in root.environments.iter().flat_map(|environments| environments.iter()) {
        // What it holds may be a secret, and is not repeated.
        if let Err(fault) = check_address(address) {
            let message = format!("`{}` cannot be published to: {}", shown(id), fault.why);
            findings.push(wrong(address.span, message, fault.help).planning());
        }
    }
    let rows = root.exposures.as_ref().and_then(|exposures| exposures.table.as_ref().zip(exposures.select.as_ref()));
    if let Some((table, select)) = rows {
        let message = "exposures are a `table` or a `select`, and these are both";
        findings.push(wrong(select.span, message, "keep one of them").related(table.span, "the table").planning());
    }
    let unit = root.exposures.as_ref().and_then(|exposures| exposures.unit.as_ref());
    if let Some(unit) = unit.filter(|unit| unit.iter().len() + unit.unread().len() == 0) {
        findings.push(
            wrong(unit.span, "this must name a column, but it is empty", "write `unit = { user = \"user_id\" }`")
                .planning(),
        );
    }
    findings
}

fn of_surface(surface: &Surface) -> Vec<Diagnostic> {
    let (written, grid) = (&surface.written, surface.grid());
    let mut findings = Vec::new();
    if let Some(buckets) = written.buckets.as_ref().filter(|buckets| buckets.value == 0 || grid % buckets.value != 0) {
        let message = format!("{} buckets do not divide the {grid} cells of this surface's hash evenly", buckets.value);
        let divides = |number: &u32| grid % number == 0;
        let below = (1..buckets.value.min(grid)).rev().find(divides);
        let above = (buckets.value.saturating_add(1)..=grid).find(divides);
        let near: Vec<String> = below.into_iter().chain(above).map(|number| number.to_string()).collect();
        findings.push(wrong(buckets.span, message, format!("write {}", near.join(" or "))));
    }
    if let Some(holdout) = written.holdout.as_ref().filter(|holdout| holdout.value >= Share::WHOLE) {
        let message = format!("a holdout of {} leaves nobody for experiments", holdout.value);
        findings.push(wrong(holdout.span, message, "write less, such as \"2%\""));
    }
    if let Some(salt) = written.salt.as_ref().filter(|salt| !is_salt(salt)) {
        let message = "a salt is 1 to 64 letters, digits, `-`, `_` and `.`, so that every SDK hashes it alike";
        findings.push(wrong(salt.span, message, "leave the key out: a salt is then made from the surface's id"));
    }
    if let Some(owners) = written.owners.as_ref().filter(|owners| owners.is_empty()) {
        findings
            .push(wrong(owners.span, "this must name a team, but it is empty", "write `owners = [\"…\"]`").planning());
    }
    if let Some(components) = written.components.as_ref().filter(|list| list.iter().len() + list.unread().len() == 0) {
        let help = "write a line for each part that an experiment can change, as in `header = \"Greeting\"`";
        findings.push(wrong(components.span, "this must name a component, but it is empty", help));
    }
    let required = written.required.iter().flat_map(|required| required.iter());
    // A required metric without a margin is only watched.
    findings.extend(required.filter_map(|(_, required)| {
        of_effect(required.margin.as_ref(), "margin", "write how much worse it may get, or leave it out to watch it only")
    }));
    if let Some(limits) = &written.limits {
        let shares = [over(limits.first_day.as_ref(), "the units"), over(limits.traffic.as_ref(), "the units")];
        findings.extend(shares.into_iter().flatten().map(Diagnostic::planning));
    }
    findings
}

fn of_flag(flag: &Flag) -> Vec<Diagnostic> {
    let written = &flag.written;
    let mut findings = Vec::new();
    if let Some(values) = &written.values {
        if values.is_empty() {
            findings.push(wrong(values.span, "a flag takes at least one value", "list its values, or remove the key"));
        }
        let repeated = |&(at, value): &(usize, &At<crate::decl::Value>)| {
            values.iter().take(at).any(|other| other.value == value.value)
        };
        findings.extend(
            values.iter().take(1_000).enumerate().filter(repeated).map(|(_, value)| {
                wrong(value.span, format!("{} is listed twice", brief(&value.0)), "keep one of them")
            }),
        );
    }
    let Some(schema) = &written.schema else { return findings };
    if !schema.0.is_object() {
        findings.push(wrong(schema.span, "a schema must be a table", "write it as `[schema]`, in JSON Schema"));
    } else if let Some(kind) = written.r#type.as_ref().filter(|kind| kind.value != FlagType::Object) {
        let message = format!("only flags of type `object` have a schema, and this is of type `{}`", kind.value.word());
        findings.push(
            wrong(schema.span, message, "remove it, and list the flag's `values`").related(kind.span, "its type"),
        );
    }
    findings
}

fn of_phase(phase: Option<&At<u32>>) -> Option<Diagnostic> {
    let phase = phase.filter(|phase| !(1..=MAX_PHASE).contains(&phase.value))?;
    let message = format!("a phase is 1 to {MAX_PHASE}, but it is {}", phase.value);
    Some(wrong(phase.span, message, "phases are counted: the first is 1"))
}

/// Shares that must grow from step to step.
fn of_steps(shares: &[&At<Share>], what: &str) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> =
        shares.iter().filter_map(|share| over(Some(share), "the surface's units")).collect();
    for share in shares.iter().filter(|share| share.value == Share::NONE) {
        findings.push(wrong(share.span, "a step of 0% reaches nobody", "remove the step, or begin later"));
    }
    for (earlier, later) in shares.iter().zip(shares.iter().skip(1)) {
        if later.value < earlier.value && later.value > Share::NONE {
            let message = format!("{what} never shrinks, and {} follows {}", later.value, earlier.value);
            findings.push(
                wrong(later.span, message, "order the steps from small to large")
                    .related(earlier.span, "the step before"),
            );
        }
    }
    findings
}

fn of_experiment(written: &Experiment) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = of_phase(written.phase.as_ref()).into_iter().collect();
    let traffic = written.traffic.as_ref();
    let beyond = over(traffic, "the surface's units");
    let steps: Vec<&At<Share>> =
        written.ramp.iter().flat_map(|ramp| &ramp.value).filter_map(|step| step.traffic.as_ref()).collect();
    findings.extend(of_steps(&steps, "a ramp"));
    // A pause keeps its ramp as it was.
    let full = traffic.filter(|traffic| beyond.is_none() && traffic.value > Share::NONE);
    let too_large = steps
        .iter()
        .zip(full.iter().cycle())
        .filter(|(step, full)| step.value > full.value && step.value <= Share::WHOLE);
    findings.extend(too_large.map(|(step, full)| {
        let message = format!("a step of {} is larger than the full share of {}", step.value, full.value);
        wrong(step.span, message, "a ramp leads up to `traffic`: make the step smaller")
            .related(full.span, "the full share")
    }));
    findings.extend(beyond);
    findings.extend(written.success.iter().flat_map(|success| success.iter()).filter_map(|(_, success)| of_mde(success)));
    let guardrails = written.guardrails.iter().flat_map(|guardrails| guardrails.iter());
    findings.extend(guardrails.filter_map(|(_, guardrail)| of_margin(guardrail.margin.as_ref())));
    if let Some(analysis) = &written.analysis {
        findings.extend([inner(analysis.confidence.as_ref()), inner(analysis.power.as_ref())].into_iter().flatten());
        findings.extend(of_looks(analysis.looks.as_ref()));
    }
    findings
}

fn of_rollout(written: &Rollout) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = of_phase(written.phase.as_ref()).into_iter().collect();
    let guardrails = written.guardrails.iter().flat_map(|guardrails| guardrails.iter());
    findings.extend(guardrails.filter_map(|(_, guardrail)| of_margin(guardrail.margin.as_ref())));
    let Some(steps) = written.steps.as_ref() else { return findings };
    let shares: Vec<&At<Share>> = steps.iter().filter_map(|step| step.traffic.as_ref()).collect();
    // A single step of nothing is a pause.
    if shares.iter().any(|share| share.value > Share::NONE) {
        findings.extend(of_steps(&shares, "a rollout"));
    }
    match steps.last() {
        None => findings.push(wrong(
            steps.span,
            "a rollout has at least one step",
            "write `steps = [{ traffic = \"100%\" }]`",
        )),
        Some(last) => findings.extend(last.days.as_ref().map(|days| {
            wrong(
                days.span,
                "the last step lasts until a decision, and has no `days`",
                "remove the key, or add a step behind it",
            )
        })),
    }
    findings
}

fn of_metric(metric: &Metric) -> Option<Diagnostic> {
    let kinds = [
        ("mean", metric.mean.as_ref().map(|at| at.span)),
        ("conversion", metric.conversion.as_ref().map(|at| at.span)),
        ("ratio", metric.ratio.as_ref().map(|at| at.span)),
        ("quantile", metric.quantile.as_ref().map(|at| at.span)),
    ];
    let mut written: Vec<(&str, Span)> = kinds.into_iter().filter_map(|(kind, span)| Some((kind, span?))).collect();
    written.sort_by_key(|&(_, span)| span);
    let [(first, place), (second, span), ..] = written.as_slice() else { return None };
    let message = format!("a metric is of one kind, and this one is a `{first}` and a `{second}`");
    Some(wrong(*span, message, "make two metrics of it").related(*place, "its first kind").planning())
}

fn of_fact(fact: &Fact) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    if let (Some(table), Some(select)) = (&fact.table, &fact.select) {
        let message = "a fact is a `table` or a `select`, and this one is both";
        findings.push(wrong(select.span, message, "keep one of them").related(table.span, "the table"));
    }
    if let Some(unit) = fact.unit.as_ref().filter(|unit| unit.iter().len() + unit.unread().len() == 0) {
        findings.push(wrong(
            unit.span,
            "this must name a column, but it is empty",
            "write `unit = { user = \"user_id\" }`",
        ));
    }
    findings.into_iter().map(Diagnostic::planning).collect()
}

fn of_baseline(catalogue: &Catalogue, baseline: &Baseline) -> Vec<Diagnostic> {
    let mut findings = of_reach(baseline);
    let mut measure = |span: Span, message: &str| {
        findings.push(wrong(span, message, "measure it again: `allot baseline`"));
    };
    for (id, moments) in baseline.metrics.iter().flat_map(|metrics| metrics.iter()) {
        let conversion = catalogue.metrics.get(id).is_some_and(|metric| metric.written.conversion.is_some());
        if let Some(mean) = moments.mean.as_ref().filter(|mean| conversion && !(0.0..=1.0).contains(&mean.value)) {
            measure(mean.span, "the mean of a conversion is a share of units, between 0 and 1");
        }
        if let Some(spread) = moments.standard_deviation.as_ref().filter(|spread| spread.value < 0.0) {
            measure(spread.span, "a standard deviation is 0 or more");
        }
        if let Some(correlation) = moments.correlation.as_ref().filter(|rho| !(-1.0..=1.0).contains(&rho.value)) {
            measure(correlation.span, "a correlation is between -1 and 1");
        }
    }
    for (_, share) in baseline.segments.iter().flat_map(|segments| segments.iter()) {
        findings.extend(over(Some(share), "the surface's units"));
    }
    findings.into_iter().map(Diagnostic::planning).collect()
}

/// A reach curve: units that grow with days, each number of days written in one way, so that none is there twice.
fn of_reach(baseline: &Baseline) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut points: Vec<(u32, &At<u64>)> = Vec::new();
    for (days, units) in baseline.reach.iter().flat_map(|reach| reach.iter()) {
        match days.parse::<u32>().ok().filter(|number| *number > 0 && number.to_string() == days.value) {
            Some(number) => points.push((number, units)),
            None => {
                let message = format!("`{}` is not a number of days", shown(days));
                findings.push(wrong(days.span, message, "write whole days, as in `28 = 4_520_000`"));
            }
        }
    }
    points.sort_by_key(|&(days, _)| days);
    let falls = points.iter().zip(points.iter().skip(1)).filter(|((_, earlier), (_, later))| later.value < earlier.value);
    findings.extend(falls.map(|(_, (_, units))| {
        wrong(units.span, "fewer units are reached in more days", "measure it again: `allot baseline`")
    }));
    findings
}

/// An effect or a margin of nothing, which no number of units shows.
fn of_effect(share: Option<&At<Share>>, key: &str, help: &str) -> Option<Diagnostic> {
    let share = share.filter(|share| share.value == Share::NONE)?;
    let message = format!("{} {key} is above 0%: no number of units shows one of nothing", if key == "mde" { "an" } else { "a" });
    Some(wrong(share.span, message, help).planning())
}

fn of_mde(success: &Success) -> Option<Diagnostic> {
    of_effect(success.mde.as_ref(), "mde", "write the smallest effect that matters, such as \"2%\"")
}

fn of_margin(margin: Option<&At<Share>>) -> Option<Diagnostic> {
    of_effect(margin, "margin", "write how much worse it may get, such as \"2%\"")
}
