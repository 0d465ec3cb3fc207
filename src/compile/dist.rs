//! A distribution: immutable files, and the manifest that names them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::surface::artifact;
use crate::artifact::format;
use crate::artifact::manifest::{self, File, Manifest};
use crate::artifact::{Artifact, put_bundles};
use crate::decl::{Sdk, is_id};
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
    /// Of those files, the ones that bundles are made of, by path.
    pub kept: BTreeMap<String, Vec<u8>>,
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
        serial: 0,
        source: inputs.source.clone(),
        at: inputs.at,
        surfaces: BTreeMap::new(),
        bundles: BTreeMap::new(),
        stopped: Vec::new(),
        signature: None,
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
            Err(why) => held(before, surface.sdk, inputs.at, why),
        };
        manifest.surfaces.insert(surface.id.clone(), entry);
    }
    for (id, rules) in inputs.held.iter().filter(|(id, _)| is_id(id) && catalogue.surfaces.get(id).is_none()) {
        // A surface whose file cannot be read is there all the same, and keeps what is served of it.
        let before = inputs.previous.as_ref().and_then(|previous| previous.surfaces.get(id));
        let why = rules.iter().copied().collect::<Vec<_>>().join(", ");
        manifest.surfaces.insert(id.clone(), held(before, Sdk::Growthbook, inputs.at, why));
    }
    let made = bundled(&mut manifest, &bundles(catalogue), &files, &inputs.kept);
    files.extend(made);
    Dist { manifest, files }
}

/// A surface that keeps what it had, if it had anything.
fn held(before: Option<&manifest::Surface>, sdk: Sdk, at: i64, why: String) -> manifest::Surface {
    manifest::Surface {
        sdk: before.map_or(sdk.word(), |before| &before.sdk).to_owned(),
        at: before.map_or(at, |before| before.at),
        held: Some(why),
        formats: before.map(|before| before.formats.clone()).unwrap_or_default(),
    }
}

/// Makes the bundles. A held surface whose file is not here is left out; publishing puts in what is served of it.
fn bundled(
    manifest: &mut Manifest,
    wanted: &BTreeMap<String, Vec<String>>,
    files: &BTreeMap<String, Vec<u8>>,
    kept: &BTreeMap<String, Vec<u8>>,
) -> BTreeMap<String, Vec<u8>> {
    let find = |file: &File| files.get(&file.path).or_else(|| kept.get(&file.path));
    let mut known = manifest.clone();
    known.surfaces.retain(|_, surface| surface.formats.get(&surface.sdk).is_some_and(|file| find(file).is_some()));
    let made = put_bundles(&mut known, wanted, |file| find(file).cloned());
    manifest.bundles = known.bundles;
    made
}

/// The surfaces of each bundle, by its id.
#[must_use]
pub fn bundles(catalogue: &Catalogue) -> BTreeMap<String, Vec<String>> {
    let declared = catalogue.root.as_ref().and_then(|(_, root)| root.bundles.as_ref());
    let bundles = declared.iter().flat_map(|bundles| bundles.iter()).filter_map(|(id, bundle)| {
        let surfaces = bundle.surfaces.as_ref()?.value.iter().map(|surface| surface.value.clone());
        Some((id.value.clone(), surfaces.collect()))
    });
    bundles.collect()
}

/// The id of a format, the ending of its files, and the bytes of one.
pub type Format = (&'static str, &'static str, Vec<u8>);

/// The formats of a surface: Allotment's own, and that of its SDK.
///
/// # Errors
/// When its SDK cannot be served something of it.
pub fn formats(artifact: &Artifact, at: i64) -> Result<Vec<Format>, String> {
    let payload = format::encode(artifact, at).map_err(|wrong| wrong.to_string())?;
    let own = (artifact.scheme.id(), format::extension(artifact.scheme.id()).unwrap_or_default(), payload);
    Ok(vec![(format::NATIVE, format::extension(format::NATIVE).unwrap_or_default(), artifact.encode()), own])
}
