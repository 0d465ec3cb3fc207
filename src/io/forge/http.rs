//! One call: its address, its bounded answer, and what that means.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use tokio::runtime::Runtime;

use super::answer::{Headers, is_safe, message, next_query, same_host};
use super::retry::{Again, Pace, Retry, chance};
use super::{Secret, Surroundings};
use crate::io::{IoError, now};

/// How many seconds one call may take, its answer read.
const CALL: u32 = 30;
/// The most bytes of an answer: a page of 100 comments of the longest kind.
const MAX_ANSWER: usize = 64 << 20;
/// How often one call is sent elsewhere on the same host.
const MAX_REDIRECTS: u32 = 3;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub enum Call<'a> {
    Get,
    /// Sends JSON.
    Post(&'a serde_json::Value),
    Patch(&'a serde_json::Value),
}

/// An answer that says that it was done.
#[derive(Debug)]
pub struct Answer {
    pub body: Vec<u8>,
    /// The query of the next page, if there is one.
    pub next: Option<String>,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub struct Fault {
    pub error: IoError,
    /// Whether the token may not do this, whenever it is tried.
    pub forbidden: bool,
    again: Again,
}

impl Fault {
    /// A fault that is no reason to try again.
    #[must_use]
    pub fn lasting(error: IoError) -> Self {
        Self { error, forbidden: false, again: Again::Never }
    }
}

/// A client, and the thread's own runtime for it.
#[derive(Debug)]
pub struct Http {
    client: Octocrab,
    /// Always there until it is dropped.
    runtime: Option<Runtime>,
    base: String,
    token: Secret,
    pace: Pace,
}

impl Http {
    pub fn open(around: &Surroundings, second: Duration) -> Result<Self, IoError> {
        let doing = "cannot talk to GitHub";
        let token = around.token.clone().ok_or_else(|| {
            IoError::new(doing, "there is no token")
                .help("give the step `GITHUB_TOKEN: ${{ github.token }}` in its `env`")
        })?;
        if !token.bare().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IoError::new(doing, "the token has characters in it that no token has")
                .help("look for spaces and line breaks in the secret"));
        }
        if !is_safe(&around.api) {
            return Err(IoError::new(doing, format!("`{}` is no address for a token to be sent to", around.api))
                .help("`GITHUB_API_URL` begins with `https://`"));
        }
        let wrong = |cause: &dyn std::error::Error| IoError::new(doing, root_cause(cause));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|cause| wrong(&cause))?;
        let client = {
            let _within = runtime.enter();
            Octocrab::builder()
                .base_uri(around.api.as_str())
                .map_err(|cause| wrong(&cause))?
                .personal_token(token.bare())
                .build()
                .map_err(|cause| {
                    wrong(&cause).help("install the certificates of public authorities, such as `ca-certificates`")
                })?
        };
        Ok(Self { client, runtime: Some(runtime), base: around.api.clone(), token, pace: Pace::new(second) })
    }

    /// The token that is sent.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Waits before another try.
    pub fn wait(&self, retry: &mut Retry, fault: Fault) -> Result<(), Fault> {
        let Some(pause) = self.pace.pause(retry, fault.again, chance()) else { return Err(fault) };
        self.block(async { tokio::time::sleep(pause).await }).ok_or(fault)
    }

    /// Reads, and tries again for as long as that may help.
    pub fn read(&self, path: &str, doing: &str) -> Result<Answer, Fault> {
        let mut retry = Retry::default();
        loop {
            match self.once(Call::Get, path, doing) {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.wait(&mut retry, fault)?,
            }
        }
    }

    /// Makes a call once. Whether a fault without an answer had an effect is not known.
    pub fn once(&self, call: Call<'_>, path: &str, doing: &str) -> Result<Answer, Fault> {
        let mut address = format!("{}{path}", self.base);
        for _ in 0..=MAX_REDIRECTS {
            let (status, headers, body) = self.send(call, &address, doing)?;
            if (200..300).contains(&status) {
                return Ok(Answer { body, next: headers.link.as_deref().and_then(next_query) });
            }
            if !matches!(status, 301 | 302 | 307 | 308) {
                return Err(self.refused(status, &headers, &body, doing));
            }
            // Sent elsewhere: what was asked is asked there again, unchanged, but the token stays with its host.
            let location = headers.location.as_deref().and_then(|location| same_host(&self.base, location));
            address = location.ok_or_else(|| {
                Fault::lasting(IoError::new(
                    doing,
                    "GitHub sends this call to another host, where the token does not go",
                ))
            })?;
        }
        Err(Fault::lasting(IoError::new(doing, "GitHub sends this call elsewhere again and again")))
    }

    fn send(&self, call: Call<'_>, address: &str, doing: &str) -> Result<(u16, Headers, Vec<u8>), Fault> {
        let unclear = |cause: String| Fault {
            error: IoError::new(doing, cause).help("this may pass: run it again later"),
            forbidden: false,
            again: Again::Soon,
        };
        let whole = async {
            let answer = match call {
                Call::Get => self.client._get(address).await,
                Call::Post(body) => self.client._post(address, Some(body)).await,
                Call::Patch(body) => self.client._patch(address, Some(body)).await,
            };
            let answer = answer.map_err(|cause| unclear(root_cause(&cause)))?;
            let (status, headers) =
                (answer.status().as_u16(), Headers::of(|name| answer.headers().get(name)?.to_str().ok()));
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|cause| unclear(root_cause(cause.as_ref())))?;
            Ok((status, headers, body.to_bytes().to_vec()))
        };
        let limit = self.pace.seconds(CALL).min(self.pace.left());
        let late = || unclear(format!("no answer within {CALL} seconds"));
        self.block(async { tokio::time::timeout(limit, whole).await.unwrap_or_else(|_| Err(late())) })
            .unwrap_or_else(|| Err(late()))
    }

    /// What an answer means that says no.
    fn refused(&self, status: u16, headers: &Headers, body: &[u8], doing: &str) -> Fault {
        let said = message(body).map(|said| said.replace(self.token.bare(), "***"));
        let again = headers.again(status, said.as_deref(), now().0);
        let forbidden = status == 403 && again == Again::Never;
        let said = said.map_or(String::new(), |said| format!(": {said}"));
        let mut error = IoError::new(doing, format!("GitHub answers {status}{said}"));
        error = match (status, again) {
            (_, Again::After(seconds)) => error.help(format!("it may be tried again in {seconds} seconds")),
            (_, Again::Soon) => error.help("this may pass: run it again later"),
            (401, _) => error.help("the token is wrong or has expired"),
            (403, _) => error.help(
                "the job needs `permissions: pull-requests: write`; on a fork's pull request the token only reads, whatever is asked for",
            ),
            (404, _) => error.help("either it is not there, or the token may not see it"),
            _ => error,
        };
        Fault { error, forbidden, again }
    }

    /// Runs to the end what ends by itself.
    fn block<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(work))
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        // A name that is still being looked up is not waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What lies at the bottom of an error; what is above it says only that a call failed.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}
