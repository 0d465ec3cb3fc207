//! Names, salts and values that the SDKs do not all understand alike.

use crate::artifact::Unsupported;
use serde_json::Value;

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
pub(in crate::artifact) fn plain(value: &Value) -> Result<Value, Unsupported> {
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
pub(in crate::artifact) fn plain_number(number: f64) -> Result<Value, Unsupported> {
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
