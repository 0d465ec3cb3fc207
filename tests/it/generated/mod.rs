//! Files that are generated from the code are what the code says now; `RENEW=1 cargo test` rewrites them.

mod format;
mod sizes;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use allotment::lint::{Group, rules};

/// Holds a file against what it should be, or rewrites it.
fn held(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if fs::read_to_string(&file).ok().as_deref() == Some(text) {
        return;
    }
    assert!(std::env::var_os("RENEW").is_some(), "{path} is not what the code says: `RENEW=1 cargo test` rewrites it");
    fs::create_dir_all(file.parent().expect("a folder")).expect("the folder can be made");
    fs::write(file, text).expect("the file can be written");
}

/// What the tool prints, in a folder without a catalogue.
fn allot(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The names of all schemas, and each one's text.
fn schemas() -> Vec<(String, String)> {
    allot(&["schema"]).lines().map(|name| (name.to_owned(), allot(&["schema", name]))).collect()
}

#[test]
fn schemas_are_current() {
    let schemas = schemas();
    for (name, text) in &schemas {
        held(&format!("schema/{name}.json"), text);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let names = |folder: &Path, below: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).expect("the folder is there");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter_map(|name| Some(format!("{below}{}", name.strip_suffix(".json")?))).collect()
    };
    let mut there = names(&folder, "");
    there.extend(names(&folder.join("output"), "output/"));
    assert_eq!(there, schemas.into_iter().map(|(name, _)| name).collect(), "schema/ holds nothing else");
}

#[test]
fn the_reference_of_the_format_is_current() {
    held("docs/catalogue.md", &format::page(&schemas()));
}

#[test]
fn the_reference_of_the_command_line_is_current() {
    let help = allot(&["--help"]);
    let verbs: Vec<(&str, &str)> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split_once(' '))
        .filter(|(verb, _)| !verb.is_empty() && *verb != "help")
        .collect();
    assert!(verbs.len() > 5, "{help}");
    let mut page =
        "# The command line\n\nEvery command with its help, as the tool prints it. This page is generated.\n"
            .to_owned();
    let mut section = |title: &str, help: &str| {
        let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        write!(page, "\n## {title}\n\n```text\n{}\n```\n", lines.join("\n")).expect("a string");
    };
    section("allot", &help);
    for (verb, _) in verbs {
        section(&format!("allot {verb}"), &allot(&[verb, "--help"]));
    }
    held("docs/cli.md", &page);
}

#[test]
fn the_index_of_rules_is_current() {
    let mut page = "# The rules of lint

Each rule has a page with an example that fails, what `allot` then says, and one that passes; `allot rule NAME` shows it in
the terminal, and the tests run it. This page is generated.

Levels are set by rule or by group under `[lint]` in `allotment.toml`: `\"allow\"`, `\"warn\"` or `\"error\"`; only errors fail a
run. One finding is accepted for a while by a `[[waive]]` in the experiment, with a reason and a last day. Rules marked ●
guard what is served: where they concern that, they are always errors, never waived, and hold a surface back, whose last
good artifact stays.
"
    .to_owned();
    for group in Group::ALL {
        let mut members = rules::ALL.iter().filter(|rule| rule.group == group).peekable();
        if members.peek().is_none() {
            continue;
        }
        write!(page, "\n## {}\n\n| | rule | level | what it finds |\n|:--|:--|:--|:--|\n", group.name())
            .expect("a string");
        for rule in members {
            let mark = if rule.serving { "●" } else { "" };
            let file = format!("../src/lint/rules/{}.md", rule.name.replace('-', "_"));
            let level = rule.default_level().word();
            writeln!(page, "| {mark} | [`{}`]({file}) | {level} | {} |", rule.name, rule.summary).expect("a string");
        }
    }
    held("docs/rules.md", &page);
}
