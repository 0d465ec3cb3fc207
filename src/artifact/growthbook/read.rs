//! A payload read back: which cells each claim owns, and what it serves there.

use super::shape::{Edge, Experiment, File, HASH_VERSION, Rule};
use crate::bucket::{BucketSet, Scheme, VARIANT_GRID};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// What a payload says.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// The surface's id.
    pub surface: String,
    /// The flags it has, each with its default.
    pub flags: BTreeMap<String, Value>,
    /// Experiments and rollouts in the order of their flags' rules.
    pub served: Vec<Served>,
    /// Forced values in the order of their flags' rules.
    pub forced: Vec<Forced>,
}

/// A forced value: flag, condition, value.
pub type Forced = (String, Value, Value);

/// A claim as SDKs see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The flag it is on.
    pub flag: String,
    /// What exposures carry.
    pub key: String,
    /// The components it claims.
    pub components: Vec<String>,
    /// The attribute with the unit's id.
    pub unit: String,
    /// The salt of the surface's hash.
    pub surface_salt: String,
    /// The salt of the hash that picks the variant.
    pub salt: String,
    /// The cells of the surface's grid in which its units lie.
    pub cells: BucketSet,
    /// Its variants: id, cells of the variant grid, value.
    pub variants: Vec<(String, Range<u32>, Value)>,
    /// Who is meant, where it is limited to a segment.
    pub condition: Option<Value>,
}

/// Why bytes are not a payload that this crate has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

/// Reads a payload.
///
/// # Errors
/// What in it an SDK might take otherwise than it was meant, or what is missing.
pub fn read(bytes: &[u8]) -> Result<Payload, ReadError> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| ReadError(error.to_string()))?;
    if file.allotment.version != 1 {
        return Err(ReadError(format!(
            "version {} of the payload; this is made for version 1",
            file.allotment.version
        )));
    }
    let mut payload =
        Payload { surface: file.allotment.surface, flags: BTreeMap::new(), served: Vec::new(), forced: Vec::new() };
    let mut components = file.allotment.claims;
    for (flag, feature) in file.features {
        for rule in feature.rules {
            match rule {
                Rule::Force(force) => {
                    let forced = (flag.clone(), force.condition, force.value);
                    payload.forced.push(forced);
                }
                Rule::Experiment(experiment) => {
                    let unnamed = || ReadError(format!("`{}` without its components", experiment.key));
                    let components = components.remove(&experiment.key).ok_or_else(unnamed)?;
                    payload.served.push(served(&flag, *experiment, components)?);
                }
            }
        }
        payload.flags.insert(flag, feature.default_value);
    }
    match components.into_keys().next() {
        Some(key) => Err(ReadError(format!("components of `{key}`, which is not served"))),
        None => Ok(payload),
    }
}

fn served(flag: &str, experiment: Experiment, components: Vec<String>) -> Result<Served, ReadError> {
    let wrong = |what: &str| ReadError(format!("`{}`: {what}", experiment.key));
    let [filter] = experiment.filters;
    let same_length =
        experiment.variations.len() == experiment.ranges.len() && experiment.meta.len() == experiment.ranges.len();
    if !same_length {
        return Err(wrong("variations, ranges and meta of different lengths"));
    }
    if experiment.hash_version != HASH_VERSION || filter.hash_version != HASH_VERSION {
        return Err(wrong("a hash version other than 2"));
    }
    if experiment.hash_attribute != filter.attribute {
        return Err(wrong("two attributes that are hashed"));
    }
    if !experiment.disable_sticky_bucketing {
        return Err(wrong("sticky bucketing"));
    }
    let mut cells = BucketSet::with_size(Scheme::GrowthBook.grid());
    let mut end = None;
    for [Edge(start), Edge(stop)] in filter.ranges {
        // Touching ranges would be one; anything but ascending ranges hides how many units there are.
        if start >= stop || end.is_some_and(|end| start <= end) {
            return Err(wrong("filter ranges that are empty, touch or overlap"));
        }
        cells.insert_run(start..stop);
        end = Some(stop);
    }
    let ranges = experiment.ranges.iter().map(|[start, end]| start.0..end.0.min(VARIANT_GRID));
    let variants = experiment.meta.into_iter().zip(ranges).zip(experiment.variations);
    Ok(Served {
        flag: flag.to_owned(),
        key: experiment.key,
        components,
        unit: experiment.hash_attribute,
        surface_salt: filter.seed,
        salt: experiment.seed,
        cells,
        variants: variants.map(|((meta, range), value)| (meta.key, range, value)).collect(),
        condition: experiment.condition,
    })
}
