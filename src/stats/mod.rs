//! Statistics: numbers in, numbers out. Nothing here knows of catalogues or files.

mod chi_square;

pub use chi_square::{ChiSquare, goodness_of_fit, independence};
