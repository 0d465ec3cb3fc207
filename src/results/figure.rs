//! Figures that may be undefined: a number, or the reason why there is none; never NaN, infinity or 0 in its place.

use std::fmt::Display;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure, or why it is undefined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "figure_of_{T}")]
pub enum Figure<T = f64> {
    Known(T),
    Undefined(Undefined),
}

/// Why a figure is undefined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "undefined")]
pub struct Undefined {
    /// The reason, in words for people.
    pub undefined: String,
}

/// An interval, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "interval")]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl<T> Figure<T> {
    /// An undefined figure with its reason.
    pub fn undefined(why: impl Display) -> Self {
        Self::Undefined(Undefined { undefined: why.to_string() })
    }

    /// The figure, if it is defined.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Undefined(_) => None,
        }
    }

    /// Why it is undefined, if it is.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Undefined(why) => Some(&why.undefined),
        }
    }
}

impl Figure {
    /// The number, if it is defined.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        self.known().copied()
    }
}

impl<E: Display> From<Result<f64, E>> for Figure {
    fn from(result: Result<f64, E>) -> Self {
        match result {
            Ok(value) if value.is_finite() => Self::Known(value),
            Ok(_) => Self::undefined("a number is too large"),
            Err(why) => Self::undefined(why),
        }
    }
}
