//! What is served now, and what is taken of something new.

use crate::artifact::Artifact;
use crate::artifact::manifest::{File, Manifest, NATIVE, is_path, sha256};
use crate::eval::{Evaluator, FlagRef};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The largest artifact that is read.
const MOST: u64 = 256 << 20;

/// The evaluators of all surfaces that were asked for; a surface that was never read is absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    surfaces: BTreeMap<String, Arc<Surface>>,
    wanted: usize,
    serial: Option<u64>,
}

/// A surface, and the digest of the file it was read from.
#[derive(Debug)]
struct Surface {
    evaluator: Evaluator,
    sha256: String,
}

/// Artifacts that were taken: the surface, and its bytes.
pub(super) type Taken = Vec<(String, Vec<u8>)>;

impl Served {
    /// What was kept of these surfaces. What does not prove itself is left out.
    pub(super) fn kept(wanted: &[String], serial: Option<u64>, kept: impl Fn(&str) -> Option<Vec<u8>>) -> Self {
        let surfaces = wanted.iter().filter_map(|id| {
            let bytes = kept(id)?;
            let surface = Surface { sha256: sha256(&bytes), evaluator: evaluator(id, &bytes).ok()? };
            Some((id.clone(), Arc::new(surface)))
        });
        Self { surfaces: surfaces.collect(), wanted: wanted.len(), serial }
    }

    /// Whether every surface can be served.
    pub(super) fn is_complete(&self) -> bool {
        self.surfaces.len() >= self.wanted
    }

    /// The serial number of the last manifest that was taken.
    pub(super) const fn serial(&self) -> Option<u64> {
        self.serial
    }

    /// The surface that has a flag.
    pub(super) fn find(&self, flag: &str) -> Option<(&Evaluator, FlagRef)> {
        self.surfaces.values().find_map(|surface| Some((&surface.evaluator, surface.evaluator.flag(flag)?)))
    }

    /// What is served after a manifest, what was new in it, and what of it was refused. A surface never touches another.
    ///
    /// # Errors
    /// Why the manifest as a whole is not taken: it cannot be read, an older one was put back, or `trusted` says no.
    pub(super) fn after(
        &self,
        manifest: &[u8],
        wanted: &[String],
        trusted: impl Fn(&Manifest) -> Result<(), String>,
        fetch: impl Fn(&str, u64) -> Result<Vec<u8>, String>,
    ) -> Result<(Self, Taken, Vec<String>), String> {
        let refused = |why: String| format!("the manifest is refused: {why}");
        let manifest = Manifest::parse(manifest).map_err(refused)?;
        trusted(&manifest).map_err(refused)?;
        // A place that was never published to has no serials; once there are, they only rise.
        if let Some(taken) = self.serial.filter(|taken| manifest.serial < *taken) {
            let serial = manifest.serial;
            return Err(refused(format!("its serial is {serial}, and {taken} was taken before: it is an older one")));
        }
        let mut next = Self { serial: Some(manifest.serial), ..self.clone() };
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for id in wanted {
            let entry = manifest.surfaces.get(id).and_then(|surface| surface.formats.get(NATIVE));
            let Some(entry) = entry else {
                refused.push(format!("surface `{id}` is not published"));
                continue;
            };
            if self.surfaces.get(id).is_some_and(|own| own.sha256 == entry.sha256) {
                continue;
            }
            match bytes_of(entry, &fetch).and_then(|bytes| Ok((evaluator(id, &bytes)?, bytes))) {
                Ok((evaluator, bytes)) => {
                    next.surfaces.insert(id.clone(), Arc::new(Surface { evaluator, sha256: entry.sha256.clone() }));
                    taken.push((id.clone(), bytes));
                }
                Err(why) => refused.push(format!("surface `{id}` is refused: {why}")),
            }
        }
        Ok((next, taken, refused))
    }
}

/// The bytes of a file, if they are those that the manifest names.
fn bytes_of(file: &File, fetch: impl Fn(&str, u64) -> Result<Vec<u8>, String>) -> Result<Vec<u8>, String> {
    if !is_path(&file.path) {
        return Err("its path leads elsewhere".to_owned());
    }
    if file.bytes > MOST {
        return Err(format!("{} bytes are more than an artifact may have", file.bytes));
    }
    let bytes = fetch(&file.path, file.bytes)?;
    if !file.holds(&bytes) {
        return Err(format!("{} is not what the manifest names", file.path));
    }
    Ok(bytes)
}

/// An artifact, ready to be asked, if it is that of the surface.
fn evaluator(surface: &str, bytes: &[u8]) -> Result<Evaluator, String> {
    let artifact = Artifact::decode(bytes).map_err(|why| why.to_string())?;
    if artifact.surface != surface {
        return Err(format!("it is the artifact of `{}`", artifact.surface));
    }
    Ok(Evaluator::new(artifact))
}
