//! The one comment on a pull request: the marker that it is known by, and what is to be done about the comments that are there.

use sha2::{Digest, Sha256};

use super::markdown::{Document, Links};
use crate::report::Source;

/// The most characters that a comment gets; GitHub takes 65,536.
pub const MAX_COMMENT: usize = 60_000;

/// How every marker begins.
pub const OPENING: &str = "<!-- allotment:v1 ";

/// What a comment's first line says: which comment it is, and of which run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Which of several comments this is.
    pub report: String,
    /// What it is about, where there is one comment for each: an experiment.
    pub key: Option<String>,
    /// The commit that was judged, if it was one.
    pub commit: Option<String>,
    /// When it was judged, in seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// A digest of the text that follows.
    pub digest: String,
}

impl Marker {
    /// The marker of a text.
    #[must_use]
    pub fn of(report: &str, commit: Option<&str>, at: i64, text: &str) -> Self {
        Self { report: report.to_owned(), key: None, commit: commit.map(str::to_owned), at, digest: digest(text) }
    }

    /// The same about something of its own.
    #[must_use]
    pub fn about(self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self }
    }

    /// Whether both mark the same comment, however often it was written.
    fn is_alike(&self, other: &Self) -> bool {
        self.report == other.report && self.key == other.key
    }

    /// The line.
    #[must_use]
    pub fn write(&self) -> String {
        let Self { report, key, commit, at, digest } = self;
        let commit = commit.as_deref().unwrap_or("none");
        let key = key.as_ref().map_or_else(String::new, |key| format!(" key={key}"));
        format!("{OPENING}report={report}{key} commit={commit} at={} digest={digest} -->", instant(*at))
    }

    /// Reads the marker at the very beginning of a body. What is not letter for letter as it is written is none.
    #[must_use]
    pub fn read(body: &str) -> Option<Self> {
        let line = body.lines().next()?;
        let words: Vec<&str> = line.strip_prefix(OPENING)?.strip_suffix(" -->")?.split(' ').collect();
        let (report, key, commit, at, digest) = match words.as_slice() {
            [report, commit, at, digest] => (report, None, commit, at, digest),
            [report, key, commit, at, digest] => (report, Some(key.strip_prefix("key=")?), commit, at, digest),
            _ => return None,
        };
        let commit = match commit.strip_prefix("commit=")? {
            "none" => None,
            commit => Some(commit.to_owned()),
        };
        let at: jiff::Timestamp = at.strip_prefix("at=")?.parse().ok()?;
        let marker = Self {
            report: report.strip_prefix("report=")?.to_owned(),
            key: key.map(str::to_owned),
            commit,
            at: at.as_second(),
            digest: digest.strip_prefix("digest=")?.to_owned(),
        };
        let named = is_key(&marker.report) && marker.key.as_deref().is_none_or(is_key);
        let sound = named && marker.commit.as_deref().is_none_or(is_commit);
        (sound && marker.digest.len() == 16 && marker.write() == line).then_some(marker)
    }
}

/// What a comment is to say.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub marker: Marker,
    pub text: String,
}

impl Wanted {
    /// A document as the comment `report`.
    #[must_use]
    pub fn new(document: &Document, report: &str, commit: Option<&str>, at: i64) -> Self {
        Self::about(document, report, None, commit, at)
    }

    /// A document as one of several comments `report`, each about something of its own.
    #[must_use]
    pub fn about(document: &Document, report: &str, key: Option<&str>, commit: Option<&str>, at: i64) -> Self {
        let marker = |text: &str| Marker::of(report, commit, at, text).about(key);
        // The marker's length does not hang on the text.
        let room = MAX_COMMENT - marker("").write().chars().count().min(MAX_COMMENT) - 1;
        let text = document.fit(room);
        Self { marker: marker(&text), text }
    }

    /// The whole body.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}", self.marker.write(), self.text)
    }
}

/// A comment that is there.
#[derive(Debug, Clone, Copy)]
pub struct Posted<'a> {
    pub id: u64,
    pub author: Option<&'a str>,
    pub by_app: bool,
    pub body: &'a str,
}

/// Whose comment it would be.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    pub login: &'a str,
    /// Whether that is only what is to be expected.
    pub assumed: bool,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It says so already.
    Nothing,
    Create,
    /// The comment with this id is written anew.
    Update(u64),
    /// What is there stays.
    Leave(Reason),
}

/// Why a comment stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A later run wrote it.
    Later(Marker),
    /// Another app wrote one of this kind, and it is only assumed which app this is.
    Whose(String),
}

/// Decides what to do, from the comments that begin with [`OPENING`], the oldest first.
#[must_use]
pub fn decide(posted: &[Posted<'_>], writer: Writer<'_>, wanted: &Wanted) -> Decision {
    let alike = || {
        let marked = posted.iter().filter_map(|comment| Some((comment, Marker::read(comment.body)?)));
        marked.filter(|(_, marker)| marker.is_alike(&wanted.marker))
    };
    // Anybody can write a marker into a comment of their own; only the writer's own comments count.
    let own =
        alike().find(|(comment, _)| comment.author.is_some_and(|author| author.eq_ignore_ascii_case(writer.login)));
    let Some((comment, marker)) = own else {
        // An app whose name is a guess may have written this in an earlier run; a second comment would be the wrong answer.
        let other = alike().find(|(comment, _)| writer.assumed && comment.by_app);
        return match other.and_then(|(comment, _)| comment.author) {
            Some(author) => Decision::Leave(Reason::Whose(author.to_owned())),
            None => Decision::Create,
        };
    };
    if marker.at > wanted.marker.at {
        return Decision::Leave(Reason::Later(marker));
    }
    // The digest in the marker is what was written once; somebody may have edited the text since.
    let intact = digest(&text_of(comment.body)) == wanted.marker.digest;
    match intact && marker.commit == wanted.marker.commit && marker.digest == wanted.marker.digest {
        true => Decision::Nothing,
        // At the same instant the last one to say something is right: with a fixed `--at` every commit has the same.
        false => Decision::Update(comment.id),
    }
}

/// How many comments of the writer there are of this kind; more than one if two first runs met.
#[must_use]
pub fn count(posted: &[Posted<'_>], writer: Writer<'_>, wanted: &Wanted) -> usize {
    let own =
        posted.iter().filter(|comment| comment.author.is_some_and(|author| author.eq_ignore_ascii_case(writer.login)));
    own.filter(|comment| Marker::read(comment.body).is_some_and(|marker| marker.is_alike(&wanted.marker))).count()
}

/// Whether a name can tell one comment from another: `[a-z0-9]+(-[a-z0-9]+)*`, at most 64 letters.
#[must_use]
pub fn is_key(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    letters && name.len() <= 64 && !name.is_empty() && name.split('-').all(|part| !part.is_empty())
}

/// Whether this is a whole commit id.
#[must_use]
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where links in the comment lead. `server` is GitHub's address, without a slash at its end.
#[must_use]
pub fn links(server: &str, repository: Option<&str>, run: Option<&str>, source: &Source) -> Links {
    // Files that differ from the commit have other lines there.
    let head = source.head.as_deref().filter(|_| !source.dirty);
    links_at(server, repository, run, head)
}

/// The same for files of a commit; without one, files are not linked.
#[must_use]
pub fn links_at(server: &str, repository: Option<&str>, run: Option<&str>, commit: Option<&str>) -> Links {
    let Some(repository) = repository else { return Links::default() };
    let commit = commit.filter(|commit| is_commit(commit));
    let run = run.filter(|run| !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit()));
    Links {
        files: commit.map(|commit| format!("{server}/{repository}/blob/{commit}/")),
        run: run.map(|run| format!("{server}/{repository}/actions/runs/{run}")),
        in_place: false,
    }
}

/// What follows the marker. Whoever edits a comment on the page leaves other line ends behind.
fn text_of(body: &str) -> String {
    body.split_once('\n').map_or("", |(_, text)| text).replace("\r\n", "\n")
}

fn digest(text: &str) -> String {
    // The API may cut white space at the end.
    let digest = Sha256::digest(text.trim_end());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests;
