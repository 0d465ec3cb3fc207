//! The comments of a pull request, and who writes them.

use serde::Deserialize;
use serde_json::json;

use super::http::{Answer, Call, Fault};
use super::{Forge, Surroundings};
use crate::io::IoError;

/// How many pages are read: twice the comments that GitHub allows.
const MAX_PAGES: usize = 50;

/// A comment, as far as it matters.
#[derive(Debug, Clone)]
pub struct Comment {
    pub id: u64,
    /// Who wrote it; nobody if the account is gone.
    pub author: Option<String>,
    /// Whether that is an app.
    pub by_app: bool,
    pub body: String,
    /// Where it is read.
    pub url: Option<String>,
}

/// Whose comments a token writes.
#[derive(Debug, Clone)]
pub struct Author {
    pub login: String,
    pub known: Known,
}

/// How an author is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It was said.
    Given,
    /// GitHub says so.
    Asked,
    /// It is the token of a job, which cannot ask.
    Assumed,
}

#[derive(Deserialize)]
struct RawUser {
    #[serde(default)]
    login: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct RawComment {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    user: Option<RawUser>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
}

impl RawComment {
    fn read(self) -> Option<Comment> {
        let (author, kind) = self.user.map_or((None, None), |user| (user.login, user.kind));
        let by_app = kind.as_deref() == Some("Bot");
        Some(Comment { id: self.id?, author, by_app, body: self.body.unwrap_or_default(), url: self.html_url })
    }
}

impl Forge {
    /// Whose comments this token writes. A job's own token may not ask, and is known for whose it is.
    ///
    /// # Errors
    /// When GitHub does not say, and it cannot be told otherwise.
    pub fn author(&self, around: &Surroundings) -> Result<Author, Fault> {
        let help = "name the account that writes the comment with `--author LOGIN`, as in `--author my-app[bot]`";
        let doing = "cannot tell whose comments this token writes";
        let assumed = || Author { login: "github-actions[bot]".to_owned(), known: Known::Assumed };
        if self.http.token().is_of_installation() {
            let unknown = || IoError::new(doing, "it is the token of an app's installation").help(help);
            return if around.actions { Ok(assumed()) } else { Err(Fault::lasting(unknown())) };
        }
        match self.http.read("/user", doing) {
            Ok(answer) => {
                let login = decode::<RawUser>(&answer, doing)?.login.filter(|login| !login.is_empty());
                let unsaid = || Fault::lasting(IoError::new(doing, "GitHub does not say").help(help));
                Ok(Author { login: login.ok_or_else(unsaid)?, known: Known::Asked })
            }
            Err(fault) if fault.forbidden && around.actions => Ok(assumed()),
            Err(fault) if fault.forbidden => Err(Fault::lasting(fault.error.help(help))),
            Err(fault) => Err(fault),
        }
    }

    /// Every comment of a pull request that begins with `opening`, the oldest first.
    ///
    /// # Errors
    /// When they cannot be read, all of them.
    pub fn comments(&self, pull: u64, opening: &str) -> Result<Vec<Comment>, Fault> {
        let doing = format!("cannot read the comments of pull request {pull} of {}", self.repository);
        let path = format!("/repos/{}/issues/{pull}/comments", self.repository);
        let mut found: Vec<Comment> = Vec::new();
        self.pages(&path, &doing, |raw: RawComment| {
            let Some(comment) = raw.read().filter(|comment| comment.body.starts_with(opening)) else { return };
            // What moves between pages while they are read can be on two of them.
            if found.iter().all(|other| other.id != comment.id) {
                found.push(comment);
            }
        })?;
        Ok(found)
    }

    /// Writes a comment, once: whether a fault had an effect is not known.
    ///
    /// # Errors
    /// When GitHub refuses, or does not answer.
    pub fn create(&self, pull: u64, body: &str) -> Result<Comment, Fault> {
        let doing = format!("cannot comment on pull request {pull} of {}", self.repository);
        let path = format!("/repos/{}/issues/{pull}/comments", self.repository);
        written(&self.http.once(Call::Post(&json!({ "body": body })), &path, &doing)?, &doing)
    }

    /// Writes a comment anew, once.
    ///
    /// # Errors
    /// When GitHub refuses, or does not answer.
    pub fn update(&self, comment: u64, body: &str) -> Result<Comment, Fault> {
        let doing = format!("cannot update comment {comment} of {}", self.repository);
        let path = format!("/repos/{}/issues/comments/{comment}", self.repository);
        written(&self.http.once(Call::Patch(&json!({ "body": body })), &path, &doing)?, &doing)
    }

    /// Goes through a list, page by page.
    pub(super) fn pages<T: for<'a> Deserialize<'a>>(
        &self,
        path: &str,
        doing: &str,
        mut each: impl FnMut(T),
    ) -> Result<(), Fault> {
        let mut query = "per_page=100".to_owned();
        for _ in 0..MAX_PAGES {
            let answer = self.http.read(&format!("{path}?{query}"), doing)?;
            decode::<Vec<T>>(&answer, doing)?.into_iter().for_each(&mut each);
            match answer.next {
                Some(next) if next != query => query = next,
                _ => return Ok(()),
            }
        }
        Err(Fault::lasting(IoError::new(doing, format!("there are more than {MAX_PAGES} pages"))))
    }
}

/// What an answer holds.
pub(super) fn decode<T: for<'a> Deserialize<'a>>(answer: &Answer, doing: &str) -> Result<T, Fault> {
    serde_json::from_slice(&answer.body).map_err(|_| {
        Fault::lasting(
            IoError::new(doing, "the answer is not GitHub's").help("is `GITHUB_API_URL` the address of its API?"),
        )
    })
}

/// The comment in the answer to a write.
fn written(answer: &Answer, doing: &str) -> Result<Comment, Fault> {
    let unnamed = || Fault::lasting(IoError::new(doing, "GitHub answers without the comment"));
    decode::<RawComment>(answer, doing)?.read().ok_or_else(unnamed)
}
