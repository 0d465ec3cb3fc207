//! The sealed object that Confidence's providers fetch: the state with the secret of its client, encrypted for those who have the key.

use std::collections::BTreeMap;
use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;

use super::pointer::Pointer;
use super::{Headers, SHORT};
use crate::artifact::confidence;
use crate::artifact::manifest::{Manifest, sha256};

/// The format that is sealed.
pub const FORMAT: &str = "confidence";

/// Who seals the state of each surface.
pub type Sealers = BTreeMap<String, Sealer>;

/// The secret and the key of a surface's client. Neither is ever shown.
pub struct Sealer {
    secret: String,
    key: [u8; 32],
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// A key that is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadKey;

impl Sealer {
    /// The secret that applications give to the provider, and the key, in hexadecimal digits.
    ///
    /// # Errors
    /// When the key is none.
    pub fn new(secret: &str, key: &str) -> Result<Self, BadKey> {
        let digits: Option<Vec<u8>> = key.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
        let (pairs, _) = digits.as_deref().unwrap_or_default().as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let right = key.len() == 64;
        let key = bytes.try_into().ok().filter(|_| right).ok_or(BadKey)?;
        Ok(Self { secret: secret.to_owned(), key })
    }

    /// Where the provider looks, below the surface's folder: the digest of the secret, which does not tell it.
    #[must_use]
    pub fn path(&self, surface: &str) -> String {
        format!("{surface}/{}.enc", sha256(self.secret.as_bytes()))
    }

    /// A state sealed: a nonce of 12 bytes, then AES-256-GCM of the state with its account and its credential. The nonce follows
    /// from the key and what is sealed, so that the same state gives the same bytes, and no two states ever share one by chance
    /// more often than random ones would.
    ///
    /// None where the state is no state that this crate has written.
    #[must_use]
    pub fn seal(&self, state: &[u8]) -> Option<Vec<u8>> {
        let mut text = confidence::with_secret(state, &self.secret).ok()?;
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.key), b"allotment nonce");
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()));
        context.update(&text);
        let nonce: [u8; 12] = *context.sign().as_ref().first_chunk()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.key).ok()?);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).ok()?;
        Some([&nonce[..], &text].concat())
    }
}

/// The fixed names under which the states of a manifest are sealed, for those surfaces whose secrets are known.
#[must_use]
pub fn sealed_pointers(manifest: &Manifest, sealers: &Sealers) -> Vec<Pointer> {
    let sealed = manifest.files().filter(|(_, format, _)| *format == FORMAT);
    let headers = Headers { content_type: "application/octet-stream", cache_control: SHORT, content_encoding: None };
    sealed
        .filter_map(|(surface, _, file)| {
            Some(Pointer {
                path: sealers.get(surface)?.path(surface),
                surface: surface.to_owned(),
                file: file.clone(),
                compressed: false,
                sealed: true,
                headers,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Artifact, sample};
    use crate::bucket::Scheme;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F";

    fn state(at: i64) -> Vec<u8> {
        confidence::encode(&Artifact { scheme: Scheme::Confidence, ..sample::home() }, at).unwrap()
    }

    #[test]
    fn opens_with_the_key_alone_and_is_the_same_for_the_same_state() {
        let sealer = Sealer::new("secret", KEY).unwrap();
        let sealed = sealer.seal(&state(sample::AT)).unwrap();
        assert_eq!(sealer.seal(&state(sample::AT)).unwrap(), sealed);
        assert_ne!(sealer.seal(&state(0)).unwrap()[..12], sealed[..12]);
        let opened = |key: &[u8; 32], sealed: &[u8]| {
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
            let nonce = Nonce::assume_unique_for_key(*sealed.first_chunk().unwrap());
            let mut text = sealed[12..].to_vec();
            key.open_in_place(nonce, Aad::empty(), &mut text).ok().map(|text| text.to_vec())
        };
        let text = opened(&sealer.key, &sealed).unwrap();
        assert_eq!(text, confidence::with_secret(&state(sample::AT), "secret").unwrap());
        assert_eq!(opened(&[0; 32], &sealed), None);
        let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(has(&text, b"secret") && !has(&sealed, b"secret") && !has(&state(sample::AT), b"secret"));
    }

    #[test]
    fn lies_under_the_digest_of_the_secret() {
        let path = Sealer::new("secret", KEY).unwrap().path("home");
        assert_eq!(path, "home/2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b.enc");
    }

    #[test]
    fn a_key_is_64_digits() {
        for key in
            ["", "00", KEY.strip_suffix('F').unwrap(), &format!("{KEY}0"), &KEY.replace('0', "g"), &"é".repeat(32)]
        {
            assert_eq!(Sealer::new("secret", key).unwrap_err(), BadKey, "{key}");
        }
        assert_eq!(format!("{:?}", Sealer::new("secret", KEY).unwrap()), "Sealer { .. }");
    }

    #[test]
    fn what_is_no_state_is_not_sealed() {
        assert_eq!(Sealer::new("secret", KEY).unwrap().seal(b"{}"), None);
    }
}
