//! Which pull requests a commit belongs to.

use serde::Deserialize;

use super::Forge;
use super::http::Fault;
use crate::io::IoError;

/// A pull request, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    pub number: u64,
    pub title: Option<String>,
    /// Where it is read.
    pub url: Option<String>,
    pub open: bool,
    pub merged: bool,
    /// The commit at its tip.
    pub head: Option<String>,
}

#[derive(Deserialize)]
struct RawPull {
    #[serde(default)]
    number: Option<u64>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    merged_at: Option<String>,
    #[serde(default)]
    head: Option<RawEnd>,
    #[serde(default)]
    base: Option<RawEnd>,
}

#[derive(Deserialize)]
struct RawEnd {
    #[serde(default)]
    sha: Option<String>,
    #[serde(default)]
    repo: Option<RawRepository>,
}

#[derive(Deserialize)]
struct RawRepository {
    #[serde(default)]
    full_name: Option<String>,
}

impl Forge {
    /// The pull requests of this repository that a commit belongs to: the one that brought it in, or those that would.
    ///
    /// # Errors
    /// When it is no commit id, or GitHub does not say.
    pub fn pulls_of(&self, commit: &str) -> Result<Vec<Pull>, Fault> {
        let doing = format!("cannot find the pull request of commit {commit}");
        if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Fault::lasting(IoError::new(doing, "that is no commit id")));
        }
        let own = self.repository.to_string();
        let mut found: Vec<Pull> = Vec::new();
        self.pages(&format!("/repos/{own}/commits/{commit}/pulls"), &doing, |raw: RawPull| {
            // A fork's own pull requests can hold the same commit.
            let into = raw.base.and_then(|base| base.repo).and_then(|repository| repository.full_name);
            if let Some(number) = raw.number
                && into.is_none_or(|into| into.eq_ignore_ascii_case(&own))
                && found.iter().all(|pull| pull.number != number)
            {
                found.push(Pull {
                    number,
                    title: raw.title,
                    url: raw.html_url,
                    open: raw.state.as_deref() == Some("open"),
                    merged: raw.merged_at.is_some(),
                    head: raw.head.and_then(|head| head.sha),
                });
            }
        })?;
        Ok(found)
    }

    /// The one open pull request that has a commit, at its tip if several have it.
    ///
    /// # Errors
    /// When there is none or cannot be told, or GitHub does not say.
    pub fn open_pull_of(&self, commit: &str) -> Result<u64, Fault> {
        let mut open = self.pulls_of(commit)?;
        open.retain(|pull| pull.open);
        if open.len() > 1 {
            open.retain(|pull| pull.head.as_deref() == Some(commit));
        }
        let doing = format!("cannot find the pull request of commit {commit}");
        let help = "name it with `--pr N`";
        match open.as_slice() {
            [pull] => Ok(pull.number),
            [] => Err(Fault::lasting(IoError::new(doing, "it is at the tip of no open one").help(help))),
            several => {
                let numbers: Vec<_> = several.iter().map(|pull| pull.number.to_string()).collect();
                Err(Fault::lasting(IoError::new(doing, format!("it is that of {}", numbers.join(" and "))).help(help)))
            }
        }
    }
}
