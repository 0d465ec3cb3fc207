//! What retention frees: files that no manifest within the window names, and that are older than the window themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_pointer, pointers, serial_of_path};
use crate::artifact::format::{FORMATS, extension};
use crate::artifact::manifest::{Manifest, is_short_digest};

/// Something that is there, and when it was written, in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub path: String,
    pub written: i64,
}

/// A manifest of the history that was served within the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub serial: u64,
    pub manifest: Manifest,
}

/// The serials whose manifests must be read to know what is named within the window: one was served until the next was
/// written, so that what counts is when its successor was. The present one and the one before are always among them.
#[must_use]
pub fn needed_manifests(all: &[Listed], present: u64, since: i64) -> BTreeSet<u64> {
    let written: BTreeMap<u64, i64> =
        all.iter().filter_map(|listed| Some((serial_of_path(&listed.path)?, listed.written))).collect();
    let mut needed = BTreeSet::new();
    for &serial in written.keys() {
        let successor = written.range(serial.saturating_add(1)..).next().map(|(_, at)| *at);
        let before_present = written.range(..present).next_back().map(|(serial, _)| *serial);
        // Without a successor nobody replaced it yet.
        if serial >= present || Some(serial) == before_present || successor.is_none_or(|at| at >= since) {
            needed.insert(serial);
        }
    }
    needed
}

/// The paths that may go: written before `since`, of a kind that this tool writes, and named by none of the manifests. `kept`
/// holds the present manifest and every one of [`needed_manifests`]; where one of those could not be read, nothing is freed.
#[must_use]
pub fn freed(all: &[Listed], present: u64, kept: &[Record], since: i64) -> Vec<String> {
    let needed = needed_manifests(all, present, since);
    let read: BTreeSet<u64> = kept.iter().map(|record| record.serial).collect();
    if !needed.is_subset(&read) || !read.contains(&present) {
        return Vec::new();
    }
    let mut named = BTreeSet::new();
    for record in kept {
        named.extend(record.manifest.files().map(|(_, _, file)| file.path.clone()));
        named.extend(pointers(&record.manifest, false).into_iter().map(|pointer| pointer.path));
    }
    let free = all.iter().filter(|listed| {
        let plain = listed.path.strip_suffix(".gz").unwrap_or(&listed.path);
        let known = is_content_addressed(plain) || is_pointer(plain) || is_left_over(&listed.path);
        let record = serial_of_path(&listed.path);
        let free = match record {
            Some(serial) => !needed.contains(&serial),
            None => known && !named.contains(plain),
        };
        free && listed.written < since
    });
    free.map(|listed| listed.path.clone()).collect()
}

/// `<surface>/<format>-<16 digits>.<ending>`, of a format that there is: nothing else in that place is ours.
pub(super) fn is_content_addressed(path: &str) -> bool {
    let Some((_, name)) = path.split_once('/') else { return false };
    FORMATS.iter().any(|(format, _)| {
        let rest = name.strip_prefix(format).and_then(|rest| rest.strip_prefix('-'));
        let parts = rest.and_then(|rest| rest.split_once('.'));
        parts.is_some_and(|(digits, ending)| is_short_digest(digits) && Some(ending) == extension(format))
    })
}

/// What an interrupted write to a folder leaves.
fn is_left_over(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(".allot-"))
}
