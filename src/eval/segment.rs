//! Whether a unit is in a segment.

use super::coerce::{Digits, coerced};
use super::visit::{Event, Visitor};
use super::{AttributeValue, Attributes};
use crate::artifact::{AttributeType, Condition, Operand, Predicate, Test, compare_versions, confidence, eppo};
use crate::bucket::Scheme;
use std::cmp::Ordering;

/// The unit whose attributes are tested.
pub(super) struct Subject<'a, A> {
    pub(super) attributes: &'a A,
    /// The attribute that holds the unit's id, which need not be given twice.
    pub(super) unit_attribute: &'a str,
    pub(super) unit: &'a str,
    /// Whose SDKs are to say the same.
    pub(super) scheme: Scheme,
}

impl<A: Attributes> Subject<'_, A> {
    /// Whether a condition holds. It recurses no deeper than [`Condition::check`] allows.
    pub(super) fn satisfies(&self, condition: &Condition, visitor: &mut impl Visitor) -> bool {
        match condition {
            Condition::All(parts) => parts.iter().all(|part| self.satisfies(part, visitor)),
            Condition::Any(parts) => parts.iter().any(|part| self.satisfies(part, visitor)),
            Condition::Not(part) => !self.satisfies(part, visitor),
            Condition::Is(test) => {
                let value = self.value(&test.attribute);
                let passed = passes(test, value, self.scheme);
                visitor.visit(Event::Test { test, value, passed });
                passed
            }
        }
    }

    fn value(&self, name: &str) -> Option<AttributeValue<'_>> {
        let given = self.attributes.attribute(name);
        given.or_else(|| (name == self.unit_attribute).then_some(AttributeValue::Text(self.unit)))
    }
}

/// Whether a value passes a test. One that is missing, or of another type than declared, is only
/// ever absent; what is of a type, a scheme's SDKs say.
fn passes(test: &Test, value: Option<AttributeValue<'_>>, scheme: Scheme) -> bool {
    if scheme == Scheme::Eppo {
        let mut digits = Digits::new();
        let typed = value.and_then(|value| coerced(value, test.kind, &mut digits));
        holds(test, typed, eppo::compare_versions)
    } else {
        let versions = if scheme == Scheme::Confidence { confidence::compare_versions } else { compare_versions };
        holds(test, value.filter(|value| is_of(*value, test.kind)), versions)
    }
}

/// Whether a test holds of a value of its type.
fn holds(test: &Test, typed: Option<AttributeValue<'_>>, versions: fn(&str, &str) -> Ordering) -> bool {
    let order = |operand: &Operand| typed.and_then(|value| compare(value, operand, test.kind, versions));
    match &test.predicate {
        Predicate::Exists(wanted) => typed.is_some() == *wanted,
        Predicate::Equals(operand) => order(operand) == Some(Ordering::Equal),
        Predicate::In(operands) => operands.iter().any(|operand| order(operand) == Some(Ordering::Equal)),
        Predicate::AtLeast(operand) => order(operand).is_some_and(Ordering::is_ge),
        Predicate::AtMost(operand) => order(operand).is_some_and(Ordering::is_le),
        Predicate::Above(operand) => order(operand).is_some_and(Ordering::is_gt),
        Predicate::Below(operand) => order(operand).is_some_and(Ordering::is_lt),
        Predicate::StartsWith(part) => text(typed).is_some_and(|text| text.starts_with(part.as_str())),
        Predicate::Contains(part) => text(typed).is_some_and(|text| text.contains(part.as_str())),
    }
}

const fn is_of(value: AttributeValue<'_>, kind: AttributeType) -> bool {
    matches!(
        (value, kind),
        (AttributeValue::Text(_), AttributeType::String | AttributeType::Version)
            | (AttributeValue::Number(_), AttributeType::Number)
            | (AttributeValue::Boolean(_), AttributeType::Boolean)
    )
}

fn compare(
    value: AttributeValue<'_>,
    operand: &Operand,
    kind: AttributeType,
    versions: fn(&str, &str) -> Ordering,
) -> Option<Ordering> {
    match (value, operand) {
        (AttributeValue::Text(text), Operand::Text(constant)) if kind == AttributeType::Version => {
            Some(versions(text, constant))
        }
        (AttributeValue::Text(text), Operand::Text(constant)) => Some(text.cmp(constant)),
        // Not a number is neither equal, nor above, nor below.
        (AttributeValue::Number(number), Operand::Number(constant)) => number.partial_cmp(constant),
        (AttributeValue::Boolean(is), Operand::Boolean(constant)) => Some(is.cmp(constant)),
        _ => None,
    }
}

fn text(value: Option<AttributeValue<'_>>) -> Option<&str> {
    match value {
        Some(AttributeValue::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::sample;
    use crate::eval::visit::Silent;

    #[test]
    fn answers_as_the_sdks_do() {
        for scheme in [Scheme::GrowthBook, Scheme::Eppo] {
            let cases = sample::sdk_cases(scheme);
            assert!(cases.len() > 150);
            for case in cases {
                let subject = Subject { attributes: &case.attributes, unit_attribute: "user-id", unit: "u", scheme };
                assert_eq!(subject.satisfies(&case.meant, &mut Silent), case.holds, "{scheme}: {}", case.name);
            }
        }
    }

    #[test]
    fn lists_without_members() {
        let subject = Subject { attributes: &(), unit_attribute: "user-id", unit: "u", scheme: Scheme::GrowthBook };
        assert!(subject.satisfies(&Condition::All(Vec::new()), &mut Silent));
        assert!(!subject.satisfies(&Condition::Any(Vec::new()), &mut Silent));
    }

    #[test]
    fn a_predicate_that_does_not_go_with_its_type_fails() {
        let attributes = [("a", AttributeValue::Text("x")), ("n", AttributeValue::Number(f64::NAN))];
        let subject =
            Subject { attributes: &attributes, unit_attribute: "user-id", unit: "u", scheme: Scheme::GrowthBook };
        let test =
            |attribute: &str, kind, predicate| Condition::Is(Test { attribute: attribute.into(), kind, predicate });
        for condition in [
            test("a", AttributeType::String, Predicate::Equals(Operand::Number(1.0))),
            test("n", AttributeType::Number, Predicate::Equals(Operand::Number(f64::NAN))),
            test("n", AttributeType::Number, Predicate::AtLeast(Operand::Number(0.0))),
            test("n", AttributeType::Number, Predicate::Contains("x".into())),
        ] {
            assert!(!subject.satisfies(&condition, &mut Silent), "{condition:?}");
        }
        let id = test("user-id", AttributeType::String, Predicate::StartsWith("u".into()));
        assert!(subject.satisfies(&id, &mut Silent));
    }
}
