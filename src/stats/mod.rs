//! Statistics: numbers in, numbers out. Nothing here knows of catalogues or files.

mod chi_square;
mod corrections;
pub mod design;
mod sample_ratio;
pub mod sequential;

pub use chi_square::{ChiSquare, goodness_of_fit, independence};
pub use corrections::{benjamini_hochberg, bonferroni, holm, hommel};
pub use sample_ratio::{SampleRatio, log_evidence};
