//! Values as the structs that a resolver serves, and the schema that some providers read them by.

use super::shape::{AnySchema, FlagSchema, Kind, ListSchema, ListValue, Struct, StructSchema, Value as Proto};
use crate::artifact::{FlagKind, Unsupported, growthbook};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The field of a value that is no object: what an application asks for is then `flag.value`.
const FIELD: &str = "value";

/// Whether every provider serves this value as it is. Null is not a value to them: a flag that has one gives the application's own
/// default, and so does a field.
///
/// # Errors
/// [`Unsupported::Null`] or [`Unsupported::Number`].
pub fn check_value(value: &Value) -> Result<(), Unsupported> {
    growthbook::check_value(value)?;
    if has_null(value) { Err(Unsupported::Null) } else { Ok(()) }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A value as the struct that stands for it: an object's own fields, or one field for anything else.
pub(super) fn written(value: &Value, kind: FlagKind) -> Result<Struct, Unsupported> {
    check_value(value)?;
    Ok(match value {
        Value::Object(fields) if kind == FlagKind::Object => fields_of(fields)?,
        value => Struct { fields: BTreeMap::from([(FIELD.to_owned(), proto(value)?)]) },
    })
}

fn fields_of(fields: &serde_json::Map<String, Value>) -> Result<Struct, Unsupported> {
    let fields = fields.iter().map(|(name, value)| Ok((name.clone(), proto(value)?)));
    Ok(Struct { fields: fields.collect::<Result<_, _>>()? })
}

fn proto(value: &Value) -> Result<Proto, Unsupported> {
    let kind = match value {
        Value::Null => return Err(Unsupported::Null),
        Value::Bool(is) => Kind::Boolean(*is),
        Value::Number(number) => Kind::Number(number.as_f64().ok_or(Unsupported::Number)?),
        Value::String(text) => Kind::Text(text.clone()),
        Value::Array(items) => Kind::List(ListValue { values: items.iter().map(proto).collect::<Result<_, _>>()? }),
        Value::Object(fields) => Kind::Struct(fields_of(fields)?),
    };
    Ok(Proto { kind: Some(kind) })
}

/// The value that a struct stands for.
pub(super) fn read(value: &Struct) -> Value {
    match value.fields.get(FIELD) {
        Some(only) if value.fields.len() == 1 => json(only),
        _ => object(value),
    }
}

fn object(value: &Struct) -> Value {
    value.fields.iter().map(|(name, value)| (name.clone(), json(value))).collect()
}

fn json(value: &Proto) -> Value {
    match &value.kind {
        None => Value::Null,
        Some(Kind::Number(number)) => growthbook::plain_number(*number).unwrap_or(Value::Null),
        Some(Kind::Text(text)) => text.as_str().into(),
        Some(Kind::Boolean(is)) => (*is).into(),
        Some(Kind::Struct(fields)) => object(fields),
        Some(Kind::List(list)) => list.values.iter().map(json).collect(),
    }
}

/// The schema of all the values of a flag. A resolver fills a field that one of them lacks with null, and the provider for Java
/// refuses one that it does not tell the type of.
///
/// # Errors
/// [`Unsupported::Shape`] where values have other fields, or other types, than each other.
pub(super) fn schema(values: &[&Struct]) -> Result<StructSchema, Unsupported> {
    fields(values, false)
}

fn fields(values: &[&Struct], in_list: bool) -> Result<StructSchema, Unsupported> {
    let names: BTreeSet<&String> = values.iter().flat_map(|value| value.fields.keys()).collect();
    let mut schema = BTreeMap::new();
    for name in names {
        let present: Vec<&Proto> = values.iter().filter_map(|value| value.fields.get(name)).collect();
        // Nothing is filled within a list.
        if present.len() < values.len() && !in_list {
            return Err(Unsupported::Shape);
        }
        schema.insert(name.clone(), one(&present, in_list)?);
    }
    Ok(StructSchema { schema })
}

fn one(values: &[&Proto], in_list: bool) -> Result<FlagSchema, Unsupported> {
    let kinds: Vec<&Kind> = values.iter().filter_map(|value| value.kind.as_ref()).collect();
    let Some(first) = kinds.first() else { return Ok(FlagSchema { schema_type: None }) };
    let same = kinds.iter().all(|kind| std::mem::discriminant(*kind) == std::mem::discriminant(*first));
    if !same {
        return Err(Unsupported::Shape);
    }
    let schema = match first {
        Kind::Text(_) => AnySchema::Text(()),
        Kind::Boolean(_) => AnySchema::Boolean(()),
        Kind::Number(_) => {
            let whole =
                |kind: &&Kind| matches!(kind, Kind::Number(n) if n.fract() == 0.0 && n.abs() <= f64::from(i32::MAX));
            if kinds.iter().all(whole) { AnySchema::Int(()) } else { AnySchema::Double(()) }
        }
        Kind::Struct(_) => {
            let structs =
                kinds.iter().filter_map(|kind| if let Kind::Struct(value) = kind { Some(value) } else { None });
            AnySchema::Struct(fields(&structs.collect::<Vec<_>>(), in_list)?)
        }
        Kind::List(_) => {
            let lists = kinds.iter().filter_map(|kind| if let Kind::List(value) = kind { Some(value) } else { None });
            let items: Vec<&Proto> = lists.flat_map(|list| &list.values).collect();
            let element = (!items.is_empty()).then(|| one(&items, true)).transpose()?;
            AnySchema::List(Box::new(ListSchema { element_schema: element.map(Box::new) }))
        }
    };
    Ok(FlagSchema { schema_type: Some(schema) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn all(values: &[Value], kind: FlagKind) -> Result<StructSchema, Unsupported> {
        let written = values.iter().map(|value| written(value, kind)).collect::<Result<Vec<_>, _>>()?;
        schema(&written.iter().collect::<Vec<_>>())
    }

    #[test]
    fn values_come_back() {
        for value in [json!("v7"), json!(3), json!(-2.5), json!(true), json!([1, 2]), json!([])] {
            assert_eq!(read(&written(&value, FlagKind::Number).unwrap()), value);
        }
        let object = json!({ "a": { "b": [{ "c": 1 }, { "d": "x" }] }, "value": false });
        assert_eq!(read(&written(&object, FlagKind::Object).unwrap()), object);
    }

    #[test]
    fn what_a_struct_does_not_carry_alike_is_refused() {
        for value in [json!(null), json!({ "a": null }), json!([{ "a": [null] }])] {
            assert_eq!(check_value(&value), Err(Unsupported::Null), "{value}");
        }
        assert_eq!(check_value(&json!({ "a": 9_007_199_254_740_993_u64 })), Err(Unsupported::Number));
    }

    #[test]
    fn the_values_of_a_flag_have_one_shape() {
        let object = |values: &[Value]| all(values, FlagKind::Object);
        assert!(object(&[json!({ "a": 1, "b": "x" }), json!({ "b": "", "a": 2.5 })]).is_ok());
        assert!(object(&[json!({ "a": [{ "x": 1 }, { "y": true }] }), json!({ "a": [] })]).is_ok());
        for other in [json!({ "a": 1 }), json!({ "a": 1, "b": "x", "c": 0 }), json!({ "a": "1", "b": "x" }), json!([1])]
        {
            assert_eq!(object(&[json!({ "a": 1, "b": "x" }), other]), Err(Unsupported::Shape));
        }
        assert_eq!(object(&[json!({ "a": [1, "x"] })]), Err(Unsupported::Shape));
    }

    #[test]
    fn a_number_is_whole_where_all_are_and_fit() {
        let of = |values: &[Value]| all(values, FlagKind::Number).unwrap().schema["value"].schema_type.clone().unwrap();
        assert_eq!(of(&[json!(1), json!(2.0)]), AnySchema::Int(()));
        assert_eq!(of(&[json!(1), json!(2.5)]), AnySchema::Double(()));
        assert_eq!(of(&[json!(1), json!(3_000_000_000_u64)]), AnySchema::Double(()));
    }
}
