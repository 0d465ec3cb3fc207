//! The keys that manifests are signed and checked with: from the environment or from files.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::artifact::signature::{PublicKey, SigningKey, new_pair};
use crate::cli::{Failure, Global};
use crate::io;

/// The environment variable that holds the private key.
const VARIABLE: &str = "ALLOTMENT_SIGNING_KEY";
/// Far larger than a key.
const MAX_KEY: u64 = 1 << 14;

/// How manifests are signed.
#[derive(Debug, Clone, Default, Args)]
pub struct Signing {
    /// The private key that signs the manifest, in PEM; without it, that in the environment variable `ALLOTMENT_SIGNING_KEY`
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// Take over what is served although another key signed it, or none
    #[arg(long)]
    pub adopt: bool,
}

impl Signing {
    /// The key, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn key(&self) -> Result<Option<SigningKey>, Failure> {
        let (text, place) = match &self.signing_key {
            Some(path) => (Some(text(path)?), format!("`{}`", path.display())),
            None => (io::secret(VARIABLE), format!("`{VARIABLE}`")),
        };
        let Some(text) = text else { return Ok(None) };
        let key = SigningKey::from_pem(&text);
        key.map(Some).map_err(|why| {
            Failure::usage(format!("{place} holds no signing key: {why}"))
                .help("`allot publish --new-key DIR` makes one, and so does `openssl genpkey -algorithm ed25519`")
        })
    }
}

/// Reads a public key.
///
/// # Errors
/// When there is none in the file.
pub fn public(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_pem(&text(path)?).map_err(|why| {
        Failure::usage(format!("`{}` holds no public key: {why}", path.display()))
            .help("`openssl pkey -in signing.pem -pubout` writes that of a private key")
    })
}

/// Makes a pair of keys in a folder, in which there may be none yet.
///
/// # Errors
/// When one is there, or they cannot be written.
pub fn make(global: &Global, folder: &Path) -> Result<(), Failure> {
    let pair = new_pair(&io::random()?).ok_or_else(|| Failure::environment("cannot make a key"))?;
    let (private, public) = (folder.join("signing.pem"), folder.join("signing.pub.pem"));
    io::create_secret(&private, pair.0.as_bytes())?;
    io::create_new(&public, pair.1.as_bytes())?;
    global.say(&format!("wrote `{}`: keep it out of Git, as a secret called `{VARIABLE}`", private.display()));
    global.say(&format!("wrote `{}`: give it to whoever runs `allot verify --key`", public.display()));
    Ok(())
}

fn text(path: &Path) -> Result<String, Failure> {
    let bytes = io::read_bounded(path, MAX_KEY)?;
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("`{}` is no PEM file", path.display())))
}
