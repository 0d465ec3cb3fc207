//! The format of each scheme's SDKs: one place where it is chosen, so that nobody else asks which it is.

use super::payload::line;
use super::{
    Artifact, Condition, JoinError, Payload, ReadError, Unservable, Unsupported, confidence, eppo, growthbook,
};
use crate::bucket::Scheme;
use serde_json::Value;
use std::collections::BTreeSet;

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

/// A file in a scheme's format, of a surface or a bundle, without the experiments and rollouts whose exposure keys are `gone`,
/// and which of those were in it; none if none was, or if it is no file that SDKs read. Only the formats that are served under
/// fixed names can be taken apart.
#[must_use]
pub fn without(scheme: Scheme, bytes: &[u8], gone: &dyn Fn(&str) -> bool) -> Option<(Vec<u8>, BTreeSet<String>)> {
    let mut json: Value = serde_json::from_slice(bytes).ok()?;
    let found = match scheme {
        Scheme::GrowthBook => growthbook::without(&mut json, gone),
        Scheme::Eppo => eppo::without(&mut json, gone),
        Scheme::Confidence => return None,
    };
    (!found.is_empty()).then(|| (line(&json), found))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{exposure_key, sample};

    #[test]
    fn a_file_without_an_experiment_is_what_is_made_without_it() {
        for scheme in [Scheme::GrowthBook, Scheme::Eppo] {
            let home = Artifact { scheme, ..sample::home() };
            let whole = encode(&home, sample::AT).unwrap();
            let ids: BTreeSet<String> = home.claims().map(|(_, claim)| claim.id.clone()).collect();
            assert!(ids.len() > 2);
            for id in ids.iter().map(String::as_str).chain(["next-ranker"]) {
                let is_gone = |key: &str| key == id || key.strip_prefix(id).is_some_and(|rest| rest.starts_with('.'));
                let mut rest = home.clone();
                for flag in &mut rest.flags {
                    flag.claims.retain(|claim| claim.id != id);
                    flag.previews.retain(|preview| !is_gone(&preview.experiment));
                }
                let made = encode(&rest, sample::AT).unwrap();
                let Some((taken, keys)) = without(scheme, &whole, &is_gone) else {
                    assert_eq!(made, whole, "{scheme:?}: `{id}` is not in it");
                    continue;
                };
                assert!(keys.iter().all(|key| is_gone(key)), "{keys:?}");
                let said = |bytes: &[u8]| read(scheme, bytes).unwrap();
                let (taken, made) = (said(&taken), said(&made));
                assert_eq!((&taken.flags, taken.forced), (&made.flags, made.forced), "{scheme:?}: `{id}`");
                let keys = |payload: &Payload| payload.served.iter().map(|it| it.key.clone()).collect::<Vec<_>>();
                assert_eq!(keys(&taken), keys(&made));
                for (taken, made) in taken.served.iter().zip(&made.served) {
                    assert_eq!(
                        (&taken.cells, &taken.variants, &taken.window),
                        (&made.cells, &made.variants, &made.window)
                    );
                }
            }
            let nothing = exposure_key("nothing", 2);
            assert_eq!(without(scheme, &whole, &|key| key == nothing), None);
            for odd in ["", "[]", "{\"features\":1,\"flags\":[{}]}", "{\"features\":{\"a\":{\"rules\":[1]}}}"] {
                assert_eq!(without(scheme, odd.as_bytes(), &|_| true), None, "{odd}");
            }
        }
    }
}
