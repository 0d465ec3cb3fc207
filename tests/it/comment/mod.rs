//! `allot comment`, against a server that fails in every way, and against an emulator of GitHub.

mod faults;
mod git_data;
mod peers;
mod proposals;
mod results;
pub mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use server::{ME, Server};

const TOKEN: &str = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
const COMMITS: [&str; 2] = ["4f1c2ab04f1c2ab04f1c2ab04f1c2ab04f1c2ab0", "8888888888888888888888888888888888888888"];

/// A folder with a record, and the environment of a job.
struct Job {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// How a run ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Job {
    fn at(api: &str) -> Self {
        let job = Self { folder: tempfile::tempdir().expect("a folder"), variables: Vec::new() };
        job.record(|_| {});
        job.with("GITHUB_API_URL", api).with("GITHUB_TOKEN", TOKEN).with("GITHUB_REPOSITORY", "acme/shop")
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the record anew, with an edit.
    fn record(&self, edit: impl FnOnce(&mut Value)) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/comment/report.json");
        let mut record: Value = serde_json::from_slice(&fs::read(path).expect("a record")).expect("JSON");
        edit(&mut record);
        fs::write(self.path("report.json"), record.to_string()).expect("written");
    }

    /// A record of a commit, an instant and a number of errors.
    fn found(&self, commit: usize, at: &str, errors: usize) {
        self.record(|record| {
            record["source"]["head"] = json!(COMMITS[commit]);
            record["source"]["at"] = json!(at);
            record["summary"]["errors"] = json!(errors);
        });
    }

    fn bare(&self, arguments: &[&str]) -> Ended {
        let begun = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_allot"))
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .args(["comment", "--report", "report.json", "--at", "2027-02-01T00:00:00Z"])
            .args(arguments)
            .args(if arguments.contains(&"--second") { [].as_slice() } else { ["--second", "30"].as_slice() })
            .output()
            .expect("it runs");
        assert!(begun.elapsed() < Duration::from_secs(40), "it hangs: {:?}", begun.elapsed());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let ended = Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        for (name, value) in &self.variables {
            let secret = name.ends_with("TOKEN") && !value.is_empty();
            assert!(
                !secret || !format!("{}{}", ended.out, ended.err).contains(value.trim()),
                "a token is said: {}",
                ended.err
            );
        }
        ended
    }

    /// Runs on pull request 7, which must end with a code; what it says.
    fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let mut all = vec!["--pr", "7"];
        all.extend(arguments);
        let ended = self.bare(&all);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{}", ended.err);
        ended.err
    }
}
