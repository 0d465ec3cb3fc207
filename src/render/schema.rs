//! The JSON Schemas of what is printed as JSON.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of a serialised shape, in draft 7. Sizes of Rust's numbers are left out: strict readers refuse what they do not know.
pub fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let mut without_sizes = RecursiveTransform(|schema: &mut Schema| {
        schema.remove("format");
    });
    without_sizes.transform(&mut schema);
    schema.to_value()
}
