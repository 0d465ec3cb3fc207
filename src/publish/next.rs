//! The manifest that comes after the one that is served.

use std::collections::BTreeMap;

use crate::artifact::manifest::{Manifest, Stopped, Surface};

/// What becomes of what is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Without a signature where it is new.
    pub manifest: Manifest,
    /// Whether it is another than the one that is served.
    pub is_new: bool,
    /// By surface, those that are gone included.
    pub surfaces: BTreeMap<String, Change>,
}

/// What becomes of a surface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Same,
    /// It was not served before.
    New,
    /// Other files.
    Changed,
    /// It keeps what is served, if anything is.
    Held(String),
    /// It is no longer served.
    Gone,
}

/// The next manifest: surfaces as offered, but those that are held, or `refused` with a reason, as they are served now.
///
/// A surface with the same files is the same, whatever instant it was compiled for, so that nothing is written where nothing
/// changed. `past` is the largest serial that is known to have been served. Where what is served is not `intact`, it is replaced
/// even if nothing changed.
#[must_use]
pub fn next(
    offered: &Manifest,
    refused: &BTreeMap<String, String>,
    stopped: Vec<Stopped>,
    served: Option<&Manifest>,
    past: u64,
    intact: bool,
) -> Next {
    let mut surfaces = BTreeMap::new();
    let mut changes = BTreeMap::new();
    let before = |id: &String| served.and_then(|served| served.surfaces.get(id));
    for (id, surface) in &offered.surfaces {
        let why = surface.held.as_ref().or(refused.get(id));
        let (entry, change) = match (why, before(id)) {
            (Some(why), Some(served)) => {
                (Surface { held: Some(why.clone()), ..served.clone() }, Change::Held(why.clone()))
            }
            (Some(why), None) => {
                let mut entry = surface.clone();
                entry.held = Some(why.clone());
                if refused.contains_key(id) {
                    entry.formats.clear();
                }
                (entry, Change::Held(why.clone()))
            }
            (None, None) => (surface.clone(), Change::New),
            (None, Some(served)) if same(served, surface) => (Surface { held: None, ..served.clone() }, Change::Same),
            (None, Some(_)) => (surface.clone(), Change::Changed),
        };
        surfaces.insert(id.clone(), entry);
        changes.insert(id.clone(), change);
    }
    for id in served.iter().flat_map(|served| served.surfaces.keys()).filter(|id| !offered.surfaces.contains_key(*id)) {
        changes.insert(id.clone(), Change::Gone);
    }
    if let Some(served) = served
        && served.surfaces == surfaces
        && served.source == offered.source
        && served.stopped == stopped
        && bundles(served).eq(bundles(offered))
        && intact
    {
        return Next { manifest: served.clone(), is_new: false, surfaces: changes };
    }
    let serial = served.map_or(0, |served| served.serial).max(past).saturating_add(1);
    let manifest = Manifest { serial, surfaces, stopped, signature: None, ..offered.clone() };
    Next { manifest, is_new: true, surfaces: changes }
}

/// The bundles that there are to be, whatever is in them.
fn bundles(manifest: &Manifest) -> impl Iterator<Item = (&String, &Vec<String>)> {
    manifest.bundles.iter().map(|(id, bundle)| (id, &bundle.surfaces))
}

fn same(served: &Surface, offered: &Surface) -> bool {
    served.sdk == offered.sdk && served.formats == offered.formats
}
