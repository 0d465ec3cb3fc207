//! `allot history`: what became of one experiment or rollout, from Git.

mod compare;
mod pulls;
mod record;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::output::data;
use super::workspace::{catalogue_at, instant, root};
use super::{Exit, Failure, Global};
use crate::decl::{Day, is_id};
use crate::diag::{did_you_mean, shown};
use crate::io::{self, Cut, Follow, Instant, Past, Surroundings, Touched};
use crate::render::{history as render, markdown};
use crate::report;
use compare::{Compared, Reader, State};
#[cfg(feature = "forge")]
pub use pulls::Pulls;
#[cfg(not(feature = "forge"))]
use pulls::Pulls;

/// What became of an experiment or a rollout: who changed what, when, and by which pull request
///
/// It is read straight from Git's objects, from the newest commit to the oldest; nothing is checked out. Of merges, first
/// parents are followed, so that an entry is what one merge did to the branch; `--all` looks at every commit, and at a merge
/// only for what it did itself. Files are known by their name, so that moves between folders of the catalogue do not matter.
///
/// The pull request is told by the commit's message, in which anybody may write anything, and is marked so; `--forge` asks
/// GitHub instead. Dates are those of the author, in UTC.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot history fresh-first
  allot history fresh-first --all --limit 20
  allot history fresh-first --head origin/main --format json
                                    of another branch, also in a bare repository")]
pub struct History {
    /// The id of an experiment or a rollout
    #[arg(value_name = "EXPERIMENT")]
    id: String,
    /// Begin at this commit instead of the work tree
    #[arg(long, value_name = "REF")]
    head: Option<String>,
    /// Look at every commit, and not only at first parents
    #[arg(long)]
    all: bool,
    /// The most entries
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Ask GitHub which pull requests the commits belong to, with `GITHUB_TOKEN` or `GH_TOKEN`
    #[cfg(feature = "forge")]
    #[arg(long)]
    forge: bool,
    /// The repository, for links and for `--forge`; without it, `GITHUB_REPOSITORY`
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// How many milliseconds a second takes, in waits and time-outs: for tests, which would take minutes otherwise
    #[cfg(feature = "forge")]
    #[arg(long, value_name = "MS", hide = true, default_value_t = 1000)]
    second: u64,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How a history is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: version 1, see `allot schema output/history`
    Json,
    /// A list that GitHub renders
    Markdown,
}

pub fn run(global: &Global, verb: &History) -> Result<Exit, Failure> {
    let at = instant(global)?;
    let pulls = Pulls::of(&Surroundings::read(), verb.repo.as_deref())?;
    let (root, repo) = opened(global, verb.head.as_deref())?;
    let head = match &verb.head {
        Some(head) => Some(repo.resolve(head)?),
        None => repo.head(),
    };
    let id = verb.id.as_str();
    let follow = Follow { all: verb.all, limit: usize::try_from(verb.limit).unwrap_or(usize::MAX) };
    // What is no id is the name of no file.
    let past = match head.as_deref().filter(|_| is_id(id)) {
        Some(head) => repo.past(id, head, follow)?,
        None => Past::default(),
    };
    let reader = Reader { repo: &repo, root: root.as_deref(), id };
    let teller = Teller { reader: &reader, pulls: &pulls, at, email: global.verbose };
    let mut entries = Vec::new();
    let mut path = past.files.declaration().map(str::to_owned);
    if let Some(uncommitted) = reader.uncommitted(&past.files)? {
        path = uncommitted.declaration;
        let before = match &head {
            Some(head) => State::of(head, &past.files),
            None => State::Nothing,
        };
        let compared = reader.compare(before, State::WorkTree, Day::containing(at.0), Day::containing(at.0))?;
        entries.push(teller.entry(None, compared, uncommitted.paths));
    }
    let dirty = !entries.is_empty();
    if !dirty && past.files.is_empty() && past.touched.is_empty() {
        return Err(unknown(id, &reader, head.as_deref(), &past)?);
    }
    let mut rest = past.touched.as_slice();
    while let Some((touched, older)) = rest.split_first() {
        entries.push(teller.touched(touched, older, verb.all)?);
        rest = older;
    }
    #[cfg(feature = "forge")]
    if verb.forge {
        pulls.ask(global, &mut entries, std::time::Duration::from_millis(verb.second))?;
    }
    let history = report::History {
        version: report::VERSION,
        id: id.to_owned(),
        path,
        every_commit: verb.all,
        entries,
        cut: past.cut.as_ref().map(|cut| teller.cut(cut)),
        source: report::Source {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            at: io::written_instant(at)?,
            folder: repo.folder().to_owned(),
            head,
            dirty,
            base: None,
        },
    };
    data(&match verb.format {
        Format::Text => render::text(&history, global.color.style()),
        Format::Json => history.write(),
        Format::Markdown => markdown::history(&history),
    })?;
    Ok(Exit::Clean)
}

/// The commit that launched something.
#[cfg(feature = "forge")]
pub struct Launch {
    pub commit: String,
    /// The pull request that its message names.
    pub named: Option<u64>,
}

/// The newest commit on the way of first parents that launched something, or a phase of it; none where none did.
///
/// # Errors
/// When there is no catalogue in a repository, or it cannot be read.
#[cfg(feature = "forge")]
pub fn launch(global: &Global, pulls: &Pulls, id: &str) -> Result<Option<Launch>, Failure> {
    let (root, repo) = opened(global, None)?;
    let Some(head) = repo.head().filter(|_| is_id(id)) else { return Ok(None) };
    let past = repo.past(id, &head, Follow { all: false, limit: usize::MAX })?;
    let reader = Reader { repo: &repo, root: root.as_deref(), id };
    let teller = Teller { reader: &reader, pulls, at: instant(global)?, email: false };
    let mut rest = past.touched.as_slice();
    while let Some((touched, older)) = rest.split_first() {
        let entry = teller.touched(touched, older, false)?;
        let begins = |action: &report::Action| matches!(action, report::Action::Launch | report::Action::Phase);
        if entry.change.is_some_and(|change| change.actions.iter().any(begins)) {
            let named = entry.pull.map(|pull| pull.number);
            return Ok(Some(Launch { commit: touched.commit.id.clone(), named }));
        }
        rest = older;
    }
    Ok(None)
}

/// The catalogue's root, where it is looked at in the work tree, and its repository.
fn opened(global: &Global, head: Option<&str>) -> Result<(Option<PathBuf>, io::Repo), Failure> {
    let around = |root: &Path| {
        io::Repo::around(root).map_err(|mut wrong| {
            "cannot read the history".clone_into(&mut wrong.doing);
            Failure::from(wrong)
        })
    };
    match (head, root(global)) {
        (Some(head), _) => {
            let (_, repo) = catalogue_at(global, head)?;
            Ok((None, repo))
        }
        (None, Ok(root)) => {
            let repo = around(&root)?;
            Ok((Some(root), repo))
        }
        // A bare repository has no work tree, and its head is what there is.
        (None, Err(none)) => match catalogue_at(global, "HEAD") {
            Ok((_, repo)) => Ok((None, repo)),
            Err(_) => Err(none),
        },
    }
}

/// There never was anything of this id, as far as can be seen.
fn unknown(id: &str, reader: &Reader<'_>, head: Option<&str>, past: &Past) -> Result<Failure, Failure> {
    let known = reader.known(head)?;
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let failure = Failure::usage(format!("there is no experiment and no rollout `{}`, and there was none", shown(id)));
    let failure = match did_you_mean(id, &known) {
        Some(help) => failure.help(help),
        None => failure,
    };
    Ok(match past.cut {
        Some(_) => failure.help("this clone is shallow, and may not go back to it: run `git fetch --unshallow`"),
        None => failure,
    })
}

/// The version that a commit found.
fn before(touched: &Touched) -> State<'_> {
    touched.parent.as_ref().map_or(State::Nothing, |parent| State::of(parent, &touched.before))
}

/// Puts entries together.
struct Teller<'a> {
    reader: &'a Reader<'a>,
    pulls: &'a Pulls,
    at: Instant,
    /// Whether addresses of authors are told.
    email: bool,
}

impl Teller<'_> {
    /// The entry of a commit, given those before it.
    fn touched(&self, touched: &Touched, older: &[Touched], every: bool) -> Result<report::Entry, Failure> {
        // The day of the commit: what it did then, and not what it would do now.
        let day = Day::containing(touched.commit.at).clamp(Day::FIRST, Day::LAST);
        let today = Day::containing(self.at.0);
        let after = State::of(&touched.commit.id, &touched.after);
        let mut compared = self.reader.compare(before(touched), after, day, today)?;
        let mut compared_with = None;
        if compared.unreadable() == (true, false) && !every {
            // What happened while it could not be read shows in the commit that mends it.
            for base in older {
                let again = self.reader.compare(before(base), after, day, today)?;
                if !again.unreadable().0 {
                    let faults = std::mem::take(&mut compared.faults);
                    compared = Compared { faults, ..again };
                    compared_with = base.parent.clone().filter(|_| !base.before.is_empty());
                    break;
                }
            }
        }
        let paths = touched.before.differing(&touched.after);
        let mut entry = self.entry(Some(&touched.commit), compared, paths);
        entry.compared_with = compared_with;
        entry.merge = touched.merge;
        entry.merged = touched.merged.iter().map(|commit| self.commit(commit)).collect();
        entry.restored = touched.before.is_empty()
            && !touched.after.is_empty()
            && older.iter().any(|old| !old.before.is_empty() || !old.after.is_empty());
        let moved = touched.before.declaration().zip(touched.after.declaration());
        entry.moved_from = moved.filter(|(from, to)| from != to).map(|(from, _)| from.to_owned());
        Ok(entry)
    }

    fn entry(&self, commit: Option<&io::Commit>, compared: Compared, paths: Vec<String>) -> report::Entry {
        report::Entry {
            commit: commit.map(|commit| self.commit(commit)),
            pull: commit.and_then(|commit| self.pulls.of_message(&commit.message)),
            merge: false,
            merged: Vec::new(),
            paths,
            moved_from: compared.moved_from,
            restored: false,
            change: compared.change,
            decision: compared.decision,
            waivers: compared.waivers,
            faults: compared.faults,
            compared_with: None,
        }
    }

    fn commit(&self, commit: &io::Commit) -> report::Commit {
        let subject = commit.message.trim_start().lines().next().unwrap_or_default();
        report::Commit {
            id: commit.id.clone(),
            author: commit.author.clone(),
            email: self.email.then(|| commit.email.clone()),
            at: io::written_instant(Instant(commit.at)).ok(),
            subject: subject.trim_end().to_owned(),
            url: self.pulls.commit(&commit.id),
        }
    }

    fn cut(&self, cut: &Cut) -> report::Cut {
        match cut {
            Cut::Limit => report::Cut { why: "limit", commit: None, there: true },
            Cut::Shallow { at, there } => report::Cut { why: "shallow", commit: Some(self.commit(at)), there: *there },
        }
    }
}
