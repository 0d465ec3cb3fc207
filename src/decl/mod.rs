//! Declarations as written: TOML text in, typed tables with places out, and every finding on the way.
//!
//! Reading never fails as a whole: what can be read is returned beside what is wrong with the rest.

mod baseline;
mod clause;
mod concluding;
mod day;
mod entries;
mod experiment;
mod expression;
mod fault;
mod flag;
mod kind;
pub(crate) mod leaf;
mod locate;
mod metric;
pub(crate) mod reader;
mod root;
mod schema;
mod segment;
mod sql;
mod surface;
mod syntax;
pub(crate) mod table;

pub use baseline::{Baseline, Moments};
pub use clause::{AttributeType, Clause, Comparison, Literal, MAX_DEPTH, MAX_TESTS, Test};
pub use concluding::{Concluded, conclude, quoted};
pub use day::Day;
pub use entries::{entries, same_value};
pub use experiment::{
    AnalysisOverride, Decision, Experiment, Guardrail, Outcome, Preview, RampStep, Rollout, RolloutStep, Stage,
    Success, Waiver,
};
pub use expression::{Aggregate, Function, Term, parse_conversion, parse_mean, parse_ratio};
pub use fault::ExpressionError;
pub use flag::{Flag, FlagRule, FlagType};
pub use kind::{Declaration, Kind, read};
pub use leaf::{ID_PATTERN, Share, Value, is_id};
pub use locate::locate;
pub use metric::{Cap, Fact, Goal, Lag, Length, Metric, Metrics, Missing, Quantile, Window};
pub use reader::{At, Decode, Entries, Field, May, Must, Node, Reader, Table};
pub use root::{
    Analysis, Attribute, Bundle, Engine, Exposures, Level, Looks, LooksWord, Method, Root, Spending, Team, Unit,
    Warehouse,
};
pub use schema::{Ids, schemas};
pub use segment::Segment;
pub use sql::{
    check_predicate, check_predicate_for, check_select, check_select_for, inline, output_columns, parser_of,
};
pub use surface::{Limits, Required, Sdk, Surface};

pub(crate) use table::{table, words};
