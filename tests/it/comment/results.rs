//! Comments about results: one for each experiment, beside that of the gate, on the pull request that launched it.

use super::server::Act;
use super::*;

use crate::repositories::Repository;
use crate::world::{CARDS, LARGE_CARDS};

const MARK: &str = "<!-- allotment:v1 report=results key=large-cards commit=";

/// A record of an experiment, of an instant.
fn record(id: &str, at: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/results/wait.json");
    let mut record: Value = serde_json::from_slice(&fs::read(path).expect("a record")).expect("JSON");
    record["experiment"] = json!(id);
    record["at"] = json!(at);
    record
}

/// Runs `allot comment` in a folder on what is recorded.
fn comment(folder: &Path, api: &str, records: &str, arguments: &[&str]) -> Ended {
    fs::write(folder.join("results.json"), records).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .current_dir(folder)
        .env_clear()
        .envs([("GITHUB_API_URL", api), ("GITHUB_TOKEN", TOKEN), ("GITHUB_REPOSITORY", "acme/shop")])
        .stdin(Stdio::null())
        .args(["comment", "--results", "results.json", "--at", "2027-02-20T00:00:00Z", "--second", "30"])
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_comment_is_created_updated_and_kept_apart_from_others() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let job = Job::at(server.address());
    job.ends(0, &[]);
    let say =
        |id: &str, at: &str| comment(folder.path(), server.address(), &record(id, at).to_string(), &["--pr", "7"]);
    let first = say("large-cards", "2027-02-10T00:00:00Z");
    assert!(first.code == Some(0) && first.err.contains("created the comment"), "{}", first.err);
    assert!(say("large-cards", "2027-02-11T00:00:00Z").err.contains("updated the comment"));
    assert!(say("large-cards", "2027-02-11T00:00:00Z").err.contains("is up to date"));
    assert!(say("large-cards", "2027-02-10T00:00:00Z").err.contains("left as it is: a later run"));
    assert!(say("fresh-first", "2027-02-10T00:00:00Z").err.contains("created the comment"));
    let bodies = server.bodies(ME);
    assert_eq!(bodies.len(), 3, "the gate's, and one for each experiment");
    assert!(bodies[0].starts_with("<!-- allotment:v1 report=check commit="));
    assert!(bodies[1].starts_with(MARK) && bodies[1].contains("at=2027-02-11T00:00:00Z"), "{}", bodies[1]);
    assert!(bodies[1].contains("### 🟡 Wait before shipping `large-cards`") && bodies[1].contains("updated in place"));
}

#[test]
fn the_launch_is_found_through_git_and_github() {
    let server = Server::start();
    let repository = Repository::new("");
    repository.put(LARGE_CARDS, CARDS);
    let (code, out, err) = repository.allot(&["allocate"]);
    assert_eq!(code, Some(0), "{out}{err}");
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-qm", "Launch larger cards (#9)"]);
    let launch = repository.git(&["rev-parse", "HEAD"]);
    repository.edit("metrics/app.toml", "Crashes per user in the first week", "Crashes per user");
    repository.git(&["commit", "-qam", "Another thing (#10)"]);
    let say = |arguments: &[&str]| {
        comment(
            &repository.root(),
            server.address(),
            &record("large-cards", "2027-02-10T00:00:00Z").to_string(),
            arguments,
        )
    };
    // What GitHub says of the commit counts, and not what its message does.
    server.pulls(json!([{ "number": 8, "state": "open" }, { "number": 7, "state": "closed", "merged_at": "2027-01-31T00:00:00Z" }]));
    let said = say(&[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("created the comment on pull request 7"), "{}", said.err);
    let asked: Vec<String> =
        server.seen().into_iter().map(|seen| seen.path).filter(|path| path.contains("/pulls")).collect();
    assert!(asked[0].contains(&format!("/commits/{launch}/pulls")), "{asked:?}");
    // Where it knows none, the message is all there is.
    server.pulls(json!([]));
    server.script("/repos/acme/shop/issues/9/comments?per_page=100", [Act::Answer(404, "", "{}".to_owned())]);
    assert!(say(&[]).code != Some(0));
    assert!(server.seen().iter().any(|seen| seen.path.starts_with("/repos/acme/shop/issues/9/comments")));
    let unknown =
        comment(&repository.root(), server.address(), &record("never-was", "2027-02-10T00:00:00Z").to_string(), &[]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.err);
    assert!(unknown.err.contains("no commit that this clone holds launched `never-was`"), "{}", unknown.err);
}

#[test]
fn several_records_are_several_comments_and_odd_ones_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let say = |records: &str| comment(folder.path(), "http://127.0.0.1:9", records, &["--dry-run"]);
    let two = format!("{:#}\n{}\n", record("one", "2027-02-10T00:00:00Z"), record("two", "2027-02-10T00:00:00Z"));
    let said = say(&two);
    assert_eq!(
        (said.code, said.out.matches("<!-- allotment:v1 report=results key=").count()),
        (Some(0), 2),
        "{}",
        said.err
    );
    let mut odd = record("one", "2027-02-10T00:00:00Z");
    odd["plan"]["commit"] = json!("main");
    for (records, why) in [
        (String::new(), "it holds no record"),
        ("{}".to_owned(), "it is no record of `allot analyze`"),
        (record("One; rm -rf", "2027-02-10T00:00:00Z").to_string(), "is no id of an experiment"),
        (record("one", "yesterday").to_string(), "its `at`"),
        (odd.to_string(), "its `plan.commit` is no commit id"),
        (format!("{two}{{"), "it is no record of `allot analyze`"),
    ] {
        let said = say(&records);
        assert!(said.code == Some(2) && said.err.contains(why) && said.out.is_empty(), "{why}: {}", said.err);
    }
}
