//! Where artifacts are published: a few operations on objects, each of which happens whole or not at all.

mod cloud;
mod folder;
mod patience;
mod place;
mod prove;
mod web;

pub use super::parallel::each;
pub use folder::Folder;
pub use place::open;
pub use prove::prove;

use super::IoError;

/// The largest object that is read.
pub const MAX_OBJECT: u64 = 256 << 20;

/// What is being done to an object, or to the whole place where no path is named.
fn doing_in(doing: &str, path: &str, place: &str) -> String {
    if path.is_empty() { format!("cannot {doing} {place}") } else { format!("cannot {doing} `{path}` in {place}") }
}

/// A place for objects. All calls may be made from several threads at once.
pub trait Store: Send + Sync {
    /// Where it is, in words.
    fn shown(&self) -> &str;

    /// An object; none if it is not there.
    ///
    /// # Errors
    /// When it cannot be told, or it is larger than [`MAX_OBJECT`].
    fn get(&self, path: &str) -> Result<Option<Found>, Refused>;

    /// Writes an object, if what is there is as `when` says.
    ///
    /// # Errors
    /// [`Refused::Changed`] when it is not; otherwise it may or may not have been written.
    fn put(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused>;

    /// Writes an object as [`Self::put`] does; but a crash of the whole machine may undo it until [`Self::settle`] was called.
    ///
    /// # Errors
    /// As of [`Self::put`].
    fn put_soon(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused> {
        self.put(path, bytes, headers, when)
    }

    /// Sees to it that nothing undoes what was written.
    ///
    /// # Errors
    /// When the place fails; then it may or may not be undone.
    fn settle(&self) -> Result<(), Refused> {
        Ok(())
    }

    /// Everything that is there.
    ///
    /// # Errors
    /// When it cannot be listed.
    fn list(&self) -> Result<Vec<Entry>, Refused>;

    /// Everything that is there below a folder, without asking about the rest where that can be.
    ///
    /// # Errors
    /// When it cannot be listed.
    fn list_below(&self, folder: &str) -> Result<Vec<Entry>, Refused> {
        let mut all = self.list()?;
        all.retain(|entry| entry.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
        Ok(all)
    }

    /// Whether it can be listed at all. Where it cannot, nothing is ever removed.
    fn lists(&self) -> bool {
        true
    }

    /// Removes an object; one that is gone already is no failure.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    fn delete(&self, path: &str) -> Result<(), Refused>;

    /// Whether a server in front of it sends `FILE.gz` in the place of `FILE` to those that accept it.
    fn has_siblings(&self) -> bool;

    /// The folder that it is, if it is one.
    fn folder(&self) -> Option<&std::path::Path> {
        None
    }

    /// Whether it has to be proved that conditions are kept, before anything relies on it.
    fn is_doubtful(&self) -> bool;
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub bytes: Vec<u8>,
    pub version: Version,
}

/// What tells one content of an object from another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    pub(super) e_tag: Option<String>,
    pub(super) version: Option<String>,
}

impl Version {
    /// A version that is told by an entity tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Self {
        Self { e_tag: Some(tag.to_owned()), version: None }
    }
}

/// On which condition something is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Whatever is there.
    Always,
    /// Nothing is there.
    Absent,
    /// What is there is what was read.
    Is(Version),
}

/// What a server says with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    pub content_type: &'static str,
    pub cache_control: &'static str,
    pub content_encoding: Option<&'static str>,
}

/// An object that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: String,
    /// When it was written, in Unix seconds.
    pub written: i64,
}

/// Why something was not done.
#[derive(Debug)]
pub enum Refused {
    /// What is there is not as the condition says.
    Changed,
    /// The environment failed.
    Failed(IoError),
}

impl From<IoError> for Refused {
    fn from(error: IoError) -> Self {
        Self::Failed(error)
    }
}
