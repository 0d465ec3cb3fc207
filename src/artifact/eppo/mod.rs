//! What Eppo's SDKs read: a surface as a universal flag configuration (UFC), with the times at which claims begin and end.
//!
//! Every encoding here means the same in the JavaScript SDKs and in those with the core in Rust, which are Python's, Ruby's
//! and Rust's own; what cannot be said so that they agree is [`Unsupported`](super::Unsupported).

mod condition;
mod join;
mod read;
mod shape;
mod value;
mod without;
mod write;

pub use condition::check_condition;
pub use join::join;
pub use read::read;
pub use value::{compare_versions, is_version, number};
pub use without::without;
pub use write::encode;

/// How many shards a unit may fall into, by either hash.
const SHARDS: u32 = 10_000;
