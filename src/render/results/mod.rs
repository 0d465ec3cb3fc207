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

use crate::results::Treatment;

/// The error that all intervals of a treatment share; none where they differ, and each says its own.
#[must_use]
pub fn common_alpha(treatment: &Treatment) -> Option<f64> {
    let first = treatment.outcomes.first()?.alpha;
    treatment.outcomes.iter().all(|outcome| (outcome.alpha - first).abs() < 1e-9).then_some(first)
}
