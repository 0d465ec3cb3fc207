//! The edge: files, Git, the clock, the terminal, GitHub. Nothing else in the crate touches any of them.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is the edge, where effects are")]

mod catalogue;
mod clock;
mod files;
#[cfg(feature = "forge")]
pub mod forge;
mod history;
mod merge;
mod parallel;
mod place;
mod repository;
#[cfg(feature = "publish")]
mod secret;
#[cfg(feature = "publish")]
pub mod store;
mod surroundings;
mod terminal;
#[cfg(feature = "embedded")]
pub mod warehouse;

pub use catalogue::{Loaded, find_root, is_root, load, load_some};
pub use clock::{Instant, now, parse_instant, written_instant};
pub use files::{
    create_all, create_new, create_once, is_file, is_file_of, is_folder, is_same_folder, names_in, read_bounded,
    read_regular, read_stdin, remove_files, write_all, write_atomic,
};
pub use history::{Commit, Cut, Files, Follow, Past, Touched};
pub use merge::{Merge, Merged, Relation, Side, Stop};
pub use place::{here, is_there, resolved, top_of_repository, way};
pub use repository::{Differences, Ids, Repo, Tree, head_commit, locks_at};
#[cfg(feature = "publish")]
pub use secret::{create_secret, random, secret};
pub use surroundings::{Secret, Surroundings};
pub use terminal::{shows_colour, shows_progress, width};

/// What the environment refused, in words for users.
#[derive(Debug)]
pub struct IoError {
    /// What was being done.
    pub doing: String,
    pub cause: String,
    pub help: Option<String>,
}

impl IoError {
    /// An error while doing something.
    pub fn new(doing: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self { doing: doing.into(), cause: cause.to_string(), help: None }
    }

    /// Says what may help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for IoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.doing, self.cause)
    }
}

impl std::error::Error for IoError {}
