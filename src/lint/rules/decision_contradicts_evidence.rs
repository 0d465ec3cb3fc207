//! `decision-contradicts-evidence`: a decision that the result it names does not bear out.

use crate::decl::{Decision, Outcome};
use crate::diag::Diagnostic;
use crate::lint::words::listed;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;
use crate::results::{Advice, Evidence};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "decision-contradicts-evidence",
    group: Group::Decision,
    level: None,
    serving: false,
    summary: "a decision says otherwise than the recorded result that it names",
    page: include_str!("decision_contradicts_evidence.md"),
    check: Check::Catalogue(check),
};

/// Only decisions of which results are at hand are looked at: they are recorded outside the catalogue.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.catalogue.claims.values().filter_map(|claim| finding(context, claim)).collect()
}

fn finding(context: &Context<'_>, claim: &Claim) -> Option<Diagnostic> {
    let decision = &claim.decision()?.value;
    let outcome = decision.outcome.as_ref()?;
    let own: Vec<&Evidence> = context
        .evidence
        .iter()
        .filter(|evidence| evidence.experiment == claim.id && evidence.phase == claim.phase)
        .collect();
    let newest = own.iter().max_by(|a, b| a.at.cmp(&b.at))?;
    let (evidence, span) = match &decision.evidence {
        None => (*newest, outcome.span),
        Some(named) => match own.iter().find(|evidence| evidence.is_named_by(&named.value)) {
            Some(found) => (*found, named.span),
            None if named.value.trim_start().starts_with("sha256:") => return Some(unknown(claim, named.span, newest)),
            // It leads to something that was read elsewhere.
            None => return None,
        },
    };
    let said = contradiction(decision, outcome.value, evidence)?;
    let why = match evidence.reasons.as_slice() {
        [] => String::new(),
        reasons => format!(": {}", reasons.join("; ")),
    };
    let message = format!("`{}` is {said}, and the result of {} says {}{why}", claim.id, evidence.at, advised(evidence));
    let finding = Diagnostic::new(RULE.name, outcome.span, message);
    let finding = if span == outcome.span { finding } else { finding.related(span, "the result that it names") };
    Some(finding.help(
        "decide as the result says, name the result that was read, or waive this with the reason why you know better",
    ))
}

/// What the decision says, where the result does not bear it out. To stop or to give up needs no evidence but where the result
/// says that it should ship.
fn contradiction(decision: &Decision, outcome: Outcome, evidence: &Evidence) -> Option<String> {
    match outcome {
        Outcome::Shipped => {
            let variant = decision.variant.as_ref()?.value.as_str();
            let borne_out = evidence.ships.iter().any(|ships| ships == variant) && evidence.advice == Advice::Ship;
            (!borne_out).then(|| format!("shipped with `{variant}`"))
        }
        Outcome::Stopped | Outcome::Inconclusive => {
            (evidence.advice == Advice::Ship).then(|| outcome.word().to_owned())
        }
        Outcome::Invalid | Outcome::Abandoned => None,
    }
}

fn advised(evidence: &Evidence) -> String {
    match evidence.advice {
        Advice::Ship => format!("to ship {}", listed(evidence.ships.iter().map(String::as_str))),
        Advice::Wait => "to wait".to_owned(),
        Advice::Stop => "to stop".to_owned(),
        Advice::Withheld => "that its data cannot be trusted".to_owned(),
    }
}

fn unknown(claim: &Claim, span: Span, newest: &Evidence) -> Diagnostic {
    let message = format!("the result that `{}` was decided on is not among those that are recorded", claim.id);
    let help = format!("name the one that was read; the newest is \"{}\", of {}", newest.digest, newest.at);
    Diagnostic::new(RULE.name, span, message).help(help)
}
