//! Where things go: data to standard output, words to standard error; colour only where it is seen.

use std::io::Write;
use std::path::Path;

use clap::ValueEnum;

use super::Failure;
use crate::io;
use crate::render::text::Style;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl ColorChoice {
    /// The style of what is written to standard output.
    #[must_use]
    pub fn style(self) -> Style {
        match self {
            Self::Always => Style::Rich,
            Self::Auto if io::shows_colour() => Style::Rich,
            Self::Auto | Self::Never => Style::Plain,
        }
    }
}

/// How wide text may be: as the terminal, within reason, or 100 columns where there is none.
#[must_use]
pub fn width() -> usize {
    io::width().map_or(100, |width| width.clamp(60, 140))
}

/// How a verb prints what it found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Printed {
    #[default]
    Text,
    Json,
}

/// Writes data to standard output. A reader that has gone away, as in `allot lint | head`, is no failure.
///
/// # Errors
/// When standard output cannot be written for any other reason.
pub fn data(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::environment(format!("cannot write to standard output: {cause}")))
        }
        _ => Ok(()),
    }
}

/// A path as seen from the current folder.
#[must_use]
pub fn shown(path: &Path) -> String {
    let (Ok(here), Ok(path)) = (io::here(), io::resolved(path)) else { return path.display().to_string() };
    match path.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Ok(below) => below.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

/// Says something on standard error; nobody listening is no failure.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Shows how far long work is, on a terminal only, in place of what it showed before; without words that is cleared.
pub fn progress(words: Option<&str>) {
    if io::shows_progress() {
        let mut out = std::io::stderr().lock();
        let _ = write!(out, "\r{}\u{1b}[K", words.unwrap_or_default());
        let _ = out.flush();
    }
}

/// Writes much data to standard output through a buffer; a reader that has gone away is no failure.
///
/// # Errors
/// When standard output cannot be written for any other reason.
pub fn buffered(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::environment(format!("cannot write to standard output: {cause}")))
        }
        _ => Ok(()),
    }
}
