//! The comment about results: one for each experiment, on the pull request that launched it.

use std::path::Path;

use super::{Comment, Exit, Failure, Global, Repository, bytes, ended, opened, output, post};
use crate::cli::history::{Pulls, launch};
use crate::cli::workspace::instant;
use crate::diag::shown;
use crate::io;
use crate::io::Surroundings;
use crate::render::comment::{self, Wanted};
use crate::render::markdown::{self, Links};
use crate::results::{MAX_RECORD, Results};

/// Which comment it is.
const REPORT: &str = "results";

/// Posts a comment for each record of a file. The first that fails ends the run; another run says the same again.
pub fn run(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    repository: Option<&Repository>,
    path: &Path,
) -> Result<Exit, Failure> {
    let records = Results::read_all(&bytes(path, MAX_RECORD)?).and_then(|records| match records.iter().find_map(odd) {
        Some(wrong) => Err(wrong),
        None => Ok(records),
    });
    let records = records.map_err(|wrong| {
        Failure::usage(format!("cannot use `{}`: {wrong}", path.display()))
            .help("make one with `allot analyze --format json`")
    })?;
    let wanted = |results: &Results| wanted(global, around, repository, results, path);
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
    path: &Path,
) -> Result<Wanted, Failure> {
    let looked = io::parse_instant(&results.at)
        .map_err(|wrong| Failure::usage(format!("cannot use `{}`: its `at`: {wrong}", path.display())))?;
    // A record from the future would keep later runs from saying anything.
    let at = looked.min(instant(global)?);
    let commit = results.plan.commit.as_deref();
    let repository = repository.map(ToString::to_string);
    let links = comment::links_at(&around.server, repository.as_deref(), around.run.as_deref(), commit);
    let document = markdown::results(results, &Links { in_place: true, ..links });
    Ok(Wanted::about(&document, REPORT, Some(&results.experiment), commit, at.0))
}
