//! Git: the commits that touch the files of one experiment or rollout, wherever in the catalogue these are at the time.
//!
//! Ids of trees are compared before anything is read: a commit that leaves the folders alone costs two look-ups, and a
//! folder that many commits have in common is read once.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use git2::{ObjectType, Oid, Sort};

use super::IoError;
use super::catalogue::{Loaded, MAX_DEPTH};
use super::repository::{Repo, Tree, regular};

/// The folders of what is allotted.
const FOLDERS: [&str; 2] = ["experiments", "rollouts"];
/// How many files of one name are told apart: one is right, and more are a fault.
const MAX_FILES: usize = 8;
/// How much of a message is read, in bytes.
const MAX_MESSAGE: usize = 4 << 10;
/// How many commits of a merged branch are looked at, and how many are named.
const MERGED: (usize, usize) = (1_000, 20);

/// What is said of a version whose text is missing.
const ABSENT: &str = "this version is not in this clone: fetch it, or look in a whole clone";

/// The declaration and the lock of one id at a commit: paths below the root in order, and objects; none for what is no
/// regular file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(Rc<Vec<(String, Option<Oid>)>>);

impl Files {
    /// The path of the declaration.
    #[must_use]
    pub fn declaration(&self) -> Option<&str> {
        self.paths().find(|path| path.ends_with(".toml"))
    }

    /// The paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(path, _)| path.as_str())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths of files that are otherwise, or only on one side.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let only = |one: &Self, two: &Self| -> Vec<String> {
            one.0.iter().filter(|file| !two.0.contains(file)).map(|(path, _)| path.clone()).collect()
        };
        let mut paths = only(self, other);
        paths.extend(only(other, self));
        paths.sort();
        paths.dedup();
        paths
    }
}

/// A commit, as it says of itself: anybody may have written anything into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: String,
    pub author: String,
    pub email: String,
    /// When it was authored, in seconds since 1970.
    pub at: i64,
    /// The beginning of its message.
    pub message: String,
}

/// A commit that touches the files.
#[derive(Debug, Clone)]
pub struct Touched {
    pub commit: Commit,
    /// Its first parent, which it is compared with.
    pub parent: Option<String>,
    pub before: Files,
    pub after: Files,
    /// Whether it merges.
    pub merge: bool,
    /// The commits that it brings in and that touch the files, the newest first; told where only first parents are followed.
    pub merged: Vec<Commit>,
}

/// Which commits are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Follow {
    /// Every commit, and not only the first parents of merges.
    pub all: bool,
    /// How many that touch the files.
    pub limit: usize,
}

/// Where the past ends before its beginning.
#[derive(Debug, Clone)]
pub enum Cut {
    /// More commits than were asked for touch the files.
    Limit,
    /// The clone has nothing before this commit, at which the files are there or not.
    Shallow { at: Commit, there: bool },
}

/// The past of the files, the newest commit first.
#[derive(Debug, Default)]
pub struct Past {
    /// The files at the head.
    pub files: Files,
    pub touched: Vec<Touched>,
    pub cut: Option<Cut>,
}

/// The folders of a commit and what is in them.
#[derive(Clone, Default)]
struct Spot {
    folders: [Option<Oid>; 2],
    files: Files,
}

/// What comes before a commit.
enum Before<'r> {
    Parents(Vec<git2::Commit<'r>>),
    Nothing,
    /// Something that this clone does not have.
    Missing,
}

/// A folder's files of the wanted names, with paths below it.
type Found = Rc<Vec<(String, Option<Oid>)>>;

/// Looks for the files of one id.
struct Seeker<'r> {
    repo: &'r Repo,
    names: [String; 2],
    /// Folders that were looked into, by their trees.
    known: HashMap<Oid, Found>,
}

impl Repo {
    /// The commits from `head` back that touch the files of an id.
    ///
    /// # Errors
    /// When objects are missing that a clone, shallow or not, should have.
    pub fn past(&self, id: &str, head: &str, follow: Follow) -> Result<Past, IoError> {
        // As in Git itself, an object is what its name says: to hash every tree of a long history again takes half of the time.
        git2::opts::strict_hash_verification(false);
        let mut seeker = Seeker::new(self, id);
        let head = self.find(head)?;
        let spot = seeker.spot(&head, &Spot::default())?;
        let mut past = Past { files: spot.files.clone(), ..Past::default() };
        let mut seen = HashSet::from([head.id()]);
        // By the time of their commit, so that branches come as they were worked on; of one time, in the order found.
        let mut order = 0_u64;
        let mut heap = BinaryHeap::from([(head.time().seconds(), order, head.id())]);
        let mut waiting = HashMap::from([(head.id(), (head, spot))]);
        while let Some((_, _, next)) = heap.pop() {
            let Some((commit, own)) = waiting.remove(&next) else { continue };
            let parents = match self.before(&commit, follow.all)? {
                Before::Parents(parents) => parents,
                Before::Nothing => Vec::new(),
                Before::Missing => {
                    let cut = Cut::Shallow { at: told(&commit), there: !own.files.is_empty() };
                    past.cut.get_or_insert(cut);
                    continue;
                }
            };
            let spots = parents.iter().map(|parent| seeker.spot(parent, &own)).collect::<Result<Vec<_>, _>>()?;
            // What a merge has from one of its sides, it did not do.
            let before = spots.first().cloned().unwrap_or_default();
            let compared = if spots.is_empty() { std::slice::from_ref(&before) } else { spots.as_slice() };
            if compared.iter().all(|spot| spot.files != own.files) {
                if past.touched.len() == follow.limit {
                    past.cut = Some(Cut::Limit);
                    break;
                }
                let merge = commit.parent_count() > 1;
                past.touched.push(Touched {
                    commit: told(&commit),
                    parent: parents.first().map(|parent| parent.id().to_string()),
                    before: before.files,
                    after: own.files.clone(),
                    merge,
                    // Who did it is worth knowing, and no reason to fail.
                    merged: if merge && !follow.all { seeker.merged(&commit).unwrap_or_default() } else { Vec::new() },
                });
            }
            for (parent, spot) in parents.into_iter().zip(spots) {
                if seen.insert(parent.id()) {
                    order += 1;
                    heap.push((parent.time().seconds(), u64::MAX - order, parent.id()));
                    waiting.insert(parent.id(), (parent, spot));
                }
            }
        }
        Ok(past)
    }

    /// The wanted files of a commit, and those of an id.
    ///
    /// # Errors
    /// When trees are missing.
    pub fn load_with(&self, commit: &str, files: &Files, wanted: &dyn Fn(&str) -> bool) -> Result<Loaded, IoError> {
        let Tree(mut tree) = self.tree_of(commit, wanted)?;
        tree.extend(files.0.iter().cloned());
        Ok(self.load_present(tree.iter()))
    }

    /// The texts of the files of an id.
    #[must_use]
    pub fn load_files(&self, files: &Files) -> Loaded {
        self.load_present(files.0.iter().map(|(path, id)| (path, id)))
    }

    /// Texts, as far as they are in this clone: a partial one has old trees, and not their files.
    fn load_present<'f>(&self, files: impl Iterator<Item = (&'f String, &'f Option<Oid>)>) -> Loaded {
        let mut loaded = Loaded::default();
        for (path, id) in files {
            match self.text(*id).unwrap_or(Err(ABSENT)) {
                Ok(text) => loaded.files.push((path.clone(), text)),
                Err(why) => loaded.refused.push((path.clone(), why)),
            }
        }
        loaded
    }

    fn before(&self, commit: &git2::Commit<'_>, all: bool) -> Result<Before<'_>, IoError> {
        if commit.parent_count() == 0 {
            // Where a clone is cut, Git hides the parents that the commit itself still names.
            let names = commit.raw_header_bytes().split(|&byte| byte == b'\n').any(|line| line.starts_with(b"parent "));
            return Ok(if names { Before::Missing } else { Before::Nothing });
        }
        let ids = commit.parent_ids().take(if all { usize::MAX } else { 1 });
        let mut parents = Vec::new();
        for id in ids {
            match self.repository.find_commit(id) {
                Ok(parent) => parents.push(parent),
                Err(_) if self.repository.is_shallow() => return Ok(Before::Missing),
                Err(cause) => return Err(self.unreadable(&id.to_string(), &cause)),
            }
        }
        Ok(Before::Parents(parents))
    }
}

impl<'r> Seeker<'r> {
    fn new(repo: &'r Repo, id: &str) -> Self {
        Self { repo, names: [format!("{id}.lock"), format!("{id}.toml")], known: HashMap::new() }
    }

    /// What is at a commit, given what is at one beside it.
    fn spot(&mut self, commit: &git2::Commit<'_>, beside: &Spot) -> Result<Spot, IoError> {
        let wrong = |cause: git2::Error| self.repo.unreadable(&commit.id().to_string(), &cause);
        let top = commit.tree().map_err(wrong)?;
        let folder = |name: &str| {
            let entry = top.get_path(Path::new(&format!("{}{name}", self.repo.folder))).ok()?;
            (entry.kind() == Some(ObjectType::Tree)).then(|| entry.id())
        };
        let folders = FOLDERS.map(folder);
        if folders == beside.folders {
            return Ok(beside.clone());
        }
        let mut files = Vec::new();
        for (name, tree) in FOLDERS.iter().zip(folders) {
            let Some(tree) = tree else { continue };
            let found = self.below(tree, 0).map_err(|cause| self.repo.unreadable(&commit.id().to_string(), &cause))?;
            files.extend(found.iter().map(|(path, id)| (format!("{name}/{path}"), *id)));
        }
        Ok(Spot { folders, files: Files(Rc::new(files)) })
    }

    /// The files below a tree, in order of their paths.
    fn below(&mut self, tree: Oid, depth: usize) -> Result<Found, git2::Error> {
        if let Some(found) = self.known.get(&tree) {
            return Ok(Rc::clone(found));
        }
        let mut files = Vec::new();
        let opened = self.repo.repository.find_tree(tree)?;
        for entry in &opened {
            if files.len() >= MAX_FILES {
                break;
            }
            // Large folders are gone through for every commit that changes them: names are read as text only where it matters.
            match entry.kind() {
                Some(ObjectType::Tree) if depth < MAX_DEPTH && !entry.name_bytes().starts_with(b".") => {
                    let Ok(name) = entry.name() else { continue };
                    let inner = self.below(entry.id(), depth + 1)?;
                    files.extend(inner.iter().map(|(path, id)| (format!("{name}/{path}"), *id)));
                }
                Some(ObjectType::Blob) => {
                    let name = entry.name_bytes();
                    if let Some(name) = self.names.iter().find(|wanted| wanted.as_bytes() == name) {
                        files.push((name.clone(), regular(&entry).then(|| entry.id())));
                    }
                }
                _ => {}
            }
        }
        files.truncate(MAX_FILES);
        let found = Rc::new(files);
        self.known.insert(tree, Rc::clone(&found));
        Ok(found)
    }

    /// The commits that a merge brings in and that touch the files.
    fn merged(&mut self, merge: &git2::Commit<'_>) -> Option<Vec<Commit>> {
        let mut walk = self.repo.repository.revwalk().ok()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).ok()?;
        let mut parents = merge.parent_ids();
        walk.hide(parents.next()?).ok()?;
        parents.try_for_each(|parent| walk.push(parent)).ok()?;
        let mut found = Vec::new();
        for id in walk.take(MERGED.0) {
            let commit = self.repo.repository.find_commit(id.ok()?).ok()?;
            if commit.parent_count() != 1 {
                continue;
            }
            let own = self.spot(&commit, &Spot::default()).ok()?;
            if self.spot(&commit.parent(0).ok()?, &own).ok()?.files != own.files {
                found.push(told(&commit));
            }
            if found.len() == MERGED.1 {
                break;
            }
        }
        Some(found)
    }
}

/// What a commit says of itself.
fn told(commit: &git2::Commit<'_>) -> Commit {
    let author = commit.author();
    let text = |bytes: &[u8], most: usize| String::from_utf8_lossy(bytes.get(..most).unwrap_or(bytes)).into_owned();
    Commit {
        id: commit.id().to_string(),
        author: text(author.name_bytes(), 200),
        email: text(author.email_bytes(), 200),
        at: author.when().seconds(),
        message: text(commit.message_bytes(), MAX_MESSAGE),
    }
}
