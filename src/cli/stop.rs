//! `allot stop`: break-glass: an experiment is taken out of what is served, and Git is asked to agree.

use clap::Args;

#[cfg(feature = "forge")]
use super::conclude::{self, Ask, Conclude};
use super::publish::{How, Served, Target, Terms, files, go, target};
use super::workspace::instant;
use super::{Exit, Failure, Global};
use crate::publish::{Offer, stopped};
use crate::render::plain;

/// How often it is tried again where another publisher was faster.
const TRIES: u32 = 5;

/// Take an experiment or a rollout out of what is served, at once
///
/// It works from what is served alone: no catalogue, no build. Its units get what the flag's rules and default give them. The
/// record of it stays in the manifest, and no publish brings the experiment back until Git agrees: it is decided, or its phase
/// rises. On GitHub the pull request that decides it is opened as well.
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
    loop {
        let served = Served::read(target.store.as_ref(), key.as_ref(), verb.how.signing.adopt)?;
        match stop(global, verb, &target, &served) {
            Ok(()) => break,
            Err(failure) => {
                tries += 1;
                let again = Served::read(target.store.as_ref(), key.as_ref(), verb.how.signing.adopt)?;
                if tries >= TRIES || again.past == served.past {
                    return Err(failure);
                }
            }
        }
    }
    if verb.how.dry_run {
        return Ok(Exit::Clean);
    }
    #[cfg(feature = "forge")]
    if !verb.no_pull_request && verb.ask.is_possible() {
        return propose(global, verb);
    }
    global.say(&by_hand(verb));
    Ok(Exit::Clean)
}

fn stop(global: &Global, verb: &Stop, target: &Target, served: &Served) -> Result<(), Failure> {
    let store = target.store.as_ref();
    let Some(manifest) = &served.manifest else {
        return Err(Failure::usage(format!("nothing is published in {}", store.shown())));
    };
    let now = instant(global)?.0;
    let mut offer = Offer { manifest: manifest.clone(), files: files(store, manifest)? };
    // A held surface keeps its files, but for what is stopped.
    let held: Vec<_> = offer.manifest.surfaces.values_mut().map(|surface| surface.held.take()).collect();
    let artifacts: Vec<_> = offer.manifest.surfaces.keys().filter_map(|surface| offer.artifact(surface)).collect();
    let found = artifacts.iter().filter_map(|artifact| stopped(artifact, &verb.id, now, &verb.reason));
    let (stops, rest): (Vec<_>, Vec<_>) = found.unzip();
    if stops.is_empty() {
        if let Some(record) = manifest.stopped.iter().find(|record| record.experiment == verb.id) {
            global.say(&format!("`{}` is stopped already: {}", plain(&verb.id), plain(&record.reason)));
            return Ok(());
        }
        let known = || artifacts.iter().flat_map(|artifact| artifact.claims().map(|(_, claim)| claim.id.as_str()));
        return Err(
            Failure::usage(format!("`{}` is not served in {}", verb.id, store.shown())).meant(&verb.id, known())
        );
    }
    for (surface, held) in offer.manifest.surfaces.values_mut().zip(held) {
        surface.held = held;
    }
    for artifact in &rest {
        offer.replace(artifact, now).map_err(|why| {
            Failure::data(format!("surface `{}` cannot be served without `{}`: {why}", artifact.surface, verb.id))
        })?;
        if let Some(surface) = offer.manifest.surfaces.get_mut(&artifact.surface) {
            surface.held = None;
        }
    }
    offer.manifest.at = now;
    go(global, target, served, offer, Terms { stops, old: true, ..Terms::default() }, &verb.how)?;
    if !verb.how.dry_run {
        global.say(&format!("`{}` is stopped", plain(&verb.id)));
    }
    Ok(())
}

/// Asks Git to agree by a pull request.
#[cfg(feature = "forge")]
fn propose(global: &Global, verb: &Stop) -> Result<Exit, Failure> {
    let conclude = Conclude::stop(&verb.id, &verb.reason, None, verb.ask.clone());
    match conclude::run(global, &conclude) {
        Ok(Exit::Clean) => Ok(Exit::Clean),
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
