//! `invalid-metric-sql`: an expression or SQL that cannot be computed.

use std::ops::Range;

use crate::decl::{self, Aggregate, At, Engine, check_predicate, check_predicate_for, check_select_for, output_columns};
use crate::diag::{Diagnostic, Fix, closest, did_you_mean, shown};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Fact, Formula, Metric, inside};
use crate::source::Span;

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
    let engine = catalogue.engine();
    findings.extend(catalogue.facts.values().filter(|fact| fact.faults.is_empty()).flat_map(|fact| lacking(fact, engine)));
    let exposures = catalogue.root.as_ref().and_then(|(_, root)| root.exposures.as_ref());
    findings.extend(exposures.into_iter().flat_map(|exposures| of_exposures(context, exposures, engine)));
    for metric in catalogue.metrics.values() {
        let Some((text, formula)) = expression(metric) else { continue };
        findings.extend(foreign(context, formula, text, engine));
        for (fact, column, range) in columns(formula, text) {
            findings.extend(catalogue.facts.get(fact).and_then(|fact| unknown(context, fact, &column, text, range, engine)));
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
        // A column may be qualified with its fact.
        named.retain(|name| name != fact);
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

/// Predicates that the engine does not read as they are read everywhere else.
fn foreign(context: &Context<'_>, formula: &Formula, text: &At<String>, engine: Engine) -> Vec<Diagnostic> {
    let predicates = formula.aggregates().into_iter().filter_map(|aggregate| aggregate.predicate.as_ref());
    predicates
        .filter_map(|(sql, range)| {
            let wrong = check_predicate_for(sql, engine).err()?;
            let place = range.start + wrong.range.start..range.start + wrong.range.end;
            let finding = Diagnostic::new(RULE.name, inside(context.sources, text, place), wrong.message);
            Some(finding.maybe_help(wrong.help))
        })
        .collect()
}

/// The columns that a fact is known to have, and where that is said: those that it declares, or that its SELECT names.
fn schema(fact: &Fact, engine: Engine) -> Option<(Vec<String>, Span)> {
    if let Some(declared) = &fact.written.columns {
        let units = fact.written.unit.iter().flat_map(|units| units.iter()).map(|(_, column)| column.value.as_str());
        let named = units.chain(fact.written.timestamp.iter().map(|column| column.value.as_str()));
        return Some((declared.keys().chain(named).map(str::to_owned).collect(), declared.span));
    }
    let select = fact.written.select.as_ref()?;
    Some((output_columns(select, engine)?, select.span))
}

/// What is wrong with the SELECT of exposures: its SQL, or columns that it does not give.
fn of_exposures(context: &Context<'_>, exposures: &decl::Exposures, engine: Engine) -> Vec<Diagnostic> {
    let Some(select) = &exposures.select else { return Vec::new() };
    if let Err(wrong) = check_select_for(select, engine) {
        let finding = Diagnostic::new(RULE.name, inside(context.sources, select, wrong.range), wrong.message);
        return vec![finding.maybe_help(wrong.help)];
    }
    let units = exposures.unit.iter().flat_map(|units| units.iter()).map(|(_, column)| column);
    let ids = [&exposures.experiment, &exposures.variant, &exposures.timestamp].into_iter().filter_map(|column| column.as_ref());
    let dimensions = exposures.dimensions.iter().flat_map(|list| &list.value);
    not_given(select, "exposures", units.chain(ids).chain(dimensions), engine)
}

/// Columns of units and of the instant that a fact's SELECT does not give.
fn lacking(fact: &Fact, engine: Engine) -> Vec<Diagnostic> {
    let Some(select) = &fact.written.select else { return Vec::new() };
    let units = fact.written.unit.iter().flat_map(|units| units.iter()).map(|(_, column)| column);
    not_given(select, &format!("fact `{}`", fact.id), units.chain(fact.written.timestamp.iter()), engine)
}

/// Those of some columns that a SELECT does not give, as far as its text tells; `whose` it is.
fn not_given<'a>(
    select: &At<String>,
    whose: &str,
    named: impl Iterator<Item = &'a At<String>>,
    engine: Engine,
) -> Vec<Diagnostic> {
    let Some(columns) = output_columns(select, engine) else { return Vec::new() };
    let known: Vec<&str> = columns.iter().map(String::as_str).collect();
    named
        .filter(|column| !known.iter().any(|known| known.eq_ignore_ascii_case(column)))
        .map(|column| {
            let message = format!("the SELECT of {whose} has no column `{}`", shown(column));
            let close = closest(column, known.iter().copied());
            let fix = close.map(|known| Fix::replace(column.span, format!("\"{known}\""), format!("write `{known}`")));
            Diagnostic::new(RULE.name, column.span, message).maybe_help(did_you_mean(column, &known)).fix(fix)
        })
        .collect()
}

/// A column that a fact with known columns does not have. SQL does not tell upper from lower case.
fn unknown(
    context: &Context<'_>,
    fact: &Fact,
    column: &str,
    text: &At<String>,
    range: Range<usize>,
    engine: Engine,
) -> Option<Diagnostic> {
    let (columns, declared) = schema(fact, engine)?;
    let mut known: Vec<&str> = columns.iter().map(String::as_str).collect();
    if known.iter().any(|known| known.eq_ignore_ascii_case(column)) {
        return None;
    }
    known.sort_unstable();
    known.dedup();
    let span = inside(context.sources, text, range);
    let whole = context.sources.text(span) == column;
    let fix = closest(column, known.iter().copied()).map(|known| Fix::replace(span, known, format!("write `{known}`")));
    Some(
        Diagnostic::new(RULE.name, span, format!("fact `{}` has no column `{}`", fact.id, shown(column)))
            .maybe_help(did_you_mean(column, &known))
            .fix(fix.filter(|_| whole))
            .related(declared, "its columns"),
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
