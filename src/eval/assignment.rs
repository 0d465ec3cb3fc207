//! What a unit gets, and on what ground.

use serde_json::Value;
use std::fmt;

/// What a unit gets of a flag. Everything in it is borrowed from the evaluator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assignment<'a> {
    /// The value to use.
    pub value: &'a Value,
    /// On what ground.
    pub reason: Reason,
    /// The key of the experiment or rollout that decided, as exposures carry it.
    pub experiment: Option<&'a str>,
    /// The id of its variant.
    pub variant: Option<&'a str>,
    /// The bucket the unit lies in; absent where it has none.
    pub bucket: Option<u32>,
}

impl<'a> Assignment<'a> {
    pub(super) const fn of(value: &'a Value, reason: Reason) -> Self {
        Self { value, reason, experiment: None, variant: None, bucket: None }
    }

    /// Whether this is an exposure, to be logged: an experiment or a rollout decided. Previews,
    /// rules and defaults are not.
    #[must_use]
    pub const fn is_logged(&self) -> bool {
        self.experiment.is_some()
    }
}

/// `OpenFeature`'s reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An experiment or a rollout.
    Split,
    /// A preview or a rule of the flag.
    TargetingMatch,
    /// Nothing applied.
    Default,
    /// The flag is switched off; nothing in an artifact says so yet.
    Disabled,
    /// The flag has one value for all.
    Static,
    /// There is no such flag, no unit, or no way to hash it.
    Error,
}

impl Reason {
    /// The reason as `OpenFeature` writes it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Split => "SPLIT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Default => "DEFAULT",
            Self::Disabled => "DISABLED",
            Self::Static => "STATIC",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
