//! What a segment tests, with the type of every attribute known.

use serde::Serialize;

use crate::decl::{AttributeType, Clause, Comparison, Literal, Test};
use crate::source::Span;

/// A typed operand.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operand {
    Text(String),
    Number(f64),
    Boolean(bool),
    Version(String),
}

/// What is asked of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    In(Vec<Operand>),
    AtLeast(Operand),
    AtMost(Operand),
    Above(Operand),
    Below(Operand),
    Exists(bool),
    StartsWith(String),
    Contains(String),
}

/// A predicate over attributes. Its serialised form is what a segment's digest is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Test { attribute: String, r#type: Typed, check: Check },
}

/// The type of the tested attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Typed {
    String,
    Number,
    Boolean,
    Version,
}

/// A literal or a comparison that does not suit its attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub span: Span,
    pub message: String,
    pub help: &'static str,
}

/// Types a clause. Attributes that are not declared are left out; they are reported as unknown references.
pub(crate) fn typed(
    clause: &Clause,
    attribute: &dyn Fn(&str) -> Option<AttributeType>,
    wrong: &mut Vec<Mismatch>,
) -> Option<Predicate> {
    let mut parts: Vec<Option<Predicate>> = Vec::new();
    for (id, test) in &clause.tests {
        parts.push(attribute(id).and_then(|kind| {
            let check = check(test, kind, wrong)?;
            Some(Predicate::Test { attribute: id.value.clone(), r#type: kind.into(), check })
        }));
    }
    parts.extend(clause.all.iter().map(|part| typed(part, attribute, wrong)));
    for list in &clause.any {
        let any: Vec<_> = list.iter().map(|part| typed(part, attribute, wrong)).collect();
        parts.push(any.into_iter().collect::<Option<Vec<_>>>().map(Predicate::Any));
    }
    parts
        .extend(clause.not.iter().map(|part| typed(part, attribute, wrong).map(|part| Predicate::Not(Box::new(part)))));
    let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    Some(if parts.len() == 1 { parts.remove(0) } else { Predicate::All(parts) })
}

impl From<AttributeType> for Typed {
    fn from(kind: AttributeType) -> Self {
        match kind {
            AttributeType::String => Self::String,
            AttributeType::Number => Self::Number,
            AttributeType::Boolean => Self::Boolean,
            AttributeType::Version => Self::Version,
        }
    }
}

fn check(test: &crate::decl::At<Test>, kind: AttributeType, wrong: &mut Vec<Mismatch>) -> Option<Check> {
    let before = wrong.len();
    let mut operand = |literal: &Literal, span: Span| match operand(literal, kind) {
        Ok(operand) => Some(operand),
        Err((message, help)) => {
            wrong.push(Mismatch { span, message, help });
            None
        }
    };
    let check = match &test.value {
        Test::Equals(literal) => Check::In(vec![operand(literal, test.span)?]),
        Test::In(list) => {
            let list: Vec<_> = list.iter().map(|item| operand(&item.value, item.span)).collect();
            Check::In(list.into_iter().collect::<Option<_>>()?)
        }
        Test::Compare(comparison, literal) => {
            let operand = operand(literal, test.span)?;
            if !matches!(kind, AttributeType::Number | AttributeType::Version) {
                let message = format!("a {} cannot be compared by size", kind.word());
                let help = "compare numbers and versions; test others with `equals` or `in`";
                wrong.push(Mismatch { span: test.span, message, help });
            }
            match comparison {
                Comparison::AtLeast => Check::AtLeast(operand),
                Comparison::AtMost => Check::AtMost(operand),
                Comparison::Above => Check::Above(operand),
                Comparison::Below => Check::Below(operand),
            }
        }
        Test::Exists(exists) => Check::Exists(*exists),
        Test::StartsWith(text) | Test::Contains(text) => {
            if kind != AttributeType::String {
                let message = format!("a {} has no beginning or part to look for", kind.word());
                wrong.push(Mismatch { span: test.span, message, help: "use `starts-with` and `contains` on strings" });
            }
            if text.is_empty() {
                let message = "an empty text is in every string".to_owned();
                wrong.push(Mismatch { span: test.span, message, help: "use `exists = true`" });
            }
            match &test.value {
                Test::StartsWith(_) => Check::StartsWith(text.clone()),
                _ => Check::Contains(text.clone()),
            }
        }
    };
    (wrong.len() == before).then_some(check)
}

fn operand(literal: &Literal, kind: AttributeType) -> Result<Operand, (String, &'static str)> {
    match (kind, literal) {
        (AttributeType::String, Literal::Text(text)) => Ok(Operand::Text(text.clone())),
        (AttributeType::Number, Literal::Number(number)) => Ok(Operand::Number(*number)),
        (AttributeType::Boolean, Literal::Boolean(value)) => Ok(Operand::Boolean(*value)),
        (AttributeType::Version, Literal::Text(text)) if is_version(text) => Ok(Operand::Version(text.clone())),
        (AttributeType::Version, _) => {
            Err(("this attribute is a version, and this is none".to_owned(), "write it as \"9.4.0\""))
        }
        _ => Err((
            format!("this attribute is a {}, and the literal is not", kind.word()),
            "write a literal of the attribute's type, or correct its type in `allotment.toml`",
        )),
    }
}

/// Whether a text is a version: one to four numbers joined by dots, and what may follow `-` or `+`.
fn is_version(text: &str) -> bool {
    let (core, suffix) = match text.find(['-', '+']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let numbers: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    numbers.len() <= 4
        && numbers.iter().all(number)
        && suffix.is_none_or(|suffix| !suffix.is_empty() && suffix.len() <= 64 && suffix.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn versions() {
        for good in ["9", "9.4", "9.4.0", "1.2.3.4", "9.4.0-beta.1", "9.10.0+build"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "v9", "9.", ".9", "9.4.0-", "1.2.3.4.5", "nine", "9999999999"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
