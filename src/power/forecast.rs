//! What is known of an experiment before it starts: the shape of the answer.

use super::Why;
use crate::decl::{Day, Method, Share};
use crate::model::{Analysis, ClaimKind, Step};
use crate::source::FileId;
use crate::stats::Direction;
use crate::stats::design::Extrapolation;

/// What would be different from what is declared; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// The full share of the surface's units; earlier steps of the ramp that are not smaller fall away.
    pub traffic: Option<Share>,
    /// How many days it runs.
    pub days: Option<u32>,
    /// The smallest effect that matters, of every success metric.
    pub mde: Option<Share>,
    /// The power that it should have.
    pub power: Option<Share>,
    /// The confidence of the interval.
    pub confidence: Option<Share>,
    /// How intervals account for looking more than once.
    pub method: Option<Method>,
}

/// What an experiment can find, as planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// The experiment or rollout.
    pub id: String,
    /// Which of the two it is.
    pub kind: ClaimKind,
    /// Its surface's id.
    pub surface: Option<String>,
    /// Its first day, where one is declared.
    pub start: Option<Day>,
    /// How many days it runs; none lasts until a decision.
    pub days: Option<u32>,
    /// Its shares of the surface's units over time, growing; empty for a pause.
    pub steps: Vec<Step>,
    /// The audience's id, and its share of the surface's units where the baselines have it.
    pub segment: Option<(String, Option<Share>)>,
    /// The share of the surface that nothing reaches. An experiment's share counts all units, and none of the holdout's are
    /// among its own: nothing more comes off.
    pub holdout: Share,
    /// The share of all the surface's units that is in it at its full traffic: traffic × segment. None where the segment's
    /// share is not known.
    pub exposed: Option<f64>,
    /// The arms with their shares of its units, as declared.
    pub arms: Vec<Arm>,
    /// How results are read.
    pub analysis: Analysis,
    /// The error level of the whole decision, over both sides: 1 − confidence.
    pub alpha: f64,
    /// The power that the whole decision should have.
    pub power: f64,
    /// What the tests for deterioration take of the error, all together.
    pub deterioration: f64,
    /// Where reach came from.
    pub baseline: Option<Measured>,
    /// What is not declared yet and was supposed instead.
    pub supposed: Supposed,
    /// Each metric that it tracks: the binding one first, those that are only watched last.
    pub metrics: Vec<MetricForecast>,
}

/// An arm with its share of an experiment's units.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// The variant.
    pub id: String,
    /// Between 0 and 1; all arms together have 1.
    pub share: f64,
}

/// A baseline file and the day of its measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The file.
    pub file: FileId,
    /// The day.
    pub on: Option<Day>,
    /// The last day of its reach curve: beyond it reach is extrapolated.
    pub reach_days: Option<u32>,
}

/// What an early declaration does not say, and what was supposed: the most that the surface allows, so that the answer is
/// what the idea can find at best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Supposed {
    /// 28 days, or the surface's limit.
    pub days: bool,
    /// All that the holdout leaves, or the surface's limit.
    pub traffic: bool,
    /// Two equal arms.
    pub arms: bool,
}

impl Supposed {
    /// Whether anything was supposed.
    #[must_use]
    pub fn anything(self) -> bool {
        self.days || self.traffic || self.arms
    }
}

/// What a metric is to be shown to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Better: a success metric, by the effect that matters, if one is declared.
    Better(Option<Share>),
    /// Not worse by more than a margin.
    NotWorse(Share),
    /// Nothing, unless it gets worse: it has no margin.
    Watched,
}

/// What an experiment can find of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricForecast {
    /// The metric's id.
    pub id: String,
    /// Whether the surface requires it, rather than the experiment names it.
    pub required: bool,
    /// What is to be shown.
    pub goal: Goal,
    /// Which change is good; more, where the metric does not say.
    pub direction: Direction,
    /// Days from first exposure until a unit is complete.
    pub window: u32,
    /// What is known of it; none where the baselines do not have it.
    pub baseline: Option<Moments>,
    /// How it is tested, where that is defined.
    pub test: Option<Test>,
    /// What it takes to show it.
    pub needed: Option<Units>,
    /// Units that are complete for it at the end of the run.
    pub available: Option<Units>,
    /// How reach beyond the baseline's last day was worked out for that, where it was needed.
    pub extrapolated: Option<Extrapolation>,
    /// The days after which enough units are complete, or why there are none. For what is only watched, and where it was not
    /// looked for, [`Why::NoMde`].
    pub days: Result<u32, Why>,
    /// What these units show with the test's power, relative and positive: the smallest effect, the smallest margin, or for
    /// what is watched the smallest deterioration.
    pub reached: Option<f64>,
    /// The power with which they show what is declared.
    pub power_reached: Option<f64>,
    /// Whether it is enough.
    pub standing: Standing,
}

/// The moments of a metric that were used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// The mean, in the metric's unit; a share of a conversion.
    pub mean: f64,
    /// The standard deviation over units; that which follows from the share, for a conversion.
    pub standard_deviation: f64,
    /// The correlation with its covariate, where it has one and that was measured: the variance falls by 1 − ρ².
    pub correlation: Option<f64>,
    /// Whether it is a share of units, whose variance moves with its mean.
    pub binary: bool,
    /// Whether a covariate could help at all: that of a quantile cannot.
    pub adjustable: bool,
}

/// How a metric is tested, after all corrections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The error level over the sides of its interval: both, or one for what is only watched.
    pub alpha: f64,
    /// The power that it needs, so that the whole decision has its own.
    pub power: f64,
    /// How many looks there are at complete units, the last one among them.
    pub looks: u32,
    /// How many times the units of a single look are needed.
    pub inflation: f64,
}

/// Numbers of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Units {
    /// In the smallest treatment.
    pub treatment: f64,
    /// In the control.
    pub control: f64,
    /// Over all arms.
    pub all: f64,
}

/// Whether the units are enough for a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They are.
    Enough,
    /// They are not.
    TooSmall,
    /// Nothing has to be shown.
    Watched,
    /// Nobody can say.
    Undefined(Why),
}

impl Forecast {
    /// The metric that needs the most, compared with what there is; none where no metric has an answer.
    #[must_use]
    pub fn binding(&self) -> Option<&MetricForecast> {
        self.metrics.first().filter(|metric| matches!(metric.standing, Standing::Enough | Standing::TooSmall))
    }

    /// The metrics that have too few units.
    pub fn too_small(&self) -> impl Iterator<Item = &MetricForecast> {
        self.metrics.iter().filter(|metric| metric.standing == Standing::TooSmall)
    }

    /// The success metrics, the one that needs the most first.
    pub fn success(&self) -> impl Iterator<Item = &MetricForecast> {
        self.metrics.iter().filter(|metric| matches!(metric.goal, Goal::Better(_)))
    }

    /// Of the whole: too small if any metric is, else undefined if any metric is, else enough.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let standings = || self.metrics.iter().map(|metric| &metric.standing);
        if standings().any(|standing| *standing == Standing::TooSmall) {
            return Standing::TooSmall;
        }
        let undefined = standings().find(|standing| matches!(standing, Standing::Undefined(_)));
        match undefined {
            Some(undefined) => undefined.clone(),
            None if standings().any(|standing| *standing == Standing::Enough) => Standing::Enough,
            None => Standing::Watched,
        }
    }

    /// The full share of the surface's units; none for a pause.
    #[must_use]
    pub fn traffic(&self) -> Share {
        self.steps.last().map_or(Share::NONE, |step| step.share)
    }
}

/// What the baselines lack, so that nobody can say what a claim finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacking {
    /// The file to which it belongs, where there is one.
    pub file: Option<FileId>,
    /// How many units the surface reaches.
    pub reach: bool,
    /// The share of its segment.
    pub segment: Option<String>,
    /// Metrics that something is to be shown of.
    pub metrics: Vec<String>,
}

impl Lacking {
    /// Whether nothing is lacking.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.reach && self.segment.is_none() && self.metrics.is_empty()
    }
}
