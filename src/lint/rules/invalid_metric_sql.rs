//! `invalid-metric-sql`: an expression or SQL that cannot be computed.

use std::ops::Range;

use crate::decl::{self, Aggregate, At, check_predicate};
use crate::diag::{Diagnostic, Fix, closest, did_you_mean};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Fact, Formula, Metric, inside};

pub static RULE: Rule = Rule {
    name: "invalid-metric-sql",
    group: Group::Conformance,
    level: None,
    serving: false,
    summary: "a metric's expression or a fact's SQL cannot be computed",
    page: include_str!("invalid_metric_sql.md"),
    check: Check::Catalogue(check),
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let metrics = catalogue.metrics.values().flat_map(|metric| &metric.faults);
    let faults = catalogue.facts.values().flat_map(|fact| &fact.faults).chain(metrics);
    let mut findings: Vec<Diagnostic> = faults
        .map(|fault| Diagnostic::new(RULE.name, fault.span, fault.message.clone()).maybe_help(fault.help.clone()))
        .collect();
    for metric in catalogue.metrics.values() {
        let Some((text, formula)) = expression(metric) else { continue };
        for (fact, column, range) in columns(formula, text) {
            findings.extend(catalogue.facts.get(fact).and_then(|fact| unknown(context, fact, &column, text, range)));
        }
    }
    findings
}

/// The expression of a metric, as written and as parsed.
fn expression(metric: &Metric) -> Option<(&At<String>, &Formula)> {
    let formula = metric.formula.as_ref()?;
    let decl::Metric { mean, conversion, ratio, quantile, .. } = &metric.written;
    let text = match formula {
        Formula::Mean(_) => mean.as_ref(),
        Formula::Conversion(..) => conversion.as_ref(),
        Formula::Ratio(..) => ratio.as_ref(),
        Formula::Quantile { .. } | Formula::UnitQuantile(..) => quantile.as_ref().and_then(|quantile| quantile.of.as_ref()),
    };
    Some((text?, formula))
}

/// Every column that an expression names: of which fact, and where in the expression.
fn columns<'a>(formula: &'a Formula, text: &str) -> Vec<(&'a str, String, Range<usize>)> {
    if let Formula::Quantile { fact, column, .. } = formula {
        return vec![(fact, column.clone(), fact.len() + 1..text.len())];
    }
    let mut columns = Vec::new();
    for Aggregate { fact: (fact, _), column, predicate, .. } in formula.aggregates() {
        columns.extend(column.iter().map(|(column, range)| (fact.as_str(), column.clone(), range.clone())));
        let Some((sql, range)) = predicate else { continue };
        // It was checked while the expression was parsed.
        let mut named = check_predicate(sql).unwrap_or_default();
        named.sort();
        named.dedup();
        for column in named {
            let place = place(sql, &column).map_or(range.clone(), |at| range.start + at.start..range.start + at.end);
            columns.push((fact, column, place));
        }
    }
    columns
}

/// Where an SQL text first names a column: as a whole word, and not inside a string.
fn place(sql: &str, column: &str) -> Option<Range<usize>> {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut quoted = false;
    let mut before = ' ';
    for (at, letter) in sql.char_indices() {
        if letter == '\'' {
            quoted = !quoted;
        } else if !quoted && !part(before) && sql.get(at..).is_some_and(|rest| rest.starts_with(column)) {
            let end = at + column.len();
            if !sql.get(end..).and_then(|rest| rest.chars().next()).is_some_and(part) {
                return Some(at..end);
            }
        }
        before = letter;
    }
    None
}

/// A column that a fact with declared columns does not have. SQL does not tell upper from lower case.
fn unknown(context: &Context<'_>, fact: &Fact, column: &str, text: &At<String>, range: Range<usize>) -> Option<Diagnostic> {
    let declared = fact.written.columns.as_ref()?;
    let units = fact.written.unit.iter().flat_map(|units| units.iter()).map(|(_, column)| column.value.as_str());
    let named = units.chain(fact.written.timestamp.iter().map(|column| column.value.as_str()));
    let mut known: Vec<&str> = declared.keys().chain(named).collect();
    if known.iter().any(|known| known.eq_ignore_ascii_case(column)) {
        return None;
    }
    known.sort_unstable();
    known.dedup();
    let span = inside(context.sources, text, range);
    let whole = context.sources.text(span) == column;
    let fix = closest(column, known.iter().copied()).map(|known| Fix::replace(span, known, format!("write `{known}`")));
    let shown = if column.len() > 80 { "…" } else { column };
    Some(
        Diagnostic::new(RULE.name, span, format!("fact `{}` has no column `{shown}`", fact.id))
            .maybe_help(did_you_mean(column, &known))
            .fix(fix.filter(|_| whole))
            .related(declared.span, "its columns"),
    )
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn columns_are_whole_words_outside_strings() {
        assert_eq!(place("a = 'skip' and skip", "skip"), Some(15..19));
        assert_eq!(place("skipped or skip_2 or (skip)", "skip"), Some(22..26));
        assert_eq!(place("\"Skip\" > 1", "Skip"), Some(1..5));
        assert_eq!(place("é and x", "x"), Some(7..8));
        assert_eq!(place("'x'", "x"), None);
    }
}
