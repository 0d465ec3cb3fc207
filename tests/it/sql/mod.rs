//! SQL of metrics: what it says in each dialect, and what it comes to in `DuckDB` and `PostgreSQL`.

mod dialects;
mod edge;
#[cfg(feature = "embedded")]
mod embedded;
mod plain;
mod random;
mod requests;
mod run;
