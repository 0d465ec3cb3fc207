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
    changed_analysis_plan,
    changed_live_default,
    changed_live_metric,
    changed_live_segment,
    changed_live_value,
    changed_weights,
    contradicting_goal,
    decision_contradicts_evidence,
    decision_not_applied,
    decreased_traffic,
    deprecated_metric,
    duplicate_id,
    expired_waiver,
    exposure_limit,
    ineffective_key,
    invalid_dates,
    invalid_id,
    invalid_metric_sql,
    invalid_segment,
    invalid_weights,
    late_start,
    metric_unit_mismatch,
    missing_allocation,
    missing_baseline,
    missing_control,
    missing_hypothesis,
    missing_key,
    missing_margin,
    missing_mde,
    missing_reason,
    missing_required_metric,
    missing_review,
    mixed_bundle,
    moved_units,
    over_capacity,
    overdue_decision,
    public_unit_ids,
    removed_allotted_file,
    reused_id,
    shared_metric,
    skipped_stage,
    stale_allocation,
    syntax,
    tampered_lock,
    underpowered,
    unknown_key,
    unknown_reference,
    unrepresentable_traffic,
    unsupported_targeting,
    unsupported_version,
    unused_definition,
    variant_type_mismatch,
    window_exceeds_run,
    wrong_type,
}

/// The rule of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.binary_search_by(|rule| rule.name.cmp(name)).ok().and_then(|at| ALL.get(at).copied())
}
