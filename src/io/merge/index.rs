//! The merged tree while it is being put together, in memory.

use std::path::Path;

use git2::{Index, IndexConflict, IndexEntry, IndexTime, MergeOptions, Oid, Repository};

use super::{Merge, Side, Stop, failed};
use crate::io::catalogue::{FOLDERS, Loaded, MAX_DEPTH, MAX_FILE, NO_FILE};

/// The mode of a regular file.
const REGULAR: u32 = 0o100_644;

/// What merging two commits gives, before it is written anywhere.
pub struct Merged {
    pub(super) index: Index,
    prefix: String,
    conflicts: Vec<Conflict>,
}

/// A path on which the two contradict each other.
struct Conflict {
    /// Below the top of the work tree.
    path: String,
    /// Whether one of the two has no file there.
    gone: bool,
}

impl Merge {
    /// Merges the two sides in memory.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn merged(&self) -> Result<Merged, Stop> {
        let doing = "cannot merge";
        let mut options = MergeOptions::new();
        options.find_renames(true);
        let (ours, theirs) = (self.commit(Side::Ours)?, self.commit(Side::Theirs)?);
        let index =
            self.repository.merge_commits(&ours, &theirs, Some(&options)).map_err(|cause| failed(doing, &cause))?;
        let mut conflicts: Vec<Conflict> = Vec::new();
        for conflict in index.conflicts().map_err(|cause| failed(doing, &cause))? {
            let IndexConflict { ancestor, our, their } = conflict.map_err(|cause| failed(doing, &cause))?;
            let gone = our.is_none() || their.is_none();
            let entry = our.or(their).or(ancestor);
            let path = entry.map(|entry| String::from_utf8_lossy(&entry.path).into_owned());
            conflicts.extend(path.map(|path| Conflict { path, gone }));
        }
        Ok(Merged { index, prefix: self.prefix.clone(), conflicts })
    }

    /// The catalogue as merged, without the files on which the two contradict each other.
    #[must_use]
    pub fn merged_catalogue(&self, merged: &Merged) -> Loaded {
        let mut loaded = Loaded::default();
        for entry in merged.index.iter().filter(|entry| stage(entry) == 0) {
            if let Ok(path) = std::str::from_utf8(&entry.path) {
                load(&self.repository, &merged.prefix, path, entry.mode, entry.id, &mut loaded);
            }
        }
        loaded
    }

    /// Puts a file of the catalogue in the merged tree, in the place of whatever is there.
    ///
    /// # Errors
    /// When the object cannot be written.
    pub fn put(&self, merged: &mut Merged, path: &str, text: &str) -> Result<(), Stop> {
        let doing = "cannot write an object";
        merged.remove(path);
        let id = self.repository.blob(text.as_bytes()).map_err(|cause| failed(doing, &cause))?;
        let now = IndexTime::new(0, 0);
        let path = format!("{}{path}", merged.prefix).into_bytes();
        let entry = IndexEntry {
            ctime: now,
            mtime: now,
            dev: 0,
            ino: 0,
            mode: REGULAR,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path,
        };
        Ok(merged.index.add(&entry).map_err(|cause| failed(doing, &cause))?)
    }
}

impl Merged {
    /// The locks and ledgers of the catalogue that contradict each other, below its root: they can be drawn again.
    #[must_use]
    pub fn locks_in_conflict(&self) -> Vec<&str> {
        self.conflicts.iter().filter_map(|conflict| self.lock(&conflict.path)).collect()
    }

    /// Which of some generated files of the catalogue contradict each other, by their places among these paths below its
    /// root, and whether one side has no such file: they can be written anew.
    #[must_use]
    pub fn generated_in_conflict(&self, generated: &[String]) -> Vec<(usize, bool)> {
        let place = |conflict: &Conflict| Some((self.generated(&conflict.path, generated)?, conflict.gone));
        self.conflicts.iter().filter_map(place).collect()
    }

    /// All other files that contradict each other, below the top of the work tree: somebody has to mend them.
    #[must_use]
    pub fn texts_in_conflict(&self, generated: &[String]) -> Vec<&str> {
        let paths = self.conflicts.iter().map(|conflict| conflict.path.as_str());
        paths.filter(|path| self.lock(path).is_none() && self.generated(path, generated).is_none()).collect()
    }

    /// Takes a file of the catalogue away.
    pub fn remove(&mut self, path: &str) {
        let path = format!("{}{path}", self.prefix);
        // What is not there needs not be taken away.
        let _ = self.index.conflict_remove(Path::new(&path));
        let _ = self.index.remove(Path::new(&path), 0);
    }

    fn generated(&self, path: &str, generated: &[String]) -> Option<usize> {
        let below = path.strip_prefix(self.prefix.as_str())?;
        generated.iter().position(|path| path == below)
    }

    fn lock<'p>(&self, path: &'p str) -> Option<&'p str> {
        let below = path.strip_prefix(self.prefix.as_str())?;
        let (folder, _) = below.split_once('/')?;
        (below.ends_with(".lock") && FOLDERS.contains(&folder)).then_some(below)
    }
}

/// Adds a file to a catalogue, if it is one of its files: as `load` reads them from a folder.
pub(super) fn load(repository: &Repository, prefix: &str, path: &str, mode: u32, id: Oid, loaded: &mut Loaded) {
    let Some(path) = path.strip_prefix(prefix) else { return };
    let folder = path.split_once('/').map_or("", |(folder, _)| folder);
    let known =
        path == "allotment.toml" || FOLDERS.contains(&folder) && (path.ends_with(".toml") || path.ends_with(".lock"));
    if !known || path.split('/').any(|part| part.starts_with('.')) || path.split('/').count() > MAX_DEPTH + 2 {
        return;
    }
    let blob = repository.find_blob(id).ok().filter(|_| mode & 0o170_000 == 0o100_000);
    let path = path.to_owned();
    match blob {
        None => loaded.refused.push((path, NO_FILE)),
        Some(blob) if blob.size() as u64 > MAX_FILE => loaded.refused.push((path, "this file is larger than 1 MiB")),
        Some(blob) => match std::str::from_utf8(blob.content()) {
            Ok(text) => loaded.files.push((path, text.to_owned())),
            Err(_) => loaded.refused.push((path, "this file is not UTF-8")),
        },
    }
}

/// The stage of an entry: 0 for what is no conflict.
fn stage(entry: &IndexEntry) -> u16 {
    (entry.flags >> 12) & 3
}
