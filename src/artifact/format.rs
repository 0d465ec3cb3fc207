//! The format of each scheme's SDKs: one place where it is chosen, so that nobody else asks which it is.

use super::{
    Artifact, Condition, JoinError, Payload, ReadError, Unservable, Unsupported, confidence, eppo, growthbook,
};
use crate::bucket::Scheme;
use serde_json::Value;

pub use super::manifest::NATIVE;

/// The formats that there are, each with the ending of its files. Each scheme's has the scheme's id.
pub const FORMATS: [(&str, &str); 4] =
    [("growthbook", "json"), ("eppo", "json"), ("confidence", "pb"), (NATIVE, "bin")];

/// The ending of a format's files.
#[must_use]
pub fn extension(format: &str) -> Option<&'static str> {
    FORMATS.into_iter().find(|(known, _)| *known == format).map(|(_, extension)| extension)
}

/// Whether the format says when a claim begins and ends. The others hold what is live at one instant.
#[must_use]
pub const fn has_windows(scheme: Scheme) -> bool {
    matches!(scheme, Scheme::Eppo)
}

/// A surface in its SDK's format, of an instant in Unix seconds. A pure function: same input, same bytes.
///
/// # Errors
/// The first part that the SDKs would not all serve alike.
pub fn encode(artifact: &Artifact, at: i64) -> Result<Vec<u8>, Unservable> {
    match artifact.scheme {
        Scheme::GrowthBook => growthbook::encode(artifact, at),
        Scheme::Eppo => eppo::encode(artifact, at),
        Scheme::Confidence => confidence::encode(artifact, at),
    }
}

/// Reads a file in a scheme's format back.
///
/// # Errors
/// What in it an SDK might take otherwise than it was meant, or what is missing.
pub fn read(scheme: Scheme, bytes: &[u8]) -> Result<Payload, ReadError> {
    match scheme {
        Scheme::GrowthBook => growthbook::read(bytes),
        Scheme::Eppo => eppo::read(bytes),
        Scheme::Confidence => confidence::read(bytes),
    }
}

/// The files of several surfaces in a scheme's format as one, in the order in which they are given, for the bundle of an id.
///
/// # Errors
/// What keeps them apart.
pub fn join(scheme: Scheme, bundle: &str, parts: &[&[u8]]) -> Result<Vec<u8>, JoinError> {
    match scheme {
        Scheme::GrowthBook => growthbook::join(parts),
        Scheme::Eppo => eppo::join(bundle, parts),
        Scheme::Confidence => Err(JoinError::Format(scheme)),
    }
}

/// Whether all SDKs of a scheme evaluate a condition alike, on a surface whose units are told by an attribute.
///
/// # Errors
/// The first part on which they do not agree.
pub fn check_condition(scheme: Scheme, condition: &Condition, unit: &str) -> Result<(), Unsupported> {
    match scheme {
        Scheme::GrowthBook => growthbook::condition(condition).map(|_| ()),
        Scheme::Eppo => eppo::check_condition(condition, unit),
        Scheme::Confidence => confidence::check_condition(condition, unit),
    }
}

/// Whether all SDKs of a scheme serve a value as it is.
///
/// # Errors
/// Why not.
pub fn check_value(scheme: Scheme, value: &Value) -> Result<(), Unsupported> {
    match scheme {
        Scheme::GrowthBook | Scheme::Eppo => growthbook::check_value(value),
        Scheme::Confidence => confidence::check_value(value),
    }
}
