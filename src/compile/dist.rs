//! A distribution: immutable files, and the manifest that names them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::surface::artifact;
use crate::artifact::Artifact;
use crate::artifact::format;
use crate::artifact::manifest::{self, File, Manifest};
use crate::lock::Locks;
use crate::model::{Catalogue, Ix, Surface};

/// What a compilation depends on besides the catalogue and its locks.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The instant, in seconds since 1970.
    pub at: i64,
    /// The commit that the catalogue is at.
    pub source: Option<String>,
    /// Surfaces that a serving fault holds back, with the rules.
    pub held: BTreeMap<String, BTreeSet<&'static str>>,
    /// The manifest that is there: a held surface keeps its files.
    pub previous: Option<Manifest>,
}

/// The manifest, and the files that it names; those of held surfaces are not among them.
#[derive(Debug, Clone)]
pub struct Dist {
    pub manifest: Manifest,
    /// Paths relative to the manifest, sorted, and bytes.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Compiles every surface. One that is held back, or cannot be compiled, never touches another.
#[must_use]
pub fn compile(catalogue: &Catalogue, locks: &Locks, inputs: &Inputs) -> Dist {
    let surfaces: Vec<(Ix<Surface>, &Surface)> = catalogue.surfaces.iter().collect();
    let compiled: Vec<_> = surfaces
        .into_par_iter()
        .map(|(ix, surface)| {
            let result = match inputs.held.get(&surface.id) {
                Some(rules) => Err(rules.iter().copied().collect::<Vec<_>>().join(", ")),
                None => artifact(catalogue, locks, ix, inputs.at)
                    .map_err(|unsound| unsound.0)
                    .and_then(|artifact| formats(&artifact, inputs.at)),
            };
            (surface, result)
        })
        .collect();
    let mut manifest = Manifest {
        version: manifest::VERSION,
        source: inputs.source.clone(),
        at: inputs.at,
        surfaces: BTreeMap::new(),
    };
    let mut files = BTreeMap::new();
    for (surface, result) in compiled {
        let before = inputs.previous.as_ref().and_then(|previous| previous.surfaces.get(&surface.id));
        let entry = match result {
            Ok(formats) => {
                let mut entry = manifest::Surface {
                    sdk: surface.sdk.word().to_owned(),
                    at: inputs.at,
                    held: None,
                    formats: BTreeMap::new(),
                };
                for (format, extension, bytes) in formats {
                    let file = File::of(&surface.id, format, extension, &bytes);
                    files.insert(file.path.clone(), bytes);
                    entry.formats.insert(format.to_owned(), file);
                }
                entry
            }
            Err(why) => manifest::Surface {
                sdk: before.map_or(surface.sdk.word(), |before| &before.sdk).to_owned(),
                at: before.map_or(inputs.at, |before| before.at),
                held: Some(why),
                formats: before.map(|before| before.formats.clone()).unwrap_or_default(),
            },
        };
        manifest.surfaces.insert(surface.id.clone(), entry);
    }
    Dist { manifest, files }
}

/// The id of a format, the ending of its files, and the bytes of one.
type Format = (&'static str, &'static str, Vec<u8>);

/// The formats of a surface: Allotment's own, and that of its SDK.
fn formats(artifact: &Artifact, at: i64) -> Result<Vec<Format>, String> {
    let payload = format::encode(artifact, at).map_err(|wrong| wrong.to_string())?;
    let own = (artifact.scheme.id(), format::extension(artifact.scheme.id()).unwrap_or_default(), payload);
    Ok(vec![(format::NATIVE, format::extension(format::NATIVE).unwrap_or_default(), artifact.encode()), own])
}
