//! Merging another revision into the current branch: worked out on objects alone, then put in place.
//!
//! Nothing that a user has is touched before everything is known: what is refused leaves the branch, the index and the work
//! tree as they were.

mod index;
mod place;

use std::path::{Path, PathBuf};

use git2::{
    Commit, ErrorCode, ObjectType, Oid, Repository, RepositoryState, StatusOptions, TreeWalkMode, TreeWalkResult,
};

use super::catalogue::Loaded;
use super::repository::{open, remedy};
use super::{IoError, resolved, top_of_repository, way};

pub use index::Merged;

/// How many paths are named before the rest is only counted.
const SHOWN: usize = 5;

/// Why a merge is not made.
#[derive(Debug)]
pub enum Stop {
    /// It was asked for at the wrong time or place.
    Refused { why: String, help: String },
    /// The environment failed.
    Failed(IoError),
}

impl From<IoError> for Stop {
    fn from(error: IoError) -> Self {
        Self::Failed(error)
    }
}

impl Stop {
    fn refused(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused { why: why.into(), help: help.into() }
    }
}

/// How two revisions stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The branch has all of the other.
    UpToDate,
    /// The other has all of the branch.
    FastForward,
    Diverged,
}

/// One of the two that are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Ours,
    Theirs,
}

/// A merge into the current branch of a clean work tree.
pub struct Merge {
    repository: Repository,
    /// The work tree's top.
    top: PathBuf,
    /// The catalogue's folder below it, ending in `/`, or nothing.
    prefix: String,
    /// The full name of the branch.
    branch: String,
    ours: Oid,
    theirs: Oid,
}

impl Merge {
    /// Looks at the repository of a catalogue, and at the revision that is to be merged.
    ///
    /// # Errors
    /// Refused where something else is under way, changes are not committed or no branch is checked out; failed where there
    /// is no repository or no such revision.
    pub fn open(root: &Path, revision: &str) -> Result<Self, Stop> {
        let doing = || format!("cannot merge `{revision}`");
        let failed = |cause: &git2::Error| IoError::new(doing(), cause.message());
        let repository = open(root, &doing())?;
        let top = top_of_repository(root).ok_or_else(|| IoError::new(doing(), "this repository has no work tree"))?;
        let prefix = way(&top, &resolved(root)?);
        idle(&repository)?;
        let (branch, ours) = branch(&repository, doing)?;
        clean(&repository, doing)?;
        let theirs = repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        let theirs = theirs.map_err(|cause| failed(&cause).help(remedy(&repository, revision)))?.id();
        Ok(Self { repository, top, prefix, branch, ours, theirs })
    }

    /// The short name of the current branch.
    #[must_use]
    pub fn branch(&self) -> &str {
        self.branch.strip_prefix("refs/heads/").unwrap_or(&self.branch)
    }

    /// How the branch and the other revision stand to each other.
    ///
    /// # Errors
    /// Refused where they share no history.
    pub fn relation(&self) -> Result<Relation, Stop> {
        let base = self.repository.merge_base(self.ours, self.theirs).map_err(|cause| match cause.code() {
            ErrorCode::NotFound => Stop::refused("the two share no history", "only what has a common past is merged"),
            _ => failed("cannot compare the two", &cause).into(),
        })?;
        Ok(match base {
            base if base == self.theirs => Relation::UpToDate,
            base if base == self.ours => Relation::FastForward,
            _ => Relation::Diverged,
        })
    }

    /// The catalogue as it is on one side.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn catalogue(&self, side: Side) -> Result<Loaded, Stop> {
        let doing = "cannot read the catalogue";
        let tree = self.commit(side)?.tree().map_err(|cause| failed(doing, &cause))?;
        let mut loaded = Loaded::default();
        let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let path = entry.name().map(|name| format!("{folder}{name}"));
            if let Some(path) = path.ok().filter(|_| entry.kind() != Some(ObjectType::Tree)) {
                let mode = u32::try_from(entry.filemode()).unwrap_or(0);
                index::load(&self.repository, &self.prefix, &path, mode, entry.id(), &mut loaded);
            }
            TreeWalkResult::Ok
        });
        walked.map_err(|cause| failed(doing, &cause))?;
        Ok(loaded)
    }

    fn commit(&self, side: Side) -> Result<Commit<'_>, Stop> {
        let id = if side == Side::Ours { self.ours } else { self.theirs };
        Ok(self.repository.find_commit(id).map_err(|cause| failed("cannot read a commit", &cause))?)
    }

    /// The hooks that Git would have run for a merge, and that are not run here.
    #[must_use]
    pub fn hooks(&self) -> Vec<&'static str> {
        let folder = self.repository.config().and_then(|config| config.get_path("core.hooksPath"));
        let folder = folder.map_or_else(|_| self.repository.commondir().join("hooks"), |folder| self.top.join(folder));
        let known = ["pre-merge-commit", "prepare-commit-msg", "commit-msg", "post-merge"];
        known.into_iter().filter(|hook| folder.join(hook).is_file()).collect()
    }

    /// Whether Git would have signed the commit.
    #[must_use]
    pub fn would_sign(&self) -> bool {
        self.repository.config().and_then(|config| config.get_bool("commit.gpgsign")).unwrap_or(false)
    }
}

/// Nothing else may be under way.
fn idle(repository: &Repository) -> Result<(), Stop> {
    let what = match repository.state() {
        RepositoryState::Clean => return Ok(()),
        RepositoryState::Merge => ("a merge", "git merge --abort"),
        RepositoryState::Revert | RepositoryState::RevertSequence => ("a revert", "git revert --abort"),
        RepositoryState::CherryPick | RepositoryState::CherryPickSequence => {
            ("a cherry-pick", "git cherry-pick --abort")
        }
        RepositoryState::Bisect => ("a bisection", "git bisect reset"),
        RepositoryState::ApplyMailbox => ("`git am`", "git am --abort"),
        _ => ("a rebase", "git rebase --abort"),
    };
    Err(Stop::refused(format!("{} is in progress", what.0), format!("finish it, or give it up with `{}`", what.1)))
}

/// The full name of the branch that is checked out, and its commit.
fn branch(repository: &Repository, doing: impl Fn() -> String) -> Result<(String, Oid), Stop> {
    let first = "check out the branch to merge into first, for example `git switch main`";
    let head = repository.head().map_err(|cause| match cause.code() {
        ErrorCode::UnbornBranch => Stop::refused("this branch has no commit yet", "commit the catalogue first"),
        _ => IoError::new(doing(), cause.message()).into(),
    })?;
    let name = head.name().ok().filter(|name| name.starts_with("refs/heads/"));
    match (name, head.target()) {
        (Some(name), Some(commit)) => Ok((name.to_owned(), commit)),
        _ => Err(Stop::refused("no branch is checked out: HEAD is detached", first)),
    }
}

/// Everything that Git knows of must be committed. Files that it does not know of may lie about, unless they are in the way.
fn clean(repository: &Repository, doing: impl Fn() -> String) -> Result<(), Stop> {
    let mut options = StatusOptions::new();
    // Looking must not write the index.
    options.include_untracked(false).include_ignored(false).update_index(false).no_refresh(true);
    let statuses = repository.statuses(Some(&mut options)).map_err(|cause| IoError::new(doing(), cause.message()))?;
    let paths: Vec<String> =
        statuses.iter().map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned()).collect();
    if paths.is_empty() {
        return Ok(());
    }
    Err(Stop::refused(
        format!("there are changes that are not committed: {}", named(&paths)),
        "commit or stash them first",
    ))
}

/// The first few paths, and how many more there are.
fn named(paths: &[String]) -> String {
    let first: Vec<String> = paths.iter().take(SHOWN).map(|path| format!("`{path}`")).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn failed(doing: &str, cause: &git2::Error) -> IoError {
    IoError::new(doing, cause.message())
}
