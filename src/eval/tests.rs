//! Tests of the evaluator as an application sees it.

use super::*;
use crate::artifact::sample::{DAY, START, crowded, home};
use crate::bucket::Scheme;
use serde_json::json;

const NORDIC: [(&str, AttributeValue<'static>); 3] = [
    ("country", AttributeValue::Text("SE")),
    ("plan", AttributeValue::Text("premium")),
    ("app-version", AttributeValue::Text("9.10.0")),
];
const EMPLOYEE: [(&str, AttributeValue<'static>); 1] = [("employee", AttributeValue::Boolean(true))];

/// A unit of the sample surface in a bucket.
fn unit_in(bucket: u32) -> String {
    let hasher = Scheme::GrowthBook.surface_hasher("home.5e1f");
    (0..100_000).map(|n| format!("unit-{n}")).find(|unit| hasher.cell(unit) / 100 == bucket).unwrap()
}

#[test]
fn follows_the_order_of_previews_claims_rules_and_default() {
    let evaluator = Evaluator::new(home());
    let now = START + 2 * DAY;
    let get = |flag: &str, bucket: u32, attributes: &[(&str, AttributeValue<'_>)]| {
        let unit = unit_in(bucket);
        let got = evaluator.evaluate(flag, &unit, &attributes, now);
        assert_eq!(got.bucket, Some(bucket));
        (got.value.clone(), got.reason, got.experiment.map(str::to_owned), got.is_logged())
    };
    let key = |key: &str| Some(key.to_owned());
    let nordic = get("home-ranker", 10, &NORDIC);
    assert_eq!((nordic.1, nordic.2, nordic.3), (Reason::Split, key("fresh-first"), true));
    assert_eq!(get("home-ranker", 10, &[]), (json!("v7"), Reason::Default, None, false));
    assert_eq!(get("home-ranker", 10, &EMPLOYEE), (json!("v9"), Reason::TargetingMatch, None, false));
    assert_eq!(get("home-ranker", 45, &[]).2, key("calm"));
    assert_eq!(get("home-ranker", 99, &[]).1, Reason::Default);
    assert_eq!(get("home-cards", 99, &[]).2, key("home-cards"));
    assert_eq!(get("home-cards", 0, &[]), (json!("small"), Reason::Default, None, false));
    assert_eq!(get("home-cards", 0, &EMPLOYEE), (json!("large"), Reason::TargetingMatch, None, false));
    assert_eq!(get("greeting", 3, &[]).1, Reason::Static);
}

#[test]
fn follows_windows_and_ramps() {
    let evaluator = Evaluator::new(home());
    let experiment = |bucket: u32, now: i64| {
        let unit = unit_in(bucket);
        let got = evaluator.evaluate("home-ranker", &unit, &NORDIC, now);
        got.experiment.map(str::to_owned)
    };
    let key = |key: &str| Some(key.to_owned());
    assert_eq!(experiment(7, START - 1), None);
    assert_eq!(experiment(7, START), key("fresh-first"));
    assert_eq!(experiment(8, START + DAY - 1), None);
    assert_eq!(experiment(8, START + DAY), key("fresh-first"));
    assert_eq!(experiment(8, START + 28 * DAY - 1), key("fresh-first"));
    assert_eq!(experiment(8, START + 28 * DAY), key("long-tail.2"));
    assert_eq!(experiment(8, START + 42 * DAY), None);
}

#[test]
fn variants_have_the_shares_of_their_ranges() {
    let evaluator = Evaluator::new(home());
    let mut seen = [0_u32; 3];
    for n in 0..40_000 {
        let got = evaluator.evaluate("home-cards", &format!("unit-{n}"), &(), START);
        match got.variant {
            Some("control") => seen[0] += 1,
            Some("treatment") => seen[1] += 1,
            _ => seen[2] += 1,
        }
    }
    // Of 40,000: 2 % held out, and 5 % of the rest held back; standard deviations 28, 43.
    assert!((690..=910).contains(&seen[2]), "{seen:?}");
    assert!((1_790..=2_130).contains(&seen[0]), "{seen:?}");
}

#[test]
fn falls_to_the_default_on_any_doubt() {
    let evaluator = Evaluator::new(home());
    let empty = evaluator.evaluate("home-ranker", "", &EMPLOYEE, START);
    assert_eq!((empty.value, empty.reason, empty.bucket), (&json!("v7"), Reason::Error, None));
    let unknown = evaluator.evaluate("nothing", "unit-1", &(), START);
    assert_eq!((unknown.value, unknown.reason), (&Value::Null, Reason::Error));
    let other = Evaluator::new(crowded(9, 100, 10)).flag("flag-8").unwrap();
    assert_eq!(evaluator.evaluate_flag(other, "unit-1", &(), START).reason, Reason::Error);

    // A resolver of Confidence refuses longer ids than these.
    let mut short = home();
    short.scheme = Scheme::Confidence;
    let short = Evaluator::new(short);
    let reason = |letters: usize| short.evaluate("home-cards", &"x".repeat(letters), &(), START).reason;
    assert!(reason(100) != Reason::Error && reason(101) == Reason::Error);

    let mut odd = home();
    odd.buckets = 7;
    assert_eq!(Evaluator::new(odd).evaluate("home-cards", "unit-1", &(), START).reason, Reason::Error);

    // Every reference dangles, every range has a gap.
    let mut broken = home();
    broken.segments.clear();
    broken.flags[1].claims[0].variants[1].range = 600..700;
    let broken = Evaluator::new(broken);
    for n in 0..200 {
        let unit = format!("unit-{n}");
        for (_, got) in broken.evaluate_surface(&unit, &EMPLOYEE, START + DAY) {
            assert!(!got.is_logged() || got.experiment != Some("fresh-first"));
        }
    }
}

#[test]
fn two_owners_of_a_bucket_are_none() {
    let mut artifact = home();
    let mut twin = artifact.flags[0].claims[2].clone();
    twin.key = "twin".into();
    artifact.flags[0].claims.push(twin);
    let evaluator = Evaluator::new(artifact);
    let unit = unit_in(45);
    assert_eq!(evaluator.evaluate("home-ranker", &unit, &(), START).reason, Reason::Default);
    let steps = evaluator.explain("home-ranker", &unit, &(), START).steps;
    assert!(steps.contains(&"experiment calm: does not own bucket 45 alone".to_owned()), "{steps:?}");
}

#[test]
fn explains_by_the_code_that_decides() {
    let evaluator = Evaluator::new(home());
    for n in 0..500 {
        let unit = format!("unit-{n}");
        for now in [START - 1, START, START + DAY, START + 30 * DAY] {
            let surface: Vec<_> = evaluator.evaluate_surface(&unit, &NORDIC, now).collect();
            for (flag, assignment) in surface {
                assert_eq!(evaluator.evaluate(flag, &unit, &NORDIC, now), assignment);
                assert_eq!(evaluator.explain(flag, &unit, &NORDIC, now).assignment, assignment);
            }
        }
    }
}

#[test]
fn explanations_read_well() {
    let evaluator = Evaluator::new(home());
    let german = [("country", AttributeValue::Text("DE"))];
    let got = evaluator.explain("home-ranker", &unit_in(10), &german, START + DAY);
    assert_eq!(
        got.steps,
        [
            "bucket 10 of 100",
            "preview of next-ranker: segment employees: no, employee is missing",
            "holdout: no",
            "experiment fresh-first: owns bucket 10",
            "experiment long-tail.2: not in its window, 2027-02-08 to 2027-02-22",
            "experiment calm: does not own bucket 10",
            r#"segment nordic-premium: no, country is "DE", not one of "DK", "FI", "IS", "NO", "SE""#,
            "the flag's default",
        ]
    );
    let got = evaluator.explain("home-ranker", &unit_in(10), &NORDIC, START + DAY);
    assert_eq!(
        got.steps[6],
        r#"segment nordic-premium: yes, country is "SE", plan is "premium", app-version is "9.10.0""#
    );
    assert!(got.steps[7].starts_with("experiment fresh-first: cell "), "{got}");
    let got = evaluator.explain("home-ranker", &unit_in(10), &NORDIC, START);
    assert_eq!(got.steps[3], "experiment fresh-first: does not own bucket 10 until 2027-01-12");
    let got = evaluator.explain("home-cards", &unit_in(1), &EMPLOYEE, START);
    assert_eq!(
        got.steps,
        [
            "bucket 1 of 100",
            "holdout: yes, no experiment and no rollout",
            "rule 1: segment employees: yes, employee is true",
        ]
    );
    assert_eq!(evaluator.explain("nothing", "u", &(), START).steps, ["no such flag"]);
    assert_eq!(evaluator.explain("greeting", "", &(), START).steps, ["the unit's id is empty"]);
    let long = Evaluator::new(Artifact { scheme: Scheme::Confidence, ..home() });
    let said = |unit: &str| long.explain("greeting", unit, &(), START).steps;
    assert_eq!(said(""), ["the unit's id is empty"]);
    assert_eq!(said(&"é".repeat(51)), ["the unit's id has 102 bytes, and Confidence resolvers take no more than 100"]);
    assert!(said(&"é".repeat(50))[0].starts_with("bucket "));
}

#[test]
fn is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Evaluator::new(home()));
}

#[test]
fn reads_bytes() {
    let bytes = home().encode();
    let evaluator = Evaluator::from_bytes(&bytes).unwrap();
    assert_eq!(evaluator.artifact(), &home());
    assert!(Evaluator::from_bytes(&bytes[..40]).is_err());
}
