//! `unknown-reference`: an id that nothing declares.

use crate::diag::{Concern, Diagnostic, Fix, closest};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Identified, Reference, Target};

pub static RULE: Rule = Rule {
    name: "unknown-reference",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "an id is named that nothing declares",
    page: include_str!("unknown_reference.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    context.catalogue.references.iter().filter(|reference| !reference.found).map(|r| finding(context, r)).collect()
}

fn finding(context: &Context<'_>, reference: &Reference) -> Diagnostic {
    let word = reference.target.word();
    let candidates = candidates(context, reference);
    let slip = closest(&reference.id, candidates.iter().map(String::as_str)).map(str::to_owned);
    let shown = if reference.id.len() > 80 { "…" } else { reference.id.as_str() };
    let message = match (&reference.within, reference.target) {
        (Some(surface), Target::Component) => format!("surface `{surface}` has no component `{shown}`"),
        (_, Target::Variant) => format!("this experiment has no variant `{shown}`"),
        _ => format!("there is no {word} `{shown}`"),
    };
    let help = match (&slip, candidates.as_slice()) {
        (Some(slip), _) => format!("did you mean `{slip}`?"),
        (None, few) if (1..=12).contains(&few.len()) => format!("there is {}", list(few)),
        _ => match reference.target {
            Target::Team => "declare it under `[teams]` in `allotment.toml`".to_owned(),
            Target::Unit => "declare it under `[units]` in `allotment.toml`".to_owned(),
            Target::Attribute => "declare it under `[attributes]` in `allotment.toml`".to_owned(),
            Target::Fact => "declare it under `[facts]` in a file of `metrics/`".to_owned(),
            Target::Metric => "declare it under `[metrics]` in a file of `metrics/`".to_owned(),
            Target::Component => "declare it under `[components]` of the surface".to_owned(),
            Target::Variant => "declare it under `[variants]`".to_owned(),
            other => format!("declare it as `{}s/{}.toml`", other.word(), shown),
        },
    };
    let fix = slip.map(|slip| {
        let text = if reference.key { slip.clone() } else { format!("\"{slip}\"") };
        Fix::replace(reference.span, text, format!("write `{slip}`"))
    });
    // Inside an expression or under quotes the span may be a part of a string: only whole words are replaced.
    let whole = context.sources.text(reference.span).trim_matches(['"', '\'']) == reference.id;
    let mut finding = Diagnostic::new(RULE.name, reference.span, message).help(help).fix(fix.filter(|_| whole));
    if reference.concern == Concern::Planning {
        finding = finding.planning();
    }
    finding
}

fn list(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The ids that could have been meant.
fn candidates(context: &Context<'_>, reference: &Reference) -> Vec<String> {
    let catalogue = &context.catalogue;
    let root = catalogue.root.as_ref().map(|(_, root)| root);
    let mut ids: Vec<String> = match reference.target {
        Target::Team => root.and_then(|root| root.teams.as_ref()).map_or(vec![], |t| t.keys().map(str::to_owned).collect()),
        Target::Unit => root.and_then(|root| root.units.as_ref()).map_or(vec![], |t| t.keys().map(str::to_owned).collect()),
        Target::Attribute => {
            root.and_then(|root| root.attributes.as_ref()).map_or(vec![], |t| t.keys().map(str::to_owned).collect())
        }
        Target::Surface => catalogue.surfaces.values().map(|item| item.id().to_owned()).collect(),
        Target::Flag => catalogue.flags.values().map(|item| item.id().to_owned()).collect(),
        Target::Segment => catalogue.segments.values().map(|item| item.id().to_owned()).collect(),
        Target::Fact => catalogue.facts.values().map(|item| item.id().to_owned()).collect(),
        Target::Metric => catalogue.metrics.values().map(|item| item.id().to_owned()).collect(),
        Target::Experiment => catalogue.claims.values().map(|item| item.id().to_owned()).collect(),
        Target::Component => reference
            .within
            .as_ref()
            .and_then(|surface| catalogue.surfaces.get(surface))
            .map_or(vec![], |surface| surface.components.clone()),
        Target::Variant => reference
            .within
            .as_ref()
            .map_or(vec![], |ids| ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()),
    };
    ids.sort();
    ids
}
