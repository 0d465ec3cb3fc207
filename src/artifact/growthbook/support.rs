//! What the SDKs do not all understand alike.

use serde_json::Value;
use std::fmt;

/// Why something cannot be served to GrowthBook SDKs so that all of them agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// The surface hashes with another scheme.
    Scheme,
    /// An attribute whose name the SDKs do not look up as it stands.
    Attribute(String),
    /// An experiment or rollout whose id breaks an SDK.
    Id(String),
    /// A salt that is empty or not ASCII.
    Salt,
    /// An ordering or a part of a text asked of a type that the SDKs do not compare alike.
    Operator,
    /// A constant of another type than its attribute.
    Operand,
    /// A number that is not finite, or beyond 2^53 - 1.
    Number,
    /// A version constant that is not three numbers, with an optional pre-release.
    Version(String),
    /// An empty list of conditions or of values.
    Empty,
    /// A text to look for that is empty or has control characters.
    Text,
    /// A value that is or contains null where a rule forces it.
    Null,
    /// A claim with fewer than two variants.
    Variants,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str("the surface's `sdk` is not `growthbook`"),
            Self::Attribute(name) => write!(f, "GrowthBook SDKs cannot look up an attribute named `{name}`"),
            Self::Id(id) => write!(f, "the GrowthBook SDK for JavaScript fails on the id `{id}`"),
            Self::Salt => f.write_str("GrowthBook SDKs hash only ASCII salts alike"),
            Self::Operator => f.write_str("GrowthBook SDKs do not agree on this operator for this type"),
            Self::Operand => f.write_str("the value is not of the attribute's type"),
            Self::Number => f.write_str("GrowthBook SDKs agree on numbers up to 2^53 - 1 only"),
            Self::Version(version) => write!(
                f,
                "GrowthBook SDKs agree on versions such as `9.4.0` or `9.4.0-beta.1` only, and not on `{version}`"
            ),
            Self::Empty => f.write_str("GrowthBook SDKs do not agree on an empty list"),
            Self::Text => f.write_str("GrowthBook SDKs do not agree on an empty text or one with control characters"),
            Self::Null => f.write_str("GrowthBook SDKs do not agree on `null`"),
            Self::Variants => f.write_str("GrowthBook SDKs skip an experiment with fewer than two variants"),
        }
    }
}

impl std::error::Error for Unsupported {}

/// Members of every JavaScript object, which the SDK finds where an attribute is missing.
const JAVASCRIPT_MEMBERS: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Whether SDKs look an attribute up by this name: a dot would be a path, a leading `$` an operator.
///
/// # Errors
/// [`Unsupported::Attribute`].
pub fn check_attribute(name: &str) -> Result<(), Unsupported> {
    let member = JAVASCRIPT_MEMBERS.contains(&name);
    if name.is_empty() || name.contains('.') || name.starts_with('$') || member {
        return Err(Unsupported::Attribute(name.to_owned()));
    }
    Ok(())
}

/// Whether an experiment or a rollout may have this id: the JavaScript SDK looks keys up in a plain object.
///
/// # Errors
/// [`Unsupported::Id`].
pub fn check_id(id: &str) -> Result<(), Unsupported> {
    if JAVASCRIPT_MEMBERS.contains(&id) { Err(Unsupported::Id(id.to_owned())) } else { Ok(()) }
}

/// Whether every SDK hashes this salt alike; for an empty one some take the experiment's key instead.
///
/// # Errors
/// [`Unsupported::Salt`].
pub fn check_salt(salt: &str) -> Result<(), Unsupported> {
    if salt.is_empty() || !salt.is_ascii() { Err(Unsupported::Salt) } else { Ok(()) }
}

/// Whether every SDK serves this value as it is. Null is refused at the top only: within an object it is the application's.
///
/// # Errors
/// [`Unsupported::Null`] or [`Unsupported::Number`].
pub fn check_value(value: &Value) -> Result<(), Unsupported> {
    if value.is_null() { Err(Unsupported::Null) } else { plain(value).map(|_| ()) }
}

/// The largest whole number that JavaScript tells from its neighbours.
const MAX_NUMBER: f64 = 9_007_199_254_740_991.0;

/// The value with whole numbers written without a fraction.
pub(super) fn plain(value: &Value) -> Result<Value, Unsupported> {
    Ok(match value {
        Value::Number(number) => plain_number(number.as_f64().ok_or(Unsupported::Number)?)?,
        Value::Array(items) => items.iter().map(plain).collect::<Result<_, _>>()?,
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), plain(value)?)));
            Value::Object(entries.collect::<Result<_, _>>()?)
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    })
}

/// A number that every SDK reads alike.
pub(super) fn plain_number(number: f64) -> Result<Value, Unsupported> {
    if !number.is_finite() || number.abs() > MAX_NUMBER {
        return Err(Unsupported::Number);
    }
    if number.fract() != 0.0 {
        return Ok(number.into());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within 2^53")]
    let whole = number as i64;
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_mean_something_else_are_refused() {
        for name in ["", "a.b", "$a", "constructor", "__proto__", "toString"] {
            assert!(check_attribute(name).is_err(), "{name}");
        }
        for name in ["user-id", "country", "a$", "å"] {
            assert_eq!(check_attribute(name), Ok(()), "{name}");
        }
        assert!(check_id("constructor").is_err() && check_id("fresh-first").is_ok());
        assert!(check_salt("").is_err() && check_salt("å").is_err() && check_salt("home.5e1f").is_ok());
    }

    #[test]
    fn numbers_are_written_as_javascript_would() {
        assert_eq!(plain(&json!({ "a": [1.0, -0.0, 2.5] })).unwrap().to_string(), r#"{"a":[1,0,2.5]}"#);
        assert_eq!(check_value(&json!(9_007_199_254_740_993_u64)), Err(Unsupported::Number));
        assert_eq!(check_value(&json!({ "a": 1e300 })), Err(Unsupported::Number));
        assert_eq!(check_value(&json!(null)), Err(Unsupported::Null));
        assert_eq!(check_value(&json!({ "a": null })), Ok(()));
    }
}
