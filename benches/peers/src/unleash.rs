//! Unleash's evaluator, with the experiment as it would be written there.

use crate::ours::{VALUES, place};
use crate::{attributes, units};
use serde_json::json;
use std::collections::HashMap;
use unleash_yggdrasil::{Context, EngineState};

pub struct Unleash {
    engine: EngineState,
    units: Vec<Context>,
}

impl Unleash {
    pub fn new() -> Self {
        let constraint = |name: &str, values: &[&str]| {
            json!({ "contextName": name, "operator": "IN", "values": values, "inverted": false, "caseInsensitive": false })
        };
        let variant = |name: &str, weight: u32| {
            json!({ "name": name, "weight": weight, "stickiness": "userId", "payload": { "type": "string", "value": name } })
        };
        let features = json!({
            "version": 2,
            "features": [{
                "name": "ranker", "enabled": true, "type": "experiment",
                "strategies": [{
                    "name": "flexibleRollout",
                    "parameters": { "rollout": "20", "stickiness": "userId", "groupId": "home.5e1f" },
                    "constraints": [
                        constraint("country", &["DK", "FI", "IS", "NO", "SE"]),
                        constraint("plan", &["premium"]),
                    ],
                    "variants": [variant(VALUES[0], 334), variant(VALUES[1], 333), variant(VALUES[2], 333)],
                }],
            }],
        });
        let engine = EngineState::default();
        engine.apply_client_features(serde_json::from_value(features).expect("features"));
        let units = units().into_iter().map(|(unit, inside)| Context {
            user_id: Some(unit),
            properties: Some(
                attributes(inside).map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect::<HashMap<_, _>>(),
            ),
            ..Context::default()
        });
        Self { engine, units: units.collect() }
    }
}

impl crate::Evaluator for Unleash {
    fn variant(&self, unit: usize) -> Option<usize> {
        let got = self.engine.get_variant("ranker", &self.units[unit], &None);
        got.enabled.then(|| place(&got.name)).flatten()
    }
}
