//! Reading a record that somebody else may have written.

use super::{Planned, Report, Source, VERSION};

/// The most bytes that a record may have.
pub const MAX_RECORD: u64 = 16 << 20;

/// What tells records apart, read before the rest.
#[derive(serde::Deserialize)]
struct Versioned {
    version: u32,
    verdict: Option<serde::de::IgnoredAny>,
}

/// A record of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// Of `allot check`.
    Check(Report),
    /// Of `allot plan`: nothing was judged.
    Plan(Planned),
}

impl Recorded {
    /// Reads a record strictly.
    ///
    /// # Errors
    /// Says in words what is wrong: too large, no JSON, another version, or a key that is missing, unknown or of another type.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let kind = versioned(bytes)?;
        let read = match kind.verdict {
            Some(_) => serde_json::from_slice(bytes).map(Self::Check),
            None => serde_json::from_slice(bytes).map(Self::Plan),
        };
        read.map_err(|wrong| no_record(&wrong))
    }

    /// Where it was made.
    #[must_use]
    pub fn source(&self) -> &Source {
        match self {
            Self::Check(report) => &report.source,
            Self::Plan(planned) => &planned.source,
        }
    }
}

fn versioned(bytes: &[u8]) -> Result<Versioned, String> {
    if bytes.len() as u64 > MAX_RECORD {
        return Err(format!("it is larger than {} MiB", MAX_RECORD >> 20));
    }
    let versioned: Versioned = serde_json::from_slice(bytes).map_err(|wrong| no_record(&wrong))?;
    if versioned.version != VERSION {
        return Err(format!("it has version {}, and this `allot` reads version {VERSION}", versioned.version));
    }
    Ok(versioned)
}

fn no_record(wrong: &serde_json::Error) -> String {
    format!("it is no record of `allot check` or `allot plan`: {wrong}")
}

impl Report {
    /// Reads a record strictly.
    ///
    /// # Errors
    /// Says in words what is wrong: too large, no JSON, another version, or a key that is missing, unknown or of another type.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        versioned(bytes)?;
        serde_json::from_slice(bytes).map_err(|wrong| no_record(&wrong))
    }

    /// The record as one line of JSON.
    #[must_use]
    pub fn write(&self) -> String {
        line(self)
    }
}

impl Planned {
    /// The plan as one line of JSON.
    #[must_use]
    pub fn write(&self) -> String {
        line(self)
    }
}

pub(super) fn line(record: &impl serde::Serialize) -> String {
    // Strings and numbers always serialise.
    let mut text = serde_json::to_string(record).unwrap_or_default();
    text.push('\n');
    text
}
