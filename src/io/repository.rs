//! Git: a catalogue as it is at a commit, read straight from objects, without a checkout and without a `git` binary.

use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path};

use git2::{Commit, ObjectType, Oid, Repository, TreeEntry, TreeWalkMode, TreeWalkResult};
use rayon::prelude::*;

use super::IoError;
use super::catalogue::{Loaded, MAX_FILE, NO_FILE, NO_TEXT, TOO_LARGE, belongs};

/// The repository that a catalogue is in.
pub struct Repo {
    pub(super) repository: Repository,
    /// The catalogue's folder below the top of the repository, ending in `/`; empty for the top itself.
    pub(super) folder: String,
}

/// The files of a catalogue at a commit: paths below its root, and their objects; none for what is no regular file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(pub(super) BTreeMap<String, Option<Oid>>);

impl Tree {
    /// The paths of its files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The ids that the texts of a catalogue would have as objects, in order of its files.
#[derive(Debug, Clone, Default)]
pub struct Ids(Vec<Option<Oid>>);

impl Ids {
    /// Computes them, on all cores.
    #[must_use]
    pub fn of(loaded: &Loaded) -> Self {
        let id = |(_, text): &(String, String)| Oid::hash_object(ObjectType::Blob, text.as_bytes()).ok();
        Self(loaded.files.par_iter().map(id).collect())
    }
}

/// What another commit has otherwise than a catalogue.
#[derive(Debug, Default)]
pub struct Differences {
    /// Its versions of what it has otherwise: paths below the root, and texts or why there is none.
    pub versions: Vec<(String, Result<String, &'static str>)>,
    /// Paths that it does not have.
    pub missing: HashSet<String>,
}

impl Differences {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty() && self.missing.is_empty()
    }
}

/// The commit that a folder's repository is at, if it is in one.
#[must_use]
pub fn head_commit(folder: &Path) -> Option<String> {
    let repository = Repository::discover(folder).ok()?;
    let commit = repository.head().ok()?.peel_to_commit().ok()?;
    Some(commit.id().to_string())
}

/// Every lock of the catalogue at `root`, as it is at a revision: paths below the root, and texts.
///
/// # Errors
/// When there is no repository, or no such revision.
pub fn locks_at(root: &Path, revision: &str) -> Result<Vec<(String, String)>, IoError> {
    let repo = Repo::around(root)?;
    let mut tree = repo.tree(&repo.resolve(revision)?)?;
    tree.0.retain(|path, _| path.ends_with(".lock"));
    Ok(repo.load(&tree)?.files)
}

impl Repo {
    /// The repository around a catalogue in a work tree.
    ///
    /// # Errors
    /// When there is none.
    pub fn around(root: &Path) -> Result<Self, IoError> {
        let repository = discover(root)?;
        let folder = below_worktree(&repository, root);
        Ok(Self { repository, folder })
    }

    /// The repository, bare or not, around `here`, for a catalogue that is looked at in a commit only: in `folder` below the
    /// top, or else where the commit has its one `allotment.toml`.
    ///
    /// # Errors
    /// When there is no repository, no such commit, or no telling which catalogue is meant.
    pub fn with_catalogue_at(here: &Path, folder: Option<&Path>, revision: &str) -> Result<Self, IoError> {
        let mut repo = Self { repository: discover(here)?, folder: String::new() };
        let doing = || format!("cannot find a catalogue in `{revision}`");
        let roots = repo.roots(&repo.resolve(revision)?)?;
        let wanted = folder.map(|folder| slashed(folder.components()));
        let folder = match (wanted, roots.as_slice()) {
            (Some(wanted), _) if roots.contains(&wanted) => wanted,
            (Some(wanted), _) => {
                return Err(IoError::new(doing(), format!("there is no `{wanted}allotment.toml`")));
            }
            (None, _) if roots.iter().any(String::is_empty) => String::new(),
            (None, [one]) => one.clone(),
            (None, []) => return Err(IoError::new(doing(), "there is no `allotment.toml`")),
            (None, _) => {
                let help = format!("name one with `--root`: {}", roots.join(", "));
                return Err(IoError::new(doing(), "there are several").help(help));
            }
        };
        repo.folder = folder;
        Ok(repo)
    }

    /// The catalogue's folder below the top of the repository, ending in `/`; empty for the top itself.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The commit that the work tree is at; none before the first.
    #[must_use]
    pub fn head(&self) -> Option<String> {
        let commit = self.repository.head().ok()?.peel_to_commit().ok()?;
        Some(commit.id().to_string())
    }

    /// The id of the commit of a revision.
    ///
    /// # Errors
    /// When there is no such commit; the help says how to get it.
    pub fn resolve(&self, revision: &str) -> Result<String, IoError> {
        let found = self.repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        let commit = found.map_err(|cause| {
            IoError::new(format!("cannot read `{revision}`"), cause.message()).help(self.remedy(revision))
        })?;
        Ok(commit.id().to_string())
    }

    /// The nearest commit that two have in common: what one side changed is what changed since then.
    ///
    /// # Errors
    /// When they have none, as in a clone that is too shallow; the help says how to get it.
    pub fn merge_base(&self, base: &str, head: &str) -> Result<String, IoError> {
        let wrong = |cause: git2::Error| {
            let short = |id: &str| id.chars().take(10).collect::<String>();
            let doing = format!("cannot find where `{}` and `{}` part", short(base), short(head));
            let help = match self.repository.is_shallow() {
                true => "this clone is shallow: run `git fetch --unshallow`".to_owned(),
                false => "they have no commit in common: name another base".to_owned(),
            };
            IoError::new(doing, cause.message()).help(help)
        };
        let id = |text: &str| Oid::from_str(text).map_err(wrong);
        Ok(self.repository.merge_base(id(base)?, id(head)?).map_err(wrong)?.to_string())
    }

    /// The catalogue's files at a commit; none where it was not there yet.
    ///
    /// # Errors
    /// When objects are missing.
    pub fn tree(&self, commit: &str) -> Result<Tree, IoError> {
        self.tree_in(commit, &self.folder, &|_| true)
    }

    /// Those of the catalogue's files at a commit that are wanted; a folder, whose path ends in `/`, is only looked into if it is.
    ///
    /// # Errors
    /// When objects are missing.
    pub fn tree_of(&self, commit: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Tree, IoError> {
        self.tree_in(commit, &self.folder, wanted)
    }

    fn tree_in(&self, commit: &str, folder: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Tree, IoError> {
        let wrong = |cause: git2::Error| self.unreadable(commit, &cause);
        let top = self.find(commit)?.tree().map_err(wrong)?;
        let folder = folder.trim_end_matches('/');
        let below = match folder.is_empty() {
            true => top,
            false => match top.get_path(Path::new(folder)) {
                Ok(entry) if entry.kind() == Some(ObjectType::Tree) => {
                    self.repository.find_tree(entry.id()).map_err(wrong)?
                }
                _ => return Ok(Tree::default()),
            },
        };
        let mut files = BTreeMap::new();
        let walked = below.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let Ok(name) = entry.name() else { return TreeWalkResult::Skip };
            let path = format!("{folder}{name}");
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    let below = format!("{path}/");
                    if belongs(&below) && wanted(&below) { TreeWalkResult::Ok } else { TreeWalkResult::Skip }
                }
                Some(ObjectType::Blob) if belongs(&path) && wanted(&path) => {
                    files.insert(path, regular(entry).then(|| entry.id()));
                    TreeWalkResult::Ok
                }
                _ => TreeWalkResult::Ok,
            }
        });
        walked.map_err(wrong)?;
        Ok(Tree(files))
    }

    /// The catalogue's files at the base of a change: where the catalogue is now, or where it was before the change moved it.
    ///
    /// # Errors
    /// When objects are missing.
    pub fn tree_before(&self, base: &str, head: Option<&str>, ids: &Ids) -> Result<Tree, IoError> {
        let here = self.tree(base)?;
        if here.0.contains_key("allotment.toml") {
            return Ok(here);
        }
        let still = match head {
            Some(head) => self.roots(head)?,
            None => Vec::new(),
        };
        let top = self.repository.workdir().filter(|_| head.is_none());
        let is_there = |folder: &str| {
            still.iter().any(|other| other == folder)
                || top.is_some_and(|top| top.join(folder).join("allotment.toml").exists())
        };
        let known: HashSet<Oid> = ids.0.iter().copied().flatten().collect();
        let mut best = (0, here);
        for folder in self.roots(base)?.into_iter().filter(|folder| !is_there(folder)) {
            let tree = self.tree_in(base, &folder, &|_| true)?;
            let shared = tree.0.values().flatten().filter(|id| known.contains(id)).count();
            if shared > best.0 {
                best = (shared, tree);
            }
        }
        Ok(best.1)
    }

    /// The folders of a commit that hold an `allotment.toml`, each ending in `/`; empty for the top.
    fn roots(&self, commit: &str) -> Result<Vec<String>, IoError> {
        let wrong = |cause: git2::Error| self.unreadable(commit, &cause);
        let tree = self.find(commit)?.tree().map_err(wrong)?;
        let mut roots = Vec::new();
        let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            if entry.name_bytes() == b"allotment.toml" && entry.kind() == Some(ObjectType::Blob) {
                roots.push(folder.to_owned());
            }
            TreeWalkResult::Ok
        });
        walked.map_err(wrong)?;
        Ok(roots)
    }

    /// The texts of a catalogue at a commit.
    ///
    /// # Errors
    /// When objects are missing.
    pub fn load(&self, tree: &Tree) -> Result<Loaded, IoError> {
        let mut loaded = Loaded::default();
        for (path, id) in &tree.0 {
            match self.text(*id)? {
                Ok(text) => loaded.files.push((path.clone(), text)),
                Err(why) => loaded.refused.push((path.clone(), why)),
            }
        }
        Ok(loaded)
    }

    /// What a commit has otherwise than a catalogue, whose texts are told from the commit's by their ids.
    ///
    /// # Errors
    /// When objects are missing.
    pub fn differences(&self, base: &Tree, head: &Loaded, ids: &Ids) -> Result<Differences, IoError> {
        let there = |path: &str| base.0.get(path).copied().flatten();
        let files = head.files.iter().zip(&ids.0);
        let differs: Vec<&(String, String)> =
            files.filter(|((path, _), id)| id.is_none() || there(path) != **id).map(|(file, _)| file).collect();
        let mut found = Differences::default();
        let mut seen: HashSet<&str> = head.files.iter().map(|(path, _)| path.as_str()).collect();
        for (path, text) in differs {
            let Some(&id) = base.0.get(path) else {
                found.missing.insert(path.clone());
                continue;
            };
            let before = self.text(id)?;
            // A work tree may have other line ends than its objects.
            if before.as_ref().is_ok_and(|before| before.lines().eq(text.lines())) {
                continue;
            }
            found.versions.push((path.clone(), before));
        }
        for (path, _) in &head.refused {
            seen.insert(path);
            match base.0.get(path) {
                Some(&id) => found.versions.push((path.clone(), self.text(id)?)),
                None => drop(found.missing.insert(path.clone())),
            }
        }
        for (path, &id) in base.0.iter().filter(|(path, _)| !seen.contains(path.as_str())) {
            found.versions.push((path.clone(), self.text(id)?));
        }
        Ok(found)
    }

    /// Whether a catalogue is otherwise than it is at a commit.
    ///
    /// # Errors
    /// When objects are missing.
    pub fn differs(&self, tree: &Tree, head: &Loaded, ids: &Ids) -> Result<bool, IoError> {
        Ok(!self.differences(tree, head, ids)?.is_empty())
    }

    pub(super) fn find(&self, commit: &str) -> Result<Commit<'_>, IoError> {
        let id = Oid::from_str(commit).map_err(|cause| self.unreadable(commit, &cause))?;
        self.repository.find_commit(id).map_err(|cause| self.unreadable(commit, &cause))
    }

    pub(super) fn text(&self, id: Option<Oid>) -> Result<Result<String, &'static str>, IoError> {
        let Some(id) = id else { return Ok(Err(NO_FILE)) };
        let blob = self.repository.find_blob(id).map_err(|cause| self.unreadable(&id.to_string(), &cause))?;
        if blob.size() as u64 > MAX_FILE {
            return Ok(Err(TOO_LARGE));
        }
        Ok(String::from_utf8(blob.content().to_vec()).map_err(|_| NO_TEXT))
    }

    pub(super) fn unreadable(&self, what: &str, cause: &git2::Error) -> IoError {
        IoError::new(format!("cannot read `{what}`"), cause.message()).help(self.remedy(what))
    }

    fn remedy(&self, revision: &str) -> String {
        remedy(&self.repository, revision)
    }
}

/// How to get a revision that cannot be read. That a clone is shallow is only said where more history may have it.
pub(super) fn remedy(repository: &Repository, revision: &str) -> String {
    let shallow = repository.is_shallow();
    if shallow && is_beyond(repository, revision) {
        "this clone is shallow: run `git fetch --unshallow`".to_owned()
    } else if revision == "HEAD" {
        "there is no commit yet: without `--base` there is nothing to compare with".to_owned()
    } else if is_plain(revision) && !is_zero(revision) {
        let whole = if shallow { "--unshallow " } else { "" };
        format!("fetch it first, for example `git fetch {whole}origin {}`", revision.trim_start_matches("origin/"))
    } else {
        "name a branch, a tag or a commit".to_owned()
    }
}

/// Whether a revision may lie beyond the history that is there: the hash of a commit, or one before a commit that is there.
fn is_beyond(repository: &Repository, revision: &str) -> bool {
    let hash = (7..=64).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parents = |from: &str| from.bytes().all(|byte| matches!(byte, b'~' | b'^' | b'0'..=b'9'));
    let before = revision.find(['~', '^']).and_then(|at| revision.split_at_checked(at));
    let before = before.is_some_and(|(name, back)| parents(back) && repository.revparse_single(name).is_ok());
    hash && !is_zero(revision) || before
}

/// The hash of no commit, which events name where there is none.
fn is_zero(revision: &str) -> bool {
    revision.len() >= 7 && revision.bytes().all(|byte| byte == b'0')
}

/// Whether an entry is a regular file: links are blobs as well, and are not followed.
pub(super) fn regular(entry: &TreeEntry<'_>) -> bool {
    matches!(entry.filemode(), 0o100_644 | 0o100_755 | 0o100_664)
}

/// Whether a revision is a mere name, which can be pasted behind `git fetch origin` without meaning anything else there.
fn is_plain(revision: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._/-".contains(letter);
    !revision.is_empty()
        && revision.len() <= 250
        && !revision.starts_with('-')
        && !revision.contains("..")
        && revision.chars().all(plain)
}

fn discover(folder: &Path) -> Result<Repository, IoError> {
    open(folder, "cannot compare with another revision")
}

/// The repository that a folder is in. One that Git refuses, as that of another owner, is there.
pub(super) fn open(folder: &Path, doing: &str) -> Result<Repository, IoError> {
    Repository::discover(folder).map_err(|cause| match cause.code() {
        git2::ErrorCode::NotFound => IoError::new(doing, "this folder is in no Git repository"),
        _ => IoError::new(doing, cause.message()),
    })
}

/// The catalogue's folder below the top of the work tree.
fn below_worktree(repository: &Repository, root: &Path) -> String {
    let top = repository.workdir().and_then(|top| top.canonicalize().ok());
    let root = root.canonicalize().ok();
    let below = top.zip(root).and_then(|(top, root)| root.strip_prefix(top).map(Path::to_owned).ok());
    below.map_or(String::new(), |below| slashed(below.components()))
}

/// The plain parts of a path, each with a `/` behind it.
fn slashed<'a>(parts: impl Iterator<Item = Component<'a>>) -> String {
    let plain = parts.filter_map(|part| match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    });
    plain.map(|part| format!("{part}/")).collect()
}
