//! Fixed names for SDKs that fetch a fixed address: each is a copy of one immutable file, and follows from the manifest.

use super::object::{compresses, content_type};
use super::{Headers, SHORT};
use crate::artifact::manifest::{File, Manifest};

/// A fixed name, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    pub path: String,
    pub surface: String,
    /// The file whose bytes it has.
    pub file: File,
    /// Whether its bytes are compressed: the sibling of another pointer.
    pub compressed: bool,
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
        let pointer =
            Pointer { path, surface: surface.to_owned(), file: file.clone(), compressed: false, headers: plain };
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
    let path = path.strip_suffix(".gz").unwrap_or(path);
    let surface = path.split('/').next().unwrap_or_default();
    !surface.is_empty() && FIXED.iter().any(|(_, fixed)| fixed.replace("{surface}", surface) == path)
}
