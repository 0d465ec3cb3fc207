//! `allot comment`: the one comment on a pull request.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::workspace::instant;
use super::{Exit, Failure, Global, output};
use crate::io;
use crate::io::forge::{self, Author, Comment as Found, Event, Fault, Forge, Known, Repository, Surroundings};
use crate::render::comment::{self, Decision, Posted, Reason, Wanted, Writer};
use crate::render::markdown;
use crate::report::{MAX_RECORD, Report};

/// Create or update the one comment on a GitHub pull request
///
/// It shows what `allot check --format json` recorded. The comment is known by a hidden marker at its very beginning and by
/// its author, so that nobody else's comment is ever touched, and an older run leaves what a newer one wrote.
///
/// The token is `GITHUB_TOKEN`, or else `GH_TOKEN`, and may write to pull requests. The author is `--author`; else, with the
/// token of a job of GitHub Actions, `github-actions[bot]`; else whoever GitHub says the token belongs to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot check --format json | allot comment --report -
  allot comment --report report.json --pr 12 --dry-run
  allot comment --report report.json --pr 12 --repo acme/shop --key shop --dry-run")]
pub struct Comment {
    /// What `allot check --format json` printed; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// The pull request; without it, that of the event that began the run, or of its commit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pr: Option<u64>,
    /// The repository; without it, `GITHUB_REPOSITORY`
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// Which of several comments this is, as with several catalogues in one repository
    #[arg(long, value_name = "NAME", default_value = "check")]
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
    let report = record(&verb.report)?;
    if !comment::is_key(&verb.key) {
        return Err(
            Failure::usage(format!("--key: `{}` is no name", verb.key)).help("write it as ids are, such as `shop-app`")
        );
    }
    let repository = match verb.repo.as_deref().or(around.repository.as_deref()) {
        Some(text) => Some(
            Repository::parse(text)
                .ok_or_else(|| Failure::usage(format!("`{text}` is no repository")).help("write OWNER/NAME"))?,
        ),
        None => None,
    };
    let wanted = wanted(global, verb, &around, repository.as_ref(), &report)?;
    if verb.dry_run {
        output::data(&wanted.body())?;
        return Ok(Exit::Clean);
    }
    let repository = repository.ok_or_else(|| {
        Failure::usage("there is no repository").help("name it with `--repo OWNER/NAME`, or set `GITHUB_REPOSITORY`")
    })?;
    let forge = Forge::open(&around, repository, Duration::from_millis(verb.second))?;
    match post(global, verb, &around, &forge, &wanted, report.source.head.as_deref()) {
        Ok(()) => Ok(Exit::Clean),
        Err(Stop::Failed(failure)) => Err(failure),
        Err(Stop::Fault(fault)) if fault.forbidden => forbidden(global, verb, &around, &wanted, fault),
        Err(Stop::Fault(fault)) => Err(fault.error.into()),
    }
}

/// Reads a record, which somebody else may have written.
fn record(path: &Path) -> Result<Report, Failure> {
    let bytes = match path == Path::new("-") {
        true => io::read_stdin(MAX_RECORD)?,
        false => io::read_bounded(path, MAX_RECORD)?,
    };
    let report = Report::read(&bytes).and_then(|report| match report.source.head.as_deref() {
        Some(head) if !comment::is_commit(head) => Err("its `source.head` is no commit id".to_owned()),
        _ => Ok(report),
    });
    let help = "make one with `allot check --format json`";
    report.map_err(|wrong| Failure::usage(format!("cannot use `{}`: {wrong}", path.display())).help(help))
}

/// What the comment is to say.
fn wanted(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    repository: Option<&Repository>,
    report: &Report,
) -> Result<Wanted, Failure> {
    let judged = io::parse_instant(&report.source.at)
        .map_err(|wrong| Failure::usage(format!("cannot use `{}`: its `source.at`: {wrong}", verb.report.display())))?;
    // A record from the future would keep later runs from saying anything.
    let at = judged.min(instant(global)?);
    let repository = repository.map(ToString::to_string);
    let links = comment::links(&around.server, repository.as_deref(), around.run.as_deref(), &report.source);
    Ok(Wanted::new(&markdown::report(report, &links), &verb.key, report.source.head.as_deref(), at.0))
}

/// Why no comment was made.
enum Stop {
    Failed(Failure),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Makes the comment say what is wanted. After a write that failed, or whose answer was lost, everything is looked at anew.
fn post(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    forge: &Forge,
    wanted: &Wanted,
    head: Option<&str>,
) -> Result<(), Stop> {
    let pull = pull(verb, around, forge, head)?;
    let author = match &verb.author {
        Some(login) => Author { login: login.clone(), known: Known::Given },
        None => forge.author(around)?,
    };
    let how = match author.known {
        Known::Given => "as `--author` says",
        Known::Asked => "as GitHub says of the token",
        Known::Assumed => "as the token is that of a job; `--author LOGIN` says otherwise",
    };
    if global.verbose {
        output::say(&format!("the comment is by `{}`, {how}", crate::render::plain(&author.login)));
    }
    let writer = Writer { login: &author.login, assumed: author.known == Known::Assumed };
    let mut retry = forge.retry();
    loop {
        let found = forge.comments(pull, comment::OPENING)?;
        let posted: Vec<Posted<'_>> = found.iter().map(seen).collect();
        if comment::count(&posted, writer, &verb.key) > 1 {
            global.say(
                "warning: there is more than one of this comment; the oldest is kept up to date, delete the others",
            );
        }
        let written = match comment::decide(&posted, writer, wanted) {
            Decision::Nothing => {
                global.say(&format!("the comment on pull request {pull} is up to date"));
                return Ok(());
            }
            Decision::Leave(reason) => return left(global, reason),
            Decision::Create => forge.create(pull, &wanted.body()).map(|comment| ("created", comment)),
            Decision::Update(id) => forge.update(id, &wanted.body()).map(|comment| ("updated", comment)),
        };
        match written {
            Ok((done, comment)) => {
                told(global, done, pull, &comment, writer);
                return Ok(());
            }
            Err(fault) => forge.wait(&mut retry, fault)?,
        }
    }
}

/// The pull request: as it is named, or that of the event, or that of a commit.
fn pull(verb: &Comment, around: &Surroundings, forge: &Forge, head: Option<&str>) -> Result<u64, Stop> {
    if let Some(number) = verb.pr {
        return Ok(number);
    }
    let event = around.event.as_deref().map(forge::event).transpose().map_err(|wrong| Stop::Failed(wrong.into()))?;
    match (event, head) {
        (Some(Event::Pull(number)), _) => Ok(number),
        (Some(Event::Commit(commit)), _) => Ok(forge.open_pull_of(&commit)?),
        // What a record says of itself is believed only where no event knows better.
        (None, Some(head)) => Ok(forge.open_pull_of(head)?),
        _ => Err(Stop::Failed(Failure::usage("this run is about no pull request").help("name one with `--pr N`"))),
    }
}

fn seen(comment: &Found) -> Posted<'_> {
    Posted { id: comment.id, author: comment.author.as_deref(), by_app: comment.by_app, body: &comment.body }
}

/// Says what was done, and whether the author is the one that was expected.
fn told(global: &Global, done: &str, pull: u64, comment: &Found, writer: Writer<'_>) {
    let url = comment.url.as_deref().map_or(String::new(), |url| format!(": {}", crate::render::plain(url)));
    global.say(&format!("{done} the comment on pull request {pull}{url}"));
    if let Some(author) = comment.author.as_deref().filter(|author| !author.eq_ignore_ascii_case(writer.login)) {
        let (author, login) = (crate::render::plain(author), writer.login);
        output::say(&format!(
            "warning: it is by `{author}`, not by `{login}`: name `--author {author}`, or the next run does not know it as its own"
        ));
    }
}

fn left(global: &Global, reason: Reason) -> Result<(), Stop> {
    match reason {
        Reason::Later(marker) => {
            let commit = marker.commit.map_or("other files".to_owned(), |commit| format!("commit {commit}"));
            global.say(&format!("the comment is left as it is: a later run, on {commit}, wrote it"));
            Ok(())
        }
        Reason::Whose(author) => {
            let author = crate::render::plain(&author).into_owned();
            Err(Stop::Failed(
                Failure::environment(format!(
                    "there is such a comment by `{author}`, and it is not known whether that is this token"
                ))
                .help(format!("if it is, say `--author {author}`; if not, say `--author \"github-actions[bot]\"`")),
            ))
        }
    }
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
