//! What Confidence's local resolvers read: the state of one surface at one instant, and what it cannot express.
//!
//! One resolver, in Rust, is within every provider. A claim is a rule with a segment of its own: a bitset says which units are
//! in it, and its name is the salt of the hash that picks the variant. What a resolver is told of a rule comes back in the logs:
//! the rule is named for what exposures carry and the assignment for the variant. Every other rule has no assignment id, which is
//! how its logs are told from exposures: a resolver logs whatever it resolves.

#[cfg(feature = "cli")]
mod bits;
#[cfg(feature = "cli")]
mod condition;
#[cfg(feature = "cli")]
mod read;
#[cfg(feature = "cli")]
mod shape;
#[cfg(feature = "cli")]
mod value;
mod version;
#[cfg(feature = "cli")]
mod write;

#[cfg(feature = "cli")]
pub use condition::check_condition;
#[cfg(feature = "cli")]
pub use read::{account, read, secret_of, with_secret};
#[cfg(feature = "cli")]
pub use value::check_value;
pub use version::compare_versions;
#[cfg(feature = "cli")]
pub use write::encode;

/// Buckets over which a bitset says who is in a segment.
#[cfg(feature = "cli")]
const BUCKETS: u32 = 1_000_000;

/// The name under which a resolver finds a unit, which is OpenFeature's targeting key.
#[cfg(feature = "cli")]
const TARGETING_KEY: &str = "targeting_key";

/// What the names of all begin with that is not an experiment or a rollout: no id does.
#[cfg(feature = "cli")]
const UNLOGGED: char = '_';

/// The client of a surface, to whose credential the secret belongs.
#[cfg(feature = "cli")]
#[must_use]
pub fn client(surface: &str) -> String {
    format!("clients/{surface}")
}
