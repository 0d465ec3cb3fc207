//! Where looks are recorded: a folder, or an address that is published to.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::io;
#[cfg(feature = "publish")]
use crate::io::store::{self, Headers, Refused, When, each, prove};
use crate::results::MAX_RECORD;

/// How many records are read at once.
#[cfg(feature = "publish")]
const AT_ONCE: usize = 16;

/// What a record is served with, should somebody serve it: business figures are nobody else's, and never change.
#[cfg(feature = "publish")]
const HEADERS: Headers = Headers {
    content_type: "application/json",
    cache_control: "private, max-age=31536000, immutable",
    content_encoding: None,
};

/// What `--results` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    /// `s3://…` and its kin.
    Address(String),
}

impl Place {
    /// As `--results` names it. An address with a password is none that opens.
    pub fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Folder(folder) => folder.to_string_lossy(),
            Self::Address(address) => Cow::Borrowed(address),
        }
    }
}

/// Reads what `--results` names; it never fails, and nothing is opened yet.
#[allow(clippy::unnecessary_wraps, reason = "the command line asks for a result")]
pub fn place(text: &str) -> Result<Place, String> {
    Ok(if text.contains("://") { Place::Address(text.to_owned()) } else { Place::Folder(PathBuf::from(text)) })
}

/// An opened place.
pub enum Opened {
    Folder(PathBuf),
    #[cfg(feature = "publish")]
    Remote(Box<dyn store::Store>),
}

impl Opened {
    /// Opens a place; a relative `file://` begins at the current folder.
    pub fn open(place: &Place) -> Result<Self, Failure> {
        match place {
            Place::Folder(folder) => Ok(Self::Folder(folder.clone())),
            Place::Address(address) => Self::remote(address),
        }
    }

    #[cfg(feature = "publish")]
    fn remote(address: &str) -> Result<Self, Failure> {
        if ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme)) {
            let failure = Failure::usage("a web server does not say which looks it has");
            return Err(failure.help("name a folder, or object storage such as `s3://BUCKET/PREFIX`"));
        }
        // An address that is wrong stays wrong: that is no failure of the environment.
        let opened = store::open(address, &io::here()?).map_err(|wrong| {
            let failure = Failure::usage(wrong.to_string());
            match wrong.help {
                Some(help) => failure.help(help),
                None => failure,
            }
        });
        Ok(Self::Remote(opened?))
    }

    #[cfg(not(feature = "publish"))]
    fn remote(_: &str) -> Result<Self, Failure> {
        let failure = Failure::usage("this `allot` was built without what reads and writes object storage");
        Err(failure.help("build it with the feature `publish`, or name a folder with `--results`"))
    }

    /// Where it is, in words.
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            #[cfg(feature = "publish")]
            Self::Remote(store) => store.shown().trim_matches('`').to_owned(),
        }
    }

    /// The names of what is in a folder of the place.
    pub fn names(&self, folder: &str) -> Result<Vec<String>, Failure> {
        match self {
            Self::Folder(root) => Ok(io::names_in(&root.join(folder))?),
            #[cfg(feature = "publish")]
            Self::Remote(store) => {
                let listed = store.list_below(folder).map_err(failed)?;
                let name = |path: &str| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
                Ok(listed.iter().filter_map(|entry| name(&entry.path)).filter(|name| !name.contains('/')).collect())
            }
        }
    }

    /// The bytes at several paths, in their order.
    pub fn read(&self, paths: &[String]) -> Result<Vec<Vec<u8>>, Failure> {
        match self {
            Self::Folder(root) => paths.iter().map(|path| Ok(bounded(&root.join(path))?)).collect(),
            #[cfg(feature = "publish")]
            Self::Remote(store) => each(paths, AT_ONCE, |path| match store.get(path).map_err(failed)? {
                Some(found) if found.bytes.len() as u64 <= MAX_RECORD => Ok(found.bytes),
                Some(_) => Err(Failure::usage(format!("`{path}` in `{}` is too large for a record", self.shown()))),
                None => Err(Failure::environment(format!("`{path}` went away from `{}` meanwhile", self.shown()))),
            }),
        }
    }

    /// Creates what must not be there yet; says whether it did, or something is there.
    pub fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, Failure> {
        match self {
            Self::Folder(root) => Ok(io::create_once(&root.join(path), bytes)?),
            #[cfg(feature = "publish")]
            Self::Remote(store) => match store.put(path, bytes, HEADERS, &When::Absent) {
                Ok(()) => Ok(true),
                Err(Refused::Changed) => Ok(false),
                Err(wrong) => Err(failed(wrong)),
            },
        }
    }

    /// Sees to it that nothing can be written over; where that is not known of a server, it is tried.
    #[cfg_attr(not(feature = "publish"), allow(clippy::unnecessary_wraps, reason = "a folder needs no proof"))]
    pub fn prove(&self) -> Result<(), Failure> {
        match self {
            Self::Folder(_) => Ok(()),
            #[cfg(feature = "publish")]
            Self::Remote(store) if store.is_doubtful() => prove(store.as_ref(), &token()).map_err(failed),
            #[cfg(feature = "publish")]
            Self::Remote(_) => Ok(()),
        }
    }
}

fn bounded(path: &Path) -> Result<Vec<u8>, io::IoError> {
    io::read_bounded(path, MAX_RECORD)
}

/// A name that no other run has: two that record the same look must not prove with the same object.
#[cfg(feature = "publish")]
fn token() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("{:016x}", RandomState::new().hash_one("looks"))
}

/// A refusal that is none of a condition.
#[cfg(feature = "publish")]
fn failed(refused: Refused) -> Failure {
    match refused {
        Refused::Failed(error) => error.into(),
        Refused::Changed => Failure::environment("something else writes to the place where looks are recorded"),
    }
}
