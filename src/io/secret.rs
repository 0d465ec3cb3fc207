//! Secrets: from the environment, from the system's chance, and into files that nobody else reads.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use ring::rand::{SecureRandom as _, SystemRandom};

use super::IoError;

/// A secret in an environment variable; what is set to nothing counts as not set. Line ends may be written as `\n`.
#[must_use]
pub fn secret(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| value.replace("\\n", "\n"))
}

/// Random bytes that nobody can guess.
///
/// # Errors
/// When the system has none.
pub fn random() -> Result<[u8; 32], IoError> {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map(|()| bytes).map_err(|_| IoError::new("cannot draw by chance", "the system gives no random bytes"))
}

/// Creates a file, which must not be there yet, that only its owner reads.
///
/// # Errors
/// When it is there, or cannot be written.
pub fn create_secret(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let wrong = |cause: std::io::Error| IoError::new(format!("cannot create `{}`", path.display()), cause);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(wrong)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(wrong)
}
