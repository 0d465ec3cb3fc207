//! The typed request: what is read once for all experiments of a surface, and what is made of it.
//!
//! Instants are microseconds since 1970-01-01T00:00:00Z, lengths are microseconds; windows are half-open.

use crate::decl::Function;

/// Everything that the analysis of a surface reads: the exposures once, and each fact once.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The surface's id.
    pub surface: String,
    /// The id of the unit that the surface randomises.
    pub unit: String,
    /// The instant as of which it is asked; what happened later is not looked at.
    pub now: i64,
    pub exposures: Exposures,
    pub studies: Vec<Study>,
    pub sources: Vec<Source>,
    pub measures: Vec<Measure>,
    /// Studies that share units, so that one may change what the other does.
    pub pairs: Vec<Pair>,
}

/// Two studies that share units, by their places in [`Request::studies`], and what both measure of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub one: usize,
    pub other: usize,
    /// By their places in [`Request::measures`]; those that are [of units](Calculation::is_of_units) alone.
    pub measures: Vec<usize>,
}

/// The table of exposures, with its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposures {
    /// The table; where there is a SELECT in its place, how that is called in words.
    pub table: String,
    /// A single SELECT without side effects, in the table's place.
    pub select: Option<String>,
    pub unit: String,
    pub experiment: String,
    pub variant: String,
    pub timestamp: String,
    /// Columns by which results may be broken down, as of first exposure.
    pub dimensions: Vec<String>,
}

/// One experiment or rollout in its current phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Study {
    /// The id of its declaration.
    pub id: String,
    /// What exposures carry: the id, in later phases `<id>.<phase>`.
    pub key: String,
    /// The ids of its variants, control first.
    pub variants: Vec<String>,
    /// The first instant of the phase: earlier exposures are not in it.
    pub from: i64,
    /// The first instant after the run: later exposures are not in it, and a unit counts for a metric only if its window ends
    /// by then.
    pub until: i64,
    /// Its metrics, by their places in [`Request::measures`].
    pub measures: Vec<usize>,
}

/// A fact: rows with a unit and an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The fact's id.
    pub fact: String,
    pub relation: Relation,
    /// The column of the unit's id.
    pub unit: String,
    /// The column of the instant.
    pub timestamp: String,
    /// How late rows arrive.
    pub lag: i64,
    /// What is made of a unit's rows, each once however many metrics use it.
    pub inputs: Vec<Input>,
}

/// Where a fact's rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// A table, as `schema.table`.
    Table(String),
    /// A single SELECT without side effects.
    Select(String),
}

/// An aggregate over the rows of a source that lie in a window of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Input {
    pub function: Function,
    /// The column; `count` has none.
    pub column: Option<String>,
    /// An SQL predicate over the source's columns.
    pub predicate: Option<String>,
}

/// A metric: what is computed of each unit, and over which time.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The metric's id.
    pub id: String,
    pub calculation: Calculation,
    /// From and to, after first exposure.
    pub window: (i64, i64),
    /// How far before first exposure the covariate reaches; it ends there.
    pub covariate: Option<i64>,
    /// The level in (0, 1) at which values are cut, over all arms' units.
    pub cap: Option<f64>,
    /// Whether units without any row are dropped; else they count as 0.
    pub drops_missing: bool,
    /// The longest lag of its sources: windows are complete once they ended that long ago.
    pub lag: i64,
}

/// What a metric is.
#[derive(Debug, Clone, PartialEq)]
pub enum Calculation {
    /// The mean of a number over units.
    Mean(Number),
    /// The share of units whose number compares so.
    Conversion(Number, Comparator, f64),
    /// The ratio of two sums over units.
    Ratio(Number, Number),
    /// A quantile, at a level in (0, 1), of a number over units.
    UnitQuantile(Number, f64),
    /// A quantile, at a level in (0, 1), of the values of one input's rows over all events: its function is `sum`, and each
    /// row's value counts by itself.
    EventQuantile { source: usize, input: usize, level: f64 },
}

impl Calculation {
    /// Whether it is made of a number of each unit, so that it can be told apart by any property of a unit. A quantile over
    /// events is not: the events of some units have a quantile of their own, and a standard error that takes another look at them.
    #[must_use]
    pub fn is_of_units(&self) -> bool {
        !matches!(self, Self::EventQuantile { .. })
    }
}

/// How a conversion compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
    Unequal,
}

/// A number per unit, made of aggregates.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    Constant(f64),
    /// An input of a source, by their places.
    Input {
        source: usize,
        input: usize,
    },
    Negate(Box<Number>),
    /// `+`, `-`, `*` or `/`.
    Binary(char, Box<Number>, Box<Number>),
}
