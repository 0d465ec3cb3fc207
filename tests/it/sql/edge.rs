//! The edge cases of the reference, in `DuckDB` and `PostgreSQL`: counts, means and variances of each variant.

use std::fs;
use std::path::Path;

use allotment::decl::Function;
use allotment::query::{
    Calculation, Dialect, Exposures, Input, Measure, Number, Relation, Request, Row, Source, Statement, Study,
    statements, tallies,
};
use allotment::stats::Moments;
use serde_json::{Value, json};

use super::run::{ENGINES, ran, rows};

const DAY: i64 = 86_400_000_000;
/// 2026-03-01.
const BEGIN: i64 = 1_772_323_200_000_000;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/edge").join(name);
    fs::read_to_string(path).expect("the reference is there")
}

/// The rows of a file without quotes as a list of values; an empty field is null.
fn values(name: &str) -> String {
    let text = read(name);
    let field = |field: &str| match field {
        "" => "NULL".to_owned(),
        field => format!("'{}'", field.replace('\'', "''")),
    };
    let rows = text.split('\n').skip(1).filter(|line| !line.is_empty());
    rows.map(|line| format!("({})", line.split(',').map(field).collect::<Vec<_>>().join(", ")))
        .collect::<Vec<_>>()
        .join(", ")
}

fn request(expected: &Value) -> Request {
    let studies = expected.as_object().expect("experiments").iter().map(|(name, expected)| {
        let key = name.trim_start_matches("edge/").to_owned();
        let variants = expected["assignment"]["n"].as_object().expect("variants").keys().cloned().collect();
        Study { id: key.clone(), key, variants, from: BEGIN, until: BEGIN + 60 * DAY, measures: vec![0] }
    });
    Request {
        surface: "edge".to_owned(),
        unit: "user".to_owned(),
        now: BEGIN + 60 * DAY,
        exposures: Exposures {
            table: "lake.exposures".to_owned(),
            select: None,
            unit: "unit_id".to_owned(),
            experiment: "experiment".to_owned(),
            variant: "variant".to_owned(),
            timestamp: "timestamp".to_owned(),
            dimensions: Vec::new(),
        },
        studies: studies.collect(),
        sources: vec![Source {
            fact: "events".to_owned(),
            relation: Relation::Table("lake.events".to_owned()),
            unit: "unit_id".to_owned(),
            timestamp: "timestamp".to_owned(),
            lag: 0,
            inputs: vec![Input { function: Function::Sum, column: Some("value".to_owned()), predicate: None }],
        }],
        measures: vec![Measure {
            id: "value-7d".to_owned(),
            calculation: Calculation::Mean(Number::Input { source: 0, input: 0 }),
            window: (0, 7 * DAY),
            covariate: Some(7 * DAY),
            cap: None,
            drops_missing: false,
            lag: 0,
        }],
        pairs: Vec::new(),
    }
}

#[test]
fn duckdb_and_postgresql_meet_the_edge_cases_of_the_reference() {
    let expected: Value = serde_json::from_str(&read("expected.json")).expect("JSON");
    let expected = &expected["experiments"];
    let request = request(expected);
    let setup = [
        "CREATE SCHEMA lake".to_owned(),
        "CREATE TABLE lake.exposures (unit_id TEXT, experiment TEXT, variant TEXT, \"timestamp\" TIMESTAMP)".to_owned(),
        "CREATE TABLE lake.events (unit_id TEXT, \"timestamp\" TIMESTAMP, value DOUBLE PRECISION)".to_owned(),
        format!("INSERT INTO lake.exposures VALUES {}", values("exposures.csv")),
        format!("INSERT INTO lake.events VALUES {}", values("events.csv")),
    ];
    let written = ENGINES.map(|(_, engine)| statements(&request, Dialect::of(engine)).expect("harmless"));
    let case = |at: usize| {
        let texts: Vec<&str> = written[at].iter().map(|statement| statement.text.as_str()).collect();
        json!({ "setup": setup, "statements": texts })
    };
    let Some(results) = ran(&json!([{ "duckdb": case(0), "postgres": case(1) }])) else { return };
    for ((engine, _), written) in ENGINES.iter().zip(&written) {
        let of: Vec<(&Statement, Vec<Row>)> = written
            .iter()
            .zip(results[0][engine].as_array().expect("results"))
            .map(|(statement, result)| (statement, rows(result, statement)))
            .collect();
        let of: Vec<(&Statement, &[Row])> = of.iter().map(|(statement, rows)| (*statement, rows.as_slice())).collect();
        let tallies = tallies(&request, &of).expect("they are as they were asked for");
        for (tally, (name, expected)) in tallies.iter().zip(expected.as_object().expect("experiments")) {
            let of = &expected["metrics"]["value_7d"]["per_variant"];
            let exact = &expected["metrics"]["value_7d"]["exact_rational"];
            let first = &expected["assignment"]["n_if_first_exposure_wins"];
            for (arm, own) in tally.arms.iter().zip(&tally.metrics[0].arms) {
                let what = format!("{engine}, {name}, {}", arm.variant);
                let expected = &of[&arm.variant];
                assert_eq!(json!(own.sums.n), expected["n"], "{what}");
                assert_eq!(json!(own.kept.n), first[&arm.variant], "{what}");
                assert_eq!(json!(arm.exposed), first[&arm.variant], "{what}");
                let moments = Moments::from_sums(own.sums.n, &own.sums.shifts, &own.sums.sums, &own.sums.products);
                let moments = moments.unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
                let close = |ours: f64, theirs: &Value, word: &str, tolerance: f64| {
                    let Some(theirs) = theirs.as_f64() else { return };
                    let near = (ours - theirs).abs() <= tolerance * theirs.abs();
                    assert!(near, "{what}: {word} {ours} is not {theirs}");
                };
                close(moments.mean(0).unwrap_or(f64::NAN), &expected["mean"], "mean", 1e-12);
                // Noise on an offset is judged by exact arithmetic.
                let variance = &exact[&arm.variant]["variance"];
                let variance = if variance.is_null() { &expected["variance"] } else { variance };
                close(moments.variance(0).unwrap_or(f64::NAN), variance, "variance", 1e-12);
            }
        }
    }
}
