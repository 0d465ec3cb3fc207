//! What most verbs begin with: the root, the clock, and the catalogue's texts.

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use super::{Failure, Global};
use crate::decl::Day;
use crate::io::{self, Instant};
use crate::lint::{Context, Levels, Report, lint};
use crate::source::{FileId, Sources, Version};

/// An opened catalogue.
pub struct Workspace {
    pub root: PathBuf,
    pub at: Instant,
    pub sources: Sources,
    refused: Vec<(String, &'static str)>,
    /// The same catalogue at the base of a change.
    pub base: Option<BaseTree>,
    /// Where the catalogue is in its repository; none for one that is in none, or where nothing asked for it.
    pub origin: Option<Origin>,
}

/// A catalogue at the base of a change.
pub struct BaseTree {
    /// As it was named.
    pub name: String,
    /// The commit: the merge base of what was named and the head.
    pub commit: String,
    pub sources: Sources,
}

/// Where a catalogue is in its repository.
pub struct Origin {
    /// Its folder below the top, ending in `/`; empty for the top.
    pub folder: String,
    /// The commit of the head; none before the first.
    pub head: Option<String>,
    /// Whether files of the catalogue differ from that commit.
    pub dirty: bool,
}

/// Which states of a catalogue are looked at: the head is the work tree unless a commit is named.
#[derive(Debug, Clone, Copy, Default)]
pub struct Revisions<'a> {
    pub base: Option<&'a str>,
    pub head: Option<&'a str>,
}

impl Workspace {
    /// Finds the root and reads every file below it.
    ///
    /// # Errors
    /// When there is no catalogue, or a file cannot be read.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let at = instant(global)?;
        let root = root(global)?;
        let loaded = io::load(&root)?;
        Ok(Self::of(root, at, loaded))
    }

    /// Reads a catalogue at one or two states of its repository.
    ///
    /// # Errors
    /// When there is no catalogue, no repository or no such revision, or objects are missing.
    pub fn open_at(global: &Global, revisions: Revisions<'_>) -> Result<Self, Failure> {
        let at = instant(global)?;
        let (root, repo, loaded) = match revisions.head {
            None => {
                let root = root(global)?;
                let loaded = io::load(&root)?;
                match (io::Repo::around(&root), revisions.base) {
                    (Ok(repo), _) => (root, Some(repo), loaded),
                    (Err(_), None) => (root, None, loaded),
                    (Err(wrong), Some(_)) => return Err(wrong.into()),
                }
            }
            Some(head) => {
                let (root, repo) = catalogue_at(global, head)?;
                let loaded = repo.load(&repo.tree(&repo.resolve(head)?)?)?;
                (root, Some(repo), loaded)
            }
        };
        let Some(repo) = repo else { return Ok(Self::of(root, at, loaded)) };
        let head = match revisions.head {
            Some(head) => Some(repo.resolve(head)?),
            None => repo.head(),
        };
        let ids = io::Ids::of(&loaded);
        let base = match revisions.base {
            Some(name) => {
                let named = repo.resolve(name)?;
                let commit = match &head {
                    Some(head) => repo.merge_base(&named, head)?,
                    None => named,
                };
                let tree = repo.tree_before(&commit, revisions.head.and(head.as_deref()), &ids)?;
                Some((name, repo.differences(&tree, &loaded, &ids)?, commit))
            }
            None => None,
        };
        let dirty = match (&head, revisions.head) {
            (Some(head), None) => repo.differs(&repo.tree(head)?, &loaded, &ids)?,
            _ => false,
        };
        let origin = Origin { folder: repo.folder().to_owned(), head, dirty };
        let mut workspace = Self::of(root, at, loaded);
        workspace.origin = Some(origin);
        if let Some((name, differences, commit)) = base {
            let versions = differences.versions.into_iter().map(|(path, text)| Version { path, text }).collect();
            let sources = std::mem::take(&mut workspace.sources);
            let (head, sources) = sources.with_base(name, versions, &differences.missing);
            workspace.sources = head;
            workspace.base = Some(BaseTree { name: name.to_owned(), commit, sources });
        }
        Ok(workspace)
    }

    fn of(root: PathBuf, at: Instant, loaded: io::Loaded) -> Self {
        let refused = loaded.refused;
        let faults = refused.iter().map(|(path, why)| (path.as_str(), *why));
        let sources = Sources::new(loaded.files).with_faults(faults);
        Self { root, at, sources, refused, base: None, origin: None }
    }

    /// The day of `--at`.
    pub fn today(&self) -> Day {
        Day::containing(self.at.0)
    }

    /// The catalogue, read, bound and planned. It lasts until the process ends: to give it back piece by piece would take as
    /// long as some of the rules.
    pub fn context(&self) -> ManuallyDrop<Context<'_>> {
        let mut context = match &self.base {
            Some(base) => Context::with_base(&self.sources, &base.sources, &base.name, self.today()),
            None => Context::new(&self.sources, self.today()),
        };
        for (path, why) in &self.refused {
            if let Some(file) = self.sources.find(path) {
                context.refuse(file, why);
            }
        }
        ManuallyDrop::new(context)
    }

    /// Puts other texts in the place of some, in memory only.
    pub fn replace(&mut self, texts: Vec<(FileId, String)>) {
        let mut changed: std::collections::HashMap<FileId, String> = texts.into_iter().collect();
        let files = self.sources.iter().map(|(file, source)| {
            let text = changed.remove(&file).unwrap_or_else(|| source.text.as_ref().to_owned());
            (source.path.as_ref().to_owned(), text)
        });
        let faults = self.refused.iter().map(|(path, why)| (path.as_str(), *why));
        self.sources = Sources::new(files.collect::<Vec<_>>()).with_faults(faults);
    }
}

/// What lint has to say, at the levels that the catalogue sets.
pub fn linted(context: &Context<'_>) -> Report {
    let levels = Levels::of_root(context.catalogue.root.as_ref().map(|(_, root)| root));
    lint(context, &levels)
}

/// The instant of `--at`, or now.
///
/// # Errors
/// When it cannot be read.
pub fn instant(global: &Global) -> Result<Instant, Failure> {
    match &global.at {
        Some(text) => io::parse_instant(text).map_err(|wrong| Failure::usage(format!("--at: {wrong}"))),
        None => Ok(io::now()),
    }
}

/// The root and the repository of a catalogue that is looked at in a commit: on disk where it is there, else in the commit
/// alone, as in a bare repository.
///
/// # Errors
/// When there is no repository, no such commit or no catalogue in it.
pub fn catalogue_at(global: &Global, head: &str) -> Result<(PathBuf, io::Repo), Failure> {
    match root(global) {
        Ok(root) => {
            let repo = io::Repo::around(&root)?;
            Ok((root, repo))
        }
        Err(_) => {
            let here = io::here()?;
            let repo = io::Repo::with_catalogue_at(&here, global.root.as_deref(), head)?;
            Ok((here.join(repo.folder()), repo))
        }
    }
}

/// The catalogue's root.
///
/// # Errors
/// When there is none.
pub fn root(global: &Global) -> Result<PathBuf, Failure> {
    let help = "run `allot init` to make a catalogue, or name one with `--root DIR`";
    match &global.root {
        Some(root) if io::is_root(root) => Ok(root.clone()),
        Some(root) => Err(Failure::usage(format!("there is no `allotment.toml` in `{}`", root.display())).help(help)),
        None => io::find_root(&io::here()?).ok_or_else(|| {
            Failure::usage("there is no catalogue here: no `allotment.toml` in this folder or above").help(help)
        }),
    }
}
