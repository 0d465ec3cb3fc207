//! Where things are in respect of each other: the current folder, a catalogue's root, and the repository it is in.

use std::path::{Component, Path, PathBuf};

use git2::Repository;

use super::IoError;

/// The current folder.
///
/// # Errors
/// When it cannot be told, as when it was deleted.
pub fn here() -> Result<PathBuf, IoError> {
    std::env::current_dir().map_err(|cause| IoError::new("cannot tell the current folder", cause))
}

/// A path without links and `..`, whether or not its last parts are there.
///
/// # Errors
/// When the current folder cannot be told.
pub fn resolved(path: &Path) -> Result<PathBuf, IoError> {
    let path = here()?.join(path);
    let mut missing = Vec::new();
    let mut known = path.as_path();
    loop {
        if let Ok(known) = known.canonicalize() {
            return Ok(missing.iter().rev().fold(known, |path, part| path.join(part)));
        }
        match (known.parent(), known.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name.to_owned());
                known = parent;
            }
            _ => return Ok(path),
        }
    }
}

/// Whether anything is at a path, be it a link that leads nowhere.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// The way from one folder to another, with `/` and ending in it: nothing for the same folder, `../` for the one above.
/// Both without links and `..`. Folders on different drives have only the absolute way.
#[must_use]
pub fn way(from: &Path, to: &Path) -> String {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).count();
    // Ways that climb to the top of the file system are longer than the path itself.
    if shared <= 1 && from != to && up > 1 {
        let path = to.display().to_string();
        return if path.ends_with('/') { path } else { format!("{path}/") };
    }
    let down = to.components().skip(shared).filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let up = std::iter::repeat_n("..".into(), up);
    up.chain(down).map(|part| format!("{part}/")).collect()
}

/// The top of the Git work tree that a folder is in.
#[must_use]
pub fn top_of_repository(folder: &Path) -> Option<PathBuf> {
    let repository = Repository::discover(folder).ok()?;
    repository.workdir()?.canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::way;
    use std::path::Path;

    #[test]
    fn ways_go_down_and_up() {
        let go = |from: &str, to: &str| way(Path::new(from), Path::new(to));
        assert_eq!(go("/a/b", "/a/b"), "");
        assert_eq!(go("/a", "/a/b/c"), "b/c/");
        assert_eq!(go("/a/b/c", "/a/b"), "../");
        assert_eq!(go("/a/b", "/a/c"), "../c/");
        assert_eq!(go("/home/me/x", "/tmp/y"), "/tmp/y/");
    }
}
