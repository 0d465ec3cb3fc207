//! `allot verify`: the proof, from artifacts alone.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::findings::plural;
use super::output::{Printed, data, say};
use super::{Exit, Failure, Global};
use crate::artifact::manifest::{self, Manifest};
use crate::io;
use crate::verify::{self, Fault, Report};

/// The largest file of a distribution.
const MAX_FILE: u64 = 256 << 20;

/// Prove from compiled artifacts alone that nobody is in two experiments that exclude each other
///
/// Nothing else is trusted: that each surface has a native artifact and its SDK's payload, digests, lengths, ranges, nested steps,
/// the holdout, every pair that claims one component at one time, and that the payload, compressed too where that is there, says
/// what the native artifact says. A failure names the pair, the buckets and a unit.
#[derive(Debug, Args)]
#[cfg_attr(
    not(feature = "publish"),
    command(after_help = "Examples:
  allot verify dist
  allot verify dist --format json")
)]
#[cfg_attr(
    feature = "publish",
    command(after_help = "Examples:
  allot verify dist
  allot verify dist --format json
  allot verify dist --key signing.pub.pem
  allot verify file://public --serial 1")
)]
pub struct Verify {
    /// The folder with `manifest.json`, or the environment or address where it is served
    #[arg(value_name = "DIST")]
    dist: PathBuf,
    /// The public key that the manifest must be signed with
    #[cfg(feature = "publish")]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The lowest serial that the manifest may have: an older one may have been put back
    #[arg(long, value_name = "N")]
    serial: Option<u64>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
}

pub fn run(global: &Global, verb: &Verify) -> Result<Exit, Failure> {
    let (manifest, mut report) = read(global, verb)?;
    #[cfg(feature = "publish")]
    let key = verb.key.as_deref().map(super::publish::public).transpose()?;
    let mut untrusted = Vec::new();
    if let Some(manifest) = &manifest {
        #[cfg(feature = "publish")]
        untrusted.extend(key.and_then(|key| key.check(manifest).err()).map(|why| why.to_string()));
        if let Some(lowest) = verb.serial.filter(|lowest| manifest.serial < *lowest) {
            untrusted.push(format!("an older manifest: its serial is {}, and {lowest} was asked for", manifest.serial));
        }
    }
    let failures = untrusted.into_iter().map(|why| verify::Failure { surface: None, fault: Fault::Untrusted { why } });
    report.failures.extend(failures);
    match verb.format {
        Printed::Json => {
            let failures: Vec<_> = report
                .failures
                .iter()
                .map(|failure| json!({ "surface": failure.surface, "message": failure.to_string() }))
                .collect();
            let whole = json!({
                "version": 1,
                "surfaces": report.surfaces,
                "files": report.files,
                "claims": report.claims,
                "failures": failures,
            });
            data(&format!("{whole}\n"))?;
        }
        Printed::Text => {
            for failure in &report.failures {
                data(&format!("{failure}\n"))?;
            }
        }
    }
    if report.failures.is_empty() {
        if !global.quiet {
            say(&format!(
                "proven: {} surfaces, {} files, {} experiments and rollouts; none that exclude each other share a unit",
                report.surfaces, report.files, report.claims
            ));
        }
        return Ok(Exit::Clean);
    }
    let failures = plural(report.failures.len(), "failure");
    say(&format!("not proven: {failures}; nothing of this distribution should be published"));
    Ok(Exit::Findings)
}

/// The manifest, if it can be read, and what was found.
fn read(global: &Global, verb: &Verify) -> Result<(Option<Manifest>, Report), Failure> {
    let path = verb.dist.join(manifest::PATH);
    if io::is_file(&path) {
        let bytes = io::read_bounded(&path, MAX_FILE)?;
        let lookup = |path: &str| io::read_regular(&verb.dist.join(path), MAX_FILE).ok();
        let report = verify::verify(&bytes, lookup);
        let manifest = Manifest::parse(&bytes).ok();
        #[cfg(feature = "publish")]
        if let Some(manifest) = &manifest {
            let paths = manifest.files().map(|(_, _, file)| &file.path).filter(|path| manifest::is_path(path));
            let files = paths.filter_map(|path| Some((path.clone(), lookup(path)?))).collect();
            let offer = crate::publish::Offer { manifest: manifest.clone(), files };
            let siblings = super::publish::siblings(&io::store::Folder::at(&verb.dist), &offer, false)?;
            let mut report = report;
            report.failures.extend(siblings);
            return Ok((Some(offer.manifest), report));
        }
        return Ok((manifest, report));
    }
    #[cfg(feature = "publish")]
    if let Some(name) = verb.dist.to_str()
        && let Some(target) = super::publish::named(global, name)?
    {
        let store = target.store.as_ref();
        let super::publish::Source { offer, mut report } = super::publish::of_store(store)?;
        report.failures.extend(super::publish::siblings(store, &offer, false)?);
        return Ok((Some(offer.manifest), report));
    }
    let _ = global;
    Err(Failure::usage(format!("there is no `{}` in `{}`", manifest::PATH, verb.dist.display()))
        .help("run `allot compile -o DIR` first"))
}
