//! The tests of a segment: typed attributes joined by `all`, `any` and `not`, bounded in depth and size.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::reader::{At, Decode, Node, Reader, Table};
use super::words;
use crate::diag::Diagnostic;

/// How deep `all`, `any` and `not` may be nested.
pub const MAX_DEPTH: usize = 8;
/// How many tests a segment may hold.
pub const MAX_TESTS: usize = 256;

words! {
    /// The type of an attribute.
    pub enum AttributeType("an attribute's type") {
        String = "string",
        Number = "number",
        Boolean = "boolean",
        Version = "version",
    }
}

/// A literal in a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Text(String),
    Number(f64),
    Boolean(bool),
}

/// A comparison; versions compare by their parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// One test of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Equals(Literal),
    In(Vec<At<Literal>>),
    Compare(Comparison, Literal),
    Exists(bool),
    StartsWith(String),
    Contains(String),
}

/// A conjunction: all of its tests and all of its parts must hold.
#[derive(Debug, Clone, Default)]
pub struct Clause {
    /// Tests, each with its attribute.
    pub tests: Vec<(At<String>, At<Test>)>,
    /// Clauses that must all hold.
    pub all: Vec<Clause>,
    /// Where lists are written, at least one clause of each must hold.
    pub any: Vec<At<Vec<Clause>>>,
    /// Clauses that must not hold.
    pub not: Vec<Clause>,
    /// Whether a part of it could not be read: what is left would let in more units than were meant.
    pub partial: bool,
}

impl Clause {
    /// How many tests it holds, at any depth.
    #[must_use]
    pub fn size(&self) -> usize {
        self.tests.len() + self.parts().map(Self::size).sum::<usize>()
    }

    /// The clauses directly inside.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        self.all.iter().chain(self.any.iter().flat_map(|list| &list.value)).chain(&self.not)
    }

    fn read(node: Node<'_>, reader: &mut Reader, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            let span = reader.span(node);
            let finding =
                Diagnostic::new("invalid-segment", span, format!("tests are nested more than {MAX_DEPTH} deep"));
            reader.report(finding.help("split the segment, or join its tests in one table"));
            return None;
        }
        let mut table = reader.table(node, None)?;
        if !table.any_written() {
            let finding = Diagnostic::new("invalid-segment", table.span, "there is no test here");
            table.reader.report(finding.help("test an attribute, as in `country = \"SE\"`"));
            return None;
        }
        let mut clause = Self::default();
        for (key, span, node) in table.rest() {
            clause.entry(key, span, node, table.reader, depth);
        }
        Some(clause)
    }

    fn entry(&mut self, key: &str, span: crate::source::Span, node: Node<'_>, reader: &mut Reader, depth: usize) {
        let list = |reader: &mut Reader| match node.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                let finding = Diagnostic::new("invalid-segment", span, format!("an empty `{key}` tests nothing"));
                reader.report(finding.help("name at least one table of tests, or remove the key"));
                Vec::new()
            }
            DeValue::Array(items) => {
                items.iter().filter_map(|item| Self::read(item, reader, depth + 1)).collect::<Vec<_>>()
            }
            _ => {
                let finding = reader.wrong_type(node, "a list of tables").help(format!("write `{key} = [{{ … }}]`"));
                reader.report(finding);
                Vec::new()
            }
        };
        match key {
            "all" => self.all.extend(list(reader)),
            "any" => {
                let value = list(reader);
                self.any.push(At { value, span });
            }
            "not" => self.not.extend(Self::read(node, reader, depth + 1)),
            attribute => {
                for test in Test::read(node, reader) {
                    self.tests.push((At { value: attribute.to_owned(), span }, test));
                }
            }
        }
    }
}

impl Decode for Clause {
    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let before = reader.findings.len();
        let mut clause = Self::read(node, reader, 1)?;
        clause.partial = reader.findings.len() > before;
        if clause.size() > MAX_TESTS {
            let span = reader.span(node);
            let message = format!("a segment holds at most {MAX_TESTS} tests, and this one has {}", clause.size());
            reader.report(Diagnostic::new("invalid-segment", span, message));
            return None;
        }
        Some(clause)
    }
}

impl Literal {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Boolean(value) => Some(Self::Boolean(*value)),
            DeValue::Integer(_) | DeValue::Float(_) => f64::decode(node, reader).map(Self::Number),
            _ => {
                let finding = reader.wrong_type(node, "a string, a number or a boolean");
                reader.report(finding);
                None
            }
        }
    }
}

impl Test {
    /// The tests that one entry stands for: a scalar is equality, a list is membership, a table names them.
    fn read(node: Node<'_>, reader: &mut Reader) -> Vec<At<Self>> {
        let span = reader.span(node);
        let at = |value| At { value, span };
        match node.get_ref() {
            DeValue::Array(_) => Self::members(node, reader).map(at).into_iter().collect(),
            DeValue::Table(_) => match reader.table(node, None) {
                Some(table) => Self::named(table),
                None => Vec::new(),
            },
            _ => Literal::read(node, reader).map(|value| at(Self::Equals(value))).into_iter().collect(),
        }
    }

    fn members(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let list = Vec::<At<Literal>>::decode(node, reader)?;
        if list.is_empty() {
            let span = reader.span(node);
            let finding = Diagnostic::new("invalid-segment", span, "an empty list can never match");
            reader.report(finding.help("name at least one value, or remove the test"));
            return None;
        }
        Some(Self::In(list))
    }

    fn named(mut table: Table<'_, '_>) -> Vec<At<Self>> {
        let mut tests = Vec::new();
        let mut push = |test: Option<At<Self>>| tests.extend(test);
        let map = |literal: Option<At<Literal>>, make: &dyn Fn(Literal) -> Self| {
            literal.map(|at| At { value: make(at.value), span: at.span })
        };
        push(map(table.take("equals"), &Self::Equals));
        push(map(table.take("at-least"), &|value| Self::Compare(Comparison::AtLeast, value)));
        push(map(table.take("at-most"), &|value| Self::Compare(Comparison::AtMost, value)));
        push(map(table.take("above"), &|value| Self::Compare(Comparison::Above, value)));
        push(map(table.take("below"), &|value| Self::Compare(Comparison::Below, value)));
        push(table.take::<Members>("in").map(|at| At { value: at.value.0, span: at.span }));
        push(table.take("exists").map(|at: At<bool>| At { value: Self::Exists(at.value), span: at.span }));
        push(table.take("starts-with").map(|at: At<String>| At { value: Self::StartsWith(at.value), span: at.span }));
        push(table.take("contains").map(|at: At<String>| At { value: Self::Contains(at.value), span: at.span }));
        if !table.any_written() {
            let finding = Diagnostic::new("invalid-segment", table.span, "this test is empty");
            table.reader.report(finding.help("name a value, or a comparison such as `at-least`"));
        }
        table.finish();
        tests
    }
}

impl Decode for Literal {
    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        Self::read(node, reader)
    }
}

/// The list of an `in`.
struct Members(Test);

impl Decode for Members {
    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        Test::members(node, reader).map(Self)
    }
}

impl JsonSchema for Clause {
    fn schema_name() -> Cow<'static, str> {
        "clause".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let clause = generator.subschema_for::<Self>();
        let scalar = serde_json::json!({ "type": ["string", "number", "boolean"] });
        let list = serde_json::json!({ "type": "array", "items": scalar, "minItems": 1 });
        json_schema!({
            "description": "tests of attributes; all of them must hold",
            "type": "object",
            "properties": {
                "all": { "description": "clauses that must all hold", "type": "array", "items": clause },
                "any": { "description": "clauses of which one must hold", "type": "array", "items": clause, "minItems": 1 },
                // Behind a condition that always holds, or editors would offer `not.not.not` without end.
                "not": { "description": "a clause that must not hold", "type": "object", "if": true, "then": clause }
            },
            "x-refers-to": "attribute",
            "additionalProperties": {
                "anyOf": [scalar, list, {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "equals": scalar, "in": list,
                        "at-least": scalar, "at-most": scalar, "above": scalar, "below": scalar,
                        "exists": { "type": "boolean" },
                        "starts-with": { "type": "string" }, "contains": { "type": "string" }
                    }
                }]
            }
        })
    }
}
