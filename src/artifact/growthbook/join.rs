//! The payloads of several surfaces as one, for an application that loads one file.

use super::shape::{Bundled, File};
use crate::artifact::JoinError;
use std::collections::BTreeMap;

/// One payload with the features of all. Flags and experiments are unique in a catalogue, so nothing is lost.
///
/// # Errors
/// A part that is no payload, or two that have the same flag or experiment.
pub fn join(parts: &[&[u8]]) -> Result<Vec<u8>, JoinError> {
    let mut features: BTreeMap<String, _> = BTreeMap::new();
    let (mut surfaces, mut claims) = (Vec::new(), BTreeMap::new());
    for part in parts {
        let file: File = serde_json::from_slice(part).map_err(|error| JoinError::Unreadable(error.to_string()))?;
        surfaces.push(file.allotment.surface);
        for (id, feature) in file.features {
            if features.insert(id.clone(), feature).is_some() {
                return Err(JoinError::Twice(id));
            }
        }
        for (key, components) in file.allotment.claims {
            if claims.insert(key.clone(), components).is_some() {
                return Err(JoinError::Twice(key));
            }
        }
    }
    // Plain data with text keys has no way to fail.
    let mut json = serde_json::to_vec(&Bundled::of(features, surfaces, claims)).unwrap_or_default();
    json.push(b'\n');
    Ok(json)
}
