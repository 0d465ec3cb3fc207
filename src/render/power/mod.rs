//! Forecasts of experiments and calendars of surfaces as text, and the words that text and Markdown share.

mod amounts;
mod beside;
mod calendar;
mod forecast;
mod overview;
mod plot;
pub mod record;
pub mod schedule;
mod ways;
mod words;

pub use amounts::{effect, level, needed, number, there};
pub use beside::{finds, leading, otherwise, shown};
pub use overview::tally;
pub use plot::extent;
pub use words::{audience, decided, headline, left_open, reasons, role, runs, smallest, sources, standing, supposed};

use super::text::Style;
use crate::report::Power;

/// All that is recorded, one after another, on a page of so many columns.
#[must_use]
pub fn text(power: &Power, all: bool, style: Style, width: usize) -> String {
    let mut blocks: Vec<String> = Vec::new();
    if all {
        blocks.push(overview::text(&power.experiments, style, width));
    } else {
        blocks.extend(
            power.experiments.iter().map(|forecast| forecast::text(forecast, power.what_if.as_ref(), style, width)),
        );
    }
    blocks.extend(power.surfaces.iter().map(|surface| calendar::text(surface, style, width)));
    blocks.join("\n")
}

/// All that is recorded, as one line of JSON.
#[must_use]
pub fn json(power: &Power) -> String {
    // Strings and numbers always serialise.
    let mut text = serde_json::to_string(power).unwrap_or_default();
    text.push('\n');
    text
}
