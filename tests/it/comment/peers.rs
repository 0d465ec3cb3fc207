//! `allot comment` against an emulator of GitHub, behind a proxy that holds every call against GitHub's own description.
//!
//! Needs Node and its registry, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin};

use super::*;

/// The emulator and its proxies; they end with it.
struct Peers {
    child: Child,
    stdin: Option<ChildStdin>,
    /// The emulator itself.
    emulator: String,
    /// The emulator, behind the proxy.
    proxy: String,
    /// Answers with the examples of GitHub's description.
    examples: String,
    pull: u64,
}

impl Peers {
    fn start() -> Self {
        let mut child = Command::new("sh")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forge/run.sh"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).expect("the peers could not be installed or started");
        let text = |name: &str| ready[name].as_str().expect("a text").to_owned();
        let pull = ready["pull"].as_u64().expect("a number");
        Self { emulator: text("emulator"), proxy: text("proxy"), examples: text("examples"), pull, child, stdin }
    }

    /// Asks the emulator itself, as somebody.
    fn ask(&self, login: &str, method: &str, path: &str, body: &Value) -> Value {
        let host = self.emulator.strip_prefix("http://").expect("an address");
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer token-of-{login}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(host).expect("the emulator listens");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("UTF-8");
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        // The body may come in chunks, whose lengths are on lines of their own.
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let json: String = match answer.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            true => body.split("\r\n").skip(1).step_by(2).collect(),
            false => body.to_owned(),
        };
        serde_json::from_str(&json).expect("JSON")
    }

    fn say(&self, login: &str, body: &str) {
        let path = format!("/repos/acme/shop/issues/{}/comments", self.pull);
        self.ask(login, "POST", &path, &json!({ "body": body }));
    }

    /// Every comment of the pull request: two pages.
    fn comments(&self) -> Vec<Value> {
        let path = format!("/repos/acme/shop/issues/{}/comments?per_page=100", self.pull);
        let page = |page: usize| self.ask("acme", "GET", &format!("{path}&page={page}"), &Value::Null);
        let both = [page(1), page(2)];
        both.iter().flat_map(|page| page.as_array().expect("a list").clone()).collect()
    }

    /// Comments by an account.
    fn by(&self, login: &str) -> Vec<Value> {
        self.comments().into_iter().filter(|comment| comment["user"]["login"] == login).collect()
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

#[test]
fn github_as_it_is_described_and_emulated_gets_one_comment() {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to comment on an emulated GitHub (needs node, npm)");
        return;
    }
    let peers = Peers::start();
    let number = peers.pull.to_string();
    let job = Job::at(&peers.proxy).with("GITHUB_TOKEN", "token-of-release-bot");
    let comment = |job: &Job| {
        let ended = job.bare(&["--pr", &number, "-v", "--second", "1000"]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        ended.err
    };
    let planted = job.bare(&["--pr", &number, "--dry-run"]).out.replace("at=2027", "at=2999");
    peers.say("mallory", &planted);
    (0..120).for_each(|turn| peers.say("acme", &format!("comment {turn}")));

    let said = comment(&job);
    assert!(said.contains("by `release-bot`, as GitHub says") && said.contains("created the comment"), "{said}");
    let first = peers.by("release-bot");
    assert!(first.len() == 1 && peers.comments().len() == 122, "it is the last one, on the second page");

    job.found(1, "2027-01-02T00:00:00Z", 2);
    let said = comment(&job);
    assert!(said.contains("updated the comment"), "{said}");
    let second = peers.by("release-bot");
    assert_eq!((second.len(), &second[0]["id"]), (1, &first[0]["id"]));
    assert!(second[0]["body"].as_str().expect("a text").contains(COMMITS[1]));

    let said = comment(&job);
    assert!(said.contains("is up to date"), "{said}");
    let third = peers.by("release-bot");
    assert_eq!(third, second, "nothing was written, not even the same");
    assert_eq!(peers.by("mallory")[0]["body"], json!(planted), "somebody else's comment is left alone");
    assert_eq!(peers.comments().len(), 122);

    let ended = job.bare(&["--pr", "999", "--second", "1000"]);
    assert!(ended.code == Some(3) && ended.err.contains("GitHub answers 404: Not Found"), "{}", ended.err);

    // What is not emulated is answered with GitHub's own examples: a commit's pull request, and each answer that is read.
    let job = Job::at(&peers.examples).with("GITHUB_REPOSITORY", "octocat/Hello-World");
    let ended = job.bare(&["-v", "--second", "1000"]);
    assert!(ended.code == Some(0) && ended.err.contains("created the comment on pull request 1347"), "{}", ended.err);

    // So is what opens a pull request: every call is as GitHub describes it.
    let repository = crate::repositories::Repository::new("");
    let arguments =
        ["conclude", "fresh-first", "--outcome", "abandoned", "--reason", "The flag goes.", "--pull-request"];
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .current_dir(repository.root())
        .env_clear()
        .envs([("GITHUB_API_URL", peers.examples.as_str()), ("GITHUB_TOKEN", TOKEN)])
        .args(arguments)
        .args(["--repo", "octocat/Hello-World", "--at", "2027-02-01T00:00:00Z"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("pull request 1347 is open"), "{said}");
}
