//! A unit's attributes, wherever an application keeps them.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    /// A text or a version.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// Where a unit's attributes are looked up.
pub trait Attributes {
    /// The value of an attribute; absent where there is none, or one that is no text, number or
    /// boolean.
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>>;
}

impl<A: Attributes + ?Sized> Attributes for &A {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        (**self).attribute(name)
    }
}

/// No attributes.
impl Attributes for () {
    fn attribute(&self, _: &str) -> Option<AttributeValue<'_>> {
        None
    }
}

impl Attributes for [(&str, AttributeValue<'_>)] {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

impl<const N: usize> Attributes for [(&str, AttributeValue<'_>); N] {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        self.as_slice().attribute(name)
    }
}

impl Attributes for Vec<(String, Value)> {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        self.iter().find(|(own, _)| own == name).and_then(|(_, value)| scalar(value))
    }
}

impl Attributes for BTreeMap<String, Value> {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        self.get(name).and_then(scalar)
    }
}

impl<S: std::hash::BuildHasher> Attributes for HashMap<String, Value, S> {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        self.get(name).and_then(scalar)
    }
}

/// The members of an object; any other value has no attributes.
impl Attributes for Value {
    fn attribute(&self, name: &str) -> Option<AttributeValue<'_>> {
        self.get(name).and_then(scalar)
    }
}

fn scalar(value: &Value) -> Option<AttributeValue<'_>> {
    match value {
        Value::String(text) => Some(AttributeValue::Text(text)),
        Value::Number(number) => number.as_f64().map(AttributeValue::Number),
        Value::Bool(is) => Some(AttributeValue::Boolean(*is)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
