//! The ledger of a surface: its salt, its holdout, and the digest lines at which Git sees collisions.
//!
//! One table per component, each with one digest line. Branches that allot on one component change the same line, so Git
//! reports a conflict exactly where experiments would have collided; other branches merge cleanly.

use std::collections::BTreeMap;

use super::codec::runs;
use super::digest::digest;
use crate::bucket::BucketSet;
use crate::decl::quoted;

const HEADER: &str = "# The ledger of this surface, written by `allot allocate`: review it, do not edit it.
# Each component has one digest, so that Git sees a conflict where experiments would collide.
";
const FOOTER: &str = "\n# The end of the ledger.\n";

/// A surface's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    pub salt: String,
    pub holdout: BucketSet,
    /// Over the surface's identity, its components, and every lock that claims them all.
    pub surface: String,
    /// For each declared component: over the surface's identity, its flags, and every lock that claims it.
    pub components: BTreeMap<String, String>,
}

/// The ledger's path for the path of a surface's declaration.
#[must_use]
pub fn path_of_ledger(declaration: &str) -> String {
    super::path_of_lock(declaration)
}

/// A ledger's text.
#[must_use]
pub fn ledger_text(ledger: &Ledger) -> String {
    let mut text = format!(
        "{HEADER}version = 1\nsalt = {}\nholdout = {}\n\n[surface]\ndigest = {}\n",
        quoted(&ledger.salt),
        runs(&ledger.holdout),
        quoted(&ledger.surface)
    );
    text.push('\n');
    // No line between two components is like any other: where two branches add the same one, Git must see that the lines are
    // the same, and empty ones could be taken for each other's.
    for (component, digest) in &ledger.components {
        text.push_str(&format!("[components.{component}]\ndigest = {}\n", quoted(digest)));
    }
    text.push_str(FOOTER);
    text
}

/// What a ledger's digests are made of.
pub(super) struct Contents<'a> {
    pub unit: &'a str,
    pub sdk: &'a str,
    pub salt: &'a str,
    pub buckets: u32,
    pub holdout: &'a BucketSet,
    /// Declared components, sorted.
    pub components: &'a [String],
    /// The component and the id of each flag.
    pub flags: Vec<(&'a str, &'a str)>,
    /// The claimed components, the id and the digest of each lock, with what its declaration asks for besides.
    pub locks: Vec<(&'a [String], &'a str, String)>,
}

impl Contents<'_> {
    /// The ledger of these contents.
    pub fn ledger(mut self) -> Ledger {
        self.flags.sort_unstable();
        self.locks.sort_unstable_by(|a, b| a.1.cmp(b.1));
        let identity = digest(
            "allotment surface",
            &[self.unit, self.sdk, self.salt, &self.buckets.to_string(), &self.holdout.to_string()],
        );
        let locks_of = |component: &str| -> Vec<String> {
            self.locks
                .iter()
                .filter(|(components, ..)| components.iter().any(|own| own == "*" || own == component))
                .map(|(_, id, digest)| format!("{id} {digest}"))
                .collect()
        };
        let all = |parts: &[String]| digest("allotment ledger", &parts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut shared = vec![identity.clone(), self.components.join(" ")];
        shared.extend(locks_of("*"));
        let components = self.components.iter().map(|component| {
            let flags = self.flags.iter().filter(|(own, _)| own == component).map(|&(_, flag)| flag);
            let mut parts = vec![identity.clone(), flags.collect::<Vec<_>>().join(" ")];
            parts.extend(locks_of(component));
            (component.clone(), all(&parts))
        });
        Ledger {
            salt: self.salt.to_owned(),
            holdout: self.holdout.clone(),
            surface: all(&shared),
            components: components.collect(),
        }
    }
}
