//! `missing-control`: an experiment whose `control` is not there, or is not what units have without it.

use crate::decl::Stage;
use crate::diag::{Diagnostic, closest};
use crate::lint::value::brief;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::Claim;

pub static RULE: Rule = Rule {
    name: "missing-control",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "no variant is `control`, or its value is not the flag's default",
    page: include_str!("missing_control.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let claims = context.catalogue.claims.values().filter(|claim| claim.stage != Some(Stage::Tweak));
    claims.filter(|claim| !context.broken(claim.file)).filter_map(|claim| finding(context, claim)).collect()
}

fn finding(context: &Context<'_>, claim: &Claim) -> Option<Diagnostic> {
    let variants = claim.experiment()?.variants.as_ref()?;
    let flag = claim.flag.map(|ix| context.catalogue.flags.at(ix));
    let default = flag.and_then(|flag| flag.written.default.as_ref());
    let Some((_, control)) = variants.get("control") else {
        if variants.has("control") || variants.iter().len() == 0 {
            return None;
        }
        let finding = Diagnostic::new(RULE.name, variants.span, "no variant is called `control`");
        let near = closest("control", variants.keys());
        let same = || variants.iter().find(|(_, value)| default.is_some_and(|default| default.value == value.value));
        let help = match (near, same(), default) {
            (Some(near), _, _) => format!("is `{near}` meant? every experiment compares with `control`"),
            (None, Some((id, _)), _) => format!("rename `{}`, which has the flag's default, to `control`", id.value),
            (None, None, Some(default)) => format!("add `control = {}`, the flag's default", brief(&default.value.0)),
            (None, None, None) => "add it, with the flag's default as its value".to_owned(),
        };
        return Some(finding.help(help));
    };
    // A value that the flag cannot take at all is another finding.
    let kind = flag.and_then(|flag| flag.written.r#type.as_ref());
    let values = flag.and_then(|flag| flag.written.values.as_ref());
    let fits = kind.is_none_or(|kind| kind.value.fits(&control.value.0));
    let listed = values.is_none_or(|values| values.iter().any(|value| value.value == control.value));
    let default = default.filter(|default| default.value != control.value && fits && listed)?;
    let (value, id) = (brief(&default.value.0), flag.map_or("", |flag| &flag.id));
    let message = format!("`control` is {}, and the default of `{id}` is {value}", brief(&control.value.0));
    Some(
        Diagnostic::new(RULE.name, control.span, message)
            .help(format!("write {value}: `control` is what units have without the experiment"))
            .related(default.span, "the flag's default"),
    )
}
