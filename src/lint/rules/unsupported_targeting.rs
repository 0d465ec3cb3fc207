//! `unsupported-targeting`: a test that a surface's SDK does not evaluate alike in all its languages.

use std::collections::HashMap;

use crate::artifact::{Condition, Unsupported, format};
use crate::bucket::Scheme;
use crate::decl::Stage;
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Ix, Segment, Surface};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "unsupported-targeting",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a segment has a test that the surface's SDK does not evaluate alike in every language",
    page: include_str!("unsupported_targeting.md"),
    check: Check::Catalogue(check),
};

/// How many of the places where a segment is used are shown.
const MAX_USES: usize = 3;

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (ix, uses) in uses(context) {
        let segment = context.catalogue.segments.at(ix);
        let before = findings.len();
        for (span, test) in context.catalogue.tests(segment) {
            findings.extend(found(context, span, &test, &uses));
        }
        // Each of its tests may do, and not all of them together.
        if let Some(whole) = segment.predicate.as_ref().filter(|_| findings.len() == before) {
            let span = segment.written.r#where.as_ref().map_or_else(|| Span::top(segment.file), |at| at.span);
            findings.extend(found(context, span, whole, &uses));
        }
    }
    findings
}

/// A test, or a whole segment, that a surface cannot serve. Several may use it: one that cannot is enough.
fn found(context: &Context<'_>, span: Span, test: &Condition, uses: &[Use]) -> Option<Diagnostic> {
    let refused = uses.iter().find_map(|(surface, _)| Some((*surface, refused(context, *surface, test)?)));
    let (surface, (scheme, wrong)) = refused?;
    let finding = Diagnostic::new(RULE.name, span, wrong.said_of(scheme)).maybe_help(help(&wrong));
    let label = format!("used here, on `{}`", context.catalogue.surfaces.at(surface).id);
    let places = uses.iter().filter(|(other, _)| *other == surface).take(MAX_USES);
    Some(places.fold(finding, |finding, (_, place)| finding.related(*place, &*label)))
}

/// Where a segment is used: the surface, and the place.
pub(super) type Use = (Ix<Surface>, Span);

/// Where each segment is used, in the order of files.
pub(super) fn uses(context: &Context<'_>) -> Vec<(Ix<Segment>, Vec<Use>)> {
    let catalogue = &context.catalogue;
    let mut uses: HashMap<Ix<Segment>, Vec<Use>> = HashMap::new();
    let mut used = |segment: Option<Ix<Segment>>, surface: Option<Ix<Surface>>, span: Span| {
        if let (Some(segment), Some(surface)) = (segment, surface) {
            uses.entry(segment).or_default().push((surface, span));
        }
    };
    for flag in catalogue.flags.values() {
        let rules = flag.written.rules.iter().flat_map(|rules| &rules.value);
        for (rule, segment) in rules.zip(&flag.rules) {
            let span = rule.segment.as_ref().map_or(rule.span, |segment| segment.span);
            used(*segment, flag.surface, span);
        }
    }
    // A thought is not served yet, and a record no more.
    let served = |claim: &&Claim| !matches!(claim.stage, Some(Stage::Think | Stage::Tweak));
    for claim in catalogue.claims.values().filter(served) {
        used(claim.segment, claim.surface, claim.segment_span());
        let preview = claim.experiment().and_then(|experiment| experiment.preview.as_ref());
        if let Some(named) = preview.and_then(|preview| preview.segment.as_ref()) {
            used(catalogue.segments.find(named), claim.surface, named.span);
        }
    }
    let mut uses: Vec<_> = uses.into_iter().collect();
    uses.sort_by_key(|(segment, _)| *segment);
    uses
}

/// Why a surface's SDK cannot be served a test. The names of attributes are a matter of ids.
fn refused(context: &Context<'_>, surface: Ix<Surface>, test: &Condition) -> Option<(Scheme, Unsupported)> {
    let surface = context.catalogue.surfaces.at(surface);
    let scheme = surface.sdk.word().parse().ok()?;
    let unit = context.catalogue.unit_attribute(surface.unit()).unwrap_or_default();
    let wrong = format::check_condition(scheme, test, unit).err()?;
    (!matches!(wrong, Unsupported::Attribute(_))).then_some((scheme, wrong))
}

fn help(wrong: &Unsupported) -> Option<String> {
    let help = match wrong {
        Unsupported::Version(version) => {
            let parts: Vec<&str> = version.split('.').collect();
            let plain = parts.len() < 3 && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            if plain {
                format!("write \"{version}{}\"", ".0".repeat(3 - parts.len()))
            } else {
                "write three numbers of at most five digits, without leading zeros, and perhaps a pre-release".to_owned()
            }
        }
        Unsupported::Number => "test a smaller number, or make the attribute a string".to_owned(),
        Unsupported::Text => "look for a text without control characters".to_owned(),
        Unsupported::Subject => "give the attribute another name".to_owned(),
        Unsupported::Rules => "ask for less at once, or turn `not` around".to_owned(),
        _ => return None,
    };
    Some(help)
}
