//! `allot merge`: in real repositories, it does all of it or nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::merges::{allot, branch, catalogue, commit, experiment, git, repository};

/// All that a refusal must leave as it was: where HEAD is, the index, and every file.
#[derive(PartialEq, Debug)]
struct State {
    head: Vec<u8>,
    branches: Vec<u8>,
    index: Option<Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
}

fn state(root: &Path) -> State {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if !path.ends_with(".git") {
                    folders.push(path);
                }
            } else {
                files.insert(path.display().to_string(), fs::read(&path).expect("a file"));
            }
        }
    }
    State {
        head: fs::read(root.join(".git/HEAD")).expect("a HEAD"),
        branches: git(root, &["for-each-ref", "refs/heads"]).stdout,
        index: fs::read(root.join(".git/index")).ok(),
        files,
    }
}

/// A repository that knows who commits, whatever machine it is on.
fn known(folder: tempfile::TempDir) -> tempfile::TempDir {
    introduce(folder.path());
    folder
}

fn introduce(root: &Path) {
    for (key, value) in [("user.name", "Test"), ("user.email", "test@example.org")] {
        assert!(git(root, &["config", key, value]).status.success());
    }
}

fn text(root: &Path, arguments: &[&str]) -> String {
    let output = git(root, arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Two branches, `ours` checked out.
fn branches(ours: &(String, String), theirs: &(String, String)) -> tempfile::TempDir {
    let folder = known(repository());
    branch(folder.path(), "theirs", theirs);
    branch(folder.path(), "ours", ours);
    folder
}

/// Writes a file and commits it.
fn write(root: &Path, path: &str, content: &str) {
    fs::write(root.join(path), content).expect("a file");
    commit(root, path);
}

/// Runs `allot merge`, which must change nothing, with an exit code, and says these words.
fn refused(root: &Path, arguments: &[&str], code: i32, words: &[&str]) {
    let before = state(root);
    let (found, said) = allot(root, &[&["merge"], arguments].concat());
    assert_eq!(found, Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` in:\n{said}");
    }
    assert_eq!(state(root), before, "{said}");
}

/// Everything is in order after a merge: two parents, a clean work tree, sound objects, and `check` is content.
fn in_order(root: &Path, parents: &[&str]) {
    assert_eq!(text(root, &["status", "--porcelain"]), "");
    assert!(git(root, &["fsck", "--strict"]).status.success());
    let (code, said) = allot(root, &["check"]);
    assert_eq!(code, Some(0), "{said}");
    let found = text(root, &["log", "-1", "--format=%P"]);
    let wanted: Vec<String> = parents.iter().map(|name| text(root, &["rev-parse", name]).trim().to_owned()).collect();
    assert_eq!(found.trim(), wanted.join(" "));
}

const A: &str = "experiments/home/test-a.lock";
const B: &str = "experiments/home/test-b.lock";

#[test]
fn what_collides_is_drawn_again_and_the_other_side_stays() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    let before = text(root, &["rev-parse", "ours"]);
    let dry = state(root);
    let (code, said) = allot(root, &["merge", "--dry-run", "theirs"]);
    assert!(code == Some(0) && said.contains("draws experiments/home/test-a.lock"), "{said}");
    assert_eq!(state(root), dry, "a dry run changes nothing");
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("draws experiments/home/test-a.lock") && said.contains("merged `theirs` into `ours`"),
        "{said}"
    );
    in_order(root, &["ours~1", "theirs"]);
    assert_eq!(text(root, &["show", &format!("theirs:{B}")]), fs::read_to_string(root.join(B)).expect("a lock"));
    assert_ne!(text(root, &["show", &format!("ours~1:{A}")]), fs::read_to_string(root.join(A)).expect("a lock"));
    let message = text(root, &["log", "-1", "--format=%an <%ae>%n%cn%n%B"]);
    assert_eq!(
        message.trim_end(),
        "Test <test@example.org>\nTest\nMerge theirs into ours\n\nDrawn again:\n- experiments/home/test-a.lock"
    );
    assert_eq!(text(root, &["rev-parse", "ORIG_HEAD"]), before);
    assert!(text(root, &["reflog", "-1"]).contains("allot merge: Merge theirs into ours"));
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert!(code == Some(0) && said.contains("already up to date"), "{said}");
}

#[test]
fn what_has_nothing_in_common_stays_as_it_was_drawn() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-cards", "90%"));
    let root = folder.path();
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{said}");
    in_order(root, &["ours~1", "theirs"]);
    assert_eq!(text(root, &["show", &format!("ours~1:{A}")]), fs::read_to_string(root.join(A)).expect("a lock"));
    assert_eq!(text(root, &["show", &format!("theirs:{B}")]), fs::read_to_string(root.join(B)).expect("a lock"));
    assert_eq!(text(root, &["log", "-1", "--format=%B"]).trim_end(), "Merge theirs into ours");
}

#[test]
fn a_branch_that_has_nothing_of_its_own_moves_forward() {
    let folder = known(repository());
    let root = folder.path();
    branch(root, "theirs", &experiment("test-b", "home-ranker", "30%"));
    assert!(git(root, &["checkout", "-q", "main"]).status.success());
    let before = state(root);
    assert_eq!(allot(root, &["merge", "--dry-run", "theirs"]).0, Some(0));
    assert_eq!(state(root), before);
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert!(code == Some(0) && said.contains("`main` moved forward to `theirs`"), "{said}");
    assert_eq!(text(root, &["rev-parse", "main"]), text(root, &["rev-parse", "theirs"]));
    assert_eq!(text(root, &["status", "--porcelain"]), "");
}

#[test]
fn a_catalogue_below_the_top_is_merged_with_all_around_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let top = folder.path();
    assert!(git(top, &["init", "-q", "-b", "main"]).status.success());
    introduce(top);
    let root = top.join("shop/experiments");
    fs::create_dir_all(&root).expect("folders");
    catalogue(&root);
    fs::write(top.join("app.txt"), "1\n2\n3\n4\n5\n").expect("a file");
    fs::write(top.join("old.txt"), "old").expect("a file");
    commit(top, "all of it");
    branch(&root, "theirs", &experiment("test-b", "home-ranker", "30%"));
    fs::remove_file(top.join("old.txt")).expect("it is there");
    fs::create_dir_all(top.join("src/new")).expect("folders");
    write(top, "src/new/file.txt", "new");
    write(top, "app.txt", "1\n2\n3\n4\nfive\n");
    branch(&root, "ours", &experiment("test-a", "home-ranker", "60%"));
    write(top, "app.txt", "one\n2\n3\n4\n5\n");
    let (code, said) = allot(&root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(text(top, &["status", "--porcelain"]), "");
    assert_eq!(fs::read_to_string(top.join("app.txt")).expect("a file"), "one\n2\n3\n4\nfive\n");
    assert!(top.join("src/new/file.txt").is_file() && !top.join("old.txt").exists());
    let (code, said) = allot(&root, &["check"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn declarations_in_conflict_are_for_people() {
    let (ours, theirs) = (experiment("test-a", "home-ranker", "60%"), experiment("test-a", "home-ranker", "30%"));
    let folder = branches(&ours, &theirs);
    let words = [
        "both sides change experiments/home/test-a.toml",
        "git merge theirs",
        "allot allocate --base MERGE_HEAD",
        "nothing was merged",
    ];
    refused(folder.path(), &["theirs"], 1, &words);
    refused(folder.path(), &["--dry-run", "theirs"], 1, &words);
    // A lock of another tool is no lock of ours.
    let folder = branches(&experiment("test-a", "home-ranker", "10%"), &experiment("test-b", "home-cards", "10%"));
    let root = folder.path();
    write(root, "Cargo.lock", "ours");
    assert!(git(root, &["checkout", "-q", "theirs"]).status.success());
    write(root, "Cargo.lock", "theirs");
    assert!(git(root, &["checkout", "-q", "ours"]).status.success());
    refused(root, &["theirs"], 1, &["both sides change Cargo.lock"]);
}

#[test]
fn what_does_not_fit_is_not_merged() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "50%"));
    let words = ["over-capacity", "`test-b` holds 500", "2027-03-29", "nothing was merged"];
    refused(folder.path(), &["theirs"], 1, &words);
}

#[test]
fn an_error_that_neither_side_has_alone_is_not_merged() {
    // One id in two folders, on two components: Git sees nothing.
    let (_, text) = experiment("test-a", "home-cards", "10%");
    let theirs = ("experiments/other/test-a.toml".to_owned(), text);
    let folder = branches(&experiment("test-a", "home-ranker", "10%"), &theirs);
    refused(folder.path(), &["theirs"], 1, &["duplicate-id", "nothing was merged"]);
}

#[test]
fn an_error_that_was_there_before_stops_nobody() {
    let (path, text) = experiment("test-a", "home-ranker", "60%");
    let ran = (path, text.replace("2027-03-01", "2027-01-20").replace("60%", "30%"));
    let folder = branches(&ran, &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    let path = "experiments/home/test-a.toml";
    let text = fs::read_to_string(root.join(path)).expect("it is there").replace("\"ship\"", "\"tweak\"");
    let decision = "\n[decision]\noutcome = \"stopped\"\non = 2027-01-25\nreason = \"It did not help.\"\n";
    fs::write(root.join(path), text + decision).expect("a file");
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    commit(root, "nothing was learned");
    let (code, said) = allot(root, &["lint"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_merge_at_the_wrong_time_changes_nothing() {
    let (ours, theirs) = (experiment("test-a", "home-ranker", "60%"), experiment("test-b", "home-ranker", "30%"));
    let folder = branches(&ours, &theirs);
    let root = folder.path();
    refused(root, &["nowhere"], 3, &["cannot merge `nowhere`", "git fetch origin nowhere"]);
    refused(root, &[], 2, &["<REF>"]);

    fs::write(root.join("allotment.toml"), "version = 1\n").expect("a file");
    refused(root, &["theirs"], 2, &["not committed: `allotment.toml`", "commit or stash"]);
    assert!(git(root, &["add", "allotment.toml"]).status.success());
    refused(root, &["theirs"], 2, &["not committed: `allotment.toml`"]);
    assert!(git(root, &["reset", "-q", "--hard"]).status.success());

    fs::write(root.join(B), "mine").expect("a file");
    refused(
        root,
        &["theirs"],
        2,
        &["in the way: `experiments/home/test-b.lock`", "`git clean -f -- experiments/home/test-b.lock`"],
    );
    fs::remove_file(root.join(B)).expect("it is there");

    assert!(git(root, &["checkout", "-q", "--detach"]).status.success());
    refused(root, &["theirs"], 2, &["HEAD is detached", "git switch"]);
    assert!(git(root, &["checkout", "-q", "ours"]).status.success());

    assert!(!git(root, &["merge", "-q", "theirs"]).status.success());
    refused(root, &["theirs"], 2, &["a merge is in progress", "git merge --abort"]);
    assert!(git(root, &["merge", "--abort"]).status.success());

    assert!(git(root, &["checkout", "-q", "--orphan", "new"]).status.success());
    refused(root, &["theirs"], 2, &["no commit yet"]);
    commit(root, "a past of its own");
    refused(root, &["theirs"], 2, &["share no history"]);
    assert!(git(root, &["checkout", "-q", "ours"]).status.success());

    // An untracked file that is in nobody's way is in nobody's way.
    fs::write(root.join("notes.txt"), "mine").expect("a file");
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read_to_string(root.join("notes.txt")).expect("a file"), "mine");
}

#[test]
fn nobody_commits_without_a_name() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    // An empty name hides whatever the machine has.
    assert!(git(root, &["config", "user.name", ""]).status.success());
    refused(root, &["theirs"], 3, &["cannot tell who commits", "git config user.name"]);
}

#[test]
fn what_only_git_does_is_said() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    fs::create_dir_all(root.join(".git/hooks")).expect("a folder");
    fs::write(root.join(".git/hooks/commit-msg"), "#!/bin/sh\nexit 1\n").expect("a hook");
    assert!(git(root, &["config", "commit.gpgsign", "true"]).status.success());
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("not run: `commit-msg`") && said.contains("not signed"), "{said}");
}

#[test]
fn files_that_pass_through_a_filter_are_left_to_git() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    write(root, ".gitattributes", "*.lock filter=lfs\n");
    refused(root, &["theirs"], 2, &["passes through a filter"]);
}

#[test]
fn what_fails_half_way_is_put_back() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    // No file system takes such a name, and it is written after all that comes before it.
    let name = "z".repeat(300);
    let blob = text(root, &["rev-parse", "theirs:allotment.toml"]);
    let mut tree = text(root, &["ls-tree", "theirs"]);
    tree += &format!("100644 blob {}\t{name}\n", blob.trim());
    let path = root.join(".git/tree");
    fs::write(&path, tree).expect("a file");
    let made = Command::new("sh").arg("-c").arg("git mktree < .git/tree").current_dir(root).output().expect("git runs");
    let tree = String::from_utf8(made.stdout).expect("an id");
    let commit = text(root, &["commit-tree", "-p", "theirs", "-m", "a long name", tree.trim()]);
    let before = state(root);
    let (code, said) = allot(root, &["merge", commit.trim()]);
    assert!(code == Some(3) && said.contains("cannot check the merge out"), "{said}");
    // Files that were written and put back have new times, which the index knows.
    let after = state(root);
    assert_eq!((after.head, after.branches, after.files), (before.head, before.branches, before.files));
    assert_eq!(text(root, &["status", "--porcelain"]), "");
}

#[test]
fn an_interruption_leaves_the_old_state_or_the_new_one() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    // Many files take long enough to be interrupted among them.
    assert!(git(root, &["checkout", "-q", "theirs"]).status.success());
    for number in 0..1_500 {
        fs::write(root.join(format!("file-{number}.txt")), number.to_string()).expect("a file");
    }
    commit(root, "many files");
    assert!(git(root, &["checkout", "-q", "ours"]).status.success());
    let before = state(root);
    let old = text(root, &["rev-parse", "ours"]);
    let (mut partly, mut done) = (0, 0);
    for delay in 0..40 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_allot"))
            .args(["--at", "2027-02-01", "-q", "merge", "theirs", "--root"])
            .arg(root)
            .spawn()
            .expect("it runs");
        std::thread::sleep(std::time::Duration::from_millis(4 * delay));
        child.kill().expect("it is there, or has ended");
        child.wait().expect("it ends");
        // What a user whose tool was killed would do.
        drop(fs::remove_file(root.join(".git/index.lock")));
        if text(root, &["rev-parse", "ours"]) == old {
            partly += u32::from(!text(root, &["status", "--porcelain"]).is_empty());
            assert!(git(root, &["reset", "-q", "--hard"]).status.success());
            assert!(git(root, &["clean", "-qfd"]).status.success());
            assert_eq!(state(root).files, before.files);
        } else {
            done += 1;
            in_order(root, &["ours~1", "theirs"]);
            assert!(git(root, &["reset", "-q", "--hard", old.trim()]).status.success());
            if done == 3 {
                break;
            }
        }
    }
    eprintln!("{partly} interrupted among the files, {done} done");
}

#[test]
fn what_has_begun_depends_on_the_day_that_is_asked_for() {
    let begun = |id: &str| experiment(id, "home-ranker", "40%");
    let folder = branches(&begun("test-a"), &begun("test-b"));
    let root = folder.path();
    let run = |at: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_allot"))
            .args(["--at", at, "merge", "--dry-run", "theirs", "--root"])
            .arg(root)
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run("2027-02-01").0, Some(0));
    // Both have begun, with buckets in common.
    let (code, said) = run("2027-03-02");
    assert!(code == Some(1) && said.contains("`test-a` has begun"), "{said}");
}

/// A repository of what `allot init` makes.
fn initialised() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(git(folder.path(), &["init", "-q", "-b", "main"]).status.success());
    introduce(folder.path());
    assert_eq!(allot(folder.path(), &["init", "-q"]).0, Some(0));
    folder
}

/// A branch of `main` on which an experiment is begun.
fn begun(root: &Path, name: &str, id: &str) {
    assert!(git(root, &["checkout", "-q", "-b", name, "main"]).status.success());
    assert_eq!(allot(root, &["new", "experiment", id]).0, Some(0));
    commit(root, id);
}

#[test]
fn two_branches_that_begin_something_merge_cleanly() {
    let folder = initialised();
    let root = folder.path();
    commit(root, "a catalogue");
    begun(root, "a", "alpha");
    begun(root, "b", "beta");
    assert_eq!(text(root, &["diff", "--name-only", "main"]), "experiments/shop/beta.toml\n");
    let (code, said) = allot(root, &["merge", "--dry-run", "a"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(git(root, &["merge", "-q", "--no-edit", "a"]).status.success());
}

#[test]
fn schemas_that_are_committed_are_written_anew() {
    let folder = initialised();
    let root = folder.path();
    fs::remove_file(root.join("schema/.gitignore")).expect("it is there");
    commit(root, "a catalogue with its schemas");
    begun(root, "a", "alpha");
    begun(root, "b", "beta");
    assert!(!git(root, &["merge-tree", "--write-tree", "a", "b"]).status.success(), "Git cannot");
    let (code, said) = allot(root, &["merge", "a"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("writes schema/experiment.json\n"), "{said}");
    assert_eq!(text(root, &["status", "--porcelain"]), "");
    let merged = fs::read_to_string(root.join("schema/experiment.json")).expect("a schema");
    assert_eq!(merged, allot(root, &["schema", "experiment"]).1);
    assert!(merged.contains("\"alpha\"") && merged.contains("\"beta\""));
    // A side that commits them no more has its way.
    assert!(git(root, &["rm", "-q", "-r", "--cached", "schema"]).status.success());
    write(root, "schema/.gitignore", "*.json\n");
    assert!(git(root, &["checkout", "-q", "-f", "-b", "c", "a"]).status.success());
    assert_eq!(allot(root, &["new", "experiment", "gamma"]).0, Some(0));
    commit(root, "gamma");
    let (code, said) = allot(root, &["merge", "b"]);
    assert!(code == Some(0) && said.contains("removes schema/experiment.json"), "{said}");
    assert_eq!(text(root, &["ls-files", "schema"]), "schema/.gitignore\n");
}

#[test]
fn what_a_killed_merge_left_whole_is_no_hindrance() {
    let folder = branches(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    let declaration = B.replace("lock", "toml");
    fs::write(root.join(&declaration), text(root, &["show", &format!("theirs:{declaration}")])).expect("a file");
    // One that is cut short may be somebody's own.
    fs::write(root.join(B), "").expect("a file");
    refused(root, &["theirs"], 2, &["in the way: `experiments/home/test-b.lock`"]);
    fs::remove_file(root.join(B)).expect("it is there");
    let (code, said) = allot(root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{said}");
    in_order(root, &["ours~1", "theirs"]);
}

#[test]
fn two_catalogues_that_both_collide_are_merged_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let top = folder.path();
    assert!(git(top, &["init", "-q", "-b", "main"]).status.success());
    introduce(top);
    let roots = ["home", "shop"].map(|name| top.join(name));
    for root in &roots {
        fs::create_dir_all(root).expect("a folder");
        catalogue(root);
    }
    commit(top, "two catalogues");
    for (name, id, traffic) in [("theirs", "test-b", "30%"), ("ours", "test-a", "60%")] {
        assert!(git(top, &["checkout", "-q", "-b", name, "main"]).status.success());
        for root in &roots {
            let (path, text) = experiment(id, "home-ranker", traffic);
            fs::write(root.join(path), text).expect("a file");
            assert_eq!(allot(root, &["allocate"]).0, Some(0));
        }
        commit(top, name);
    }
    let (code, said) = allot(&roots[0], &["merge", "theirs"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("leave the locks of other catalogues") && said.contains("in each catalogue"), "{said}");
    assert!(!git(top, &["merge", "-q", "theirs"]).status.success());
    for root in &roots {
        assert_eq!(allot(root, &["allocate", "--base", "MERGE_HEAD"]).0, Some(0));
    }
    commit(top, "by hand");
    for root in &roots {
        assert_eq!(allot(root, &["check"]).0, Some(0));
    }
}
