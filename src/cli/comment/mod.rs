//! `allot comment`: the one comment on a pull request.

mod post;
mod results;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::store::{Place, place};
use super::workspace::instant;
use super::{Exit, Failure, Global, output};
use crate::io;
use crate::io::Surroundings;
use crate::io::forge::{self, Fault, Forge, Repository};
use crate::render::comment::{self, Wanted};
use crate::render::markdown::{self, Links};
use crate::report::{MAX_RECORD, Recorded};
use post::Stop;

/// Create or update the one comment on a GitHub pull request
///
/// It shows what `allot check --format json` recorded, or `allot plan`; or, with `--results`, what `allot analyze --format json`
/// did: then there is a comment for each experiment, on the pull request that launched it. A comment is known by a hidden marker at its very beginning and by
/// its author, so that nobody else's comment is ever touched, and an older run leaves what a newer one wrote.
///
/// The token is `GITHUB_TOKEN`, or else `GH_TOKEN`, and may write to pull requests. The author is `--author`; else, with the
/// token of a job of GitHub Actions, `github-actions[bot]`; else whoever GitHub says the token belongs to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot check --base origin/main --format json | allot comment --report -
  allot comment --report report.json --pr 12 --dry-run
  allot comment --report report.json --pr 12 --repo acme/shop --key shop --dry-run
  allot comment --results results.json --dry-run
                                    without `--dry-run`, on the pull request that launched the experiment
  allot comment --results file://records --dry-run
                                    the newest look of each experiment, where `allot analyze --results` recorded them")]
pub struct Comment {
    /// What `allot check` or `allot plan` printed with `--format json`; `-` reads it from standard input
    #[arg(long, value_name = "FILE", required_unless_present = "results", conflicts_with = "results")]
    report: Option<PathBuf>,
    /// What `allot analyze` printed with `--format json`, of one experiment or several; `-` reads it from standard input. A folder, or an
    /// address such as `s3://BUCKET/results`, in which it recorded looks: the newest of each experiment that is not decided
    #[arg(long, value_name = "PLACE", value_parser = place)]
    results: Option<Place>,
    /// The pull request; without it, that of the event that began the run, or of its commit; of results, the one that launched the experiment
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pr: Option<u64>,
    /// The repository; without it, `GITHUB_REPOSITORY`
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// Which of several comments this is, as with several catalogues in one repository
    #[arg(long, value_name = "NAME", default_value = "check", conflicts_with = "results")]
    key: String,
    /// Print the comment, and talk to nobody
    #[arg(long)]
    dry_run: bool,
    /// How to end when the token may not comment, as on a fork's pull request; the step's summary then has the text
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    on_forbidden: OnForbidden,
    /// The account that the token writes as, such as `my-app[bot]`
    #[arg(long, value_name = "LOGIN")]
    author: Option<String>,
    /// How many milliseconds a second takes, in waits and time-outs: for tests, which would take minutes otherwise
    #[arg(long, value_name = "MS", hide = true, default_value_t = 1000)]
    second: u64,
}

/// How to end when the token may not comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum OnForbidden {
    /// With exit code 3
    #[default]
    Fail,
    /// With exit code 0
    Pass,
}

pub fn run(global: &Global, verb: &Comment) -> Result<Exit, Failure> {
    let around = Surroundings::read();
    let repository = match verb.repo.as_deref().or(around.repository.as_deref()) {
        Some(text) => Some(
            Repository::parse(text)
                .ok_or_else(|| Failure::usage(format!("`{text}` is no repository")).help("write OWNER/NAME"))?,
        ),
        None => None,
    };
    match (&verb.results, &verb.report) {
        (Some(place), _) => results::run(global, verb, &around, repository.as_ref(), place),
        (None, Some(path)) => reported(global, verb, &around, repository, path),
        (None, None) => Err(Failure::usage("there is nothing to show").help("name a record with `--report FILE`")),
    }
}

/// The comment about a gate.
fn reported(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    repository: Option<Repository>,
    path: &Path,
) -> Result<Exit, Failure> {
    let report = record(path)?;
    if !comment::is_key(&verb.key) {
        return Err(
            Failure::usage(format!("--key: `{}` is no name", verb.key)).help("write it as ids are, such as `shop-app`")
        );
    }
    let wanted = wanted(global, verb, around, repository.as_ref(), &report, path)?;
    if verb.dry_run {
        output::data(&wanted.body())?;
        return Ok(Exit::Clean);
    }
    let forge = opened(verb, around, repository)?;
    let pull = post::pull(verb, around, &forge, report.source().head.as_deref());
    let posted = pull.and_then(|pull| post::post(global, verb, around, &forge, &wanted, pull));
    ended(global, verb, around, &wanted, posted)
}

fn opened(verb: &Comment, around: &Surroundings, repository: Option<Repository>) -> Result<Forge, Failure> {
    let repository = repository.ok_or_else(|| {
        Failure::usage("there is no repository").help("name it with `--repo OWNER/NAME`, or set `GITHUB_REPOSITORY`")
    })?;
    Ok(Forge::open(around, repository, Duration::from_millis(verb.second))?)
}

/// How it ends, once a comment was posted or not.
fn ended(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    wanted: &Wanted,
    posted: Result<(), Stop>,
) -> Result<Exit, Failure> {
    match posted {
        Ok(()) => Ok(Exit::Clean),
        Err(Stop::Failed(failure)) => Err(failure),
        Err(Stop::Fault(fault)) if fault.forbidden => forbidden(global, verb, around, wanted, fault),
        Err(Stop::Fault(fault)) => Err(fault.error.into()),
    }
}

/// The bytes of a record, which somebody else may have written.
fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    Ok(match path == Path::new("-") {
        true => io::read_stdin(most)?,
        false => io::read_bounded(path, most)?,
    })
}

/// Reads a record.
fn record(path: &Path) -> Result<Recorded, Failure> {
    let bytes = bytes(path, MAX_RECORD)?;
    let report = Recorded::read(&bytes).and_then(|report| match report.source().head.as_deref() {
        Some(head) if !comment::is_commit(head) => Err("its `source.head` is no commit id".to_owned()),
        _ => Ok(report),
    });
    let help = "make one with `allot check --format json`, or with `allot plan`";
    report.map_err(|wrong| Failure::usage(format!("cannot use `{}`: {wrong}", path.display())).help(help))
}

/// What the comment is to say.
fn wanted(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    repository: Option<&Repository>,
    report: &Recorded,
    path: &Path,
) -> Result<Wanted, Failure> {
    let judged = io::parse_instant(&report.source().at)
        .map_err(|wrong| Failure::usage(format!("cannot use `{}`: its `source.at`: {wrong}", path.display())))?;
    // A record from the future would keep later runs from saying anything.
    let at = judged.min(instant(global)?);
    let repository = repository.map(ToString::to_string);
    let links = comment::links(&around.server, repository.as_deref(), around.run.as_deref(), report.source());
    Ok(Wanted::new(
        &markdown::recorded(report, &Links { in_place: true, ..links }),
        &verb.key,
        report.source().head.as_deref(),
        at.0,
    ))
}

/// The token may not comment: the step's summary has the text, and the run ends as was asked for.
fn forbidden(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    wanted: &Wanted,
    fault: Fault,
) -> Result<Exit, Failure> {
    let instead = match &around.summary {
        Some(path) if forge::room_in_summary(path) > wanted.text.len() as u64 => {
            forge::append_summary(path, &wanted.text)?;
            "the step's summary has the text instead"
        }
        Some(_) => "the step's summary has no room for it",
        None => "there is no step summary to say it in",
    };
    let failure = Failure::from(fault.error).help(instead);
    match verb.on_forbidden {
        OnForbidden::Fail => Err(failure),
        OnForbidden::Pass => {
            global.say(&failure.to_string().replacen("error:", "warning:", 1));
            Ok(Exit::Clean)
        }
    }
}
