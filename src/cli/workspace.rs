//! What most verbs begin with: the root, the clock, and the catalogue's texts.

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use super::{Failure, Global};
use crate::decl::Day;
use crate::io::{self, Instant};
use crate::lint::{Context, Levels, Report, lint};
use crate::source::{FileId, Sources};

/// An opened catalogue.
pub struct Workspace {
    pub root: PathBuf,
    pub at: Instant,
    pub sources: Sources,
    refused: Vec<(String, &'static str)>,
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
        let refused = loaded.refused;
        let faults = refused.iter().map(|(path, why)| (path.as_str(), *why));
        let sources = Sources::new(loaded.files).with_faults(faults);
        Ok(Self { root, at, sources, refused })
    }

    /// The day of `--at`.
    pub fn today(&self) -> Day {
        Day::containing(self.at.0)
    }

    /// The catalogue, read, bound and planned. It lasts until the process ends: to give it back piece by piece would take as
    /// long as some of the rules.
    pub fn context(&self) -> ManuallyDrop<Context<'_>> {
        let mut context = Context::new(&self.sources, self.today());
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
