//! A flag's own JSON Schema: compiled once, without reaching outside, and at a bounded cost.

use std::collections::HashMap;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::value::{brief, dotted};
use crate::diag::{closest, shortened};

/// How many parts a schema may have, with every reference written out.
const MAX_PARTS: u64 = 2_000;
/// How deep a schema may be nested, with every reference written out.
const MAX_DEPTH: usize = 100;
/// How many bytes a compiled pattern may take.
const MAX_PATTERN: usize = 1 << 20;
/// How many faults of one value are reported.
const MAX_FAULTS: usize = 10;
/// Keywords that hold data, and not schemas.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];
/// Keywords whose meaning depends on more than the place where they stand.
const FOREIGN: [&str; 5] = ["$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"];

/// What is wrong with a schema, or with a value under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the schema, or in the value.
    pub path: Vec<String>,
    pub message: String,
    pub help: Option<String>,
    /// For a value: what asks for it, in the schema.
    pub asked: Vec<String>,
}

/// A compiled schema.
pub struct Schema<'a> {
    written: &'a Value,
    validator: Validator,
}

impl<'a> Schema<'a> {
    /// Compiles a schema. Nothing is ever fetched, and patterns run in linear time.
    ///
    /// # Errors
    /// The first fault of the schema.
    pub fn compile(written: &'a Value) -> Result<Self, Fault> {
        let mut size = Size { root: written, known: HashMap::new() };
        let parts = size.of(written, &mut Vec::new(), &mut Vec::new())?;
        if parts > MAX_PARTS {
            let help = "every `$ref` counts as often as it is used; ask for less";
            return Err(fault(Vec::new(), "this schema has more than 2,000 parts", help));
        }
        let patterns = PatternOptions::regex().size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN);
        let validator = jsonschema::options().offline().with_pattern_options(patterns).build(written);
        match validator {
            Ok(validator) => Ok(Self { written, validator }),
            Err(wrong) => {
                let message = match wrong.kind() {
                    ValidationErrorKind::Format { format } if format == "regex" => {
                        "this is no regular expression, or one with look-around or back-references".to_owned()
                    }
                    _ => format!("this is not JSON Schema: {}", words(&wrong)),
                };
                Err(Fault { path: segments(wrong.instance_path()), message, help: None, asked: Vec::new() })
            }
        }
    }

    /// What a value lacks.
    pub fn faults(&self, value: &Value) -> Vec<Fault> {
        let mut faults: Vec<Fault> =
            self.validator.iter_errors(value).take(MAX_FAULTS).flat_map(|wrong| self.told(&wrong)).collect();
        faults.truncate(MAX_FAULTS);
        faults
    }

    fn told(&self, wrong: &ValidationError<'_>) -> Vec<Fault> {
        let path = segments(wrong.instance_path());
        let asked = segments(wrong.schema_path());
        let subject = if path.is_empty() { "this value".to_owned() } else { format!("`{}`", dotted(&path)) };
        let one = |message: String| vec![Fault { path: path.clone(), message, help: None, asked: asked.clone() }];
        match wrong.kind() {
            ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
                one(format!("{subject} must be of type `{kind}`, and is {}", brief(wrong.instance())))
            }
            ValidationErrorKind::Required { property } => {
                one(format!("{subject} lacks `{}`", shortened(property.as_str().unwrap_or("?"), 80)))
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
                .iter()
                .take(MAX_FAULTS)
                .map(|name| {
                    let mut path = path.clone();
                    path.push(name.clone());
                    let near = closest(name, self.siblings(&asked)).map(|near| format!("did you mean `{near}`?"));
                    let message = format!("the flag's `schema` has no field `{}`", dotted(&path));
                    Fault { path, message, help: near, asked: asked.clone() }
                })
                .collect(),
            _ => one(format!("{subject} does not meet the flag's `schema`: {}", words(wrong))),
        }
    }

    /// The properties declared beside a keyword.
    fn siblings(&self, asked: &[String]) -> Vec<&str> {
        let mut at = Some(self.written);
        for part in asked.iter().take(asked.len().saturating_sub(1)) {
            at = at.and_then(|value| match value {
                Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
                other => other.get(part),
            });
        }
        let properties = at.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        properties.map_or(Vec::new(), |properties| properties.keys().map(String::as_str).collect())
    }
}

fn fault(path: Vec<String>, message: &str, help: &str) -> Fault {
    Fault { path, message: message.to_owned(), help: Some(help.to_owned()), asked: Vec::new() }
}

fn segments(location: &Location) -> Vec<String> {
    let text = |segment: LocationSegment<'_>| match segment {
        LocationSegment::Property(name) => name.to_string(),
        LocationSegment::Index(at) => at.to_string(),
    };
    location.into_iter().map(text).collect()
}

/// An error's own words, short and in the style of the house.
fn words(wrong: &ValidationError<'_>) -> String {
    let text = wrong.to_string();
    let text = shortened(&text, 160).into_owned();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text,
    }
}

/// How large a schema is with its references written out. Without circles that bounds what a check can cost.
struct Size<'a> {
    root: &'a Value,
    known: HashMap<&'a str, u64>,
}

impl<'a> Size<'a> {
    fn of(&mut self, node: &'a Value, path: &mut Vec<String>, through: &mut Vec<&'a str>) -> Result<u64, Fault> {
        if path.len() + through.len() > MAX_DEPTH {
            return Err(fault(path.clone(), "this schema is nested too deeply", "ask for less"));
        }
        let mut parts = 1_u64;
        match node {
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    parts = parts.saturating_add(self.part(at.to_string(), item, path, through)?);
                }
            }
            Value::Object(entries) => {
                for (key, value) in entries {
                    if let (true, Some(_)) = (FOREIGN.contains(&key.as_str()), value.as_str()) {
                        path.push(key.clone());
                        let message = format!("`{key}` is not supported in a flag's schema");
                        return Err(fault(path.clone(), &message, "name parts as in `\"$ref\" = \"#/$defs/card\"`"));
                    }
                    if key == "$id" && value.is_string() && !path.is_empty() {
                        path.push(key.clone());
                        return Err(fault(path.clone(), "only the whole schema may have an `$id`", "remove it"));
                    }
                    let counted = match (key.as_str(), value.as_str()) {
                        ("$ref", Some(target)) => {
                            path.push(key.clone());
                            let counted = self.reference(target, path, through)?;
                            path.pop();
                            counted
                        }
                        (data, _) if DATA.contains(&data) => 1,
                        _ => self.part(key.clone(), value, path, through)?,
                    };
                    parts = parts.saturating_add(counted);
                }
            }
            _ => {}
        }
        Ok(parts)
    }

    fn part(
        &mut self,
        key: String,
        value: &'a Value,
        path: &mut Vec<String>,
        through: &mut Vec<&'a str>,
    ) -> Result<u64, Fault> {
        path.push(key);
        let counted = self.of(value, path, through)?;
        path.pop();
        Ok(counted)
    }

    fn reference(&mut self, target: &'a str, path: &mut Vec<String>, through: &mut Vec<&'a str>) -> Result<u64, Fault> {
        if let Some(&known) = self.known.get(target) {
            return Ok(known);
        }
        if through.contains(&target) {
            let help = "say how deep it may go: the cost of a schema without an end has no bound";
            return Err(fault(path.clone(), "this `$ref` leads back to itself", help));
        }
        let inside = target.strip_prefix('#').filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
        let Some(pointer) = inside else {
            let message = format!("`{}` is outside of this schema, and nothing is fetched", shortened(target, 80));
            return Err(fault(path.clone(), &message, "write it under `$defs`, and name it as `#/$defs/…`"));
        };
        let Some(part) = self.root.pointer(pointer) else {
            let message = format!("there is nothing at `{}` in this schema", shortened(target, 80));
            return Err(fault(path.clone(), &message, "name a part of it, as in `#/$defs/card`"));
        };
        through.push(target);
        // Faults inside are reported where they stand when the walk comes there; here the way to them is the reference.
        let counted = self.of(part, path, through)?;
        through.pop();
        self.known.insert(target, counted);
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::Schema;
    use serde_json::{Value, json};

    fn refused(schema: &Value) -> (String, String) {
        match Schema::compile(schema) {
            Ok(_) => panic!("{schema} is taken"),
            Err(fault) => (fault.path.join("/"), fault.message),
        }
    }

    #[test]
    fn values_are_told_what_they_lack() {
        let schema = json!({
            "type": "object", "required": ["columns"], "additionalProperties": false,
            "properties": { "columns": { "type": "integer", "maximum": 6 }, "cards": { "items": { "$ref": "#/$defs/card" } } },
            "$defs": { "card": { "type": "string", "pattern": "^[a-z]+$" } },
        });
        let schema = Schema::compile(&schema).expect("it is one");
        assert!(schema.faults(&json!({ "columns": 3, "cards": ["a"] })).is_empty());
        let told = |value: Value| {
            let faults = schema.faults(&value);
            assert_eq!(faults.len(), 1, "{faults:?}");
            (faults[0].path.join("/"), faults[0].message.clone(), faults[0].asked.join("/"))
        };
        let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(told(json!({})), owned("", "this value lacks `columns`", "required"));
        assert_eq!(
            told(json!({ "columns": "3" })),
            owned("columns", "`columns` must be of type `integer`, and is \"3\"", "properties/columns/type")
        );
        assert_eq!(
            told(json!({ "columns": 9 })).1,
            "`columns` does not meet the flag's `schema`: 9 is greater than the maximum of 6"
        );
        assert_eq!(told(json!({ "columns": 3, "colums": 2 })).0, "colums");
        assert_eq!(told(json!({ "columns": 3, "cards": ["a", "B"] })).0, "cards/1");
    }

    #[test]
    fn nothing_outside_is_reached() {
        for target in ["https://example.com/x.json", "file:///etc/passwd", "other.json", "#anchor", "json-schema:///x"]
        {
            let (path, message) = refused(&json!({ "properties": { "a": { "$ref": target } } }));
            assert_eq!(path, "properties/a/$ref", "{message}");
        }
        assert!(refused(&json!({ "$schema": "https://example.com/meta" })).1.contains("JSON Schema"));
        assert_eq!(refused(&json!({ "$ref": "#/$defs/x" })).1, "there is nothing at `#/$defs/x` in this schema");
    }

    #[test]
    fn what_could_cost_without_bound_is_refused() {
        assert_eq!(refused(&json!({ "$ref": "#" })).1, "this `$ref` leads back to itself");
        assert!(refused(&json!({ "items": { "anyOf": [{ "$ref": "#" }] } })).1.contains("itself"));
        let mut parts = serde_json::Map::new();
        for at in 0..12 {
            let next = json!({ "$ref": format!("#/$defs/a{}", at + 1) });
            parts.insert(format!("a{at}"), json!({ "allOf": [next, next] }));
        }
        parts.insert("a12".to_owned(), json!(true));
        assert!(refused(&json!({ "$ref": "#/$defs/a0", "$defs": parts })).1.contains("2,000 parts"));
        for pattern in ["(a+)+$", "(x*)*y"] {
            let schema = json!({ "pattern": pattern });
            let schema = Schema::compile(&schema).expect("linear engines take it");
            let _ = schema.faults(&json!("a".repeat(100_000)));
        }
        for pattern in ["(?=a)", "(a)\\1", "(", "((a{1000}){1000}){1000}"] {
            let (path, message) = refused(&json!({ "pattern": pattern }));
            assert_eq!(path, "pattern", "{pattern}: {message}");
        }
    }

    #[test]
    fn a_schema_that_is_none_says_where() {
        let (path, message) = refused(&json!({ "properties": { "a": { "type": "strng" } } }));
        assert_eq!(path, "properties/a/type", "{message}");
    }
}
