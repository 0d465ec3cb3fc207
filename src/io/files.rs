//! Files: bounded reads and atomic writes.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::IoError;
use super::parallel::each;

/// How many files are forced to disk at once.
const AT_ONCE: usize = 16;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// When the file cannot be read or is larger.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    read_up_to(path, limit)?.ok_or_else(|| {
        IoError::new(format!("cannot read `{}`", path.display()), format!("it is larger than {limit} bytes"))
    })
}

/// Reads a file, or nothing if it has more than `limit` bytes.
///
/// # Errors
/// When the file cannot be read.
pub fn read_up_to(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, IoError> {
    let wrong = |cause: std::io::Error| IoError::new(format!("cannot read `{}`", path.display()), cause);
    let mut file = fs::File::open(path).map_err(wrong)?;
    // Most files of a catalogue fit, are then read in one go, and take no more memory than they need: a catalogue is held
    // whole, and fresh memory costs more than copying.
    let mut head = [0; 8 << 10];
    let mut filled = 0;
    while let Some(free) = head.get_mut(filled..).filter(|free| !free.is_empty()) {
        match file.read(free) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(wrong(cause)),
        }
    }
    let mut bytes = head.get(..filled).unwrap_or_default().to_vec();
    if filled == head.len() {
        file.take((limit + 1).saturating_sub(filled as u64)).read_to_end(&mut bytes).map_err(wrong)?;
    }
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Reads all of standard input, at most `limit` bytes.
///
/// # Errors
/// When it cannot be read or is larger.
pub fn read_stdin(limit: u64) -> Result<Vec<u8>, IoError> {
    let mut bytes = Vec::new();
    let doing = "cannot read standard input";
    std::io::stdin().take(limit + 1).read_to_end(&mut bytes).map_err(|cause| IoError::new(doing, cause))?;
    if bytes.len() as u64 > limit {
        return Err(IoError::new(doing, format!("it is larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Writes a file whole or not at all: a temporary file beside it is renamed over it.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    stage(path, bytes)?.commit()
}

/// Writes several files; all are staged before the first is renamed, so that an interruption leaves each whole.
///
/// # Errors
/// When a folder or a file cannot be written; nothing is renamed if staging fails.
pub fn write_all(files: &[(PathBuf, Vec<u8>)]) -> Result<(), IoError> {
    // Each file is forced to disk before it is renamed; waiting for many at once costs little more than for one.
    let staged = each(files, AT_ONCE, |(path, bytes)| stage(path, bytes))?;
    staged.into_iter().try_for_each(Staged::commit)
}

/// Creates a file that must not be there yet.
///
/// # Errors
/// When it is there, or cannot be written.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let staged = stage(path, bytes)?;
    staged
        .file
        .persist_noclobber(path)
        .map(drop)
        .map_err(|wrong| IoError::new(format!("cannot create `{}`", path.display()), wrong.error))
}

/// Creates a file if none is there, whatever else writes at the same time; says whether it did.
///
/// # Errors
/// When it cannot be written.
pub fn create_once(path: &Path, bytes: &[u8]) -> Result<bool, IoError> {
    stage(path, bytes)?.commit_once()
}

/// Creates several files, none of which may be there yet; if one cannot be created, none stays, nor any folder made for them.
///
/// # Errors
/// When one is there, or cannot be written.
pub fn create_all(files: &[(PathBuf, Vec<u8>)]) -> Result<(), IoError> {
    let mut folders: Vec<&Path> = files.iter().flat_map(|(path, _)| path.ancestors().skip(1)).collect();
    folders.retain(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    folders.dedup();
    let mut created: Vec<&Path> = Vec::new();
    let done = files.iter().try_for_each(|(path, bytes)| {
        create_new(path, bytes)?;
        created.push(path);
        Ok(())
    });
    if done.is_err() {
        // What was made a moment ago is taken back; that this fails too would be no better news.
        created.iter().for_each(|path| drop(fs::remove_file(path)));
        folders.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
    done
}

/// A file that is on disk, and not in its place yet.
pub(super) struct Staged {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

/// Writes a file beside its place.
///
/// # Errors
/// When the folder or the file cannot be written.
pub(super) fn stage(path: &Path, bytes: &[u8]) -> Result<Staged, IoError> {
    let wrong = |cause: std::io::Error| IoError::new(format!("cannot write `{}`", path.display()), cause);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(wrong)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".allot-");
    // Temporary files are private by default; what is written here is read by others.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0o644, |found| found.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder).map_err(wrong)?;
    file.write_all(bytes).map_err(wrong)?;
    file.as_file().sync_data().map_err(wrong)?;
    Ok(Staged { file, path: path.to_owned() })
}

impl Staged {
    /// Puts it in its place.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub(super) fn commit(self) -> Result<(), IoError> {
        let Self { file, path } = self;
        file.persist(&path)
            .map(drop)
            .map_err(|wrong| IoError::new(format!("cannot write `{}`", path.display()), wrong.error))
    }

    /// Puts it in its place if nothing is there; says whether it did.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn commit_once(self) -> Result<bool, IoError> {
        let Self { file, path } = self;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(true),
            Err(wrong) if wrong.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(wrong) => Err(IoError::new(format!("cannot create `{}`", path.display()), wrong.error)),
        }
    }
}

/// The names of what is in a folder, sorted; none where there is no such folder. Names that are no text are left out.
///
/// # Errors
/// When the folder cannot be read.
pub fn names_in(folder: &Path) -> Result<Vec<String>, IoError> {
    let wrong = |cause: std::io::Error| IoError::new(format!("cannot read `{}`", folder.display()), cause);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(wrong(cause)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(wrong)?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Whether there is a regular file.
#[must_use]
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Reads a file of at most `limit` bytes where others may have put something else, such as a pipe, which would be waited for.
///
/// # Errors
/// When it is no regular file, cannot be read or is larger.
pub fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(IoError::new(format!("cannot read `{}`", path.display()), "it is no file"));
    }
    read_bounded(path, limit)
}

/// Whether two paths lead to one folder that is there.
#[must_use]
pub fn is_same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether there is a folder.
#[must_use]
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// Whether there is a regular file of a length.
#[must_use]
pub fn is_file_of(path: &Path, length: u64) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == length)
}

/// Removes files; one that is gone already is no failure.
///
/// # Errors
/// When one is there and cannot be removed.
pub fn remove_files(paths: &[PathBuf]) -> Result<(), IoError> {
    for path in paths {
        match fs::remove_file(path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(IoError::new(format!("cannot remove `{}`", path.display()), cause));
            }
            _ => {}
        }
    }
    Ok(())
}
