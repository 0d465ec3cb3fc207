//! Segments as the SDKs' targeting rules: any of some rules, each of which is all of some conditions.
//!
//! The SDKs know no types. A text test asks what a value is in words, so that `5` is `"5"` and `true` is `"true"` to it; a
//! number or a version is asked for behind a pattern. No condition but `IS_NULL` ever holds of a missing attribute, so that
//! the opposite of each test is said for it too.

use super::shape::{Condition as Check, Operator, Rule};
use super::value::{NUMBER, VERSION, is_version};
use crate::artifact::growthbook::{check_attribute, plain_number};
use crate::artifact::pattern::escaped;
use crate::artifact::{AttributeType, Condition, Operand, Predicate, Test, Unsupported};
use serde_json::Value;

/// How many rules a segment may become, and how many conditions and values they may have together.
const MAX_RULES: usize = 256;
const MAX_SIZE: usize = 200_000;

/// What must all hold.
type All = Vec<Check>;

/// Whether a condition can be said so that all SDKs evaluate it alike, on a surface whose units are told by an attribute.
///
/// # Errors
/// The first part on which they do not agree.
pub fn check_condition(condition: &Condition, unit: &str) -> Result<(), Unsupported> {
    rules(condition, unit).map(|_| ())
}

/// A condition as rules.
///
/// # Errors
/// The first part that the SDKs do not understand alike.
pub(super) fn rules(condition: &Condition, unit: &str) -> Result<Vec<Rule>, Unsupported> {
    let mut any = alternatives(condition, true, unit)?;
    if any.is_empty() {
        // No rules at all would be everybody.
        let attribute = attribute(first(condition).ok_or(Unsupported::Empty)?, unit)?;
        any.push(vec![null(&attribute, true), null(&attribute, false)]);
    }
    let rule = |mut conditions: All| {
        let others = conditions.clone();
        // Whatever else holds of an attribute says that it is there.
        conditions.retain(|check| {
            let implied = |other: &Check| other.attribute == check.attribute && other.operator != Operator::IsNull;
            *check != null(&check.attribute, false) || !others.iter().any(implied)
        });
        Rule { conditions }
    };
    Ok(any.into_iter().map(rule).collect())
}

/// What is enough for a condition to hold, or not to hold.
fn alternatives(condition: &Condition, wanted: bool, unit: &str) -> Result<Vec<All>, Unsupported> {
    let (parts, all) = match condition {
        Condition::Is(test) => return self::test(test, wanted, unit),
        Condition::Not(part) => return alternatives(part, !wanted, unit),
        Condition::All(parts) => (parts, wanted),
        Condition::Any(parts) => (parts, !wanted),
    };
    if parts.is_empty() {
        return Err(Unsupported::Empty);
    }
    let mut found: Vec<All> = if all { vec![Vec::new()] } else { Vec::new() };
    for part in parts {
        let part = alternatives(part, wanted, unit)?;
        found = if all { both(&found, &part)? } else { either(found, part)? };
    }
    Ok(found)
}

/// Alternatives, as long as they are not too many.
#[derive(Default)]
struct Alternatives {
    found: Vec<All>,
    size: usize,
}

impl Alternatives {
    fn add(&mut self, all: All) -> Result<(), Unsupported> {
        if self.found.contains(&all) {
            return Ok(());
        }
        let size = |check: &Check| check.value.as_array().map_or(1, |values| values.len().saturating_add(1));
        self.size = all.iter().map(size).fold(self.size, usize::saturating_add);
        self.found.push(all);
        if self.found.len() > MAX_RULES || self.size > MAX_SIZE { Err(Unsupported::Rules) } else { Ok(()) }
    }
}

fn either(some: Vec<All>, others: Vec<All>) -> Result<Vec<All>, Unsupported> {
    let mut any = Alternatives::default();
    some.into_iter().chain(others).try_for_each(|all| any.add(all))?;
    Ok(any.found)
}

/// Every pair, but for those of which one contradicts the other.
fn both(some: &[All], others: &[All]) -> Result<Vec<All>, Unsupported> {
    let mut any = Alternatives::default();
    let pairs = some.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
    pairs.filter_map(|(one, other)| joined(one, other)).try_for_each(|all| any.add(all))?;
    Ok(any.found)
}

fn joined(one: &All, other: &All) -> Option<All> {
    let mut joined = one.clone();
    for check in other {
        if joined.iter().any(|known| contradict(known, check)) {
            return None;
        }
        if !joined.contains(check) {
            joined.push(check.clone());
        }
    }
    Some(joined)
}

/// Whether two conditions can be seen never to hold together.
fn contradict(a: &Check, b: &Check) -> bool {
    let missing = |check: &Check| check.operator == Operator::IsNull && check.value == Value::Bool(true);
    a.attribute == b.attribute
        && (missing(a) != missing(b) || (a.value == b.value && Some(a.operator) == opposite(b.operator)))
}

/// The operator that holds of just those values that are there and of which this one does not. A number or a version is
/// above, below or neither only once a pattern has let it through.
const fn opposite(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Matches => Operator::NotMatches,
        Operator::NotMatches => Operator::Matches,
        Operator::OneOf => Operator::NotOneOf,
        Operator::NotOneOf => Operator::OneOf,
        Operator::Gte => Operator::Lt,
        Operator::Lt => Operator::Gte,
        Operator::Lte => Operator::Gt,
        Operator::Gt => Operator::Lte,
        Operator::IsNull => return None,
    })
}

fn test(test: &Test, wanted: bool, unit: &str) -> Result<Vec<All>, Unsupported> {
    let attribute = attribute(&test.attribute, unit)?;
    let check = |operator, value: Value| Check { attribute: attribute.clone(), operator, value };
    // A condition, or what is enough for it not to hold.
    let either_way = |operator, value: Value| match opposite(operator) {
        Some(opposite) if !wanted => vec![vec![null(&attribute, true)], vec![check(opposite, value)]],
        _ => vec![vec![check(operator, value)]],
    };
    let one_of = |operands: &[Operand]| {
        let values: Vec<Value> = operands.iter().map(|operand| word(operand, test.kind)).collect::<Result<_, _>>()?;
        if values.is_empty() { Err(Unsupported::Empty) } else { Ok(either_way(Operator::OneOf, values.into())) }
    };
    let ordered = |operator: Operator, operand: &Operand| {
        let (pattern, value) = guarded(operand, test.kind)?;
        let guard = check(Operator::Matches, pattern.into());
        Ok(match opposite(operator) {
            Some(opposite) if !wanted => {
                let unlike = check(Operator::NotMatches, pattern.into());
                vec![vec![null(&attribute, true)], vec![unlike], vec![guard, check(opposite, value)]]
            }
            _ => vec![vec![guard, check(operator, value)]],
        })
    };
    match (&test.predicate, test.kind) {
        (Predicate::Equals(operand), AttributeType::Number) => numbers(&check, &[operand], wanted),
        (Predicate::In(operands), AttributeType::Number) => {
            numbers(&check, &operands.iter().collect::<Vec<_>>(), wanted)
        }
        (Predicate::Equals(operand), _) => one_of(std::slice::from_ref(operand)),
        (Predicate::In(operands), _) => one_of(operands),
        (Predicate::AtLeast(operand), _) => ordered(Operator::Gte, operand),
        (Predicate::AtMost(operand), _) => ordered(Operator::Lte, operand),
        (Predicate::Above(operand), _) => ordered(Operator::Gt, operand),
        (Predicate::Below(operand), _) => ordered(Operator::Lt, operand),
        (Predicate::Exists(exists), kind) => {
            let exists = *exists == wanted;
            let either_way = |operator: Operator, value: Value| match opposite(operator) {
                Some(opposite) if !exists => vec![vec![null(&attribute, true)], vec![check(opposite, value)]],
                _ => vec![vec![check(operator, value)]],
            };
            Ok(match kind {
                AttributeType::String => vec![vec![null(&attribute, !exists)]],
                AttributeType::Boolean => either_way(Operator::OneOf, vec!["true", "false"].into()),
                AttributeType::Number => either_way(Operator::Matches, NUMBER.into()),
                AttributeType::Version => either_way(Operator::Matches, VERSION.into()),
            })
        }
        (Predicate::StartsWith(part), AttributeType::String) => {
            Ok(either_way(Operator::Matches, format!("^{}", escaped(part)?).into()))
        }
        (Predicate::Contains(part), AttributeType::String) => Ok(either_way(Operator::Matches, escaped(part)?.into())),
        (Predicate::StartsWith(_) | Predicate::Contains(_), _) => Err(Unsupported::Operator),
    }
}

/// One of some numbers, or none of them: what lies before, between and after.
fn numbers(
    check: &impl Fn(Operator, Value) -> Check,
    operands: &[&Operand],
    wanted: bool,
) -> Result<Vec<All>, Unsupported> {
    let guard = || check(Operator::Matches, NUMBER.into());
    let mut found = Vec::new();
    for operand in operands {
        let Operand::Number(number) = operand else { return Err(Unsupported::Operand) };
        found.push((*number, plain_number(*number)?));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.dedup_by(|a, b| a.1 == b.1);
    let Some((_, first)) = found.first() else { return Err(Unsupported::Empty) };
    if wanted {
        let same = |(_, value): &(f64, Value)| {
            vec![guard(), check(Operator::Gte, value.clone()), check(Operator::Lte, value.clone())]
        };
        return Ok(found.iter().map(same).collect());
    }
    let missing = Check { operator: Operator::IsNull, value: true.into(), ..guard() };
    let mut apart = vec![
        vec![missing],
        vec![check(Operator::NotMatches, NUMBER.into())],
        vec![guard(), check(Operator::Lt, first.clone())],
    ];
    let mut values = found.iter().map(|(_, value)| value).peekable();
    while let Some(value) = values.next() {
        let mut after = vec![guard(), check(Operator::Gt, value.clone())];
        after.extend(values.peek().map(|next| check(Operator::Lt, (*next).clone())));
        apart.push(after);
    }
    Ok(apart)
}

fn null(attribute: &str, is: bool) -> Check {
    Check { attribute: attribute.to_owned(), operator: Operator::IsNull, value: is.into() }
}

/// The name by which the SDKs look an attribute up: the subject's key is `id` to them.
fn attribute(name: &str, unit: &str) -> Result<String, Unsupported> {
    check_attribute(name)?;
    match name {
        _ if name == unit => Ok("id".to_owned()),
        "id" => Err(Unsupported::Subject),
        _ => Ok(name.to_owned()),
    }
}

fn first(condition: &Condition) -> Option<&str> {
    match condition {
        Condition::Is(test) => Some(&test.attribute),
        Condition::Not(part) => first(part),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(first),
    }
}

/// A constant in words.
fn word(operand: &Operand, kind: AttributeType) -> Result<Value, Unsupported> {
    match (operand, kind) {
        (Operand::Text(text), AttributeType::Version) => version(text),
        (Operand::Text(text), AttributeType::String) => Ok(text.as_str().into()),
        (Operand::Boolean(is), AttributeType::Boolean) => Ok(is.to_string().into()),
        _ => Err(Unsupported::Operand),
    }
}

/// The pattern behind which a constant is compared, and the constant.
fn guarded(operand: &Operand, kind: AttributeType) -> Result<(&'static str, Value), Unsupported> {
    match (operand, kind) {
        (_, AttributeType::String | AttributeType::Boolean) => Err(Unsupported::Operator),
        (Operand::Number(number), AttributeType::Number) => Ok((NUMBER, plain_number(*number)?)),
        (Operand::Text(text), AttributeType::Version) => Ok((VERSION, version(text)?)),
        _ => Err(Unsupported::Operand),
    }
}

fn version(text: &str) -> Result<Value, Unsupported> {
    if is_version(text) { Ok(text.into()) } else { Err(Unsupported::Version(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::sample;
    use crate::bucket::Scheme;
    use serde_json::json;

    fn encode(text: &str, types: &str) -> Result<Vec<Rule>, Unsupported> {
        let read = |json: &str| serde_json::from_str(json).unwrap();
        rules(&sample::condition(&read(text), &read(types)), "user-id")
    }

    #[test]
    fn is_the_encoding_that_the_sdks_were_asked_about() {
        let cases = sample::sdk_cases(Scheme::Eppo);
        for case in &cases {
            let encoded = serde_json::to_value(rules(&case.meant, "user-id").unwrap()).unwrap();
            assert_eq!(encoded, case.encoded, "{}", case.name);
        }
        assert!(cases.len() > 1_400, "{}", cases.len());
    }

    #[test]
    fn cases_are_rules_and_tests_are_conditions() {
        let types = r#"{"a":"string","b":"boolean","n":"number"}"#;
        let one = |attribute: &str, operator: &str, value: Value| json!({ "attribute": attribute, "operator": operator, "value": value });
        let has_a = one("a", "ONE_OF", json!(["x"]));
        let number = one("n", "MATCHES", NUMBER.into());
        for (meant, expected) in [
            (r#"{"a":"x"}"#, json!([[has_a]])),
            (
                r#"{"a":"x","n":{"at-least":5,"below":9}}"#,
                json!([[has_a, number, one("n", "GTE", 5.into()), one("n", "LT", 9.into())]]),
            ),
            (r#"{"any":[{"a":"x"},{"b":true}]}"#, json!([[has_a], [one("b", "ONE_OF", json!(["true"]))]])),
            (
                r#"{"not":{"a":"x"}}"#,
                json!([[one("a", "IS_NULL", true.into())], [one("a", "NOT_ONE_OF", json!(["x"]))]]),
            ),
            // Whoever has a value has the attribute.
            (r#"{"a":{"exists":true,"equals":"x"}}"#, json!([[has_a]])),
            // No rules would be everybody.
            (
                r#"{"a":"x","not":{"a":"x"}}"#,
                json!([[one("a", "IS_NULL", true.into()), one("a", "IS_NULL", false.into())]]),
            ),
        ] {
            let found = encode(meant, types).unwrap();
            let expected: Vec<Value> =
                expected.as_array().unwrap().iter().map(|all| json!({ "conditions": all })).collect();
            assert_eq!(serde_json::to_value(found).unwrap(), Value::Array(expected), "{meant}");
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
        assert_eq!(refused("number", "[]"), Unsupported::Empty);
        assert_eq!(refused("string", r#"{"contains":""}"#), Unsupported::Text);
        assert_eq!(refused("string", r#"{"starts-with":"a\nb"}"#), Unsupported::Text);
        for version in ["", "9", "9.4", "9.4.0.1", "v9.4.0", "9.4.0+1", "09.4.0", "9.4.0-", "9.x.0"] {
            for predicate in [format!(r#"{{"at-least":"{version}"}}"#), format!(r#""{version}""#)] {
                assert_eq!(refused("version", &predicate), Unsupported::Version(version.into()));
            }
        }
        for text in ["{}", r#"{"any":[]}"#, r#"{"not":{}}"#] {
            assert_eq!(encode(text, "{}"), Err(Unsupported::Empty), "{text}");
        }
        assert_eq!(encode(r#"{"a.b":true}"#, r#"{"a.b":"boolean"}"#), Err(Unsupported::Attribute("a.b".into())));
        assert_eq!(encode(r#"{"id":"u"}"#, r#"{"id":"string"}"#), Err(Unsupported::Subject));
        let is_id = sample::condition(&json!({ "id": "u" }), &json!({ "id": "string" }));
        assert_eq!(check_condition(&is_id, "id"), Ok(()));
    }

    #[test]
    fn a_segment_is_so_many_cases_and_no_more() {
        let pairs = |count: usize| {
            let pair = |n: usize| json!({ "any": [{ "a": format!("x{n}") }, { "b": format!("y{n}") }] });
            let meant = json!({ "all": (0..count).map(pair).collect::<Vec<_>>() });
            let types = json!({ "a": "string", "b": "string" });
            rules(&sample::condition(&meant, &types), "user-id").map(|rules| rules.len())
        };
        assert_eq!(pairs(8), Ok(256));
        // Found out after nine steps, and not after sixty-four.
        assert_eq!(pairs(64), Err(Unsupported::Rules));
        let numbers = |count: u32| {
            let meant = json!({ "n": (0..count).collect::<Vec<_>>() });
            rules(&sample::condition(&meant, &json!({ "n": "number" })), "user-id").map(|rules| rules.len())
        };
        assert_eq!((numbers(256), numbers(257)), (Ok(256), Err(Unsupported::Rules)));
        // A long list is one condition, and is not to be repeated at every other.
        let long: Vec<String> = (0..90_000).map(|n| format!("x{n}")).collect();
        let listed = |others: usize| {
            let any: Vec<Value> = (0..others).map(|n| json!({ "b": format!("y{n}") })).collect();
            let meant = json!({ "a": long, "any": any });
            rules(&sample::condition(&meant, &json!({ "a": "string", "b": "string" })), "user-id")
                .map(|rules| rules.len())
        };
        assert_eq!((listed(2), listed(3)), (Ok(2), Err(Unsupported::Rules)));
    }
}
