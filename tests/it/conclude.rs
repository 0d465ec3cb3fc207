//! `allot conclude`: the decision lands in the declaration, the window is cut, and nothing else moves.

use std::fs;
use std::path::Path;

use crate::merges::{allot, commit, git, repository};

const AT: [&str; 2] = ["--at", "2027-02-01T00:00:00Z"];
const FRESH: &str = "experiments/home/fresh-first.toml";

fn conclude(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    allot(root, &[&["conclude"], arguments, &AT].concat())
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).expect("a file")
}

fn changed(root: &Path) -> String {
    String::from_utf8(git(root, &["status", "--short"]).stdout).expect("UTF-8")
}

#[test]
fn a_decision_is_written_and_the_window_is_cut() {
    let folder = repository();
    let root = folder.path();
    let before = read(root, FRESH);
    let words = ["fresh-first", "--outcome", "stopped", "--reason", "Skips \"rose\".", "--learned", "Less is more."];
    let (code, said) = conclude(root, &[&words[..], &["--dry-run"]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("would write experiments/home/fresh-first.toml") && changed(root).is_empty(), "{said}");
    let (code, said) = conclude(root, &words);
    assert_eq!(code, Some(0), "{said}");
    let expected = before.replace("stage = \"ship\"", "stage = \"tweak\"").trim_end().to_owned()
        + "\n\n[decision]\noutcome = \"stopped\"\non = 2027-02-01\nreason = \"Skips \\\"rose\\\".\"\nlearned = \"Less is more.\"\n";
    assert_eq!(read(root, FRESH), expected);
    assert!(read(root, "experiments/home/fresh-first.lock").contains("days = 21\n"), "from 11 January to 1 February");
    assert_eq!(changed(root).lines().count(), 3, "declaration, lock and ledger:\n{}", changed(root));
    assert_eq!(allot(root, &[&["check"][..], &AT].concat()).0, Some(0));
    let (code, said) = conclude(root, &words);
    assert!(code == Some(2) && said.contains("is decided already"), "{said}");
}

#[test]
fn what_ships_is_named_and_what_serves_it_is_said() {
    let folder = repository();
    let root = folder.path();
    let words = ["fresh-first", "--outcome", "shipped", "--reason", "Minutes rose.", "--learned", "Fresh is good."];
    let (code, said) = conclude(root, &[&words[..], &["--variant", "fresh-frist"]].concat());
    assert!(code == Some(2) && said.contains("did you mean `fresh-first`?"), "{said}");
    let (code, said) = conclude(root, &words);
    assert_eq!(code, Some(0), "{said}");
    assert!(read(root, FRESH).contains("outcome = \"shipped\"\nvariant = \"fresh-first\"\n"));
    assert!(said.contains("nobody gets its value until `\"v8-fresh\"` is the default of `home-ranker`"), "{said}");
}

#[test]
fn what_would_be_wrong_is_not_written() {
    let folder = repository();
    let root = folder.path();
    let flag = read(root, "flags/home-ranker.toml") + "requires-review = true\n";
    fs::write(root.join("flags/home-ranker.toml"), flag).expect("a file");
    for (arguments, code, word) in [
        (&["fresh-frist", "--outcome", "stopped", "--reason", "x"][..], 2, "did you mean `fresh-first`?"),
        (&["fresh-first", "--outcome", "stopped", "--reason", "x"], 2, "--learned"),
        (&["fresh-first", "--outcome", "abandoned", "--reason", " "], 2, "it says nothing"),
        (&["fresh-first", "--outcome", "abandoned", "--reason", "x", "--variant", "control"], 2, "goes with"),
        (&["fresh-first", "--outcome", "abandoned", "--reason", "x", "--on", "someday"], 2, "--on"),
    ] {
        let (found, said) = conclude(root, arguments);
        assert!(found == Some(code) && said.contains(word), "{arguments:?}: {found:?} {said}");
    }
    // The flag asks for a review, so that what is written now would be an error that the base has as well: not this one's.
    commit(root, "reviews");
    fs::remove_file(root.join("experiments/home/fresh-first.lock")).expect("a lock");
    let (code, said) = conclude(root, &["fresh-first", "--outcome", "abandoned", "--reason", "x"]);
    assert!(code == Some(2) && said.contains("run `allot allocate` first"), "{said}");
    assert!(!read(root, FRESH).contains("decision"), "nothing was written");
}

/// Records an example of a result as that of `fresh-first`; returns what names it.
fn record(root: &Path, example: &str, at: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/results").join(example);
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
    let variant = record["decision"]["variant"].as_str().map(str::to_owned);
    record["experiment"] = "fresh-first".into();
    record["at"] = at.into();
    let mut text = record.to_string();
    if let Some(variant) = variant {
        text = text.replace(&format!("\"{variant}\""), "\"fresh-first\"");
    }
    let folder = root.join("results/fresh-first");
    fs::create_dir_all(&folder).expect("folders");
    let results = allotment::results::Results::read(text.as_bytes()).expect("a record");
    fs::write(folder.join(format!("1-{}.json", at.replace(['-', ':'], ""))), results.write()).expect("a file");
    format!("sha256:{}", &allotment::artifact::manifest::sha256(results.write().as_bytes())[..16])
}

#[test]
fn a_decision_rests_on_what_was_recorded() {
    let folder = repository();
    let root = folder.path();
    let shipped = ["fresh-first", "--outcome", "shipped", "--learned", "Fresh is good.", "--results", "results"];
    let (code, said) = conclude(root, &shipped);
    assert!(code == Some(2) && said.contains("run `allot analyze fresh-first --results results` first"), "{said}");
    record(root, "wait.json", "2027-01-25T00:00:00Z");
    let (code, said) = conclude(root, &shipped);
    assert!(code == Some(1) && said.contains("decision-contradicts-evidence"), "{said}");
    assert!(said.contains("says to wait") && !read(root, FRESH).contains("decision"), "{said}");
    let digest = record(root, "ship.json", "2027-01-29T00:00:00Z");
    let (code, said) = conclude(root, &shipped);
    assert_eq!(code, Some(0), "{said}");
    let text = read(root, FRESH);
    assert!(text.contains(&format!("evidence = \"{digest} of 2027-01-29: ")), "{text}");
    assert_eq!(allot(root, &[&["check", "--results", "results"][..], &AT].concat()).0, Some(0));
    // Somebody edits the decision: what was recorded does not bear it out, and only where it is at hand.
    let stopped = text.replace("outcome = \"shipped\"\nvariant = \"fresh-first\"\n", "outcome = \"stopped\"\n");
    fs::write(root.join(FRESH), &stopped).expect("a file");
    let (code, said) = allot(root, &[&["lint", "--results", "results"][..], &AT].concat());
    assert!(code == Some(1) && said.contains("to ship `fresh-first`"), "{said}");
    assert_eq!(allot(root, &[&["lint"][..], &AT].concat()).0, Some(0));
    fs::write(root.join(FRESH), text.replace(&digest, "sha256:0123456789abcdef")).expect("a file");
    let (code, said) = allot(root, &[&["lint", "--results", "results"][..], &AT].concat());
    assert!(code == Some(1) && said.contains("the newest is"), "{said}");
}
