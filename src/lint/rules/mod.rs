//! The table of rules, sorted by name; a test holds it against this folder.

use super::Rule;

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every rule, sorted by name.
        pub static ALL: &[&Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    bucket_overlap,
    duplicate_id,
    invalid_dates,
    invalid_id,
    invalid_segment,
    invalid_weights,
    missing_allocation,
    missing_control,
    missing_key,
    over_capacity,
    stale_allocation,
    syntax,
    tampered_lock,
    unknown_key,
    unknown_reference,
    unsupported_targeting,
    unsupported_version,
    variant_type_mismatch,
    wrong_type,
}

/// The rule of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.binary_search_by(|rule| rule.name.cmp(name)).ok().and_then(|at| ALL.get(at).copied())
}
