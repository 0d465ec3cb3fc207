//! What a segment tests, with the type of every attribute known: the condition that is served for it.

use crate::artifact::{self, AttributeType, Condition, Operand, Predicate};
use crate::decl::{self, At, Clause, Comparison, Literal, Test};
use crate::diag::shown;
use crate::source::Span;

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
    attribute: &dyn Fn(&str) -> Option<decl::AttributeType>,
    wrong: &mut Vec<Mismatch>,
) -> Option<Condition> {
    let mut parts: Vec<Option<Condition>> = Vec::new();
    for (id, test) in &clause.tests {
        parts.push(attribute(id).and_then(|kind| served(id, test, kind, wrong)));
    }
    parts.extend(clause.all.iter().map(|part| typed(part, attribute, wrong)));
    for list in &clause.any {
        let any: Vec<_> = list.iter().map(|part| typed(part, attribute, wrong)).collect();
        parts.push(any.into_iter().collect::<Option<Vec<_>>>().map(Condition::Any));
    }
    parts
        .extend(clause.not.iter().map(|part| typed(part, attribute, wrong).map(|part| Condition::Not(Box::new(part)))));
    let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    Some(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
}

/// Every test of a clause on its own, with its place; those that do not suit their attribute are left out.
pub(crate) fn tests(
    clause: &Clause,
    attribute: &dyn Fn(&str) -> Option<decl::AttributeType>,
) -> Vec<(Span, Condition)> {
    let mut found = Vec::new();
    for (id, test) in &clause.tests {
        let typed = attribute(id).and_then(|kind| served(id, test, kind, &mut Vec::new()));
        found.extend(typed.map(|typed| (test.span, typed)));
    }
    found.extend(clause.parts().flat_map(|part| tests(part, attribute)));
    found
}

/// The types that declarations name are those that are served.
impl From<decl::AttributeType> for AttributeType {
    fn from(kind: decl::AttributeType) -> Self {
        match kind {
            decl::AttributeType::String => Self::String,
            decl::AttributeType::Number => Self::Number,
            decl::AttributeType::Boolean => Self::Boolean,
            decl::AttributeType::Version => Self::Version,
        }
    }
}

fn served(id: &At<String>, test: &At<Test>, kind: decl::AttributeType, wrong: &mut Vec<Mismatch>) -> Option<Condition> {
    let predicate = predicate(&id.value, test, kind, wrong)?;
    Some(Condition::Is(artifact::Test { attribute: id.value.clone(), kind: kind.into(), predicate }))
}

fn predicate(id: &str, test: &At<Test>, kind: decl::AttributeType, wrong: &mut Vec<Mismatch>) -> Option<Predicate> {
    let before = wrong.len();
    let mut operand = |literal: &Literal, span: Span| match operand(id, literal, kind) {
        Ok(operand) => Some(operand),
        Err((message, help)) => {
            wrong.push(Mismatch { span, message, help });
            None
        }
    };
    let word = kind.word();
    let predicate = match &test.value {
        Test::Equals(literal) => Predicate::Equals(operand(literal, test.span)?),
        Test::In(list) => {
            let list: Vec<_> = list.iter().map(|item| operand(&item.value, item.span)).collect();
            let mut list: Vec<_> = list.into_iter().collect::<Option<_>>()?;
            // One of one value is that value, however it is written.
            if list.len() == 1 { Predicate::Equals(list.remove(0)) } else { Predicate::In(list) }
        }
        Test::Compare(comparison, literal) => {
            let operand = operand(literal, test.span)?;
            if !matches!(kind, decl::AttributeType::Number | decl::AttributeType::Version) {
                let message = format!("`{}` is a {word}, and a {word} is neither above nor below another", shown(id));
                let help = "only numbers and versions have an order: name the values, as in `in = [\"…\"]`".to_owned();
                wrong.push(Mismatch { span: test.span, message, help });
            }
            match comparison {
                Comparison::AtLeast => Predicate::AtLeast(operand),
                Comparison::AtMost => Predicate::AtMost(operand),
                Comparison::Above => Predicate::Above(operand),
                Comparison::Below => Predicate::Below(operand),
            }
        }
        Test::Exists(exists) => Predicate::Exists(*exists),
        Test::StartsWith(text) | Test::Contains(text) => {
            if kind != decl::AttributeType::String {
                let message = format!("`{}` is a {word}, and only strings have parts to look for", shown(id));
                let help = "compare it with a value, or make the attribute a string in `allotment.toml`".to_owned();
                wrong.push(Mismatch { span: test.span, message, help });
            } else if text.is_empty() {
                let message = "an empty text is in every string".to_owned();
                let help = "write the text to look for, or `exists = true`".to_owned();
                wrong.push(Mismatch { span: test.span, message, help });
            }
            match &test.value {
                Test::StartsWith(_) => Predicate::StartsWith(text.clone()),
                _ => Predicate::Contains(text.clone()),
            }
        }
    };
    (wrong.len() == before).then_some(predicate)
}

/// A literal as an operand of an attribute's type, or what is wrong with it and how to mend it.
fn operand(id: &str, literal: &Literal, kind: decl::AttributeType) -> Result<Operand, (String, String)> {
    match (kind, literal) {
        (decl::AttributeType::String, Literal::Text(text)) => return Ok(Operand::Text(text.clone())),
        (decl::AttributeType::Number, Literal::Number(number)) => return Ok(Operand::Number(*number)),
        (decl::AttributeType::Boolean, Literal::Boolean(value)) => return Ok(Operand::Boolean(*value)),
        (decl::AttributeType::Version, Literal::Text(text)) if is_version(text) => {
            return Ok(Operand::Text(text.clone()));
        }
        _ => {}
    }
    let written = match literal {
        Literal::Text(text) => format!("\"{}\"", shown(text)),
        Literal::Number(number) => number.to_string(),
        Literal::Boolean(value) => value.to_string(),
    };
    let how = match kind {
        decl::AttributeType::String => "write a string, in quotes",
        decl::AttributeType::Number => "write a number, without quotes",
        decl::AttributeType::Boolean => "write `true` or `false`, without quotes",
        decl::AttributeType::Version => "write a version such as \"9.4.0\"",
    };
    let message = format!("`{}` is a {}, and {written} is not", shown(id), kind.word());
    Err((message, format!("{how}, or correct the attribute's type in `allotment.toml`")))
}

/// Whether a text is a version: one to four numbers joined by dots, and what may follow `-` or `+`.
#[must_use]
pub fn is_version(text: &str) -> bool {
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
