//! A folder of this machine: writes are renamed into place, and conditions are kept under a lock file.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use super::{Entry, Found, Headers, MAX_OBJECT, Refused, Store, Version, When, doing_in};
use crate::io::IoError;
use crate::io::files::{read_up_to, stage};
use crate::io::parallel::each;

/// The lock file, which is empty and stays. The system gives the lock back when its holder ends, however that happens.
const LOCK: &str = ".allot.lock";
/// How many folders are forced to disk at once.
const AT_ONCE: usize = 16;
/// How long another publisher may hold the lock, which it does for single writes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    shown: String,
    /// The folders in which names have changed that a crash of the machine may undo.
    changed: Mutex<BTreeSet<PathBuf>>,
    /// Held with the lock file, so that threads of one process wait for each other without asking again and again.
    turn: Mutex<()>,
}

/// The lock file and the turn; both are given back when it is dropped, the file first.
struct Lock<'a> {
    _file: File,
    _turn: MutexGuard<'a, ()>,
}

impl Folder {
    /// Objects below a folder, which need not be there yet.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        let shown = format!("`{}`", root.display());
        Self { root: root.to_owned(), shown, changed: Mutex::default(), turn: Mutex::default() }
    }

    fn changed(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrong(&self, doing: &str, path: &str, cause: impl std::fmt::Display) -> Refused {
        IoError::new(doing_in(doing, path, &self.shown), cause).into()
    }

    /// The file of an object. Paths come from manifests, which others may have written.
    fn file(&self, path: &str) -> Result<PathBuf, Refused> {
        let plain = path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']));
        if plain { Ok(self.root.join(path)) } else { Err(self.wrong("use", path, "it is no plain path")) }
    }

    fn lock(&self) -> Result<Lock<'_>, Refused> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = |cause: std::io::Error| self.wrong("lock", LOCK, cause);
        fs::create_dir_all(&self.root).map_err(wrong)?;
        let file =
            File::options().create(true).truncate(false).write(true).open(self.root.join(LOCK)).map_err(wrong)?;
        let mut waited = Duration::ZERO;
        let pause = Duration::from_millis(10);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file, _turn: turn }),
                Err(fs::TryLockError::WouldBlock) if waited < PATIENCE => {
                    std::thread::sleep(pause);
                    waited = waited.saturating_add(pause);
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(self.wrong("lock", LOCK, "another publisher holds it"));
                }
                Err(fs::TryLockError::Error(cause)) => return Err(wrong(cause)),
            }
        }
    }

    fn walk(folder: &Path, below: &str, found: &mut Vec<Entry>) -> std::io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{below}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                Self::walk(&entry.path(), &format!("{path}/"), found)?;
            } else if kind.is_file() && name != LOCK {
                // A file that goes away meanwhile was a temporary one.
                let Ok(meta) = entry.metadata() else { continue };
                let since = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                found.push(Entry { path, written: i64::try_from(since.as_secs()).unwrap_or(i64::MAX) });
            }
        }
        Ok(())
    }
}

impl Store for Folder {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn get(&self, path: &str) -> Result<Option<Found>, Refused> {
        let file = self.file(path)?;
        match fs::symlink_metadata(&file) {
            Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(cause) => return Err(self.wrong("read", path, cause)),
            Ok(_) => {}
        }
        // A pipe in its place would be waited for.
        if fs::metadata(&file).is_ok_and(|found| !found.is_file()) {
            return Err(self.wrong("read", path, "it is no file"));
        }
        let bytes = read_up_to(&file, MAX_OBJECT)?.ok_or_else(|| self.wrong("read", path, "it is too large"))?;
        let version = Version { e_tag: Some(digest(&bytes)), version: None };
        Ok(Some(Found { bytes, version }))
    }

    fn put(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused> {
        self.put_soon(path, bytes, headers, when)?;
        self.settle()
    }

    fn put_soon(&self, path: &str, bytes: &[u8], _: Headers, when: &When) -> Result<(), Refused> {
        let file = self.file(path)?;
        let folder = file.parent().unwrap_or(&self.root);
        let is_new = !folder.is_dir();
        // The bytes are on disk before the lock is taken, so that nobody waits for that.
        let staged = stage(&file, bytes)?;
        let _lock = match when {
            When::Always => None,
            _ => Some(self.lock()?),
        };
        let holds = match when {
            When::Always => true,
            When::Absent => self.get(path)?.is_none(),
            When::Is(wanted) => self.get(path)?.is_some_and(|found| found.version == *wanted),
        };
        if !holds {
            return Err(Refused::Changed);
        }
        if *when != When::Absent {
            staged.commit()?;
        } else if !staged.commit_once()? {
            // Who creates files here without the lock is not written over either.
            return Err(Refused::Changed);
        }
        // A folder that was made is a name in the one above.
        let above = folder.ancestors().skip(1).take_while(|above| is_new && above.starts_with(&self.root));
        self.changed().extend(std::iter::once(folder).chain(above).map(Path::to_owned));
        Ok(())
    }

    /// A name is on disk when its folder is: many names cost no more than one.
    fn settle(&self) -> Result<(), Refused> {
        let folders: Vec<PathBuf> = std::mem::take(&mut *self.changed()).into_iter().collect();
        each(&folders, AT_ONCE, |folder| {
            #[cfg(unix)]
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|cause| IoError::new(format!("cannot write to `{}`", folder.display()), cause))?;
            Ok(())
        })
        .map(drop)
        .inspect_err(|_| self.changed().extend(folders))
    }

    fn list(&self) -> Result<Vec<Entry>, Refused> {
        let mut found = Vec::new();
        Self::walk(&self.root, "", &mut found).map_err(|cause| self.wrong("list", "", cause))?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn list_below(&self, folder: &str) -> Result<Vec<Entry>, Refused> {
        let mut found = Vec::new();
        let walked = Self::walk(&self.file(folder)?, &format!("{folder}/"), &mut found);
        walked.map_err(|cause| self.wrong("list", folder, cause))?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn delete(&self, path: &str) -> Result<(), Refused> {
        match fs::remove_file(self.file(path)?) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => Err(self.wrong("remove", path, cause)),
            _ => Ok(()),
        }
    }

    fn has_siblings(&self) -> bool {
        true
    }

    fn is_doubtful(&self) -> bool {
        false
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.root)
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::prove;

    const PLAIN: Headers = Headers { content_type: "text/plain", cache_control: "no-store", content_encoding: None };

    #[test]
    fn conditions_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::at(&folder.path().join("new"));
        prove(&store, "test").unwrap();
        assert_eq!(store.list().unwrap(), []);
        assert_eq!(store.get("a/b").unwrap(), None);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::at(folder.path());
        fs::create_dir(folder.path().join("a")).unwrap();
        assert!(store.get("a").is_err());
        #[cfg(unix)]
        {
            let made = std::process::Command::new("mkfifo").arg(folder.path().join("b")).status();
            assert!(made.unwrap().success());
            let Err(Refused::Failed(wrong)) = store.get("b") else { panic!("a pipe") };
            assert!(wrong.to_string().contains("`b`") && wrong.cause == "it is no file", "{wrong}");
        }
    }

    #[test]
    fn no_path_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::at(folder.path());
        for path in ["../x", "a/../../x", "/etc/passwd", "", "a//b", "a/./b", "c:\\x"] {
            assert!(store.put(path, b"", PLAIN, &When::Always).is_err(), "{path}");
            assert!(store.get(path).is_err() && store.delete(path).is_err(), "{path}");
        }
    }

    #[test]
    fn of_many_at_once_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::at(folder.path());
        store.put("m", b"0", PLAIN, &When::Absent).unwrap();
        let read = store.get("m").unwrap().unwrap().version;
        let won: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (1..=8_u8)
                .map(|number| {
                    let (store, when) = (&store, When::Is(read.clone()));
                    scope.spawn(move || usize::from(store.put("m", &[number], PLAIN, &when).is_ok()))
                })
                .collect();
            tries.into_iter().map(|tried| tried.join().unwrap()).sum()
        });
        assert_eq!(won, 1);
    }
}
