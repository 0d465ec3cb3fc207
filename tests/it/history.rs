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
    repository.edit(moved, "start = 2027-02-02\ndays = 10", "start = 2027-02-06\ndays = 8");
    allocate(&repository);
    commit(&repository, "Ada", "02-05T11:00", "Begin anew, with more of the large ones");

    repository.edit(moved, "stage = \"ship\"", "stage = \"tweak\"");
    let text = fs::read_to_string(repository.root().join(moved)).expect("a text");
    let decision = "\n[decision]\noutcome = \"shipped\"\nvariant = \"large\"\non = 2027-02-13\nreason = \"Fewer skips, by 3 %\"\nlearned = \"Size matters\"\n";
    repository.put(moved, &format!("{text}{decision}"));
    allocate(&repository);
    commit(&repository, "Cleo", "02-13T16:45", "Decide (#12)");
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

#[test]
fn clones_worktrees_and_folders_tell_the_same() {
    let repository = story("teams/listening");
    let here = history(&repository.root(), &["large-cards"]);
    assert_eq!(here["source"]["folder"], "teams/listening/");
    assert_eq!(here["path"], "experiments/cards/large-cards.toml");
    let actions: Vec<String> = told(&here).into_iter().map(|(_, actions)| actions).collect();
    assert_eq!(actions, ["stop", "phase assignment", "", "", "ramp", "launch", "stage", "add"]);
    let beside = tempfile::tempdir().expect("a folder");
    let clone = |name: &str, arguments: &[&str]| {
        let url = format!("file://{}", repository.top().display());
        let path = beside.path().join(name);
        let cloned = git(beside.path(), &[&["clone", "-q"], arguments, &[url.as_str(), name]].concat());
        assert!(cloned.status.success(), "{}", String::from_utf8_lossy(&cloned.stderr));
        path
    };
    let bare = clone("bare.git", &["--bare"]);
    assert_eq!(history(&bare, &["large-cards"])["entries"], here["entries"]);
    assert_eq!(history(&bare, &["large-cards", "--head", "main"])["entries"], here["entries"]);
    let tree = beside.path().join("tree");
    repository.git(&["worktree", "add", "-q", tree.to_str().expect("UTF-8"), "-b", "other", "main"]);
    assert_eq!(history(&tree.join("teams/listening"), &["large-cards"])["entries"], here["entries"]);

    // A partial clone has the commits, and not the files.
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let partial = history(&clone("partial.git", &["--bare", "--filter=blob:none"]), &["large-cards"]);
    let entry = &partial["entries"][0];
    assert_eq!((told(&partial).len(), &entry["change"]), (told(&here).len(), &Value::Null), "{entry}");
    assert!(entry["faults"][0]["message"].to_string().contains("not in this clone"), "{entry}");
    // What is before the cut is not told as if it had begun there.
    let shallow = clone("shallow", &["--depth", "6"]).join("teams/listening");
    for arguments in [["large-cards"].as_slice(), &["large-cards", "--all"]] {
        let cut = history(&shallow, arguments);
        assert_eq!((&cut["cut"]["why"], &cut["cut"]["there"]), (&"shallow".into(), &true.into()), "{cut}");
        assert!(told(&cut).iter().all(|(_, actions)| actions != "add"), "{cut}");
    }
    let (code, out, _) = allot(&shallow, &["history", "large-cards"]);
    assert_eq!(code, Some(0));
    let words =
        "history is cut here: this clone is shallow; run `git fetch --unshallow`\nits files are there already at ";
    assert!(out.contains(words), "{out}");
    let (code, _, err) = allot(&shallow, &["history", "other-cards"]);
    assert!(code == Some(2) && err.contains("may not go back to it"), "{err}");
}

#[test]
fn what_is_not_committed_comes_first() {
    let repository = story("");
    repository.edit("experiments/home/fresh-first.toml", "traffic = \"20%\"", "traffic = \"25%\"");
    let now = history(&repository.root(), &["fresh-first"]);
    let first: Vec<_> = told(&now).into_iter().take(1).collect();
    assert_eq!(first, [("not committed".to_owned(), "ramp".to_owned())]);
    assert_eq!((&now["source"]["dirty"], &now["entries"][0]["commit"]), (&true.into(), &Value::Null));
    let (_, out, _) = repository.allot(&["history", "fresh-first"]);
    assert!(out.contains("\nnot committed yet  ramp  20% -> 25% of home\n"), "{out}");
    // Of a commit, only what is committed is told.
    let committed = history(&repository.root(), &["fresh-first", "--head", "HEAD"]);
    assert_eq!(told(&committed), [("The catalogue".to_owned(), "launch".to_owned())]);
    // What was never committed has a history too.
    repository.put("experiments/new/small-cards.toml", THINK);
    let new = history(&repository.root(), &["small-cards"]);
    assert_eq!(told(&new), [("not committed".to_owned(), "add".to_owned())]);
    assert_eq!(new["path"], "experiments/new/small-cards.toml");
}

#[test]
fn what_was_deleted_is_still_told_and_its_return_too() {
    let repository = Repository::new("");
    repository.put(LARGE_CARDS, THINK);
    let first = commit(&repository, "Ada", "01-04T09:00", "Begin");
    fs::remove_file(repository.root().join(LARGE_CARDS)).expect("removed");
    commit(&repository, "Ada", "01-05T09:00", "Delete");
    let gone = history(&repository.root(), &["large-cards"]);
    assert_eq!(told(&gone), [("Delete".into(), "remove".into()), ("Begin".to_owned(), "add".to_owned())]);
    assert_eq!(gone["path"], Value::Null);
    repository.put("rollouts/other.txt", "not a declaration");
    repository.git(&["checkout", "-q", &first, "--", LARGE_CARDS]);
    commit(&repository, "Ada", "01-06T09:00", "Restore");
    let back = history(&repository.root(), &["large-cards"]);
    let restored: Vec<_> = back["entries"].as_array().expect("entries").iter().map(|one| &one["restored"]).collect();
    assert_eq!(restored, [true, false, false]);
    let (_, out, _) = repository.allot(&["history", "large-cards"]);
    assert!(out.contains("  restored: draft\n") && out.contains("  removal\n"), "{out}");
    let limited = history(&repository.root(), &["large-cards", "--limit", "2"]);
    assert_eq!((told(&limited).len(), &limited["cut"]["why"]), (2, &"limit".into()));
    let whole = history(&repository.root(), &["large-cards", "--limit", "3"]);
    assert_eq!((told(&whole).len(), &whole["cut"]), (3, &Value::Null));
}

#[test]
fn decisions_and_waivers_have_words_of_their_own() {
    let repository = Repository::new("");
    let waiver =
        |until: &str| format!("{THINK}\n[[waive]]\nrule = \"missing-mde\"\nreason = \"later\"\nuntil = {until}\n");
    repository.put(LARGE_CARDS, THINK);
    commit(&repository, "Ada", "01-01T09:00", "Begin");
    for (when, until) in [("01-02T09:00", "2027-01-20"), ("01-03T09:00", "2027-03-01")] {
        repository.put(LARGE_CARDS, &waiver(until));
        commit(&repository, "Ada", when, "Wait");
    }
    let decision = "\n[decision]\noutcome = \"abandoned\"\non = 2027-01-04\nreason = \"Nobody needs it\"\n";
    let decided = format!("{THINK}{decision}").replace("\"think\"", "\"tweak\"");
    repository.put(LARGE_CARDS, &decided);
    commit(&repository, "Ada", "01-04T09:00", "Give it up");
    repository.put(LARGE_CARDS, &decided.replace("Nobody needs it", "Nobody wants it"));
    commit(&repository, "Ada", "01-05T09:00", "Better words");
    repository.put(LARGE_CARDS, THINK);
    commit(&repository, "Ada", "01-06T09:00", "After all");
    let (_, out, _) = repository.allot(&["history", "large-cards"]);
    let lines = [
        "  waives     missing-mde until 2027-01-20 (expired): later\n",
        "  waives     missing-mde until 2027-03-01 instead of 2027-01-20: later\n",
        "  waives     no longer missing-mde until 2027-03-01: later\n",
        "  decision   abandoned on 2027-01-04\n",
        "  reason     Nobody needs it\n",
        "  decision   now abandoned on 2027-01-04\n",
        "  reason     Nobody wants it\n",
        "  decision   withdrawn: abandoned on 2027-01-04\n",
    ];
    let mut rest = out.as_str();
    for line in ["withdrawn", "now abandoned", "abandoned on", "instead of", "(expired)"] {
        rest = rest.split_once(line).unwrap_or_else(|| panic!("{line} in {out}")).1;
    }
    assert!(lines.iter().all(|line| out.contains(line)), "{out}");
}

#[test]
fn an_id_that_never_was_is_wrong_usage() {
    let repository = Repository::new("");
    for (id, help) in [("fresh-frist", "did you mean `fresh-first`?"), ("home-card", "did you mean `home-cards`?")] {
        let (code, _, err) = repository.allot(&["history", id]);
        assert!(code == Some(2) && err.contains(help), "{err}");
    }
    for id in ["../fresh-first", "*", "", "experiments/home/fresh-first", "FRESH-FIRST"] {
        let (code, _, err) = repository.allot(&["history", id]);
        assert!(code == Some(2) && err.contains("there is no experiment and no rollout"), "{id}: {err}");
    }
    let (code, _, err) = repository.allot(&["history", "fresh-first", "--repo", "not one"]);
    assert!(code == Some(2) && err.contains("write OWNER/NAME"), "{err}");
    let (code, _, err) = repository.allot(&["history", "fresh-first", "--head", "nowhere"]);
    assert!(code == Some(3) && err.contains("git fetch origin nowhere"), "{err}");
    let outside = tempfile::tempdir().expect("a folder");
    let (code, _, err) = allot(outside.path(), &["history", "fresh-first"]);
    assert!(code == Some(2) && err.contains("there is no catalogue here"), "{err}");
    fs::write(outside.path().join("allotment.toml"), "version = 1\n").expect("written");
    let (code, _, err) = allot(outside.path(), &["history", "fresh-first"]);
    assert!(code == Some(3) && err.contains("cannot read the history: this folder is in no Git repository"), "{err}");
    assert_eq!(git(outside.path(), &["init", "-q"]).status.code(), Some(0));
    let (code, _, err) = allot(outside.path(), &["history", "fresh-first"]);
    assert!(code == Some(2) && err.contains("there was none"), "before the first commit: {err}");
}

#[test]
fn what_commits_say_steers_nothing_and_is_no_markup() {
    let repository = Repository::new("");
    let evil = "\u{1b}[2J<img src=x> @acme/all [x](javascript:1) \u{202e}| <!-- allotment:v1 --> `x` (#13)";
    repository.put(LARGE_CARDS, THINK);
    repository.git(&["add", "-A"]);
    let author = "--author=\u{1b}]0;x\u{7}@team <b>, pull request #1 <\u{1b}[31m@example.org>";
    repository.git(&["commit", "-q", author, "--date=2027-01-04T09:00:00Z", "-m", evil]);
    let reason = "reason = \"@acme/all <img> \\u001b[2J #12 https://evil.example\"";
    let decision = format!("\n[decision]\noutcome = \"abandoned\"\nvariant = \"<i>\"\non = 2027-01-04\n{reason}\n");
    repository.put(LARGE_CARDS, &format!("{THINK}{decision}").replace("\"think\"", "\"tweak\""));
    commit(&repository, "Ada", "01-05T09:00", "Merge pull request #12 from x/y\n\n<script>@acme/all\u{7}</script>");
    // Text that is no UTF-8, and no words at all.
    repository.put(LARGE_CARDS, &THINK.replace("think", "build"));
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "--allow-empty-message", "-m", ""]);
    for arguments in [["-v"].as_slice(), &["--format", "markdown"], &["--format", "markdown", "--repo", "a/b"]] {
        let (code, out, _) = repository.allot(&[&["history", "large-cards"], arguments].concat());
        assert_eq!(code, Some(0));
        assert!(!out.contains(|letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}')), "{out}");
        if arguments[0] == "--format" {
            for markup in ["<img", "<script", "<b>", "<!--", "@acme", "@team", "](javascript", "https://evil"] {
                assert!(!out.contains(markup), "{markup} in {out}");
            }
        }
    }
    let told = history(&repository.root(), &["large-cards"]);
    assert_eq!(told["entries"][2]["commit"]["subject"], evil, "JSON has it as it is");
    assert_eq!(told["entries"][2]["pull"]["from"], "message");
    assert_eq!(told["entries"][2]["commit"]["email"], Value::Null);
    assert_eq!(told["entries"][0]["commit"]["subject"], "");
}

#[test]
fn two_branches_that_touch_it_are_two_merges_and_a_conflict_is_told_of_the_merge() {
    let repository = Repository::new("");
    repository.put(LARGE_CARDS, THINK);
    commit(&repository, "Ada", "01-04T09:00", "Begin");
    for (branch, who, words) in [("one", "Ben", "Larger cards are played."), ("two", "Dan", "Cards are played more.")] {
        repository.git(&["switch", "-qc", branch, "main"]);
        repository.edit(LARGE_CARDS, "Larger cards are played more often.", words);
        commit(&repository, who, "01-05T09:00", words);
    }
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["merge", "-q", "--no-ff", "-m", "Merge one", "one"]);
    let conflict = git(repository.top(), &["merge", "-q", "two"]);
    assert!(!conflict.status.success());
    repository.put(LARGE_CARDS, &THINK.replace("Larger cards are played more often.", "Both."));
    commit(&repository, "Cleo", "01-06T09:00", "Merge two");
    let merges = history(&repository.root(), &["large-cards"]);
    let subjects: Vec<String> = told(&merges).into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(subjects, ["Merge two", "Merge one", "Begin"]);
    assert_eq!(merges["entries"][0]["merged"][0]["author"], "Dan");
    let all = history(&repository.root(), &["large-cards", "--all"]);
    let mut subjects: Vec<String> = told(&all).into_iter().map(|(subject, _)| subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Begin", "Cards are played more.", "Larger cards are played.", "Merge two"]);
}

#[cfg(feature = "forge")]
#[test]
fn github_is_asked_only_where_that_is_asked_for() {
    use crate::comment::server::{Act, Server};
    use std::process::Command;

    let repository = story("");
    let server = Server::start();
    let run = |arguments: &[&str], token: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
        command.current_dir(repository.root()).env_clear().env("GITHUB_API_URL", server.address());
        command.env("GITHUB_SERVER_URL", "https://github.example").env("GITHUB_REPOSITORY", "acme/shop");
        command.envs(token.map(|token| ("GITHUB_TOKEN", token)));
        command.args(["history", "large-cards", "--format", "json", "--at", "2027-03-01"]).args(arguments);
        let output = command.output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{err}");
        (serde_json::from_str::<Value>(&out).expect("JSON"), err)
    };
    let pulls = |told: &Value| -> Vec<Value> {
        told["entries"].as_array().expect("entries").iter().map(|entry| entry["pull"].clone()).collect()
    };
    let token = Some("ghp_0123456789abcdefghijklmnopqrstuvwxyz");
    let (quiet, err) = run(&[], token);
    assert_eq!((server.seen().len(), err.as_str()), (0, ""), "nobody was asked");
    assert_eq!(pulls(&quiet)[0]["url"], "https://github.example/acme/shop/pull/12");
    let url = quiet["entries"][0]["commit"]["url"].as_str().expect("an address");
    assert!(url.starts_with("https://github.example/acme/shop/commit/"), "{url}");

    let pull = |number: u64, merged: bool| serde_json::json!({ "number": number, "title": format!("Title {number}"), "state": "closed", "merged_at": merged.then_some("2027-01-01T00:00:00Z"), "base": { "repo": { "full_name": "acme/shop" } } });
    server.pulls(serde_json::json!([pull(3, false), pull(41, true), pull(5, false)]));
    let forge = ["--forge", "--second", "30"];
    let (asked, err) = run(&forge, token);
    assert_eq!(err, "");
    let expected = serde_json::json!({ "number": 41, "title": "Title 41", "url": "https://github.example/acme/shop/pull/41", "from": "forge" });
    assert!(pulls(&asked).iter().all(|pull| *pull == expected), "{asked}");

    // Where GitHub knows none, the message is what there is.
    server.pulls(serde_json::json!([]));
    assert_eq!(run(&forge, token).0["entries"], quiet["entries"]);
    let before = server.seen().len();
    let refused = || Act::Answer(404, "", "{\"message\":\"Not Found\"}".to_owned());
    server.script("GET", [refused(), refused(), refused(), refused()]);
    let (refused, err) = run(&forge, token);
    assert_eq!(refused["entries"], quiet["entries"]);
    assert!(err.contains("warning: ") && err.contains("GitHub answers 404"), "{err}");
    assert_eq!(server.seen().len() - before, 3, "three in a row are enough");
    let (without, err) = run(&forge, None);
    assert_eq!(without["entries"], quiet["entries"]);
    assert!(err.contains("there is no token"), "{err}");
}
