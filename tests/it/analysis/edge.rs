//! The edge cases under `reference/edge` through the whole way from tallies to recorded results.

use std::collections::BTreeMap;

use allotment::results::{Figure, Interval, Status, Verdict};
use serde_json::Value;

use super::field::{Field, arm, day, of_rows, tally};
use crate::stats_edge::{near, read, units};

/// The same words as the reference has, as far as they differ.
fn words(theirs: &str) -> &str {
    match theirs {
        "variance undefined: an arm has one unit" => "an arm has one unit, so its variance is unknown",
        "zero variance in both arms: no test possible" => "the variance is zero in both arms, so no test is possible",
        "empty arm" => "an arm is empty",
        "control mean is 0" => "the control mean is 0",
        other => panic!("a reason not known: {other}"),
    }
}

#[track_caller]
fn same(ours: &Figure, theirs: &Value, tolerance: f64, name: &str) {
    near(ours.number().unwrap_or_else(|| panic!("{name}: {ours:?}")), theirs, tolerance, name);
}

#[track_caller]
fn ends(ours: &Figure<Interval>, theirs: &Value, se: f64, name: &str) {
    let ours = ours.known().unwrap_or_else(|| panic!("{name}: {ours:?}"));
    let end = |at: usize| theirs[at].as_f64().expect("an end");
    assert!((ours.low - end(0)).abs() <= 1e-9 * se && (ours.high - end(1)).abs() <= 1e-9 * se, "{name}: {ours:?}");
}

#[test]
fn edge_cases_come_out_as_the_reference_has_them() {
    let expected: Value = serde_json::from_str(&read("expected.json")).expect("JSON");
    let units = units();
    let none = BTreeMap::new();
    let field =
        Field::new(14, &["treatment"], "[success]\ngain = { mde = \"2%\" }\n\n[analysis]\nmethod = \"fixed\"\n");
    let (mut compared, mut undefined) = (0, 0);
    for (name, experiment) in expected["experiments"].as_object().expect("experiments") {
        let metric = &experiment["metrics"]["value_7d"];
        let own = units.get(name).unwrap_or(&none);
        let (key, values) = metric["comparisons"].as_object().expect("comparisons").iter().next().expect("one");
        let (treatment, control) = key.split_once("_vs_").expect("a pair");
        let rows = |variant: &str| -> Vec<Vec<f64>> {
            own.get(variant).into_iter().flatten().map(|row| vec![row[0]]).collect()
        };
        let (control_rows, treatment_rows) = (rows(control), rows(treatment));
        // The engine's shift is near the values and the same in all arms.
        let shift = control_rows.iter().chain(&treatment_rows).map(|row| row[0]).next().unwrap_or(0.0);
        let arms = [&control_rows, &treatment_rows].map(|rows| arm(of_rows(rows, &[shift])));
        let results = field.look(day(30.0), &tally(&["treatment"], vec![("gain", arms.to_vec())]), &[]);
        let outcome = &results.treatments[0].outcomes[0];
        for (ours, variant) in [(&outcome.control, control), (&outcome.treatment, treatment)] {
            let theirs = &metric["per_variant"][variant];
            assert_eq!(ours.units, theirs["n"].as_u64().expect("a count"), "{name}");
            match &ours.mean {
                Figure::Known(mean) => near(*mean, &theirs["mean"], 1e-12, name),
                Figure::Undefined(why) => assert_eq!(why.undefined, "an arm is empty", "{name}"),
            }
        }
        let health = |at: usize| &results.health[at];
        if let Some(p) =
            experiment["srm"]["p"].as_f64().filter(|_| outcome.control.units.min(outcome.treatment.units) >= 5)
        {
            same(health(0).value.as_ref().expect("a p-value"), &p.into(), 1e-9, name);
            assert_eq!(health(0).status, Status::Passed, "{name}");
        }
        if values["defined"] == false {
            let why = words(values["reason"].as_str().expect("a reason"));
            for figure in [&outcome.se, &outcome.p, &outcome.critical] {
                assert_eq!(figure.why(), Some(why), "{name}");
            }
            assert_eq!(outcome.interval.why(), Some(why), "{name}");
            assert_eq!(outcome.verdict, Verdict::Undefined, "{name}");
            undefined += 1;
            continue;
        }
        let exact = metric.get("exact_rational").unwrap_or(values);
        same(&outcome.difference, &exact["diff"], 1e-10, name);
        same(&outcome.se, &exact["se"], 1e-10, name);
        same(&outcome.freedom, &exact["df"], 1e-10, name);
        same(&outcome.p, &exact["p_welch"], 1e-8, name);
        if exact["ci_welch"].is_array() {
            ends(&outcome.interval, &exact["ci_welch"], outcome.se.number().expect("defined"), name);
        }
        if metric.get("exact_rational").is_none() && values["relative"]["defined"] == true {
            same(&outcome.lift, &values["relative"]["lift_abs_denominator"], 1e-10, name);
            // The reference divides by the mean itself in its standard error.
            let se = values["relative"]["se_delta"].as_f64().expect("a number").abs();
            same(&outcome.lift_se, &se.into(), 1e-10, name);
        }
        if values["relative"]["defined"] == false {
            assert_eq!(
                outcome.lift_interval.why(),
                Some(words(values["relative"]["reason"].as_str().expect("a reason")))
            );
        }
        let low = outcome.interval.known().expect("defined").low;
        let high = outcome.interval.known().expect("defined").high;
        let verdict = if low > 0.0 {
            Verdict::Better
        } else if high < 0.0 {
            Verdict::Worse
        } else {
            Verdict::Undecided
        };
        assert_eq!(outcome.verdict, verdict, "{name}: one interval, one verdict");
        compared += 1;
    }
    assert_eq!((compared, undefined), (8, 7), "all are compared");
}
