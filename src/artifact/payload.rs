//! What the file of any SDK's format says, read back: which cells each claim owns, and what it serves there.

use crate::bucket::{BucketSet, Scheme};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::Range;

/// What a payload says.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// The arithmetic of the SDKs that read it.
    pub scheme: Scheme,
    /// The surface's id.
    pub surface: String,
    /// The flags it has, each with its default.
    pub flags: BTreeMap<String, Value>,
    /// Experiments and rollouts in the order of their flags' rules.
    pub served: Vec<Served>,
    /// How many values are forced on a segment: previews, and the rules of flags.
    pub forced: usize,
}

/// A claim as SDKs see it, or a step of its ramp where the format knows times.
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
    /// Whether it is limited to a segment.
    pub targeted: bool,
    /// The time in which it is served, in Unix seconds. Absent where the format knows none: then it is for as long as the file.
    pub window: Option<Range<i64>>,
}

/// Why bytes are not a payload that this crate has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(pub(super) String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

/// Why the files of several surfaces are not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// A file that is not in the format.
    Unreadable(String),
    /// Two of them have this flag or experiment.
    Twice(String),
    /// They are of different units, and the format has one.
    Units,
    /// The format holds one surface.
    Format(Scheme),
}

/// Puts what a part has into what all of them have; two parts have nothing of one name.
///
/// # Errors
/// The name of what is there already.
pub(super) fn join_all<V>(all: &mut BTreeMap<String, V>, part: BTreeMap<String, V>) -> Result<(), JoinError> {
    for (name, value) in part {
        match all.entry(name) {
            Entry::Vacant(free) => drop(free.insert(value)),
            Entry::Occupied(taken) => return Err(JoinError::Twice(taken.key().clone())),
        }
    }
    Ok(())
}

/// A part as it was written.
///
/// # Errors
/// What is wrong with it.
pub(super) fn part_of<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JoinError> {
    serde_json::from_slice(bytes).map_err(|error| JoinError::Unreadable(error.to_string()))
}

/// A file of JSON: one line.
pub(super) fn line(file: &impl Serialize) -> Vec<u8> {
    // Plain data with text keys has no way to fail.
    let mut json = serde_json::to_vec(file).unwrap_or_default();
    json.push(b'\n');
    json
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => f.write_str(why),
            Self::Twice(id) => write!(f, "`{id}` is in two of them"),
            Self::Units => f.write_str("they are of different units"),
            Self::Format(scheme) => write!(f, "a file of `{scheme}` holds one surface"),
        }
    }
}

impl std::error::Error for JoinError {}
