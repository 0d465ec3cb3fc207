//! The gate: a change against its base, in real repositories of every shape.

use std::process::Command;

use serde_json::Value;

use crate::repositories::{Repository, allot, git};

const FRESH: &str = "experiments/home/fresh-first.toml";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|wrong| panic!("{wrong}: {text}"))
}

/// The ids of what changes, with what happens to each.
fn changes(plan: &Value) -> Vec<(String, String)> {
    let one = |change: &Value| {
        let actions: Vec<&str> = change["actions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        (change["id"].as_str().unwrap().to_owned(), actions.join(" "))
    };
    plan["plan"]["changes"].as_array().expect("changes").iter().map(one).collect()
}

fn one(id: &str, actions: &str) -> Vec<(String, String)> {
    vec![(id.to_owned(), actions.to_owned())]
}

#[test]
fn a_weight_change_tells_exactly_who_would_move() {
    let repository = Repository::new("");
    repository.edit(FRESH, "[success]", "[weights]\ncontrol = \"25%\"\nfresh-first = \"75%\"\n\n[success]");
    let (code, out, _) = repository.allot(&["plan", "--base", "HEAD", "--format", "json"]);
    assert_eq!(code, Some(0));
    let plan = json(&out);
    assert_eq!(changes(&plan), one("fresh-first", "assignment"));
    let moves = &plan["plan"]["changes"][0]["moves"];
    let expected = serde_json::json!([{ "from": "control", "to": "fresh-first", "units": 5.0, "visible": true }]);
    assert_eq!(*moves, expected);
    let (code, out, _) = repository.allot(&["plan", "--base", "HEAD"]);
    assert!(code == Some(0) && out.contains("5% of home from control to fresh-first"), "{out}");
    let (code, out, _) = repository.allot(&["check", "--base", "HEAD"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("error[changed-weights]") && !out.contains("[stale-allocation]"), "{out}");
    assert!(out.contains("`home` is held back"), "{out}");
}

#[test]
fn a_catalogue_in_a_folder_a_worktree_and_a_bare_clone_give_the_same_plan() {
    let repository = Repository::new("teams/listening/catalogue");
    repository.git(&["switch", "-qc", "grow"]);
    repository.edit(FRESH, "traffic = \"20%\"", "traffic = \"30%\"");
    repository.allot(&["allocate"]);
    repository.commit("Grow");
    let plan = |folder: &std::path::Path, arguments: &[&str]| {
        let (code, out, err) = allot(folder, &[&["plan", "--format", "json"], arguments].concat());
        assert_eq!(code, Some(0), "{err}");
        json(&out)
    };
    let here = plan(&repository.root(), &["--base", "main"]);
    assert_eq!(changes(&here), one("fresh-first", "ramp"));
    assert_eq!(here["source"]["folder"], "teams/listening/catalogue/");
    assert_eq!(here["plan"]["changes"][0]["taken"], 100);

    let named = plan(&repository.root(), &["--base", "main", "--head", "grow"]);
    assert_eq!(named["plan"], here["plan"]);

    let beside = tempfile::tempdir().expect("a folder");
    let tree = beside.path().join("tree");
    repository.git(&["worktree", "add", "-q", tree.to_str().unwrap(), "-b", "other", "grow"]);
    let worktree = plan(&tree.join("teams/listening/catalogue"), &["--base", "main"]);
    assert_eq!(worktree["plan"], here["plan"]);

    let bare = beside.path().join("bare.git");
    repository.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let bare = plan(&bare, &["--base", "main", "--head", "grow"]);
    assert_eq!(bare["plan"], here["plan"]);
}

#[test]
fn only_what_the_branch_did_counts_and_a_moved_file_is_no_change() {
    let repository = Repository::new("");
    repository.git(&["switch", "-qc", "tidy"]);
    for end in ["toml", "lock"] {
        std::fs::create_dir_all(repository.root().join("experiments/ranking")).unwrap();
        let (from, to) =
            (format!("experiments/home/fresh-first.{end}"), format!("experiments/ranking/fresh-first.{end}"));
        repository.git(&["mv", &from, &to]);
    }
    repository.commit("Tidy up");
    // Meanwhile, main changes something else.
    repository.git(&["switch", "-q", "main"]);
    repository.edit("metrics/app.toml", "Crashes per user in the first week", "Crashes per user");
    repository.commit("A name");
    repository.git(&["switch", "-q", "tidy"]);
    let (code, out, _) = repository.allot(&["check", "--base", "main", "--format", "json"]);
    assert_eq!(code, Some(0), "{out}");
    let report = json(&out);
    assert_eq!(report["plan"]["changes"], serde_json::json!([]), "{out}");
    assert_eq!(report["plan"]["definitions"], serde_json::json!([]));
    assert_eq!(report["verdict"], "ready");
}

#[test]
fn what_the_base_has_too_blocks_nobody_and_levels_are_the_bases() {
    let repository = Repository::new("");
    // On main, a test is overdue since yesterday.
    repository.edit(FRESH, "days = 28", "days = 20");
    repository.edit(FRESH, "returned = { mde = \"2%\" }\n", "minutes-listened-again = {}\n");
    repository.edit(FRESH, "minutes-listened-again = {}\n", "");
    repository.allot(&["allocate"]);
    repository.commit("Shorter");
    let (code, out, _) = repository.allot(&["check"]);
    assert_eq!(code, Some(1), "{out}");
    repository.git(&["switch", "-qc", "branch"]);
    repository.edit("flags/home-cards.toml", "How one item on Home looks", "How one item looks");
    let (code, out, _) = repository.allot(&["check", "--base", "main"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("main has too, and they block nobody"), "{out}");
    // A new fault counts, and the branch cannot allow it to itself.
    repository.edit(FRESH, "hypothesis = \"\"\"", "hypothesis = \"\"\"   \"\"\"\nevidence = \"\"\"");
    let root = std::fs::read_to_string(repository.root().join("allotment.toml")).unwrap();
    repository.put("allotment.toml", &format!("{root}\n[lint]\nhygiene = \"allow\"\n"));
    let (_, out, _) = repository.allot(&["check", "--base", "main", "--format", "json"]);
    let report = json(&out);
    let rules: Vec<_> = report["diagnostics"].as_array().unwrap().iter().map(|found| found["rule"].clone()).collect();
    assert_eq!(rules, ["missing-hypothesis"], "{out}");
    assert!(!report["known"].as_array().unwrap().is_empty());
    let schema: Value = serde_json::from_str(include_str!("../../schema/output/check.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &report), "{out}");
}

#[test]
fn the_first_commit_needs_no_base_and_a_shallow_clone_says_what_helps() {
    let repository = Repository::new("");
    let (code, out, err) = repository.allot(&["check"]);
    assert_eq!(code, Some(0), "{out}{err}");
    repository.edit("flags/home-cards.toml", "How one item on Home looks", "How one item looks");
    repository.commit("Words");
    repository.git(&["switch", "-qc", "branch"]);
    repository.commit("Nothing");
    let beside = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}", repository.top().display());
    let cloned = git(beside.path(), &["clone", "-q", "--depth", "1", "-b", "branch", &url, "shallow"]);
    assert!(cloned.status.success());
    let (code, _, err) = allot(&beside.path().join("shallow"), &["check", "--base", "origin/main"]);
    assert_eq!(code, Some(3));
    assert!(err.contains("git fetch --unshallow origin main"), "{err}");
    // Only what more history may have is said to lie beyond it.
    let whole = "7d3c1b0a9f8e7d6c5b4a39281706f5e4d3c2b1a0";
    let zeros = "0000000000000000000000000000000000000000";
    for (revision, beyond) in [
        (whole, true),
        (&whole[..10], true),
        ("HEAD~1", true),
        ("HEAD^", true),
        ("gone~1", false),
        ("", false),
        (zeros, false),
    ] {
        let (code, _, err) = allot(&beside.path().join("shallow"), &["check", "--base", revision]);
        assert_eq!(code, Some(3), "{revision}: {err}");
        let help = if beyond { "help: this clone is shallow: run" } else { "help: name a branch, a tag or a commit" };
        assert!(err.contains(help), "{revision}: {err}");
    }
    let (_, _, err) = allot(&beside.path().join("shallow"), &["check", "--base=--foo"]);
    assert!(err.contains("help: name a branch, a tag or a commit"), "{err}");
    let (code, _, err) = repository.allot(&["plan", "--base", "no-such-branch"]);
    assert_eq!(code, Some(3));
    assert!(err.contains("git fetch origin no-such-branch"), "{err}");
    let outside = tempfile::tempdir().expect("a folder");
    Command::new("cp").arg("-r").arg(repository.root().join("flags")).arg(outside.path()).status().unwrap();
    std::fs::copy(repository.root().join("allotment.toml"), outside.path().join("allotment.toml")).unwrap();
    let (code, _, err) = allot(outside.path(), &["plan", "--base", "main"]);
    assert_eq!(code, Some(3));
    assert!(err.contains("in no Git repository"), "{err}");
}

#[test]
fn a_repository_of_another_owner_is_said_to_be_that() {
    let repository = Repository::new("");
    let folder = repository.top();
    // Only root may give a folder away.
    let given =
        Command::new("chown").args(["-R", "12345"]).arg(folder).output().is_ok_and(|done| done.status.success());
    if !given {
        return;
    }
    for verb in [&["plan", "--base", "main"][..], &["merge", "main"]] {
        let (code, _, err) = repository.allot(verb);
        assert_eq!(code, Some(3), "{verb:?}: {err}");
        assert!(err.contains("is not owned by current user"), "{verb:?}: {err}");
    }
}

#[test]
fn a_merge_commit_is_read_like_a_branch() {
    let repository = Repository::new("");
    repository.git(&["switch", "-qc", "grow"]);
    repository.edit(FRESH, "traffic = \"20%\"", "traffic = \"30%\"");
    repository.allot(&["allocate"]);
    repository.commit("Grow");
    repository.git(&["switch", "-q", "main"]);
    repository.edit("metrics/app.toml", "Crashes per user in the first week", "Crashes per user");
    repository.commit("A name");
    repository.git(&["switch", "-q", "--detach", "main"]);
    repository.git(&["merge", "-q", "--no-ff", "-m", "Merge", "grow"]);
    let (code, out, _) = repository.allot(&["check", "--base", "main", "--format", "json"]);
    assert_eq!(code, Some(0), "{out}");
    assert_eq!(changes(&json(&out)), one("fresh-first", "ramp"));
}

#[test]
fn every_format_is_written_beside_the_one_that_is_shown() {
    let repository = Repository::new("");
    repository.edit(FRESH, "traffic = \"20%\"", "traffic = \"15%\"");
    let out = tempfile::tempdir().expect("a folder");
    let write = |format: &str| format!("{format}={}", out.path().join(format).display());
    let formats = ["json", "sarif", "markdown", "text", "github"];
    let mut arguments = vec!["check".to_owned(), "--base".to_owned(), "HEAD".to_owned(), "--format=github".to_owned()];
    arguments.extend(formats.iter().flat_map(|format| ["--write".to_owned(), write(format)]));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, shown, err) = repository.allot(&arguments);
    assert_eq!(code, Some(1));
    assert!(err.contains("not ready"), "{err}");
    let read = |format: &str| std::fs::read_to_string(out.path().join(format)).expect("it was written");
    assert_eq!(read("github"), shown);
    assert!(shown.starts_with("::error file=experiments/home/fresh-first.toml,"), "{shown}");
    assert_eq!(json(&read("json"))["verdict"], "not_ready");
    assert_eq!(json(&read("sarif"))["runs"][0]["results"][0]["ruleId"], "decreased-traffic");
    assert!(read("markdown").starts_with("### "), "{}", read("markdown"));
    let (code, _, err) = repository.allot(&["check", "--write", "yaml=x"]);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn moving_the_whole_catalogue_is_no_way_around_the_gate() {
    let repository = Repository::new("");
    std::fs::create_dir(repository.top().join("tests-of-ours")).unwrap();
    let folders =
        ["allotment.toml", "baselines", "experiments", "flags", "metrics", "rollouts", "segments", "surfaces"];
    for name in folders {
        repository.git(&["mv", name, "tests-of-ours"]);
    }
    let (code, out, _) =
        allot(&repository.top().join("tests-of-ours"), &["check", "--base", "HEAD", "--format", "json"]);
    assert_eq!((code, changes(&json(&out))), (Some(0), Vec::new()), "{out}");
    repository.edit(&format!("tests-of-ours/{FRESH}"), "traffic = \"20%\"", "traffic = \"15%\"");
    let moved = repository.commit("Move, and something else");
    let (code, out, _) = allot(&repository.top().join("tests-of-ours"), &["check", "--base", "HEAD~1"]);
    assert!(code == Some(1) && out.contains("error[decreased-traffic]"), "{out}");
    let (code, out, _) = allot(repository.top(), &["check", "--base", "HEAD~1", "--head", &moved]);
    assert!(code == Some(1) && out.contains("error[decreased-traffic]"), "{out}");
    // A second catalogue beside the first is new, and no copy of it.
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let target = repository.top().join("another");
    std::fs::create_dir_all(&target).unwrap();
    let copied = Command::new("cp").arg("-r").args(folders).arg("another").current_dir(repository.top()).status();
    assert!(copied.unwrap().success());
    let (_, out, _) = allot(&target, &["plan", "--base", "HEAD", "--format", "json"]);
    assert_eq!(changes(&json(&out)).len(), 2, "{out}");
}

#[test]
fn a_revision_that_is_no_name_is_not_offered_to_paste() {
    let repository = Repository::new("");
    for odd in ["--upload-pack=x", "main:surfaces", "HEAD..main", "", "a b", "$(x)"] {
        let (code, _, err) = repository.allot(&["plan", &format!("--base={odd}")]);
        assert_eq!(code, Some(3), "{odd}: {err}");
        assert!(err.contains("name a branch, a tag or a commit") && !err.contains("git fetch"), "{odd}: {err}");
    }
    let fresh = tempfile::tempdir().expect("a folder");
    assert!(git(fresh.path(), &["init", "-q"]).status.success());
    std::fs::copy(repository.root().join("allotment.toml"), fresh.path().join("allotment.toml")).unwrap();
    let (_, _, err) = allot(fresh.path(), &["check", "--base", "HEAD"]);
    assert!(err.contains("there is no commit yet"), "{err}");
}

#[test]
#[cfg(feature = "forge")]
fn what_check_and_what_plan_recorded_can_both_be_commented() {
    let repository = Repository::new("");
    repository.edit(FRESH, "traffic = \"20%\"", "traffic = \"15%\"");
    let out = tempfile::tempdir().expect("a folder");
    for (verb, title) in [("check", "after 1 fix"), ("plan", "### What changes against `HEAD`")] {
        let (_, record, _) = repository.allot(&[verb, "--base", "HEAD", "--format", "json"]);
        let path = out.path().join(verb);
        std::fs::write(&path, record).expect("written");
        let arguments = ["comment", "--report", path.to_str().expect("UTF-8"), "--pr", "1", "--dry-run"];
        let (code, shown, err) = repository.allot(&arguments);
        assert_eq!(code, Some(0), "{err}");
        assert!(shown.lines().nth(1).is_some_and(|line| line.contains(title)), "{shown}");
    }
}
