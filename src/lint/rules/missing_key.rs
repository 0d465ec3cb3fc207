//! `missing-key`: a key that is not there and must be. Tables are checked while they are read; here is what stages need.

use crate::decl::{At, Experiment, Exposures, Fact, Metric, Outcome, Rollout, Stage};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Written};

pub static RULE: Rule = Rule {
    name: "missing-key",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a key is missing that its table, or the stage of its experiment, needs",
    page: include_str!("missing_key.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings = Vec::new();
    for claim in catalogue.claims.values() {
        match &claim.written {
            Written::Experiment(written) => findings.extend(stage(context, claim, written)),
            Written::Rollout(written) => findings.extend(steps(written)),
        }
        findings.extend(shipped(claim));
    }
    findings.extend(catalogue.metrics.values().filter_map(|metric| kind(&metric.written, metric.span)));
    findings.extend(catalogue.facts.values().filter_map(|fact| source(&fact.written, fact.span)));
    let exposures = catalogue.root.as_ref().and_then(|(_, root)| root.exposures.as_ref());
    findings.extend(exposures.and_then(of_exposures));
    findings.retain(|finding| !context.broken(finding.span.file));
    findings
}

/// What a stage needs, with an example of each key.
fn stage(context: &Context<'_>, claim: &Claim, written: &Experiment) -> Option<Diagnostic> {
    let stage = written.stage.as_ref()?;
    // Whatever was once allotted keeps what it was allotted by: it is the record.
    let rank = match stage.value {
        Stage::Tweak if context.locks.of(claim.file).is_some() => 2,
        Stage::Think | Stage::Tweak => 0,
        Stage::Build => 1,
        Stage::Ship => 2,
    };
    let success = written.success.as_ref().is_some_and(|s| s.iter().len() + s.unread().len() > 0);
    let needs = [
        ("success", 0, success, "`[success]` with a metric and its `mde`"),
        ("flag", 1, written.flag.is_some(), "`flag = \"…\"`"),
        ("variants", 1, written.variants.is_some(), "`[variants]` with `control` and another"),
        ("start", 2, written.start.is_some(), "`start = 2027-01-11`"),
        ("days", 2, written.days.is_some(), "`days = 28`"),
        ("traffic", 2, written.traffic.is_some(), "`traffic = \"20%\"`"),
    ];
    let decided = ("decision", 0, written.decision.is_some(), "`[decision]` with `outcome`, `on` and `reason`");
    let mut lacking: Vec<(&str, &str)> = needs
        .into_iter()
        .chain((stage.value == Stage::Tweak).then_some(decided))
        .filter(|&(key, from, there, _)| from <= rank && !there && !written.unread.contains(&key))
        .map(|(key, _, _, example)| (key, example))
        .collect();
    lacking.dedup();
    if lacking.is_empty() {
        return None;
    }
    let keys: Vec<String> = lacking.iter().map(|(key, _)| format!("`{key}`")).collect();
    let examples: Vec<&str> = lacking.iter().map(|&(_, example)| example).collect();
    let message = format!("stage `{}` needs {}", stage.value.word(), joined(&keys));
    let finding = Diagnostic::new(RULE.name, stage.span, message).help(format!("add {}", joined(&examples)));
    let planning = lacking.iter().all(|(key, _)| *key == "success");
    Some(if planning { finding.planning() } else { finding })
}

/// Every step of a rollout but the last ends.
fn steps(written: &Rollout) -> Vec<Diagnostic> {
    let Some(steps) = written.steps.as_ref() else { return Vec::new() };
    let ending = steps.value.split_last().map_or(&[][..], |(_, ending)| ending);
    ending
        .iter()
        .filter(|step| step.days.is_none() && !step.unread.contains(&"days"))
        .map(|step| {
            Diagnostic::new(RULE.name, step.span, "this step needs `days`: only the last one lasts until a decision")
                .help("say how long it lasts, as in `days = 3`")
        })
        .collect()
}

/// A decision to ship says what.
fn shipped(claim: &Claim) -> Option<Diagnostic> {
    claim.experiment()?;
    let decision = claim.decision()?;
    let outcome = decision.outcome.as_ref().filter(|outcome| outcome.value == Outcome::Shipped)?;
    if decision.variant.is_some() || decision.unread.contains(&"variant") {
        return None;
    }
    let others: Vec<String> =
        claim.variants.iter().filter(|variant| variant.id != "control").map(|v| format!("\"{}\"", v.id)).collect();
    let example = others.first().map_or("\"…\"", String::as_str);
    let finding = Diagnostic::new(RULE.name, outcome.span, "the outcome `shipped` needs `variant`");
    Some(finding.help(format!("say which one was shipped, as in `variant = {example}`")))
}

fn kind(metric: &Metric, span: crate::source::Span) -> Option<Diagnostic> {
    let kinds = ["mean", "conversion", "ratio", "quantile"];
    let written =
        metric.mean.is_some() || metric.conversion.is_some() || metric.ratio.is_some() || metric.quantile.is_some();
    if written || kinds.iter().any(|kind| metric.unread.contains(kind)) {
        return None;
    }
    let finding =
        Diagnostic::new(RULE.name, span, "this metric needs one of `mean`, `conversion`, `ratio` and `quantile`");
    Some(finding.help("for example `mean = \"sum(streams.ms_played)\"`").planning())
}

fn source(fact: &Fact, span: crate::source::Span) -> Option<Diagnostic> {
    let written = fact.table.is_some() || fact.select.is_some();
    if written || fact.unread.contains(&"table") || fact.unread.contains(&"select") {
        return None;
    }
    let finding = Diagnostic::new(RULE.name, span, "this fact needs `table` or `select`");
    Some(finding.help("name its table, as in `table = \"lake.streams\"`, or write the SELECT that it is").planning())
}

fn of_exposures(exposures: &At<Exposures>) -> Option<Diagnostic> {
    let written = exposures.table.is_some() || exposures.select.is_some();
    if written || exposures.unread.contains(&"table") || exposures.unread.contains(&"select") {
        return None;
    }
    let finding = Diagnostic::new(RULE.name, exposures.span, "`exposures` needs `table` or `select`");
    Some(finding.help("name the table, as in `table = \"lake.exposures\"`, or write the SELECT that they are").planning())
}

/// Words as English lists them.
fn joined(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}
