//! The manifest: which immutable file each surface is served from.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The version of the manifest that this crate writes and reads.
pub const VERSION: u32 = 1;

/// Where the manifest lies in a distribution.
pub const PATH: &str = "manifest.json";

/// The id of Allotment's own format, which every surface has.
pub const NATIVE: &str = "native";

/// All surfaces of a distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`VERSION`].
    pub version: u32,
    /// Rises by one with every publish to one place; 0 for what was not published yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub serial: u64,
    /// The commit it was compiled from.
    pub source: Option<String>,
    /// The instant of compilation, in Unix seconds.
    pub at: i64,
    /// By surface id.
    pub surfaces: BTreeMap<String, Surface>,
    /// Files of several surfaces in one, by the bundle's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bundles: BTreeMap<String, Bundle>,
    /// What was taken out of service in an emergency, until the catalogue says so too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stopped>,
    /// Whose manifest this is: over its bytes without this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// What is read of a manifest of whatever version.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// An experiment or a rollout that is not served although the catalogue has it live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// Its id.
    pub experiment: String,
    /// The id and phase that its exposures carry.
    pub key: String,
    /// The surface it is on.
    pub surface: String,
    /// When it was stopped, in Unix seconds.
    pub at: i64,
    /// Why.
    pub reason: String,
}

/// An Ed25519 signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Which key made it: the first 16 digits of the SHA-256 of the public key.
    pub key: String,
    /// The signature in base64.
    pub ed25519: String,
}

/// What is served of one surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// The id of the scheme its SDK hashes with.
    pub sdk: String,
    /// The instant it was compiled for, in Unix seconds; of a held surface, that of its last good files.
    pub at: i64,
    /// `false`, or why the last good files are kept.
    #[serde(with = "held")]
    pub held: Option<String>,
    /// By format id, such as `native` or `growthbook`.
    pub formats: BTreeMap<String, File>,
}

/// The files of several surfaces as one, for an application that loads one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The id of the scheme that all of them are hashed with.
    pub sdk: String,
    /// The surfaces, in the order in which they were joined.
    pub surfaces: Vec<String>,
    /// The file, in the SDK's format.
    pub file: File,
}

/// An immutable file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Relative to the manifest, `<surface>/<format>-<sha256[..16]>.<ext>`.
    pub path: String,
    /// The digest of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong with the JSON, or the version it asks for.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        // A newer manifest may have keys that this version does not know, so its version is read first.
        let Versioned { version } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if version != VERSION {
            return Err(format!("version {version} of the manifest; this is made for version {VERSION}"));
        }
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// Whether something is a manifest, as far as can be told, of a version that is not [`VERSION`].
    #[must_use]
    pub fn is_foreign(bytes: &[u8]) -> bool {
        serde_json::from_slice(bytes).is_ok_and(|Versioned { version }| version != VERSION)
    }

    /// The manifest as it is written: indented JSON with a line end, the same bytes for the same manifest.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain data with text keys has no way to fail.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}

impl Manifest {
    /// Every file that it names, with the surface or the bundle, and the format.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str, &File)> {
        let surfaces = self.surfaces.iter().flat_map(|(id, surface)| {
            surface.formats.iter().map(move |(format, file)| (id.as_str(), format.as_str(), file))
        });
        let bundles = self.bundles.iter().map(|(id, bundle)| (id.as_str(), bundle.sdk.as_str(), &bundle.file));
        surfaces.chain(bundles)
    }
}

impl Stopped {
    /// Whether it is about what carries an exposure key: the same experiment, in the phase that was stopped or an earlier one.
    #[must_use]
    pub fn covers(&self, key: &str) -> bool {
        phase_of(key, &self.experiment).is_some_and(|phase| phase <= self.phase())
    }

    /// The phase that was stopped.
    #[must_use]
    pub fn phase(&self) -> u32 {
        phase_of(&self.key, &self.experiment).unwrap_or(1)
    }
}

/// The phase of an exposure key, if it is one of an id's.
#[must_use]
pub fn phase_of(key: &str, id: &str) -> Option<u32> {
    match key.strip_prefix(id)? {
        "" => Some(1),
        rest => rest.strip_prefix('.')?.parse().ok(),
    }
}

impl File {
    /// The entry for a surface's file in a format; `extension` is the ending of its name.
    #[must_use]
    pub fn of(surface: &str, format: &str, extension: &str, bytes: &[u8]) -> Self {
        let sha256 = sha256(bytes);
        let short = sha256.get(..16).unwrap_or(&sha256);
        let path = format!("{surface}/{format}-{short}.{extension}");
        Self { path, sha256, bytes: bytes.len() as u64 }
    }

    /// Whether these are its bytes.
    #[must_use]
    pub fn holds(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.bytes && sha256(bytes) == self.sha256
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_zero(serial: &u64) -> bool {
    *serial == 0
}

/// Whether a path is one that a distribution has: a surface's folder, and in it a content-addressed file.
#[must_use]
pub fn is_path(path: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    path.split_once('/').is_some_and(|(surface, file)| {
        plain(surface) && file.split_once('.').is_some_and(|(name, extension)| plain(name) && plain(extension))
    })
}

/// Whether a text is the part of a digest that a file's name has: 16 digits in lower-case hexadecimal.
#[must_use]
pub fn is_short_digest(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The SHA-256 of some bytes in lower-case hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// `false` or a reason.
mod held {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Held {
        No(bool),
        Because(String),
    }

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(reason: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        match reason {
            None => Held::No(false),
            Some(reason) => Held::Because(reason.clone()),
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        match Held::deserialize(deserializer)? {
            Held::No(false) => Ok(None),
            Held::Because(reason) => Ok(Some(reason)),
            Held::No(true) => Err(D::Error::custom("`held` is `false` or the reason")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let surface = |held: Option<&str>| Surface {
            sdk: "growthbook".into(),
            at: 1_799_625_600,
            held: held.map(Into::into),
            formats: BTreeMap::from([("native".into(), File::of("home", "native", "bin", b"abc"))]),
        };
        Manifest {
            version: VERSION,
            serial: 0,
            source: Some("0123".into()),
            at: 1_799_625_600,
            bundles: BTreeMap::new(),
            stopped: Vec::new(),
            signature: None,
            surfaces: BTreeMap::from([
                ("home".into(), surface(None)),
                ("search".into(), surface(Some("`syntax` in a flag"))),
            ]),
        }
    }

    #[test]
    fn files_are_named_by_their_content() {
        let file = File::of("home", "native", "bin", b"abc");
        assert_eq!(file.path, "home/native-ba7816bf8f01cfea.bin");
        assert_eq!(file.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(file.bytes, 3);
        assert!(file.holds(b"abc") && !file.holds(b"abd") && !file.holds(b"abcd"));
        assert!(!File { bytes: 4, ..file }.holds(b"abc"));
    }

    #[test]
    fn is_written_and_read_the_same() {
        let manifest = manifest();
        let json = manifest.to_json();
        assert_eq!(Manifest::parse(json.as_bytes()), Ok(manifest));
        assert!(json.contains(r#""held": false"#) && json.contains(r#""held": "`syntax` in a flag""#), "{json}");
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let json = manifest().to_json();
        let newer = json.replacen("\"version\": 1", "\"version\": 2, \"new\": 1", 1);
        assert_eq!(
            Manifest::parse(newer.as_bytes()).unwrap_err(),
            "version 2 of the manifest; this is made for version 1"
        );
        assert!(Manifest::is_foreign(newer.as_bytes()) && !Manifest::is_foreign(json.as_bytes()));
        assert!(!Manifest::is_foreign(b"{}") && !Manifest::is_foreign(b""));
        let unknown = json.replacen("\"at\"", "\"colour\": 1, \"at\"", 1);
        assert!(Manifest::parse(unknown.as_bytes()).is_err());
        let held = json.replacen("\"held\": false", "\"held\": true", 1);
        assert!(Manifest::parse(held.as_bytes()).is_err());
        for end in 0..json.len() - 2 {
            assert!(Manifest::parse(&json.as_bytes()[..end]).is_err());
        }
    }
}
