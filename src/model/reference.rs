//! References between declarations, as written and as found.

use crate::diag::Concern;
use crate::source::Span;

/// What a reference leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    Team,
    Unit,
    Attribute,
    Surface,
    Component,
    Flag,
    Segment,
    Fact,
    Metric,
    Experiment,
    Variant,
}

impl Target {
    /// The word that users see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Unit => "unit",
            Self::Attribute => "attribute",
            Self::Surface => "surface",
            Self::Component => "component",
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Fact => "fact",
            Self::Metric => "metric",
            Self::Experiment => "experiment",
            Self::Variant => "variant",
        }
    }
}

/// One reference.
#[derive(Debug, Clone)]
pub struct Reference {
    pub target: Target,
    /// The id as written.
    pub id: String,
    pub span: Span,
    pub found: bool,
    pub concern: Concern,
    /// Whether the span is a bare key (as in `[success]`) and not a quoted string.
    pub key: bool,
    /// For components and variants: whose they are, to suggest from.
    pub within: Option<String>,
}
