//! `allot conclude --pull-request`: on GitHub, with Git's own objects behind it, and nothing done twice.

use super::server::Act;
use super::*;
use crate::repositories::Repository;

const WORDS: [&str; 7] = ["conclude", "fresh-first", "--outcome", "stopped", "--reason", "Skips rose.", "--learned"];

/// A repository with a catalogue in a folder, and a bare copy of it behind a server.
fn hosted() -> (Repository, Server) {
    let repository = Repository::new("shop");
    repository.git(&["clone", "-q", "--bare", ".", "origin.git"]);
    let server = Server::start();
    server.host(repository.top().join("origin.git"));
    (repository, server)
}

fn conclude(repository: &Repository, server: &Server, more: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .current_dir(repository.root())
        .env_clear()
        .envs([("GITHUB_API_URL", server.address()), ("GITHUB_TOKEN", TOKEN), ("GITHUB_REPOSITORY", "acme/shop")])
        .args(WORDS)
        .args(["Less is more.", "--pull-request", "--at", "2027-02-01T00:00:00Z", "--second", "30"])
        .args(more)
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn bare(repository: &Repository, arguments: &[&str]) -> String {
    repository.git(&[&["--git-dir", "origin.git"], arguments].concat())
}

#[test]
fn the_pull_request_holds_the_decision_and_merges() {
    let (repository, server) = hosted();
    let ended = conclude(&repository, &server, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("pull request 8 is open: https://github.example/acme/shop/pull/8"), "{}", ended.err);
    let files = bare(&repository, &["diff", "--name-only", "main", "allot/conclude-fresh-first"]);
    let expected = ["experiments/home/fresh-first.lock", "experiments/home/fresh-first.toml", "surfaces/home.lock"];
    assert_eq!(files.lines().collect::<Vec<_>>(), expected.map(|path| format!("shop/{path}")), "{files}");
    let text = bare(&repository, &["show", "allot/conclude-fresh-first:shop/experiments/home/fresh-first.toml"]);
    assert!(text.contains("stage = \"tweak\"") && text.contains("# then the full 20 %"), "{text}");
    assert_eq!(repository.git(&["status", "--short", "shop"]), "", "the work tree is as it was");
    let pull = &server.proposed()[0];
    assert_eq!((&pull["title"], &pull["base"]["ref"]), (&json!("Conclude fresh-first: stopped"), &json!("main")));
    assert!(pull["body"].as_str().expect("a text").contains("Less is more"), "{pull}");
    // Once more finds it open, and makes nothing.
    let ended = conclude(&repository, &server, &[]);
    assert!(ended.code == Some(0) && ended.err.contains("pull request 8 is open already"), "{}", ended.err);
    repository.git(&["pull", "-q", "--no-rebase", "origin.git", "allot/conclude-fresh-first"]);
    assert_eq!(repository.allot(&["check"]).0, Some(0), "what is merged is right");
}

#[test]
fn lost_answers_make_nothing_twice() {
    for lost in ["/repos/acme/shop/pulls", "/repos/acme/shop/git/refs", "/repos/acme/shop/git/trees"] {
        let (repository, server) = hosted();
        server.script(lost, [Act::DropAfter]);
        let ended = conclude(&repository, &server, &[]);
        assert_eq!(ended.code, Some(0), "{lost}: {}", ended.err);
        assert_eq!(server.proposed().as_array().map(Vec::len), Some(1), "{lost}");
    }
}

#[test]
fn what_others_cannot_see_is_no_beginning() {
    let (repository, server) = hosted();
    repository.edit("flags/home-ranker.toml", "version = 1", "version = 1 # edited");
    let ended = conclude(&repository, &server, &[]);
    assert!(ended.code == Some(2) && ended.err.contains("commit and push them first"), "{}", ended.err);
    repository.git(&["add", "shop"]);
    repository.git(&["commit", "-qm", "not pushed"]);
    let ended = conclude(&repository, &server, &[]);
    assert!(ended.code == Some(3) && ended.err.contains("push the branch that you are on first"), "{}", ended.err);
    bare(&repository, &["branch", "allot/conclude-fresh-first", "main"]);
    repository.git(&["push", "-q", "origin.git", "main"]);
    let ended = conclude(&repository, &server, &[]);
    assert!(ended.code == Some(3) && ended.err.contains("there is a branch"), "{}", ended.err);
    assert_eq!(server.proposed(), json!([]));
}

#[test]
fn harm_opens_the_pull_request_that_stops_it() {
    let (repository, server) = hosted();
    let mut rows = "experiment,variant,metric,n,mean,variance\n".to_owned();
    for (metric, control, treatment, variance) in [
        ("minutes-listened", "212.0", "213.0", "101700"),
        ("returned", "0.684", "0.684", "0.216"),
        ("skip-rate", "0.241", "0.241", "0.22"),
        ("app-crashes", "0.061", "0.091", "0.11"),
        ("home-load-time", "2380", "2380", "5800000"),
    ] {
        rows += &format!("fresh-first,control,{metric},400000,{control},{variance}\n");
        rows += &format!("fresh-first,fresh-first,{metric},400000,{treatment},{variance}\n");
    }
    fs::write(repository.top().join("sums.csv"), rows).expect("a file");
    let run = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_allot"))
            .current_dir(repository.root())
            .env_clear()
            .envs([("GITHUB_API_URL", server.address()), ("GITHUB_TOKEN", TOKEN), ("GITHUB_REPOSITORY", "acme/shop")])
            .args(["analyze", "--aggregates", "../sums.csv", "--at", "2027-02-01T00:00:00Z", "--second", "30"])
            .args(more)
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&[]);
    assert_eq!(
        (code, server.proposed()),
        (Some(1), json!([])),
        "harm is a finding, and nothing is done about it: {said}"
    );
    let (code, said) = run(&["--stop-on-harm"]);
    assert!(code == Some(1) && said.contains("pull request 8 is open"), "{said}");
    let pull = &server.proposed()[0];
    assert_eq!(pull["title"], "Conclude fresh-first: stopped");
    assert!(pull["body"].as_str().expect("a text").contains("app-crashes"), "{pull}");
    let text = bare(&repository, &["show", "allot/conclude-fresh-first:shop/experiments/home/fresh-first.toml"]);
    assert!(text.contains("outcome = \"stopped\"") && text.contains("on = 2027-02-01"), "{text}");
}

/// What is stopped in an emergency is stopped first; then the pull request asks Git to agree, and what it brings in settles it.
#[cfg(feature = "publish")]
#[test]
fn a_stop_opens_the_pull_request_that_makes_git_agree() {
    let (repository, server) = hosted();
    let folder = tempfile::tempdir().expect("a folder");
    let (dist, public) = (folder.path().join("dist"), folder.path().join("public"));
    let (dist, to) = (dist.to_str().expect("UTF-8"), format!("file://{}", public.display()));
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_allot"))
            .current_dir(repository.root())
            .env_clear()
            .envs([("GITHUB_API_URL", server.address()), ("GITHUB_TOKEN", TOKEN), ("GITHUB_REPOSITORY", "acme/shop")])
            .args(arguments)
            .args(["--at", "2027-02-01T00:00:00Z"])
            .output()
            .expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    };
    let publish = |code: i32| {
        assert_eq!(run(&["compile", "-o", dist]).code, Some(0));
        let ended = run(&["publish", dist, "--to", &to]);
        assert_eq!(ended.code, Some(code), "{}{}", ended.out, ended.err);
        ended
    };
    publish(0);
    let ended = run(&["stop", "fresh-first", "--reason", "It crashes.", "--to", &to, "--second", "30"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let said = &ended.err;
    let stopped = said.find("`fresh-first` is stopped").unwrap_or_else(|| panic!("{said}"));
    assert!(said.find("pull request 8 is open").is_some_and(|opened| stopped < opened), "{said}");
    assert!(server.proposed()[0]["body"].as_str().expect("a text").contains("It crashes."));
    assert!(publish(1).out.contains("`fresh-first` stays stopped (It crashes.)"));
    repository.git(&["pull", "-q", "--no-rebase", "origin.git", "allot/conclude-fresh-first"]);
    assert!(publish(0).err.contains("its stop is settled"));
    // Where GitHub refuses, it is stopped all the same, and what to do is said.
    let (other, refusing) = (Repository::new("shop"), Server::start());
    let to = format!("file://{}", folder.path().join("other").display());
    assert_eq!(other.allot(&["compile", "-o", dist]).0, Some(0));
    assert_eq!(other.allot(&["publish", dist, "--to", &to]).0, Some(0));
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .current_dir(other.root())
        .env_clear()
        .envs([("GITHUB_API_URL", refusing.address()), ("GITHUB_TOKEN", TOKEN), ("GITHUB_REPOSITORY", "acme/none")])
        .args(["stop", "fresh-first", "--reason", "It crashes.", "--to", &to, "--second", "1", "--at", "2027-02-01"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("it is stopped, and no pull request was opened: make Git agree: `allot conclude"), "{said}");
    let served = fs::read_to_string(folder.path().join("other/home/api/features/home")).expect("a payload");
    assert!(!served.contains("\"id\":\"fresh-first\""));
}
