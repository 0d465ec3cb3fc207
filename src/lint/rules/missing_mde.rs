//! `missing-mde`: a success metric that does not say which effect is worth detecting.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Role;

pub static RULE: Rule = Rule {
    name: "missing-mde",
    group: Group::Power,
    level: None,
    serving: false,
    summary: "a success metric does not say which effect is worth detecting",
    page: include_str!("missing_mde.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for claim in context.catalogue.claims.values().filter(|claim| !context.is_over(claim)) {
        if !matches!(claim.stage, Some(Stage::Think | Stage::Build | Stage::Ship)) {
            continue;
        }
        for tracked in claim.tracked.iter().filter(|tracked| tracked.role == Role::Success) {
            if tracked.mde.is_some() || context.misread(claim.file) {
                continue;
            }
            let id = &tracked.id;
            let message = format!("`{id}` has no `mde`: how large must an effect be to matter?");
            findings.push(
                Diagnostic::new(RULE.name, tracked.span, message)
                    .help(format!("write the smallest relative effect that matters, as in `{id} = {{ mde = \"2%\" }}`")),
            );
        }
    }
    findings
}
