//! How a run ends: its exit code, and what is said when it could not do its work.

use std::fmt;
use std::process::ExitCode;

use crate::diag::did_you_mean;
use crate::io::IoError;
use crate::render::plain;

/// The end of a run that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing is wrong: 0.
    Clean,
    /// There are findings: 1.
    Findings,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Findings => Self::from(1),
        }
    }
}

/// A run that could not do its work.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
    help: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Wrong usage, or no catalogue: 2.
    Usage,
    /// Network, credentials, storage: 3, safe to retry.
    Environment,
    /// Data that are not as they are declared: 1, reading them again gives the same.
    Data,
}

impl Failure {
    /// It was used wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into(), help: Vec::new() }
    }

    /// The environment failed.
    pub fn environment(message: impl Into<String>) -> Self {
        Self { kind: Kind::Environment, message: message.into(), help: Vec::new() }
    }

    /// Data are not as they are declared.
    pub fn data(message: impl Into<String>) -> Self {
        Self { kind: Kind::Data, message: message.into(), help: Vec::new() }
    }

    /// Says what may help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Says which known word was probably meant, or all of them where they are few.
    #[must_use]
    pub fn meant<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match did_you_mean(word, &known) {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Its exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Usage => 2,
            Kind::Environment => 3,
            Kind::Data => 1,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", plain(&self.message))?;
        self.help.iter().try_for_each(|help| write!(f, "\n  help: {}", plain(help)))
    }
}

impl std::error::Error for Failure {}

impl From<IoError> for Failure {
    fn from(error: IoError) -> Self {
        let failure = Self::environment(error.to_string());
        match error.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
