//! What `OpenFeature` calls things, and how its values are ours.

use crate::artifact::Artifact;
use crate::eval::{Assignment, AttributeValue, Attributes, Reason};
use open_feature::{EvaluationContext, EvaluationContextFieldValue, EvaluationReason, FlagMetadata, StructValue};
use serde_json::Value;

/// A unit's attributes as an evaluation context.
pub(super) struct Context<'a>(pub(super) &'a EvaluationContext);

impl Context<'_> {
    /// The unit's id: the attribute that the surface hashes, where the context has it, or else the targeting key.
    pub(super) fn unit(&self, attribute: &str) -> &str {
        let own = self.0.custom_fields.get(attribute).and_then(EvaluationContextFieldValue::as_str);
        own.or(self.0.targeting_key.as_deref()).unwrap_or_default()
    }
}

impl Attributes for Context<'_> {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        match self.0.custom_fields.get(name)? {
            EvaluationContextFieldValue::Bool(is) => Some(AttributeValue::Boolean(*is)),
            EvaluationContextFieldValue::Int(number) => Some(AttributeValue::Number(*number as f64)),
            EvaluationContextFieldValue::Float(number) => Some(AttributeValue::Number(*number)),
            EvaluationContextFieldValue::String(text) => Some(AttributeValue::Text(text)),
            EvaluationContextFieldValue::DateTime(_) | EvaluationContextFieldValue::Struct(_) => None,
        }
    }
}

pub(super) const fn reason(reason: Reason) -> EvaluationReason {
    match reason {
        Reason::Split => EvaluationReason::Split,
        Reason::TargetingMatch => EvaluationReason::TargetingMatch,
        Reason::Default => EvaluationReason::Default,
        Reason::Disabled => EvaluationReason::Disabled,
        Reason::Static => EvaluationReason::Static,
        Reason::Error => EvaluationReason::Error,
    }
}

/// The surface, the unit and its bucket; the experiment where one decided, and then the assignment is an exposure.
pub(super) fn metadata(artifact: &Artifact, unit: &str, assignment: &Assignment<'_>) -> FlagMetadata {
    let mut metadata =
        FlagMetadata::default().with_value("surface", artifact.surface.as_str()).with_value("unit", unit);
    if let Some(bucket) = assignment.bucket {
        metadata.add_value("bucket", bucket);
    }
    if let Some(experiment) = assignment.experiment {
        metadata.add_value("experiment", experiment);
    }
    metadata
}

/// A number without a fraction.
pub(super) fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9.1e15);
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within 2^53")]
    value.as_i64().or(number.map(|number| number as i64))
}

/// An object as a structure. Null, which structures do not have, leaves its field out.
pub(super) fn structure(value: &Value) -> Option<StructValue> {
    let mut structure = StructValue::default();
    for (name, value) in value.as_object()? {
        if let Some(value) = nested(value) {
            structure.fields.insert(name.clone(), value);
        }
    }
    Some(structure)
}

fn nested(value: &Value) -> Option<open_feature::Value> {
    use open_feature::Value as Theirs;
    Some(match value {
        Value::Null => return None,
        Value::Bool(is) => Theirs::Bool(*is),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Theirs::Int(whole),
            None => Theirs::Float(number.as_f64()?),
        },
        Value::String(text) => Theirs::String(text.clone()),
        Value::Array(items) => Theirs::Array(items.iter().filter_map(nested).collect()),
        Value::Object(_) => Theirs::Struct(structure(value)?),
    })
}

/// What a value is, in words.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
