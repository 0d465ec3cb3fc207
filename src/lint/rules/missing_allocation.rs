//! `missing-allocation`: an experiment to ship, or a surface, without its lock.

use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::lock::{LedgerVerdict, Verdict};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "missing-allocation",
    group: Group::Coordination,
    level: None,
    serving: true,
    summary: "an experiment in stage `ship`, a rollout, or a surface has no lock",
    page: include_str!("missing_allocation.md"),
    check: Check::Catalogue(check),
};

const HELP: &str = "run `allot allocate` and commit what it writes";

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let claims = context.plan.claims.iter().filter_map(|(ix, verdict)| {
        let claim = catalogue.claims.at(*ix);
        let needed = matches!(verdict, Verdict::New(_)) && !context.is_over(claim);
        let message = format!("{} `{}` has no buckets yet", claim.kind.word(), claim.id);
        needed.then(|| Diagnostic::new(RULE.name, claim.traffic_span(), message).help(HELP))
    });
    let surfaces = context.plan.ledgers.iter().filter_map(|(ix, verdict)| {
        let surface = catalogue.surfaces.at(*ix);
        let message = format!("surface `{}` has no ledger yet", surface.id);
        matches!(verdict, LedgerVerdict::New(_))
            .then(|| Diagnostic::new(RULE.name, Span::top(surface.file), message).help(HELP))
    });
    claims.chain(surfaces).collect()
}
