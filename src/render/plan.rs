//! A plan as text for a terminal.

use super::text::Style;
use crate::report::Plan;

/// What changes, a block for each.
#[must_use]
pub fn text(plan: &Plan, _style: Style) -> String {
    plan.changes.iter().map(|change| format!("{:?}  {}\n", change.actions, change.id)).collect()
}
