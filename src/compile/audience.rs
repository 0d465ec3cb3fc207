//! A segment's predicate as the condition that is served.

use crate::artifact::{AttributeType, Condition, Operand, Predicate as Tested, Test};
use crate::model::{Check, Operand as Meant, Predicate, Typed};

/// The condition of a predicate.
#[must_use]
pub fn condition(predicate: &Predicate) -> Condition {
    match predicate {
        Predicate::All(parts) => Condition::All(parts.iter().map(condition).collect()),
        Predicate::Any(parts) => Condition::Any(parts.iter().map(condition).collect()),
        Predicate::Not(part) => Condition::Not(Box::new(condition(part))),
        Predicate::Test { attribute, r#type, check } => Condition::Is(Test {
            attribute: attribute.clone(),
            kind: match r#type {
                Typed::String => AttributeType::String,
                Typed::Number => AttributeType::Number,
                Typed::Boolean => AttributeType::Boolean,
                Typed::Version => AttributeType::Version,
            },
            predicate: tested(check),
        }),
    }
}

fn tested(check: &Check) -> Tested {
    match check {
        Check::In(list) => match list.as_slice() {
            [single] => Tested::Equals(operand(single)),
            list => Tested::In(list.iter().map(operand).collect()),
        },
        Check::AtLeast(bound) => Tested::AtLeast(operand(bound)),
        Check::AtMost(bound) => Tested::AtMost(operand(bound)),
        Check::Above(bound) => Tested::Above(operand(bound)),
        Check::Below(bound) => Tested::Below(operand(bound)),
        Check::Exists(wanted) => Tested::Exists(*wanted),
        Check::StartsWith(text) => Tested::StartsWith(text.clone()),
        Check::Contains(text) => Tested::Contains(text.clone()),
    }
}

fn operand(meant: &Meant) -> Operand {
    match meant {
        Meant::Text(text) | Meant::Version(text) => Operand::Text(text.clone()),
        Meant::Number(number) => Operand::Number(*number),
        Meant::Boolean(value) => Operand::Boolean(*value),
    }
}
