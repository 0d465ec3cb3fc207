//! The reference of a catalogue's files, from their JSON Schemas and the small catalogue.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The files that are shown, by kind.
const EXAMPLES: [(&str, &str, &str); 8] = [
    ("allotment", "allotment.toml", "allotment.toml"),
    ("surface", "surfaces/ID.toml", "surfaces/home.toml"),
    ("flag", "flags/ID.toml", "flags/home-cards.toml"),
    ("segment", "segments/ID.toml", "segments/nordic-premium.toml"),
    ("metrics", "metrics/*.toml", "metrics/listening.toml"),
    ("experiment", "experiments/**/ID.toml", "experiments/home/fresh-first.toml"),
    ("rollout", "rollouts/**/ID.toml", "rollouts/home-cards.toml"),
    ("baseline", "baselines/SURFACE.toml", "baselines/home.toml"),
];

/// What the keys alone do not say, by kind.
const NOTES: [(&str, &str); 4] = [
    (
        "segment",
        "An entry of `where` tests an attribute: by a value (`plan = \"premium\"`), by a list (any of), or by a table of
`equals`, `in`, `at-least`, `at-most`, `above`, `below`, `exists`, `starts-with` and `contains`, all of which must hold.
`all = [{…}]`, `any = [{…}]` and `not = {…}` join tests. A unit without the attribute, or with one of another type, fails
every test but `exists = false`.",
    ),
    (
        "metrics",
        "A metric has one of `mean`, `conversion`, `ratio` and `quantile`. Expressions join aggregates over facts by `+ - * /`
and numbers: `sum(fact.column)`, `count(fact)`, `count-distinct(fact.column)`, `min(fact.column)`, `max(fact.column)`, each
with an optional `where` and an SQL predicate inside the parentheses. A conversion compares (`count(streams) > 0`), a ratio
divides one aggregate by another.",
    ),
    (
        "experiment",
        "Stages go one step at a time. `think` has a hypothesis and what it should move; `build` adds the flag and the variants,
seen by the `preview` segment only; `ship` adds `start`, `days`, `traffic` and an allocation; `tweak` adds the decision.",
    ),
    ("rollout", "The units of a rollout get its value, but for the `holdback`, which keeps the flag's default."),
];

const INTRODUCTION: &str = "# The files of a catalogue

A catalogue is a folder with an `allotment.toml`. Every file is TOML, in UTF-8, and says `version = 1`. This page is
generated from the schemas in `schema/`, which editors read too ([how](editors.md)).

- The file's name without `.toml` is the id: lower-case letters, digits and single dashes, at most 64. It is unique for its
  kind whatever the folder; experiments and rollouts share one name space. Ids are never used again.
- Shares are percent strings (`\"20%\"`), dates are TOML dates without quotes and begin at 00:00 UTC, lengths are whole days.
- Unknown keys are errors. Keys marked * must be there.
- Files that end in `.lock` are written by `allot allocate` and reviewed, never edited.
";

/// The whole page.
pub fn page(schemas: &[(String, String)]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (kind, path, example) in EXAMPLES {
        let (_, schema) = schemas.iter().find(|(name, _)| name == kind).expect("every kind has a schema");
        let schema: Value = serde_json::from_str(schema).expect("JSON");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/catalogue").join(example);
        let example = fs::read_to_string(example).expect("the example is there");
        let note =
            NOTES.iter().find(|(name, _)| *name == kind).map_or(String::new(), |(_, note)| format!("{note}\n\n"));
        write!(
            page,
            "\n## `{path}`\n\n{}\n\n{note}```toml\n{}\n```\n\n| key | type | what it is |\n|:--|:--|:--|\n",
            words(&schema),
            example.trim_end()
        )
        .expect("a string");
        rows(&mut page, "", &schema, 0);
    }
    page
}

fn words(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or("")
}

/// A row for each key, those of inner tables below their own.
fn rows(page: &mut String, prefix: &str, schema: &Value, depth: usize) {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, inner) in properties.into_iter().flatten() {
        let mark = if required.contains(&key.as_str()) { "\\*" } else { "" };
        let says = words(inner).replace('|', "\\|");
        writeln!(page, "| `{prefix}{key}`{mark} | {} | {says} |", kind(inner)).expect("a string");
        if depth < 4 && inner.get("then").is_none() {
            inside(page, &format!("{prefix}{key}"), inner, depth + 1);
        }
    }
}

/// The keys inside a table, a list of tables, or a table by id.
fn inside(page: &mut String, path: &str, schema: &Value, depth: usize) {
    let holds = |schema: &Value| schema.get("properties").is_some() && schema.get("x-refers-to").is_none();
    if holds(schema) {
        rows(page, &format!("{path}."), schema, depth);
    } else if let Some(items) = schema.get("items").filter(|items| holds(items)) {
        rows(page, &format!("{path}[]."), items, depth);
    } else if let Some(value) = schema.get("additionalProperties").filter(|value| holds(value)) {
        rows(page, &format!("{path}.ID."), value, depth);
    }
}

/// The type of a value, in words.
fn kind(schema: &Value) -> String {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let refers = text("x-refers-to").map(|target| target.replace("-or-", " or "));
    match text("type") {
        _ if schema.get("const").is_some() => format!("`{}`", schema["const"]),
        Some("array") => {
            format!("list of: {}", refers.unwrap_or_else(|| schema.get("items").map_or("value".into(), kind)))
        }
        Some("object") => {
            let value = schema.get("additionalProperties").filter(|value| value.get("not").is_none());
            match (refers, value) {
                (Some(target), _) => format!("table by {target}"),
                (None, Some(value)) => format!("table by id of: {}", kind(value)),
                (None, None) => "table".to_owned(),
            }
        }
        Some("string") => match (refers, schema.get("enum").and_then(Value::as_array)) {
            (Some(target), _) => target,
            (None, Some(words)) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                words.join(", ")
            }
            (None, None) if text("format") == Some("date") => "date".to_owned(),
            (None, None) => match text("pattern") {
                Some(pattern) if pattern.ends_with("%$") => "share".to_owned(),
                _ => "string".to_owned(),
            },
        },
        Some("integer") => "whole number".to_owned(),
        Some(other) => other.to_owned(),
        None => match schema.get("oneOf").and_then(Value::as_array) {
            Some(ways) => ways.iter().map(kind).collect::<Vec<_>>().join(", or "),
            None => "value".to_owned(),
        },
    }
}
