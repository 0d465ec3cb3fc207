//! Findings as SARIF 2.1.0, for code scanning and editors.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::HashMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::address::masked;
use crate::diag::{Diagnostic, Fix, Severity};
use crate::lint::{Rule, rules};
use crate::source::{FileId, Sources, Span};

/// A SARIF log of one run; `prefix` is the way from the repository's top to the catalogue's root, such as `catalogue/`.
#[must_use]
pub fn findings(prefix: &str, sources: &Sources, findings: &[Diagnostic]) -> String {
    let writer = Writer { prefix, sources };
    let mut seen: HashMap<[u8; 32], usize> = HashMap::new();
    let results: Vec<Value> = findings.iter().map(|finding| writer.result(finding, &mut seen)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "allot",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules::ALL.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            // Columns count characters, as everywhere in allot.
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "%SRCROOT%": { "description": { "text": "the top of the repository" } }
            },
            "results": results,
        }]
    });
    format!("{log}\n")
}

/// What a viewer shows of a rule.
fn descriptor(rule: &Rule) -> Value {
    let mut tags = vec![rule.group.name()];
    tags.extend(rule.serving.then_some("serving"));
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.summary },
        "help": { "text": rule.page, "markdown": rule.page },
        "defaultConfiguration": { "level": rule.default_level().word() },
        "properties": { "tags": tags },
    })
}

struct Writer<'a> {
    prefix: &'a str,
    sources: &'a Sources,
}

impl Writer<'_> {
    fn result(&self, finding: &Diagnostic, seen: &mut HashMap<[u8; 32], usize>) -> Value {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let text = match &finding.help {
            Some(help) => format!("{}\nhelp: {help}", finding.message),
            None => finding.message.clone(),
        };
        let mut result = json!({
            "ruleId": finding.rule,
            "level": level,
            "message": { "text": text },
            "locations": [{ "physicalLocation": self.place(finding.span) }],
            "partialFingerprints": { "allotment/v1": self.fingerprint(finding, seen) },
        });
        let Some(fields) = result.as_object_mut() else { return result };
        if let Ok(index) = rules::ALL.binary_search_by(|rule| rule.name.cmp(finding.rule)) {
            fields.insert("ruleIndex".to_owned(), json!(index));
        }
        if !finding.related.is_empty() {
            let related = finding.related.iter().enumerate().map(|(id, label)| {
                json!({ "id": id, "physicalLocation": self.place(label.span), "message": { "text": label.message } })
            });
            fields.insert("relatedLocations".to_owned(), related.collect());
        }
        // What a fix inserts is written as it is, and so a secret would be.
        let bare = |fix: &&Fix| fix.edits.iter().all(|edit| masked(&edit.text) == edit.text);
        if let Some(fix) = finding.fix.as_ref().filter(bare) {
            fields.insert("fixes".to_owned(), json!([self.fix(finding.span.file, fix)]));
        }
        result
    }

    fn artifact(&self, file: FileId) -> Value {
        let path = format!("{}{}", self.prefix, self.sources.path(file));
        json!({ "uri": encoded(&path), "uriBaseId": "%SRCROOT%" })
    }

    fn place(&self, span: Span) -> Value {
        json!({ "artifactLocation": self.artifact(span.file), "region": self.region(span) })
    }

    fn region(&self, span: Span) -> Value {
        let at = self.sources.position(span);
        json!({
            "startLine": at.line, "startColumn": at.column, "endLine": at.end_line, "endColumn": at.end_column
        })
    }

    fn fix(&self, file: FileId, fix: &Fix) -> Value {
        let replacements = fix
            .edits
            .iter()
            .map(|edit| json!({ "deletedRegion": self.region(edit.span), "insertedContent": { "text": edit.text } }));
        json!({
            "description": { "text": fix.title },
            "artifactChanges": [{
                "artifactLocation": self.artifact(file),
                "replacements": replacements.collect::<Vec<_>>(),
            }]
        })
    }

    /// Rule, path and the text at the place, and a count where these agree: it stays when lines above it change.
    fn fingerprint(&self, finding: &Diagnostic, seen: &mut HashMap<[u8; 32], usize>) -> String {
        let mut digest = Sha256::new();
        for part in [finding.rule, self.sources.path(finding.span.file), self.sources.text(finding.span)] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        let count = seen.entry(digest).or_default();
        *count += 1;
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{hex}:{count}")
    }
}

/// A relative URI reference: everything but letters, digits and `-._~/` is encoded, and no first segment looks like a scheme.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::{encoded, findings};
    use crate::diag::{Diagnostic, Fix};
    use crate::source::{FileId, Sources, Span};

    #[test]
    fn paths_are_uri_references() {
        assert_eq!(encoded("flags/a b:ü.toml"), "flags/a%20b%3A%C3%BC.toml");
    }

    #[test]
    fn fingerprints_outlive_moved_lines_and_tell_twins_apart() {
        let prints = |text: &str| {
            let sources = Sources::new([("a.toml".to_owned(), text.to_owned())]);
            let found = text.match_indices('x').map(|(at, _)| {
                let span = Span::new(FileId(0), at..at + 1);
                Diagnostic::new("unknown-key", span, "wrong").fix(Some(Fix::replace(span, "y", "write `y`")))
            });
            let log = findings("", &sources, &found.collect::<Vec<_>>());
            let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
            let results = log.pointer("/runs/0/results").and_then(|r| r.as_array()).expect("results").clone();
            results.iter().map(|result| result["partialFingerprints"].to_string()).collect::<Vec<_>>()
        };
        assert_eq!(prints("x = 1\nx = 2\n"), prints("# more\nx = 1\nx = 2\n"));
        let twins = prints("x = 1\nx = 2\n");
        assert_ne!(twins.first(), twins.last());
    }
}
