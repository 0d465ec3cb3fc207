//! Signatures of manifests: Ed25519 over a manifest's own bytes without its signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;

use super::manifest::{Manifest, Signature, sha256};

/// What stands before the 32 bytes of a private key in PKCS#8, and of a public key in SPKI, as `openssl` writes them.
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The key that signs manifests. It never shows.
pub struct SigningKey(Ed25519KeyPair);

/// The key that manifests are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Why a manifest is not what the owner of a key published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSigned {
    /// It has no signature.
    Unsigned,
    /// Another key signed it.
    OtherKey { theirs: String, ours: String },
    /// It is not what was signed.
    Altered,
}

impl fmt::Display for NotSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("the manifest is not signed"),
            Self::OtherKey { theirs, ours } => write!(f, "the manifest is signed by key {theirs}, not by {ours}"),
            Self::Altered => f.write_str("the manifest is not what was signed"),
        }
    }
}

impl std::error::Error for NotSigned {}

impl SigningKey {
    /// Reads a private key: PKCS#8 in PEM.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let bytes = unwrapped(text, "PRIVATE KEY")?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes);
        pair.map(Self).map_err(|_| "it is no Ed25519 key".to_owned())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        PublicKey(key)
    }

    /// Signs a manifest, in the place of any signature it has.
    pub fn sign(&self, manifest: &mut Manifest) {
        let signature = self.0.sign(&signed_bytes(manifest));
        manifest.signature = Some(Signature { key: self.public().id(), ed25519: STANDARD.encode(signature.as_ref()) });
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

impl PublicKey {
    /// Reads a public key: SPKI in PEM.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let bytes = unwrapped(text, "PUBLIC KEY")?;
        let key = bytes.strip_prefix(&SPKI).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or_else(|| "it is no Ed25519 key".to_owned())
    }

    /// The first 16 digits of its SHA-256.
    #[must_use]
    pub fn id(&self) -> String {
        sha256(&self.0).get(..16).unwrap_or_default().to_owned()
    }

    /// Whether a manifest is what the owner of this key signed.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, manifest: &Manifest) -> Result<(), NotSigned> {
        let signature = manifest.signature.as_ref().ok_or(NotSigned::Unsigned)?;
        if signature.key != self.id() {
            // What others wrote is shown only as far as it can be an id.
            let theirs = signature.key.chars().filter(char::is_ascii_hexdigit).take(16).collect();
            return Err(NotSigned::OtherKey { theirs, ours: self.id() });
        }
        let bytes = STANDARD.decode(&signature.ed25519).map_err(|_| NotSigned::Altered)?;
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(&signed_bytes(manifest), &bytes).map_err(|_| NotSigned::Altered)
    }
}

/// A pair of keys in PEM, private and public, from 32 random bytes.
#[must_use]
pub fn new_pair(seed: &[u8; 32]) -> Option<(String, String)> {
    let public = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    let private = wrapped(&[PKCS8.as_slice(), seed].concat(), "PRIVATE KEY");
    Some((private, wrapped(&[SPKI.as_slice(), public.public_key().as_ref()].concat(), "PUBLIC KEY")))
}

/// What is signed: the manifest as it would be written without a signature.
fn signed_bytes(manifest: &Manifest) -> Vec<u8> {
    Manifest { signature: None, ..manifest.clone() }.to_json().into_bytes()
}

fn wrapped(bytes: &[u8], label: &str) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(bytes))
}

fn unwrapped(text: &str, label: &str) -> Result<Vec<u8>, String> {
    let inside = text
        .split_once(&format!("-----BEGIN {label}-----"))
        .and_then(|(_, rest)| rest.split_once(&format!("-----END {label}-----")));
    let (inside, _) = inside.ok_or_else(|| format!("it has no line `-----BEGIN {label}-----`"))?;
    let base64: String = inside.split_whitespace().collect();
    STANDARD.decode(base64).map_err(|_| "its base64 cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` wrote them.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    /// RFC 8032, section 7.1, test 1 has this pair.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    fn manifest() -> Manifest {
        Manifest { version: 1, serial: 7, at: 5, ..Manifest::default() }
    }

    #[test]
    fn keys_are_those_of_openssl() {
        let key = SigningKey::from_pem(PRIVATE).unwrap();
        assert_eq!(key.public(), PublicKey::from_pem(PUBLIC).unwrap());
        let seed = [7; 32];
        let (private, public) = new_pair(&seed).unwrap();
        assert_eq!(SigningKey::from_pem(&private).unwrap().public(), PublicKey::from_pem(&public).unwrap());
        for bad in ["", "x", PUBLIC, &PRIVATE.replace("MC4C", "MC4D"), &PRIVATE.replace("MC4C", "M*4C")] {
            assert!(SigningKey::from_pem(bad).is_err(), "{bad}");
        }
        assert!(PublicKey::from_pem(PRIVATE).is_err());
        assert!(!format!("{key:?}").contains("nWGx"));
    }

    #[test]
    fn only_what_was_signed_passes() {
        let key = SigningKey::from_pem(PRIVATE).unwrap();
        let mut signed = manifest();
        assert_eq!(key.public().check(&signed), Err(NotSigned::Unsigned));
        key.sign(&mut signed);
        assert_eq!(key.public().check(&signed), Ok(()));
        let read = Manifest::parse(signed.to_json().as_bytes()).unwrap();
        assert_eq!(key.public().check(&read), Ok(()));
        let older = Manifest { serial: 6, ..signed.clone() };
        assert_eq!(key.public().check(&older), Err(NotSigned::Altered));
        let (_, other) = new_pair(&[1; 32]).unwrap();
        let other = PublicKey::from_pem(&other).unwrap();
        assert!(matches!(other.check(&signed), Err(NotSigned::OtherKey { .. })));
        let mut forged = signed.clone();
        forged.signature = Some(Signature { key: other.id(), ..signed.signature.clone().unwrap() });
        assert_eq!(other.check(&forged), Err(NotSigned::Altered));
        for bit in 0..64 * 8 {
            let mut altered = signed.clone();
            let signature = altered.signature.as_mut().unwrap();
            let mut bytes = STANDARD.decode(&signature.ed25519).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            signature.ed25519 = STANDARD.encode(bytes);
            assert_eq!(key.public().check(&altered), Err(NotSigned::Altered));
        }
    }
}
