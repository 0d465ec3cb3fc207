//! What to publish: a folder that `allot compile` wrote, or what another environment serves.

use std::collections::BTreeMap;
use std::path::Path;

use super::served::failed;
use super::target::Target;
use crate::artifact::manifest::{self, Manifest};
use crate::artifact::signature::PublicKey;
use crate::cli::Failure;
use crate::io;
use crate::io::store::{self, Refused, Store, each};
use crate::publish::{Offer, is_gzip_of, objects};
use crate::verify::{Failure as Unproven, Fault, Report, verify};

/// How many calls wait at once.
pub const AT_ONCE: usize = 16;

/// What was read, and what is wrong with it.
pub struct Source {
    pub offer: Offer,
    pub report: Report,
}

/// Reads what `DIST` names: the place that it is, or else a folder.
///
/// # Errors
/// When there is no distribution, or it is not signed as it should be.
pub fn source(from: Option<&Target>, dist: &str, key: Option<&PublicKey>) -> Result<Source, Failure> {
    let source = match from {
        Some(target) => of_store(target.store.as_ref())?,
        None => of_folder(Path::new(dist))?,
    };
    if let Some(key) = key {
        key.check(&source.offer.manifest).map_err(|wrong| Failure::data(format!("{dist}: {wrong}")))?;
    }
    Ok(source)
}

fn of_folder(folder: &Path) -> Result<Source, Failure> {
    if !io::is_file(&folder.join(manifest::PATH)) {
        let message = format!("there is no `{}` in `{}`", manifest::PATH, folder.display());
        return Err(Failure::usage(message).help("run `allot compile -o DIR` first"));
    }
    of_store(&store::Folder::at(folder))
}

/// Reads a distribution whole, and verifies it.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn of_store(store: &dyn Store) -> Result<Source, Failure> {
    let found = store.get(manifest::PATH).map_err(failed)?;
    let found = found.ok_or_else(|| Failure::usage(format!("nothing is published in {}", store.shown())))?;
    let manifest = Manifest::parse(&found.bytes)
        .map_err(|why| Failure::data(format!("`{}` in {} cannot be read: {why}", manifest::PATH, store.shown())))?;
    let files = files(store, &manifest)?;
    let report = verify(&found.bytes, |path| files.get(path).cloned());
    Ok(Source { offer: Offer { manifest, files }, report })
}

/// The files that a manifest names, as far as they are there. Nothing is said of what is in them.
///
/// # Errors
/// When they cannot be read.
pub fn files(store: &dyn Store, manifest: &Manifest) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let paths: Vec<&str> =
        manifest.files().map(|(_, _, file)| file.path.as_str()).filter(|path| manifest::is_path(path)).collect();
    let read = each(&paths, AT_ONCE, |path| store.get(path)).map_err(failed)?;
    let pairs = paths.into_iter().zip(read);
    Ok(pairs.filter_map(|(path, found)| Some((path.to_owned(), found?.bytes))).collect())
}

/// What is wrong with the compressed siblings of files, which some servers send in their place; one that is not there is wrong only
/// where they are `due`.
///
/// # Errors
/// When they cannot be read.
pub fn siblings(store: &dyn Store, offer: &Offer, due: bool) -> Result<Vec<Unproven>, Failure> {
    let known: BTreeMap<&str, &str> =
        offer.manifest.files().map(|(surface, _, file)| (file.path.as_str(), surface)).collect();
    let mut all = objects(&offer.manifest, true);
    // What is said of a file that is missing or damaged itself is enough.
    all.retain(|object| {
        object.compressed && offer.files.get(&object.file.path).is_some_and(|it| object.file.holds(it))
    });
    let told = each(&all, AT_ONCE, |object| -> Result<Option<Unproven>, Refused> {
        let Some(content) = offer.files.get(&object.file.path) else { return Ok(None) };
        let path = object.path.clone();
        let fault = match store.get(&object.path)? {
            Some(found) if is_gzip_of(&found.bytes, content) => return Ok(None),
            Some(_) => Fault::Sibling { path },
            None if due => Fault::Missing { path },
            None => return Ok(None),
        };
        let surface = known.get(object.file.path.as_str()).map(|&surface| surface.to_owned());
        Ok(Some(Unproven { surface, fault }))
    });
    Ok(told.map_err(failed)?.into_iter().flatten().collect())
}

/// Why each surface that failed did; what is wrong with the whole comes without a surface.
#[must_use]
pub fn refusals(report: &Report) -> (BTreeMap<String, String>, Option<String>) {
    let mut surfaces: BTreeMap<String, String> = BTreeMap::new();
    let mut whole = None;
    for failure in &report.failures {
        match &failure.surface {
            Some(id) => drop(surfaces.entry(id.clone()).or_insert_with(|| format!("not proven: {}", failure.fault))),
            None => whole = Some(failure.to_string()),
        }
    }
    (surfaces, whole)
}
