//! Levels of rules and groups, as `allotment.toml` sets them.

use std::collections::HashMap;

use super::Rule;
use crate::decl::{Level, Root};
use crate::diag::Severity;

/// The configured levels, by the name of a rule or of a group.
#[derive(Debug, Clone, Default)]
pub struct Levels(HashMap<String, Level>);

impl Levels {
    /// The levels that a root sets.
    #[must_use]
    pub fn of_root(root: Option<&Root>) -> Self {
        let written = root.and_then(|root| root.lint.as_ref());
        Self(
            written
                .iter()
                .flat_map(|lint| lint.iter())
                .map(|(name, level)| (name.value.clone(), level.value))
                .collect(),
        )
    }

    /// The severity of a rule's findings, or none if it is allowed: a rule's own level wins over its group's.
    /// Serving findings are always errors.
    #[must_use]
    pub fn of(&self, rule: &Rule, serving: bool) -> Option<Severity> {
        if serving {
            return Some(Severity::Error);
        }
        match self.0.get(rule.name).or_else(|| self.0.get(rule.group.name())) {
            Some(Level::Allow) => None,
            Some(Level::Warn) => Some(Severity::Warning),
            Some(Level::Error) => Some(Severity::Error),
            None => Some(rule.default_level()),
        }
    }
}
