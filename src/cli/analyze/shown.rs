//! Results in the format that was asked for.

use super::Format;
use crate::cli::output::width;
use crate::render::comment::MAX_COMMENT;
use crate::render::markdown::Links;
use crate::render::results::{self, Kept};
use crate::render::text::Style;
use crate::results::Results;

/// All results, one after the other.
pub fn all(all: &[Results], kept: Kept<'_>, format: Format, style: Style) -> String {
    let texts: Vec<String> = match format {
        Format::Json => return all.iter().map(Results::write).collect(),
        Format::Html => return results::html(all, kept),
        Format::Text => all.iter().map(|own| results::text(own, kept, style, width())).collect(),
        Format::Markdown => {
            all.iter().map(|own| results::markdown(own, kept, &Links::default()).fit(MAX_COMMENT)).collect()
        }
    };
    texts.join("\n")
}
