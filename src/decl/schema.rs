//! The JSON Schemas of every kind of file, from the same declarations that are read, in the form that TOML editors know.
//!
//! Draft 7 is the newest that they accept. Fields that name something declared elsewhere carry `x-refers-to`; where the ids
//! are known, they become the only values allowed there.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::{Baseline, Experiment, Flag, Metrics, Rollout, Root, Segment, Surface};

/// What can be referred to, by the word that `x-refers-to` has for it: ids, and what each is in words.
pub type Ids = BTreeMap<&'static str, BTreeMap<String, String>>;

/// Every schema, by its kind.
#[must_use]
pub fn schemas(ids: &Ids) -> Vec<(Kind, Value)> {
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let generator = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
            let generator = generator.into_generator();
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
            let mut schema = schema.to_value();
            suit_editors(&mut schema);
            narrow(&mut schema, ids);
            if let Some(version) = schema.pointer_mut("/properties/version").and_then(Value::as_object_mut) {
                version.remove("minimum");
                version.insert("const".to_owned(), json!(1));
            }
            (kind, headed(schema))
        })
        .collect()
}

/// The schema with what it is before what it holds.
fn headed(schema: Value) -> Value {
    let Value::Object(mut fields) = schema else { return schema };
    let mut sorted = Map::new();
    for key in ["$schema", "title", "description"] {
        sorted.extend(fields.shift_remove(key).map(|value| (key.to_owned(), value)));
    }
    sorted.extend(fields);
    Value::Object(sorted)
}

/// Rewrites what TOML has no use for, at every depth: TOML has no null, and editors show an `enum` better than a list of
/// alternatives.
fn suit_editors(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            without_null(fields);
            words_as_enum(fields);
            if fields.get("additionalProperties") == Some(&Value::Bool(false)) {
                fields.insert("additionalProperties".to_owned(), never("unknown key"));
            }
            // Sizes of Rust's numbers mean nothing here.
            if fields.get("format").is_some_and(|format| format.is_string() && format != "date") {
                fields.remove("format");
            }
            fields.values_mut().for_each(suit_editors);
        }
        Value::Array(items) => items.iter_mut().for_each(suit_editors),
        _ => {}
    }
}

/// What no value meets. Taplo reports `additionalProperties: false` at every line of the table; this it reports at the very
/// key, with the title in its message; of no type that TOML has, it is no completion.
fn never(title: &str) -> Value {
    json!({ "type": "null", "not": { "title": title } })
}

/// A key that may be absent is not null when it is there.
fn without_null(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(ways)) = fields.get_mut("anyOf") {
        ways.retain(|way| *way != json!({ "type": "null" }));
        if let [only] = ways.as_slice() {
            let only = only.clone();
            fields.remove("anyOf");
            absorb(fields, only);
        }
    }
    if let Some(Value::Array(parts)) = fields.get("allOf")
        && let [only] = parts.as_slice()
        && only.get("$ref").is_none()
    {
        let only = only.clone();
        fields.remove("allOf");
        absorb(fields, only);
    }
}

/// Joins an inner schema into the one around it, whose own words win: what a field is says more than what its type is.
fn absorb(fields: &mut Map<String, Value>, inner: Value) {
    if let Value::Object(inner) = inner {
        for (key, value) in inner {
            fields.entry(key).or_insert(value);
        }
    }
}

/// Alternatives that are all single words become an `enum`, with what each means where Taplo looks for it.
fn words_as_enum(fields: &mut Map<String, Value>) {
    let Some(Value::Array(ways)) = fields.get("oneOf") else { return };
    let words: Option<Vec<Value>> = ways.iter().map(|way| way.get("const").cloned()).collect();
    let Some(words) = words else { return };
    let meanings: Vec<Value> = ways.iter().map(|way| way.get("description").cloned().unwrap_or(Value::Null)).collect();
    fields.remove("oneOf");
    fields.insert("type".to_owned(), json!("string"));
    fields.insert("enum".to_owned(), Value::Array(words));
    if meanings.iter().any(|meaning| !meaning.is_null()) {
        fields.insert("x-taplo".to_owned(), json!({ "docs": { "enumValues": meanings } }));
    }
}

/// Allows only known ids wherever one is referred to.
fn narrow(schema: &mut Value, ids: &Ids) {
    match schema {
        Value::Object(fields) => {
            let target = fields.get("x-refers-to").and_then(Value::as_str).map(str::to_owned);
            if let Some((target, known)) = target.and_then(|target| ids.get_key_value(target.as_str())) {
                refer(fields, target, known);
            }
            fields.values_mut().for_each(|value| narrow(value, ids));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| narrow(value, ids)),
        _ => {}
    }
}

fn refer(fields: &mut Map<String, Value>, target: &str, known: &BTreeMap<String, String>) {
    match fields.get("type").and_then(Value::as_str) {
        Some("array") => {
            if let Some(items) = fields.get_mut("items").and_then(Value::as_object_mut) {
                one_of(items, known);
            }
        }
        // Its keys are ids: each becomes a property of its own, so that editors complete it.
        Some("object") => {
            let Some(value) = fields.insert("additionalProperties".to_owned(), never(&format!("unknown {target}")))
            else {
                return;
            };
            let properties = fields.entry("properties").or_insert_with(|| json!({}));
            for (id, meaning) in known {
                let mut value = value.clone();
                if let (Some(value), false) = (value.as_object_mut(), meaning.is_empty()) {
                    value.insert("description".to_owned(), json!(meaning));
                }
                if let Some(properties) = properties.as_object_mut() {
                    properties.entry(id.clone()).or_insert(value);
                }
            }
        }
        _ => one_of(fields, known),
    }
}

fn one_of(fields: &mut Map<String, Value>, known: &BTreeMap<String, String>) {
    let ids: Vec<&String> = known.keys().collect();
    let meanings: Vec<Option<&String>> =
        known.values().map(|said| Some(said).filter(|said| !said.is_empty())).collect();
    fields.insert("enum".to_owned(), json!(ids));
    fields.insert("x-taplo".to_owned(), json!({ "docs": { "enumValues": meanings } }));
}
