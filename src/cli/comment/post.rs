//! Finding the comment, deciding about it, and writing it.

use super::{Comment, Failure, Global, output};
use crate::cli::history::Launch;
use crate::io::Surroundings;
use crate::io::forge::{self, Author, Comment as Found, Event, Fault, Forge, Known, Retry};
use crate::render::comment::{self, Decision, Posted, Reason, Wanted, Writer};
use crate::render::plain;

/// Why no comment was made.
pub enum Stop {
    Failed(Failure),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Makes the comment say what is wanted. After a write that failed, or whose answer was lost, everything is looked at anew.
pub fn post(
    global: &Global,
    verb: &Comment,
    around: &Surroundings,
    forge: &Forge,
    wanted: &Wanted,
    pull: u64,
) -> Result<(), Stop> {
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
        output::say(&format!("the comment is by `{}`, {how}", plain(&author.login)));
    }
    let writer = Writer { login: &author.login, assumed: author.known == Known::Assumed };
    let mut retry = Retry::default();
    loop {
        let found = forge.comments(pull, comment::OPENING)?;
        let posted: Vec<Posted<'_>> = found.iter().map(seen).collect();
        if comment::count(&posted, writer, wanted) > 1 {
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
pub fn pull(verb: &Comment, around: &Surroundings, forge: &Forge, head: Option<&str>) -> Result<u64, Stop> {
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

/// The pull request that launched an experiment: as GitHub says of the commit, else as the commit's message does.
pub fn launched_by(forge: &Forge, id: &str, launch: &Launch) -> Result<u64, Stop> {
    let mut pulls = forge.pulls_of(&launch.commit)?;
    pulls.sort_by_key(|pull| (!pull.merged, Some(pull.number) != launch.named, pull.number));
    let found = pulls.first().map(|pull| pull.number).or(launch.named);
    found.ok_or_else(|| {
        let wrong = format!("GitHub knows no pull request of commit {}, which launched `{}`", launch.commit, plain(id));
        Stop::Failed(Failure::usage(wrong).help("name it with `--pr N`"))
    })
}

fn seen(comment: &Found) -> Posted<'_> {
    Posted { id: comment.id, author: comment.author.as_deref(), by_app: comment.by_app, body: &comment.body }
}

/// Says what was done, and whether the author is the one that was expected.
fn told(global: &Global, done: &str, pull: u64, comment: &Found, writer: Writer<'_>) {
    let url = comment.url.as_deref().map_or(String::new(), |url| format!(": {}", plain(url)));
    global.say(&format!("{done} the comment on pull request {pull}{url}"));
    if let Some(author) = comment.author.as_deref().filter(|author| !author.eq_ignore_ascii_case(writer.login)) {
        let (author, login) = (plain(author), writer.login);
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
            let author = plain(&author).into_owned();
            Err(Stop::Failed(
                Failure::environment(format!(
                    "there is such a comment by `{author}`, and it is not known whether that is this token"
                ))
                .help(format!("if it is, say `--author {author}`; if not, say `--author \"github-actions[bot]\"`")),
            ))
        }
    }
}
