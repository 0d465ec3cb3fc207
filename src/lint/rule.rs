//! What a rule is: a plain record and a plain function.

use super::Context;
use crate::diag::{Diagnostic, Severity};

/// A rule. Its page, `<rule>.md` beside its file, is its explanation and its test.
#[derive(Debug)]
pub struct Rule {
    /// The pattern that it catches; reads well after "allow …". Once shipped, it never changes.
    pub name: &'static str,
    pub group: Group,
    /// Where it differs from its group's.
    pub level: Option<Severity>,
    /// Whether it guards what is served: then it can be neither waived nor lowered.
    pub serving: bool,
    /// One line for lists.
    pub summary: &'static str,
    /// The page, in Markdown.
    pub page: &'static str,
    pub check: Check,
}

/// Where a rule's findings come from.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// From reading files: declarations, or locks.
    Reading,
    /// From looking at the catalogue as a whole.
    Catalogue(fn(&Context<'_>) -> Vec<Diagnostic>),
}

/// A group of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    Correctness,
    Coordination,
    Power,
    Conformance,
    Lifecycle,
    Decision,
    Hygiene,
}

impl Group {
    /// Every group, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::Correctness,
        Self::Coordination,
        Self::Power,
        Self::Conformance,
        Self::Lifecycle,
        Self::Decision,
        Self::Hygiene,
    ];

    /// Its name in `allotment.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Coordination => "coordination",
            Self::Power => "power",
            Self::Conformance => "conformance",
            Self::Lifecycle => "lifecycle",
            Self::Decision => "decision",
            Self::Hygiene => "hygiene",
        }
    }

    /// The level of its rules, unless one says otherwise.
    #[must_use]
    pub fn level(self) -> Severity {
        match self {
            Self::Hygiene => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl Rule {
    /// Its level, unless `allotment.toml` says otherwise.
    #[must_use]
    pub fn default_level(&self) -> Severity {
        self.level.unwrap_or(self.group.level())
    }
}
