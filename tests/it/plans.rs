//! Plans as a terminal shows them: compact, within the width of a page, and without a way to steer the terminal.

use allotment::render::plan::text;
use allotment::render::text::Style;

use crate::markdown::examples;
use crate::repositories::Repository;
use crate::world::{FRESH, ROLLOUT};

/// What `plan` says in a format, as one line.
fn planned(repository: &Repository, format: &str) -> String {
    let (code, out, err) = repository.allot(&["plan", "--base", "HEAD", "--format", format]);
    assert_eq!(code, Some(0), "{err}");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is planned for the one test that changes.
fn change(repository: &Repository) -> serde_json::Value {
    let record: serde_json::Value = serde_json::from_str(&planned(repository, "json")).expect("JSON");
    record["plan"]["changes"][0].clone()
}

#[test]
fn a_later_start_does_not_hide_who_loses_it_now() {
    let repository = Repository::new("");
    repository.edit(FRESH, "start = 2027-01-11", "start = 2027-02-03");
    repository.edit(FRESH, "days = 28", "days = 28\nphase = 2");
    let text = planned(&repository, "text");
    let back = "back to the flag's rules and default";
    let told =
        format!("moves 10% of home from control {back} at once (unseen: served the same) 10% from fresh-first {back}");
    assert!(text.contains(&told) && text.contains(" on 2027-02-04 "), "{text}");
    let markdown = planned(&repository, "markdown");
    let (told, _) = markdown.split_once("On 4 Feb").expect("a day of its own");
    assert!(told.contains("At once this moves") && told.contains(&format!("from `fresh-first` {back}")), "{told}");
    assert_eq!(change(&repository)["moves_today"][0]["units"], 10.0);
    // A ramp only brings units: its steps say when.
    let repository = Repository::new("");
    repository.edit(FRESH, "traffic = \"20%\"", "traffic = \"30%\"");
    assert!(change(&repository).get("moves_today").is_none());
}

#[test]
fn who_stays_longer_is_not_said_to_move() {
    let repository = Repository::new("");
    repository.edit(FRESH, "days = 28", "days = 29");
    let text = planned(&repository, "text");
    assert!(text.contains("stays 10% of home in control from 2027-02-08 on 10% in fresh-first 20% in all"), "{text}");
    assert!(!text.contains("moves"), "{text}");
    let markdown = planned(&repository, "markdown");
    let (_, told) = markdown.split_once("From 8 Feb 2027 on, ").expect("a day");
    assert!(told.contains("of `home`'s units stay in `control` and"), "{told}");
    assert!(!markdown.contains("this moves"), "{markdown}");
    let staying = change(&repository);
    assert_eq!((&staying["moved"], &staying["moves"][0]["stays"]), (&0.0.into(), &true.into()));
    // Who comes besides, comes.
    repository.edit(FRESH, "traffic = \"20%\"", "traffic = \"30%\"");
    let both = change(&repository);
    assert_eq!((&both["moved"], &both["moves_on"]), (&10.0.into(), &"2027-02-01".into()));
}

#[test]
fn a_unit_that_changes_its_flag_counts_once() {
    let repository = Repository::new("");
    std::fs::remove_file(repository.root().join(FRESH)).expect("it is there");
    std::fs::remove_file(repository.root().join(FRESH.replace("toml", "lock"))).expect("it is there");
    repository.edit(ROLLOUT, "start = 2027-02-15", "start = 2027-01-04");
    std::fs::remove_file(repository.root().join(ROLLOUT.replace("toml", "lock"))).expect("it is there");
    assert_eq!(repository.allot(&["allocate"]).0, Some(0));
    repository.commit("a rollout alone");
    repository.edit(ROLLOUT, "flag = \"home-cards\"", "flag = \"home-ranker\"");
    repository.edit(ROLLOUT, "value = \"large\"", "value = \"v8-fresh\"");
    let (code, out, _) = repository.allot(&["check", "--base", "HEAD"]);
    let out = out.replace("\n  | ", " ");
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("[moved-units]") && out.contains("98% of the units of `home` would move"), "{out}");
}

#[test]
fn plans_read_well() {
    for name in ["launch", "several", "nothing", "powered", "underpowered"] {
        let plan = examples().into_iter().find(|(known, _)| known == name).and_then(|(_, record)| record.plan);
        insta::assert_snapshot!(format!("plan_{name}"), text(&plan.expect("a plan"), Style::Plain));
    }
}

#[test]
fn plans_stay_on_the_page_and_steer_nothing() {
    for (name, record) in examples() {
        let plan = record.plan.expect("a plan");
        let shown = text(&plan, Style::Plain);
        assert!(shown.ends_with('\n') && !shown.contains("\n\n\n"), "{name}:\n{shown}");
        if !name.starts_with("hostile") {
            let long: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 100).collect();
            assert!(long.is_empty(), "{name}: {long:?}");
        }
        let hidden = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
        assert!(!shown.contains(hidden), "{name}:\n{shown}");
        assert!(text(&plan, Style::Rich).contains("\u{1b}["), "{name}");
    }
}
