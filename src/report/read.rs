//! Reading a record that somebody else may have written.

use super::{Planned, Report, VERSION};

/// The most bytes that a record may have.
pub const MAX_RECORD: u64 = 16 << 20;

/// Only the version, to say what is the matter with a record of another one.
#[derive(serde::Deserialize)]
struct Versioned {
    version: u32,
}

impl Report {
    /// Reads a record strictly.
    ///
    /// # Errors
    /// Says in words what is wrong: too large, no JSON, another version, or a key that is missing, unknown or of another type.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() as u64 > MAX_RECORD {
            return Err(format!("it is larger than {} MiB", MAX_RECORD >> 20));
        }
        let versioned: Versioned =
            serde_json::from_slice(bytes).map_err(|wrong| format!("it is no record of `allot check`: {wrong}"))?;
        if versioned.version != VERSION {
            return Err(format!("it has version {}, and this `allot` reads version {VERSION}", versioned.version));
        }
        serde_json::from_slice(bytes).map_err(|wrong| format!("it is no record of `allot check`: {wrong}"))
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
