//! Looks that are kept: what counts as the same look, what comes too late, and commands that go on from a report as it prints them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use allotment::results::{Advice, Results};

use super::store::{csv, write};
use crate::merges::{commit, repository};

const FIRST: &str = "2027-01-25T06:00:00Z";
const SECOND: &str = "2027-02-08T06:00:00Z";
const RECORD: &str = "results/fresh-first/1-20270125T060000Z.json";

fn allot(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_allot")).args(arguments).current_dir(root).env_clear().output().expect("it runs")
}

fn ends(code: i32, output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    (out, err)
}

/// What `analyze` says of the file of statistics, recorded.
fn looked(root: &Path, at: &str) -> (Results, String) {
    let arguments = ["analyze", "--aggregates", "sums.csv", "--results", "results", "--format", "json", "--at", at];
    let (out, err) = ends(0, &allot(root, &arguments));
    (Results::read(out.as_bytes()).expect("results"), err)
}

#[test]
fn a_file_grows_look_by_look_whatever_else_changes() {
    let folder = repository();
    let root = folder.path();
    write(root, &csv(FIRST, 20_000, 3.0));
    let (first, _) = looked(root, FIRST);
    let bytes = fs::read(root.join(RECORD)).expect("a record");
    // Nothing of this is the look's: a commit, words, an edit that is not committed, another version of the tool.
    fs::write(root.join("README.md"), "Unrelated.\n").expect("written");
    commit(root, "unrelated");
    let (same, said) = looked(root, FIRST);
    assert!(same == first && said.is_empty(), "what is shown is what is recorded: {said}");
    let declared = fs::read_to_string(root.join(crate::world::FRESH)).expect("a file");
    fs::write(root.join(crate::world::FRESH), declared.replace("hypothesis = \"\"\"", "hypothesis = \"\"\"\nAgain:"))
        .expect("written");
    let mut older = first.clone();
    older.source.tool = "0.0.9".to_owned();
    fs::write(root.join(RECORD), older.write()).expect("written");
    write(root, &(csv(FIRST, 20_000, 3.0) + &csv(SECOND, 60_000, 3.0)));
    let (second, said) = looked(root, SECOND);
    assert!(said.contains("1 look recorded"), "{said}");
    assert_eq!((second.look.number, second.look.earlier.as_slice()), (2, &[FIRST.to_owned()][..]));
    assert_eq!(fs::read(root.join(RECORD)).expect("a record"), older.write().into_bytes(), "it stays as it is");
    assert_ne!(first.source.query, second.source.query, "each is known by its own rows");
    fs::write(root.join(RECORD), bytes).expect("written");
    // Other figures are another look.
    write(root, &(csv(FIRST, 20_000, 4.0) + &csv(SECOND, 60_000, 3.0)));
    let arguments = ["analyze", "--aggregates", "sums.csv", "--results", "results", "--at", SECOND];
    let (_, said) = ends(2, &allot(root, &arguments));
    assert!(said.contains("records another result of the same look"), "{said}");
}

#[test]
fn what_is_recorded_is_what_later_looks_follow_from() {
    let folder = repository();
    let root = folder.path();
    write(root, &csv(FIRST, 20_000, 3.0));
    let (first, _) = looked(root, FIRST);
    // A new baseline would plan other numbers of units: the first look fixed them.
    let mut planned = first.clone();
    for outcome in planned.treatments.iter_mut().flat_map(|treatment| &mut treatment.outcomes) {
        outcome.planned_units = Some(1_234_567.0);
    }
    fs::write(root.join(RECORD), planned.write()).expect("written");
    let (shown, said) = looked(root, FIRST);
    assert!(shown == planned && said.contains("is shown as it was recorded"), "{said}");
    // It counts whether its rows are in the file or not.
    for rows in [csv(SECOND, 60_000, 3.0), csv(FIRST, 20_000, 3.0) + &csv(SECOND, 60_000, 3.0)] {
        write(root, &rows);
        let (second, _) = looked(root, SECOND);
        assert_eq!(second.treatments[0].outcomes[0].planned_units, Some(1_234_567.0));
        assert_eq!((second.look.number, second.look.earlier.as_slice()), (2, &[FIRST.to_owned()][..]));
    }
}

#[test]
fn a_look_is_taken_after_those_before_it() {
    let folder = repository();
    let root = folder.path();
    write(root, &csv(SECOND, 60_000, 3.0));
    let (second, _) = looked(root, SECOND);
    write(root, &csv(FIRST, 20_000, 3.0));
    let arguments = ["analyze", "--aggregates", "sums.csv", "--results", "results", "--at", FIRST];
    let (out, said) = ends(2, &allot(root, &arguments));
    assert!(out.is_empty() && said.contains("1-20270208T060000Z.json` records a later one"), "{said}");
    assert!(said.contains("help: a look is taken after those before it"), "{said}");
    assert!(!root.join(RECORD).exists());
    // Without a place it can be seen, and the one that is recorded can be read again.
    let (out, _) = ends(0, &allot(root, &["analyze", "--aggregates", "sums.csv", "--at", FIRST]));
    assert!(out.replace("\n  ", " ").contains("This look is not recorded"), "{out}");
    write(root, &csv(SECOND, 60_000, 3.0));
    assert_eq!(looked(root, SECOND).0, second);
}

/// A copy of an example in a repository of its own.
fn example(name: &str) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            let to = to.join(path.file_name().expect("a name"));
            if path.is_dir() {
                copy(&path, &to);
            } else {
                fs::copy(&path, &to).expect("copied");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name), folder.path());
    assert!(crate::merges::git(folder.path(), &["init", "-q", "-b", "main"]).status.success());
    commit(folder.path(), "the catalogue");
    folder
}

#[test]
fn all_looks_of_the_shop_are_the_same_after_another_commit() {
    let folder = example("asos");
    let root = folder.path();
    let at = ["analyze", "--aggregates", "aggregates.csv", "--results", "results", "--at", "2037-03-01T00:00:00Z"];
    let analyze = || ends(1, &allot(root, &[&at[..], &["--format", "json"]].concat()));
    let (first, said) = analyze();
    assert!(said.contains("looks recorded in `results`"), "{said}");
    commit(root, "the looks");
    let (second, said) = analyze();
    assert!(first == second && said.is_empty(), "{said}");
}

/// Statistics of the mailing in which both e-mails are better, the one for men by more.
const MAILS: &str = "experiment,variant,metric,n,mean,variance\n";

fn mails(root: &Path) {
    let rows = ["visit", "conversion", "spend"].map(|metric| {
        [("control", "1"), ("mens", "1.102"), ("womens", "1.100")]
            .map(|(variant, mean)| format!("spring-mail,{variant},{metric},20000,{mean},1\n"))
            .concat()
    });
    fs::write(root.join("a.csv"), format!("{MAILS}{}", rows.concat())).expect("written");
}

const OVER: [&str; 2] = ["--at", "2027-02-16T00:00:00Z"];

#[test]
fn the_evidence_is_of_the_variant_that_ships() {
    let folder = example("hillstrom");
    let root = folder.path();
    mails(root);
    ends(0, &allot(root, &[&["analyze", "--aggregates", "a.csv", "--results", "res"][..], &OVER].concat()));
    let conclude = |outcome: &[&str]| {
        let words = ["conclude", "spring-mail", "--learned", "x", "--results", "res", "--dry-run"];
        ends(0, &allot(root, &[&words[..], outcome, &OVER].concat())).0
    };
    for (variant, lift) in [("mens", "+10.20%"), ("womens", "+10.00%")] {
        let said = conclude(&["--outcome", "shipped", "--variant", variant]);
        let line = said.lines().find(|line| line.contains("evidence = ")).expect("it is named");
        assert!(line.contains(&format!("visit {lift} (")) && line.contains(&format!(") with {variant}\"")), "{line}");
    }
}

/// The commands in a report that begin with these words.
fn commands(shown: &str, begin: &str) -> Vec<String> {
    let parts = shown.split('`').map(str::to_owned);
    parts.filter(|part| part.starts_with(begin)).collect()
}

#[test]
fn commands_of_a_report_do_as_they_are_written() {
    let none: [&str; 0] = [];
    let (places, formats) = ([&none[..], &["--results", "it's ours"]], ["text", "markdown"]);
    let folder = repository();
    let root = folder.path();
    // What ships, what harms and what showed nothing, and then which of two e-mails to send.
    for (name, rows, at, advice, outcome) in [
        ("ships", csv(SECOND, 60_000, 3.0), SECOND, Advice::Ship, "shipped"),
        ("harms", csv(FIRST, 1_000_000, -10.0), FIRST, Advice::Stop, "stopped"),
        ("ended", csv("2027-02-28T00:00:00Z", 60_000, 0.0), "2027-02-28T00:00:00Z", Advice::Stop, "inconclusive"),
    ] {
        write(root, &rows);
        for (place, format) in places.iter().flat_map(|place| formats.map(|format| (place, format))) {
            let code = i32::from(name == "harms");
            let arguments = [&["analyze", "--aggregates", "sums.csv", "--at", at, "-q"][..], place].concat();
            let json = ends(code, &allot(root, &[&arguments[..], &["--format", "json"]].concat())).0;
            assert_eq!(Results::read(json.as_bytes()).expect("results").decision.advice, advice, "{name}");
            let shown = ends(code, &allot(root, &[&arguments[..], &["--format", format]].concat())).0;
            done(root, &shown, outcome, at);
        }
        fs::remove_dir_all(root.join("it's ours")).expect("removed");
    }
    let folder = example("hillstrom");
    mails(folder.path());
    for (place, format) in places.iter().flat_map(|place| formats.map(|format| (place, format))) {
        let arguments = [&["analyze", "--aggregates", "a.csv", "--format", format][..], place, &OVER].concat();
        let shown = ends(0, &allot(folder.path(), &arguments)).0;
        done(folder.path(), &shown, "shipped --variant mens", OVER[1]);
    }
}

/// Does what a report says to do, but for writing it.
fn done(root: &Path, shown: &str, outcome: &str, at: &str) {
    let shown = shown.replace("\n    ", " ");
    let [command] = commands(&shown, "allot conclude ").try_into().expect("one command");
    assert!(command.contains(&format!(" --outcome {outcome} ")), "{command}");
    let line = command.replace('…', "'It is the evenings.'");
    let line = line.replacen("allot", &format!("'{}'", env!("CARGO_BIN_EXE_allot")), 1);
    let run = Command::new("/bin/sh")
        .args(["-c", &format!("{line} --dry-run --at {at}")])
        .current_dir(root)
        .env_clear()
        .output()
        .expect("it runs");
    let (out, _) = ends(0, &run);
    assert!(out.contains("learned = \"It is the evenings.\"") && out.contains("reason = \""), "{command}: {out}");
}
