//! Results in the format that was asked for.

use super::Format;
use crate::render::text::Style;
use crate::results::Results;

/// All results, one after the other.
pub fn all(all: &[Results], format: Format, style: Style) -> String {
    let _ = style;
    match format {
        Format::Json => all.iter().map(Results::write).collect(),
        Format::Text | Format::Markdown | Format::Html => {
            let line = |results: &Results| {
                let reasons: Vec<&str> = results.decision.reasons.iter().map(|reason| reason.words.as_str()).collect();
                format!("{} {:?}: {}\n", results.experiment, results.decision.advice, reasons.join("; "))
            };
            all.iter().map(line).collect()
        }
    }
}
