//! Why something about power has no answer, in users' words.

use std::fmt;

use crate::stats::design::Reason;

/// Why a number has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The surface has no baselines at all: there is no file, or it says nothing of reach.
    NoReach,
    /// The baselines of the surface do not say how large its segment is.
    NoSegmentShare(String),
    /// The baselines of the surface do not have the metric.
    NoBaseline,
    /// The metric is not there, or what it computes cannot be read.
    NoMetric,
    /// A success metric without an MDE.
    NoMde,
    /// There is no arm to compare with.
    NoControl,
    /// It has no surface that could be read.
    NoSurface,
    /// It is paused, or does not say which share it takes.
    NoTraffic,
    /// It lasts until a decision, so that nothing says how many units there will be.
    NoEnd,
    /// No unit completes the metric's window of so many days within the run.
    NoCompleteUnits(u32),
    /// The arithmetic of designs and of their looks says why.
    Design(Reason),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReach => f.write_str("the surface has no baseline of its reach"),
            Self::NoSegmentShare(id) => write!(f, "the baselines do not say how large `{id}` is"),
            Self::NoBaseline => f.write_str("the baselines of the surface do not have it"),
            Self::NoMetric => f.write_str("it cannot be computed"),
            Self::NoMde => f.write_str("it does not say which effect matters"),
            Self::NoControl => f.write_str("there is no control to compare with"),
            Self::NoSurface => f.write_str("its surface cannot be read"),
            Self::NoTraffic => f.write_str("it takes no share of the surface"),
            Self::NoEnd => f.write_str("it lasts until it is decided"),
            Self::NoCompleteUnits(1) => f.write_str("no unit completes its window of 1 day within the run"),
            Self::NoCompleteUnits(days) => write!(f, "no unit completes its window of {days} days within the run"),
            Self::Design(reason) => reason.fmt(f),
        }
    }
}

impl std::error::Error for Why {}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        Self::Design(reason)
    }
}
