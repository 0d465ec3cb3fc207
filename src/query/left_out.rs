//! What cannot be asked of data, and why.

use std::fmt;

use crate::decl::{Day, Stage};

/// An experiment or a rollout that is not measured, or one metric of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The id of the experiment or rollout.
    pub claim: String,
    /// The metric; none where it is the whole.
    pub metric: Option<String>,
    pub why: Why,
}

impl LeftOut {
    pub(super) fn of(claim: &str, why: Why) -> Self {
        Self { claim: claim.to_owned(), metric: None, why }
    }

    pub(super) fn metric(claim: &str, metric: &str, why: Why) -> Self {
        Self { claim: claim.to_owned(), metric: Some(metric.to_owned()), why }
    }
}

/// Why something is not measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is no such experiment or rollout.
    Unknown,
    /// Its surface is not there.
    NoSurface,
    /// Its stage has no traffic.
    NotShipped(Option<Stage>),
    NoLock,
    /// Its lock is of another surface, or for another unit.
    OtherGround,
    /// There is nothing to compare with, as in a rollout without a holdback.
    NoControl,
    /// It starts later.
    NotBegun(Day),
    /// The catalogue does not say where exposures are.
    NoExposures,
    /// A key of `[exposures]` is missing.
    ExposuresLack(&'static str),
    /// `[exposures]` has neither a table nor a SELECT, or both.
    ExposuresWithoutRows,
    /// The SELECT of `[exposures]` cannot be run.
    ExposuresFaulty,
    /// Exposures have no column for the surface's unit.
    ExposuresWithoutUnit(String),
    /// There is no such metric.
    UnknownMetric,
    /// Its expression is missing or cannot be computed.
    NoFormula,
    NoWindow,
    /// There is no such fact.
    UnknownFact(String),
    /// The fact has neither a table nor a SELECT, or both.
    FactWithoutRows(String),
    /// The fact has no column for the unit.
    FactWithoutUnit(String, String),
    /// The fact has no column of instants.
    FactWithoutTime(String),
    /// The fact's SELECT cannot be run.
    FactFaulty(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such experiment or rollout"),
            Self::NoSurface => f.write_str("its surface is not there"),
            Self::NotShipped(Some(stage)) => write!(f, "at stage `{}` it has no traffic", stage.word()),
            Self::NotShipped(None) => f.write_str("its stage cannot be read"),
            Self::NoLock => f.write_str("it has no lock that can be read"),
            Self::OtherGround => f.write_str("its lock is of another surface, or for another unit"),
            Self::NoControl => f.write_str("it has no control to compare with"),
            Self::NotBegun(day) => write!(f, "it starts on {day}"),
            Self::NoExposures => f.write_str("the catalogue does not say where exposures are"),
            Self::ExposuresLack(key) => write!(f, "`exposures.{key}` is missing"),
            Self::ExposuresWithoutRows => f.write_str("`[exposures]` needs either a `table` or a `select`"),
            Self::ExposuresFaulty => f.write_str("the SELECT of `[exposures]` cannot be run"),
            Self::ExposuresWithoutUnit(unit) => write!(f, "exposures have no column for `{unit}`"),
            Self::UnknownMetric => f.write_str("there is no such metric"),
            Self::NoFormula => f.write_str("its expression is missing or cannot be computed"),
            Self::NoWindow => f.write_str("it has no window"),
            Self::UnknownFact(fact) => write!(f, "there is no fact `{fact}`"),
            Self::FactWithoutRows(fact) => write!(f, "fact `{fact}` needs either a `table` or a `select`"),
            Self::FactWithoutUnit(fact, unit) => write!(f, "fact `{fact}` has no column for `{unit}`"),
            Self::FactWithoutTime(fact) => write!(f, "fact `{fact}` has no `timestamp`"),
            Self::FactFaulty(fact) => write!(f, "the SELECT of fact `{fact}` cannot be run"),
        }
    }
}

impl Why {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoLock => "run `allot allocate`".to_owned(),
            Self::OtherGround => "run `allot lint`: it says what must change".to_owned(),
            Self::NoControl => "a rollout keeps a control with `holdback = \"5%\"`".to_owned(),
            Self::NoExposures => "add `[exposures]` to `allotment.toml`".to_owned(),
            Self::ExposuresWithoutUnit(unit) => {
                format!(
                    "add the column to `[exposures]` in `allotment.toml`, as in `unit = {{ {unit} = \"{unit}_id\" }}`"
                )
            }
            Self::FactWithoutUnit(_, unit) => format!("add the column, as in `unit = {{ {unit} = \"{unit}_id\" }}`"),
            Self::NoFormula | Self::ExposuresFaulty | Self::FactFaulty(_) => {
                "run `allot lint`: it shows the place".to_owned()
            }
            _ => return None,
        })
    }
}
