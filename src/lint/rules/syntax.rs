//! `syntax`: a file that is not TOML, or not text at all.

use crate::lint::{Check, Group, Rule};

pub static RULE: Rule = Rule {
    name: "syntax",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a file is not TOML",
    page: include_str!("syntax.md"),
    check: Check::Reading,
};
