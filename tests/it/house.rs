//! The rules of the house that a test can hold: who may import whom, where effects are, how files begin and how long they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import, besides itself. `cli` may import everything.
const IMPORTS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("bucket", &[]),
    ("stats", &[]),
    // Addresses are text: lint says of one what opening it would say.
    ("address", &[]),
    ("io", &["address"]),
    ("artifact", &["bucket"]),
    ("eval", &["bucket", "artifact"]),
    // The edge of an application, which has no command: it brings bytes, and knows nothing of what they are.
    ("feed", &[]),
    ("provider", &["artifact", "eval", "feed"]),
    ("diag", &["address", "source"]),
    ("decl", &["address", "source", "diag"]),
    // A predicate is said once, in the terms that are served: lint asks what an SDK makes of it, compile serves it.
    ("model", &["source", "diag", "decl", "artifact"]),
    // Locks are files of the catalogue too, read with the reader that reads declarations.
    // What a lock pins of an audience is told of the condition that is served.
    ("lock", &["source", "diag", "decl", "model", "bucket", "artifact"]),
    ("results", &[]),
    // Metrics are declared with their functions and windows; what is analysed is what was allotted. What SQL returns is read back
    // as sufficient statistics, which of a quantile are a few of the values that came. Shares of segments are counted by the
    // conditions that are served.
    ("query", &["source", "diag", "decl", "model", "lock", "artifact", "results", "stats"]),
    // What a gate records is read back by another run, also from a fork: a shape of its own, strictly read.
    ("report", &[]),
    // Shares, days and how results are read are declared once; a forecast names the file that its baseline came from.
    ("power", &["source", "decl", "model", "lock", "stats"]),
    // What changed is told from the texts, which the reader of declarations takes apart.
    ("change", &["address", "source", "decl", "model", "lock", "bucket"]),
    (
        "lint",
        &[
            "address", "source", "diag", "decl", "model", "lock", "bucket", "artifact", "query", "results", "power",
            "change",
        ],
    ),
    // Types of flags and days are declared once.
    ("compile", &["decl", "model", "lock", "bucket", "artifact"]),
    ("verify", &["bucket", "artifact", "eval"]),
    ("simulate", &["bucket", "artifact", "eval", "stats"]),
    // What differs in what is served is told in shares of buckets.
    ("publish", &["artifact", "bucket"]),
    // Sufficient statistics are a part of what is recorded, so their shape is there.
    // An input says which aggregate it is with the word of its declaration.
    ("measure", &["decl", "query", "stats", "results"]),
    // Looks are spent on the units that were planned, which the forecast tells.
    ("analysis", &["decl", "model", "lock", "query", "power", "stats", "results"]),
    (
        "render",
        &[
            "address", "diag", "source", "decl", "bucket", "model", "lock", "lint", "change", "power", "eval",
            "results", "report",
        ],
    ),
];

/// What only `io`, and `feed` for applications, may say: files, the environment, the network, the clock, other programs.
const EFFECTS: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "SystemTime",
    "std::process::Command",
    "git2::",
    ".is_file()",
    ".is_dir()",
    ".exists()",
    ".canonicalize()",
    ".is_terminal()",
];

/// How long a file may be before its tests.
const MAX_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
}

/// The files below a folder whose names end so, by their paths below the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("the folder is there") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
                found.push(path.to_str().expect("UTF-8").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The source without its tests and comments; an empty line stands for each that was left out.
fn code(path: &str) -> String {
    if path.ends_with("/tests.rs") {
        return String::new();
    }
    let text = read(path);
    let end = ["#[cfg(test)]\nmod tests", "#[cfg(test)]\nmod test"].iter().filter_map(|mark| text.find(mark)).min();
    let lines = text[..end.unwrap_or(text.len())].lines();
    lines.map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// The module that a file belongs to: the first folder below `src`, or the file itself.
fn module(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap_or(path);
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

/// The names that follow `crate::` in a line, also those in braces.
fn imported(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + 7..];
        let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            Some(list) => names.extend(list.split(',').map(|item| word(item.trim())).filter(|name| !name.is_empty())),
            None => names.push(word(rest)),
        }
    }
    names
}

#[test]
fn modules_import_only_what_the_table_lists() {
    let table: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in files("src", ".rs") {
        let own = module(&path);
        if matches!(own, "lib" | "main" | "cli") {
            continue;
        }
        let Some(allowed) = table.get(own) else {
            wrong.push(format!("{path}: module `{own}` is not in the table"));
            continue;
        };
        for (number, line) in code(&path).lines().enumerate() {
            for name in imported(line) {
                if name != own && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{path}:{}: `{own}` imports `{name}`", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the table of imports is in tests/it/house.rs:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_of_imports_has_no_cycle() {
    // Listed so that each module comes after all that it imports.
    let mut before: Vec<&str> = Vec::new();
    let mut left: Vec<_> = IMPORTS.to_vec();
    while !left.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) =
            left.iter().copied().partition(|(_, imports)| imports.iter().all(|name| before.contains(name)));
        assert!(!ready.is_empty(), "a cycle, or a name that is not in the table, among {rest:?}");
        before.extend(ready.iter().map(|(name, _)| *name));
        left = rest;
    }
}

#[test]
fn only_io_has_effects() {
    let mut wrong = Vec::new();
    for path in files("src", ".rs").into_iter().filter(|path| !["io", "feed"].contains(&module(path))) {
        for (number, line) in code(&path).lines().enumerate() {
            for effect in EFFECTS.iter().filter(|effect| line.contains(**effect)) {
                wrong.push(format!("{path}:{}: `{effect}` belongs to `io`", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let mut wrong = Vec::new();
    for path in files("src", ".rs").into_iter().chain(files("tests", ".rs")).chain(files("benches", ".rs")) {
        let text = read(&path);
        let opening: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        match opening.first() {
            None => wrong.push(format!("{path}: it does not begin with `//!`")),
            Some(_) if !opening.iter().any(|line| line.ends_with(['.', ':'])) => {
                wrong.push(format!("{path}: its `//!` is no sentence"));
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for path in files("src", ".rs") {
        let text = read(&path);
        let lines = text[..text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len())].lines().count();
        if lines > MAX_LINES && !path.ends_with("/tests.rs") {
            wrong.push(format!("{path}: {lines} lines before its tests"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read("src/main.rs").lines().count() < 40, "main.rs only starts the command line");
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = read("Cargo.toml");
    let mut inside = false;
    let mut before = "";
    let mut wrong = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && line.contains('=') && !line.starts_with([' ', '#', ']']) && !before.starts_with('#') {
            wrong.push(line);
        }
        before = line;
    }
    assert!(wrong.is_empty(), "a comment above each says what it is for:\n{}", wrong.join("\n"));
}

#[test]
fn every_path_that_is_named_is_there() {
    let mut pages = files("docs", ".md");
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "src/lib.rs"].map(str::to_owned));
    let tops = ["src/", "tests/", "docs/", "schema/", "examples/", "benches/", ".ci/", ".github/"];
    let mut wrong = Vec::new();
    for page in pages {
        let text = read(&page);
        let folder = Path::new(&page).parent().expect("a folder").to_owned();
        // Links lead from the page, paths in code from the root.
        let links = text.match_indices("](").filter_map(|(at, _)| text[at + 2..].split(')').next());
        for link in links.filter(|link| !link.contains(':') && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap_or(link);
            if !path.is_empty() && !root().join(&folder).join(path).exists() {
                wrong.push(format!("{page}: the link `{link}`"));
            }
        }
        for named in text.split('`').skip(1).step_by(2).filter(|named| tops.iter().any(|top| named.starts_with(top))) {
            let plain = named.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
            if plain && !root().join(named).exists() {
                wrong.push(format!("{page}: `{named}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "named, but not there:\n{}", wrong.join("\n"));
}
