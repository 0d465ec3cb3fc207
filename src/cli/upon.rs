//! One side's declarations upon another revision's locks, as after a merge: what was allotted there stays.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::decl::{Day, Stage};
use crate::lint::Context;
use crate::lock::{Held, Lock, path_of_ledger, path_of_lock};
use crate::model::Claim;
use crate::source::Sources;

/// A catalogue whose locks are another revision's, with those of its own that may not be drawn again.
pub struct Upon {
    pub sources: Sources,
    /// Locks of its own that gave way and are not drawn before their pause ends.
    pub gone: Vec<String>,
    /// Why it cannot be, a line each.
    pub clashes: Vec<String>,
}

impl Upon {
    /// The declarations of `head` upon the locks that are there at `revision`.
    ///
    /// Locks that are not there are left out, to be drawn again, unless units would move by that or a record would be lost:
    /// what has started, what is decided and what is paused stays, if those that are there leave it its buckets. A lock follows
    /// its declaration to where it is at `head`. One whose declaration is gone stays only where it is still `standing`.
    pub fn of(head: &Sources, standing: &Sources, locks: &[(String, String)], revision: &str, today: Day) -> Self {
        let locks = &following(head, standing, locks);
        let declarations = || {
            let files = head.iter().filter(|(_, source)| !source.path.ends_with(".lock"));
            files.map(|(_, source)| (source.path.to_string(), source.text.to_string()))
        };
        let faults = || head.iter().filter_map(|(_, source)| Some((source.path.as_ref(), source.fault?)));
        let there: HashSet<&str> = locks.iter().map(|(path, _)| path.as_str()).collect();
        let based = Sources::new(declarations().chain(locks.iter().cloned())).with_faults(faults());
        let (own, based) = (Context::new(head, today), Context::new(&based, today));
        let mut upon = Self { sources: Sources::default(), gone: Vec::new(), clashes: Vec::new() };
        let mut kept: Vec<(String, String)> = Vec::new();
        let mut keep = |file| kept.extend(head.get(file).map(|lock| (lock.path.to_string(), lock.text.to_string())));
        for surface in own.catalogue.surfaces.values() {
            // Its salt and its holdout are nowhere else.
            let unknown = !there.contains(path_of_ledger(head.path(surface.file)).as_str());
            if let Some(ledger) = own.locks.ledger(surface.file).filter(|_| unknown) {
                keep(ledger.file);
            }
        }
        for claim in own.catalogue.claims.values() {
            let path = path_of_lock(head.path(claim.file));
            let Some(held) = own.locks.of(claim.file).filter(|_| !there.contains(path.as_str())) else { continue };
            let started = has_started(claim, &held.lock, today);
            if !started && claim.stage == Some(Stage::Ship) && claim.intent.is_some() && !claim.is_paused() {
                continue;
            }
            let moves_on = own.is_over(claim) || claim.phase > held.lock.phase;
            match holders(&based, &held.lock).first_key_value().filter(|_| !moves_on) {
                Some(_) if !started && claim.is_paused() => upon.gone.push(path),
                Some((holder, buckets)) => {
                    upon.clashes.push(clash(held, holder, *buckets, revision));
                    keep(held.file);
                }
                None => keep(held.file),
            }
        }
        let locks = locks.iter().cloned().chain(kept);
        upon.sources = Sources::new(declarations().chain(locks)).with_faults(faults());
        upon
    }
}

/// Locks where their declarations are now: beside the one file of the same id in the same top folder.
///
/// Whoever moved a declaration moved its lock, and whoever deleted both wants neither back.
fn following(head: &Sources, standing: &Sources, locks: &[(String, String)]) -> Vec<(String, String)> {
    let declaration = |path: &str| path.strip_suffix(".lock").map(|stem| format!("{stem}.toml"));
    let is_declared = |path: &str| declaration(path).is_some_and(|path| head.find(&path).is_some());
    let there: HashSet<&str> = locks.iter().map(|(path, _)| path.as_str()).collect();
    let mut places: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for (_, source) in head.iter().filter(|(_, source)| source.path.ends_with(".toml")) {
        places.entry((folder(&source.path), source.stem())).or_default().push(&source.path);
    }
    let followed = locks.iter().filter_map(|(path, text)| {
        if is_declared(path) {
            return Some((path.clone(), text.clone()));
        }
        let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".lock")).unwrap_or_default();
        let elsewhere = match places.get(&(folder(path), stem)).map(Vec::as_slice) {
            Some([declared]) => Some(path_of_lock(declared)),
            _ => None,
        };
        match elsewhere.filter(|elsewhere| !there.contains(elsewhere.as_str())) {
            Some(elsewhere) => Some((elsewhere, text.clone())),
            None => standing.find(path).map(|_| (path.clone(), text.clone())),
        }
    });
    followed.collect()
}

/// The first folder of a path below the root.
fn folder(path: &str) -> &str {
    path.split_once('/').map_or("", |(folder, _)| folder)
}

/// Whether units may be in it. One whose start was put off has to be drawn again anyway.
fn has_started(claim: &Claim, lock: &Lock, today: Day) -> bool {
    lock.start <= today && claim.window.is_none_or(|window| window.start <= today)
}

/// Who holds a lock's buckets at the other revision, and how many of them.
fn holders(based: &Context<'_>, lock: &Lock) -> BTreeMap<String, u32> {
    let held = lock.held();
    let others = based.locks.everywhere().into_iter().map(|(_, other)| &other.lock);
    let others = others
        .filter(|other| other.surface == lock.surface && other.buckets == lock.buckets)
        .filter(|other| other.id != lock.id && other.excludes(&lock.components, lock.window()))
        .map(|other| (format!("`{}`", other.id), other.held().intersection_len(&held)));
    let ledgers = based.catalogue.surfaces.values().filter(|surface| surface.id == lock.surface);
    let holdouts = ledgers
        .filter_map(|surface| based.locks.ledger(surface.file))
        .filter(|ledger| ledger.ledger.holdout.size() == lock.buckets)
        .map(|ledger| ("the holdout".to_owned(), ledger.ledger.holdout.intersection_len(&held)));
    others.chain(holdouts).filter(|&(_, buckets)| buckets > 0).collect()
}

fn clash(held: &Held, holder: &str, buckets: u32, revision: &str) -> String {
    let Lock { id, phase, .. } = &held.lock;
    format!(
        "`{id}` has begun, and at `{revision}` {holder} has {buckets} of its buckets: begin a new phase with `phase = {}`, or \
         merge the other way round, so that the locks of this side stay",
        phase.saturating_add(1)
    )
}
