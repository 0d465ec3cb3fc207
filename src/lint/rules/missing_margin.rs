//! `missing-margin`: a guardrail that does not say how much worse is acceptable.

use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Role};

pub static RULE: Rule = Rule {
    name: "missing-margin",
    group: Group::Conformance,
    level: None,
    serving: false,
    summary: "a guardrail does not say how much worse it may get",
    page: include_str!("missing_margin.md"),
    check: Check::Catalogue(check),
};

/// Margins are due in stage `ship`; a rollout ships from its first day.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let claims = context.catalogue.claims.values();
    claims
        .filter(|claim| claim.stage == Some(Stage::Ship) && !context.is_over(claim))
        .flat_map(|claim| findings(context, claim))
        .collect()
}

fn findings(context: &Context<'_>, claim: &Claim) -> Vec<Diagnostic> {
    let lacking = claim.tracked.iter().filter(|tracked| tracked.role == Role::Guardrail && tracked.margin.is_none());
    let surface = claim.surface.map(|ix| context.catalogue.surfaces.at(ix));
    lacking
        .filter(|_| !context.misread(claim.file))
        .map(|tracked| {
            let id = &tracked.id;
            let message = format!("`{id}` has no `margin`: how much worse may it get?");
            let finding = Diagnostic::new(RULE.name, tracked.span, message);
            let required = surface.and_then(|surface| {
                let (key, required) = surface.written.required.as_ref()?.get(id)?;
                Some((surface, key.span, required.margin.as_ref().map(|margin| margin.value)))
            });
            match required {
                Some((surface, span, margin)) => {
                    let allows = match margin {
                        Some(margin) => format!("with a margin of \"{margin}\""),
                        None => "to get no worse".to_owned(),
                    };
                    let help = format!("remove it here: `{}` requires it already, {allows}", surface.id);
                    finding.help(help).related(span, "required here")
                }
                None => finding.help(format!("write for example `{id} = {{ margin = \"2%\" }}`")),
            }
        })
        .collect()
}
