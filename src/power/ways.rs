//! The ways out of too little power: more traffic, more days, a covariate.

use crate::decl::{Day, Share};
use crate::lock::Holder;

use super::Why;

/// What would make every metric of an experiment have enough units. Margins and effects are not among the ways: they say
/// what matters, and that does not change because it is hard to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Ways {
    /// More traffic for the planned days.
    pub traffic: Result<MoreTraffic, NotEnough>,
    /// More days with the planned traffic.
    pub days: Result<MoreDays, NotEnough>,
    /// For each metric that is too small and could have one: a covariate.
    pub covariates: Vec<Covariate>,
}

/// The smallest share that suffices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreTraffic {
    /// The share of the surface's units, a whole number of buckets.
    pub share: Share,
    /// Whether it is free in the experiment's window; none where it does not say which components it touches, or when.
    pub room: Option<Space>,
    /// The largest share that the surface gives a single experiment, if that is smaller.
    pub limit: Option<Share>,
}

/// How much is free for an experiment in a window, its own among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// The largest share that is free from its first day to its last.
    pub free: Share,
    /// Whether that is enough.
    pub fits: bool,
    /// Who holds the rest, the largest first.
    pub holders: Vec<Holder>,
}

/// The shortest run that suffices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreDays {
    /// How many days.
    pub days: u32,
    /// The day after its last.
    pub end: Option<Day>,
    /// Whether units beyond the baseline's reach were extrapolated.
    pub extrapolated: bool,
    /// Whether its share stays free until then; none where it does not say which components it touches, or when.
    pub room: Option<Space>,
    /// The longest run that the surface allows, if that is shorter.
    pub limit: Option<u32>,
}

/// A covariate that would suffice.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariate {
    /// The metric.
    pub metric: String,
    /// The correlation that it needs.
    pub correlation: f64,
    /// The correlation of the one that it has.
    pub has: Option<f64>,
}

/// Why a way does not lead out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEnough {
    /// Not even all of it suffices.
    NotEvenAll,
    /// Whether it does cannot be said.
    Undefined(Why),
}
