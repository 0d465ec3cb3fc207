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
