//! The recorded shape of an analysis: what was counted, and what it came to.

mod besides;
mod decision;
mod evidence;
mod figure;
mod health;
mod outcome;
mod record;
mod tally;

pub use besides::{Breakdown, Effect, Interaction, Interactions, Slice};
pub use decision::{Advice, Decision, Next, Reason, Why};
pub use evidence::Evidence;
pub use figure::{Figure, Interval, Undefined};
pub use health::{Check, CheckName, Part, Status};
pub use outcome::{
    ArmEstimate, Contrast, Covariate, DayEstimate, Deterioration, Impact, MarginTest, Outcome, Settled, Spending,
    Treatment, Verdict,
};
pub use record::{
    Cap, Goal, Judged, Look, MAX_RECORD, Method, MethodKind, Metric, MetricKind, Plan, Results, Role, Run, Source,
    State, VERSION, Variant,
};
pub use tally::{
    Arm, ArmTally, Caps, DaySums, DimensionTally, EventQuantile, JointTally, MetricTally, PairTally, PartQuantile,
    Sums, Tally, UnitQuantile,
};
