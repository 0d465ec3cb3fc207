//! Attributes of the command line, each of the type that it is declared with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value};

use super::Failure;
use crate::artifact::{Artifact, AttributeType, Condition};
use crate::model::{Catalogue, is_version};

/// The types of attributes, as far as they are known.
#[derive(Debug, Default)]
pub struct Types {
    kinds: BTreeMap<String, AttributeType>,
    /// Those that there are, but of no type that is known.
    untyped: BTreeSet<String>,
    /// Whether there are no others.
    closed: bool,
}

impl Types {
    /// What `allotment.toml` declares. What it calls a unit is a text.
    #[must_use]
    pub fn of_catalogue(catalogue: &Catalogue) -> Self {
        let mut types = Self::default();
        let Some((file, root)) = &catalogue.root else { return types };
        types.closed =
            !catalogue.broken.contains(file) && !root.unread.iter().any(|key| ["attributes", "units"].contains(key));
        let units = root.units.iter().flat_map(|units| units.iter()).filter_map(|(_, unit)| unit.attribute.as_ref());
        types.kinds.extend(units.map(|unit| (unit.value.clone(), AttributeType::String)));
        for (id, attribute) in root.attributes.iter().flat_map(|attributes| attributes.iter()) {
            match attribute.r#type.as_ref() {
                Some(kind) => drop(types.kinds.insert(id.value.clone(), kind.value.into())),
                None => drop(types.untyped.insert(id.value.clone())),
            }
        }
        let unread = root.attributes.iter().flat_map(|attributes| attributes.unread());
        types.untyped.extend(unread.cloned());
        types
    }

    /// What the segments of artifacts test; an attribute that none of them tests may be there all the same.
    pub fn of_artifacts<'a>(artifacts: impl IntoIterator<Item = &'a Artifact>) -> Self {
        let mut types = Self::default();
        let segments = artifacts.into_iter().flat_map(|artifact| &artifact.segments);
        let mut todo: Vec<&Condition> = segments.map(|segment| &segment.condition).collect();
        while let Some(condition) = todo.pop() {
            match condition {
                Condition::All(parts) | Condition::Any(parts) => todo.extend(parts),
                Condition::Not(part) => todo.push(part),
                Condition::Is(test) => {
                    let before = types.kinds.insert(test.attribute.clone(), test.kind);
                    if before.is_some_and(|before| before != test.kind) {
                        types.untyped.insert(test.attribute.clone());
                    }
                }
            }
        }
        types.kinds.retain(|id, _| !types.untyped.contains(id));
        types
    }
}

/// The attributes of pairs as they were written.
///
/// # Errors
/// When there is no such attribute, or its value is not of its type.
pub fn attributes(pairs: &[(String, String)], types: &Types) -> Result<Map<String, Value>, Failure> {
    let one = |(id, text): &(String, String)| match types.kinds.get(id) {
        Some(kind) => of_kind(text, *kind).map(|value| (id.clone(), value)).ok_or_else(|| wrong(id, text, *kind)),
        None if types.closed && !types.untyped.contains(id) => {
            let known = types.kinds.keys().chain(&types.untyped).map(String::as_str);
            let failure = Failure::usage(format!("--attribute: there is no attribute `{id}`")).meant(id, known);
            Err(failure.help("attributes are declared under `[attributes]` in `allotment.toml`"))
        }
        None => Ok((id.clone(), guessed(text))),
    };
    pairs.iter().map(one).collect()
}

fn wrong(id: &str, text: &str, kind: AttributeType) -> Failure {
    let (word, help) = match kind {
        AttributeType::String => ("string", "write any text"),
        AttributeType::Number => ("number", "write a number such as 3.5"),
        AttributeType::Boolean => ("boolean", "write `true` or `false`"),
        AttributeType::Version => ("version", "write a version such as 9.4.0"),
    };
    Failure::usage(format!("--attribute: `{id}` is a {word}, and `{text}` is not")).help(help)
}

fn of_kind(text: &str, kind: AttributeType) -> Option<Value> {
    match kind {
        AttributeType::String => Some(Value::String(text.to_owned())),
        AttributeType::Number => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        AttributeType::Boolean => text.parse().ok().map(Value::Bool),
        AttributeType::Version => is_version(text).then(|| Value::String(text.to_owned())),
    }
}

/// A boolean or a number where it is written as one, else a string. A version such as 9.4 is a string; only whole numbers are
/// told by their look.
fn guessed(text: &str) -> Value {
    let number = || of_kind(text, AttributeType::Number).filter(|_| !text.contains('.'));
    of_kind(text, AttributeType::Boolean).or_else(number).unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_of_their_types_and_nothing_else_is_taken() {
        for (kind, good, bad) in [
            (AttributeType::String, vec![("10", json!("10")), ("true", json!("true")), ("", json!(""))], vec![]),
            (AttributeType::Number, vec![("10", json!(10.0)), ("-3.5", json!(-3.5))], vec!["x", "", "NaN", "inf"]),
            (AttributeType::Boolean, vec![("true", json!(true)), ("false", json!(false))], vec!["yes", "True", "1"]),
            (AttributeType::Version, vec![("9", json!("9")), ("9.10.0", json!("9.10.0"))], vec!["nine", "9.", ""]),
        ] {
            let types = Types { kinds: [("it".to_owned(), kind)].into(), closed: true, ..Types::default() };
            let of = |text: &str| attributes(&[("it".to_owned(), text.to_owned())], &types);
            for (text, value) in good {
                assert_eq!(of(text).expect(text)["it"], value, "{kind:?}");
            }
            for text in bad {
                let said = of(text).expect_err(text).to_string();
                assert!(said.contains("`it` is a ") && said.contains("help: write "), "{said}");
            }
        }
    }

    #[test]
    fn what_is_known_of_nothing_is_told_by_its_look() {
        let types = Types::default();
        for (text, value) in [("true", json!(true)), ("10", json!(10.0)), ("9.4", json!("9.4")), ("SE", json!("SE"))] {
            let all = attributes(&[("it".to_owned(), text.to_owned())], &types).expect("it is taken");
            assert_eq!(all["it"], value);
        }
    }
}
