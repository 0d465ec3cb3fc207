//! `allot allocate`: draws buckets and writes locks and ledgers.

use std::path::PathBuf;

use clap::Args;

use super::drawing::Drawing;
use super::output::{data, say};
use super::upon::Upon;
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::io;
use crate::lock::Wishes;
use crate::render;

/// Allot buckets: write the lock beside each experiment and the ledger beside each surface
///
/// A lock that is there is kept unless its declaration grows, ends or raises `phase`. Nothing is written for what does
/// not fit or cannot be read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot allocate                        draw what is missing
  allot allocate --check                in CI: exit with 1 if a lock is not up to date
  allot allocate --base origin/main     after a merge: keep the locks of main, draw the others again
  allot allocate --redraw fresh-first   draw one again whose start is still ahead")]
pub struct Allocate {
    /// Write nothing; exit with 1 if a lock or a ledger is not up to date
    #[arg(long)]
    check: bool,
    /// Keep every lock that is there at this revision, and draw only the others again; what has started, is decided or is
    /// paused is never drawn again
    #[arg(long, value_name = "REF", conflicts_with = "redraw")]
    base: Option<String>,
    /// Draw this one again; its start must still be ahead
    #[arg(long, value_name = "ID")]
    redraw: Vec<String>,
}

pub fn run(global: &Global, verb: &Allocate) -> Result<Exit, Failure> {
    let mut workspace = Workspace::open(global)?;
    let before = workspace.sources.clone();
    let (mut clashes, mut gone) = (Vec::new(), Vec::new());
    if let Some(base) = &verb.base {
        let locks = io::locks_at(&workspace.root, base)?;
        let upon = Upon::of(&before, &before, &locks, base, workspace.today());
        (workspace.sources, clashes, gone) = (upon.sources, upon.clashes, upon.gone);
    }
    let context = workspace.context();
    let wishes = Wishes { redraw: verb.redraw.iter().cloned().collect(), today: Some(workspace.today()) };
    if let Some(unknown) = verb.redraw.iter().find(|id| context.catalogue.claims.get(id).is_none()) {
        let ids: Vec<&str> = context.catalogue.claims.values().map(|claim| claim.id.as_str()).collect();
        return Err(
            Failure::usage(format!("--redraw: there is no experiment or rollout `{unknown}`")).meant(unknown, ids)
        );
    }
    let Drawing { changes, report, started, refused } = Drawing::of(&context, &wishes, &before);
    let style = global.color.style();
    data(&render::text::findings(&workspace.sources, &report.findings, style, 100))?;
    for id in &started {
        say(&format!("`{id}` has started: its units would move; raise `phase` instead"));
    }
    clashes.iter().for_each(|clash| say(clash));
    let refused = refused || !clashes.is_empty();
    let all_or_nothing = verb.base.is_some() && refused;
    let writes = !verb.check && !all_or_nothing;
    if writes {
        let files: Vec<(PathBuf, Vec<u8>)> = changes
            .iter()
            .map(|change| (workspace.root.join(&change.path), change.text.clone().into_bytes()))
            .collect();
        io::write_all(&files)?;
        io::remove_files(&gone.iter().map(|path| workspace.root.join(path)).collect::<Vec<_>>())?;
    }
    let removed = gone.iter().map(|path| format!("removes {path}: it is drawn when its pause ends\n"));
    let words: String = changes.iter().map(|change| change.words.clone()).chain(removed).collect();
    if !global.quiet && !all_or_nothing {
        data(&words)?;
    }
    say(&match (changes.len() + gone.len(), writes) {
        (_, false) if all_or_nothing => "nothing was written: every lock is as it was".to_owned(),
        (0, _) if refused => "nothing could be allotted".to_owned(),
        (0, _) => "every lock is up to date".to_owned(),
        (1, true) => "1 file written".to_owned(),
        (n, true) => format!("{n} files written"),
        (1, false) => "1 file is not up to date: run `allot allocate`".to_owned(),
        (n, false) => format!("{n} files are not up to date: run `allot allocate`"),
    });
    let stale = verb.check && !(changes.is_empty() && gone.is_empty());
    Ok(if refused || stale { Exit::Findings } else { Exit::Clean })
}
