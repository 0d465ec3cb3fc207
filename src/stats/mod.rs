//! Statistics: numbers in, numbers out. Nothing here knows of catalogues or files.

mod chi_square;
mod compare;
mod corrections;
mod cuped;
pub mod design;
mod estimate;
mod factor;
mod fieller;
mod interaction;
mod moments;
pub mod normal;
mod order;
mod quantile;
mod ratio;
mod reason;
mod sample_ratio;
pub mod sequential;
mod strata;
pub mod student;
mod twofold;
mod undefined;
mod verdict;

#[cfg(test)]
mod tests;

pub use chi_square::{ChiSquare, goodness_of_fit, independence};
pub use compare::{Comparison, Direction};
pub use corrections::{benjamini_hochberg, bonferroni, holm, hommel};
pub use cuped::{Adjusted, adjust};
pub use estimate::{Contrast, Estimate, Interval};
pub use interaction::interaction;
pub use moments::Moments;
pub use order::Ordered;
pub use quantile::Around;
pub use reason::Reason;
pub use sample_ratio::{SampleRatio, log_evidence};
pub use strata::post_stratify;
pub use twofold::Twofold;
pub use undefined::Undefined;
pub use verdict::{Critical, Judgement, Verdict};
