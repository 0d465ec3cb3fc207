//! Whatever the server does: never two comments, never a hang, and its words reach the user.

use super::server::Act;
use super::*;

fn answer(status: u16, headers: &'static str, message: &str) -> Act {
    Act::Answer(status, headers, json!({ "message": message }).to_string())
}

/// A server and a job that talks to it.
fn both() -> (Server, Job) {
    let server = Server::start();
    let job = Job::at(server.address());
    (server, job)
}

#[test]
fn it_creates_then_updates_then_writes_nothing() {
    let (server, job) = both();
    let said = job.ends(0, &["-v"]);
    assert!(said.contains("the comment is by `release-bot`, as GitHub says of the token"), "{said}");
    assert!(
        said.contains("created the comment on pull request 7: https://github.example/acme/shop/pull/7#issuecomment-1")
    );
    let first = server.bodies(ME);
    assert!(first[0].starts_with("<!-- allotment:v1 report=check commit=4f1c2ab0"), "{first:?}");
    job.found(1, "2027-01-02T00:00:00Z", 2);
    assert!(job.ends(0, &[]).contains("updated the comment"));
    let second = server.bodies(ME);
    assert!(second.len() == 1 && second != first && second[0].contains(COMMITS[1]), "{second:?}");
    assert!(job.ends(0, &[]).contains("is up to date"));
    assert_eq!((server.count("POST"), server.count("PATCH")), (1, 1));
    let plain = job.ends(0, &["-q"]);
    assert_eq!(plain, "");
}

#[test]
fn an_older_run_comes_too_late() {
    let (server, job) = both();
    job.found(1, "2027-01-02T00:00:00Z", 2);
    job.ends(0, &[]);
    job.found(0, "2027-01-01T00:00:00Z", 1);
    let said = job.ends(0, &[]);
    assert!(said.contains("left as it is: a later run, on commit 8888"), "{said}");
    assert!(server.count("PATCH") == 0 && server.bodies(ME)[0].contains(COMMITS[1]));
}

#[test]
fn a_record_from_the_future_does_not_silence_later_runs() {
    let (server, job) = both();
    job.found(0, "2999-01-01T00:00:00Z", 1);
    job.ends(0, &[]);
    assert!(server.bodies(ME)[0].contains("at=2027-02-01T00:00:00Z"));
    job.found(1, "2027-02-01T00:00:00Z", 2);
    assert!(job.ends(0, &[]).contains("updated"));
}

#[test]
fn all_pages_are_searched_and_planted_markers_ignored() {
    let (server, job) = both();
    job.ends(0, &[]);
    let own = server.bodies(ME)[0].clone();
    let (server, job) = both();
    server.post("mallory", &own.replace("at=2027", "at=2999"));
    (0..150).for_each(|number| server.post("somebody", &format!("comment {number}")));
    server.post(ME, &own);
    job.found(1, "2027-01-02T00:00:00Z", 2);
    assert!(job.ends(0, &[]).contains("updated the comment"));
    assert!(server.bodies(ME)[0].contains(COMMITS[1]) && !server.bodies("mallory")[0].contains(COMMITS[1]));
    let pages: Vec<_> = server.seen().into_iter().filter(|seen| seen.path.contains("/comments?")).collect();
    let paths: Vec<&str> = pages.iter().map(|seen| seen.path.as_str()).collect();
    let path = "/repos/acme/shop/issues/7/comments?per_page=100";
    assert_eq!(paths, [path.to_owned(), format!("{path}&page=2")], "the server's own, whatever host the header names");
}

#[test]
fn a_create_whose_answer_is_lost_is_not_repeated() {
    for act in [Act::DropAfter, Act::Half, Act::DoAnd(502), Act::DoAnd(500), Act::DoAnd(504), Act::Silence] {
        let (server, job) = both();
        let silent = matches!(act, Act::Silence);
        server.script("POST", [act.clone()]);
        let said = job.ends(0, &[]);
        assert_eq!(server.bodies(ME).len(), 1, "{act:?}: {said}");
        // What was not done is done by the second try, what was done is seen to be there.
        assert_eq!(server.count("POST"), if silent { 2 } else { 1 }, "{act:?}: {said}");
    }
}

#[test]
fn what_failed_without_effect_is_tried_again() {
    let html = || Act::Answer(502, "Content-Type: text/html\r\n", "<html><h1>Bad Gateway</h1></html>".to_owned());
    let slow = || answer(429, "Retry-After: 2\r\n", "Too many requests");
    let limited = || answer(403, "Retry-After: 1\r\n", "You have exceeded a secondary rate limit");
    let spent = || answer(403, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1\r\n", "API rate limit exceeded");
    for act in [answer(500, "", "Oops"), html(), answer(503, "", ""), slow(), limited(), spent(), Act::DropBefore] {
        for method in ["GET", "POST", "PATCH"] {
            let (server, job) = both();
            if method == "PATCH" {
                job.ends(0, &[]);
                job.found(1, "2027-01-02T00:00:00Z", 2);
            }
            server.script(method, [act.clone(), act.clone()]);
            let said = job.ends(0, &[]);
            assert_eq!(server.bodies(ME).len(), 1, "{method} {act:?}: {said}");
            assert!(method == "GET" || server.count(method) == 3, "{method} {act:?}: {said}");
        }
    }
}

#[test]
fn what_never_gets_better_ends() {
    let (server, job) = both();
    server.script("POST", vec![answer(500, "", "Oops"); 50]);
    let said = job.ends(3, &[]);
    assert!(said.contains("cannot comment on pull request 7 of acme/shop: GitHub answers 500: Oops"), "{said}");
    assert!(said.contains("help: this may pass"), "{said}");
    assert_eq!((server.count("POST"), server.bodies(ME).len()), (5, 0));

    let (server, job) = both();
    server.script("GET", vec![Act::Silence; 50]);
    let said = job.ends(3, &[]);
    assert!(said.contains("no answer within 30 seconds"), "{said}");

    let job = Job::at("http://127.0.0.1:1");
    let said = job.ends(3, &[]);
    assert!(said.contains("refused"), "{said}");
}

#[test]
fn a_limit_that_lasts_longer_is_said() {
    let (server, job) = both();
    server.script("POST", vec![answer(429, "Retry-After: 3600\r\n", "Too many requests"); 9]);
    let said = job.ends(3, &[]);
    assert!(said.contains("429: Too many requests") && said.contains("again in 3600 seconds"), "{said}");
    assert_eq!(server.count("POST"), 1);
}

#[test]
fn pages_that_never_end_end() {
    let (server, job) = both();
    server.never_end();
    let said = job.ends(3, &[]);
    assert!(said.contains("there are more than 50 pages"), "{said}");
    assert_eq!((server.count("GET"), server.count("POST")), (51, 0));
}

#[test]
fn words_of_the_api_reach_the_user_plain() {
    for (status, help) in [(401, "the token is wrong or has expired"), (404, "may not see it"), (422, ""), (410, "")] {
        let (server, job) = both();
        let text =
            json!({ "message": "Validation \u{1b}[31mFailed", "errors": [{ "field": "body", "code": "too_long" }] });
        server.script("POST", [Act::Answer(status, "", text.to_string())]);
        let said = job.ends(3, &[]);
        let words = format!("GitHub answers {status}: Validation \\u{{1b}}[31mFailed; `body`: too_long");
        assert!(said.contains(&words) && said.contains(help), "{said}");
        assert_eq!(server.count("POST"), 1);
    }
    let (server, job) = both();
    server.script("GET", [Act::Answer(200, "", "<html>Log in to this network</html>".to_owned())]);
    assert!(job.ends(3, &[]).contains("the answer is not GitHub's"));
    server.script("POST", [answer(422, "", &format!("bad token {TOKEN}"))]);
    assert!(job.ends(3, &[]).contains("bad token ***"));
}

#[test]
fn a_redirect_keeps_the_token_at_home() {
    let elsewhere = Server::start();
    for method in ["GET", "POST"] {
        let (server, job) = both();
        let location = format!("Location: {}/repos/acme/shop/issues/7/comments\r\n", elsewhere.address());
        server.script(method, [Act::Answer(307, location.leak(), String::new())]);
        let said = job.ends(3, &[]);
        assert!(said.contains("to another host, where the token does not go"), "{said}");
    }
    assert_eq!(elsewhere.seen().len(), 0);

    // A repository that was renamed is found under its number, with the same method.
    let (server, job) = both();
    let location = format!("Location: {}/repos/acme/shop/issues/7/comments\r\n", server.address());
    server.script("POST", [Act::Answer(301, location.leak(), String::new())]);
    job.ends(0, &[]);
    assert_eq!((server.count("POST"), server.bodies(ME).len()), (2, 1));
    assert!(server.seen().iter().all(|seen| seen.token.as_deref() == Some(&format!("Bearer {TOKEN}"))));

    let (server, job) = both();
    let location = format!("Location: {}/repos/acme/shop/issues/7/comments\r\n", server.address());
    server.script("POST", vec![Act::Answer(302, location.leak(), String::new()); 50]);
    assert!(job.ends(3, &[]).contains("again and again"));
}

#[test]
fn a_token_that_only_reads_leaves_the_summary() {
    let forbidden = || answer(403, "X-RateLimit-Remaining: 4999\r\n", "Resource not accessible by integration");
    let (server, job) = both();
    let summary = job.path("summary.md");
    fs::write(&summary, "before\n").expect("written");
    let job = job.with("GITHUB_STEP_SUMMARY", summary.to_str().expect("UTF-8"));
    server.script("POST", vec![forbidden(); 9]);
    let said = job.ends(3, &[]);
    assert!(said.contains("403: Resource not accessible by integration"), "{said}");
    assert!(
        said.contains("pull-requests: write") && said.contains("the step's summary has the text instead"),
        "{said}"
    );
    let text = fs::read_to_string(&summary).expect("a summary");
    assert!(text.starts_with("before\n\n### ") && !text.contains("<!-- allotment"), "{text}");
    assert_eq!(server.count("POST"), 1, "it is not tried again");

    let said = job.ends(0, &["--on-forbidden", "pass"]);
    assert!(said.starts_with("warning: cannot comment"), "{said}");
    assert!(fs::read_to_string(&summary).expect("a summary").len() > text.len());

    fs::write(&summary, "x".repeat(1 << 20)).expect("written");
    let said = job.ends(0, &["--on-forbidden", "pass"]);
    assert!(said.contains("no room") && fs::metadata(&summary).expect("a summary").len() == 1 << 20, "{said}");

    let (server, job) = both();
    server.script("POST", vec![forbidden(); 9]);
    assert!(job.ends(3, &[]).contains("there is no step summary"));
}

#[test]
fn a_jobs_own_token_is_known_without_asking() {
    let (server, job) = both();
    let job = job.with("GITHUB_TOKEN", "ghs_0123456789").with("GITHUB_ACTIONS", "true");
    let said = job.ends(0, &["-v"]);
    assert!(said.contains("by `github-actions[bot]`, as the token is that of a job"), "{said}");
    assert!(server.seen().iter().all(|seen| seen.path != "/user"));
    // This server's token is of another account: that is said, and the next run is not taken in by it.
    assert!(
        said.contains("it is by `release-bot`, not by `github-actions[bot]`: name `--author release-bot`"),
        "{said}"
    );
    job.found(1, "2027-01-02T00:00:00Z", 2);
    assert!(job.ends(0, &["--author", "release-bot"]).contains("updated"));

    let (server, job) = both();
    job.ends(0, &[]);
    server.post("my-app[bot]", &server.bodies(ME)[0]);
    let job = job.with("GITHUB_TOKEN", "ghs_0123456789").with("GITHUB_ACTIONS", "true");
    let said = job.ends(3, &[]);
    assert!(said.contains("such a comment by `my-app[bot]`") && said.contains("--author my-app[bot]"), "{said}");
    assert_eq!(server.count("POST"), 1);

    let job = Job::at(server.address()).with("GITHUB_TOKEN", "ghs_0123456789");
    assert!(job.ends(3, &[]).contains("`--author LOGIN`"), "an app's token outside a job");
}

#[test]
fn the_api_may_have_a_path() {
    let server = Server::start();
    let job = Job::at(&format!("{}/api/v3/", server.address()));
    job.ends(0, &[]);
    assert!(server.seen().iter().all(|seen| seen.path.starts_with("/api/v3/") && !seen.path.contains("//")));
    assert_eq!(server.bodies(ME).len(), 1);
}

#[test]
fn the_pull_request_is_that_of_the_event_or_of_the_commit() {
    let pull = |number: u64, state: &str, into: &str, head: &str| json!({ "number": number, "state": state, "head": { "sha": head }, "base": { "repo": { "full_name": into } } });
    let (server, job) = both();
    let event = |job: &Job, text: Value| fs::write(job.path("event.json"), text.to_string()).expect("written");
    event(&job, json!({ "pull_request": { "number": 7 } }));
    let of_event = job.path("event.json").to_str().expect("UTF-8").to_owned();
    let job = job.with("GITHUB_EVENT_PATH", of_event);
    assert_eq!(job.bare(&[]).code, Some(0));

    event(&job, json!({ "workflow_run": { "head_sha": COMMITS[1] } }));
    server.pulls(json!([
        pull(5, "closed", "acme/shop", COMMITS[1]),
        pull(6, "open", "mallory/shop", COMMITS[1]),
        pull(7, "open", "Acme/shop", COMMITS[1])
    ]));
    job.found(1, "2027-01-02T00:00:00Z", 2);
    let ended = job.bare(&[]);
    assert!(ended.code == Some(0) && ended.err.contains("updated the comment on pull request 7"), "{}", ended.err);
    assert!(
        server
            .seen()
            .iter()
            .any(|seen| seen.path == format!("/repos/acme/shop/commits/{}/pulls?per_page=100", COMMITS[1]))
    );

    server.pulls(json!([pull(7, "open", "acme/shop", COMMITS[0]), pull(8, "open", "acme/shop", COMMITS[0])]));
    let ended = job.bare(&[]);
    assert!(ended.code == Some(3) && ended.err.contains("name it with `--pr N`"), "{}", ended.err);
    server.pulls(json!([]));
    assert!(job.bare(&[]).err.contains("at the tip of no open one"));
    event(&job, json!({ "workflow_run": { "head_sha": "../../user" } }));
    assert!(job.bare(&[]).err.contains("that is no commit id"));
    event(&job, json!({ "schedule": "17 4 * * *" }));
    let ended = job.bare(&[]);
    assert!(ended.code == Some(2) && ended.err.contains("about no pull request"), "{}", ended.err);

    // Without an event, the record's own commit.
    let (server, job) = both();
    server.pulls(json!([pull(7, "open", "acme/shop", COMMITS[0])]));
    assert_eq!(job.bare(&[]).code, Some(0));
}

#[test]
fn a_dry_run_talks_to_nobody() {
    let job = Job::at("http://127.0.0.1:1").with("GITHUB_TOKEN", "").with("GITHUB_RUN_ID", "42");
    let ended = job.bare(&["--dry-run", "--key", "shop"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("<!-- allotment:v1 report=shop commit=4f1c2ab0") && ended.out.contains("### "));
}

#[test]
fn what_cannot_be_used_is_said_before_anything_is_sent() {
    let (server, job) = both();
    for (arguments, words) in [
        (["--pr", "0"], "invalid value '0'"),
        (["--repo", "acme"], "is no repository"),
        (["--repo", "acme/../user"], "is no repository"),
        (["--key", "a b"], "is no name"),
    ] {
        let ended = job.bare(&arguments);
        assert!(ended.code == Some(2) && ended.err.contains(words), "{}", ended.err);
    }
    for edit in [
        |record: &mut Value| record["version"] = json!(2),
        |record: &mut Value| record["source"]["head"] = json!("x --> @everyone"),
        |record: &mut Value| record["source"]["at"] = json!("soon"),
        |record: &mut Value| record["unknown"] = json!(1),
    ] {
        job.record(edit);
        let said = job.ends(2, &[]);
        assert!(said.contains("cannot use `report.json`"), "{said}");
    }
    job.record(|_| {});
    for (name, value, words) in [
        ("GITHUB_TOKEN", "", "there is no token"),
        ("GITHUB_TOKEN", "ghp_1\nX-Evil: 1", "characters in it that no token has"),
        ("GITHUB_API_URL", "http://github.example", "no address for a token"),
        ("GITHUB_API_URL", "https://a@b/", "no address for a token"),
    ] {
        let job = Job::at(server.address()).with(name, value);
        let said = job.ends(3, &[]);
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(server.seen().len(), 0);
}
