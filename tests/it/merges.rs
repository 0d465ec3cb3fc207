//! Locks after a merge: two branches that allot on one component, in a real repository, with the real `git`.

use std::fs;
use std::path::Path;

use crate::repositories;
pub use crate::repositories::git;
use crate::world::World;

pub fn commit(root: &Path, message: &str) {
    assert!(git(root, &["add", "-A"]).status.success());
    assert!(git(root, &["commit", "-qm", message]).status.success());
}

/// What allot answers, and all that it says.
pub fn allot(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let (code, out, err) = repositories::allot(root, arguments);
    (code, out + &err)
}

pub fn experiment(id: &str, flag: &str, traffic: &str) -> (String, String) {
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
pub fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    assert!(git(root, &["init", "-q", "-b", "main"]).status.success());
    catalogue(root);
    commit(root, "the catalogue");
    folder
}

/// Writes the small catalogue, without its rollout, and allots it.
pub fn catalogue(root: &Path) {
    let mut world = World::base();
    world.files.remove("rollouts/home-cards.toml");
    for (path, text) in &world.files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
}

pub fn branch(root: &Path, name: &str, (path, text): &(String, String)) {
    assert!(git(root, &["checkout", "-q", "-b", name, "main"]).status.success());
    let file = root.join(path);
    fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
    fs::write(file, text).expect("a file");
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

/// Two branches on one component, with the merge of `theirs` into `ours` stopped at its conflict.
fn stopped(ours: &(String, String), theirs: &(String, String)) -> tempfile::TempDir {
    let folder = repository();
    let root = folder.path();
    branch(root, "theirs", theirs);
    branch(root, "ours", ours);
    assert!(!git(root, &["merge", "-q", "theirs"]).status.success(), "one component: Git must see a conflict");
    folder
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
}

/// A file as it is at a revision.
fn at(root: &Path, revision: &str, path: &str) -> String {
    let output = git(root, &["show", &format!("{revision}:{path}")]);
    assert!(output.status.success(), "{path} at {revision}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn whatever_names_the_other_side_its_locks_stay() {
    for base in ["MERGE_HEAD", "theirs", "origin/main"] {
        let (ours, theirs) = (experiment("test-a", "home-ranker", "60%"), experiment("test-b", "home-ranker", "30%"));
        let folder = stopped(&ours, &theirs);
        let root = folder.path();
        assert!(git(root, &["update-ref", "refs/remotes/origin/main", "theirs"]).status.success());
        let declared = read(root, "experiments/home/test-a.toml");
        let (code, words) = allot(root, &["allocate", "--base", base]);
        assert_eq!(code, Some(0), "{base}: {words}");
        for path in ["experiments/home/test-b.lock", "experiments/home/fresh-first.lock"] {
            assert_eq!(read(root, path), at(root, "theirs", path), "{base}");
        }
        assert_eq!(read(root, "experiments/home/test-a.toml"), declared, "declarations are not touched");
        assert_ne!(read(root, "experiments/home/test-a.lock"), at(root, "ours", "experiments/home/test-a.lock"));
        assert_eq!(allot(root, &["check"]).0, Some(0), "{base}");
        assert_eq!(allot(root, &["allocate", "--base", base, "--check"]).0, Some(0), "{base}: nothing is left to do");
    }
}

#[test]
fn a_conflict_in_one_lock_is_resolved_too() {
    let folder = repository();
    let root = folder.path();
    branch(root, "one", &experiment("test-a", "home-ranker", "20%"));
    // Both sides change one lock: here it runs longer, there it promises less.
    let edit = |from: &str, to: &str| {
        let path = root.join("experiments/home/test-a.toml");
        let text = fs::read_to_string(&path).expect("it is there");
        assert_eq!(text.matches(from).count(), 1);
        fs::write(&path, text.replace(from, to)).expect("a file");
        assert_eq!(allot(root, &["allocate"]).0, Some(0));
        commit(root, to);
    };
    assert!(git(root, &["checkout", "-q", "-b", "two"]).status.success());
    edit("mde = \"2.5%\"", "mde = \"4%\"");
    assert!(git(root, &["checkout", "-q", "one"]).status.success());
    edit("days = 28", "days = 40");
    assert!(!git(root, &["merge", "-q", "two"]).status.success());
    assert!(read(root, "experiments/home/test-a.lock").contains("<<<<<<<"));
    let (code, words) = allot(root, &["allocate", "--base", "MERGE_HEAD"]);
    assert_eq!(code, Some(0), "{words}");
    let path = "experiments/home/test-a.lock";
    let (lock, theirs) = (read(root, path), at(root, "two", path));
    let without_days =
        |lock: &str| lock.lines().filter(|line| !line.contains("da") && !line.contains("digest")).collect::<String>();
    assert!(lock.contains("days = 40"), "{lock}");
    assert_eq!(
        without_days(&lock),
        without_days(&theirs),
        "its buckets and what it promises are those of the other side"
    );
    assert_eq!(allot(root, &["check"]).0, Some(0));
}

#[test]
fn a_conflict_in_a_declaration_is_said_and_nothing_is_drawn() {
    let (mut ours, theirs) = (experiment("test-a", "home-ranker", "60%"), experiment("test-a", "home-ranker", "30%"));
    ours.1 = ours.1.replace("helps", "is better");
    let folder = stopped(&ours, &theirs);
    let root = folder.path();
    let before = git(root, &["status", "--porcelain"]).stdout;
    let lock = read(root, "experiments/home/test-a.lock");
    let (code, words) = allot(root, &["allocate", "--base", "MERGE_HEAD"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("experiments/home/test-a.toml") && words.contains("a merge left a conflict in this file"),
        "{words}"
    );
    assert_eq!(git(root, &["status", "--porcelain"]).stdout, before);
    assert_eq!(read(root, "experiments/home/test-a.lock"), lock);
}

#[test]
fn records_and_what_runs_are_never_drawn_again() {
    let folder = repository();
    let root = folder.path();
    branch(root, "theirs", &experiment("test-b", "home-ranker", "10%"));
    // On our side, one has run and was decided, one runs, one is paused; none is known to the other.
    let earlier = |id: &str, flag: &str| {
        let (path, text) = experiment(id, flag, "20%");
        (path, text.replace("2027-03-01", "2027-01-20"))
    };
    let (decided, running, paused) = (
        earlier("decided", "home-cards"),
        earlier("running", "home-cards"),
        experiment("paused", "home-ranker", "20%"),
    );
    branch(root, "ours", &decided);
    for (path, text) in [&running, &paused] {
        fs::write(root.join(path), text).expect("a file");
    }
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    let stopped = decided.1.replace("\"ship\"", "\"tweak\"")
        + "\n[decision]\noutcome = \"stopped\"\non = 2027-01-25\nreason = \"It did not help.\"\n"
        + "learned = \"Nobody saw it.\"\n";
    fs::write(root.join(&decided.0), stopped).expect("a file");
    let pause = paused.1.replace("traffic = \"20%\"\nramp = [{ days = 1, traffic = \"2%\" }]", "traffic = \"0%\"");
    fs::write(root.join(&paused.0), pause).expect("a file");
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    commit(root, "three more");
    let locks = ["decided", "running"].map(|id| format!("experiments/home/{id}.lock"));
    let before = locks.clone().map(|path| read(root, &path));
    assert!(!git(root, &["merge", "-q", "theirs"]).status.success());
    let (code, words) = allot(root, &["allocate", "--base", "MERGE_HEAD"]);
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(locks.map(|path| read(root, &path)), before, "{words}");
    assert_eq!(allot(root, &["allocate", "--check"]).0, Some(0));
    let (code, said) = allot(root, &["check"]);
    assert_eq!(code, Some(0), "{said}");
    let gone = words.contains("removes experiments/home/paused.lock");
    assert_eq!(root.join("experiments/home/paused.lock").exists(), !gone, "{words}");
}

#[test]
fn what_has_begun_on_both_sides_is_for_people_to_decide() {
    let begun = |id: &str| {
        let (path, text) = experiment(id, "home-ranker", "45%");
        (path, text.replace("2027-03-01", "2027-01-20"))
    };
    let folder = repository();
    let root = folder.path();
    // What runs there already leaves too little room for two of them.
    fs::remove_file(root.join("experiments/home/fresh-first.toml")).expect("it is there");
    fs::remove_file(root.join("experiments/home/fresh-first.lock")).expect("it is there");
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    commit(root, "an empty ranker");
    branch(root, "theirs", &begun("test-b"));
    branch(root, "ours", &begun("test-a"));
    assert!(!git(root, &["merge", "-q", "theirs"]).status.success());
    let lock = read(root, "experiments/home/test-a.lock");
    let (code, words) = allot(root, &["allocate", "--base", "MERGE_HEAD"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("`test-a` has begun") && words.contains("`test-b` has"), "{words}");
    assert_eq!(read(root, "experiments/home/test-a.lock"), lock);
}

#[test]
fn a_lock_that_one_side_deleted_comes_back_or_is_drawn() {
    let folder = stopped(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    for id in ["test-a", "test-b"] {
        fs::remove_file(root.join(format!("experiments/home/{id}.lock"))).expect("it is there");
    }
    assert_eq!(allot(root, &["allocate", "--base", "MERGE_HEAD"]).0, Some(0));
    let path = "experiments/home/test-b.lock";
    assert_eq!(read(root, path), at(root, "theirs", path));
    assert!(read(root, "experiments/home/test-a.lock").contains("buckets = 600\nadds"));
    assert_eq!(allot(root, &["check"]).0, Some(0));
}

#[test]
fn a_lock_that_stands_beside_nothing_keeps_its_buckets() {
    let folder = stopped(&experiment("test-a", "home-ranker", "60%"), &experiment("test-b", "home-ranker", "30%"));
    let root = folder.path();
    fs::remove_file(root.join("experiments/home/test-b.toml")).expect("it is there");
    let (code, words) = allot(root, &["allocate", "--base", "MERGE_HEAD"]);
    assert_eq!(code, Some(0), "{words}");
    let path = "experiments/home/test-b.lock";
    assert_eq!(read(root, path), at(root, "theirs", path));
    let (code, words) = allot(root, &["lint"]);
    assert!(code == Some(1) && words.contains("this lock stands beside no declaration"), "{words}");
    assert!(!words.contains("bucket-overlap"), "{words}");
}

#[test]
fn a_rebase_that_stops_goes_on_upon_the_other_side() {
    let folder = repository();
    let root = folder.path();
    branch(root, "theirs", &experiment("test-b", "home-ranker", "30%"));
    branch(root, "ours", &experiment("test-a", "home-ranker", "60%"));
    assert!(!git(root, &["rebase", "-q", "theirs"]).status.success());
    let (code, words) = allot(root, &["allocate", "--base", "HEAD"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(git(root, &["add", "-A"]).status.success());
    assert!(git(root, &["-c", "core.editor=true", "rebase", "--continue"]).status.success());
    let path = "experiments/home/test-b.lock";
    assert_eq!(read(root, path), at(root, "theirs", path));
    assert_eq!(allot(root, &["check"]).0, Some(0));
    assert_eq!(git(root, &["status", "--porcelain"]).stdout, b"");
}

/// Two branches with one experiment each on one component, of which `ours` moves or deletes another that is allotted.
fn besides(root: &Path, change: impl Fn(&Path)) {
    branch(root, "theirs", &experiment("test-b", "home-ranker", "30%"));
    assert!(git(root, &["checkout", "-q", "-b", "ours", "main"]).status.success());
    change(root);
    let (path, text) = experiment("test-a", "home-ranker", "20%");
    fs::write(root.join(path), text).expect("a file");
    let (code, words) = allot(root, &["allocate"]);
    assert_eq!(code, Some(0), "{words}");
    commit(root, "ours");
}

/// Merges `theirs` in one step, and by hand: each leaves a catalogue that is in order, and no lock at a former place.
fn merged_both_ways(root: &Path, at: &str) {
    let checked = |words: &str| {
        let (code, said) = allot(root, &["lint"]);
        assert_eq!(code, Some(0), "{words}{said}");
        assert!(!root.join(at).exists(), "{words}");
    };
    let (code, words) = allot(root, &["merge", "theirs"]);
    assert_eq!(code, Some(0), "{words}");
    checked(&words);
    let merged = git(root, &["rev-parse", "HEAD^{tree}"]).stdout;
    assert!(git(root, &["reset", "-q", "--hard", "ORIG_HEAD"]).status.success());
    assert!(!git(root, &["merge", "-q", "theirs"]).status.success());
    let (code, words) = allot(root, &["allocate", "--base", "MERGE_HEAD"]);
    assert_eq!(code, Some(0), "{words}");
    checked(&words);
    commit(root, "by hand");
    assert_eq!(git(root, &["rev-parse", "HEAD^{tree}"]).stdout, merged, "both ways give the same files");
}

#[test]
fn a_lock_follows_its_declaration() {
    let folder = repository();
    let root = folder.path();
    let (path, text) = experiment("live-cards", "home-cards", "20%");
    fs::write(root.join(path), text).expect("a file");
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    commit(root, "cards");
    besides(root, |root| {
        fs::create_dir_all(root.join("experiments/moved")).expect("a folder");
        for end in ["toml", "lock"] {
            let (from, to) =
                (format!("experiments/home/live-cards.{end}"), format!("experiments/moved/live-cards.{end}"));
            assert!(git(root, &["mv", &from, &to]).status.success());
        }
    });
    let lock = at(root, "ours", "experiments/moved/live-cards.lock");
    merged_both_ways(root, "experiments/home/live-cards.lock");
    assert_eq!(read(root, "experiments/moved/live-cards.lock"), lock);
}

#[test]
fn a_lock_that_was_deleted_with_its_declaration_does_not_come_back() {
    let folder = repository();
    let root = folder.path();
    let (path, text) = experiment("next-cards", "home-cards", "20%");
    fs::write(root.join(path), text).expect("a file");
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    commit(root, "cards");
    besides(root, |root| {
        for end in ["toml", "lock"] {
            assert!(git(root, &["rm", "-q", &format!("experiments/home/next-cards.{end}")]).status.success());
        }
    });
    merged_both_ways(root, "experiments/home/next-cards.lock");
}
