//! `allot allocate`: draws buckets and writes locks and ledgers.

use std::path::PathBuf;

use clap::Args;

use super::output::say;
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::io;
use crate::lock::{LedgerVerdict, Verdict, Wishes, ledger_text, lock_text, path_of_ledger, path_of_lock, plan};

/// Allot buckets: write the lock beside each experiment and the ledger beside each surface
#[derive(Debug, Args)]
pub struct Allocate {
    /// Write nothing; exit with 1 if a lock or a ledger is not up to date
    #[arg(long)]
    check: bool,
    /// Draw these again, whose start is still ahead
    #[arg(long, value_name = "ID")]
    redraw: Vec<String>,
}

pub fn run(global: &Global, verb: &Allocate) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    let wishes = Wishes { redraw: verb.redraw.iter().cloned().collect(), today: Some(workspace.today()) };
    let plan = plan(&context.catalogue, &context.locks, &wishes);
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for (ix, verdict) in &plan.claims {
        let claim = &context.catalogue.claims[*ix];
        if let Verdict::New(lock) | Verdict::Changed(lock) = verdict {
            let path = path_of_lock(workspace.sources.path(claim.file));
            files.push((workspace.root.join(path), lock_text(lock).0.into_bytes()));
        }
    }
    for (ix, verdict) in &plan.ledgers {
        let surface = &context.catalogue.surfaces[*ix];
        if let LedgerVerdict::New(ledger) | LedgerVerdict::Changed(ledger) = verdict {
            let path = path_of_ledger(workspace.sources.path(surface.file));
            files.push((workspace.root.join(path), ledger_text(ledger).into_bytes()));
        }
    }
    if !verb.check {
        io::write_all(&files)?;
    }
    say(&format!("{} files written", files.len()));
    Ok(Exit::Clean)
}
