//! `public-unit-ids`: a segment that names units by their ids, which everybody could read in what is served.

use super::unsupported_targeting::uses;
use crate::artifact::{Condition, Predicate};
use crate::diag::Diagnostic;
use crate::lint::{Check, Context, Group, Rule};

pub static RULE: Rule = Rule {
    name: "public-unit-ids",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a segment names units by their ids, which everybody could read in what is served",
    page: include_str!("public_unit_ids.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let units = catalogue.root.as_ref().and_then(|(_, root)| root.units.as_ref());
    let ids: Vec<&str> = units
        .iter()
        .flat_map(|units| units.iter())
        .filter_map(|(_, unit)| unit.attribute.as_ref().map(|attribute| attribute.value.as_str()))
        .collect();
    let mut findings = Vec::new();
    for (segment, uses) in uses(context) {
        for (span, condition) in catalogue.tests(catalogue.segments.at(segment)) {
            let Condition::Is(test) = &condition else { continue };
            // Whether there is an id at all gives nobody away.
            if !ids.contains(&test.attribute.as_str()) || matches!(test.predicate, Predicate::Exists(_)) {
                continue;
            }
            let message = format!("`{}` is the id of a unit, and everybody can read what is served", test.attribute);
            let help = "give these units an attribute of their own, such as `tester = true`, and test that";
            let finding = Diagnostic::new(RULE.name, span, message).help(help);
            let place = uses.first().map(|(_, place)| *place);
            findings.push(place.into_iter().fold(finding, |finding, place| finding.related(place, "used here")));
        }
    }
    findings
}
