//! The configuration's JSON, as it is written and as it is read back.

use crate::artifact::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct File {
    pub created_at: Instant,
    pub format: Format,
    pub environment: Environment,
    pub flags: BTreeMap<String, Flag>,
    /// There are none; some SDKs want the list of them.
    pub bandits: BTreeMap<String, Value>,
    pub allotment: Origin,
}

/// Names as they are: the form that servers read.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Format {
    #[serde(rename = "SERVER")]
    Server,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    pub name: String,
}

/// What the SDKs do not need, and verification does.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Origin {
    pub version: u32,
    pub surface: String,
    /// The attribute that holds the subject's key.
    pub unit: String,
    /// The components of each claim, by its key.
    pub claims: BTreeMap<String, Vec<String>>,
}

/// The flags of several surfaces.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bundled {
    pub created_at: Instant,
    pub format: Format,
    pub environment: Environment,
    pub flags: BTreeMap<String, Flag>,
    pub bandits: BTreeMap<String, Value>,
    pub allotment: Origins,
}

#[derive(Serialize)]
pub(super) struct Origins {
    pub version: u32,
    pub surfaces: Vec<String>,
    pub unit: String,
    pub claims: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Flag {
    pub key: String,
    pub enabled: bool,
    pub variation_type: VariationType,
    pub variations: BTreeMap<String, Variation>,
    pub allocations: Vec<Allocation>,
    /// Eppo's readers look here, Datadog's at each shard.
    pub total_shards: u32,
}

/// Numbers are always `NUMERIC`, so that a flag keeps its type when it is first given a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum VariationType {
    String,
    Numeric,
    Boolean,
    Json,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variation {
    pub key: String,
    pub value: Value,
}

/// Whoever a rule matches, in its time, is given the variation of the first split in whose shards they are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Allocation {
    pub key: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Instant>,
    pub splits: Vec<Split>,
    pub do_log: bool,
}

/// Any of an allocation's rules is enough; all of a rule's conditions must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub attribute: String,
    pub operator: Operator,
    pub value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Operator {
    Matches,
    NotMatches,
    Gte,
    Gt,
    Lte,
    Lt,
    OneOf,
    NotOneOf,
    IsNull,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Split {
    pub variation_key: String,
    /// A unit must be in all of these; everybody is where there are none.
    pub shards: Vec<Shard>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Shard {
    pub salt: String,
    pub ranges: Vec<Range>,
    pub total_shards: u32,
}

/// From a shard up to, and without, another.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    pub start: u32,
    pub end: u32,
}

/// The keys of allocations and variations that no claim has: a claim's allocation is its exposure key, which has no slash, and
/// its variations are `key/variant`.
pub(super) const DEFAULT: &str = "default";
pub(super) const DEFAULT_ALLOCATION: &str = "rules/default";

pub(super) fn preview_key(experiment: &str) -> String {
    format!("preview/{experiment}")
}

pub(super) fn outside_key(claim: &str) -> String {
    format!("outside/{claim}")
}

pub(super) fn rule_keys(number: usize) -> (String, String) {
    (format!("rules/{number}"), format!("rule-{number}"))
}

pub(super) fn variation_key(claim: &str, variant: &str) -> String {
    format!("{claim}/{variant}")
}
