//! A payload read back.

use super::shape::{Edge, Experiment, File, HASH_VERSION, Rule};
use crate::artifact::{Payload, ReadError, Served};
use crate::bucket::{BucketSet, Scheme, VARIANT_GRID};
use std::collections::BTreeMap;

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
    let mut payload = Payload {
        scheme: Scheme::GrowthBook,
        surface: file.allotment.surface,
        flags: BTreeMap::new(),
        served: Vec::new(),
        forced: 0,
    };
    let mut components = file.allotment.claims;
    for (flag, feature) in file.features {
        for rule in feature.rules {
            match rule {
                Rule::Force(_) => payload.forced = payload.forced.saturating_add(1),
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
        targeted: experiment.condition.is_some(),
        window: None,
    })
}
