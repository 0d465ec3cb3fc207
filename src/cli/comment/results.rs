//! The comment about results: one for each experiment, on the pull request that launched it.

use std::path::Path;

use super::{Comment, Exit, Failure, Global, Repository, bytes, ended, opened, output, post};
use crate::cli::evidence::recorded;
use crate::cli::history::{Pulls, launch};
use crate::cli::store::{Place, Store};
use crate::cli::workspace::{Workspace, instant};
use crate::decl::Stage;
use crate::diag::shown;
use crate::io;
use crate::io::Surroundings;
use crate::render::comment::{self, Wanted};
use crate::render::markdown::{self, Links};
use crate::render::results::Kept;
use crate::results::{MAX_RECORD, Results};

/// Which comment it is.
const REPORT: &str = "results";

/// Posts a comment for each record of a file, or for the newest of each experiment where looks are recorded. The first that fails ends the run; another run says the same again.
pub fn run(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    repository: Option<&Repository>,
    place: &Place,
) -> Result<Exit, Failure> {
    let written = place.written();
    let (records, from, kept) = match place {
        Place::Folder(path) if !io::is_folder(path) => (read(path)?, path.display().to_string(), Kept::Somewhere),
        place => {
            let (records, from) = newest(global, place)?;
            (records, from, Kept::In(&written))
        }
    };
    if records.is_empty() {
        global.say(&format!("there is nothing to say: no look in `{from}` at an experiment that is not decided"));
    }
    let wanted = |results: &Results| wanted(global, around, repository, results, kept, &from);
    if verb.dry_run {
        for results in &records {
            output::data(&wanted(results)?.body())?;
        }
        return Ok(Exit::Clean);
    }
    let forge = opened(verb, around, repository.cloned())?;
    let mut exit = Exit::Clean;
    for results in &records {
        let wanted = wanted(results)?;
        let id = &results.experiment;
        let pull = match verb.pr {
            Some(number) => Ok(number),
            None => {
                let pulls = Pulls::of(&Surroundings::read(), verb.repo.as_deref())?;
                let launch = launch(global, &pulls, id)?.ok_or_else(|| {
                    Failure::usage(format!("no commit that this clone holds launched `{}`", shown(id)))
                        .help("name the pull request with `--pr N`, or fetch the whole history")
                })?;
                post::launched_by(&forge, id, &launch)
            }
        };
        let posted = pull.and_then(|pull| post::post(global, verb, around, &forge, &wanted, pull));
        exit = ended(global, verb, around, &wanted, posted)?;
    }
    Ok(exit)
}

/// The records of a file.
fn read(path: &Path) -> Result<Vec<Results>, Failure> {
    let records = Results::read_all(&bytes(path, MAX_RECORD)?).and_then(|records| match records.iter().find_map(odd) {
        Some(wrong) => Err(wrong),
        None => Ok(records),
    });
    records.map_err(|wrong| {
        Failure::usage(format!("cannot use `{}`: {wrong}", path.display()))
            .help("make one with `allot analyze --format json`")
    })
}

/// The newest look at each experiment that is not decided, and where they were recorded.
fn newest(global: &Global, place: &Place) -> Result<(Vec<Results>, String), Failure> {
    let store = Store::open(place)?;
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    let mut records = Vec::new();
    for claim in context.catalogue.claims.values().filter(|claim| claim.stage == Some(Stage::Ship)) {
        let newest = recorded(&store, claim)?.pop();
        if let Some(wrong) = newest.as_ref().and_then(odd) {
            return Err(Failure::usage(format!("cannot use what `{}` holds: {wrong}", store.shown())));
        }
        records.extend(newest);
    }
    Ok((records, store.shown()))
}

/// What keeps a record from being the subject of a comment.
fn odd(results: &Results) -> Option<String> {
    if !comment::is_key(&results.experiment) {
        return Some(format!("`{}` is no id of an experiment", shown(&results.experiment)));
    }
    let commit = results.plan.commit.as_deref();
    commit.filter(|commit| !comment::is_commit(commit)).map(|_| "its `plan.commit` is no commit id".to_owned())
}

/// What the comment is to say.
fn wanted(
    global: &Global,
    around: &Surroundings,
    repository: Option<&Repository>,
    results: &Results,
    kept: Kept<'_>,
    from: &str,
) -> Result<Wanted, Failure> {
    let looked = io::parse_instant(&results.at)
        .map_err(|wrong| Failure::usage(format!("cannot use `{from}`: its `at`: {wrong}")))?;
    // A record from the future would keep later runs from saying anything.
    let at = looked.min(instant(global)?);
    let commit = results.plan.commit.as_deref();
    let repository = repository.map(ToString::to_string);
    let links = comment::links_at(&around.server, repository.as_deref(), around.run.as_deref(), commit);
    let document = markdown::results(results, kept, &Links { in_place: true, ..links });
    Ok(Wanted::about(&document, REPORT, Some(&results.experiment), commit, at.0))
}
