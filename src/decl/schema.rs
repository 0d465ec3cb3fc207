//! The JSON Schemas of every kind of file, from the same declarations that are read.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::kind::Kind;
use super::{Baseline, Experiment, Flag, Metrics, Rollout, Root, Segment, Surface};

/// Every schema, by the word of its kind; draft 7, the newest that TOML editors accept.
#[must_use]
pub fn schemas() -> Vec<(Kind, Value)> {
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let generator = SchemaSettings::draft07().into_generator();
            let schema = match kind {
                Kind::Root => generator.into_root_schema_for::<Root>(),
                Kind::Surface => generator.into_root_schema_for::<Surface>(),
                Kind::Flag => generator.into_root_schema_for::<Flag>(),
                Kind::Segment => generator.into_root_schema_for::<Segment>(),
                Kind::Metrics => generator.into_root_schema_for::<Metrics>(),
                Kind::Experiment => generator.into_root_schema_for::<Experiment>(),
                Kind::Rollout => generator.into_root_schema_for::<Rollout>(),
                Kind::Baseline => generator.into_root_schema_for::<Baseline>(),
            };
            (kind, schema.to_value())
        })
        .collect()
}
