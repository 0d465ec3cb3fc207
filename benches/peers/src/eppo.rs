//! Eppo's evaluator.

use crate::ours::{NOW, place, surface};
use crate::{attributes, units};
use allotment::artifact::format;
use allotment::bucket::Scheme;
use chrono::{DateTime, Utc};
use eppo_core::eval::get_assignment;
use eppo_core::ufc::{AssignmentValue, UniversalFlagConfig};
use eppo_core::{Attributes, Configuration, SdkMetadata, Str};
use std::sync::Arc;

pub struct Eppo {
    configuration: Configuration,
    now: DateTime<Utc>,
    units: Vec<(Str, Arc<Attributes>)>,
}

impl Eppo {
    pub fn new() -> Self {
        let payload = format::encode(&surface(Scheme::Eppo), NOW).expect("a payload");
        let metadata = SdkMetadata { name: "peers", version: "0" };
        let flags = UniversalFlagConfig::from_json(metadata, payload).expect("a configuration");
        let units = units().into_iter().map(|(unit, inside)| {
            let all = attributes(inside).map(|(name, value)| (Str::from(name), value.into()));
            (Str::from(unit), Arc::new(Attributes::from(all)))
        });
        Self {
            configuration: Configuration::from_server_response(flags, None),
            now: DateTime::from_timestamp(NOW, 0).expect("an instant"),
            units: units.collect(),
        }
    }
}

impl crate::Evaluator for Eppo {
    fn variant(&self, unit: usize) -> Option<usize> {
        let (unit, attributes) = &self.units[unit];
        let got = get_assignment(Some(&self.configuration), "ranker", unit, attributes, None, self.now);
        let assignment = got.expect("no error")?;
        // Only what is logged is an exposure.
        assignment.event.as_ref()?;
        match &assignment.value {
            AssignmentValue::String(value) => place(value.as_str()),
            _ => None,
        }
    }
}
