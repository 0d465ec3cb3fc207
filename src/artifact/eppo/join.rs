//! The configurations of several surfaces as one, for an application that loads one file.

use super::shape::{Bundled, Environment, File, Format, Origins};
use crate::artifact::payload::{join_all, line, part_of};
use crate::artifact::{Instant, JoinError};
use std::collections::BTreeMap;

/// One configuration with the flags of all. Eppo's SDKs are asked about one subject, so all must know it by one attribute.
///
/// # Errors
/// A part that is no configuration, one of other units, or two that have the same flag or experiment.
pub fn join(bundle: &str, parts: &[&[u8]]) -> Result<Vec<u8>, JoinError> {
    let (mut flags, mut claims) = (BTreeMap::new(), BTreeMap::new());
    let (mut surfaces, mut unit) = (Vec::new(), None);
    let mut created = i64::MIN;
    for part in parts {
        let file: File = part_of(part)?;
        if *unit.get_or_insert_with(|| file.allotment.unit.clone()) != file.allotment.unit {
            return Err(JoinError::Units);
        }
        created = created.max(file.created_at.0);
        surfaces.push(file.allotment.surface);
        join_all(&mut flags, file.flags)?;
        join_all(&mut claims, file.allotment.claims)?;
    }
    let bundled = Bundled {
        created_at: Instant(created),
        format: Format::Server,
        environment: Environment { name: bundle.to_owned() },
        flags,
        bandits: BTreeMap::new(),
        allotment: Origins { version: 1, surfaces, unit: unit.unwrap_or_default(), claims },
    };
    Ok(line(&bundled))
}
