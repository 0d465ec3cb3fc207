//! The last step: what retention frees is removed, if nobody published meanwhile.

use std::collections::BTreeMap;

use super::former::Former;
use super::served::{failed, record};
use super::source::AT_ONCE;
use crate::artifact::manifest::{self, Manifest};
use crate::cli::Failure;
use crate::io::store::{Entry, Store, each};
use crate::publish::{Listed, Record, freed, needed_manifests};

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
/// says how many objects went.
///
/// # Errors
/// When the place cannot be read, or refuses to remove something.
pub fn prune(
    store: &dyn Store,
    present: &Manifest,
    listed: &[Listed],
    former: &[Former],
    since: Option<i64>,
) -> Result<usize, Failure> {
    let Some(since) = since else { return Ok(0) };
    if listed.iter().all(|listed| listed.written >= since) {
        return Ok(0);
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
        return Ok(0);
    }
    // Another publisher may be about to name something again: it writes what it names anew, and then it is young.
    let again: BTreeMap<String, i64> = list(store)?.into_iter().map(|listed| (listed.path, listed.written)).collect();
    let served = store.get(manifest::PATH).map_err(failed)?;
    if served.is_none_or(|served| served.bytes != present.to_json().as_bytes()) {
        return Ok(0);
    }
    let free: Vec<String> = free.into_iter().filter(|path| again.get(path).is_some_and(|at| *at < since)).collect();
    each(&free, AT_ONCE, |path| store.delete(path)).map_err(failed)?;
    Ok(free.len())
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
