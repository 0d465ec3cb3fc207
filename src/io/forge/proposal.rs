//! A pull request that brings in a few files: a commit on top of a known one, a branch, and the pull request itself.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Forge;
use super::comments::decode;
use super::http::{Call, Fault};
use super::retry::Retry;
use crate::io::IoError;

/// What a pull request is to bring in.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// The commit that the files were changed from. What others changed since is merged by Git as ever.
    pub parent: &'a str,
    /// The branch that is made for it.
    pub branch: &'a str,
    /// The branch that it is to be merged into; without one, the repository's default branch.
    pub base: Option<&'a str>,
    pub title: &'a str,
    /// Markdown.
    pub body: &'a str,
    /// Paths from the top of the repository, with the whole texts.
    pub files: &'a [(String, String)],
}

/// A pull request that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub number: u64,
    pub url: Option<String>,
    /// Whether it was open before.
    pub already: bool,
}

#[derive(Deserialize)]
struct Named {
    sha: String,
}

#[derive(Deserialize)]
struct RawCommit {
    sha: String,
    tree: Named,
}

#[derive(Deserialize)]
struct RawRepository {
    default_branch: String,
}

#[derive(Deserialize)]
struct RawPull {
    number: u64,
    #[serde(default)]
    html_url: Option<String>,
}

impl Forge {
    /// Opens a pull request, or finds the one that is open from the same branch.
    ///
    /// Trees and commits that nothing points at harm nobody, so that making them is tried again. Whether a branch or a pull
    /// request was made is looked at after every fault, and neither is made twice.
    ///
    /// # Errors
    /// When the parent is not on GitHub, the branch is there with other commits, or GitHub refuses or does not answer.
    pub fn propose(&self, proposal: &Proposal<'_>) -> Result<Opened, Fault> {
        let own = format!("/repos/{}", self.repository);
        let doing = format!("cannot open a pull request in {}", self.repository);
        let parent = self.parent(&own, proposal.parent, &doing)?;
        let base = match proposal.base {
            Some(base) => base.to_owned(),
            None => decode::<RawRepository>(&self.http.read(&own, &doing)?, &doing)?.default_branch,
        };
        let entries: Vec<Value> = proposal
            .files
            .iter()
            .map(|(path, text)| json!({ "path": path, "mode": "100644", "type": "blob", "content": text }))
            .collect();
        let tree: Named =
            self.make(&format!("{own}/git/trees"), &json!({ "base_tree": parent.tree.sha, "tree": entries }), &doing)?;
        let commit: Named = self.make(
            &format!("{own}/git/commits"),
            &json!({ "message": proposal.title, "tree": tree.sha, "parents": [parent.sha] }),
            &doing,
        )?;
        if !self.branch(&own, proposal.branch, &commit.sha, &doing)? {
            let taken = || IoError::new(&doing, format!("there is a branch `{}` already", proposal.branch));
            let open = self.open_from(&own, proposal.branch, &doing)?;
            return open
                .map(|open| Opened { already: true, ..open })
                .ok_or_else(|| Fault::lasting(taken().help("delete it, or open a pull request from it by hand")));
        }
        let asked = json!({
            "title": proposal.title, "head": proposal.branch, "base": base, "body": proposal.body,
            "maintainer_can_modify": true,
        });
        let mut retry = Retry::default();
        loop {
            match self.http.once(Call::Post(&asked), &format!("{own}/pulls"), &doing) {
                Ok(answer) => {
                    let RawPull { number, html_url } = decode(&answer, &doing)?;
                    return Ok(Opened { number, url: html_url, already: false });
                }
                Err(fault) => {
                    // A lost answer may have opened it; GitHub refuses to open it twice.
                    let refused = fault.error.cause.starts_with("GitHub answers 422");
                    match self.open_from(&own, proposal.branch, &doing)? {
                        Some(open) => return Ok(Opened { already: refused, ..open }),
                        None => self.http.wait(&mut retry, fault)?,
                    }
                }
            }
        }
    }

    /// The commit that files were changed from.
    fn parent(&self, own: &str, commit: &str, doing: &str) -> Result<RawCommit, Fault> {
        if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Fault::lasting(IoError::new(doing, "the commit it begins from has no id")));
        }
        let found = self.http.read(&format!("{own}/git/commits/{commit}"), doing);
        let found = found.map_err(|mut fault| {
            if fault.error.cause.starts_with("GitHub answers 404")
                || fault.error.cause.starts_with("GitHub answers 422")
            {
                fault.error = IoError::new(doing, format!("commit {commit} is not there"))
                    .help("push the branch that you are on first");
            }
            fault
        });
        decode(&found?, doing)
    }

    /// The open pull request from a branch of this repository.
    fn open_from(&self, own: &str, branch: &str, doing: &str) -> Result<Option<Opened>, Fault> {
        let owner = self.repository.owner();
        let answer = self.http.read(&format!("{own}/pulls?state=open&head={owner}:{branch}&per_page=1"), doing)?;
        let found: Vec<RawPull> = decode(&answer, doing)?;
        Ok(found.into_iter().next().map(|pull| Opened { number: pull.number, url: pull.html_url, already: false }))
    }

    /// Makes a branch at a commit; false if there is one at another.
    fn branch(&self, own: &str, branch: &str, commit: &str, doing: &str) -> Result<bool, Fault> {
        let asked = json!({ "ref": format!("refs/heads/{branch}"), "sha": commit });
        let mut retry = Retry::default();
        loop {
            let Err(fault) = self.http.once(Call::Post(&asked), &format!("{own}/git/refs"), doing) else {
                return Ok(true);
            };
            // A lost answer may have made it; GitHub refuses to make it twice.
            let there = self.http.once(Call::Get, &format!("{own}/git/ref/heads/{branch}"), doing);
            let there = there.ok().and_then(|answer| decode::<RawRef>(&answer, doing).ok());
            match there {
                Some(found) => return Ok(found.object.sha == commit),
                None => self.http.wait(&mut retry, fault)?,
            }
        }
    }

    /// Makes something that does nothing by itself, and tries again for as long as that may help.
    fn make<T: for<'a> Deserialize<'a>>(&self, path: &str, asked: &Value, doing: &str) -> Result<T, Fault> {
        let mut retry = Retry::default();
        loop {
            match self.http.once(Call::Post(asked), path, doing) {
                Ok(answer) => return decode(&answer, doing),
                Err(fault) => self.http.wait(&mut retry, fault)?,
            }
        }
    }
}

#[derive(Deserialize)]
struct RawRef {
    object: Named,
}
