//! The capacity of a surface over time: what runs when, how full each component is, and what could still start.

use super::Why;
use crate::decl::{Day, Share};
use crate::model::ClaimKind;

/// The calendar of a surface from a day up to, not including, another.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// The surface's id.
    pub surface: String,
    /// The first day.
    pub from: Day,
    /// The day after the last.
    pub until: Day,
    /// The surface's buckets, and those of them that the holdout has.
    pub buckets: u32,
    /// Buckets that nothing reaches.
    pub holdout: u32,
    /// Each component, by id.
    pub lanes: Vec<Lane>,
}

/// A component over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// The component's id.
    pub component: String,
    /// What is on it, by first day and id.
    pub bookings: Vec<Booking>,
    /// How full it is: stretches of days on which nothing changes, without gaps, from the calendar's first day to its last.
    pub levels: Vec<Level>,
}

/// An experiment or a rollout in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// What it is; none where its declaration is gone.
    pub kind: Option<ClaimKind>,
    /// Its first day.
    pub from: Day,
    /// The day after its last; none lasts until a decision.
    pub until: Option<Day>,
    /// The buckets that it holds for all of its window, whatever its ramp uses so far.
    pub buckets: u32,
    /// Whether it claims every component.
    pub everywhere: bool,
    /// Whether it is allotted already, rather than to be allotted next.
    pub allotted: bool,
}

/// A stretch of days on which a component is equally full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The first day.
    pub from: Day,
    /// The day after the last.
    pub until: Day,
    /// Buckets that somebody holds, without the holdout.
    pub taken: u32,
    /// Buckets that nobody holds, without the holdout.
    pub free: u32,
}

/// What could start on a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The first day.
    pub start: Day,
    /// How many days it would run.
    pub days: u32,
    /// The share that is free on all of these days, at most what the surface gives a single experiment.
    pub share: Share,
    /// What an experiment with two equal arms would find with all of it: the smallest relative effect on the metric.
    pub mde: Result<f64, Why>,
    /// Units that would be complete, over both arms.
    pub units: Option<f64>,
    /// Whether units beyond the baseline's reach were extrapolated.
    pub extrapolated: bool,
}
