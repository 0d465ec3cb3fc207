//! The summary of a step, which is shown with the run: where to say what may not be said on the pull request.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::io::IoError;

/// The most bytes of a step's summary that GitHub shows.
pub const MAX_SUMMARY: u64 = 1 << 20;

/// How many bytes can still be said in a summary.
#[must_use]
pub fn room_in_summary(path: &Path) -> u64 {
    MAX_SUMMARY.saturating_sub(fs::metadata(path).map_or(0, |found| found.len()))
}

/// Appends to a summary; what other steps and tools said stays.
///
/// # Errors
/// When it cannot be written.
pub fn append_summary(path: &Path, text: &str) -> Result<(), IoError> {
    let wrong =
        |cause: std::io::Error| IoError::new(format!("cannot write the step's summary `{}`", path.display()), cause);
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).map_err(wrong)?;
    // An empty line ends whatever paragraph or table came before.
    file.write_all(format!("\n{text}").as_bytes()).map_err(wrong)
}
