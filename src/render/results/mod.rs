//! Recorded results for people: as text, as Markdown and as a page; all three say the same sentences.

pub(super) mod amounts;
pub(super) mod besides;
mod forest;
mod html;
mod kept;
pub(super) mod method;
pub(super) mod pen;
pub(super) mod scale;
mod settled;
pub(super) mod story;
mod text;
pub(super) mod trust;
pub(super) mod verdict;

pub use html::html;
pub use kept::Kept;
pub use text::text;

pub use super::markdown::results as markdown;
