//! `unsupported-version`: a file of a format that this release does not read.

use crate::lint::{Check, Group, Rule};

pub static RULE: Rule = Rule {
    name: "unsupported-version",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a file is of a version that this release does not read",
    page: include_str!("unsupported_version.md"),
    check: Check::Reading,
};
