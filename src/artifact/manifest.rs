//! The manifest: which immutable file each surface is served from.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The version of the manifest that this crate writes and reads.
pub const VERSION: u32 = 1;

/// Where the manifest lies in a distribution.
pub const PATH: &str = "manifest.json";

/// All surfaces of a distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`VERSION`].
    pub version: u32,
    /// The commit it was compiled from.
    pub source: Option<String>,
    /// The instant of compilation, in Unix seconds.
    pub at: i64,
    /// By surface id.
    pub surfaces: BTreeMap<String, Surface>,
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
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        // A newer manifest may have keys that this version does not know, so its version is read first.
        let Versioned { version } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if version != VERSION {
            return Err(format!("version {version} of the manifest; this is made for version {VERSION}"));
        }
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
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

impl File {
    /// The entry for a surface's file in a format; `extension` is the ending of its name.
    #[must_use]
    pub fn of(surface: &str, format: &str, extension: &str, bytes: &[u8]) -> Self {
        let sha256 = sha256(bytes);
        let short = sha256.get(..16).unwrap_or(&sha256);
        let path = format!("{surface}/{format}-{short}.{extension}");
        Self { path, sha256, bytes: bytes.len() as u64 }
    }
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
            source: Some("0123".into()),
            at: 1_799_625_600,
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
        let unknown = json.replacen("\"at\"", "\"colour\": 1, \"at\"", 1);
        assert!(Manifest::parse(unknown.as_bytes()).is_err());
        let held = json.replacen("\"held\": false", "\"held\": true", 1);
        assert!(Manifest::parse(held.as_bytes()).is_err());
        for end in 0..json.len() - 2 {
            assert!(Manifest::parse(&json.as_bytes()[..end]).is_err());
        }
    }
}
