//! `invalid-weights`: variants that do not share the units of their experiment out between them.

use crate::bucket::VARIANT_GRID;
use crate::decl::{At, Experiment, Rollout, Share};
use crate::diag::{Diagnostic, shown};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Written;

pub static RULE: Rule = Rule {
    name: "invalid-weights",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "variants do not share the units out: too few, without a weight, or not 100 % together",
    page: include_str!("invalid_weights.md"),
    check: Check::Catalogue(check),
};

/// The smallest share that a range on the variants' grid can hold.
const SMALLEST: Share = Share(1_000_000 / VARIANT_GRID);

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let claims = context.catalogue.claims.values().filter(|claim| !context.broken(claim.file));
    claims
        .flat_map(|claim| match &claim.written {
            Written::Experiment(written) => experiment(written),
            Written::Rollout(written) => holdback(written).into_iter().collect(),
        })
        .collect()
}

fn experiment(written: &Experiment) -> Vec<Diagnostic> {
    let Some(variants) = &written.variants else { return Vec::new() };
    let mut findings = Vec::new();
    let count = variants.iter().len() + variants.unread().len();
    if count < 2 {
        let has = if count == 0 { "none" } else { "one" };
        let message = format!("an experiment has at least two variants, and this one has {has}");
        findings.push(Diagnostic::new(RULE.name, variants.span, message).help("add the variant that is tried"));
    } else if count > VARIANT_GRID as usize {
        let message = format!("{count} variants are more than the {VARIANT_GRID} parts that units can be divided into");
        findings.push(Diagnostic::new(RULE.name, variants.span, message).help("write fewer variants"));
    }
    let Some(weights) = &written.weights else { return findings };
    findings.extend(weights.iter().filter_map(|(_, share)| too_small(share)));
    let sum: u64 = weights.iter().map(|(_, share)| u64::from(share.value.0)).sum();
    let rest = u64::from(Share::WHOLE.0).checked_sub(sum).filter(|rest| *rest > 0);
    let mut lacking = variants.iter().filter(|(id, _)| !weights.has(id)).peekable();
    if lacking.peek().is_some() {
        let each =
            rest.and_then(|rest| u32::try_from(rest).ok()).map_or("…%".to_owned(), |rest| Share(rest).to_string());
        findings.extend(lacking.map(|(id, _)| {
            let message = format!("variant `{}` has no weight, and others have", shown(id));
            Diagnostic::new(RULE.name, id.span, message)
                .help(format!(
                    "add `{} = \"{each}\"` to the weights, or remove all of them for equal shares",
                    shown(id)
                ))
                .related(weights.span, "the weights")
        }));
    } else if sum != u64::from(Share::WHOLE.0) && weights.unread().is_empty() && weights.iter().len() > 0 {
        let total = u32::try_from(sum).map_or("too much".to_owned(), |sum| Share(sum).to_string());
        let message = format!("the weights are {total} together, and not 100%");
        findings.push(Diagnostic::new(RULE.name, weights.span, message).maybe_help(mended(weights, sum)));
    }
    findings
}

/// What the last weight would have to be.
fn mended(weights: &crate::decl::Entries<Share>, sum: u64) -> Option<String> {
    let (id, last) = weights.iter().last()?;
    let others = sum.checked_sub(u64::from(last.value.0))?;
    let needed = u64::from(Share::WHOLE.0).checked_sub(others).filter(|needed| *needed > 0)?;
    Some(format!("with `{} = \"{}\"` they would be", shown(id), Share(u32::try_from(needed).ok()?)))
}

fn too_small(share: &At<Share>) -> Option<Diagnostic> {
    let finding = |message: String| Diagnostic::new(RULE.name, share.span, message);
    if share.value == Share::NONE {
        return Some(
            finding("a variant with a weight of 0% is given to nobody".to_owned())
                .help("remove the variant, or give it a share"),
        );
    }
    (share.value < SMALLEST)
        .then(|| finding(format!("{SMALLEST} is the smallest weight")).help("write more, or remove the variant"))
}

fn holdback(written: &Rollout) -> Option<Diagnostic> {
    let holdback = written.holdback.as_ref()?;
    if holdback.value >= Share::WHOLE {
        let message = format!("a holdback of {} leaves nobody for the rollout", holdback.value);
        return Some(
            Diagnostic::new(RULE.name, holdback.span, message).help("write less than \"100%\", such as \"5%\""),
        );
    }
    too_small(holdback).filter(|_| holdback.value > Share::NONE)
}
