//! Shares of units that move, held against counting every bucket and every place on the ranges.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::{Assigned, moves};
use crate::bucket::BucketSet;

type Variants = Vec<(&'static str, Range<u32>)>;

fn assigned(owned: &str, salt: &str, variants: Variants) -> Assigned {
    let variants = variants.into_iter().map(|(id, range)| (id.to_owned(), range, Value::from(id))).collect();
    let owned = BucketSet::parse(owned, 20).expect("runs");
    Assigned::made(["home", "user", "growthbook"].map(str::to_owned), owned, salt, variants)
}

/// Who has what at every bucket and every place, counted; only for assignments of one salt.
fn counted(before: &Assigned, after: &Assigned) -> HashMap<(Option<String>, Option<String>), f64> {
    let mut counts = HashMap::new();
    for bucket in 0..20 {
        for place in 0..10_000 {
            let of = |assigned: &Assigned| {
                let owned = assigned.owns(bucket);
                let found = assigned.variants().iter().find(|(_, range, _)| owned && range.contains(&place));
                found.map(|(id, ..)| id.clone())
            };
            let (from, to) = (of(before), of(after));
            if from != to {
                *counts.entry((from, to)).or_insert(0.0) += 1.0 / 200_000.0;
            }
        }
    }
    counts
}

#[test]
fn moves_are_what_counting_gives() {
    let half = || vec![("control", 0..5_000), ("treatment", 5_000..10_000)];
    let uneven = || vec![("control", 0..3_333), ("a", 3_333..4_000), ("treatment", 4_000..10_000)];
    let cases = [
        (assigned("0-9", "x", half()), assigned("0-9", "x", uneven())),
        (assigned("0-9", "x", half()), assigned("0-13", "x", half())),
        (assigned("0-9", "x", uneven()), assigned("5-19", "x", half())),
        (assigned("0 3 7", "x", half()), assigned("1 4 8-9", "x", uneven())),
    ];
    for (before, after) in &cases {
        let expected = counted(before, after);
        let found = moves(Some(before), Some(after));
        assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
        for one in found {
            let share = expected[&(one.from.clone(), one.to.clone())];
            assert!((share - one.units).abs() < 1e-9, "{one:?} is {share}");
        }
    }
}

#[test]
fn a_new_salt_moves_as_many_as_independent_draws_would() {
    let half = || vec![("control", 0..5_000), ("treatment", 5_000..10_000)];
    let found = moves(Some(&assigned("0-9", "x", half())), Some(&assigned("0-9", "y", half())));
    let shown: Vec<_> = found.iter().map(|one| (one.from.as_deref(), one.to.as_deref(), one.units)).collect();
    let (control, treatment) = (Some("control"), Some("treatment"));
    assert_eq!(shown, [(control, treatment, 0.125), (treatment, control, 0.125)]);
}

#[test]
fn nobody_moves_where_nothing_changed() {
    let same = || assigned("0-9", "x", vec![("control", 0..10_000)]);
    assert_eq!(moves(Some(&same()), Some(&same())), []);
    assert_eq!(moves(None, None), []);
}

#[test]
fn a_unit_that_changes_its_flag_is_one_unit() {
    let half = || vec![("control", 0..5_000), ("treatment", 5_000..10_000)];
    let found = moves(Some(&assigned("0-9", "x", half())), Some(&assigned("5-14", "x", half()).on_flag("other")));
    let shown: Vec<_> = found.iter().map(|one| (one.from.as_deref(), one.to.as_deref(), one.units)).collect();
    let (control, treatment) = (Some("control"), Some("treatment"));
    let each = 0.125;
    assert_eq!(
        shown,
        [
            (None, control, each),
            (None, treatment, each),
            (control, None, each),
            (control, control, each),
            (treatment, None, each),
            (treatment, treatment, each),
        ]
    );
}
