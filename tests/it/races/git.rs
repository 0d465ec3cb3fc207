//! A repository into which commits are streamed, and in which the real `git` merges them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use allotment::decl::Day;

use crate::world::World;

/// How a branch comes to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    Merge,
    Rebase,
    Squash,
    CherryPick,
}

/// A repository in a folder of its own.
pub struct Repository {
    folder: tempfile::TempDir,
    /// What is to be streamed into it.
    stream: String,
    commits: u32,
}

impl Repository {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Self { folder, stream: String::new(), commits: 0 };
        assert!(repository.git(&["init", "-q", "-b", "main"]).status.success());
        repository
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"])
            .args([
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
                "-c",
                "core.fsync=none",
                "-c",
                "advice.mergeConflict=false",
            ])
            .args(arguments)
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_EDITOR", "true");
        git
    }

    fn git(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("git runs")
    }

    fn must(&self, arguments: &[&str]) {
        let output = self.git(arguments);
        let words = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "git {arguments:?}: {words}");
    }

    /// Adds a commit to the stream: what differs from its parent, to the parent's branch or to a new one.
    pub fn commit(&mut self, branch: &str, from: Option<u32>, before: &World, after: &World) -> u32 {
        self.commits += 1;
        let mark = self.commits;
        let mut text =
            format!("commit refs/heads/{branch}\nmark :{mark}\ncommitter Test <test@example.org> 1800000000 +0000\n");
        // Writing to a string cannot fail.
        let _ = write!(text, "data {}\n{branch}\n", branch.len());
        if let Some(from) = from {
            let _ = writeln!(text, "from :{from}");
        }
        for (path, content) in after.files.iter().filter(|(path, content)| before.files.get(*path) != Some(*content)) {
            let _ = write!(text, "M 100644 inline {path}\ndata {}\n{content}\n", content.len());
        }
        text.push('\n');
        self.stream += &text;
        mark
    }

    /// Carries the stream out.
    pub fn flush(&mut self) {
        let mut import =
            self.command(&["fast-import", "--quiet", "--force"]).stdin(Stdio::piped()).spawn().expect("git runs");
        import.stdin.take().expect("a pipe").write_all(self.stream.as_bytes()).expect("it is read");
        assert!(import.wait().expect("it ends").success());
        self.stream.clear();
    }

    /// Brings `theirs` to `ours`; what came of it, or nothing where Git saw a conflict.
    pub fn bring(&self, how: How, ours: &str, theirs: &str) -> bool {
        let start = if how == How::Rebase { theirs } else { ours };
        self.must(&["checkout", "-q", "-f", "--detach", start]);
        let output = match how {
            How::Merge => self.git(&["merge", "-q", "--no-edit", theirs]),
            How::Squash => self.git(&["merge", "-q", "--squash", theirs]),
            How::Rebase => self.git(&["rebase", "-q", ours]),
            How::CherryPick => {
                self.git(&["cherry-pick", "--allow-empty", "--keep-redundant-commits", &format!("main..{theirs}")])
            }
        };
        if output.status.success() {
            return true;
        }
        let words = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(words.contains("CONFLICT"), "{how:?} of {theirs} to {ours}: {words}");
        // A merge that was not finished is left behind by the next checkout; a sequence of commits must be ended.
        match how {
            How::Merge | How::Squash => {}
            How::Rebase => self.must(&["rebase", "--abort"]),
            How::CherryPick => self.must(&["cherry-pick", "--abort"]),
        }
        false
    }

    /// Brings `theirs` to `ours` with `allot merge`: whether it did, and what it said. Where it did not, nothing has changed.
    pub fn allot(&self, today: Day, ours: &str, theirs: &str) -> (bool, String) {
        self.must(&["checkout", "-q", "-f", "-B", "work", ours]);
        let mut allot = Command::new(env!("CARGO_BIN_EXE_allot"));
        for who in ["AUTHOR", "COMMITTER"] {
            allot.env(format!("GIT_{who}_NAME"), "Test").env(format!("GIT_{who}_EMAIL"), "test@example.org");
        }
        let at = today.to_string();
        let allot = allot.args(["--at", &at, "merge", theirs]).current_dir(self.root());
        let output = allot.output().expect("it runs");
        let words = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{words}");
        let status = self.git(&["status", "--porcelain"]).stdout;
        assert!(status.is_empty(), "{}: {words}", String::from_utf8_lossy(&status));
        let head = |name: &str| self.git(&["rev-parse", name]).stdout;
        let merged = output.status.success();
        assert_eq!(head("HEAD") == head(ours), !merged, "{words}");
        (merged, words)
    }

    /// The files of the work tree that either side has.
    pub fn read(&self, sides: [&World; 2]) -> World {
        let paths = sides.iter().flat_map(|world| world.files.keys());
        let read = |path: &String| Some((path.clone(), fs::read_to_string(self.root().join(path)).ok()?));
        World { files: paths.filter_map(read).collect::<BTreeMap<_, _>>(), ..World::default() }
    }
}
