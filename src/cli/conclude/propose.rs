//! A change to the catalogue as a pull request, made on GitHub from the commit that is looked at; the work tree stays as it is.

use std::time::Duration;

use clap::Args;

use super::super::workspace::Workspace;
use super::super::{Failure, Global};
use crate::io::Surroundings;
use crate::io::forge::{Forge, Proposal, Repository};
use crate::render::plain;

/// Where a pull request goes.
#[derive(Debug, Clone, Args)]
pub struct Ask {
    /// The repository of the pull request; without it, `GITHUB_REPOSITORY`
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// The branch that the pull request is to be merged into; without it, the repository's default branch
    #[arg(long, value_name = "BRANCH")]
    into: Option<String>,
    /// How many milliseconds a second takes, in waits and time-outs: for tests, which would take minutes otherwise
    #[arg(long, value_name = "MS", hide = true, default_value_t = 1000)]
    second: u64,
}

#[cfg(feature = "publish")]
impl Ask {
    /// Whether it is known where a pull request would go, and there is a token to open it with.
    pub fn is_possible(&self) -> bool {
        let around = Surroundings::read();
        around.token.is_some() && (self.repo.is_some() || around.repository.is_some())
    }
}

/// What a pull request says of itself.
pub struct Said {
    pub branch: String,
    pub title: String,
    pub body: String,
}

/// Opens a pull request with files of the catalogue, by their paths below its root.
///
/// # Errors
/// When the catalogue is not as some commit has it, when there is no repository or no token, or GitHub refuses.
pub fn open(
    global: &Global,
    ask: &Ask,
    workspace: &Workspace,
    files: Vec<(String, String)>,
    said: &Said,
) -> Result<(), Failure> {
    let around = Surroundings::read();
    let named = ask.repo.as_deref().or(around.repository.as_deref()).ok_or_else(|| {
        Failure::usage("there is no repository").help("name it with `--repo OWNER/NAME`, or set `GITHUB_REPOSITORY`")
    })?;
    let repository = Repository::parse(named)
        .ok_or_else(|| Failure::usage(format!("`{named}` is no repository")).help("write OWNER/NAME"))?;
    let (origin, head) = workspace
        .origin
        .as_ref()
        .and_then(|origin| Some((origin, origin.head.as_ref()?)))
        .ok_or_else(|| Failure::usage("the catalogue is in no commit that a pull request could begin from"))?;
    if origin.dirty {
        return Err(Failure::usage("files of the catalogue differ from the commit that they are of")
            .help("commit and push them first: a pull request begins from what others can see"));
    }
    let files: Vec<(String, String)> =
        files.into_iter().map(|(path, text)| (format!("{}{path}", origin.folder), text)).collect();
    let forge = Forge::open(&around, repository, Duration::from_millis(ask.second))?;
    let opened = forge
        .propose(&Proposal {
            parent: head,
            branch: &said.branch,
            base: ask.into.as_deref(),
            title: &said.title,
            body: &said.body,
            files: &files,
        })
        .map_err(|fault| Failure::from(fault.error))?;
    let done = if opened.already { "is open already" } else { "is open" };
    let url = opened.url.as_deref().map_or(String::new(), |url| format!(": {}", plain(url)));
    global.say(&format!("pull request {} {done}{url}", opened.number));
    Ok(())
}
