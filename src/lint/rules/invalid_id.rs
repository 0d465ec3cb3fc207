//! `invalid-id`: an id that is not plain, or that means something else to a tool or an SDK.

use crate::artifact::growthbook;
use crate::bucket::Scheme;
use crate::decl::{At, Entries, is_id};
use crate::diag::{Diagnostic, shown};
use crate::lint::{Check, Context, Group, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "invalid-id",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "an id is not made of lower-case letters, digits and dashes, or is reserved",
    page: include_str!("invalid_id.md"),
    check: Check::Catalogue(check),
};

/// The keys that join the tests of a segment.
const RESERVED: [&str; 3] = ["all", "any", "not"];

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut findings = Vec::new();
    let mut file = |id: &str, file, what: &str| findings.extend(plain(id, Span::top(file), what, true));
    catalogue.surfaces.values().for_each(|surface| file(&surface.id, surface.file, "surface"));
    catalogue.flags.values().for_each(|flag| file(&flag.id, flag.file, "flag"));
    catalogue.segments.values().for_each(|segment| file(&segment.id, segment.file, "segment"));
    catalogue.claims.values().for_each(|claim| file(&claim.id, claim.file, claim.kind.word()));
    for claim in catalogue.claims.values() {
        if let Err(wrong) = growthbook::check_id(&claim.id) {
            findings.push(Diagnostic::new(RULE.name, claim.top(), wrong.said_of(Scheme::GrowthBook)).help("rename the file"));
        }
        let variants = claim.experiment().and_then(|experiment| experiment.variants.as_ref());
        findings.extend(variants.into_iter().flat_map(|variants| keys(variants, "variant")));
    }
    for surface in catalogue.surfaces.values() {
        let components = surface.written.components.as_ref();
        findings.extend(components.into_iter().flat_map(|components| keys(components, "component")));
    }
    findings.extend(
        catalogue.facts.values().filter_map(|fact| plain(&fact.id, fact.span, "fact", false)).map(Diagnostic::planning),
    );
    let metrics = catalogue.metrics.values();
    findings
        .extend(metrics.filter_map(|metric| plain(&metric.id, metric.span, "metric", false)).map(Diagnostic::planning));
    let Some((_, root)) = &catalogue.root else { return findings };
    let planning = [
        root.teams.as_ref().map(|teams| keys(teams, "team")),
        root.bundles.as_ref().map(|bundles| keys(bundles, "bundle")),
        root.environments.as_ref().map(|environments| keys(environments, "environment")),
    ];
    findings.extend(planning.into_iter().flatten().flatten().map(Diagnostic::planning));
    for (id, unit) in root.units.iter().flat_map(|units| units.iter()) {
        findings.extend(plain(id, id.span, "unit", false));
        findings.extend(unit.attribute.as_ref().and_then(attribute));
    }
    for (id, _) in root.attributes.iter().flat_map(|attributes| attributes.iter()) {
        findings.extend(attribute(id));
    }
    findings
}

fn keys<T>(entries: &At<Entries<T>>, what: &str) -> Vec<Diagnostic> {
    entries.iter().filter_map(|(id, _)| plain(id, id.span, what, false)).collect()
}

fn plain(id: &str, span: Span, what: &str, file: bool) -> Option<Diagnostic> {
    if is_id(id) {
        return None;
    }
    let message = if id.len() > 64 {
        format!("the id of this {what} has {} characters, and 64 are the most", id.chars().count())
    } else {
        format!("`{}` is not an id: ids are lower-case letters, digits and single dashes", shown(id))
    };
    let rename = if file { "rename the file to" } else { "write" };
    let end = if file { ".toml" } else { "" };
    let help = match tidy(id) {
        Some(tidy) => format!("{rename} `{tidy}{end}`"),
        None => format!("{rename} something like `fresh-first{end}`"),
    };
    Some(Diagnostic::new(RULE.name, span, message).help(help))
}

/// The id that was probably meant: words in lower case, joined by dashes.
fn tidy(id: &str) -> Option<String> {
    let mut tidy = String::new();
    let mut previous = '-';
    for letter in id.chars().take(64) {
        if letter.is_ascii_uppercase() && previous.is_ascii_lowercase() {
            tidy.push('-');
        }
        tidy.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' });
        previous = letter;
    }
    let words: Vec<&str> = tidy.split('-').filter(|word| !word.is_empty()).collect();
    let tidy = words.join("-");
    (is_id(&tidy) && id.is_ascii()).then_some(tidy)
}

/// Attributes are named by applications, and not here: any plain name will do that means nothing else.
fn attribute(name: &At<String>) -> Option<Diagnostic> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let finding = |message: String| Some(Diagnostic::new(RULE.name, name.span, message));
    if RESERVED.contains(&name.as_str()) {
        let message = format!("`{}` joins the tests of a segment, and cannot be an attribute", name.value);
        return finding(message).map(|finding| finding.help("give the attribute another name"));
    }
    if let Err(wrong) = growthbook::check_attribute(name) {
        let message = if name.len() > 64 {
            "SDKs cannot look this attribute up".to_owned()
        } else {
            shown(&wrong.said_of(Scheme::GrowthBook)).into_owned()
        };
        let help =
            "a dot is a path to SDKs, a leading `$` an operator, and every JavaScript object has members of its own";
        return finding(message).map(|finding| finding.help(help));
    }
    if name.len() > 64 || !name.bytes().all(letter) {
        let message = format!("`{}` is not the name of an attribute", shown(name));
        return finding(message).map(|finding| finding.help("use at most 64 letters, digits, `-` and `_`"));
    }
    None
}
