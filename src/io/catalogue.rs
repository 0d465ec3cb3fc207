//! A catalogue's files: the root is found by walking up; nothing outside it is ever read.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::IoError;
use super::files::read_up_to;

/// The largest file of a catalogue.
pub(super) const MAX_FILE: u64 = 1 << 20;
/// What is said of a larger one.
pub(super) const TOO_LARGE: &str = "this file is larger than 1 MiB";
/// What is said of a link, a pipe or a device.
pub(super) const NO_FILE: &str = "this is no regular file, and links are not followed";
/// What is said of a file in another encoding.
pub(super) const NO_TEXT: &str = "this file is not UTF-8";
/// How deep folders may be nested.
const MAX_DEPTH: usize = 16;
/// The folders of a catalogue.
const FOLDERS: [&str; 7] = ["surfaces", "flags", "segments", "metrics", "experiments", "rollouts", "baselines"];

/// The texts of a catalogue, and the files that are there but cannot be read as text.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Paths below the root, with `/`, and texts.
    pub files: Vec<(String, String)>,
    /// Paths below the root, and what is wrong with each.
    pub refused: Vec<(String, &'static str)>,
}

/// The nearest folder at or above `from` that holds `allotment.toml`.
#[must_use]
pub fn find_root(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|folder| is_root(folder)).map(Path::to_owned)
}

/// Whether a folder is the root of a catalogue.
#[must_use]
pub fn is_root(folder: &Path) -> bool {
    folder.join("allotment.toml").is_file()
}

/// Reads every declaration and lock below a root, in parallel.
///
/// Symbolic links are not followed, so that no path leaves the root.
///
/// # Errors
/// When a folder or a file cannot be read at all.
pub fn load(root: &Path) -> Result<Loaded, IoError> {
    let mut paths = Vec::new();
    let mut loaded = Loaded::default();
    let top = root.join("allotment.toml");
    match fs::symlink_metadata(&top) {
        Ok(meta) if meta.is_file() => paths.push(("allotment.toml".to_owned(), top)),
        Ok(_) => loaded.refused.push(("allotment.toml".to_owned(), NO_FILE)),
        Err(cause) => return Err(IoError::new(format!("cannot read `{}`", top.display()), cause)),
    }
    for folder in FOLDERS {
        walk(&root.join(folder), folder, 0, &mut paths, &mut loaded.refused)?;
    }
    let read: Vec<Read> = paths
        .into_par_iter()
        .map(|(name, path)| {
            let Some(bytes) = read_up_to(&path, MAX_FILE)? else {
                return Ok(Read::Refused(name, TOO_LARGE));
            };
            Ok(match String::from_utf8(bytes) {
                Ok(text) => Read::Text(name, text),
                Err(_) => Read::Refused(name, NO_TEXT),
            })
        })
        .collect::<Result<_, IoError>>()?;
    for file in read {
        match file {
            Read::Text(name, text) => loaded.files.push((name, text)),
            Read::Refused(name, why) => loaded.refused.push((name, why)),
        }
    }
    Ok(loaded)
}

/// Whether a path below a root is that of a declaration or a lock, or, ending in `/`, of a folder that may hold some.
pub(super) fn belongs(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    let Some((folder, rest)) = path.split_once('/') else { return path == "allotment.toml" };
    let deep = rest.trim_end_matches('/').matches('/').count() > MAX_DEPTH;
    let named = rest.is_empty() || [".toml", ".lock", "/"].iter().any(|end| rest.ends_with(end));
    FOLDERS.contains(&folder) && named && !hidden && !deep
}

/// One file as found.
enum Read {
    Text(String, String),
    Refused(String, &'static str),
}

fn walk(
    folder: &Path,
    name: &str,
    depth: usize,
    paths: &mut Vec<(String, PathBuf)>,
    refused: &mut Vec<(String, &'static str)>,
) -> Result<(), IoError> {
    let wrong = |cause: std::io::Error| IoError::new(format!("cannot read `{}`", folder.display()), cause);
    match fs::symlink_metadata(folder) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => {
            refused.push((name.to_owned(), "this is no folder, and links are not followed"));
            return Ok(());
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(wrong(cause)),
    }
    if depth > MAX_DEPTH {
        refused.push((name.to_owned(), "folders are nested too deeply"));
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let kind = entry.file_type().map_err(wrong)?;
        let Ok(file) = entry.file_name().into_string() else { continue };
        if file.starts_with('.') {
            continue;
        }
        let below = format!("{name}/{file}");
        if kind.is_dir() {
            walk(&entry.path(), &below, depth + 1, paths, refused)?;
        } else if file.ends_with(".toml") || file.ends_with(".lock") {
            if kind.is_file() {
                paths.push((below, entry.path()));
            } else {
                refused.push((below, NO_FILE));
            }
        } else if kind.is_symlink() && entry.path().is_dir() {
            refused.push((below, "this is no folder, and links are not followed"));
        }
    }
    Ok(())
}
