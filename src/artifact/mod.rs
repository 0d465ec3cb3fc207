//! The shapes that are served: plain data, the native file, what each SDK's format can express, and the manifest.
//!
//! An [`Artifact`] is one surface. Nothing here decides what is served to whom; that is the evaluator's part.

#[cfg(feature = "cli")]
mod bundle;
mod condition;
mod disk;

pub mod confidence;
pub mod eppo;
#[cfg(feature = "cli")]
pub mod format;
pub mod growthbook;
mod instant;
pub mod manifest;
mod model;
mod native;
mod pattern;
mod payload;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(feature = "signing")]
pub mod signature;
mod unsupported;
mod version;

#[cfg(feature = "cli")]
pub use bundle::{Unbundled, bundle, put_bundles};
pub use condition::{AttributeType, Condition, InvalidCondition, Operand, Predicate, Test};
pub use instant::{Instant, civil};
pub use model::{Artifact, Claim, ClaimKind, Flag, FlagKind, Preview, Rule, Segment, Step, Variant, exposure_key};
pub use native::{DecodeError, VERSION};
pub use payload::{JoinError, Payload, ReadError, Served};
pub(crate) use unsupported::sdks;
pub use unsupported::{Unservable, Unsupported};
pub use version::compare_versions;
