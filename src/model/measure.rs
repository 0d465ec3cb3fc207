//! Facts and metrics, and the metrics that an experiment tracks.

use super::arena::{Identified, Ix};
use crate::decl::{self, Aggregate, At, ExpressionError, Share, Term};
use crate::source::{FileId, Sources, Span};

/// A fact.
#[derive(Debug, Clone)]
pub struct Fact {
    pub id: String,
    pub file: FileId,
    /// The place of its id.
    pub span: Span,
    pub written: decl::Fact,
    /// What is wrong with its SELECT.
    pub faults: Vec<Fault>,
}

/// A metric.
#[derive(Debug, Clone)]
pub struct Metric {
    pub id: String,
    pub file: FileId,
    /// The place of its id.
    pub span: Span,
    pub written: decl::Metric,
    /// What it computes, if that could be parsed.
    pub formula: Option<Formula>,
    /// What is wrong with its expression.
    pub faults: Vec<Fault>,
    /// The facts that it reads, those that exist.
    pub facts: Vec<Ix<Fact>>,
}

/// What a metric computes for each unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    Mean(Term),
    Conversion(Term, &'static str, f64),
    Ratio(Term, Term),
    /// A quantile over units of a number that each of them has.
    UnitQuantile(Term, Share),
    /// A quantile over events of one column of a fact.
    Quantile {
        fact: String,
        column: String,
        at: Share,
    },
}

impl Formula {
    /// Every aggregate in it; a quantile over events has none.
    #[must_use]
    pub fn aggregates(&self) -> Vec<&Aggregate> {
        match self {
            Self::Mean(term) | Self::Conversion(term, ..) | Self::UnitQuantile(term, _) => term.aggregates(),
            Self::Ratio(numerator, denominator) => {
                let mut all = numerator.aggregates();
                all.extend(denominator.aggregates());
                all
            }
            Self::Quantile { .. } => Vec::new(),
        }
    }
}

/// Something wrong in an expression or in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

/// The role of a metric in an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Success,
    Guardrail,
    /// Required by the surface.
    Required,
}

/// A metric that a claim tracks.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The id as written.
    pub id: String,
    pub metric: Option<Ix<Metric>>,
    pub role: Role,
    /// The place of its id: in the claim, or in the surface that requires it.
    pub span: Span,
    pub mde: Option<Share>,
    pub margin: Option<Share>,
}

impl Identified for Fact {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for Metric {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What a metric's expression says.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub formula: Option<Formula>,
    pub faults: Vec<Fault>,
    /// The facts it names, each with its place.
    pub facts: Vec<At<String>>,
}

/// Parses the one expression of a metric.
pub(super) fn parse(sources: &Sources, metric: &decl::Metric) -> Parsed {
    let mut parsed = Parsed::default();
    let mut keep = |text: &At<String>, result: Result<Formula, ExpressionError>| match result {
        Ok(formula) => {
            for aggregate in formula.aggregates() {
                let (fact, range) = &aggregate.fact;
                parsed.facts.push(At { value: fact.clone(), span: inside(sources, text, range.clone()) });
            }
            parsed.formula = Some(formula);
        }
        Err(wrong) => parsed.faults.push(Fault {
            span: inside(sources, text, wrong.range),
            message: wrong.message,
            help: wrong.help,
        }),
    };
    if let Some(text) = &metric.mean {
        keep(text, decl::parse_mean(text).map(Formula::Mean));
    }
    if let Some(text) = &metric.conversion {
        keep(text, decl::parse_conversion(text).map(|(term, op, number)| Formula::Conversion(term, op, number)));
    }
    if let Some(text) = &metric.ratio {
        keep(text, decl::parse_ratio(text).map(|(numerator, denominator)| Formula::Ratio(numerator, denominator)));
    }
    if let Some(quantile) = &metric.quantile
        && let (Some(of), Some(at)) = (quantile.of.as_ref(), quantile.at.as_ref())
    {
        if of.contains('(') {
            keep(of, decl::parse_mean(of).map(|term| Formula::UnitQuantile(term, at.value.0)));
            return parsed;
        }
        match of.split_once('.') {
            Some((fact, column)) if !fact.is_empty() && !column.is_empty() => {
                let span = inside(sources, of, 0..fact.len());
                parsed.facts.push(At { value: fact.to_owned(), span });
                let (fact, column) = (fact.to_owned(), column.to_owned());
                parsed.formula = Some(Formula::Quantile { fact, column, at: at.value.0 });
            }
            _ => parsed.faults.push(Fault {
                span: of.span,
                message: "a quantile is taken of a fact's column, or of a number that each unit has".to_owned(),
                help: Some("as in `of = \"sessions.load_ms\"`, or `of = \"sum(streams.ms_played)\"`".to_owned()),
            }),
        }
    }
    parsed
}

/// What is wrong with a fact's SELECT.
pub(super) fn fact_faults(sources: &Sources, fact: &decl::Fact, engine: decl::Engine) -> Vec<Fault> {
    let Some(select) = &fact.select else { return Vec::new() };
    match decl::check_select_for(select, engine) {
        Ok(()) => Vec::new(),
        Err(wrong) => {
            vec![Fault { span: inside(sources, select, wrong.range), message: wrong.message, help: wrong.help }]
        }
    }
}

/// The place of a part of a string, if the string is written without escapes; else that of the whole string.
pub(crate) fn inside(sources: &Sources, text: &At<String>, range: std::ops::Range<usize>) -> Span {
    let raw = sources.text(text.span);
    match raw.find(text.value.as_str()) {
        Some(offset) if !text.value.is_empty() => text.span.part(offset + range.start..offset + range.end),
        _ => text.span,
    }
}
