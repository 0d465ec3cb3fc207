//! Segments as the SDKs' targeting conditions.
//!
//! Each test carries a `$type` guard: with it no SDK coerces anything, and an attribute that is missing, null or of another
//! type fails in all of them. A logical operator stands alone in its object, because old SDKs ignore what is beside it.

use super::support::{check_attribute, plain, plain_number};
use crate::artifact::pattern::escaped;
use crate::artifact::{AttributeType, Condition, Operand, Predicate, Test, Unsupported};
use serde_json::{Map, Value, json};

/// A condition as every GrowthBook SDK understands it.
///
/// # Errors
/// The first part that the SDKs do not understand alike.
pub fn condition(condition: &Condition) -> Result<Value, Unsupported> {
    match condition {
        Condition::All(parts) => all(parts),
        Condition::Any(parts) => Ok(json!({ "$or": each(parts)? })),
        Condition::Not(part) => Ok(json!({ "$nor": [self::condition(part)?] })),
        Condition::Is(test) => self::test(test),
    }
}

fn each(parts: &[Condition]) -> Result<Vec<Value>, Unsupported> {
    if parts.is_empty() {
        return Err(Unsupported::Empty);
    }
    parts.iter().map(condition).collect()
}

/// Tests of attributes stand side by side in as few objects as they fit; all else stands alone.
fn all(parts: &[Condition]) -> Result<Value, Unsupported> {
    let mut objects: Vec<Map<String, Value>> = Vec::new();
    let mut others = Vec::new();
    for part in each(parts)? {
        match part {
            Value::Object(object) if object.keys().all(|key| !key.starts_with('$')) => {
                for (attribute, operators) in object {
                    place(&mut objects, attribute, operators);
                }
            }
            other => others.push(other),
        }
    }
    let mut parts: Vec<Value> = objects.into_iter().map(Value::Object).collect();
    parts.append(&mut others);
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(only),
        Some(last) => {
            parts.push(last);
            Ok(json!({ "$and": parts }))
        }
        None => Err(Unsupported::Empty),
    }
}

/// Puts the operators on an attribute into the first object where none of them is taken.
fn place(objects: &mut Vec<Map<String, Value>>, attribute: String, operators: Value) {
    for object in &mut *objects {
        match (object.get_mut(&attribute), &operators) {
            (None, _) => {
                object.insert(attribute, operators);
                return;
            }
            (Some(Value::Object(taken)), Value::Object(new)) => {
                let fits = |(name, value): (&String, &Value)| {
                    taken.get(name).is_none_or(|own| name == "$type" && own == value)
                };
                if new.iter().all(fits) {
                    taken.extend(new.clone());
                    return;
                }
            }
            _ => {}
        }
    }
    objects.push(Map::from_iter([(attribute, operators)]));
}

fn test(test: &Test) -> Result<Value, Unsupported> {
    check_attribute(&test.attribute)?;
    let kind = test.kind;
    let guarded = |operators: &[(&str, Value)]| {
        let mut object = Map::from_iter([("$type".to_owned(), type_name(kind).into())]);
        object.extend(operators.iter().map(|(name, operand)| ((*name).to_owned(), operand.clone())));
        Value::Object(Map::from_iter([(test.attribute.clone(), object.into())]))
    };
    let equals = |operand: &Operand| {
        let value = constant(operand, kind)?;
        Ok(match kind {
            // Some SDKs' `$in` tells 5 from 5.0, and some SDKs' `$eq` is false for every number.
            AttributeType::Number => guarded(&[("$gte", value.clone()), ("$lte", value)]),
            AttributeType::Version => guarded(&[("$veq", value)]),
            AttributeType::String | AttributeType::Boolean => guarded(&[("$in", [value].into_iter().collect())]),
        })
    };
    let ordered = |number: &str, version: &str, operand: &Operand| match kind {
        AttributeType::Number => Ok(guarded(&[(number, constant(operand, kind)?)])),
        AttributeType::Version => Ok(guarded(&[(version, constant(operand, kind)?)])),
        AttributeType::String | AttributeType::Boolean => Err(Unsupported::Operator),
    };
    let matching = |pattern: String| guarded(&[("$regex", pattern.into())]);
    match &test.predicate {
        Predicate::Equals(operand) => equals(operand),
        Predicate::In(operands) => match (kind, operands.as_slice()) {
            (_, []) => Err(Unsupported::Empty),
            (AttributeType::String | AttributeType::Boolean, operands) => {
                let values = operands.iter().map(|operand| constant(operand, kind));
                Ok(guarded(&[("$in", values.collect::<Result<_, _>>()?)]))
            }
            (_, [only]) => equals(only),
            (_, operands) => {
                let any: Vec<Value> = operands.iter().map(equals).collect::<Result<_, _>>()?;
                Ok(json!({ "$or": any }))
            }
        },
        Predicate::AtLeast(operand) => ordered("$gte", "$vgte", operand),
        Predicate::AtMost(operand) => ordered("$lte", "$vlte", operand),
        Predicate::Above(operand) => ordered("$gt", "$vgt", operand),
        Predicate::Below(operand) => ordered("$lt", "$vlt", operand),
        Predicate::Exists(true) => Ok(guarded(&[])),
        Predicate::Exists(false) => Ok(json!({ "$nor": [guarded(&[])] })),
        Predicate::StartsWith(part) => Ok(matching(format!("^{}", pattern(part, kind)?))),
        // In a group, because the JavaScript SDK keeps patterns in a plain object, where `toString` is already taken.
        Predicate::Contains(part) => Ok(matching(format!("(?:{})", pattern(part, kind)?))),
    }
}

const fn type_name(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::String | AttributeType::Version => "string",
        AttributeType::Number => "number",
        AttributeType::Boolean => "boolean",
    }
}

fn constant(operand: &Operand, kind: AttributeType) -> Result<Value, Unsupported> {
    match (operand, kind) {
        (Operand::Text(text), AttributeType::Version) if !is_release(text) => Err(Unsupported::Version(text.clone())),
        (Operand::Text(text), AttributeType::String | AttributeType::Version) => Ok(text.as_str().into()),
        (Operand::Boolean(is), AttributeType::Boolean) => plain(&(*is).into()),
        (Operand::Number(number), AttributeType::Number) => plain_number(*number),
        _ => Err(Unsupported::Operand),
    }
}

/// Whether a version is three numbers of at most five digits, and perhaps a pre-release: others sort unlike people think,
/// or unlike in different SDKs.
fn is_release(version: &str) -> bool {
    let (core, pre) = version.split_once('-').map_or((version, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| !pre.is_empty() && pre.bytes().all(allowed))
}

/// A text as a pattern, where the attribute is a text.
fn pattern(text: &str, kind: AttributeType) -> Result<String, Unsupported> {
    if kind == AttributeType::String { escaped(text) } else { Err(Unsupported::Operator) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::sample;
    use crate::bucket::Scheme;

    fn encode(text: &str, types: &str) -> Result<String, Unsupported> {
        let read = |json: &str| serde_json::from_str(json).unwrap();
        condition(&sample::condition(&read(text), &read(types))).map(|json| json.to_string())
    }

    #[test]
    fn is_the_encoding_that_the_sdks_were_asked_about() {
        let mut compared = 0;
        for case in sample::sdk_cases(Scheme::GrowthBook) {
            // A list of one within another is written flat here.
            if case.name.starts_with("all and not") {
                continue;
            }
            assert_eq!(condition(&case.meant), Ok(case.encoded), "{}", case.name);
            compared += 1;
        }
        assert!(compared > 150, "{compared}");
    }

    #[test]
    fn logical_operators_stand_alone() {
        let types = r#"{"a":"string","b":"number","c":"boolean","v":"version"}"#;
        for (meant, expected) in [
            (
                r#"{"a":["x","y"],"v":{"at-least":"9.4.0"}}"#,
                r#"{"a":{"$type":"string","$in":["x","y"]},"v":{"$type":"string","$vgte":"9.4.0"}}"#,
            ),
            (
                r#"{"b":{"at-least":1,"below":5},"not":{"c":true}}"#,
                r#"{"$and":[{"b":{"$type":"number","$gte":1,"$lt":5}},{"$nor":[{"c":{"$type":"boolean","$in":[true]}}]}]}"#,
            ),
            (
                r#"{"b":{"equals":1,"at-least":0}}"#,
                r#"{"$and":[{"b":{"$type":"number","$gte":1,"$lte":1}},{"b":{"$type":"number","$gte":0}}]}"#,
            ),
            (
                r#"{"any":[{"a":"x"},{"b":{"in":[1,2]}}]}"#,
                r#"{"$or":[{"a":{"$type":"string","$in":["x"]}},{"$or":[{"b":{"$type":"number","$gte":1,"$lte":1}},{"b":{"$type":"number","$gte":2,"$lte":2}}]}]}"#,
            ),
        ] {
            assert_eq!(encode(meant, types).unwrap(), expected);
        }
    }

    #[test]
    fn what_sdks_do_not_agree_on_is_refused() {
        let refused = |kind: &str, predicate: &str| {
            let error = encode(&format!(r#"{{"a":{predicate}}}"#), &format!(r#"{{"a":"{kind}"}}"#));
            error.unwrap_err()
        };
        assert_eq!(refused("string", r#"{"at-least":"a"}"#), Unsupported::Operator);
        assert_eq!(refused("boolean", r#"{"above":true}"#), Unsupported::Operator);
        assert_eq!(refused("version", r#"{"contains":"1"}"#), Unsupported::Operator);
        assert_eq!(refused("number", r#"{"equals":"1"}"#), Unsupported::Operand);
        assert_eq!(refused("number", "9007199254740992"), Unsupported::Number);
        assert_eq!(refused("string", "[]"), Unsupported::Empty);
        assert_eq!(refused("string", r#"{"contains":""}"#), Unsupported::Text);
        assert_eq!(refused("string", r#"{"starts-with":"a\nb"}"#), Unsupported::Text);
        for version in ["", "9", "9.4", "9.4.0.1", "v9.4.0", "9.4.0+1", "123456.0.0", "9.4.0-", "9.4.0-β", "9.x.0"] {
            let error = refused("version", &format!(r#"{{"at-least":"{version}"}}"#));
            assert_eq!(error, Unsupported::Version(version.into()));
        }
        assert!(encode(r#"{"a":{"at-least":"9.4.0-rc.1-x"}}"#, r#"{"a":"version"}"#).is_ok());
        for text in ["{}", r#"{"any":[]}"#, r#"{"not":{}}"#] {
            assert_eq!(encode(text, "{}"), Err(Unsupported::Empty), "{text}");
        }
        assert_eq!(encode(r#"{"a.b":true}"#, r#"{"a.b":"boolean"}"#), Err(Unsupported::Attribute("a.b".into())));
    }
}
