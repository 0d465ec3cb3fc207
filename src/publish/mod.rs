//! From a distribution and what is served to a plan of what to write where: pure, so that every order of events can be tried.
//!
//! Immutable files come first, then the manifest, on the condition that it is still the one that was read; then its copy in the
//! history, and the pointers, which follow from it. So a reader finds a whole state at every moment, and whoever comes next
//! mends what an interruption left.

mod compress;
mod differ;
mod history;
mod next;
mod object;
mod plan;
mod pointer;
mod retain;
mod sealed;
mod withhold;

pub use compress::{gunzip, gzip, is_gzip_of};
pub use differ::differences;
pub use history::{path_of_serial, serial_of_path};
pub use next::{Change, Next, next};
pub use object::{Object, headers_of_object, manifest_headers, objects};
pub use plan::{Action, Kind, plan};
pub use pointer::{Pointer, Stray, is_pointer, pointers, strays};
pub use retain::{Listed, Record, freed, needed_manifests};
pub use sealed::{BadKey, FORMAT as SEALED, Key, Sealer, Sealers, opens, sealed, sealed_pointers, sealed_surface};
pub use withhold::{Ended, Offer, Withheld, ended, ended_since, stopped, withhold};

/// How something is sent by a server: what it is, for how long it may be kept, and how it is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    pub content_type: &'static str,
    pub cache_control: &'static str,
    pub content_encoding: Option<&'static str>,
}

/// What never changes may be kept for ever.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// What says which of those counts is asked for again soon; `stale-while-revalidate` hides a slow origin.
pub const SHORT: &str = "public, max-age=60, stale-while-revalidate=60";
