//! `allot history` in real repositories: a story from the thought to the decision, merges, moves, clones and hostile words.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::repositories::{Repository, allot, git};
use crate::world::{CARDS, LARGE_CARDS};

const THINK: &str = r#"version = 1
stage = "think"
owner = "home"
surface = "home"
hypothesis = "Larger cards are played more often."

[success]
skip-rate = { mde = "2%" }
"#;

/// Commits everything as somebody, at an instant of 2027.
fn commit(repository: &Repository, who: &str, when: &str, message: &str) -> String {
    repository.git(&["add", "-A"]);
    let author = format!("--author={who} <{}@example.org>", who.to_lowercase().replace(' ', "."));
    let date = format!("--date=2027-{when}:00Z");
    repository.git(&["commit", "-q", "--allow-empty", &author, &date, "-m", message]);
    repository.git(&["rev-parse", "HEAD"])
}

fn allocate(repository: &Repository) {
    let (code, out, err) = repository.allot(&["allocate"]);
    assert_eq!(code, Some(0), "{out}{err}");
}

/// A catalogue whose experiment was thought of, built, launched, grown, moved, broken, begun anew and decided.
fn story(below: &'static str) -> Repository {
    let repository = Repository::new(below);
    repository.put(LARGE_CARDS, THINK);
    commit(&repository, "Ada", "01-04T09:00", "Larger cards, an idea");

    repository.git(&["switch", "-qc", "build"]);
    let built = CARDS.replace("stage = \"ship\"", "stage = \"build\"").replace("start = 2027-02-02\ndays = 10\n", "");
    let built = built.replace("traffic = \"4%\"\n", "");
    let waiver = "\n[[waive]]\nrule = \"missing-mde\"\nreason = \"it is being measured\"\nuntil = 2027-01-20\n";
    repository.put(LARGE_CARDS, &format!("{built}{waiver}"));
    commit(&repository, "Ben", "01-05T09:00", "wip");
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["merge", "-q", "--squash", "build"]);
    commit(&repository, "Ben", "01-06T09:30", "Build larger cards (#7)\n\n* wip");

    repository.git(&["switch", "-qc", "launch"]);
    repository.put(LARGE_CARDS, CARDS);
    commit(&repository, "Ada", "01-30T10:00", "Ship it");
    allocate(&repository);
    commit(&repository, "Ada", "01-30T11:00", "Allot it");
    repository.git(&["switch", "-q", "main"]);
    repository.edit("metrics/app.toml", "Crashes per user in the first week", "Crashes per user");
    commit(&repository, "Dan", "01-30T12:00", "Another thing");
    repository.git(&["merge", "-q", "--no-ff", "--no-commit", "launch"]);
    commit(&repository, "Cleo", "01-31T08:15", "Merge pull request #8 from acme/launch\n\nLaunch larger cards");

    repository.edit(LARGE_CARDS, "traffic = \"4%\"", "traffic = \"5%\"");
    allocate(&repository);
    commit(&repository, "Ada", "02-03T10:00", "Grow it to 5 % (#9)");

    fs::create_dir_all(repository.root().join("experiments/cards")).expect("a folder");
    for end in ["toml", "lock"] {
        let path = |folder: &str| format!("{}/experiments/{folder}/large-cards.{end}", repository.root().display());
        repository.git(&["mv", &path("home"), &path("cards")]);
    }
    commit(&repository, "Dan", "02-04T10:00", "Tidy up");

    let moved = "experiments/cards/large-cards.toml";
    repository.edit(moved, "traffic = \"5%\"", "traffic = \"5%");
    commit(&repository, "Eve", "02-04T11:00", "Oh no");
    repository.edit(moved, "traffic = \"5%", "phase = 2\ntraffic = \"5%\"");
    repository.edit(moved, "[success]", "[weights]\ncontrol = \"25%\"\nlarge = \"75%\"\n\n[success]");
    repository.edit(moved, "start = 2027-02-02\ndays = 10", "start = 2027-02-06\ndays = 14");
    allocate(&repository);
    commit(&repository, "Ada", "02-05T11:00", "Begin anew, with more of the large ones");

    repository.edit(moved, "stage = \"ship\"", "stage = \"tweak\"");
    let text = fs::read_to_string(repository.root().join(moved)).expect("a text");
    let decision = "\n[decision]\noutcome = \"shipped\"\nvariant = \"large\"\non = 2027-02-20\nreason = \"Fewer skips, by 3 %\"\nlearned = \"Size matters\"\n";
    repository.put(moved, &format!("{text}{decision}"));
    allocate(&repository);
    commit(&repository, "Cleo", "02-21T16:45", "Decide (#12)");
    repository
}

/// Ids of commits differ from run to run.
fn without_ids(repository: &Repository, text: &str) -> String {
    let ids = repository.git(&["rev-list", "--all"]);
    ids.lines().fold(text.to_owned(), |text, id| text.replace(id, "<COMMIT>").replace(&id[..10], "<COMMIT>"))
}

fn history(folder: &Path, arguments: &[&str]) -> Value {
    let (code, out, err) = allot(folder, &[&["history", "--format", "json"], arguments].concat());
    assert_eq!(code, Some(0), "{err}");
    let value: Value = serde_json::from_str(&out).unwrap_or_else(|wrong| panic!("{wrong}: {out}"));
    let schema: Value = serde_json::from_str(include_str!("../../schema/output/history.json")).expect("a schema");
    let wrong: Vec<String> = jsonschema::validator_for(&schema)
        .expect("a schema")
        .iter_errors(&value)
        .map(|wrong| format!("{}: {wrong}", wrong.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{out}");
    value
}

/// The subject of each entry with what it does.
fn told(history: &Value) -> Vec<(String, String)> {
    let one = |entry: &Value| {
        let subject = entry["commit"]["subject"].as_str().unwrap_or("not committed").to_owned();
        let actions = entry["change"]["actions"].as_array();
        let actions: Vec<&str> = actions.into_iter().flatten().filter_map(Value::as_str).collect();
        (subject, actions.join(" "))
    };
    history["entries"].as_array().expect("entries").iter().map(one).collect()
}

#[test]
fn a_story_reads_from_the_decision_back_to_the_thought() {
    let repository = story("");
    let (code, out, err) = repository.allot(&["history", "large-cards"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!("history_text", without_ids(&repository, &out));
    let (_, out, _) = repository.allot(&["history", "large-cards", "--format", "markdown", "--repo", "acme/shop"]);
    insta::assert_snapshot!("history_markdown", without_ids(&repository, &out));
    let all = history(&repository.root(), &["large-cards", "--all"]);
    let subjects: Vec<String> = told(&all).into_iter().map(|(subject, _)| subject).collect();
    for both in ["wip", "Ship it", "Allot it"] {
        assert_eq!(subjects.iter().any(|subject| subject == both), both != "wip", "{subjects:?}");
    }
    assert!(!subjects.iter().any(|subject| subject.starts_with("Merge")), "a clean merge did nothing: {subjects:?}");
}
