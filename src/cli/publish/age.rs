//! How old an offer is: nothing older than what is served goes out by mistake, and nothing that has ended since it was compiled.

use std::path::Path;

use super::target::Target;
use crate::artifact::manifest::Manifest;
use crate::cli::findings::plural;
use crate::cli::{Failure, Global};
use crate::io::{self, Instant};
use crate::publish::{Offer, ended_since};
use crate::render::plain;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Refuses to publish a place to itself: the manifest of a folder would take the place of the one that is served, and the other
/// way round.
///
/// # Errors
/// When DIST is where it is to be published to.
pub fn not_itself(from: Option<&Target>, dist: &str, target: &Target) -> Result<(), Failure> {
    let store = target.store.as_ref();
    let same = match from {
        Some(from) => from.store.shown() == store.shown(),
        None => store.folder().is_some_and(|folder| io::is_same_folder(Path::new(dist), folder)),
    };
    if !same {
        return Ok(());
    }
    Err(Failure::usage(format!("`{dist}` is the very place that it is to be published to"))
        .help("compile to a folder of its own: `allot compile -o dist`"))
}

/// Says of a promotion what it is of, and how old that is.
pub fn said(global: &Global, from: &Target, offered: &Manifest, now: i64) {
    let age = now.saturating_sub(offered.at);
    let age = match age {
        i64::MIN..HOUR => "less than an hour".to_owned(),
        HOUR..DAY => plural(usize::try_from(age / HOUR).unwrap_or_default(), "hour"),
        _ => plural(usize::try_from(age / DAY).unwrap_or_default(), "day"),
    };
    global.say(&format!("{}: serial {}, {}, {age} ago", from.name, offered.serial, compiled(offered)));
}

/// Refuses what was compiled before what is served: it would bring back what was decided, ended or paused meanwhile. The same files
/// of the same commit are no other state, whenever they were compiled.
///
/// # Errors
/// When it is older.
pub fn not_older(dist: &str, offered: &Manifest, served: Option<&Manifest>, target: &Target) -> Result<(), Failure> {
    let Some(served) = served.filter(|served| offered.at < served.at) else { return Ok(()) };
    let files = |manifest: &Manifest| {
        manifest.files().map(|(id, format, file)| (id.to_owned(), format.to_owned(), file.clone())).collect::<Vec<_>>()
    };
    if served.source == offered.source && files(served) == files(offered) {
        return Ok(());
    }
    let (ours, theirs) = (compiled(offered), compiled(served));
    Err(Failure::data(format!(
        "`{dist}` is older than what {} serves: it was {ours}, and what is served was {theirs}",
        target.name
    ))
    .help("compile again, or serve an earlier commit with `allot rollback COMMIT`, which brings nothing back that has ended")
    .help("if it is to be served as it is, say `--older`"))
}

/// The experiments and rollouts that the files have live although they have ended since, which are left out.
pub fn over(global: &Global, offer: &Offer, now: i64) -> Vec<(String, u32)> {
    let ended = ended_since(offer, now);
    for claim in &ended {
        global.say(&format!(
            "{}: `{}` ended on {}, after this was compiled, and is left out",
            claim.surface,
            plain(&claim.key),
            written(claim.end)
        ));
    }
    ended.into_iter().map(|claim| (claim.id, claim.phase)).collect()
}

fn compiled(manifest: &Manifest) -> String {
    let commit =
        manifest.source.as_deref().map_or("no commit".to_owned(), |source| format!("commit {}", plain(source)));
    format!("compiled of {commit} as of {}", written(manifest.at))
}

fn written(at: i64) -> String {
    io::written_instant(Instant(at)).unwrap_or_else(|_| at.to_string())
}
