//! What is to be written, in order: a function of what is wanted and what is there.

use std::collections::BTreeMap;
use std::fmt;

use super::{Next, Object, Pointer, path_of_serial};
use crate::artifact::manifest;

/// One thing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub kind: Kind,
    pub path: String,
}

/// What kind of thing it is. They are done in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The copy of the manifest that is served, which an interruption left out.
    Record,
    /// An immutable object that is missing or damaged.
    Upload,
    /// The manifest itself.
    Swap,
    /// The copy of the new manifest.
    RecordNew,
    /// A fixed name.
    Point,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, path } = self;
        match kind {
            Kind::Upload => write!(f, "write   {path}"),
            Kind::Swap => write!(f, "replace {path}"),
            Kind::Record | Kind::RecordNew => write!(f, "record  {path}"),
            Kind::Point => write!(f, "point   {path}"),
        }
    }
}

/// The plan. `right` says by path whether an object or a pointer is there with the bytes that it should have; `recorded`,
/// whether the copy of the manifest that is served is, if one is served.
#[must_use]
pub fn plan(
    next: &Next,
    objects: &[Object],
    pointers: &[Pointer],
    right: &BTreeMap<String, bool>,
    recorded: Option<(u64, bool)>,
) -> Vec<Action> {
    let missing = |path: &String| !right.get(path).copied().unwrap_or(false);
    let mut plan = Vec::new();
    let mut act = |kind, path: String| plan.push(Action { kind, path });
    if let Some((serial, false)) = recorded {
        act(Kind::Record, path_of_serial(serial));
    }
    for object in objects.iter().filter(|object| missing(&object.path)) {
        act(Kind::Upload, object.path.clone());
    }
    if next.is_new {
        act(Kind::Swap, manifest::PATH.to_owned());
        act(Kind::RecordNew, path_of_serial(next.manifest.serial));
    }
    for pointer in pointers.iter().filter(|pointer| missing(&pointer.path)) {
        act(Kind::Point, pointer.path.clone());
    }
    plan
}
