//! Who is in a segment: a bounded tree of typed tests on attributes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// How deep a condition may nest, and how many tests and operands it may hold.
const MAX_DEPTH: usize = 16;
const MAX_SIZE: usize = 100_000;

/// A condition on a unit's attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// All of these; an empty list holds.
    All(Vec<Condition>),
    /// At least one of these; an empty list does not hold.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// One test on one attribute.
    Is(Test),
}

/// A test on an attribute. An attribute that is missing, or of another type than `kind`, fails every predicate but
/// `Exists(false)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Test {
    /// The attribute's name.
    pub attribute: String,
    /// The type it is declared with.
    pub kind: AttributeType,
    /// What must hold of its value.
    pub predicate: Predicate,
}

/// The declared type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeType {
    /// A text, compared as it is.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A text that orders as a version, see [`compare_versions`](super::compare_versions).
    Version,
}

/// What must hold of an attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// The same value; versions that order alike are the same.
    Equals(Operand),
    /// One of these values.
    In(Vec<Operand>),
    /// Numbers and versions: not below.
    AtLeast(Operand),
    /// Numbers and versions: not above.
    AtMost(Operand),
    /// Numbers and versions: larger.
    Above(Operand),
    /// Numbers and versions: smaller.
    Below(Operand),
    /// Whether there is a value of the declared type.
    Exists(bool),
    /// Strings: begins with this text.
    StartsWith(String),
    /// Strings: has this text in it.
    Contains(String),
}

/// A value that an attribute is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    /// True or false.
    Boolean(bool),
    /// A finite number.
    Number(f64),
    /// A text or a version.
    Text(String),
}

/// Why a condition cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidCondition {
    /// It nests too deep.
    TooDeep,
    /// It has too many tests and operands.
    TooLarge,
    /// A predicate does not go with the attribute's type, or has an operand of another type.
    WrongType,
}

impl fmt::Display for InvalidCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooDeep => "condition that nests more than 16 deep",
            Self::TooLarge => "condition with more than 100,000 tests and values",
            Self::WrongType => "test whose operator or value does not go with the attribute's type",
        })
    }
}

impl std::error::Error for InvalidCondition {}

impl Condition {
    /// Whether the condition is within bounds and every predicate goes with its type.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub fn check(&self) -> Result<(), InvalidCondition> {
        let mut size = 0_usize;
        let mut todo = vec![(self, 0_usize)];
        while let Some((condition, depth)) = todo.pop() {
            if depth > MAX_DEPTH {
                return Err(InvalidCondition::TooDeep);
            }
            let deeper = depth.saturating_add(1);
            let added = match condition {
                Self::All(parts) | Self::Any(parts) => {
                    todo.extend(parts.iter().map(|part| (part, deeper)));
                    1
                }
                Self::Not(part) => {
                    todo.push((part, deeper));
                    1
                }
                Self::Is(test) => {
                    if !test.is_typed() {
                        return Err(InvalidCondition::WrongType);
                    }
                    test.size()
                }
            };
            size = size.saturating_add(added);
            if size > MAX_SIZE {
                return Err(InvalidCondition::TooLarge);
            }
        }
        Ok(())
    }
}

impl Test {
    fn size(&self) -> usize {
        match &self.predicate {
            Predicate::In(operands) => operands.len().saturating_add(1),
            _ => 1,
        }
    }

    fn is_typed(&self) -> bool {
        let ordered = matches!(self.kind, AttributeType::Number | AttributeType::Version);
        match &self.predicate {
            Predicate::Equals(operand) => operand.is_of(self.kind),
            Predicate::In(operands) => operands.iter().all(|operand| operand.is_of(self.kind)),
            Predicate::AtLeast(operand)
            | Predicate::AtMost(operand)
            | Predicate::Above(operand)
            | Predicate::Below(operand) => ordered && operand.is_of(self.kind),
            Predicate::Exists(_) => true,
            Predicate::StartsWith(_) | Predicate::Contains(_) => self.kind == AttributeType::String,
        }
    }
}

impl Operand {
    fn is_of(&self, kind: AttributeType) -> bool {
        match (self, kind) {
            (Self::Text(_), AttributeType::String | AttributeType::Version)
            | (Self::Boolean(_), AttributeType::Boolean) => true,
            (Self::Number(number), AttributeType::Number) => number.is_finite(),
            _ => false,
        }
    }
}

/// A test on disk: attribute, type, operator, operand.
#[derive(Serialize, Deserialize)]
struct Stored(String, AttributeType, Operator, Value);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Operator {
    Equals,
    In,
    AtLeast,
    AtMost,
    Above,
    Below,
    Exists,
    StartsWith,
    Contains,
}

impl From<Test> for Stored {
    fn from(test: Test) -> Self {
        let (operator, operand) = match test.predicate {
            Predicate::Equals(operand) => (Operator::Equals, operand.into()),
            Predicate::In(operands) => (Operator::In, operands.into()),
            Predicate::AtLeast(operand) => (Operator::AtLeast, operand.into()),
            Predicate::AtMost(operand) => (Operator::AtMost, operand.into()),
            Predicate::Above(operand) => (Operator::Above, operand.into()),
            Predicate::Below(operand) => (Operator::Below, operand.into()),
            Predicate::Exists(wanted) => (Operator::Exists, wanted.into()),
            Predicate::StartsWith(part) => (Operator::StartsWith, part.into()),
            Predicate::Contains(part) => (Operator::Contains, part.into()),
        };
        Self(test.attribute, test.kind, operator, operand)
    }
}

impl TryFrom<Stored> for Test {
    type Error = serde_json::Error;

    fn try_from(Stored(attribute, kind, operator, operand): Stored) -> Result<Self, Self::Error> {
        use serde_json::from_value as read;
        let predicate = match operator {
            Operator::Equals => Predicate::Equals(read(operand)?),
            Operator::In => Predicate::In(read(operand)?),
            Operator::AtLeast => Predicate::AtLeast(read(operand)?),
            Operator::AtMost => Predicate::AtMost(read(operand)?),
            Operator::Above => Predicate::Above(read(operand)?),
            Operator::Below => Predicate::Below(read(operand)?),
            Operator::Exists => Predicate::Exists(read(operand)?),
            Operator::StartsWith => Predicate::StartsWith(read(operand)?),
            Operator::Contains => Predicate::Contains(read(operand)?),
        };
        Ok(Self { attribute, kind, predicate })
    }
}

impl From<Operand> for Value {
    /// Whole numbers are written without a fraction; they read back as the same number.
    fn from(operand: Operand) -> Self {
        match operand {
            Operand::Boolean(is) => is.into(),
            Operand::Number(number) => number_value(number),
            Operand::Text(text) => text.into(),
        }
    }
}

/// A number in JSON, without a fraction where it has none.
fn number_value(number: f64) -> Value {
    // Up to 2^53 every whole number is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT && !(number == 0.0 && number.is_sign_negative()) {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number within 2^53")]
        let whole = number as i64;
        return whole.into();
    }
    number.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(attribute: &str, kind: AttributeType, predicate: Predicate) -> Condition {
        Condition::Is(Test { attribute: attribute.into(), kind, predicate })
    }

    fn text(text: &str) -> Operand {
        Operand::Text(text.into())
    }

    #[test]
    fn is_stored_as_short_json() {
        let condition = Condition::All(vec![
            is("country", AttributeType::String, Predicate::In(vec![text("DK"), text("FI")])),
            is("app-version", AttributeType::Version, Predicate::AtLeast(text("9.4.0"))),
            Condition::Not(Box::new(is("employee", AttributeType::Boolean, Predicate::Equals(Operand::Boolean(true))))),
            Condition::Any(vec![
                is("age", AttributeType::Number, Predicate::Above(Operand::Number(17.5))),
                is("age", AttributeType::Number, Predicate::Equals(Operand::Number(21.0))),
                is("city", AttributeType::String, Predicate::Exists(false)),
            ]),
        ]);
        let json = serde_json::to_string(&condition).unwrap();
        assert_eq!(
            json,
            r#"{"all":[{"is":["country","string","in",["DK","FI"]]},{"is":["app-version","version","at-least","9.4.0"]},{"not":{"is":["employee","boolean","equals",true]}},{"any":[{"is":["age","number","above",17.5]},{"is":["age","number","equals",21]},{"is":["city","string","exists",false]}]}]}"#
        );
        assert_eq!(serde_json::from_str::<Condition>(&json).unwrap(), condition);
        assert_eq!(condition.check(), Ok(()));
    }

    #[test]
    fn refuses_what_does_not_go_together() {
        for (kind, predicate) in [
            (AttributeType::String, Predicate::AtLeast(text("a"))),
            (AttributeType::Boolean, Predicate::Above(Operand::Boolean(true))),
            (AttributeType::Number, Predicate::Equals(text("1"))),
            (AttributeType::Number, Predicate::Equals(Operand::Number(f64::NAN))),
            (AttributeType::String, Predicate::In(vec![text("a"), Operand::Number(1.0)])),
            (AttributeType::Version, Predicate::Contains("1".into())),
            (AttributeType::Number, Predicate::StartsWith("1".into())),
        ] {
            let condition = is("a", kind, predicate);
            assert_eq!(condition.check(), Err(InvalidCondition::WrongType), "{condition:?}");
        }
    }

    #[test]
    fn is_bounded() {
        let mut deep = Condition::All(Vec::new());
        for _ in 0..=MAX_DEPTH {
            deep = Condition::Not(Box::new(deep));
        }
        assert_eq!(deep.check(), Err(InvalidCondition::TooDeep));
        let many = vec![text("x"); MAX_SIZE + 1];
        let large = is("a", AttributeType::String, Predicate::In(many));
        assert_eq!(large.check(), Err(InvalidCondition::TooLarge));
        assert_eq!(Condition::Any(Vec::new()).check(), Ok(()));
    }
}
