//! `mixed-bundle`: a bundle whose surfaces cannot be read as one file.

use crate::decl::{At, Sdk};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Surface;

pub static RULE: Rule = Rule {
    name: "mixed-bundle",
    group: Group::Correctness,
    level: None,
    serving: false,
    summary: "the surfaces of a bundle cannot be read as one file",
    page: include_str!("mixed_bundle.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let Some((_, root)) = &catalogue.root else { return Vec::new() };
    let mut findings = Vec::new();
    for (id, bundle) in root.bundles.iter().flat_map(|bundles| bundles.iter()) {
        if catalogue.surfaces.find(id).is_some() {
            let message = format!("bundle `{}` has the name of a surface, whose place it would take", id.value);
            findings.push(Diagnostic::new(RULE.name, id.span, message).help("give the bundle another name"));
        }
        let mut members: Vec<(&At<String>, &Surface)> = Vec::new();
        for name in bundle.surfaces.iter().flat_map(|list| &list.value) {
            let Some(surface) = catalogue.surfaces.get(name) else { continue };
            findings.extend(unfit(name, surface, &members));
            members.push((name, surface));
        }
    }
    findings
}

/// Why a surface does not go with those before it.
fn unfit(name: &At<String>, surface: &Surface, before: &[(&At<String>, &Surface)]) -> Option<Diagnostic> {
    let finding = |message: String, help: &str| Some(Diagnostic::new(RULE.name, name.span, message).help(help));
    if surface.sdk == Sdk::Confidence {
        let message = format!("a Confidence resolver reads one surface, so `{}` cannot be bundled", surface.id);
        return finding(message, "give the application the surface's own object");
    }
    if before.iter().any(|(_, other)| other.id == surface.id) {
        return finding(format!("`{}` is listed twice", surface.id), "list it once");
    }
    let (first, other) = before.first()?;
    let against = |message: String, help: &str| {
        Some(finding(message, help)?.related(first.span, format!("`{}` comes first", other.id)))
    };
    if other.sdk != surface.sdk {
        let (own, theirs) = (surface.sdk.word(), other.sdk.word());
        let message = format!("`{}` is read by `{own}` and `{}` by `{theirs}`: no SDK reads both", surface.id, other.id);
        return against(message, "make a bundle for each SDK");
    }
    if surface.sdk == Sdk::Eppo && other.unit() != surface.unit() {
        let (own, theirs) = (surface.unit(), other.unit());
        let message = format!(
            "`{}` randomises {own} and `{}` {theirs}, and Eppo SDKs are asked about one subject",
            surface.id, other.id
        );
        return against(message, "make a bundle for each unit");
    }
    None
}
