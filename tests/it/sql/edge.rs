//! The edge cases of the reference, in DuckDB and PostgreSQL.
