//! The payload's JSON, as it is written and as it is read back.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// Both hashes in a payload are of this version.
pub(super) const HASH_VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub features: BTreeMap<String, Feature>,
    pub allotment: Origin,
}

/// What the SDKs do not need, and verification does.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Origin {
    pub version: u32,
    pub surface: String,
    /// The components of each claim, by its key.
    pub claims: BTreeMap<String, Vec<String>>,
}

/// The features of several surfaces.
#[derive(Serialize)]
pub(super) struct Bundled {
    features: BTreeMap<String, Feature>,
    allotment: Origins,
}

#[derive(Serialize)]
struct Origins {
    version: u32,
    surfaces: Vec<String>,
    claims: BTreeMap<String, Vec<String>>,
}

impl Bundled {
    pub(super) fn of(
        features: BTreeMap<String, Feature>,
        surfaces: Vec<String>,
        claims: BTreeMap<String, Vec<String>>,
    ) -> Self {
        Self { features, allotment: Origins { version: 1, surfaces, claims } }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Feature {
    pub default_value: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, try_from = "AnyRule")]
pub(super) enum Rule {
    Force(Force),
    Experiment(Box<Experiment>),
}

#[derive(Serialize)]
pub(super) struct Force {
    pub id: String,
    pub condition: Value,
    #[serde(rename = "force")]
    pub value: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Experiment {
    pub id: String,
    pub key: String,
    pub name: String,
    /// A text, because SDKs with typed readers refuse a number.
    pub phase: String,
    pub hash_attribute: String,
    pub hash_version: u32,
    pub seed: String,
    pub filters: [Filter; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Value>,
    pub variations: Vec<Value>,
    pub ranges: Vec<[Edge; 2]>,
    pub meta: Vec<Meta>,
    /// Always true: a sticky assignment would skip filters and condition.
    pub disable_sticky_bucketing: bool,
}

/// A rule as it is read, before it is known which of the two it is. Trying one after the other
/// would keep thousands of ranges in memory twice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AnyRule {
    id: String,
    condition: Option<Value>,
    force: Option<Value>,
    key: Option<String>,
    name: Option<String>,
    phase: Option<String>,
    hash_attribute: Option<String>,
    hash_version: Option<u32>,
    seed: Option<String>,
    filters: Option<[Filter; 1]>,
    variations: Option<Vec<Value>>,
    ranges: Option<Vec<[Edge; 2]>>,
    meta: Option<Vec<Meta>>,
    disable_sticky_bucketing: Option<bool>,
}

impl TryFrom<AnyRule> for Rule {
    type Error = &'static str;

    fn try_from(rule: AnyRule) -> Result<Self, Self::Error> {
        let Some(value) = rule.force else {
            let missing = "experiment rule with something missing";
            return Ok(Self::Experiment(Box::new(Experiment {
                id: rule.id,
                key: rule.key.ok_or(missing)?,
                name: rule.name.ok_or(missing)?,
                phase: rule.phase.ok_or(missing)?,
                hash_attribute: rule.hash_attribute.ok_or(missing)?,
                hash_version: rule.hash_version.ok_or(missing)?,
                seed: rule.seed.ok_or(missing)?,
                filters: rule.filters.ok_or(missing)?,
                condition: rule.condition,
                variations: rule.variations.ok_or(missing)?,
                ranges: rule.ranges.ok_or(missing)?,
                meta: rule.meta.ok_or(missing)?,
                disable_sticky_bucketing: rule.disable_sticky_bucketing.ok_or(missing)?,
            })));
        };
        let hashed = rule.key.is_some() || rule.filters.is_some() || rule.variations.is_some() || rule.seed.is_some();
        match rule.condition {
            Some(condition) if !hashed => Ok(Self::Force(Force { id: rule.id, condition, value })),
            _ => Err("force rule without its condition, or with parts of an experiment"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Filter {
    pub seed: String,
    pub attribute: String,
    pub hash_version: u32,
    pub ranges: Vec<[Edge; 2]>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    pub key: String,
    pub name: String,
}

/// An edge of a range: a cell of the grid, written as its share of the grid in at most four
/// decimals.
///
/// SDKs compare it with `cell / 10000`, which is the double nearest to that decimal, so no edge
/// ever moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge(pub u32);

const GRID: u32 = 10_000;

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_u32(0),
            GRID => serializer.serialize_u32(1),
            cell => serializer.serialize_f64(f64::from(cell) / f64::from(GRID)),
        }
    }
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(D::Error::custom("range outside 0 to 1"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the grid")]
        let cell = (share * f64::from(GRID)).round() as u32;
        #[expect(clippy::float_cmp, reason = "only the very double that an SDK computes will do")]
        let exact = f64::from(cell) / f64::from(GRID) == share;
        if exact { Ok(Self(cell)) } else { Err(D::Error::custom("range that does not end on a cell of the grid")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_is_short_and_comes_back() {
        for cell in 0..=GRID {
            let json = serde_json::to_string(&Edge(cell)).unwrap();
            assert!(json.len() <= 6, "{json}");
            assert_eq!(serde_json::from_str::<Edge>(&json).unwrap(), Edge(cell));
        }
        for json in ["-0.1", "1.1", "0.00005", "0.12345", "1e300", "\"0\"", "null"] {
            assert!(serde_json::from_str::<Edge>(json).is_err(), "{json}");
        }
    }
}
