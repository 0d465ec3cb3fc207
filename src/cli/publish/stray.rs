//! Fixed names that the manifest has no longer: what becomes of each is said, and none of them goes on showing what was stopped.
//!
//! Applications that still read one get the state that it was left with, until retention removes it.

use std::collections::{BTreeMap, BTreeSet};

use super::deliver::headers;
use super::prune::Keep;
use super::served::{failed, record};
use super::source::AT_ONCE;
use crate::artifact::format::without;
use crate::artifact::manifest::{Manifest, phase_of};
use crate::cli::Failure;
use crate::decl::Day;
use crate::io::store::{Found, MAX_OBJECT, Refused, Store, When, each};
use crate::publish::{Listed, Stray, gunzip, gzip, needed_manifests, pointers, serial_of_path, strays};

/// How often one is tried again that somebody else writes.
const TRIES: u32 = 3;

/// What was done to fixed names that show something that is stopped.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// Those that show it no longer.
    pub written: Vec<String>,
    /// Those that could not be written, each with the reason.
    pub left: Vec<(String, String)>,
}

/// The fixed names that are there, or were, and that a manifest has no longer.
///
/// # Errors
/// When the place cannot be read.
pub fn all(store: &dyn Store, present: &Manifest) -> Result<BTreeSet<Stray>, Failure> {
    match store.list() {
        Ok(listed) => Ok(strays(listed.iter().map(|entry| entry.path.as_str()), present)),
        Err(wrong) if !store.is_doubtful() => Err(failed(wrong)),
        // What cannot be listed is kept, and so are all manifests that named something.
        Err(_) => {
            let serials: Vec<u64> = (1..present.serial).collect();
            let former = each(&serials, AT_ONCE, |serial| record(store, *serial))?;
            Ok(former.iter().flatten().flat_map(|former| gone(former, present)).collect())
        }
    }
}

/// The fixed names of a former manifest that the present one has no longer.
fn gone(former: &Manifest, present: &Manifest) -> BTreeSet<Stray> {
    let named = pointers(former, false);
    strays(named.iter().map(|pointer| pointer.path.as_str()), present)
}

/// What fixed names show of what `is_gone`, by exposure key; those that cannot be read by SDKs show nothing.
///
/// # Errors
/// When the place cannot be read.
pub fn showing(
    store: &dyn Store,
    strays: &BTreeSet<Stray>,
    is_gone: &dyn Fn(&str) -> bool,
) -> Result<Vec<(Stray, BTreeSet<String>)>, Failure> {
    let mut all = Vec::new();
    for stray in strays {
        let mut keys = BTreeSet::new();
        for (path, compressed) in forms(stray) {
            let Some(found) = store.get(&path).map_err(failed)? else { continue };
            keys.extend(rest(stray, &found, compressed, is_gone).into_iter().flat_map(|(_, keys)| keys));
        }
        if !keys.is_empty() {
            all.push((stray.clone(), keys));
        }
    }
    Ok(all)
}

/// Under which ids something is shown whose exposure keys are an id's, with the largest phase of each.
///
/// # Errors
/// When the place cannot be read.
pub fn shows(store: &dyn Store, present: &Manifest, id: &str) -> Result<Vec<(String, u32)>, Failure> {
    let found = showing(store, &all(store, present)?, &|key| phase_of(key, id).is_some())?;
    let phase = |keys: &BTreeSet<String>| keys.iter().filter_map(|key| phase_of(key, id)).max();
    Ok(found.into_iter().filter_map(|(stray, keys)| Some((stray.surface, phase(&keys)?))).collect())
}

/// Takes what is stopped out of fixed names that the manifest has no longer; `dry`, says only which it would be.
///
/// # Errors
/// When it cannot be told which there are.
pub fn clean(store: &dyn Store, present: &Manifest, dry: bool) -> Result<Cleaned, Failure> {
    let mut cleaned = Cleaned::default();
    if present.stopped.is_empty() {
        return Ok(cleaned);
    }
    let is_stopped = |key: &str| present.stopped.iter().any(|record| record.covers(key));
    for stray in all(store, present)? {
        for (path, compressed) in forms(&stray) {
            match take_out(store, &stray, &path, compressed, &is_stopped, dry) {
                Ok(true) => cleaned.written.push(path),
                Ok(false) => {}
                Err(Refused::Failed(why)) => cleaned.left.push((path, why.to_string())),
                Err(Refused::Changed) => cleaned.left.push((path, "somebody else writes it".to_owned())),
            }
        }
    }
    store.settle().map_err(failed)?;
    Ok(cleaned)
}

/// Whether a fixed name, or its sibling, shows something that is gone, and shows it no longer.
fn take_out(
    store: &dyn Store,
    stray: &Stray,
    path: &str,
    compressed: bool,
    is_gone: &dyn Fn(&str) -> bool,
    dry: bool,
) -> Result<bool, Refused> {
    let mut wrote = false;
    for _ in 0..TRIES {
        let Some(found) = store.get(path)? else { return Ok(wrote) };
        let Some((rest, _)) = rest(stray, &found, compressed, is_gone) else { return Ok(wrote) };
        if dry {
            return Ok(true);
        }
        let bytes = if compressed { gzip(&rest) } else { rest };
        match store.put_soon(path, &bytes, headers(Stray::headers(compressed)), &When::Is(found.version)) {
            Ok(()) => wrote = true,
            // It is looked at again: whoever wrote it may have left it out as well.
            Err(Refused::Changed) => {}
            Err(wrong) => return Err(wrong),
        }
    }
    Err(Refused::Changed)
}

/// A fixed name and its sibling, of which each may be there without the other.
fn forms(stray: &Stray) -> [(String, bool); 2] {
    [(stray.path.clone(), false), (format!("{}.gz", stray.path), true)]
}

/// What a fixed name shows without what is gone, and what of that it shows; none where it shows none of it.
fn rest(
    stray: &Stray,
    found: &Found,
    compressed: bool,
    is_gone: &dyn Fn(&str) -> bool,
) -> Option<(Vec<u8>, BTreeSet<String>)> {
    let unpacked = if compressed { Some(gunzip(&found.bytes, MAX_OBJECT)?) } else { None };
    without(stray.scheme, unpacked.as_deref().unwrap_or(&found.bytes), is_gone)
}

/// What becomes of the fixed names that are there and that the manifest has no longer, a line each, for whoever publishes. Those
/// that retention frees with this very publish are left out.
///
/// # Errors
/// When the place cannot be read.
pub fn said(
    store: &dyn Store,
    listed: &[Listed],
    present: &Manifest,
    former: Option<&Manifest>,
    keep: Keep,
    now: i64,
) -> Result<Vec<String>, Failure> {
    let written: BTreeMap<&str, i64> = listed.iter().map(|it| (it.path.as_str(), it.written)).collect();
    let mut there = strays(written.keys().copied(), present);
    if listed.is_empty() {
        for stray in former.into_iter().flat_map(|former| gone(former, present)) {
            if store.get(&stray.path).map_err(failed)?.is_some() {
                there.insert(stray);
            }
        }
    }
    let Some(days) = keep.0.filter(|_| !listed.is_empty()) else {
        let kept = |stray: &Stray| format!("{}: `{}` stays as it was, and is kept", stray.surface, stray.path);
        return Ok(there.iter().map(kept).collect());
    };
    let since = keep.since(now).unwrap_or(now);
    let named = last_named(store, listed, present, former, &there, since, now)?;
    let line = |stray: &Stray| {
        let at = written.get(stray.path.as_str()).copied()?;
        let counts = named.get(&stray.path).copied().unwrap_or(at).max(at);
        (counts >= since).then(|| {
            let (day, end) = (Day::containing(at), Day::containing(counts).plus(days));
            format!("{}: `{}` stays as it was on {day}, and is removed after {end}", stray.surface, stray.path)
        })
    };
    Ok(there.iter().filter_map(line).collect())
}

/// Until when manifests named each of some fixed names, as far as that can keep it there.
fn last_named(
    store: &dyn Store,
    listed: &[Listed],
    present: &Manifest,
    former: Option<&Manifest>,
    strays: &BTreeSet<Stray>,
    since: i64,
    now: i64,
) -> Result<BTreeMap<String, i64>, Failure> {
    let mut named: BTreeMap<String, i64> = BTreeMap::new();
    if strays.is_empty() {
        return Ok(named);
    }
    let just = former.filter(|former| former.serial < present.serial);
    named.extend(just.into_iter().flat_map(|former| gone(former, present)).map(|stray| (stray.path, now)));
    let written: BTreeMap<u64, i64> =
        listed.iter().filter_map(|it| Some((serial_of_path(&it.path)?, it.written))).collect();
    for serial in needed_manifests(listed, present.serial, since).into_iter().rev() {
        if strays.iter().all(|stray| named.contains_key(&stray.path)) {
            break;
        }
        let Some(record) = record(store, serial)? else { continue };
        let until = written.range(serial.saturating_add(1)..).next().map_or(now, |(_, at)| *at);
        for stray in gone(&record, present) {
            named.entry(stray.path).or_insert(until);
        }
    }
    Ok(named)
}
