//! The sealed object that Confidence's providers fetch: the state with the secret of its client, encrypted for those who have the key.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;

use super::pointer::Pointer;
use super::{Headers, SHORT};
use crate::artifact::confidence;
use crate::artifact::manifest::{Manifest, sha256};

/// The format that is sealed.
pub const FORMAT: &str = "confidence";

/// The bytes of a nonce, with which a sealed object begins.
const NONCE: usize = 12;

/// Who seals the state of each surface: its client, and the one before while applications change over.
pub type Sealers = BTreeMap<String, Vec<Sealer>>;

/// The secret and the key of a surface's client. Neither is ever shown.
pub struct Sealer {
    secret: String,
    key: Key,
}

/// A key of 256 bits, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

/// A key that is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadKey;

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
        let (pairs, _) = digits.as_deref().unwrap_or_default().as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let right = text.len() == 64;
        bytes.try_into().ok().filter(|_| right).map(Self).ok_or(BadKey)
    }
}

impl Key {
    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0).ok().map(LessSafeKey::new)
    }

    /// Whether an object was sealed with this key for the client after whose secret it is named. Whoever does not have the key
    /// cannot make such an object, so it is one that was published from here.
    #[must_use]
    pub fn has_sealed(&self, path: &str, object: &[u8]) -> bool {
        let opened = || {
            let (nonce, text) = object.split_first_chunk::<NONCE>()?;
            let mut text = text.to_vec();
            let text =
                self.cipher()?.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut text).ok()?;
            confidence::secret_of(text)
        };
        opened().is_some_and(|(surface, secret)| path_of(&surface, &secret) == path)
    }
}

impl Sealer {
    /// For the secret that applications give to the provider.
    #[must_use]
    pub const fn new(secret: String, key: Key) -> Self {
        Self { secret, key }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Where the provider looks, below the surface's folder: the digest of the secret, which does not tell it.
    #[must_use]
    pub fn path(&self, surface: &str) -> String {
        path_of(surface, &self.secret)
    }

    /// A state sealed: a nonce of 12 bytes, then AES-256-GCM of the state with its account and its credential. The nonce follows
    /// from the key and what is sealed, so that the same state gives the same bytes, and no two states ever share one by chance
    /// more often than random ones would.
    ///
    /// None where the state is no state that this crate has written.
    #[must_use]
    pub fn seal(&self, state: &[u8]) -> Option<Vec<u8>> {
        let mut text = confidence::with_secret(state, &self.secret).ok()?;
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.key.0), b"allotment nonce");
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()));
        context.update(&text);
        let nonce: [u8; NONCE] = *context.sign().as_ref().first_chunk()?;
        self.key
            .cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
            .ok()?;
        Some([&nonce[..], &text].concat())
    }
}

fn path_of(surface: &str, secret: &str) -> String {
    format!("{surface}/{}.enc", sha256(secret.as_bytes()))
}

/// The surface of an object that is named as sealed ones are.
#[must_use]
pub fn sealed_surface(path: &str) -> Option<&str> {
    let (surface, name) = path.split_once('/')?;
    let digits = name.strip_suffix(".enc")?;
    let is_digest = digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_digest && !surface.is_empty()).then_some(surface)
}

/// What a sealed name shows of a state; none where nobody seals it.
#[must_use]
pub fn sealed(sealers: &Sealers, pointer: &Pointer, state: &[u8]) -> Option<Vec<u8>> {
    let mut all = sealers.get(&pointer.surface)?.iter();
    all.find(|sealer| sealer.path(&pointer.surface) == pointer.path)?.seal(state)
}

/// Whether what a sealed name shows was sealed with a key that is in use.
#[must_use]
pub fn opens(sealers: &Sealers, pointer: &Pointer, object: &[u8]) -> bool {
    sealers.get(&pointer.surface).into_iter().flatten().any(|sealer| sealer.key.has_sealed(&pointer.path, object))
}

/// The fixed names under which the states of a manifest are sealed, for those surfaces whose secrets are known.
#[must_use]
pub fn sealed_pointers(manifest: &Manifest, sealers: &Sealers) -> Vec<Pointer> {
    let sealed = manifest.files().filter(|(_, format, _)| *format == FORMAT);
    let headers = Headers { content_type: "application/octet-stream", cache_control: SHORT, content_encoding: None };
    let named = sealed.flat_map(|(surface, _, file)| {
        sealers.get(surface).into_iter().flatten().map(move |sealer| Pointer {
            path: sealer.path(surface),
            surface: surface.to_owned(),
            file: file.clone(),
            compressed: false,
            sealed: true,
            headers,
        })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Artifact, sample};
    use crate::bucket::Scheme;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F";

    fn sealer(secret: &str) -> Sealer {
        Sealer::new(secret.to_owned(), KEY.parse().unwrap())
    }

    fn state(at: i64) -> Vec<u8> {
        confidence::encode(&Artifact { scheme: Scheme::Confidence, ..sample::home() }, at).unwrap()
    }

    #[test]
    fn opens_with_the_key_alone_and_is_the_same_for_the_same_state() {
        let sealer = sealer("secret");
        let sealed = sealer.seal(&state(sample::AT)).unwrap();
        assert_eq!(sealer.seal(&state(sample::AT)).unwrap(), sealed);
        assert_ne!(sealer.seal(&state(0)).unwrap()[..12], sealed[..12]);
        let opened = |key: &[u8; 32], sealed: &[u8]| {
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
            let nonce = Nonce::assume_unique_for_key(*sealed.first_chunk().unwrap());
            let mut text = sealed[12..].to_vec();
            key.open_in_place(nonce, Aad::empty(), &mut text).ok().map(|text| text.to_vec())
        };
        let text = opened(&sealer.key.0, &sealed).unwrap();
        assert_eq!(text, confidence::with_secret(&state(sample::AT), "secret").unwrap());
        assert_eq!(opened(&[0; 32], &sealed), None);
        let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(has(&text, b"secret") && !has(&sealed, b"secret") && !has(&state(sample::AT), b"secret"));
    }

    #[test]
    fn lies_under_the_digest_of_the_secret() {
        let path = sealer("secret").path("home");
        assert_eq!(path, "home/2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b.enc");
    }

    #[test]
    fn a_key_is_64_digits() {
        for key in
            ["", "00", KEY.strip_suffix('F').unwrap(), &format!("{KEY}0"), &KEY.replace('0', "g"), &"é".repeat(32)]
        {
            assert_eq!(key.parse::<Key>(), Err(BadKey), "{key}");
        }
        let sealer = sealer("secret");
        assert_eq!(format!("{sealer:?} {:?}", sealer.key), "Sealer { .. } Key { .. }");
    }

    #[test]
    fn what_is_no_state_is_not_sealed() {
        assert_eq!(sealer("secret").seal(b"{}"), None);
    }

    #[test]
    fn only_what_was_sealed_with_the_key_under_its_name_is_ours() {
        let sealer = sealer("secret");
        let (path, object) = (sealer.path("home"), sealer.seal(&state(sample::AT)).unwrap());
        assert!(sealer.key.has_sealed(&path, &object));
        let other: Key = KEY.replace('0', "1").parse().unwrap();
        assert!(!other.has_sealed(&path, &object));
        for elsewhere in [sealer.path("search"), self::sealer("other").path("home"), "home/x.enc".to_owned()] {
            assert!(!sealer.key.has_sealed(&elsewhere, &object), "{elsewhere}");
        }
        for at in [0, 11, 12, object.len() / 2, object.len() - 1] {
            let mut flipped = object.clone();
            flipped[at] ^= 1;
            assert!(!sealer.key.has_sealed(&path, &flipped), "{at}");
            assert!(!sealer.key.has_sealed(&path, &object[..at]), "{at}");
        }
        // Something else that was encrypted with the key.
        let mut text = b"something else".to_vec();
        let once = Nonce::assume_unique_for_key([0; NONCE]);
        sealer.key.cipher().unwrap().seal_in_place_append_tag(once, Aad::empty(), &mut text).unwrap();
        assert!(!sealer.key.has_sealed(&path, &[&[0; NONCE][..], &text].concat()));
    }

    #[test]
    fn names_of_sealed_objects_are_told_from_others() {
        let path = sealer("secret").path("home");
        assert_eq!(sealed_surface(&path), Some("home"));
        let (capitals, deeper, bare) = (path.to_uppercase(), format!("a/{path}"), path.replace("home/", ""));
        for other in [&*capitals, &deeper, &bare, &path.replace(".enc", ".bin"), "home/a.enc", "home.enc"] {
            assert_eq!(sealed_surface(other), None, "{other}");
        }
    }
}
