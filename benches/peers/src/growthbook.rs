//! GrowthBook's SDK, asked below its client, so that neither its cache nor its callbacks are paid for.

use crate::ours::{NOW, place, surface};
use crate::{attributes, units};
use allotment::artifact::format;
use allotment::bucket::Scheme;
use growthbook_rust::growthbook::GrowthBook as Theirs;
use growthbook_rust::model_public::{GrowthBookAttribute, GrowthBookAttributeValue};
use serde_json::Value;

pub struct GrowthBook {
    theirs: Theirs,
    units: Vec<Option<Vec<GrowthBookAttribute>>>,
}

impl GrowthBook {
    pub fn new() -> Self {
        let payload = format::encode(&surface(Scheme::GrowthBook), NOW).expect("a payload");
        let mut payload: Value = serde_json::from_slice(&payload).expect("JSON");
        let features = serde_json::from_value(payload["features"].take()).expect("features");
        let theirs = Theirs {
            forced_variations: None,
            features,
            attributes: None,
            sticky_bucket_service: None,
            saved_groups: std::collections::HashMap::default(),
        };
        let units = units().into_iter().map(|(unit, inside)| {
            let text = |key: &str, value: &str| GrowthBookAttribute {
                key: key.to_owned(),
                value: GrowthBookAttributeValue::String(value.to_owned()),
            };
            let mut all = vec![text("user-id", &unit)];
            all.extend(attributes(inside).map(|(name, value)| text(name, value)));
            Some(all)
        });
        Self { theirs, units: units.collect() }
    }
}

impl crate::Evaluator for GrowthBook {
    fn variant(&self, unit: usize) -> Option<usize> {
        let result = self.theirs.check("ranker", &self.units[unit]);
        result.experiment_result.as_ref().filter(|result| result.in_experiment)?;
        result.value.as_str().and_then(place)
    }
}
