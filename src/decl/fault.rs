//! What is wrong inside a string of a catalogue: in an expression, or in SQL.

use std::ops::Range;

/// What is wrong with an expression, and where in it, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    pub range: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}
