//! What an analysis asks of data: metrics as meant become a typed request, and a request becomes SQL.

mod baseline;
mod build;
mod joint;
mod left_out;
mod meaning;
mod request;
mod sql;

pub use baseline::{Baselines, Unmeasured, baselines, version_order};
pub use build::{Asked, requests, run};
pub use joint::{MOST_DIMENSIONS, MOST_VALUES, joined};
pub use left_out::{LeftOut, Why};
pub use request::{Calculation, Comparator, Exposures, Input, Measure, Number, Pair, Relation, Request, Source, Study};
pub use sql::{About, Cell, Dialect, Layout, Malformed, Refused, Row, Statement, statements, tallies};
