//! Allotment's evaluator, and the surface that all who read its payloads are given.

use crate::{attributes, units};
use allotment::artifact::{
    Artifact, AttributeType, Claim, ClaimKind, Condition, Flag, FlagKind, Operand, Predicate, Segment, Step, Test, Variant,
};
use allotment::bucket::{BucketSet, Scheme, draw, variant_ranges};
use allotment::eval::{AttributeValue, Evaluator, FlagRef};
use serde_json::json;

/// The instant of all payloads.
pub const NOW: i64 = 1_800_000_000;

/// The values of the flag, by the place of the variant.
pub const VALUES: [&str; 3] = ["v7", "v8", "v9"];

/// A surface with the experiment.
pub fn surface(scheme: Scheme) -> Artifact {
    let is = |attribute: &str, predicate| {
        Condition::Is(Test { attribute: attribute.to_owned(), kind: AttributeType::String, predicate })
    };
    let text = |text: &str| Operand::Text(text.to_owned());
    let nordic = ["DK", "FI", "IS", "NO", "SE"].map(text).to_vec();
    let condition =
        Condition::All(vec![is("country", Predicate::In(nordic)), is("plan", Predicate::Equals(text("premium")))]);
    let mut free = BucketSet::with_size(1_000);
    free.insert_run(0..1_000);
    let buckets = draw(&free, 200, &["ranker"]);
    let variants = variant_ranges(&[1, 1, 1]).into_iter().zip(VALUES).map(|(range, value)| Variant {
        id: value.to_owned(),
        range,
        value: json!(value),
    });
    Artifact {
        surface: "home".to_owned(),
        scheme,
        salt: "home.5e1f".to_owned(),
        buckets: 1_000,
        unit: "user-id".to_owned(),
        components: vec!["ranker".to_owned()],
        holdout: BucketSet::with_size(1_000),
        segments: vec![Segment { id: "nordic-premium".to_owned(), condition }],
        flags: vec![Flag {
            id: "ranker".to_owned(),
            component: "ranker".to_owned(),
            kind: FlagKind::String,
            default: json!("v7"),
            previews: vec![],
            claims: vec![Claim {
                key: "fresh-first".to_owned(),
                id: "fresh-first".to_owned(),
                phase: 1,
                kind: ClaimKind::Experiment,
                components: vec!["ranker".to_owned()],
                salt: "fresh-first.9c1d".to_owned(),
                segment: Some(0),
                start: NOW - 86_400,
                end: Some(NOW + 86_400 * 365 * 30),
                steps: vec![Step { from: NOW - 86_400, buckets }],
                variants: variants.collect(),
            }],
            rules: vec![],
        }],
    }
}

pub struct Ours {
    evaluator: Evaluator,
    flag: FlagRef,
    units: Vec<(String, [(&'static str, AttributeValue<'static>); 2])>,
}

impl Ours {
    pub fn new(scheme: Scheme) -> Self {
        let evaluator = Evaluator::new(surface(scheme));
        let flag = evaluator.flag("ranker").expect("the flag");
        let units = units().into_iter().map(|(unit, inside)| {
            (unit, attributes(inside).map(|(name, value)| (name, AttributeValue::Text(value))))
        });
        Self { evaluator, flag, units: units.collect() }
    }
}

impl crate::Evaluator for Ours {
    fn variant(&self, unit: usize) -> Option<usize> {
        let (unit, attributes) = &self.units[unit];
        let got = self.evaluator.evaluate_flag(self.flag, unit, attributes, NOW);
        got.experiment.and(got.variant).and_then(place)
    }
}

/// The place of a variant.
pub fn place(variant: &str) -> Option<usize> {
    VALUES.iter().position(|value| *value == variant)
}
