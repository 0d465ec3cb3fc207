//! Fixed names for SDKs that fetch a fixed address: each is a copy of one immutable file, and follows from the manifest.

use std::collections::BTreeSet;

use super::object::{compresses, content_type};
use super::{Headers, SHORT};
use crate::artifact::manifest::{File, Manifest};
use crate::bucket::Scheme;

/// A fixed name, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    pub path: String,
    pub surface: String,
    /// The file whose bytes it has.
    pub file: File,
    /// Whether its bytes are compressed: the sibling of another pointer.
    pub compressed: bool,
    /// Whether its bytes are encrypted, see [`Sealer`](super::Sealer).
    pub sealed: bool,
    pub headers: Headers,
}

/// Where the SDKs of a format look below the surface's folder: format, and the path, in which `{surface}` is the surface's id.
const FIXED: [(&str, &str); 2] =
    [("growthbook", "{surface}/api/features/{surface}"), ("eppo", "{surface}/flag-config/v1/config")];

/// The pointers of a manifest, by path; `siblings` where the server sends `FILE.gz` to those that accept it.
#[must_use]
pub fn pointers(manifest: &Manifest, siblings: bool) -> Vec<Pointer> {
    let mut all = Vec::new();
    for (surface, format, file) in manifest.files() {
        let Some((_, path)) = FIXED.iter().find(|(known, _)| *known == format) else { continue };
        let path = path.replace("{surface}", surface);
        let plain = Headers { content_type: content_type(&file.path), cache_control: SHORT, content_encoding: None };
        let pointer = Pointer {
            path,
            surface: surface.to_owned(),
            file: file.clone(),
            compressed: false,
            sealed: false,
            headers: plain,
        };
        if siblings && compresses(&file.path) {
            all.push(Pointer {
                path: format!("{}.gz", pointer.path),
                compressed: true,
                headers: Headers { content_encoding: Some("gzip"), ..plain },
                ..pointer.clone()
            });
        }
        all.push(pointer);
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Whether a path is that of a pointer, of whatever surface.
#[must_use]
pub fn is_pointer(path: &str) -> bool {
    stray(path).is_some()
}

/// A fixed name that a former manifest had, and that the present one has no longer. Applications may go on reading it until it is
/// removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stray {
    pub path: String,
    /// The surface or the bundle that it is of.
    pub surface: String,
    /// What its bytes are.
    pub scheme: Scheme,
}

impl Stray {
    /// How it is sent, as itself or as its compressed sibling.
    #[must_use]
    pub const fn headers(compressed: bool) -> Headers {
        let content_encoding = if compressed { Some("gzip") } else { None };
        Headers { content_type: "application/json", cache_control: SHORT, content_encoding }
    }
}

/// What a path would be if no manifest had it.
fn stray(path: &str) -> Option<Stray> {
    let path = path.strip_suffix(".gz").unwrap_or(path);
    let surface = path.split('/').next().filter(|surface| !surface.is_empty())?;
    let (format, _) = FIXED.iter().find(|(_, fixed)| fixed.replace("{surface}", surface) == path)?;
    Some(Stray { path: path.to_owned(), surface: surface.to_owned(), scheme: format.parse().ok()? })
}

/// Those of some paths that are fixed names of nothing that a manifest has; a compressed sibling counts for its name.
pub fn strays<'a>(paths: impl IntoIterator<Item = &'a str>, present: &Manifest) -> BTreeSet<Stray> {
    let named: BTreeSet<String> = pointers(present, false).into_iter().map(|pointer| pointer.path).collect();
    paths.into_iter().filter_map(stray).filter(|stray| !named.contains(&stray.path)).collect()
}
