//! `allot stop`: break-glass: an experiment is taken out of what is served, and Git is asked to agree.

use clap::Args;

#[cfg(feature = "forge")]
use super::conclude::{self, Ask, Conclude};
use super::publish::{How, STRAY_HELP, Served, Target, Terms, Unsealed, Went, files, go, shows, still_shown, target};
use super::workspace::instant;
use super::{Exit, Failure, Global, output};
use crate::artifact::format::NATIVE;
use crate::artifact::manifest::Stopped;
use crate::artifact::{Artifact, exposure_key};
use crate::publish::{Offer, stopped};
use crate::render::plain;

/// How often it is tried again where another publisher was faster.
const TRIES: u32 = 5;

/// Take an experiment or a rollout out of what is served, at once
///
/// It works from what is served alone: no catalogue, no build. Its units get what the flag's rules and default give them. The
/// record of it stays in the manifest, and no publish brings the experiment back until Git agrees: it is decided, or its phase
/// rises. On GitHub the pull request that decides it is opened as well. The exit code is 3 where something that is still read could
/// not be written, and the last sentence says what.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot stop fresh-first --reason \"Crashes on old phones.\" --to file://public
  allot stop fresh-first --reason \"Crashes on old phones.\" --to file://public --dry-run
  allot stop fresh-first --reason \"Crashes on old phones.\" --to file://public --no-pull-request")]
pub struct Stop {
    /// The experiment or the rollout
    #[arg(value_name = "EXPERIMENT")]
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = said)]
    reason: String,
    /// Where: an environment of `allotment.toml`, or an address; without it, the only environment, or `production`
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,
    #[command(flatten)]
    how: How,
    /// Open no pull request; say what to change
    #[arg(long)]
    no_pull_request: bool,
    #[cfg(feature = "forge")]
    #[command(flatten)]
    ask: Ask,
}

fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it says nothing".to_owned()),
        long if long.len() > 2_000 => Err("it is longer than 2000 bytes".to_owned()),
        text => Ok(text.to_owned()),
    }
}

pub fn run(global: &Global, verb: &Stop) -> Result<Exit, Failure> {
    let target = target(global, verb.to.as_deref())?;
    let key = verb.how.signing.key()?;
    let mut tries = 0;
    let went = loop {
        let served = Served::read(target.store.as_ref(), key.as_ref(), verb.how.signing.adopt)?;
        match stop(global, verb, &target, &served) {
            Ok(went) => break went,
            Err(failure) => {
                tries += 1;
                let again = Served::read(target.store.as_ref(), key.as_ref(), verb.how.signing.adopt)?;
                if tries >= TRIES || again.past == served.past {
                    return Err(failure);
                }
            }
        }
    };
    if verb.how.dry_run {
        return incomplete(&verb.id, &went).map_or(Ok(went.exit), Err);
    }
    let proposed = propose(global, verb);
    if let Some(incomplete) = incomplete(&verb.id, &went) {
        // What is still served counts for more than a pull request that is not open.
        if let Err(wrong) = proposed {
            output::say(&wrong.to_string());
        }
        return Err(incomplete);
    }
    proposed.map(|()| went.exit)
}

fn stop(global: &Global, verb: &Stop, target: &Target, served: &Served) -> Result<Went, Failure> {
    let store = target.store.as_ref();
    let Some(manifest) = &served.manifest else {
        return Err(Failure::usage(format!("nothing is published in {}", store.shown())));
    };
    let now = instant(global)?.0;
    let mut offer = Offer { manifest: manifest.clone(), files: files(store, manifest)? };
    // A held surface keeps its files, but for what is stopped.
    let held: Vec<_> = offer.manifest.surfaces.values_mut().map(|surface| surface.held.take()).collect();
    offer.manifest.stopped.clear();
    let (artifacts, unread) = read(&offer);
    let found = artifacts.iter().filter_map(|artifact| stopped(artifact, &verb.id, now, &verb.reason));
    let (stops, rest): (Vec<_>, Vec<_>) = found.unzip();
    for (surface, held) in offer.manifest.surfaces.values_mut().zip(held) {
        surface.held = held;
    }
    let mut stops = stops;
    if stops.is_empty() && unread.is_empty() && manifest.stopped.iter().all(|record| record.experiment != verb.id) {
        // It may be read where nothing renews it any more: by the fixed name of a bundle or a surface that is gone.
        let shown = shows(store, manifest, &verb.id)?;
        stops.extend(shown.into_iter().map(|(surface, phase)| Stopped {
            experiment: verb.id.clone(),
            key: exposure_key(&verb.id, phase),
            surface,
            at: now,
            reason: verb.reason.clone(),
        }));
    }
    if stops.is_empty() {
        let of_it = || manifest.stopped.iter().filter(|record| record.experiment == verb.id);
        let can_read = |surface: &String| !unread.iter().any(|(id, _)| id == surface);
        if let Some(record) = of_it().next().filter(|_| of_it().all(|record| can_read(&record.surface))) {
            global.say(&format!("`{}` is stopped already: {}", plain(&verb.id), plain(&record.reason)));
            // What an earlier run could not renew may be renewed now.
            let stopped_on = of_it().map(|record| record.surface.clone()).collect();
            return go(global, target, served, offer, Terms { old: true, stopped_on, ..Terms::default() }, &verb.how);
        }
        if !unread.is_empty() {
            return Err(untold(&verb.id, &unread));
        }
        let known = || artifacts.iter().flat_map(|artifact| artifact.claims().map(|(_, claim)| claim.id.as_str()));
        return Err(
            Failure::usage(format!("`{}` is not served in {}", verb.id, store.shown())).meant(&verb.id, known())
        );
    }
    for artifact in &rest {
        offer.replace(artifact, now).map_err(|why| {
            Failure::data(format!("surface `{}` cannot be served without `{}`: {why}", artifact.surface, verb.id))
        })?;
        if let Some(surface) = offer.manifest.surfaces.get_mut(&artifact.surface) {
            surface.held = None;
        }
    }
    let stopped_on = stops.iter().map(|record| record.surface.clone()).collect();
    let terms = Terms { stops, old: true, stopped_on, ..Terms::default() };
    let went = go(global, target, served, offer, terms, &verb.how)?;
    if !verb.how.dry_run && incomplete(&verb.id, &went).is_none() {
        global.say(&format!("`{}` is stopped", plain(&verb.id)));
    }
    Ok(went)
}

/// The native artifacts of what is served; and of surfaces of which there is none that can be trusted, what is wrong with which
/// file.
fn read(offer: &Offer) -> (Vec<Artifact>, Vec<(String, String)>) {
    let (mut artifacts, mut unread) = (Vec::new(), Vec::new());
    for (surface, entry) in &offer.manifest.surfaces {
        let Some(file) = entry.formats.get(NATIVE) else { continue };
        let bytes = offer.files.get(&file.path);
        match bytes.filter(|bytes| file.holds(bytes)).and_then(|bytes| Artifact::decode(bytes).ok()) {
            Some(artifact) => artifacts.push(artifact),
            None => {
                let what = if bytes.is_some() { "damaged" } else { "missing" };
                unread.push((surface.clone(), format!("`{}` of surface `{surface}` is {what}", file.path)));
            }
        }
    }
    (artifacts, unread)
}

/// Nobody knows whether something is served on surfaces that cannot be read.
fn untold(id: &str, unread: &[(String, String)]) -> Failure {
    let files: Vec<&str> = unread.iter().map(|(_, what)| what.as_str()).collect();
    Failure::environment(format!("{}: it cannot be told whether `{id}` is served there", files.join(", ")))
        .help("`allot publish` or `allot rollback COMMIT` repairs it; then stop again")
}

/// What of a stop is left to do, if anything is.
fn incomplete(id: &str, went: &Went) -> Option<Failure> {
    let bundles = went.kept.iter().map(|id| format!("the bundle `{id}` cannot be made anew"));
    let what: Vec<String> =
        went.unsealed.iter().map(Unsealed::said).chain(bundles).chain(went.shown.iter().map(still_shown)).collect();
    if what.is_empty() {
        return None;
    }
    let what = what.join("; ");
    let failure = Failure::environment(if went.dry_run {
        format!("`{id}` would be stopped in all that can be written, and the stop would not be complete: {what}")
    } else {
        format!("`{id}` is stopped in all that could be written, and the stop is not complete: {what}")
    });
    let repair = "a file of it is damaged or missing: `allot publish` or `allot rollback COMMIT` repairs it";
    let mut help: Vec<String> = went.unsealed.iter().map(Unsealed::help).collect();
    help.extend(went.kept.first().map(|_| repair.to_owned()));
    help.extend(went.shown.first().map(|_| STRAY_HELP.to_owned()));
    help.dedup();
    Some(help.into_iter().fold(failure, Failure::help))
}

/// Asks Git to agree, or says how somebody else can.
#[cfg_attr(not(feature = "forge"), expect(clippy::unnecessary_wraps, reason = "a pull request can fail"))]
fn propose(global: &Global, verb: &Stop) -> Result<(), Failure> {
    #[cfg(feature = "forge")]
    if !verb.no_pull_request && verb.ask.is_possible() {
        return pull_request(global, verb);
    }
    global.say(&by_hand(verb));
    Ok(())
}

/// Asks Git to agree by a pull request.
#[cfg(feature = "forge")]
fn pull_request(global: &Global, verb: &Stop) -> Result<(), Failure> {
    let conclude = Conclude::stop(&verb.id, &verb.reason, None, verb.ask.clone());
    match conclude::run(global, &conclude) {
        Ok(Exit::Clean) => Ok(()),
        Ok(Exit::Findings) => Err(Failure::data("it is stopped, and no pull request was opened").help(by_hand(verb))),
        Err(wrong) => {
            global.say(&format!("it is stopped, and no pull request was opened: {}", by_hand(verb)));
            Err(wrong)
        }
    }
}

fn by_hand(verb: &Stop) -> String {
    let quoted = plain(&verb.reason).replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`");
    format!(
        "make Git agree: `allot conclude {} --outcome stopped --reason \"{quoted}\" --learned \"…\"`, and merge it",
        plain(&verb.id)
    )
}
