//! What a segment tests, with the type of every attribute known.

use serde::Serialize;

use crate::artifact;
use crate::decl::{At, AttributeType, Clause, Comparison, Literal, Test};
use crate::diag::shown;
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
    pub help: String,
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
            let check = check(id, test, kind, wrong)?;
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

/// Every test of a clause on its own, with its place; those that do not suit their attribute are left out.
pub(crate) fn tests(clause: &Clause, attribute: &dyn Fn(&str) -> Option<AttributeType>) -> Vec<(Span, Predicate)> {
    let mut found = Vec::new();
    for (id, test) in &clause.tests {
        let typed = attribute(id).and_then(|kind| {
            let check = check(id, test, kind, &mut Vec::new())?;
            Some(Predicate::Test { attribute: id.value.clone(), r#type: kind.into(), check })
        });
        found.extend(typed.map(|typed| (test.span, typed)));
    }
    found.extend(clause.parts().flat_map(|part| tests(part, attribute)));
    found
}

impl Predicate {
    /// The condition that is served for it.
    #[must_use]
    pub fn condition(&self) -> artifact::Condition {
        use artifact::Condition;
        let all = |parts: &[Self]| parts.iter().map(Self::condition).collect();
        match self {
            Self::All(parts) => Condition::All(all(parts)),
            Self::Any(parts) => Condition::Any(all(parts)),
            Self::Not(part) => Condition::Not(Box::new(part.condition())),
            Self::Test { attribute, r#type, check } => Condition::Is(artifact::Test {
                attribute: attribute.clone(),
                kind: r#type.served(),
                predicate: check.served(),
            }),
        }
    }
}

impl Typed {
    fn served(self) -> artifact::AttributeType {
        match self {
            Self::String => artifact::AttributeType::String,
            Self::Number => artifact::AttributeType::Number,
            Self::Boolean => artifact::AttributeType::Boolean,
            Self::Version => artifact::AttributeType::Version,
        }
    }
}

impl Check {
    fn served(&self) -> artifact::Predicate {
        use artifact::Predicate;
        match self {
            Self::In(list) => match list.as_slice() {
                [only] => Predicate::Equals(only.served()),
                list => Predicate::In(list.iter().map(Operand::served).collect()),
            },
            Self::AtLeast(operand) => Predicate::AtLeast(operand.served()),
            Self::AtMost(operand) => Predicate::AtMost(operand.served()),
            Self::Above(operand) => Predicate::Above(operand.served()),
            Self::Below(operand) => Predicate::Below(operand.served()),
            Self::Exists(wanted) => Predicate::Exists(*wanted),
            Self::StartsWith(part) => Predicate::StartsWith(part.clone()),
            Self::Contains(part) => Predicate::Contains(part.clone()),
        }
    }
}

impl Operand {
    fn served(&self) -> artifact::Operand {
        match self {
            Self::Text(text) | Self::Version(text) => artifact::Operand::Text(text.clone()),
            Self::Number(number) => artifact::Operand::Number(*number),
            Self::Boolean(value) => artifact::Operand::Boolean(*value),
        }
    }
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

fn check(id: &str, test: &At<Test>, kind: AttributeType, wrong: &mut Vec<Mismatch>) -> Option<Check> {
    let before = wrong.len();
    let mut operand = |literal: &Literal, span: Span| match operand(id, literal, kind) {
        Ok(operand) => Some(operand),
        Err((message, help)) => {
            wrong.push(Mismatch { span, message, help });
            None
        }
    };
    let word = kind.word();
    let check = match &test.value {
        Test::Equals(literal) => Check::In(vec![operand(literal, test.span)?]),
        Test::In(list) => {
            let list: Vec<_> = list.iter().map(|item| operand(&item.value, item.span)).collect();
            Check::In(list.into_iter().collect::<Option<_>>()?)
        }
        Test::Compare(comparison, literal) => {
            let operand = operand(literal, test.span)?;
            if !matches!(kind, AttributeType::Number | AttributeType::Version) {
                let message = format!("`{}` is a {word}, and a {word} is neither above nor below another", shown(id));
                let help = "only numbers and versions have an order: name the values, as in `in = [\"…\"]`".to_owned();
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
                let message = format!("`{}` is a {word}, and only strings have parts to look for", shown(id));
                let help = "compare it with a value, or make the attribute a string in `allotment.toml`".to_owned();
                wrong.push(Mismatch { span: test.span, message, help });
            } else if text.is_empty() {
                let message = "an empty text is in every string".to_owned();
                let help = "write the text to look for, or `exists = true`".to_owned();
                wrong.push(Mismatch { span: test.span, message, help });
            }
            match &test.value {
                Test::StartsWith(_) => Check::StartsWith(text.clone()),
                _ => Check::Contains(text.clone()),
            }
        }
    };
    (wrong.len() == before).then_some(check)
}

/// A literal as an operand of an attribute's type, or what is wrong with it and how to mend it.
fn operand(id: &str, literal: &Literal, kind: AttributeType) -> Result<Operand, (String, String)> {
    match (kind, literal) {
        (AttributeType::String, Literal::Text(text)) => return Ok(Operand::Text(text.clone())),
        (AttributeType::Number, Literal::Number(number)) => return Ok(Operand::Number(*number)),
        (AttributeType::Boolean, Literal::Boolean(value)) => return Ok(Operand::Boolean(*value)),
        (AttributeType::Version, Literal::Text(text)) if is_version(text) => return Ok(Operand::Version(text.clone())),
        _ => {}
    }
    let written = match literal {
        Literal::Text(text) => format!("\"{}\"", shown(text)),
        Literal::Number(number) => number.to_string(),
        Literal::Boolean(value) => value.to_string(),
    };
    let how = match kind {
        AttributeType::String => "write a string, in quotes",
        AttributeType::Number => "write a number, without quotes",
        AttributeType::Boolean => "write `true` or `false`, without quotes",
        AttributeType::Version => "write a version such as \"9.4.0\"",
    };
    let message = format!("`{}` is a {}, and {written} is not", shown(id), kind.word());
    Err((message, format!("{how}, or correct the attribute's type in `allotment.toml`")))
}

/// Whether a text is a version: one to four numbers joined by dots, and what may follow `-` or `+`.
fn is_version(text: &str) -> bool {
    let (core, suffix) = match text.split_once(['-', '+']) {
        Some((core, suffix)) => (core, Some(suffix)),
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
