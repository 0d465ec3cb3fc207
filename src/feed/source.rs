//! Where artifacts are read from: a URL, or a folder of this machine.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::http::header::{ETAG, IF_NONE_MATCH};
use ureq::tls::{RootCerts, TlsConfig};

/// A published folder. Requests are bounded in time and in size.
#[derive(Debug)]
pub struct Source(Kind);

#[derive(Debug)]
enum Kind {
    Http { agent: Agent, base: String },
    Folder(PathBuf),
}

/// What a source has at a path.
#[derive(Debug, PartialEq, Eq)]
pub enum Fetched {
    /// What it had when it gave this tag.
    Unchanged,
    /// These bytes, and the tag to ask with the next time.
    Bytes(Vec<u8>, Option<String>),
}

impl Source {
    /// A source at `https://…`, `http://…` or `file://…`; each request may take `patience`.
    ///
    /// # Errors
    /// An address of another kind.
    pub fn at(url: &str, patience: Duration) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("file://") {
            return Ok(Self(Kind::Folder(PathBuf::from(path))));
        }
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(format!("`{url}` is no address: write `https://…`, or `file://…` for a folder"));
        }
        let agent = Agent::config_builder()
            .timeout_global(Some(patience))
            .http_status_as_error(false)
            .max_redirects(3)
            // What the machine trusts, as a company's own authority.
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build()
            .new_agent();
        Ok(Self(Kind::Http { agent, base: url.trim_end_matches('/').to_owned() }))
    }

    /// Reads a path, of at most so many bytes, unless it is still what it was when it had this tag.
    ///
    /// # Errors
    /// What the environment refused, in words.
    pub fn fetch(&self, path: &str, most: u64, tag: Option<&str>) -> Result<Fetched, String> {
        let (bytes, tag) = match &self.0 {
            Kind::Folder(folder) => {
                let file = File::open(folder.join(path)).map_err(|error| format!("{path}: {error}"))?;
                (whole(file, path, most)?, None)
            }
            Kind::Http { agent, base } => {
                let request = agent.get(format!("{base}/{path}"));
                let request = match tag {
                    Some(tag) => request.header(IF_NONE_MATCH, tag),
                    None => request,
                };
                let answer = request.call().map_err(|error| format!("{path}: {error}"))?;
                match answer.status() {
                    StatusCode::NOT_MODIFIED => return Ok(Fetched::Unchanged),
                    StatusCode::OK => {}
                    other => return Err(format!("{path}: the server answered {other}")),
                }
                let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
                (whole(answer.into_body().into_reader(), path, most)?, tag)
            }
        };
        Ok(Fetched::Bytes(bytes, tag))
    }
}

/// All of it, unless there is too much.
fn whole(reader: impl std::io::Read, path: &str, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut bounded = reader.take(most.saturating_add(1));
    bounded.read_to_end(&mut bytes).map_err(|error| format!("{path}: {error}"))?;
    if bytes.len() as u64 > most { Err(format!("{path}: more than {most} bytes")) } else { Ok(bytes) }
}
