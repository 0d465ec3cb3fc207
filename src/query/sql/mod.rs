//! The SQL of a request: one statement for the exposures and one for each fact source, in the dialect of a warehouse.
//!
//! Statements return sufficient statistics only. Exposures are read once in each, however many experiments and metrics there are.

mod counts;
mod dialect;
mod events;
mod facts;
mod frame;
mod groups;
mod inputs;
mod lexical;
mod read;
mod text;

pub use dialect::Dialect;
pub use facts::Layout;
pub use read::{Cell, Malformed, Row, tallies};

use std::fmt;

use facts::{Facts, sources};
use frame::{Frame, describe};

use super::request::{Calculation, Exposures, Measure, Relation, Request, Source};
use crate::decl::{ExpressionError, check_predicate_for, check_select_for, inline};

/// A measure with its place in the request.
type Placed<'a> = (usize, &'a Measure);

/// Measures that are made of the same sources, with the places of those.
type Group<'a> = (Vec<usize>, Vec<Placed<'a>>);

/// A statement, and how its result is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub about: About,
    /// The metrics that it computes, by their places in [`Request::measures`].
    pub measures: Vec<usize>,
    /// The names of the columns that it returns: numbers, but for values of dimensions.
    pub columns: Vec<String>,
    pub text: String,
}

/// What a statement computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Exposed units, and exposures that are left out.
    Exposures,
    /// Sums over units of the facts at these places in [`Request::sources`].
    Facts(Vec<usize>, Layout),
    /// The same of pairs of studies, by their places in [`Request::pairs`], whose variants are their joint cells.
    Pairs(Vec<usize>, Layout),
    /// Quantiles over the events of the fact at this place.
    Events(usize),
}

/// SQL of the catalogue that cannot stand in a statement of this dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The fact whose SELECT, or whose predicate, it is.
    pub fact: String,
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the SQL of fact `{}` cannot be run: {}", self.fact, self.message)
    }
}

/// The statements of a request: for its exposures, then for each source, or for several where a metric is made of several.
///
/// # Errors
/// When SQL of the catalogue is not what may be run, read as the dialect reads it.
pub fn statements(request: &Request, dialect: Dialect) -> Result<Vec<Statement>, Refused> {
    let request = &inlined(request, dialect)?;
    let plain =
        &Request { exposures: Exposures { dimensions: Vec::new(), ..request.exposures.clone() }, ..request.clone() };
    // What is made of units is told apart by dimensions.
    let (frame, plain) = (Frame::new(request, dialect), Frame::new(plain, dialect));
    let tracked = |place: &usize| request.studies.iter().any(|study| study.measures.contains(place));
    let measures: Vec<(usize, &Measure)> =
        request.measures.iter().enumerate().filter(|(place, _)| tracked(place)).collect();
    let mut statements = vec![Statement {
        about: About::Exposures,
        measures: Vec::new(),
        columns: counts::COLUMNS.map(str::to_owned).to_vec(),
        text: counts::text(&plain, &head(request, "exposures", &[])),
    }];
    let (events, sums): (Vec<_>, Vec<_>) =
        measures.into_iter().partition(|(_, measure)| matches!(measure.calculation, Calculation::EventQuantile { .. }));
    let summed = |frame: &Frame<'_>, (places, measures): Group<'_>, about: fn(Vec<usize>, Layout) -> About| {
        let facts = Facts::new(frame, measures);
        Statement {
            measures: facts.measures.iter().map(|(place, _)| *place).collect(),
            columns: facts.layout.names(),
            text: facts.text(&head(frame.request, &named(request, &places), &facts.measures)),
            about: about(places, facts.layout),
        }
    };
    for group in together(sums) {
        let any = group.1.iter().any(|(_, measure)| measure.calculation.is_of_units());
        statements.push(summed(if any { &frame } else { &plain }, group, About::Facts));
    }
    if let Some(joint) = &request.joint() {
        let shared = |place: &usize| request.pairs.iter().any(|pair| pair.measures.contains(place));
        let measures = joint.measures.iter().enumerate().filter(|(place, _)| shared(place)).collect();
        let frame = Frame { paired: Some(request), ..Frame::new(joint, dialect) };
        statements.extend(together(measures).into_iter().map(|group| summed(&frame, group, About::Pairs)));
    }
    for (places, measures) in together(events) {
        let Some((&place, source)) = places.first().and_then(|place| Some((place, request.sources.get(*place)?)))
        else {
            continue;
        };
        let head = head(request, &format!("events of fact `{}`", source.fact), &measures);
        statements.push(Statement {
            about: About::Events(place),
            columns: events::COLUMNS.map(str::to_owned).to_vec(),
            text: events::text(&plain, place, &measures, &head),
            measures: measures.iter().map(|(place, _)| *place).collect(),
        });
    }
    Ok(statements)
}

/// The request with its SQL checked once more, in the dialect that will run it, and without comments and line breaks.
fn inlined(request: &Request, dialect: Dialect) -> Result<Request, Refused> {
    let mut request = request.clone();
    if let Some(select) = &mut request.exposures.select {
        let fact = request.exposures.table.clone();
        let refused = |wrong: ExpressionError| Refused { fact: fact.clone(), message: wrong.message };
        check_select_for(select, dialect.engine).map_err(refused)?;
        *select = inline(select, dialect.engine).map_err(refused)?;
    }
    for Source { fact, relation, inputs, .. } in &mut request.sources {
        let refused = |wrong: ExpressionError| Refused { fact: fact.clone(), message: wrong.message };
        if let Relation::Select(select) = relation {
            check_select_for(select, dialect.engine).map_err(refused)?;
            *select = inline(select, dialect.engine).map_err(refused)?;
        }
        for predicate in inputs.iter_mut().filter_map(|input| input.predicate.as_mut()) {
            check_predicate_for(predicate, dialect.engine).map_err(refused)?;
            *predicate = inline(predicate, dialect.engine).map_err(refused)?;
        }
    }
    Ok(request)
}

/// The facts at some places, in words.
fn named(request: &Request, places: &[usize]) -> String {
    let sources = places.iter().filter_map(|&place| request.sources.get(place));
    let names: Vec<String> = sources.map(|source| format!("`{}`", source.fact)).collect();
    format!("fact {}", names.join(" and "))
}

/// What is said above a statement.
fn head(request: &Request, about: &str, measures: &[Placed<'_>]) -> Vec<String> {
    let studies: Vec<String> = request.studies.iter().take(20).map(|study| format!("`{}`", study.key)).collect();
    let more = request.studies.len().saturating_sub(studies.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut head = vec![format!("surface `{}`, {about}: {}{more}", request.surface, studies.join(", "))];
    head.extend(measures.iter().map(|(_, measure)| describe(measure)));
    head
}

/// Measures by the sources that they are made of: those that share one are together.
fn together(measures: Vec<Placed<'_>>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (place, measure) in measures {
        let mut joined = (sources(measure), vec![(place, measure)]);
        let (sharing, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(own, _)| own.iter().any(|source| joined.0.contains(source)));
        groups = apart;
        for (own, measures) in sharing {
            joined.0.extend(own);
            joined.1.extend(measures);
        }
        joined.0.sort_unstable();
        joined.0.dedup();
        joined.1.sort_by_key(|(place, _)| *place);
        groups.push(joined);
    }
    groups.sort_by(|(one, _), (other, _)| one.cmp(other));
    groups
}
