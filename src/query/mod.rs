//! What an analysis asks of data: metrics as meant become a typed request, and a request becomes SQL.

mod request;

pub use request::{Calculation, Comparator, Exposures, Input, Measure, Number, Relation, Request, Source, Study};
