//! Findings: what is wrong, exactly where, and how to mend it.

mod fix;
mod suggest;

pub use fix::{Edit, Fix, apply};
pub use suggest::{closest, did_you_mean, shortened, shown, slip};

use crate::source::Span;

/// How much a finding weighs: a warning never fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Warning,
    Error,
}

impl Severity {
    /// The word that users see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A second place that explains a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    pub span: Span,
    pub message: String,
}

/// Whether a finding concerns what applications are served, or only the experimentation side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concern {
    /// It could harm what is served: it can be neither waived nor lowered and holds a surface back.
    Serving,
    /// It concerns planning, measuring or tidiness.
    Planning,
}

/// One finding. It cannot be built without a rule, a place and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub rule: &'static str,
    pub severity: Severity,
    pub concern: Concern,
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
    pub related: Vec<Label>,
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at a place. Lint sets the severity and the concern from the rule and the configuration.
    #[must_use]
    pub fn new(rule: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            concern: Concern::Serving,
            span,
            message: message.into(),
            help: None,
            related: Vec::new(),
            fix: None,
        }
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says how to mend it, where there is something to say.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Label { span, message: message.into() });
        self
    }

    /// Adds an edit that `--fix` may apply.
    #[must_use]
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// Marks the finding as one that nothing served depends on.
    #[must_use]
    pub fn planning(mut self) -> Self {
        self.concern = Concern::Planning;
        self
    }

    /// The order in which findings are shown: by place, then by rule and words.
    #[must_use]
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.span, self.rule, &self.message, &self.related).cmp(&(
            other.span,
            other.rule,
            &other.message,
            &other.related,
        ))
    }
}
