//! What the SDKs of one scheme do not all understand alike, and where in a surface it was met.

use super::{Artifact, Segment};
use crate::bucket::Scheme;
use std::fmt;

/// Why something cannot be served so that all SDKs of a scheme agree on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// The surface hashes with another scheme.
    Scheme,
    /// An attribute whose name the SDKs do not look up as it stands.
    Attribute(String),
    /// An experiment or rollout whose id breaks an SDK.
    Id(String),
    /// A salt that is empty or not ASCII.
    Salt,
    /// An ordering or a part of a text asked of a type that the SDKs do not compare alike.
    Operator,
    /// A constant of another type than its attribute.
    Operand,
    /// A number that is not finite, or beyond 2^53 - 1.
    Number,
    /// A version constant that is not three numbers, with an optional pre-release.
    Version(String),
    /// An empty list of conditions or of values.
    Empty,
    /// A text to look for that is empty or has control characters.
    Text,
    /// A value that is or contains null where a rule forces it.
    Null,
    /// A claim with fewer than two variants.
    Variants,
    /// Values of one flag with other fields, or other types, than each other.
    Shape,
    /// An attribute with the name under which the SDKs look up the unit itself.
    Subject,
    /// A segment that is too many cases one by one.
    Rules,
    /// A value that is not of its flag's type.
    Kind,
    /// A day outside the years 0 to 9999.
    Instant,
    /// Two values under one name.
    Twice(String),
}

impl Unsupported {
    /// It in words, said of the SDKs of a scheme.
    #[must_use]
    pub fn said_of(&self, scheme: Scheme) -> String {
        let sdks = sdks(scheme);
        match self {
            Self::Scheme => format!("the surface's `sdk` is not `{scheme}`"),
            Self::Attribute(name) => format!("{sdks} cannot look up an attribute named `{name}`"),
            Self::Id(id) if scheme == Scheme::Confidence => format!("{sdks} take the id `{id}` apart"),
            Self::Id(id) => format!("the GrowthBook SDK for JavaScript fails on the id `{id}`"),
            Self::Salt if scheme == Scheme::Confidence => {
                format!("{sdks} want a salt for each experiment that is not empty and has no slash")
            }
            Self::Salt => format!("{sdks} hash only ASCII salts alike"),
            Self::Operator if scheme == Scheme::Confidence => format!("{sdks} do not have this operator for this type"),
            Self::Operator => format!("{sdks} do not agree on this operator for this type"),
            Self::Operand => "the value is not of the attribute's type".to_owned(),
            Self::Number => format!("{sdks} agree on numbers up to 2^53 - 1 only"),
            Self::Version(version) if scheme == Scheme::Confidence => {
                format!("{sdks} read versions such as `9.4` or `9.4.0` only, and not `{version}`")
            }
            Self::Version(version) => {
                format!("{sdks} agree on versions such as `9.4.0` or `9.4.0-beta.1` only, and not on `{version}`")
            }
            Self::Empty => format!("{sdks} do not agree on an empty list"),
            Self::Text => format!("{sdks} do not agree on an empty text or one with control characters"),
            Self::Null if scheme == Scheme::Confidence => format!("{sdks} take `null` for no value at all"),
            Self::Null => format!("{sdks} do not agree on `null`"),
            Self::Variants => format!("{sdks} skip an experiment with fewer than two variants"),
            Self::Shape => format!("{sdks} give every value of a flag the same fields, each of one type"),
            Self::Subject => format!("to {sdks} `id` is the unit, and cannot be another attribute"),
            Self::Rules => format!("{sdks} want the cases of a segment one by one, and here these are more than 256"),
            Self::Kind => "the value is not of the flag's type".to_owned(),
            Self::Instant => format!("{sdks} read days in the years 0 to 9999 only"),
            Self::Twice(name) => format!("two values are named `{name}`"),
        }
    }
}

/// Who reads a scheme's format, as the subject of a sentence.
pub(crate) const fn sdks(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::GrowthBook => "GrowthBook SDKs",
        Scheme::Eppo => "Eppo SDKs",
        Scheme::Confidence => "Confidence resolvers",
    }
}

/// What of a surface cannot be written in its SDK's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unservable {
    /// The SDK's scheme.
    pub scheme: Scheme,
    /// The part of the surface, such as "flag `home-ranker`".
    pub place: String,
    /// Why not.
    pub reason: Unsupported,
}

impl Artifact {
    /// What is written of one of its segments, in the format of its scheme.
    pub(super) fn in_segment<T>(
        &self,
        index: usize,
        write: impl FnOnce(&Segment) -> Result<T, Unsupported>,
    ) -> Result<T, Unservable> {
        let segment = self.segments.get(index);
        let place = || segment.map_or("segment".to_owned(), |segment| format!("segment `{}`", segment.id));
        let written = segment.ok_or(Unsupported::Empty).and_then(write);
        written.map_err(|reason| Unservable { scheme: self.scheme, place: place(), reason })
    }
}

impl fmt::Display for Unservable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason.said_of(self.scheme))
    }
}

impl std::error::Error for Unservable {}
