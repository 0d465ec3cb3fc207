//! Digests: of texts, of an audience, of an analysis plan.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::artifact::{AttributeType, Condition, Operand, Predicate, Test};
use crate::decl::Share;
use crate::model::{Catalogue, Claim, Role, Surface};

/// The first 128 bits of SHA-256, in hex, over parts of which each is hashed with its length.
#[must_use]
pub fn digest(domain: &str, parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in std::iter::once(&domain).chain(parts) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let digits = |byte: u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    hasher.finalize().iter().take(16).flat_map(|&byte| digits(byte)).collect()
}

/// A salt of 16 hex digits.
pub(super) fn salt(parts: &[&str]) -> String {
    let mut salt = digest("allotment salt", parts);
    salt.truncate(16);
    salt
}

/// The digest of an audience: of what it tests, not of how that is written.
#[must_use]
pub fn segment_digest(condition: &Condition) -> String {
    digest("allotment segment", &[&pinned(condition).to_string()])
}

/// The form of which the digest is made. Locks pin it, so it stays whatever becomes of the form that is served.
fn pinned(condition: &Condition) -> Value {
    let all = |parts: &[Condition]| parts.iter().map(pinned).collect::<Value>();
    match condition {
        Condition::All(parts) => json!({ "all": all(parts) }),
        Condition::Any(parts) => json!({ "any": all(parts) }),
        Condition::Not(part) => json!({ "not": pinned(part) }),
        Condition::Is(test) => {
            json!({ "test": { "attribute": test.attribute, "type": test.kind, "check": pinned_check(test) } })
        }
    }
}

fn pinned_check(test: &Test) -> Value {
    let pinned = |operand: &Operand| match operand {
        Operand::Text(text) if test.kind == AttributeType::Version => json!({ "version": text }),
        Operand::Text(text) => json!({ "text": text }),
        Operand::Number(number) => json!({ "number": number }),
        Operand::Boolean(is) => json!({ "boolean": is }),
    };
    match &test.predicate {
        Predicate::Equals(operand) => json!({ "in": [pinned(operand)] }),
        Predicate::In(operands) => json!({ "in": operands.iter().map(pinned).collect::<Value>() }),
        Predicate::AtLeast(operand) => json!({ "at-least": pinned(operand) }),
        Predicate::AtMost(operand) => json!({ "at-most": pinned(operand) }),
        Predicate::Above(operand) => json!({ "above": pinned(operand) }),
        Predicate::Below(operand) => json!({ "below": pinned(operand) }),
        Predicate::Exists(wanted) => json!({ "exists": wanted }),
        Predicate::StartsWith(part) => json!({ "starts-with": part }),
        Predicate::Contains(part) => json!({ "contains": part }),
    }
}

/// What was promised before launch: metrics with their roles and sizes, and how they are read.
#[derive(Serialize)]
struct AnalysisPlan<'a> {
    north_star: Option<&'a str>,
    metrics: Vec<(u8, &'a str, Option<u32>, Option<u32>)>,
    method: Option<&'a str>,
    looks: Option<String>,
    confidence: Option<u32>,
    power: Option<u32>,
    spending: Option<&'a str>,
}

/// The digest of a claim's analysis plan, with everything it inherits.
#[must_use]
pub fn analysis_digest(catalogue: &Catalogue, claim: &Claim, surface: &Surface) -> String {
    let own = claim.experiment().and_then(|experiment| experiment.analysis.as_ref());
    let root = catalogue.root.as_ref().and_then(|(_, root)| root.analysis.as_ref());
    let share = |share: &crate::decl::At<Share>| share.value.0;
    let mut metrics: Vec<_> = claim
        .tracked
        .iter()
        .map(|tracked| {
            let role = match tracked.role {
                Role::Success => 0,
                Role::Guardrail => 1,
                Role::Required => 2,
            };
            (role, tracked.id.as_str(), tracked.mde.map(|mde| mde.0), tracked.margin.map(|margin| margin.0))
        })
        .collect();
    metrics.sort_unstable();
    let plan = AnalysisPlan {
        north_star: surface.written.north_star.as_ref().map(|metric| metric.value.as_str()),
        metrics,
        method: own
            .and_then(|own| own.method.as_ref())
            .or(root.and_then(|root| root.method.as_ref()))
            .map(|method| method.value.word()),
        looks: own
            .and_then(|own| own.looks.as_ref())
            .or(root.and_then(|root| root.looks.as_ref()))
            .map(|looks| format!("{:?}", looks.value)),
        confidence: own.and_then(|own| own.confidence.as_ref()).or(root.and_then(|r| r.confidence.as_ref())).map(share),
        power: own.and_then(|own| own.power.as_ref()).or(root.and_then(|root| root.power.as_ref())).map(share),
        spending: own
            .and_then(|own| own.spending.as_ref())
            .or(root.and_then(|root| root.spending.as_ref()))
            .map(|spending| spending.value.word()),
    };
    digest("allotment plan", &[&serde_json::to_string(&plan).unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_locks_pin_stays() {
        let is =
            |attribute: &str, kind, predicate| Condition::Is(Test { attribute: attribute.to_owned(), kind, predicate });
        let text = |text: &str| Operand::Text(text.to_owned());
        let condition = Condition::All(vec![
            is("country", AttributeType::String, Predicate::In(vec![text("DK"), text("FI")])),
            is("plan", AttributeType::String, Predicate::Equals(text("premium"))),
            is("app", AttributeType::Version, Predicate::AtLeast(text("9.4.0"))),
            Condition::Not(Box::new(is("employee", AttributeType::Boolean, Predicate::Equals(Operand::Boolean(true))))),
            Condition::Any(vec![
                is("age", AttributeType::Number, Predicate::Below(Operand::Number(21.0))),
                is("city", AttributeType::String, Predicate::StartsWith("S".to_owned())),
                is("city", AttributeType::String, Predicate::Exists(false)),
            ]),
        ]);
        assert_eq!(
            pinned(&condition).to_string(),
            concat!(
                r#"{"all":[{"test":{"attribute":"country","type":"string","check":{"in":[{"text":"DK"},{"text":"FI"}]}}},"#,
                r#"{"test":{"attribute":"plan","type":"string","check":{"in":[{"text":"premium"}]}}},"#,
                r#"{"test":{"attribute":"app","type":"version","check":{"at-least":{"version":"9.4.0"}}}},"#,
                r#"{"not":{"test":{"attribute":"employee","type":"boolean","check":{"in":[{"boolean":true}]}}}},"#,
                r#"{"any":[{"test":{"attribute":"age","type":"number","check":{"below":{"number":21.0}}}},"#,
                r#"{"test":{"attribute":"city","type":"string","check":{"starts-with":"S"}}},"#,
                r#"{"test":{"attribute":"city","type":"string","check":{"exists":false}}}]}]}"#
            )
        );
    }
}
