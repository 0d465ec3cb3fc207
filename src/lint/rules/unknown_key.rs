//! `unknown-key`: a key that its table does not have.

use crate::lint::{Check, Group, Rule};

pub static RULE: Rule = Rule {
    name: "unknown-key",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a key is not one that its table has",
    page: include_str!("unknown_key.md"),
    check: Check::Reading,
};
