//! The immutable files that a manifest names, and the compressed siblings of those that compress.

use super::retain::is_content_addressed;
use super::{Headers, IMMUTABLE, SHORT};
use crate::artifact::manifest::{File, Manifest};

/// An immutable object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub path: String,
    /// The file that it is, or is a compressed sibling of.
    pub file: File,
    /// Whether it is the sibling.
    pub compressed: bool,
    pub headers: Headers,
}

/// The objects of a manifest, each once, by path; `siblings` where the server sends `FILE.gz` to those that accept it.
#[must_use]
pub fn objects(manifest: &Manifest, siblings: bool) -> Vec<Object> {
    let mut all = Vec::new();
    for (_, _, file) in manifest.files() {
        let content_type = content_type(&file.path);
        let plain = Headers { content_type, cache_control: IMMUTABLE, content_encoding: None };
        all.push(Object { path: file.path.clone(), file: file.clone(), compressed: false, headers: plain });
        if siblings && compresses(&file.path) {
            let headers = Headers { content_encoding: Some("gzip"), ..plain };
            all.push(Object { path: format!("{}.gz", file.path), file: file.clone(), compressed: true, headers });
        }
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all.dedup_by(|a, b| a.path == b.path);
    all
}

/// The headers of an object by its name, if it is named as an object is.
#[must_use]
pub fn headers_of_object(path: &str) -> Option<Headers> {
    let plain = path.strip_suffix(".gz");
    let name = plain.unwrap_or(path);
    is_content_addressed(name).then(|| Headers {
        content_type: content_type(name),
        cache_control: IMMUTABLE,
        content_encoding: plain.map(|_| "gzip"),
    })
}

/// The headers of the manifest.
#[must_use]
pub const fn manifest_headers() -> Headers {
    Headers { content_type: "application/json", cache_control: SHORT, content_encoding: None }
}

/// What a file is, by its ending.
pub(super) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "json")) => "application/json",
        _ => "application/octet-stream",
    }
}

/// Whether a file gets smaller: the native format is compressed already.
pub(super) fn compresses(path: &str) -> bool {
    path.ends_with(".json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_object_says_how_it_is_sent() {
        let surface = |id: &str, format: &str, ending: &str| File::of(id, format, ending, b"abc").path;
        let json = surface("home", "growthbook", "json");
        let plain = Headers { content_type: "application/json", cache_control: IMMUTABLE, content_encoding: None };
        assert_eq!(headers_of_object(&json), Some(plain));
        let packed = Headers { content_encoding: Some("gzip"), ..plain };
        assert_eq!(headers_of_object(&format!("{json}.gz")), Some(packed));
        let native = Headers { content_type: "application/octet-stream", ..plain };
        assert_eq!(headers_of_object(&surface("home", "native", "bin")), Some(native));
        for other in ["manifest.json", "manifests/0000000001.json", "home/api/features/home", "home/.allot-x", "a.gz"] {
            assert_eq!(headers_of_object(other), None, "{other}");
        }
    }
}
