//! Locks after a merge: two branches that allot on one component, in a real repository, with the real `git`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::world::World;

const AT: &str = "2027-02-01";

fn git(root: &Path, arguments: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git runs")
}

fn commit(root: &Path, message: &str) {
    assert!(git(root, &["add", "-A"]).status.success());
    assert!(git(root, &["commit", "-qm", message]).status.success());
}

fn allot(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(["--at", AT, "--root"])
        .arg(root)
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn experiment(id: &str, flag: &str, traffic: &str) -> (String, String) {
    let text = format!(
        "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"home\"\nflag = \"{flag}\"\nhypothesis = \"{id} helps\"\n\n\
         start = 2027-03-01\ndays = 28\ntraffic = \"{traffic}\"\nramp = [{{ days = 1, traffic = \"2%\" }}]\n\n\
         [variants]\ncontrol = \"{}\"\ntreatment = \"{}\"\n\n[success]\nminutes-listened = {{ mde = \"2.5%\" }}\n",
        if flag == "home-ranker" { "v7" } else { "small" },
        if flag == "home-ranker" { "v8-fresh" } else { "large" },
    );
    (format!("experiments/home/{id}.toml"), text)
}

/// A repository of the small catalogue, without its rollout so that both flags are free, allotted and committed.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let mut world = World::base();
    world.files.remove("rollouts/home-cards.toml");
    for (path, text) in &world.files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    assert!(git(root, &["init", "-q", "-b", "main"]).status.success());
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    commit(root, "the catalogue");
    folder
}

fn branch(root: &Path, name: &str, (path, text): &(String, String)) {
    assert!(git(root, &["checkout", "-q", "-b", name, "main"]).status.success());
    fs::write(root.join(path), text).expect("a file");
    let (code, words) = allot(root, &["allocate"]);
    assert_eq!(code, Some(0), "{words}");
    commit(root, name);
}

#[test]
fn branches_on_one_component_conflict_and_allocate_resolves_them() {
    let folder = repository();
    let root = folder.path();
    branch(root, "a", &experiment("test-a", "home-ranker", "60%"));
    branch(root, "b", &experiment("test-b", "home-ranker", "30%"));
    assert!(git(root, &["checkout", "-q", "main"]).status.success());
    assert!(git(root, &["merge", "-q", "a"]).status.success());
    let kept = fs::read_to_string(root.join("experiments/home/test-a.lock")).expect("a lock");
    assert!(!git(root, &["merge", "-q", "b"]).status.success(), "one component: Git must see a conflict");
    let ledger = fs::read_to_string(root.join("surfaces/home.lock")).expect("a ledger");
    assert!(ledger.contains("<<<<<<<"), "the conflict is in the ledger");
    let (code, words) = allot(root, &["lint"]);
    assert!(code == Some(1) && words.contains("a merge left a conflict"), "{words}");
    let (code, words) = allot(root, &["allocate", "--base", "HEAD"]);
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(fs::read_to_string(root.join("experiments/home/test-a.lock")).expect("a lock"), kept);
    let (code, words) = allot(root, &["lint"]);
    assert_eq!(code, Some(0), "{words}");
}

#[test]
fn branches_on_other_components_merge_cleanly_and_need_nothing() {
    let folder = repository();
    let root = folder.path();
    branch(root, "a", &experiment("test-a", "home-ranker", "60%"));
    branch(root, "b", &experiment("test-b", "home-cards", "90%"));
    assert!(git(root, &["checkout", "-q", "main"]).status.success());
    for name in ["a", "b"] {
        let merged = git(root, &["merge", "-q", name]);
        assert!(merged.status.success(), "{}", String::from_utf8_lossy(&merged.stdout));
    }
    let (code, words) = allot(root, &["lint"]);
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(allot(root, &["allocate", "--check"]).0, Some(0));
}

#[test]
fn what_does_not_fit_after_a_merge_leaves_every_lock_as_it_was() {
    let folder = repository();
    let root = folder.path();
    branch(root, "a", &experiment("test-a", "home-ranker", "60%"));
    branch(root, "b", &experiment("test-b", "home-ranker", "50%"));
    assert!(git(root, &["checkout", "-q", "main"]).status.success());
    assert!(git(root, &["merge", "-q", "a"]).status.success());
    assert!(!git(root, &["merge", "-q", "b"]).status.success());
    let before = fs::read_to_string(root.join("surfaces/home.lock")).expect("a ledger");
    let (code, words) = allot(root, &["allocate", "--base", "HEAD"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("over-capacity") && words.contains("`test-a` holds 600"), "{words}");
    assert_eq!(fs::read_to_string(root.join("surfaces/home.lock")).expect("a ledger"), before);
}

#[test]
fn a_revision_that_is_not_there_has_a_remedy() {
    let folder = repository();
    let (code, words) = allot(folder.path(), &["allocate", "--base", "origin/main"]);
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains("git fetch origin main"), "{words}");
}
