//! `unknown-reference`: an id that nothing declares.

use crate::decl::{At, Kind};
use crate::diag::{Concern, Diagnostic, Fix, closest, shown, slip};
use crate::lint::{Check, Context, Group, Rule, rules};
use crate::model::{Claim, Identified, Reference, Target, Written};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "unknown-reference",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "an id is named that nothing declares",
    page: include_str!("unknown_reference.md"),
    check: Check::Catalogue(check),
};

/// How many findings get a suggestion; beyond them the catalogue has another trouble.
const MAX_SUGGESTIONS: usize = 200;

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let unknown = context.catalogue.references.iter().filter(|reference| !reference.found);
    let mut findings: Vec<Diagnostic> = unknown
        .filter(|reference| !unread(context, reference))
        .enumerate()
        .map(|(at, reference)| finding(context, reference, at < MAX_SUGGESTIONS))
        .collect();
    findings.extend(elsewhere(context));
    findings.extend(levels(context));
    findings.extend(waivers(context));
    findings
}

/// Whether what declares the id is there and could not be read: that is the finding, and this only follows from it.
fn unread(context: &Context<'_>, reference: &Reference) -> bool {
    let catalogue = &context.catalogue;
    let whole = |kind: Kind| {
        let unread = catalogue.unread.iter().any(|&(_, other)| other == kind);
        unread
            || context.read.iter().any(|finding| {
                finding.rule == "syntax" && Kind::of(context.sources.path(finding.span.file)) == Some(kind)
            })
    };
    let named = |kind: Kind| {
        let stem = |file| context.sources.get(file).is_some_and(|source| source.stem() == reference.id);
        catalogue.unread.iter().any(|&(file, other)| other == kind && stem(file))
    };
    let root = |table: &'static str| match &catalogue.root {
        Some((file, root)) => root.unread.contains(&table) || context.broken(*file),
        None => true,
    };
    match reference.target {
        Target::Team => root("teams"),
        Target::Unit => root("units"),
        Target::Attribute => root("attributes"),
        Target::Surface => named(Kind::Surface),
        Target::Flag => named(Kind::Flag),
        Target::Segment => named(Kind::Segment),
        Target::Experiment => named(Kind::Experiment) || named(Kind::Rollout),
        Target::Fact | Target::Metric => whole(Kind::Metrics),
        Target::Component => {
            let surface = reference.within.as_ref().and_then(|id| catalogue.surfaces.get(id));
            surface
                .is_some_and(|surface| surface.written.unread.contains(&"components") || context.broken(surface.file))
        }
        Target::Variant => {
            let experiment = context.claim_of(reference.span.file).and_then(|claim| claim.experiment());
            let unread = experiment.is_some_and(|experiment| experiment.unread.contains(&"variants"));
            unread || context.broken(reference.span.file)
        }
    }
}

fn finding(context: &Context<'_>, reference: &Reference, suggest: bool) -> Diagnostic {
    let word = reference.target.word();
    let candidates = if suggest { candidates(context, reference) } else { Vec::new() };
    let names = || candidates.iter().map(String::as_str);
    let near = closest(&reference.id, names());
    let id = shown(&reference.id);
    let message = match (&reference.within, reference.target) {
        (Some(surface), Target::Component) => format!("surface `{surface}` has no component `{id}`"),
        (_, Target::Variant) => format!("this experiment has no variant `{id}`"),
        _ => format!("there is no {word} `{id}`"),
    };
    let help = match (near, candidates.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, [only]) => format!("there is only `{only}`"),
        (None, few) if (1..=12).contains(&few.len()) => format!("there are {}", list(few)),
        _ => match reference.target {
            Target::Team => "declare it under `[teams]` in `allotment.toml`".to_owned(),
            Target::Unit => "declare it under `[units]` in `allotment.toml`".to_owned(),
            Target::Attribute => "declare it under `[attributes]` in `allotment.toml`".to_owned(),
            Target::Fact => "declare it under `[facts]` in a file of `metrics/`".to_owned(),
            Target::Metric => "declare it under `[metrics]` in a file of `metrics/`".to_owned(),
            Target::Component => "declare it under `[components]` of the surface".to_owned(),
            Target::Variant => "declare it under `[variants]`".to_owned(),
            Target::Surface | Target::Flag | Target::Segment | Target::Experiment => {
                format!("declare it in `{word}s/{id}.toml`")
            }
        },
    };
    let finding = Diagnostic::new(RULE.name, reference.span, message).help(help);
    let sure = slip(&reference.id, names());
    let finding = finding.fix(sure.and_then(|id| replace(context, &reference.id, reference.span, id)));
    if reference.concern == Concern::Planning { finding.planning() } else { finding }
}

/// The edit that writes another id. Inside an expression the span may be a part of a string: only whole words are replaced.
fn replace(context: &Context<'_>, id: &str, span: Span, other: &str) -> Option<Fix> {
    let text = context.sources.text(span);
    let whole = text.trim_matches(['"', '\'']) == id;
    let text = if text.starts_with(['"', '\'']) { format!("\"{other}\"") } else { other.to_owned() };
    whole.then(|| Fix::replace(span, text, format!("write `{other}`")))
}

fn list(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The ids that could have been meant.
fn candidates(context: &Context<'_>, reference: &Reference) -> Vec<String> {
    fn keys<T>(entries: Option<&At<crate::decl::Entries<T>>>) -> Vec<String> {
        entries.map_or(Vec::new(), |entries| entries.keys().map(str::to_owned).collect())
    }
    fn ids<T: Identified>(items: std::slice::Iter<'_, T>) -> Vec<String> {
        items.map(|item| item.id().to_owned()).collect()
    }
    let catalogue = &context.catalogue;
    let root = catalogue.root.as_ref().map(|(_, root)| root);
    let mut ids: Vec<String> = match reference.target {
        Target::Team => keys(root.and_then(|root| root.teams.as_ref())),
        Target::Unit => keys(root.and_then(|root| root.units.as_ref())),
        Target::Attribute => keys(root.and_then(|root| root.attributes.as_ref())),
        Target::Surface => ids(catalogue.surfaces.values()),
        Target::Flag => ids(catalogue.flags.values()),
        Target::Segment => ids(catalogue.segments.values()),
        Target::Fact => ids(catalogue.facts.values()),
        Target::Metric => ids(catalogue.metrics.values()),
        Target::Experiment => ids(catalogue.claims.values()),
        Target::Component => {
            let surface = reference.within.as_ref().and_then(|surface| catalogue.surfaces.get(surface));
            surface.map_or(vec![], |surface| surface.components.clone())
        }
        Target::Variant => {
            let within = reference.within.iter().flat_map(|ids| ids.split(','));
            within.filter(|id| !id.is_empty()).map(str::to_owned).collect()
        }
    };
    ids.retain(|id| id.len() <= 64);
    ids.sort();
    ids.dedup();
    ids
}

/// Claims whose flag is there, and belongs to another surface.
fn elsewhere(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let claims = catalogue.claims.values().filter_map(|claim| {
        let (surface, ix) = (claim.surface?, claim.flag?);
        let flag = catalogue.flags.at(ix);
        let other = flag.surface.filter(|other| *other != surface)?;
        let named = match &claim.written {
            Written::Experiment(written) => written.flag.as_ref(),
            Written::Rollout(written) => written.flag.as_ref(),
        };
        let (surface, other) = (&catalogue.surfaces.at(surface).id, &catalogue.surfaces.at(other).id);
        let message = format!("surface `{surface}` has no flag `{}`: it belongs to `{other}`", flag.id);
        let finding = Diagnostic::new(RULE.name, named?.span, message);
        let finding = finding.help(format!("name a flag of `{surface}`, or write `surface = \"{other}\"`"));
        Some(match &*flag.written.surface {
            Some(place) => finding.related(place.span, "its surface"),
            None => finding,
        })
    });
    claims.collect()
}

/// Entries of `[lint]`: rules and groups that are not there, and rules whose level is fixed.
fn levels(context: &Context<'_>) -> Vec<Diagnostic> {
    let root = context.catalogue.root.as_ref().map(|(_, root)| root);
    let names = root.and_then(|root| root.lint.as_ref()).into_iter().flat_map(|lint| lint.iter().map(|(name, _)| name));
    let groups = || Group::ALL.iter().map(|group| group.name());
    names
        .filter(|name| !groups().any(|group| group == name.value))
        .filter_map(|name| misnamed(context, name, groups().collect(), "lint rule or group", "its level is fixed"))
        .collect()
}

fn waivers(context: &Context<'_>) -> Vec<Diagnostic> {
    let waivers = context.catalogue.claims.values().flat_map(Claim::waivers);
    waivers
        .filter_map(|waiver| waiver.rule.as_ref())
        .filter_map(|name| misnamed(context, name, Vec::new(), "lint rule", "it cannot be waived"))
        .collect()
}

/// A rule's name that is none, or that of a rule which guards what is served.
fn misnamed(
    context: &Context<'_>,
    name: &At<String>,
    others: Vec<&str>,
    what: &str,
    fixed: &str,
) -> Option<Diagnostic> {
    let finding = |message: String| Diagnostic::new(RULE.name, name.span, message).planning();
    if let Some(rule) = rules::find(name) {
        let message = format!("`{}` guards what is served: {fixed}", rule.name);
        return rule.serving.then(|| finding(message).help("remove it, and mend what the rule finds"));
    }
    let known: Vec<&str> = rules::ALL.iter().filter(|rule| !rule.serving).map(|rule| rule.name).chain(others).collect();
    let help = match closest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`allot rule` lists them".to_owned(),
    };
    let fix = slip(name, known).and_then(|other| replace(context, name, name.span, other));
    Some(finding(format!("there is no {what} `{}`", shown(name))).help(help).fix(fix))
}
