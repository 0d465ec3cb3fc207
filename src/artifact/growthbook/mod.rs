//! What stock GrowthBook SDKs read: the payload of one surface at one instant, and what it cannot
//! express.
//!
//! Every encoding here means the same in the JavaScript, Python and Rust SDKs, old and new; what
//! cannot be said so that all of them agree is [`Unsupported`](super::Unsupported).

mod condition;
mod join;
mod read;
mod shape;
mod support;
mod without;
mod write;

pub use condition::condition;
pub use join::join;
pub use read::read;
pub use support::{check_attribute, check_id, check_salt, check_value};
pub(super) use support::{plain, plain_number};
pub use without::without;
pub use write::encode;
