//! The edge cases under `reference/edge`, from their files: every count and sum is what the reference says.

use std::path::Path;

use allotment::cli::gather::Options;
use allotment::decl::Function;
use allotment::query::{Calculation, Request};
use allotment::results::Tally;
use allotment::stats::Moments;
use serde_json::Value;

use super::requests::{count, input, measure, number, request, source, study};

fn expected() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/edge/expected.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// All experiments, control first.
fn asked(expected: &Value) -> Request {
    let studies = expected["experiments"].as_object().unwrap().iter().map(|(key, case)| {
        let variants: Vec<&str> = case["assignment"]["n"].as_object().unwrap().keys().map(String::as_str).collect();
        study(key.strip_prefix("edge/").unwrap(), &variants, &[0])
    });
    let events = source("lake.events", &[input(Function::Sum, Some("value"), None)]);
    request(studies.collect(), vec![events], vec![measure("value_7d", Calculation::Mean(number(0, 0)))])
}

fn counted(ending: &str) -> Vec<Tally> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/edge");
    count(&root, &format!("{{table}}.{ending}"), &asked(&expected()), Options::default()).unwrap()
}

#[test]
fn counts_and_sums_are_those_of_the_reference() {
    let expected = expected();
    for ending in ["csv", "parquet"] {
        for tally in counted(ending) {
            let case = &expected["experiments"][&format!("edge/{}", tally.key)];
            let assignment = &case["assignment"];
            let metric = &tally.metrics[0];
            assert_eq!(metric.failed, None);
            let mixed: u64 = tally.arms.iter().map(|arm| arm.mixed).sum();
            assert_eq!(mixed, assignment["units_in_multiple_variants"].as_u64().unwrap(), "{}", tally.key);
            for (arm, units) in tally.arms.iter().zip(&metric.arms) {
                let what = format!("{} {} from {ending}", tally.key, arm.variant);
                let known = &case["metrics"]["value_7d"]["per_variant"][&arm.variant];
                let n = known["n"].as_u64().unwrap();
                assert_eq!(arm.exposed - arm.mixed, n, "{what}");
                assert_eq!(
                    arm.exposed,
                    assignment["n_if_first_exposure_wins"][&arm.variant].as_u64().unwrap(),
                    "{what}"
                );
                let sums = &units.sums;
                assert_eq!((sums.n, units.incomplete), (n, 0), "{what}");
                if n == 0 {
                    continue;
                }
                let moments = Moments::from_sums(n, &sums.shifts, &sums.sums, &sums.products).unwrap();
                let near = |own: f64, key: &str, slack: f64| {
                    let Some(known) = known[key].as_f64() else { return };
                    assert!((own - known).abs() <= slack * known.abs(), "{what} {key}: {own} {known}");
                };
                near(moments.mean(0).unwrap(), "mean", 1e-12);
                // The reference's doubles lost the noise of this one.
                if tally.key != "big_offset"
                    && let Ok(variance) = moments.variance(0)
                {
                    near(variance, "variance", 1e-12);
                }
            }
        }
    }
}

#[test]
fn an_offset_does_not_eat_the_noise() {
    let expected = expected();
    let tally = counted("csv").into_iter().find(|tally| tally.key == "big_offset").unwrap();
    let case = &expected["experiments"]["edge/big_offset"];
    for (arm, units) in tally.arms.iter().zip(&tally.metrics[0].arms) {
        let known = case["metrics"]["value_7d"]["exact_rational"]["variance"][&arm.variant].as_f64().unwrap();
        let sums = &units.sums;
        let own = Moments::from_sums(sums.n, &sums.shifts, &sums.sums, &sums.products).unwrap().variance(0).unwrap();
        assert!((own - known).abs() <= 1e-12 * known, "{own} {known}");
    }
}

#[test]
fn both_files_give_the_same_bits() {
    assert_eq!(counted("csv"), counted("parquet"));
}
