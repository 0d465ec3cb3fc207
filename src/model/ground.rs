//! Surfaces, flags and segments: the ground that claims are made on.

use super::arena::{Identified, Ix};
use crate::artifact::Condition;
use crate::decl::{self, Sdk, Share};
use crate::source::FileId;

/// A surface.
#[derive(Debug, Clone)]
pub struct Surface {
    pub id: String,
    pub file: FileId,
    pub written: decl::Surface,
    pub sdk: Sdk,
    /// How many buckets its units are hashed into.
    pub buckets: u32,
    pub holdout: Share,
    /// The ids of its components, sorted.
    pub components: Vec<String>,
    /// Whether all that decides where units go could be read: nothing is allotted on another ground than was meant.
    pub sound: bool,
}

impl Surface {
    /// How many buckets a share is, if it is a whole number of them.
    #[must_use]
    pub fn count(&self, share: Share) -> Option<u32> {
        let millionths = u64::from(share.0) * u64::from(self.buckets);
        (millionths % 1_000_000 == 0).then(|| u32::try_from(millionths / 1_000_000).ok()).flatten()
    }

    /// The unit that is randomised, as written; empty where it is missing.
    #[must_use]
    pub fn unit(&self) -> &str {
        self.written.unit.as_ref().map_or("", |unit| &unit.value)
    }

    /// How many cells its hash has.
    #[must_use]
    pub fn grid(&self) -> u32 {
        match self.sdk {
            Sdk::Growthbook | Sdk::Eppo => 10_000,
            Sdk::Confidence => 1_000_000,
        }
    }
}

/// Whether a text can be a salt: every SDK hashes plain ASCII alike, and some take an empty one for none.
#[must_use]
pub fn is_salt(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// A flag.
#[derive(Debug, Clone)]
pub struct Flag {
    pub id: String,
    pub file: FileId,
    pub written: decl::Flag,
    pub surface: Option<Ix<Surface>>,
    /// Its component, if its surface has it.
    pub component: Option<String>,
    /// Targeting rules: the segment, if found, for each rule as written.
    pub rules: Vec<Option<Ix<Segment>>>,
}

/// A segment.
#[derive(Debug, Clone)]
pub struct Segment {
    pub id: String,
    pub file: FileId,
    pub written: decl::Segment,
    /// What it tests, if every attribute is known and every literal has its type.
    pub predicate: Option<Condition>,
}

macro_rules! identified {
    ($($name:ident),*) => {
        $(impl Identified for $name {
            fn id(&self) -> &str {
                &self.id
            }
        })*
    };
}
identified!(Surface, Flag, Segment);
