//! The command: statistics from a file, looks that are recorded once, and its exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use allotment::results::{Advice, Results};
use tempfile::TempDir;

use crate::world::World;

/// A folder with the small catalogue, allotted.
pub fn place() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::base();
    world.allocate();
    for (path, text) in world.files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

fn allot(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_allot")).args(arguments).current_dir(root).env_clear().output().expect("it runs")
}

/// Statistics of `fresh-first` at an instant; the lift of its success metric is given, in percent.
pub fn csv(at: &str, n: u64, percent: f64) -> String {
    let mut text = String::new();
    for (metric, mean, sd) in [
        ("minutes-listened", 200.0, 300.0),
        ("returned", 0.4, 0.49),
        ("skip-rate", 0.24, 0.05),
        ("app-crashes", 0.1, 0.1),
        ("home-load-time", 800.0, 100.0),
    ] {
        for (variant, factor) in [("control", 1.0), ("fresh-first", 1.0 + percent / 100.0)] {
            let own = if metric == "minutes-listened" { mean * factor } else { mean };
            text.push_str(&format!("fresh-first,{variant},{metric},{n},{own},{},{at}\n", sd * sd));
        }
    }
    text
}

pub fn write(root: &Path, rows: &str) {
    fs::write(root.join("sums.csv"), format!("experiment,variant,metric,n,mean,variance,at\n{rows}")).expect("written");
}

fn records(root: &Path) -> Vec<String> {
    let folder = root.join("results/fresh-first");
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

const ANALYZE: [&str; 6] = ["analyze", "--aggregates", "sums.csv", "--results", "results", "-q"];

#[test]
fn looks_are_recorded_once_and_follow_one_another() {
    let folder = place();
    let root = folder.path();
    let (first, second) = ("2027-01-25T06:00:00Z", "2027-02-08T06:00:00Z");
    write(root, &(csv(first, 20_000, 3.0) + &csv(second, 60_000, 3.0)));
    let at = |at: &str| {
        let output = allot(root, &[&ANALYZE[..], &["--at", at, "--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        Results::read(&output.stdout).expect("results")
    };
    let early = at("2027-02-01T00:00:00Z");
    assert_eq!(early.at, first, "later looks are not looked at");
    assert_eq!(records(root), ["1-20270125T060000Z.json"]);
    let bytes = fs::read(root.join("results/fresh-first/1-20270125T060000Z.json")).expect("a record");
    let late = at(second);
    assert_eq!((late.look.number, late.look.earlier.as_slice()), (2, &[first.to_owned()][..]));
    assert_eq!(late.decision.advice, Advice::Ship);
    assert_eq!(records(root).len(), 2);
    // The same again writes the same bytes, that is nothing.
    assert_eq!(at(second), late);
    assert_eq!(fs::read(root.join("results/fresh-first/1-20270125T060000Z.json")).expect("a record"), bytes);
    // Other statistics for a look that is recorded are refused.
    write(root, &csv(first, 20_000, 4.0));
    let refused = allot(root, &[&ANALYZE[..], &["--at", first]].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("records another result of the same look"), "{said}");
}

/// What `conclude`, `check` and `comment` are given is what `analyze` was.
#[cfg(all(feature = "publish", feature = "forge"))]
#[test]
fn an_address_holds_looks_as_a_folder_does() {
    let folder = place();
    let root = folder.path();
    let (first, second) = ("2027-01-25T06:00:00Z", "2027-02-08T06:00:00Z");
    write(root, &(csv(first, 20_000, 3.0) + &csv(second, 60_000, 3.0)));
    let analyze = |place: &str, at: &str| {
        let arguments = ["analyze", "--aggregates", "sums.csv", "--results", place, "--at", at, "--format", "json"];
        let output = allot(root, &arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        (String::from_utf8(output.stdout).expect("text"), said)
    };
    for at in [first, second] {
        let (there, said) = analyze("file://records", at);
        assert!(said.contains("1 look recorded in `") && said.contains("records`"), "{said}");
        assert_eq!(there, analyze("results", at).0);
        assert!(!analyze("file://records", at).1.contains("recorded"), "the same look is not written again");
    }
    for name in records(root) {
        let read = |place: &str| fs::read(root.join(place).join("fresh-first").join(&name)).expect("a record");
        assert_eq!(read("records"), read("results"));
    }
    // A folder and its address are one place.
    assert!(!analyze("records", second).1.contains("recorded"));
    let says = |arguments: &[&str], word: &str| {
        let output = allot(root, arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{said}");
        assert!(said.contains(word), "{arguments:?}\n{said}");
    };
    let at = ["--at", "2027-02-09T00:00:00Z"];
    for place in ["file://records", "records"] {
        says(&[&["comment", "--dry-run", "--results", place][..], &at].concat(), "fresh-first");
    }
    says(&[&["comment", "--dry-run", "--results", "file://empty"][..], &at].concat(), "there is nothing to say");
    let conclude = ["conclude", "fresh-first", "--outcome", "shipped", "--learned", "It is the evenings."];
    let none = allot(root, &[&conclude[..], &["--results", "file://empty"], &at].concat());
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("no result of `fresh-first` is recorded in `"));
    says(&[&conclude[..], &["--results", "file://records"], &at].concat(), "is decided");
    says(&[&["check", "--results", "file://records"][..], &at].concat(), "");
    let path = root.join(crate::world::FRESH);
    let decided = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, decided.replace("outcome = \"shipped\"", "outcome = \"stopped\"")).expect("written");
    let held = allot(root, &[&["check", "--results", "file://records"][..], &at].concat());
    let said = String::from_utf8_lossy(&held.stdout);
    assert!(said.contains("decision-contradicts-evidence"), "{said}");
}

#[cfg(not(feature = "publish"))]
#[test]
fn an_address_needs_what_publishes() {
    let folder = place();
    write(folder.path(), &csv("2027-01-25T06:00:00Z", 20_000, 3.0));
    let output = allot(folder.path(), &["analyze", "--aggregates", "sums.csv", "--results", "s3://bucket/results"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("build it with the feature `publish`"), "{said}");
}

#[test]
fn earlier_looks_are_read_strictly() {
    let folder = place();
    let root = folder.path();
    write(root, &csv("2027-02-08T06:00:00Z", 60_000, 3.0));
    fs::create_dir_all(root.join("results/fresh-first")).expect("made");
    fs::write(root.join("results/fresh-first/1-20270118T060000Z.json"), "{\"version\":1}").expect("written");
    let output = allot(root, &[&ANALYZE[..], &["--at", "2027-02-08T06:00:00Z"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("nobody knows which looks were spent"), "{said}");
    // Those of another phase are another experiment's.
    fs::rename(
        root.join("results/fresh-first/1-20270118T060000Z.json"),
        root.join("results/fresh-first/2-20270118T060000Z.json"),
    )
    .expect("renamed");
    assert_eq!(allot(root, &[&ANALYZE[..], &["--at", "2027-02-08T06:00:00Z"]].concat()).status.code(), Some(0));
}

#[test]
fn exit_codes_tell_health_harm_usage_and_the_environment_apart() {
    let folder = place();
    let root = folder.path();
    let code = |arguments: &[&str]| allot(root, arguments).status.code();
    let at = ["--at", "2027-01-25T06:00:00Z", "-q"];
    write(root, &csv("2027-01-25T06:00:00Z", 20_000, 0.0));
    assert_eq!(code(&[&["analyze", "--aggregates", "sums.csv"][..], &at].concat()), Some(0));
    // Early bounds are high: it takes many units to tell harm then.
    write(root, &csv("2027-01-25T06:00:00Z", 1_000_000, -10.0));
    assert_eq!(
        code(&[&["analyze", "--aggregates", "sums.csv"][..], &at].concat()),
        Some(1),
        "it does harm while it runs"
    );
    write(
        root,
        &csv("2027-01-25T06:00:00Z", 20_000, 0.0).replace(
            "fresh-first,fresh-first,minutes-listened,20000",
            "fresh-first,fresh-first,minutes-listened,22000",
        ),
    );
    assert_eq!(code(&[&["analyze", "--aggregates", "sums.csv"][..], &at].concat()), Some(1), "the sample ratio is off");
    assert_eq!(code(&[&["analyze", "fresh-frist", "--aggregates", "sums.csv"][..], &at].concat()), Some(2));
    write(root, "fresh-first,control,skip-rate,many,1,1,\n");
    assert_eq!(code(&[&["analyze", "--aggregates", "sums.csv"][..], &at].concat()), Some(2));
    assert_eq!(code(&[&["analyze", "--aggregates", "gone.csv"][..], &at].concat()), Some(3));
    assert_eq!(
        code(&["analyze", "fresh-first", "--aggregates", "sums.csv", "--at", "2027-01-01"]),
        Some(2),
        "it has not begun"
    );
}

/// `sums.parquet` has what [`csv`] writes for one look, with counts as doubles, and instants.
#[cfg(feature = "embedded")]
#[test]
fn statistics_are_the_same_from_parquet() {
    let folder = place();
    let root = folder.path();
    let at = "2027-02-08T06:00:00Z";
    write(root, &csv(at, 60_000, 3.0));
    let parquet = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/analysis/sums.parquet");
    fs::copy(parquet, root.join("sums.parquet")).expect("copied");
    let results = ["sums.csv", "sums.parquet"].map(|file| {
        let output = allot(root, &["analyze", "--aggregates", file, "--at", at, "--format", "json", "-q"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        Results::read(&output.stdout).expect("results")
    });
    let [text, parquet] = results;
    assert_eq!(text.tally, parquet.tally);
    assert_eq!(text.treatments, parquet.treatments);
    fs::write(root.join("cut.parquet"), &fs::read(root.join("sums.parquet")).expect("bytes")[..500]).expect("written");
    let cut = allot(root, &["analyze", "--aggregates", "cut.parquet", "--at", at, "-q"]);
    assert!(matches!(cut.status.code(), Some(1..=3)), "{:?}", cut.status);
    assert!(String::from_utf8_lossy(&cut.stderr).contains("cut.parquet"), "{}", String::from_utf8_lossy(&cut.stderr));
}
