//! The payloads of several surfaces as one, for an application that loads one file.

use super::shape::{Bundled, File};
use crate::artifact::JoinError;
use crate::artifact::payload::{join_all, line, part_of};
use std::collections::BTreeMap;

/// One payload with the features of all. Flags and experiments are unique in a catalogue, so nothing is lost.
///
/// # Errors
/// A part that is no payload, or two that have the same flag or experiment.
pub fn join(parts: &[&[u8]]) -> Result<Vec<u8>, JoinError> {
    let (mut features, mut claims) = (BTreeMap::new(), BTreeMap::new());
    let mut surfaces = Vec::new();
    for part in parts {
        let file: File = part_of(part)?;
        surfaces.push(file.allotment.surface);
        join_all(&mut features, file.features)?;
        join_all(&mut claims, file.allotment.claims)?;
    }
    Ok(line(&Bundled::of(features, surfaces, claims)))
}
