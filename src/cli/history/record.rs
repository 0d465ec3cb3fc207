//! Decisions, waivers and faults of two versions, as recorded.

use crate::change::Pair;
use crate::decl::{At, Day, Decision, Waiver};
use crate::diag::Diagnostic;
use crate::model::Claim;
use crate::report;
use crate::source::Sources;

/// Whether a finding says that a file cannot be read at all.
pub fn is_unreadable(rule: &str) -> bool {
    matches!(rule, "syntax" | "unsupported-version")
}

/// What is wrong with a version.
pub fn fault(side: &'static str, sources: &Sources, finding: &Diagnostic) -> report::Fault {
    report::Fault {
        side,
        path: sources.path(finding.span.file).to_owned(),
        line: sources.position(finding.span).line,
        message: finding.message.clone(),
        unreadable: is_unreadable(finding.rule),
    }
}

/// A decision that is new, otherwise or gone.
pub fn decided(before: Option<&At<Decision>>, after: Option<&At<Decision>>) -> Option<report::Decision> {
    let shape = |what, decision: &At<Decision>| {
        let text = |at: &Option<At<String>>| at.as_ref().map(|at| at.value.trim().to_owned());
        report::Decision {
            what,
            outcome: decision.outcome.as_ref().map(|outcome| outcome.value.word().to_owned()),
            variant: text(&decision.variant),
            on: decision.on.as_ref().map(|on| on.value.to_string()),
            reason: text(&decision.reason),
            learned: text(&decision.learned),
            evidence: text(&decision.evidence),
        }
    };
    match (before, after) {
        (None, None) => None,
        (None, Some(after)) => Some(shape("made", after)),
        (Some(before), None) => Some(shape("withdrawn", before)),
        (Some(before), Some(after)) => {
            let changed = shape("changed", after);
            (shape("changed", before) != changed).then_some(changed)
        }
    }
}

/// Waivers that are new, otherwise or gone; of several for one rule, the first of each side are compared.
pub fn waived(claims: Pair<&Claim>, today: Day) -> Vec<report::Waiver> {
    let of = |claim: Option<&Claim>| -> Vec<(String, Waiver)> {
        let waivers = claim.map_or(&[][..], Claim::waivers);
        waivers.iter().filter_map(|waiver| Some((waiver.rule.as_ref()?.value.clone(), waiver.value.clone()))).collect()
    };
    let (mut before, after) = (of(claims.before), of(claims.after));
    let until = |waiver: &Waiver| waiver.until.as_ref().map(|until| until.value);
    let reason = |waiver: &Waiver| waiver.reason.as_ref().map(|reason| reason.value.trim().to_owned());
    let shape = |what, rule: &str, waiver: &Waiver| report::Waiver {
        what,
        rule: rule.to_owned(),
        reason: reason(waiver),
        until: until(waiver).map(|day| day.to_string()),
        until_before: None,
        expired: until(waiver).is_some_and(|day| day <= today),
    };
    let mut found = Vec::new();
    for (rule, waiver) in &after {
        let Some(at) = before.iter().position(|(old, _)| old == rule) else {
            found.push(shape("added", rule, waiver));
            continue;
        };
        let (_, old) = before.remove(at);
        if until(&old) != until(waiver) || reason(&old) != reason(waiver) {
            let until_before = until(&old).filter(|day| Some(*day) != until(waiver)).map(|day| day.to_string());
            found.push(report::Waiver { until_before, ..shape("changed", rule, waiver) });
        }
    }
    found.extend(before.iter().map(|(rule, waiver)| shape("removed", rule, waiver)));
    found
}
