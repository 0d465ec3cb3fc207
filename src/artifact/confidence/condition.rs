//! Segments as targeting that a resolver evaluates as the evaluator does.
//!
//! A resolver coerces: it reads the text "5" as the number 5, any text as a boolean, a number as a text and an attribute that is
//! missing as the text "null"; a text that is no number makes it fail. So each test stands behind one that only a text passes, or
//! only what is not a text: a range of versions without an upper end.

use super::shape::{
    AnyConstant, AnyCriterion, AnyExpression, AnyRule, AttributeCriterion, Constant, Criterion, Expression, Operands,
    RangeRule, SegmentCriterion, SemanticVersion, SetRule, StartsWithRule, Targeting,
};
use super::{TARGETING_KEY, version};
use crate::artifact::{AttributeType, Condition, Operand, Predicate, Test, Unsupported};
use prost::Message as _;
use std::collections::{BTreeMap, HashMap};

/// Whether a resolver evaluates a condition as it is meant, on a surface whose units are told by an attribute.
///
/// # Errors
/// The first part that it does not.
pub fn check_condition(condition: &Condition, unit: &str) -> Result<(), Unsupported> {
    targeting(condition, unit).map(|_| ())
}

/// A condition as targeting.
pub(super) fn targeting(condition: &Condition, unit: &str) -> Result<Targeting, Unsupported> {
    let mut writer = Writer { unit, criteria: BTreeMap::new(), names: HashMap::new() };
    let expression = writer.condition(condition)?;
    Ok(Targeting { criteria: writer.criteria, expression: Some(expression) })
}

/// Who has no unit: whose targeting key is missing, no text, or empty.
pub(super) fn without_unit() -> Targeting {
    let mut writer = Writer { unit: "", criteria: BTreeMap::new(), names: HashMap::new() };
    let no_text = not(writer.text(TARGETING_KEY));
    let empty = AnyRule::Set(SetRule { values: vec![constant(AnyConstant::Text(String::new()))] });
    let empty = writer.rule(TARGETING_KEY, empty);
    Targeting { criteria: writer.criteria, expression: Some(or(vec![no_text, empty])) }
}

/// Who is in another segment.
pub(super) fn within(segment: String) -> Targeting {
    let mut writer = Writer { unit: "", criteria: BTreeMap::new(), names: HashMap::new() };
    let expression = writer.named(AnyCriterion::Segment(SegmentCriterion { segment }));
    Targeting { criteria: writer.criteria, expression: Some(expression) }
}

struct Writer<'a> {
    /// The attribute with the unit's id.
    unit: &'a str,
    criteria: BTreeMap<String, Criterion>,
    /// The name of each criterion, by its bytes: the same one is written once.
    names: HashMap<Vec<u8>, String>,
}

impl Writer<'_> {
    fn condition(&mut self, condition: &Condition) -> Result<Expression, Unsupported> {
        Ok(match condition {
            Condition::All(parts) => and(self.each(parts)?),
            Condition::Any(parts) => or(self.each(parts)?),
            Condition::Not(part) => not(self.condition(part)?),
            Condition::Is(test) => self.test(test)?,
        })
    }

    fn each(&mut self, parts: &[Condition]) -> Result<Vec<Expression>, Unsupported> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn test(&mut self, test: &Test) -> Result<Expression, Unsupported> {
        let kind = test.kind;
        let attribute = self.attribute(&test.attribute)?;
        let edge = |operand: &Operand| self::operand(operand, kind).map(Some);
        let range = match &test.predicate {
            Predicate::AtLeast(operand) => RangeRule { start_inclusive: edge(operand)?, ..RangeRule::default() },
            Predicate::AtMost(operand) => RangeRule { end_inclusive: edge(operand)?, ..RangeRule::default() },
            Predicate::Above(operand) => RangeRule { start_exclusive: edge(operand)?, ..RangeRule::default() },
            Predicate::Below(operand) => RangeRule { end_exclusive: edge(operand)?, ..RangeRule::default() },
            Predicate::Equals(operand) => return self.among(attribute, kind, std::slice::from_ref(operand)),
            Predicate::In(operands) => return self.among(attribute, kind, operands),
            Predicate::Exists(true) => return Ok(self.present(attribute, kind)),
            Predicate::Exists(false) => return Ok(not(self.present(attribute, kind))),
            Predicate::StartsWith(value) if kind == AttributeType::String => {
                let starts = AnyRule::StartsWith(StartsWithRule { value: value.clone() });
                return Ok(self.guarded(attribute, kind, starts));
            }
            // The rule that a resolver has for it is newer than most resolvers that are in use.
            Predicate::StartsWith(_) | Predicate::Contains(_) => return Err(Unsupported::Operator),
        };
        match kind {
            AttributeType::Number | AttributeType::Version => Ok(self.guarded(attribute, kind, AnyRule::Range(range))),
            AttributeType::String | AttributeType::Boolean => Err(Unsupported::Operator),
        }
    }

    /// The name under which a resolver looks an attribute up: a dot would be a path, and some names are its own.
    fn attribute<'n>(&self, name: &'n str) -> Result<&'n str, Unsupported> {
        let own = [TARGETING_KEY, "_confidence_skip_apply"];
        if name == self.unit {
            Ok(TARGETING_KEY)
        } else if name.is_empty() || name.contains('.') || own.contains(&name) {
            Err(Unsupported::Attribute(name.to_owned()))
        } else {
            Ok(name)
        }
    }

    /// Whether a value is one of these.
    fn among(&mut self, attribute: &str, kind: AttributeType, operands: &[Operand]) -> Result<Expression, Unsupported> {
        let values = operands.iter().map(|operand| self::operand(operand, kind)).collect::<Result<Vec<_>, _>>()?;
        if kind != AttributeType::Version {
            return Ok(self.guarded(attribute, kind, AnyRule::Set(SetRule { values })));
        }
        // Equal versions may be other texts, which only a range finds.
        let equal = |value: Constant| {
            let end_inclusive = Some(value.clone());
            let range = RangeRule { start_inclusive: Some(value), end_inclusive, ..RangeRule::default() };
            self.guarded(attribute, kind, AnyRule::Range(range))
        };
        Ok(or(values.into_iter().map(equal).collect()))
    }

    /// Whether there is a value of the type.
    fn present(&mut self, attribute: &str, kind: AttributeType) -> Expression {
        let all = match kind {
            AttributeType::String | AttributeType::Version => return self.text(attribute),
            AttributeType::Number => {
                let start_inclusive = Some(constant(AnyConstant::Number(f64::NEG_INFINITY)));
                AnyRule::Range(RangeRule { start_inclusive, ..RangeRule::default() })
            }
            AttributeType::Boolean => {
                let values = [true, false].map(|is| constant(AnyConstant::Boolean(is)));
                AnyRule::Set(SetRule { values: values.to_vec() })
            }
        };
        self.guarded(attribute, kind, all)
    }

    /// A rule that only a value of the type comes to.
    fn guarded(&mut self, attribute: &str, kind: AttributeType, rule: AnyRule) -> Expression {
        let text = self.text(attribute);
        let rule = self.rule(attribute, rule);
        match kind {
            AttributeType::String => and(vec![text, rule]),
            AttributeType::Number | AttributeType::Boolean => and(vec![not(text), rule]),
            // Only a text is ever a version.
            AttributeType::Version => rule,
        }
    }

    /// Whether a value is a text: what is no version at all is the lowest one.
    fn text(&mut self, attribute: &str) -> Expression {
        let lowest = AnyConstant::Version(SemanticVersion { version: "0.0".to_owned() });
        let start_inclusive = Some(constant(lowest));
        self.rule(attribute, AnyRule::Range(RangeRule { start_inclusive, ..RangeRule::default() }))
    }

    fn rule(&mut self, attribute: &str, rule: AnyRule) -> Expression {
        let attribute_name = attribute.to_owned();
        self.named(AnyCriterion::Attribute(AttributeCriterion { attribute_name, rule: Some(rule) }))
    }

    fn named(&mut self, criterion: AnyCriterion) -> Expression {
        let criterion = Criterion { criterion: Some(criterion) };
        let next = self.criteria.len().to_string();
        let name = self.names.entry(criterion.encode_to_vec()).or_insert(next);
        self.criteria.entry(name.clone()).or_insert(criterion);
        Expression { expression: Some(AnyExpression::Ref(name.clone())) }
    }
}

fn and(operands: Vec<Expression>) -> Expression {
    Expression { expression: Some(AnyExpression::And(Operands { operands })) }
}

fn or(operands: Vec<Expression>) -> Expression {
    Expression { expression: Some(AnyExpression::Or(Operands { operands })) }
}

fn not(operand: Expression) -> Expression {
    Expression { expression: Some(AnyExpression::Not(Box::new(operand))) }
}

fn constant(value: AnyConstant) -> Constant {
    Constant { value: Some(value) }
}

fn operand(operand: &Operand, kind: AttributeType) -> Result<Constant, Unsupported> {
    Ok(constant(match (operand, kind) {
        (Operand::Text(text), AttributeType::Version) if !version::is_constant(text) => {
            return Err(Unsupported::Version(text.clone()));
        }
        (Operand::Text(text), AttributeType::Version) => {
            AnyConstant::Version(SemanticVersion { version: text.clone() })
        }
        (Operand::Text(text), AttributeType::String) => AnyConstant::Text(text.clone()),
        (Operand::Boolean(is), AttributeType::Boolean) => AnyConstant::Boolean(*is),
        (Operand::Number(number), AttributeType::Number) if number.is_finite() => AnyConstant::Number(*number),
        (Operand::Number(_), AttributeType::Number) => return Err(Unsupported::Number),
        _ => return Err(Unsupported::Operand),
    }))
}
