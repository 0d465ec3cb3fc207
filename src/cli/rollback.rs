//! `allot rollback`: an earlier commit is served again, as of now.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::compile::compiled;
use super::publish::{AT_ONCE, How, Served, Target, Terms, failed, go, record, refusals, target};
use super::workspace::{Revisions, Workspace, catalogue_at};
use super::{Exit, Failure, Global};
use crate::artifact::manifest::Manifest;
use crate::decl::Stage;
use crate::io::Follow;
use crate::io::store::{Store, each};
use crate::publish::{Offer, serial_of_path};
use crate::verify::verify;

/// Serve an earlier commit again, as it would be served now
///
/// The commit is compiled anew: what has ended since, by its window or by a decision, or is paused does not come back, nor does
/// what was stopped. It goes out like any other publish, under a higher serial; the next publish from Git takes its place, so revert the
/// commit in Git too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot rollback HEAD~1 --to file://public
  allot rollback HEAD~1 --to file://public --dry-run")]
pub struct Rollback {
    /// The commit; without it, the one that was served before the present one
    #[arg(value_name = "COMMIT")]
    commit: Option<String>,
    /// Where: an environment of `allotment.toml`, or an address; without it, the only environment, or `production`
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,
    #[command(flatten)]
    how: How,
}

pub fn run(global: &Global, verb: &Rollback) -> Result<Exit, Failure> {
    let target: Target = target(global, verb.to.as_deref())?;
    let store = target.store.as_ref();
    let key = verb.how.signing.key()?;
    let served = Served::read(store, key.as_ref(), verb.how.signing.adopt)?;
    let commit = match (&verb.commit, &served.manifest) {
        (Some(commit), _) => commit.clone(),
        (None, Some(present)) => before(store, present)?,
        (None, None) => return Err(Failure::usage(format!("nothing is published in {}", store.shown()))),
    };
    if let Some(named) = &verb.commit {
        // A name that is none stays none: that is no failure of the environment.
        let (_, repo) = catalogue_at(global, "HEAD")?;
        repo.resolve(named).map_err(|wrong| {
            let failure = Failure::usage(wrong.to_string());
            wrong.help.iter().fold(failure, Failure::help)
        })?;
    }
    let workspace = Workspace::open_at(global, Revisions { base: None, head: Some(&commit) })?;
    let source = workspace.origin.as_ref().and_then(|origin| origin.head.clone());
    let dist = compiled(&workspace, source, served.manifest.clone(), BTreeMap::new());
    let offer = Offer { manifest: dist.manifest, files: dist.files };
    let report = verify(offer.manifest.to_json().as_bytes(), |path| offer.files.get(path).cloned());
    let (refused, _) = refusals(&report);
    let mut ended = over(global, &workspace)?;
    ended.extend(stopped_ever(store, served.manifest.as_ref())?);
    go(global, &target, &served, offer, Terms { refused, ended, old: true, ..Terms::default() }, &verb.how)?.ended()
}

/// The nearest commit of the history that is another than the one that is served.
fn before(store: &dyn Store, present: &Manifest) -> Result<String, Failure> {
    let mut serial = present.serial;
    while let Some(earlier) = serial.checked_sub(1).filter(|serial| *serial > 0) {
        let Some(manifest) = record(store, earlier)? else { break };
        match manifest.source {
            Some(source) if Some(&source) != present.source.as_ref() => return Ok(source),
            _ => serial = earlier,
        }
    }
    Err(Failure::usage(format!("the history of {} has no other commit", store.shown()))
        .help("name the commit to serve: `allot rollback COMMIT`"))
}

/// What was ever stopped, up to its phase, as far as the history is there: a stop that Git has caught up with is none the less one.
fn stopped_ever(store: &dyn Store, present: Option<&Manifest>) -> Result<Vec<(String, u32)>, Failure> {
    let serials: Vec<u64> = match store.list() {
        Ok(listed) => listed.iter().filter_map(|entry| serial_of_path(&entry.path)).collect(),
        Err(wrong) if !store.is_doubtful() => return Err(failed(wrong)),
        // A web server does not list what it has; nothing is ever removed there.
        Err(_) => (1..present.map_or(1, |present| present.serial)).collect(),
    };
    let past = each(&serials, AT_ONCE, |serial| record(store, *serial))?;
    let stopped = past.iter().flatten().chain(present).flat_map(|manifest| &manifest.stopped);
    let all: BTreeSet<(String, u32)> = stopped.map(|record| (record.experiment.clone(), record.phase())).collect();
    Ok(all.into_iter().collect())
}

/// What HEAD does not serve now, up to its phase: it is decided, its window is over, or it is paused. What the commit has and HEAD
/// has no longer counts as it was last in the history of HEAD: who tidies up an ended test removes its file, and who removes a
/// running one by mistake wants it back.
fn over(global: &Global, commit: &Workspace) -> Result<Vec<(String, u32)>, Failure> {
    let head = Workspace::open_at(global, Revisions { base: None, head: Some("HEAD") })?;
    let mut over = ended_in(&head, &|_| true);
    let present = head.context();
    // A phase ends where the next one takes its place.
    let before = present.catalogue.claims.values().map(|claim| (claim.id.clone(), claim.phase.saturating_sub(1)));
    over.extend(before.filter(|(_, phase)| *phase > 0));
    let was = commit.context();
    let known: BTreeSet<&str> = present.catalogue.claims.values().map(|claim| claim.id.as_str()).collect();
    let served: BTreeSet<&str> = was.catalogue.claims.values().map(|claim| claim.id.as_str()).collect();
    // Files that one commit removed are looked at together.
    let mut last: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let (_, repo) = catalogue_at(global, "HEAD")?;
    let tip = repo.resolve("HEAD")?;
    for id in served.difference(&known) {
        let past = repo.past(id, &tip, Follow { all: false, limit: 1 })?;
        if let Some(before) = past.touched.into_iter().next().and_then(|touched| touched.parent) {
            last.entry(before).or_default().insert(id);
        }
    }
    for (before, ids) in last {
        let then = Workspace::open_at(global, Revisions { base: None, head: Some(&before) })?;
        over.extend(ended_in(&then, &|id| ids.contains(id)));
    }
    Ok(over)
}

/// The wanted experiments and rollouts that a state of the catalogue does not serve at its instant, with their phases.
fn ended_in(workspace: &Workspace, wanted: &dyn Fn(&str) -> bool) -> Vec<(String, u32)> {
    let context = workspace.context();
    let at = workspace.at.0;
    let over = context.catalogue.claims.values().filter(|claim| {
        // What was allotted counts, as it does where it is compiled.
        let window = context.locks.of(claim.file).map(|held| held.lock.window()).or(claim.window);
        let ended = window.is_some_and(|window| window.is_empty() || window.end.is_some_and(|end| end.seconds() <= at));
        ended || claim.is_paused() || claim.decision().is_some() || claim.stage == Some(Stage::Tweak)
    });
    over.filter(|claim| wanted(&claim.id)).map(|claim| (claim.id.clone(), claim.phase)).collect()
}
