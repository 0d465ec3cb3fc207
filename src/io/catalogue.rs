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
pub(super) const MAX_DEPTH: usize = 16;
/// The folders of a catalogue.
pub(super) const FOLDERS: [&str; 7] =
    ["surfaces", "flags", "segments", "metrics", "experiments", "rollouts", "baselines"];

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
    load_some(root, &|_| true)
}

/// Reads those declarations and locks below a root that are wanted; a folder, whose path ends in `/`, is only looked into if
/// it is.
///
/// # Errors
/// When a folder or a file cannot be read at all.
pub fn load_some(root: &Path, wanted: &Wanted<'_>) -> Result<Loaded, IoError> {
    let top = root.join("allotment.toml");
    let first = match fs::symlink_metadata(&top) {
        Ok(_) if !wanted("allotment.toml") => Loaded::default(),
        Ok(meta) if meta.is_file() => Loaded::of(read("allotment.toml".to_owned(), &top)?),
        Ok(_) => Loaded::refusing("allotment.toml".to_owned(), NO_FILE),
        Err(cause) => return Err(IoError::new(format!("cannot read `{}`", top.display()), cause)),
    };
    let folders = FOLDERS.par_iter().map(|folder| walk(&root.join(folder), folder, 0, wanted));
    Ok(first.and(folders.collect::<Result<Vec<_>, _>>()?))
}

/// Which paths below a root are wanted.
type Wanted<'a> = dyn Fn(&str) -> bool + Sync + 'a;

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

impl Loaded {
    fn of(file: Read) -> Self {
        let mut loaded = Self::default();
        loaded.add(file);
        loaded
    }

    fn refusing(name: String, why: &'static str) -> Self {
        Self::of(Read::Refused(name, why))
    }

    fn add(&mut self, file: Read) {
        match file {
            Read::Text(name, text) => self.files.push((name, text)),
            Read::Refused(name, why) => self.refused.push((name, why)),
        }
    }

    fn and(mut self, others: Vec<Self>) -> Self {
        self.files.reserve(others.iter().map(|other| other.files.len()).sum());
        for other in others {
            self.files.extend(other.files);
            self.refused.extend(other.refused);
        }
        self
    }
}

fn read(name: String, path: &Path) -> Result<Read, IoError> {
    let Some(bytes) = read_up_to(path, MAX_FILE)? else {
        return Ok(Read::Refused(name, TOO_LARGE));
    };
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Read::Text(name, text),
        Err(_) => Read::Refused(name, NO_TEXT),
    })
}

/// Reads a folder: what is in it is listed first, and then read in parallel with the folders below.
fn walk(folder: &Path, name: &str, depth: usize, wanted: &Wanted<'_>) -> Result<Loaded, IoError> {
    if !wanted(&format!("{name}/")) {
        return Ok(Loaded::default());
    }
    let wrong = |cause: std::io::Error| IoError::new(format!("cannot read `{}`", folder.display()), cause);
    match fs::symlink_metadata(folder) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Ok(Loaded::refusing(name.to_owned(), "this is no folder, and links are not followed")),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Loaded::default()),
        Err(cause) => return Err(wrong(cause)),
    }
    if depth > MAX_DEPTH {
        return Ok(Loaded::refusing(name.to_owned(), "folders are nested too deeply"));
    }
    let mut loaded = Loaded::default();
    let mut files = Vec::new();
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let kind = entry.file_type().map_err(wrong)?;
        let Ok(file) = entry.file_name().into_string() else { continue };
        if file.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            folders.push(file);
        } else if file.ends_with(".toml") || file.ends_with(".lock") {
            if !wanted(&format!("{name}/{file}")) {
                continue;
            }
            if kind.is_file() {
                files.push(file);
            } else {
                loaded.refused.push((format!("{name}/{file}"), NO_FILE));
            }
        } else if kind.is_symlink() && entry.path().is_dir() {
            loaded.refused.push((format!("{name}/{file}"), "this is no folder, and links are not followed"));
        }
    }
    let below = |file: &String| format!("{name}/{file}");
    let (texts, inner) = rayon::join(
        || files.par_iter().map(|file| read(below(file), &folder.join(file))).collect::<Result<Vec<_>, _>>(),
        || {
            folders
                .par_iter()
                .map(|file| walk(&folder.join(file), &below(file), depth + 1, wanted))
                .collect::<Result<_, _>>()
        },
    );
    texts?.into_iter().for_each(|text| loaded.add(text));
    Ok(loaded.and(inner?))
}
