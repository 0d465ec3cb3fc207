//! What is written otherwise in two versions of a file, key by key.

use std::collections::BTreeMap;

use crate::address::masked;
use crate::decl::{entries, same_value};

/// One key that is written otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The key with the tables it is in, as in `success.minutes.mde`.
    pub key: String,
    /// The value as written.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The longest value that is shown whole, in characters.
const MAX_VALUE: usize = 300;

/// The keys that differ between two texts, in the order in which they are written: those that are there now, then those
/// that went.
#[must_use]
pub fn edits(before: &str, after: &str) -> Vec<Edit> {
    fn of(text: &str) -> Vec<(String, &str)> {
        entries(text).into_iter().map(|(key, range)| (key, text.get(range).unwrap_or_default())).collect()
    }
    let (before, after) = (of(before), of(after));
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (before.iter().cloned().collect(), after.iter().cloned().collect());
    let differs = |(key, value): &&(String, &str)| old.get(key).is_none_or(|was| !same_value(was, value));
    let changed = after.iter().filter(differs).map(|(key, value)| Edit {
        key: key.clone(),
        before: old.get(key).copied().map(shortened),
        after: Some(shortened(value)),
    });
    let gone = before.iter().filter(|(key, _)| !new.contains_key(key)).map(|(key, value)| Edit {
        key: key.clone(),
        before: Some(shortened(value)),
        after: None,
    });
    changed.chain(gone).collect()
}

/// A value without secrets that is not too long to read; what is cut off is told by its length, so that no change is lost.
fn shortened(value: &str) -> String {
    let value = &*masked(value);
    match value.char_indices().nth(MAX_VALUE) {
        None => value.to_owned(),
        Some((end, _)) => {
            let digest = crate::lock::digest("allotment edit", &[value]);
            let (shown, mark) = (value.get(..end).unwrap_or_default(), digest.get(..8).unwrap_or_default());
            format!("{shown}… ({} characters, {mark})", value.chars().count())
        }
    }
}
