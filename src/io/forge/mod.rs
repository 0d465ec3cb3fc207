//! GitHub's API, as far as a pull request and its one comment need it: calls that are bounded in size and time, and never repeated
//! where that could do something twice.

mod answer;
mod comments;
mod event;
mod http;
mod proposal;
mod pulls;
mod retry;
mod summary;

use std::time::Duration;

use super::{Secret, Surroundings};
pub use comments::{Author, Comment, Known};
pub use event::{Event, event};
pub use http::Fault;
pub use proposal::{Opened, Proposal};
pub use pulls::Pull;
pub use retry::Retry;
pub use summary::{MAX_SUMMARY, append_summary, room_in_summary};

use super::IoError;
use http::Http;

/// A repository on GitHub, as one token may use it.
#[derive(Debug)]
pub struct Forge {
    http: Http,
    repository: Repository,
}

impl Forge {
    /// Prepares to talk about a repository; nothing is sent yet. All waits and time-outs are in seconds of the length `second`,
    /// so that tests need not take as long as GitHub may.
    ///
    /// # Errors
    /// When there is no token or no usable address, or no certificates to trust are found.
    pub fn open(around: &Surroundings, repository: Repository, second: Duration) -> Result<Self, IoError> {
        Ok(Self { http: Http::open(around, second)?, repository })
    }

    /// Waits before another try after a fault.
    ///
    /// # Errors
    /// The fault itself, if it is no reason to try again or there was enough of that.
    pub fn wait(&self, retry: &mut Retry, fault: Fault) -> Result<(), Fault> {
        self.http.wait(retry, fault)
    }
}

/// A repository's owner and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository(String);

impl Repository {
    /// Reads `OWNER/NAME`, with nothing in it that means something else in an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |part: &str| {
            let letters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            letters && !part.is_empty() && part.len() <= 100 && part != "." && part != ".."
        };
        let (owner, name) = text.split_once('/')?;
        (plain(owner) && plain(name)).then(|| Self(text.to_owned()))
    }

    /// The part before the `/`.
    fn owner(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Repository;

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        assert!(Repository::parse("acme/shop.js").is_some());
        for bad in
            ["acme", "acme/", "/shop", "acme/../user", "acme/..", "a/b?c", "a/b#c", "a b/c", "a/b%2e", "a/b\n", ""]
        {
            assert_eq!(Repository::parse(bad), None, "{bad:?}");
        }
    }
}
