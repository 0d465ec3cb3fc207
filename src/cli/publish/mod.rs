//! `allot publish`: what was compiled goes to a CDN's origin, whole and checked.

mod age;
mod deliver;
mod former;
mod go;
mod key;
mod prune;
mod secrets;
mod served;
mod source;
mod stray;
mod target;
mod unsealed;

use std::path::PathBuf;

use clap::Args;

use super::output::data;
use super::workspace::instant;
use super::{Exit, Failure, Global};
use crate::render::plain;
pub use deliver::{Delivery, Outcome};
pub use go::{How, STRAY_HELP, Terms, Went, go, still_shown};
pub use key::public;
pub use prune::prune;
pub use secrets::sealers;
pub use served::{Served, failed, newest_after, record};
pub use source::{AT_ONCE, Source, files, of_store, refusals, siblings, source};
pub use stray::{all as strays, showing, shows};
pub use target::{Target, named, target};
pub use unsealed::Unsealed;

/// Publish what was compiled, so that readers find a whole and proven state at every moment
///
/// Files that never change go first and are read back; then the manifest, on the condition that nobody published meanwhile; then
/// the fixed names that SDKs fetch. A surface that is held or not proven keeps what is served, and the others go out. What an
/// interruption leaves is a whole state, and the next run mends the rest. Without changes nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot publish dist --to file://public
  allot publish dist --to file://public --dry-run
  allot publish dist --to file://public --signing-key signing.pem
  allot publish staging --to production
  allot publish --new-key keys")]
pub struct Publish {
    /// The folder with `manifest.json`, or the environment or address whose very bytes are to be published here too
    #[arg(value_name = "DIST", required_unless_present = "new_key")]
    dist: Option<String>,
    /// Where to: an environment of `allotment.toml`, or an address; without it, the only environment, or `production`
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,
    /// Publish DIST although what is served was compiled after it
    #[arg(long)]
    older: bool,
    /// The public key that DIST must be signed with
    #[arg(long, value_name = "FILE")]
    source_key: Option<PathBuf>,
    #[command(flatten)]
    how: How,
    /// Make a pair of keys in this folder instead
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dist", "to", "source_key", "older"])]
    new_key: Option<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// When there is nothing to publish or nowhere to publish it, or the place fails.
pub fn run(global: &Global, verb: &Publish) -> Result<Exit, Failure> {
    if let Some(folder) = &verb.new_key {
        key::make(global, folder)?;
        return Ok(Exit::Clean);
    }
    let target = target(global, verb.to.as_deref())?;
    let source_key = verb.source_key.as_deref().map(public).transpose()?;
    let dist = verb.dist.as_deref().unwrap_or_default();
    let from = named(global, dist)?;
    age::not_itself(from.as_ref(), dist, &target)?;
    let Source { offer, report } = source(from.as_ref(), dist, source_key.as_ref())?;
    let (refused, whole) = refusals(&report);
    if let Some(why) = whole {
        data(&format!("{}\n", plain(&why)))?;
        return Ok(Exit::Findings);
    }
    let key = verb.how.signing.key()?;
    let served = Served::read(target.store.as_ref(), key.as_ref(), verb.how.signing.adopt)?;
    let now = instant(global)?.0;
    if let Some(from) = &from {
        age::said(global, from, &offer.manifest, now);
    }
    if !verb.older {
        age::not_older(dist, &offer.manifest, served.manifest.as_ref(), &target)?;
    }
    let ended = age::over(global, &offer, now);
    go(global, &target, &served, offer, Terms { refused, ended, ..Terms::default() }, &verb.how)?.ended()
}
