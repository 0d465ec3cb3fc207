//! Whether a server keeps conditions: one that ignores them would let two publishers write over each other.

use super::{Headers, Refused, Store, Version, When};
use crate::io::IoError;

/// Proves, with an object that is removed again, that a write on a condition that does not hold is refused, and that one that
/// holds is done.
///
/// # Errors
/// When it is not so, or the server fails.
pub fn prove(store: &dyn Store, token: &str) -> Result<(), Refused> {
    let path = format!("allot-probe-{token}");
    let proved = probe(store, &path);
    // What is left over harms nobody; a failure to remove it is no news beside the verdict.
    let _ = store.delete(&path);
    proved
}

fn probe(store: &dyn Store, path: &str) -> Result<(), Refused> {
    let headers = Headers { content_type: "text/plain", cache_control: "no-store", content_encoding: None };
    let put = |bytes: &[u8], when: &When| match store.put(path, bytes, headers, when) {
        Ok(()) => Ok(true),
        Err(Refused::Changed) => Ok(false),
        Err(failed) => Err(failed),
    };
    let lacks = |what: &str| -> Refused {
        IoError::new(format!("cannot publish to {}", store.shown()), what)
            .help("without conditions two publishers would write over each other: use storage or a server that keeps them")
            .into()
    };
    put(b"1", &When::Always)?;
    let found = store.get(path)?.ok_or_else(|| lacks("what was written is not there"))?;
    let Some(tag) = found.version.e_tag.as_ref().filter(|tag| !tag.starts_with("W/")) else {
        return Err(lacks("the server gives no ETag that a write could depend on"));
    };
    let wrong = tag.trim_matches('"').chars().rev().chain(['0']).collect::<String>();
    let wrong = Version {
        e_tag: Some(format!("\"{wrong}\"")),
        version: found.version.version.as_ref().map(|_| "1".to_owned()),
    };
    if put(b"2", &When::Is(wrong))? {
        return Err(lacks("the server ignores `If-Match`"));
    }
    if put(b"3", &When::Absent)? {
        return Err(lacks("the server ignores `If-None-Match`"));
    }
    if !put(b"4", &When::Is(found.version))? {
        return Err(lacks("the server refuses an `If-Match` that holds"));
    }
    match store.get(path)? {
        Some(found) if found.bytes == b"4" => Ok(()),
        _ => Err(lacks("what was written is not what is read back")),
    }
}
