//! Artifacts that tests share.

use super::{
    Artifact, AttributeType, Claim, ClaimKind, Condition, Flag, FlagKind, Operand, Predicate, Preview, Rule, Segment,
    Step, Test, Variant, exposure_key,
};
use crate::bucket::{BucketSet, Scheme, draw, variant_ranges};
use serde_json::{Value, json};

/// A day, in seconds.
pub(crate) const DAY: i64 = 86_400;
/// The day on which [`home`]'s claims begin.
pub(crate) const START: i64 = 1_799_625_600;

/// A claim on one component, with equal variants, that begins at [`START`] and owns `buckets` from then on.
pub(crate) fn claim(id: &str, component: &str, buckets: BucketSet, variants: &[(&str, Value)]) -> Claim {
    let ranges = variant_ranges(&vec![1; variants.len()]);
    let variant = |((id, value), range): (&(&str, Value), _)| Variant { id: (*id).into(), range, value: value.clone() };
    Claim {
        key: exposure_key(id, 1),
        id: id.into(),
        phase: 1,
        kind: ClaimKind::Experiment,
        components: vec![component.into()],
        salt: format!(
            "{id}.{:08x}",
            id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(0x9e37_79b1) ^ u32::from(byte))
        ),
        segment: None,
        start: START,
        end: Some(START + 28 * DAY),
        steps: vec![Step { from: START, buckets }],
        variants: variants.iter().zip(ranges).map(variant).collect(),
    }
}

fn is(attribute: &str, kind: AttributeType, predicate: Predicate) -> Condition {
    Condition::Is(Test { attribute: attribute.into(), kind, predicate })
}

fn set(text: &str) -> BucketSet {
    BucketSet::parse(text, 100).unwrap()
}

/// The Nordic premium listeners, and the employees.
fn segments() -> Vec<Segment> {
    let text = |text: &str| Operand::Text(text.into());
    let countries = ["DK", "FI", "IS", "NO", "SE"].map(text);
    let nordic = Condition::All(vec![
        is("country", AttributeType::String, Predicate::In(countries.to_vec())),
        is("plan", AttributeType::String, Predicate::Equals(text("premium"))),
        is("app-version", AttributeType::Version, Predicate::AtLeast(text("9.4.0"))),
    ]);
    let employees = is("employee", AttributeType::Boolean, Predicate::Equals(Operand::Boolean(true)));
    vec![
        Segment { id: "nordic-premium".into(), condition: nordic },
        Segment { id: "employees".into(), condition: employees },
    ]
}

/// A ramp, a neighbour, one that takes over both buckets later, and one that is only previewed.
fn ranker() -> Flag {
    let variants = |id, value| [("control", json!("v7")), (id, json!(value))];
    let mut fresh = claim("fresh-first", "ranker", set("2-21"), &variants("fresh-first", "v8-fresh"));
    fresh.segment = Some(0);
    fresh.steps = vec![Step { from: START, buckets: set("2 7") }, Step { from: START + DAY, buckets: set("2-21") }];
    let mut later = claim("long-tail", "ranker", set("2-61"), &variants("tail", "v8-fresh"));
    later.phase = 2;
    later.key = exposure_key("long-tail", 2);
    later.start = START + 28 * DAY;
    later.end = Some(START + 42 * DAY);
    later.steps[0].from = later.start;
    let mut calm = claim("calm", "ranker", set("40-59"), &variants("calm", "v7-calm"));
    calm.end = Some(START + 20 * DAY);
    let preview = Preview { experiment: "next-ranker".into(), segment: 1, variant: "next".into(), value: json!("v9") };
    Flag {
        previews: vec![preview],
        claims: vec![fresh, later, calm],
        ..flag("home-ranker", "ranker", FlagKind::String, json!("v7"))
    }
}

/// A rollout to all but the holdout, with a holdback of five in a hundred; then a rule.
fn cards() -> Flag {
    let mut large =
        claim("home-cards", "cards", set("2-99"), &[("control", json!("small")), ("treatment", json!("large"))]);
    large.kind = ClaimKind::Rollout;
    large.end = None;
    large.variants[0].range = 0..500;
    large.variants[1].range = 500..10_000;
    Flag {
        claims: vec![large],
        rules: vec![Rule { segment: 1, value: json!("large") }],
        ..flag("home-cards", "cards", FlagKind::String, json!("small"))
    }
}

fn flag(id: &str, component: &str, kind: FlagKind, default: Value) -> Flag {
    Flag {
        id: id.into(),
        component: component.into(),
        kind,
        default,
        previews: Vec::new(),
        claims: Vec::new(),
        rules: Vec::new(),
    }
}

/// The instant at which the samples are looked at.
pub(crate) const AT: i64 = START + 2 * DAY;

/// A small surface with one of everything: 100 buckets, holdout 0-1.
pub(crate) fn home() -> Artifact {
    Artifact {
        surface: "home".into(),
        scheme: Scheme::GrowthBook,
        salt: "home.5e1f".into(),
        buckets: 100,
        unit: "user-id".into(),
        components: vec!["cards".into(), "header".into(), "ranker".into()],
        holdout: set("0-1"),
        segments: segments(),
        flags: vec![
            ranker(),
            cards(),
            flag("greeting", "header", FlagKind::Object, json!({ "text": "hello", "lines": 1 })),
        ],
    }
}

/// A surface of `count` experiments, each on a flag and a component of its own, with `owned` of `buckets` buckets.
pub(crate) fn crowded(count: usize, buckets: u32, owned: u32) -> Artifact {
    let mut artifact = home();
    artifact.buckets = buckets;
    artifact.holdout = BucketSet::with_size(buckets);
    artifact.components = (0..count).map(|n| format!("part-{n}")).collect();
    let crowd = |n: usize| {
        let component = format!("part-{n}");
        let id = format!("experiment-{n}");
        let drawn = draw(&BucketSet::full(buckets), owned, &["salt", &id]);
        let mut claim = claim(&id, &component, drawn, &[("control", json!(false)), ("treatment", json!(true))]);
        claim.start = START + DAY * i64::try_from(n % 60).unwrap();
        claim.end = Some(claim.start + 28 * DAY);
        claim.steps[0].from = claim.start;
        claim.segment = n.is_multiple_of(3).then_some(0);
        Flag { claims: vec![claim], ..flag(&format!("flag-{n}"), &component, FlagKind::Boolean, json!(false)) }
    };
    artifact.flags = (0..count).map(crowd).collect();
    artifact
}

/// A segment's `where` as catalogues write it, with the types of its attributes.
pub(crate) fn condition(meant: &Value, types: &Value) -> Condition {
    let list = |parts: &Value| parts.as_array().unwrap().iter().map(|part| condition(part, types)).collect();
    let mut parts = Vec::new();
    for (key, value) in meant.as_object().unwrap() {
        match key.as_str() {
            "all" => parts.push(Condition::All(list(value))),
            "any" => parts.push(Condition::Any(list(value))),
            "not" => parts.push(Condition::Not(Box::new(condition(value, types)))),
            _ => parts.extend(tests(key, value, &types[key])),
        }
    }
    Condition::All(parts)
}

fn tests(attribute: &str, value: &Value, kind: &Value) -> Vec<Condition> {
    let operators = match value {
        Value::Object(operators) => operators.clone(),
        Value::Array(_) => [("in".to_owned(), value.clone())].into_iter().collect(),
        _ => [("equals".to_owned(), value.clone())].into_iter().collect(),
    };
    let test = |(operator, operand)| json!({ "is": [attribute, kind, operator, operand] });
    operators.into_iter().map(test).map(|test| serde_json::from_value(test).unwrap()).collect()
}

/// A condition that the SDKs were asked about, and what they said.
pub(crate) struct SdkCase {
    pub(crate) name: String,
    pub(crate) meant: Condition,
    pub(crate) encoded: Value,
    pub(crate) attributes: Value,
    pub(crate) holds: bool,
}

/// The cases of a scheme's `conditions.json` that freeze an encoding, and so have one answer.
pub(crate) fn sdk_cases(scheme: Scheme) -> Vec<SdkCase> {
    let (text, of_line): (_, fn(&Value) -> Vec<SdkCase>) = match scheme {
        Scheme::Eppo => (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/eppo/conditions.json")), of_eppo),
        _ => {
            (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/growthbook/conditions.json")), of_growthbook)
        }
    };
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap().iter().filter(|case| case.get("where").is_some());
    cases.inspect(|case| assert_eq!(case["js"], case["py"], "{case}")).flat_map(of_line).collect()
}

fn of_growthbook(case: &Value) -> Vec<SdkCase> {
    vec![SdkCase {
        name: case["name"].as_str().unwrap().into(),
        meant: condition(&case["where"], &case["types"]),
        encoded: case["condition"].clone(),
        attributes: case["attributes"].clone(),
        holds: case["js"].as_bool().unwrap(),
    }]
}

/// A line that asks about several attributes has a digit for each.
fn of_eppo(case: &Value) -> Vec<SdkCase> {
    let attributes = case["attributes"].as_array().unwrap();
    let answers = case["js"].as_str().unwrap();
    assert_eq!(attributes.len(), answers.len(), "{case}");
    let one = |(attributes, answer): (&Value, char)| SdkCase {
        name: format!("{}, {attributes}", case["where"]),
        meant: condition(&case["where"], &case["types"]),
        encoded: case["rules"].clone(),
        attributes: attributes.clone(),
        holds: answer == '1',
    };
    attributes.iter().zip(answers.chars()).map(one).collect()
}
