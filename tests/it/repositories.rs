//! Repositories for tests: the small catalogue in real Git, with the real `git` and the real `allot`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::world::World;

pub const AT: &str = "2027-02-01";

/// A repository with a catalogue at its top, or in a folder of it.
pub struct Repository {
    folder: tempfile::TempDir,
    below: &'static str,
}

impl Repository {
    /// The small catalogue, allotted and committed on `main`.
    pub fn new(below: &'static str) -> Self {
        let repository = Self { folder: tempfile::tempdir().expect("a folder"), below };
        let mut world = World::base();
        world.allocate();
        repository.git(&["init", "-q", "-b", "main"]);
        repository.put_all(&world);
        repository.commit("The catalogue");
        repository
    }

    /// The top of the repository.
    pub fn top(&self) -> &Path {
        self.folder.path()
    }

    /// The root of the catalogue.
    pub fn root(&self) -> PathBuf {
        self.top().join(self.below)
    }

    /// Writes every file of a world.
    pub fn put_all(&self, world: &World) {
        for (path, text) in &world.files {
            self.put(path, text);
        }
    }

    /// Writes a file of the catalogue.
    pub fn put(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    /// Replaces a text that stands in a file.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root().join(path)).expect("a file");
        assert!(text.contains(from), "`{from}` in `{path}`");
        self.put(path, &text.replace(from, to));
    }

    /// Runs git, which must succeed, and gives what it says.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = git(self.top(), arguments);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits everything.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs allot in the catalogue: the exit code, standard output and standard error.
    pub fn allot(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        allot(&self.root(), arguments)
    }
}

/// Runs git in a folder.
pub fn git(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git runs")
}

/// Runs allot in a folder.
pub fn allot(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(["--at", AT, "--color", "never"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}
