//! Designs: how many units and days a test needs, what it can find with those, and what its results decide.

mod decision;
mod duration;
mod levels;
mod size;

pub use decision::{Decision, Overall, Role, Standing, State, Tested, Treatment, Why, choose, decide};
pub use duration::{Extrapolation, LONGEST, Reach, Step, Traffic, Units};
pub use levels::{Levels, Shape, levels};
pub use size::{Aim, Baseline, Design, Size};

pub use super::Reason;
