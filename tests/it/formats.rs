//! One finding is the same in every format: text, JSON, workflow commands and SARIF name the same rule at the same place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use allotment::diag::Diagnostic;
use allotment::lint::rules;
use allotment::render::github::Touched;
use allotment::render::text::{Style, findings as text};
use allotment::render::{github, json, sarif};
use allotment::source::Sources;
use jsonschema::Validator;
use serde_json::Value;

use crate::rule_pages::linted_page;

/// A finding as every format should show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rule: String,
    severity: String,
    path: String,
    start: (usize, usize),
    end: (usize, usize),
}

fn places(sources: &Sources, findings: &[Diagnostic]) -> Vec<Place> {
    let place = |finding: &Diagnostic| {
        let at = sources.position(finding.span);
        Place {
            rule: finding.rule.to_owned(),
            severity: finding.severity.word().to_owned(),
            path: sources.path(finding.span.file).to_owned(),
            start: (at.line, at.column),
            end: (at.end_line, at.end_column),
        }
    };
    findings.iter().map(place).collect()
}

fn validator(schema: &str) -> Validator {
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(schema)).expect("the schema is there");
    let mut schema: Value = serde_json::from_str(&schema).expect("JSON");
    // SARIF's own schema has one pattern that is no regular expression everywhere; it is for a key that is not printed.
    for shape in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{shape}/properties/language"));
        language.and_then(Value::as_object_mut).map(|language| language.remove("pattern"));
    }
    jsonschema::validator_for(&schema).expect("a schema")
}

fn hold(validator: &Validator, value: &Value, what: &str) {
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|wrong| format!("{}: {wrong}", wrong.instance_path())).collect();
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

fn words<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a string")
}

fn number(value: &Value, key: &str) -> usize {
    value[key].as_u64().and_then(|number| number.try_into().ok()).expect("a whole number")
}

/// The places in JSON, in its own names.
fn in_json(report: &Value) -> Vec<Place> {
    let findings = report["diagnostics"].as_array().expect("a list");
    let place = |finding: &Value| Place {
        rule: words(finding, "rule").to_owned(),
        severity: words(finding, "severity").to_owned(),
        path: words(finding, "path").to_owned(),
        start: (number(finding, "line"), number(finding, "column")),
        end: (number(finding, "end_line"), number(finding, "end_column")),
    };
    findings.iter().map(place).collect()
}

fn in_sarif(log: &Value) -> Vec<Place> {
    let results = log.pointer("/runs/0/results").and_then(Value::as_array).expect("a list");
    let place = |result: &Value| {
        let location = result.pointer("/locations/0/physicalLocation").expect("a place");
        let region = &location["region"];
        let index = number(result, "ruleIndex");
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        Place {
            rule: words(result, "ruleId").to_owned(),
            severity: words(result, "level").to_owned(),
            path: words(&location["artifactLocation"], "uri").to_owned(),
            start: (number(region, "startLine"), number(region, "startColumn")),
            end: (number(region, "endLine"), number(region, "endColumn")),
        }
    };
    results.iter().map(place).collect()
}

/// The places in workflow commands, read as the runner reads them; columns are absent where a finding spans lines.
fn in_commands(text: &str) -> Vec<Place> {
    let place = |line: &str| {
        let (command, _) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")).expect("a command");
        let (severity, properties) = command.split_once(' ').expect("properties");
        let properties: BTreeMap<&str, &str> =
            properties.split(',').map(|property| property.split_once('=').expect("a property")).collect();
        let number = |key: &str| properties.get(key).map_or(0, |number| number.parse().expect("a number"));
        Place {
            rule: properties["title"].to_owned(),
            severity: severity.to_owned(),
            path: properties["file"].replace("%3A", ":").replace("%2C", ",").replace("%25", "%"),
            start: (number("line"), number("col")),
            end: (number("endLine"), number("endColumn")),
        }
    };
    text.lines().map(place).collect()
}

#[test]
fn every_page_says_the_same_in_every_format() {
    let (own, official) = (validator("schema/output/lint.json"), validator("tests/it/schemas/sarif-schema-2.1.0.json"));
    let mut seen = 0;
    for rule in rules::ALL {
        let (sources, report) = linted_page(rule, "Fails");
        let findings = &report.findings;
        let expected = places(&sources, findings);

        let shown: Value =
            serde_json::from_str(&json::findings(&sources, findings, sources.len())).expect("one line of JSON");
        hold(&own, &shown, rule.name);
        assert_eq!(in_json(&shown), expected, "{}", rule.name);

        let log: Value = serde_json::from_str(&sarif::findings("", &sources, findings)).expect("JSON");
        hold(&official, &log, rule.name);
        assert_eq!(in_sarif(&log), expected, "{}", rule.name);

        let commands = in_commands(&github::findings("", &sources, findings, &|_, _| Touched::Nothing));
        let without_columns = |place: &Place| match place.start.0 == place.end.0 {
            true => place.clone(),
            false => Place { start: (place.start.0, 0), end: (place.end.0, 0), ..place.clone() },
        };
        // Annotations begin with errors, and a page has fewer than GitHub shows.
        let mut shown_first: Vec<Place> = expected.iter().map(without_columns).collect();
        shown_first.sort_by_key(|place| place.severity != "error");
        assert_eq!(commands, shown_first, "{}", rule.name);

        let shown = text(&sources, findings, Style::Plain, 100);
        for place in &expected {
            let head = format!("{}[{}]", place.severity, place.rule);
            // What concerns a file as a whole is shown with its path alone.
            let whole = place.start == (1, 1) && place.end == (1, 1);
            let at =
                if whole { place.path.clone() } else { format!("{}:{}:{}", place.path, place.start.0, place.start.1) };
            assert!(shown.contains(&head) && shown.contains(&at), "{}: no {at} in\n{shown}", rule.name);
        }
        seen += expected.len();
    }
    assert!(seen >= rules::ALL.len(), "{seen} findings");
}

#[test]
fn the_list_of_rules_meets_its_schema() {
    let shown: Value = serde_json::from_str(&allotment::render::rules::json(rules::ALL)).expect("JSON");
    hold(&validator("schema/output/rules.json"), &shown, "rules");
}

#[test]
fn odd_findings_meet_the_schemas_too() {
    use allotment::diag::Fix;
    use allotment::source::{FileId, Span};

    let sources = Sources::new([
        ("flags/a b,c:é%.toml".to_owned(), "x = 1\r\ny = \"naïve 日本\u{202e}\"\n".to_owned()),
        ("flags/empty.toml".to_owned(), String::new()),
    ]);
    let (odd, empty) = (FileId(0), FileId(1));
    let findings = [
        Diagnostic::new("syntax", Span::new(odd, 0..12), "over\nlines \u{1b}[31m")
            .help("::error::no\n")
            .related(Span::new(odd, 11..16), "here")
            .related(Span::top(empty), "and there")
            .fix(Some(Fix::replace(Span::new(odd, 0..1), "z", "write `z`"))),
        Diagnostic::new("unknown-reference", Span::new(odd, 20..99), "to the end"),
        Diagnostic::new("syntax", Span::top(empty), "of nothing"),
        Diagnostic::new("syntax", Span::new(empty, 4..9), "beyond the end"),
    ];
    let shown: Value = serde_json::from_str(&json::findings(&sources, &findings, 2)).expect("JSON");
    hold(&validator("schema/output/lint.json"), &shown, "JSON");
    let log: Value = serde_json::from_str(&sarif::findings("sub/", &sources, &findings)).expect("JSON");
    hold(&validator("tests/it/schemas/sarif-schema-2.1.0.json"), &log, "SARIF");
    assert_eq!(in_sarif(&log)[0].path, "sub/flags/a%20b%2Cc%3A%C3%A9%25.toml");
    let commands = github::findings("sub/", &sources, &findings, &|_, _| Touched::Nothing);
    assert_eq!(commands.lines().count(), findings.len());
    assert_eq!(in_commands(&commands)[0].path, "sub/flags/a b,c:é%.toml");
    assert!(!text(&sources, &findings, Style::Plain, 80).contains(['\u{1b}', '\u{202e}']));
}
