//! One treatment against control on one metric: the estimates, the interval, and what is read off it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Advice, Figure, Interval, Reason};

/// A treatment against control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "treatment")]
pub struct Treatment {
    pub variant: String,
    /// What its own tests decide.
    pub advice: Advice,
    /// Why.
    pub reasons: Vec<Reason>,
    /// One per metric, in the order of [`super::Results::metrics`].
    pub outcomes: Vec<Outcome>,
}

/// A treatment against control on one metric. Differences are in the metric's units, lifts are shares of `|control|`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "outcome")]
pub struct Outcome {
    pub metric: String,
    /// What the interval says.
    pub verdict: Verdict,
    pub control: ArmEstimate,
    pub treatment: ArmEstimate,
    /// Treatment less control.
    pub difference: Figure,
    /// Its standard error.
    pub se: Figure,
    /// Degrees of freedom at the tested hypothesis.
    pub freedom: Figure,
    /// The relative lift.
    pub lift: Figure,
    /// The delta-method standard error of the lift.
    pub lift_se: Figure,
    /// Half the width of the interval, in standard errors: the one critical value that verdicts are read off.
    pub critical: Figure,
    /// The interval of the difference.
    pub interval: Figure<Interval>,
    /// The interval of the lift, by Fieller; it excludes 0 exactly when that of the difference does.
    pub lift_interval: Figure<Interval>,
    /// The error of the interval, over both sides and all looks.
    pub alpha: f64,
    /// The two-sided p-value of no difference: for planned looks that of this look alone, always valid for that method.
    pub p: Figure,
    /// What `p` is held against at this look: below it the interval excludes 0.
    pub level: Figure,
    /// With a margin: the test of it, by the same critical value.
    pub margin: Option<MarginTest>,
    /// Whether it is significantly worse, with a margin beyond it: always sequentially, one-sided, at an error of its own.
    pub deterioration: Option<Deterioration>,
    /// Complete units that control and this treatment were planned to have together, as the first look took it; null where no
    /// baseline tells.
    pub planned_units: Option<f64>,
    /// What looks have spent; null for always-valid intervals. A fixed plan spends on the test for deterioration alone.
    pub spending: Option<Spending>,
    /// What the covariate did; null where none is declared.
    pub covariate: Option<Covariate>,
    /// The same without dropping units that were seen in two variants, at the same critical value; null where none was.
    pub kept: Option<Contrast>,
    /// Estimates by the day up to which units were first exposed; empty where there are no sums per day.
    pub days: Vec<DayEstimate>,
    /// What it comes to on the whole surface; null for metrics that are not decided on.
    pub impact: Option<Impact>,
    /// Where an earlier look spent the plan and settled the verdict: which one, and what later data say. All other figures but
    /// `planned_units` and `spending` are then those of that look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
}

/// The look that settled a verdict, and what all units up to now say beside it. That only describes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "settled")]
pub struct Settled {
    /// The instant of the look that settled it, as in 2027-02-01T00:00:00Z.
    pub at: String,
    /// What all units up to now say, with intervals at the bound of that look; no verdict is read off them.
    pub since: Contrast,
    /// Whether they contradict the verdict: they are significantly worse where it was not, or better where it was worse.
    pub contradicts: bool,
}

/// What an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "outcome_verdict")]
pub enum Verdict {
    /// All of it is on the good side of 0.
    Better,
    /// With a margin: all of it is inside.
    NonInferior,
    /// All of it is on the bad side of 0; with a margin, beyond it.
    Worse,
    /// None of these, yet.
    Undecided,
    /// There is no interval, for the reason that stands in its place. That means wait, never a pass.
    Undefined,
    /// A health check failed, so that nothing is read off it.
    Withheld,
}

/// What an arm estimates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "arm_estimate")]
pub struct ArmEstimate {
    /// Complete units of this variant alone.
    pub units: u64,
    /// The estimate, adjusted if a covariate is used.
    pub mean: Figure,
    /// Its standard error.
    pub se: Figure,
    /// The estimate as observed, without adjustment.
    pub raw: Figure,
}

/// The test of a relative margin: `sgn·(mean_t − k·mean_c)` above 0 is inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "margin_test")]
pub struct MarginTest {
    /// The margin, a share of `|control|`.
    pub margin: f64,
    /// The contrast, in the metric's units.
    pub value: Figure,
    pub se: Figure,
    /// `value/se`, held against the critical value.
    pub statistic: Figure,
    /// The one-sided p-value of being beyond the margin, for this look alone.
    pub p: Figure,
}

/// The test for being significantly worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "deterioration")]
pub struct Deterioration {
    /// Its one-sided error, over all looks.
    pub alpha: f64,
    /// The critical value at this look, in standard errors.
    pub critical: Figure,
    /// The statistic, towards the bad side; with a margin of being beyond it.
    pub statistic: Figure,
    /// Whether the statistic is above the critical value.
    pub worse: bool,
}

/// What planned looks have spent of the error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "spending")]
pub struct Spending {
    /// Complete units as a share of `planned_units`; where those are not known, the share of the days.
    pub fraction: f64,
    /// 1/se² of the difference, which correlates looks.
    pub information: Figure,
    /// Whether this is a look after the end and lag, which spends all that is left.
    pub last: bool,
    /// The error spent with this look, over both sides, or on harm alone where that is all that is tested; or why this look
    /// spends none.
    pub spent: Figure,
}

/// What a covariate from before exposure did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "covariate")]
pub struct Covariate {
    /// How far before first exposure it reaches, in days.
    pub days: f64,
    /// Whether it is used; else `why` says why not, and the estimates are unadjusted.
    pub used: bool,
    pub why: Option<String>,
    /// Outcome per covariate in control and treatment.
    pub theta: Option<(f64, f64)>,
    /// The share of the difference's variance that it took away.
    pub removed: Option<f64>,
}

/// A difference with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "contrast")]
pub struct Contrast {
    /// Units of control and treatment.
    pub units: (u64, u64),
    pub difference: Figure,
    pub se: Figure,
    pub lift: Figure,
    pub interval: Figure<Interval>,
    pub lift_interval: Figure<Interval>,
}

/// The estimate from the units first exposed up to the end of a day, with the interval that a look at those would have had; of a
/// fixed plan an always-valid one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "day_estimate")]
pub struct DayEstimate {
    /// Days since the start: 1 is the end of the first day.
    pub day: u32,
    /// Complete units over both arms.
    pub units: u64,
    pub difference: Figure,
    pub lift: Figure,
    pub interval: Figure<Interval>,
    pub lift_interval: Figure<Interval>,
}

/// What an effect comes to on the whole surface, if everybody got the treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "impact")]
pub struct Impact {
    /// Units a day in which a window of the metric would begin.
    pub units_per_day: Figure,
    /// The effect on their total, in the metric's units a day; not for ratios and quantiles.
    pub per_day: Figure,
    pub per_day_interval: Figure<Interval>,
    /// The share of the surface's units that would be exposed.
    pub exposed: Figure,
    /// The lift over all units of the surface: the effect times the share exposed, against the surface's own mean.
    pub lift: Figure,
    pub lift_interval: Figure<Interval>,
}
