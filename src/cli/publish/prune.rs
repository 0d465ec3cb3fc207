//! The last step: what retention frees is removed, unless somebody publishes meanwhile, who may name some of it again.
//!
//! A publisher plans with what is there, and so may name what is being removed. Of an object that is removed and a manifest that
//! is exchanged, one comes first. If it is the object, whoever exchanged the manifest finds it missing, since it looks after that
//! ([`Delivery`]); if it is the manifest, whoever removed the object finds another one, and puts back what it took. So none is
//! missing when both have ended; and since a publisher writes anew what is no longer young, they hardly ever meet.

use std::collections::{BTreeMap, BTreeSet};

use super::deliver::{Delivery, headers};
use super::former::Former;
use super::served::{failed, record};
use super::source::AT_ONCE;
use crate::artifact::manifest::{self, Manifest};
use crate::cli::Failure;
use crate::io::store::{Entry, Refused, Store, When, each};
use crate::publish::{Listed, Object, Record, Sealers, freed, headers_of_object, needed_manifests};

/// From which age on an object that is named again is written anew: half of the shortest time that anybody keeps what nothing
/// names.
const OLD: i64 = 43_200;

/// How long what is no longer named is kept, in days; none for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep(pub Option<u32>);

impl Keep {
    /// What was written before this instant is no longer kept; none where all is.
    pub fn since(self, now: i64) -> Option<i64> {
        self.0.map(|days| now.saturating_sub(i64::from(days).saturating_mul(86_400)))
    }
}

/// Reads `30d`, or `all`.
///
/// # Errors
/// When it is neither, or no day is left.
pub fn keep(text: &str) -> Result<Keep, String> {
    if text == "all" {
        return Ok(Keep(None));
    }
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| *days >= 1);
    days.map(|days| Keep(Some(days))).ok_or_else(|| "write a number of days, such as `30d`, or `all`".to_owned())
}

/// Removes what no manifest within the window names, and sealed objects of `former` secrets, if they are older than the window;
/// says which objects went.
///
/// # Errors
/// When the place cannot be read, or refuses to remove something.
pub fn prune(
    store: &dyn Store,
    present: &Manifest,
    sealers: &Sealers,
    listed: &[Listed],
    former: &[Former],
    since: Option<i64>,
) -> Result<Vec<String>, Failure> {
    let Some(since) = since else { return Ok(Vec::new()) };
    if listed.iter().all(|listed| listed.written >= since) {
        return Ok(Vec::new());
    }
    let mut kept = vec![Record { serial: present.serial, manifest: present.clone() }];
    let needed: Vec<u64> = needed_manifests(listed, present.serial, since)
        .into_iter()
        .filter(|serial| *serial != present.serial)
        .collect();
    let read = each(&needed, AT_ONCE, |serial| record(store, *serial))?;
    let read =
        needed.iter().zip(read).filter_map(|(serial, manifest)| Some(Record { serial: *serial, manifest: manifest? }));
    kept.extend(read);
    let mut free = freed(listed, present.serial, &kept, since);
    free.extend(former.iter().filter(|former| former.is_free(since)).map(|former| former.path.clone()));
    if free.is_empty() {
        return Ok(Vec::new());
    }
    // Another publisher may be about to name something again: what is old it writes anew, and then it is young.
    let again: BTreeMap<String, i64> = list(store)?.into_iter().map(|listed| (listed.path, listed.written)).collect();
    let free: Vec<String> = free.into_iter().filter(|path| again.get(path).is_some_and(|at| *at < since)).collect();
    let bytes = present.to_json().into_bytes();
    let is_present = || store.get(manifest::PATH).map(|served| served.is_some_and(|served| served.bytes == bytes));
    let mut gone = Vec::new();
    for batch in free.chunks(AT_ONCE) {
        let objects: Vec<&String> = batch.iter().filter(|path| headers_of_object(path).is_some()).collect();
        let taken = each(&objects, AT_ONCE, |path| store.get(path)).map_err(failed)?;
        if !is_present().map_err(failed)? {
            break;
        }
        let removed = each(batch, AT_ONCE, |path| store.delete(path));
        match is_present() {
            Ok(true) => {}
            // Where it cannot be told it is put back as well.
            told => {
                let pairs: Vec<(&String, Vec<u8>)> =
                    objects.into_iter().zip(taken).filter_map(|(path, found)| Some((path, found?.bytes))).collect();
                put_back(store, &pairs).map_err(failed)?;
                told.map_err(failed)?;
                Delivery::follow(store, sealers)?;
                break;
            }
        }
        removed.map_err(failed)?;
        gone.extend_from_slice(batch);
    }
    Ok(gone)
}

/// Writes again what was removed, where nobody else has. The name of an object says what is in it.
fn put_back(store: &dyn Store, taken: &[(&String, Vec<u8>)]) -> Result<(), Refused> {
    each(taken, AT_ONCE, |(path, bytes)| {
        let Some(of) = headers_of_object(path) else { return Ok(()) };
        match store.put_soon(path, bytes, headers(of), &When::Absent) {
            Err(Refused::Changed) => Ok(()),
            put => put,
        }
    })?;
    store.settle()
}

/// Of some objects that are there, those that nothing named until now and that are so old that somebody may be about to
/// remove them.
///
/// # Errors
/// When the place cannot be listed although it should.
pub fn at_risk(store: &dyn Store, objects: &[&Object], now: i64) -> Result<Vec<String>, Failure> {
    let folders = objects.iter().filter_map(|object| object.path.split_once('/'));
    let folders: Vec<&str> = folders.map(|(folder, _)| folder).collect::<BTreeSet<_>>().into_iter().collect();
    let listed = each(&folders, AT_ONCE, |folder| match store.list_below(folder) {
        // What cannot be listed is kept.
        Err(_) if store.is_doubtful() => Ok(Vec::new()),
        listed => listed,
    });
    let listed = listed.map_err(failed)?.into_iter().flatten();
    let written: BTreeMap<String, i64> = listed.map(|entry| (entry.path, entry.written)).collect();
    let is_old = |path: &String| written.get(path).is_some_and(|at| at.saturating_add(OLD) < now);
    Ok(objects.iter().map(|object| &object.path).filter(|path| is_old(path)).cloned().collect())
}

/// What is there, as far as it can be listed.
///
/// # Errors
/// When it cannot be although it should.
pub fn list(store: &dyn Store) -> Result<Vec<Listed>, Failure> {
    let listed = match store.list() {
        Ok(listed) => listed,
        // What cannot be listed is kept.
        Err(_) if store.is_doubtful() => Vec::new(),
        Err(wrong) => return Err(failed(wrong)),
    };
    Ok(listed.into_iter().map(|Entry { path, written }| Listed { path, written }).collect())
}
