//! `allot verify`: the proof, from artifacts alone.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::output::{Printed, data, say};
use super::{Exit, Failure, Global};
use crate::artifact::manifest;
use crate::io;
use crate::verify::verify;

/// The largest file of a distribution.
const MAX_FILE: u64 = 256 << 20;

/// Prove from compiled artifacts alone that nobody is in two experiments that exclude each other
///
/// Nothing else is trusted: digests, lengths, ranges, nested steps, the holdout, every pair that claims one component at one
/// time, and that the SDK's payload says what the native artifact says. A failure names the pair, the buckets and a unit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot verify dist
  allot verify dist --format json")]
pub struct Verify {
    /// The folder with `manifest.json`
    #[arg(value_name = "DIR")]
    dist: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
}

pub fn run(global: &Global, verb: &Verify) -> Result<Exit, Failure> {
    let path = verb.dist.join(manifest::PATH);
    if !io::is_file(&path) {
        return Err(Failure::usage(format!("there is no `{}` in `{}`", manifest::PATH, verb.dist.display()))
            .help("run `allot compile -o DIR` first"));
    }
    let bytes = io::read_bounded(&path, MAX_FILE)?;
    let report = verify(&bytes, |path| io::read_bounded(&verb.dist.join(path), MAX_FILE).ok());
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
    say(&format!("not proven: {} failures; nothing of this distribution should be published", report.failures.len()));
    Ok(Exit::Findings)
}
