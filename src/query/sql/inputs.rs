//! Facts: their rows with the value of each input, and what these come to for a unit in each window.

use super::frame::Frame;
use super::text::{Parts, Select, column};
use crate::decl::Function;
use crate::query::{Input, Number, Source};

/// A span of time around first exposure, in microseconds.
pub(super) type Span = (i64, i64);

/// An aggregate of a source's input in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Term {
    pub source: usize,
    pub input: usize,
    pub span: Span,
}

/// The inputs that a number is made of.
pub(super) fn inputs(number: &Number, found: &mut Vec<(usize, usize)>) {
    match number {
        Number::Constant(_) => {}
        Number::Input { source, input } => found.push((*source, *input)),
        Number::Negate(inner) => inputs(inner, found),
        Number::Binary(_, left, right) => {
            inputs(left, found);
            inputs(right, found);
        }
    }
}

impl Frame<'_> {
    /// The rows of a source: unit, instant, and the value of each input, null where the row does not count for it.
    pub(super) fn fact(&self, parts: &mut Parts, at: usize, source: &Source, wanted: &[usize], span: Span) {
        let dialect = self.dialect;
        let timestamp = dialect.column(&source.timestamp);
        let unit = dialect.column(&source.unit);
        let mut columns =
            vec![column(dialect.id(&unit), self.name("unit")), column((dialect.micros)(&timestamp), self.name("seen"))];
        for (place, input) in source.inputs.iter().enumerate().filter(|(place, _)| wanted.contains(place)) {
            columns.push(column(self.value(input), self.name(&place.to_string())).for_(said(input)));
        }
        let from = self.request.studies.iter().map(|study| study.from).min().unwrap_or(0);
        let until = self.request.studies.iter().map(|study| study.until).max().unwrap_or(0).min(self.request.now);
        let mut filters = self.days(&timestamp, from.saturating_add(span.0), until);
        filters.push(format!("{unit} IS NOT NULL"));
        parts.add(
            self.name(&format!("fact_{at}")),
            Select {
                words: format!("rows of fact `{}` on the days that windows reach", source.fact),
                columns,
                from: vec![dialect.relation(&source.relation, &source.fact)],
                filters,
                ..Select::default()
            },
        );
    }

    /// The value of an input in a row.
    fn value(&self, input: &Input) -> String {
        let dialect = self.dialect;
        let own = input.column.as_deref().map(|name| dialect.column(name));
        let (value, mut tests) = match (input.function, own) {
            (Function::Count, _) | (_, None) => ("1".to_owned(), Vec::new()),
            (Function::CountDistinct, Some(own)) => (dialect.id(&own), Vec::new()),
            (_, Some(own)) => {
                let double = dialect.as_double(&own);
                let test = format!("NOT ({})", (dialect.is_nan)(&double));
                (double, vec![test])
            }
        };
        tests.extend(input.predicate.iter().map(|predicate| format!("({predicate})")));
        match tests.is_empty() {
            true => value,
            false => format!("CASE WHEN {} THEN {value} END", tests.join(" AND ")),
        }
    }

    /// What a term is called.
    pub(super) fn term(term: Term, spans: &[Span]) -> String {
        let span = spans.iter().position(|span| *span == term.span).unwrap_or(0);
        format!("f{}_{}_w{span}", term.source, term.input)
    }

    /// A term over the rows `f` that were joined to a unit `u`.
    pub(super) fn aggregate(&self, term: Term) -> String {
        let function = self.request.sources.get(term.source).and_then(|source| source.inputs.get(term.input));
        let value = format!("CASE WHEN {} THEN f.{} END", self.within(term.span), self.name(&term.input.to_string()));
        match function.map_or(Function::Count, |input| input.function) {
            Function::Sum => format!("SUM({value})"),
            Function::Count => format!("COUNT({value})"),
            Function::CountDistinct => format!("COUNT(DISTINCT {value})"),
            Function::Min => format!("MIN({value})"),
            Function::Max => format!("MAX({value})"),
        }
    }

    /// The instant of a unit's first exposure, moved.
    pub(super) fn after(by: i64) -> String {
        match by {
            0 => "u.first_seen".to_owned(),
            by if by < 0 => format!("u.first_seen - {}", by.unsigned_abs()),
            by => format!("u.first_seen + {by}"),
        }
    }

    /// Whether a row `f` lies in a span of its unit `u`.
    pub(super) fn within(&self, span: Span) -> String {
        let seen = format!("f.{}", self.name("seen"));
        format!("{seen} >= {} AND {seen} < {}", Self::after(span.0), Self::after(span.1))
    }

    /// A number in a span: null where it has no value, as in a division by zero.
    pub(super) fn number(&self, number: &Number, span: Span, spans: &[Span]) -> String {
        match number {
            Number::Constant(value) => self.dialect.number(*value),
            Number::Input { source, input } => {
                let term = Self::term(Term { source: *source, input: *input, span }, spans);
                self.dialect.as_double(&format!("COALESCE(u.{term}, 0)"))
            }
            Number::Negate(inner) => format!("(-{})", self.number(inner, span, spans)),
            Number::Binary(operator, left, divisor) => {
                let (left, right) = (self.number(left, span, spans), self.number(divisor, span, spans));
                let by_nothing = *operator == '/' && !matches!(**divisor, Number::Constant(value) if value != 0.0);
                match by_nothing {
                    true => format!("({left} / NULLIF({right}, {}))", self.dialect.number(0.0)),
                    false => format!("({left} {operator} {right})"),
                }
            }
        }
    }
}

/// An input as the catalogue writes it, without its fact.
pub(super) fn said(input: &Input) -> String {
    let column = input.column.as_ref().map_or_else(|| "rows".to_owned(), Clone::clone);
    let predicate = input.predicate.as_ref().map_or_else(String::new, |predicate| format!(" where {predicate}"));
    format!("{}({column}{predicate})", input.function.word())
}
