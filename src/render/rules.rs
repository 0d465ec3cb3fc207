//! The rules of lint: as a list, one explained, and as JSON.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::page::page;
use super::schema::schema_of;
use super::text::{Style, Tone, toned};
use super::words::wrapped;
use crate::lint::{Group, Rule};

/// What a serving rule is, for the legend of lists.
const SERVING: &str = "guards what is served: always an error, never waived, holds a surface back";

/// The rules by group, each with its level and what it finds.
#[must_use]
pub fn list(rules: &[&Rule], style: Style, width: usize) -> String {
    let wide = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for group in Group::ALL {
        let mut members = rules.iter().filter(|rule| rule.group == group).peekable();
        if members.peek().is_none() {
            continue;
        }
        text.push_str(&toned(group.name(), Tone::Strong, style));
        text.push('\n');
        for rule in members {
            let mark = if rule.serving { "●" } else { " " };
            let name = toned(&format!("{:wide$}", rule.name), Tone::Code, style);
            // Writing to a string cannot fail.
            let indent = wide + 15;
            let summary = wrapped(rule.summary, width.saturating_sub(indent).max(20));
            let summary = summary.replace('\n', &format!("\n{}", " ".repeat(indent)));
            let _ = writeln!(text, "  {mark} {name}  {:7}  {summary}", rule.default_level().word());
        }
        text.push('\n');
    }
    if rules.iter().any(|rule| rule.serving) {
        let _ = writeln!(text, "{}", toned(&format!("● {SERVING}"), Tone::Faint, style));
    }
    let _ = writeln!(text, "{}", toned("`allot rule NAME` explains one", Tone::Faint, style));
    text
}

/// One rule explained.
#[must_use]
pub fn explained(rule: &Rule, style: Style, width: usize) -> String {
    let serving = if rule.serving { format!(" · ● {SERVING}") } else { String::new() };
    let facts = format!("{} · {}{serving}", rule.group.name(), rule.default_level().word());
    match style {
        // The page alone is the Markdown that it is in the repository.
        Style::Plain => rule.page.to_owned(),
        Style::Rich => {
            let laid_out = page(rule.page, style, width);
            let (title, rest) = laid_out.split_once('\n').unwrap_or((&laid_out, ""));
            format!("{title}\n{}\n{rest}", toned(&facts, Tone::Faint, style))
        }
    }
}

/// Rules, as `allot rule --format json` prints them.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "rules", deny_unknown_fields)]
struct Rules<'a> {
    /// The version of this format; it changes when a key changes its meaning or goes.
    #[schemars(extend("const" = 1))]
    version: u32,
    /// The rules, sorted by name.
    rules: Vec<Entry<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "rule", deny_unknown_fields)]
struct Entry<'a> {
    name: &'a str,
    group: &'a str,
    /// Its level, unless `allotment.toml` says otherwise.
    #[schemars(extend("enum" = ["error", "warning"]))]
    level: &'a str,
    /// Whether it guards what is served: then it is always an error and never waived.
    serving: bool,
    /// What it finds, in one line.
    summary: &'a str,
    /// Its page, in Markdown.
    page: &'a str,
}

/// Rules as one line of JSON.
#[must_use]
pub fn json(rules: &[&Rule]) -> String {
    let entry = |rule: &&Rule| Entry {
        name: rule.name,
        group: rule.group.name(),
        level: rule.default_level().word(),
        serving: rule.serving,
        summary: rule.summary,
        page: rule.page,
    };
    let rules = Rules { version: 1, rules: rules.iter().map(entry).collect() };
    // Strings always serialise.
    let mut text = serde_json::to_string(&rules).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON Schema of this format.
#[must_use]
pub fn schema() -> serde_json::Value {
    schema_of::<Rules<'_>>()
}
