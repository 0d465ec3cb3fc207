//! Recorded results for people: as text, as Markdown and as a page; all three say the same sentences.

pub mod amounts;
mod forest;
pub mod html;
pub mod method;
pub mod pen;
pub mod scale;
pub mod story;
mod text;
pub mod trust;
pub mod verdict;

pub use html::html;
pub use text::text;

pub use super::markdown::results as markdown;
