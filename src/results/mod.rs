//! The recorded shape of an analysis: what was counted, and what it came to.

mod tally;

pub use tally::{Arm, ArmTally, Caps, DaySums, EventQuantile, Histogram, MetricTally, Sums, Tally};
