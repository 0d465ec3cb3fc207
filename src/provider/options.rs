//! How a provider is set up.

use super::Provider;
use super::poll::Poll;
use crate::artifact::manifest::Manifest;
use crate::artifact::signature::PublicKey;
use crate::feed::{Shelf, Source};
use std::path::PathBuf;
use std::time::Duration;

/// What a provider needs to know before it starts.
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `start`"]
pub struct Options {
    url: String,
    pub(super) surfaces: Vec<String>,
    shelf: Option<PathBuf>,
    key: Option<PublicKey>,
    pub(super) every: Duration,
    patience: Duration,
}

impl Options {
    pub(super) const fn at(url: String) -> Self {
        Self {
            url,
            surfaces: Vec::new(),
            shelf: None,
            key: None,
            every: Duration::from_mins(1),
            patience: Duration::from_secs(10),
        }
    }

    /// Serves the flags of this surface too.
    pub fn surface(mut self, id: impl Into<String>) -> Self {
        self.surfaces.push(id.into());
        self
    }

    /// Keeps the last good artifacts in this folder, and starts from them while nothing can be reached.
    pub fn shelf(mut self, folder: impl Into<PathBuf>) -> Self {
        self.shelf = Some(folder.into());
        self
    }

    /// Takes only what is signed with the private half of this key, which `allot publish --new-key` has made; the text is that
    /// of the file.
    ///
    /// # Errors
    /// A text that is no such key.
    pub fn key(mut self, pem: &str) -> Result<Self, String> {
        self.key = Some(PublicKey::from_pem(pem)?);
        Ok(self)
    }

    /// Whether a manifest is signed as it should be.
    pub(super) fn trusts(&self, manifest: &Manifest) -> Result<(), String> {
        self.key.as_ref().map_or(Ok(()), |key| key.check(manifest).map_err(|wrong| wrong.to_string()))
    }

    /// How often to ask for something new; a minute, unless said otherwise.
    pub const fn every(mut self, time: Duration) -> Self {
        self.every = time;
        self
    }

    /// How long a request may take; ten seconds, unless said otherwise.
    pub const fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Reads what is on the shelf, and begins to poll on a thread of its own.
    ///
    /// # Errors
    /// An address that cannot be read from, no surface, or a thread that could not be started.
    pub fn start(self) -> Result<Provider, String> {
        if self.surfaces.is_empty() {
            return Err("a provider serves at least one surface".to_owned());
        }
        let source = Source::at(&self.url, self.patience)?;
        let shelf = self.shelf.clone().map(Shelf::at);
        Poll::start(self, source, shelf).map(Provider::new)
    }
}
