//! LaunchDarkly's evaluator, with the experiment as it would be written there.

use crate::{attributes, units};
use launchdarkly_server_sdk_evaluation::{Context, ContextBuilder, Flag, FlagValue, Segment, Store, evaluate};
use serde_json::json;

pub struct LaunchDarkly {
    flag: Flag,
    units: Vec<Context>,
}

/// There are no other flags, and no segments.
struct Nothing;

impl Store for Nothing {
    fn flag(&self, _: &str) -> Option<Flag> {
        None
    }

    fn segment(&self, _: &str) -> Option<Segment> {
        None
    }
}

impl LaunchDarkly {
    pub fn new() -> Self {
        let clause = |attribute: &str, values: &[&str]| {
            json!({ "attribute": attribute, "op": "in", "values": values, "contextKind": "user", "negate": false })
        };
        let variation = |variation: u32, weight: u32| json!({ "variation": variation, "weight": weight });
        let flag = json!({
            "key": "ranker", "version": 1, "on": true, "salt": "home.5e1f", "variations": ["v7", "v8", "v9", "none"],
            "prerequisites": [], "targets": [], "offVariation": 3, "fallthrough": { "variation": 3 },
            "trackEvents": false, "trackEventsFallthrough": false, "debugEventsUntilDate": null,
            "rules": [{
                "id": "fresh-first", "trackEvents": false,
                "clauses": [clause("country", &["DK", "FI", "IS", "NO", "SE"]), clause("plan", &["premium"])],
                "rollout": {
                    "contextKind": "user",
                    "variations": [variation(0, 6_667), variation(1, 6_667), variation(2, 6_666), variation(3, 80_000)],
                },
            }],
        });
        let units = units().into_iter().map(|(unit, inside)| {
            let mut context = ContextBuilder::new(unit);
            for (name, value) in attributes(inside) {
                context.set_string(name, value);
            }
            context.build().expect("a context")
        });
        Self { flag: serde_json::from_value(flag).expect("a flag"), units: units.collect() }
    }
}

impl crate::Evaluator for LaunchDarkly {
    fn variant(&self, unit: usize) -> Option<usize> {
        let detail = evaluate(&Nothing, &self.flag, &self.units[unit], None);
        match detail.value {
            Some(FlagValue::Str(_)) => detail.variation_index.filter(|index| *index < 3).map(|index| index as usize),
            _ => None,
        }
    }
}
