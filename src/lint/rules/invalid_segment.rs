//! `invalid-segment`: tests that no unit can pass, or that do not suit their attribute. Most are found while reading.

use crate::decl::{At, Clause, Literal, Test, Value};
use crate::diag::{Diagnostic, Fix, closest, slip};
use crate::lint::{Check, Context, Group, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "invalid-segment",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a segment's test is empty, or does not suit its attribute",
    page: include_str!("invalid_segment.md"),
    check: Check::Catalogue(check),
};

/// Values that an attribute can never have.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for segment in context.catalogue.segments.values() {
        if let Some(clause) = segment.written.r#where.as_ref() {
            strangers(context, clause, &mut findings);
        }
    }
    findings
}

fn strangers(context: &Context<'_>, clause: &Clause, findings: &mut Vec<Diagnostic>) {
    let attributes = context.catalogue.root.as_ref().and_then(|(_, root)| root.attributes.as_ref());
    for (id, test) in &clause.tests {
        let declared = attributes.and_then(|attributes| attributes.get(id));
        let Some(values) = declared.and_then(|(_, attribute)| attribute.values.as_ref()) else { continue };
        match &test.value {
            Test::Equals(literal) => findings.extend(stranger(id, literal, test.span, values)),
            Test::In(list) => {
                findings.extend(list.iter().filter_map(|item| stranger(id, &item.value, item.span, values)))
            }
            _ => {}
        }
    }
    clause.parts().for_each(|part| strangers(context, part, findings));
}

fn stranger(attribute: &str, literal: &Literal, span: Span, values: &At<Vec<At<Value>>>) -> Option<Diagnostic> {
    let same = |value: &At<Value>| match (&value.0, literal) {
        (serde_json::Value::String(known), Literal::Text(text)) => known == text,
        (serde_json::Value::Number(known), Literal::Number(number)) => known.as_f64() == Some(*number),
        (serde_json::Value::Bool(known), Literal::Boolean(value)) => known == value,
        // Another type is a finding of its own.
        _ => true,
    };
    if values.iter().any(same) {
        return None;
    }
    let shown = match literal {
        Literal::Text(text) => format!("\"{}\"", crate::diag::shown(text)),
        Literal::Number(number) => number.to_string(),
        Literal::Boolean(value) => value.to_string(),
    };
    let texts: Vec<&str> = values.iter().filter_map(|value| value.0.as_str()).collect();
    let text = if let Literal::Text(text) = literal { Some(text) } else { None };
    let near = text.and_then(|text| closest(text, texts.iter().copied()));
    let sure = text.and_then(|text| slip(text, texts.iter().copied()));
    let help = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            let known: Vec<String> = values.iter().take(12).map(|value| value.0.to_string()).collect();
            let more = if values.len() > known.len() { ", …" } else { "" };
            format!("its values are {}{more}", known.join(", "))
        }
    };
    let fix =
        sure.map(|sure| Fix::replace(span, serde_json::Value::from(sure).to_string(), format!("write \"{sure}\"")));
    let finding = Diagnostic::new(RULE.name, span, format!("`{attribute}` is never {shown}")).help(help).fix(fix);
    Some(finding.related(values.span, "its values"))
}
