//! Proof from artifacts alone that what is served is right, or the counterexample.
//!
//! Nothing is trusted but the bytes: neither the catalogue they were compiled from, nor the compiler, nor each other.

mod agreement;
mod claims;
mod exclusion;
mod failure;
mod witness;

pub use failure::{Failure, Fault, Overlap};

use crate::artifact::format;
use crate::artifact::manifest::{Bundle, File, Manifest, Surface, is_short_digest};
use crate::artifact::{self, Artifact, Payload, Segment};
use crate::bucket::Scheme;
use exclusion::Reservation;
use rayon::prelude::*;
use std::collections::HashSet;
use std::fmt;
use witness::Witness;

/// What was verified, and what was found wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Surfaces in the manifest.
    pub surfaces: usize,
    /// Files that were read.
    pub files: usize,
    /// Experiments and rollouts in native artifacts.
    pub claims: usize,
    /// Everything that is wrong, by surface.
    pub failures: Vec<Failure>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for Report {
    /// A line for each failure, and one for what was verified.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failures.iter().try_for_each(|failure| writeln!(f, "{failure}"))?;
        let Self { surfaces, files, claims, failures } = self;
        write!(f, "{surfaces} surfaces, {files} files, {claims} experiments and rollouts: {} failures", failures.len())
    }
}

/// Verifies a distribution: its manifest, and every file the manifest names. `lookup` gives the bytes of a file by its path
/// relative to the manifest.
pub fn verify(manifest: &[u8], lookup: impl Fn(&str) -> Option<Vec<u8>> + Sync) -> Report {
    let manifest = match Manifest::parse(manifest) {
        Ok(manifest) => manifest,
        Err(why) => {
            let failures = vec![Failure { surface: None, fault: Fault::Manifest { why } }];
            return Report { failures, ..Report::default() };
        }
    };
    let surfaces: Vec<(&String, &Surface)> = manifest.surfaces.iter().collect();
    let reports = surfaces.into_par_iter().map(|(id, surface)| {
        let mut checker = Checker::new(id);
        checker.surface(surface, &lookup);
        checker.report
    });
    let mut whole = Report { surfaces: manifest.surfaces.len(), ..Report::default() };
    for part in reports.collect::<Vec<_>>() {
        whole.files = whole.files.saturating_add(part.files);
        whole.claims = whole.claims.saturating_add(part.claims);
        whole.failures.extend(part.failures);
    }
    for (id, bundle) in &manifest.bundles {
        let mut checker = Checker::new(id);
        checker.bundle(&manifest, bundle, &lookup);
        whole.files = whole.files.saturating_add(checker.report.files);
        whole.failures.extend(checker.report.failures);
    }
    whole
}

/// Verifies one surface's native artifact by itself.
#[must_use]
pub fn verify_artifact(artifact: &Artifact) -> Vec<Failure> {
    let mut checker = Checker::new(&artifact.surface);
    checker.artifact(artifact);
    checker.report.failures
}

struct Checker<'a> {
    id: &'a str,
    report: Report,
}

impl<'a> Checker<'a> {
    fn new(id: &'a str) -> Self {
        Self { id, report: Report::default() }
    }

    fn fail(&mut self, fault: Fault) {
        self.report.failures.push(Failure { surface: Some(self.id.to_owned()), fault });
    }

    fn surface(&mut self, surface: &Surface, lookup: &impl Fn(&str) -> Option<Vec<u8>>) {
        if !is_id(self.id) {
            self.fail(Fault::SurfaceId);
            return;
        }
        if surface.sdk.parse::<Scheme>().is_err() {
            self.fail(Fault::Sdk { says: surface.sdk.clone(), manifest: surface.sdk.clone() });
        }
        self.complete(surface);
        let mut native = None;
        let mut payload = None;
        for (id, file) in &surface.formats {
            let Some(bytes) = self.file(id, file, lookup) else {
                continue;
            };
            match id.parse::<Scheme>() {
                Err(_) => match Artifact::decode(&bytes) {
                    Ok(artifact) => native = Some(artifact),
                    Err(why) => self.fail(Fault::Unreadable { path: file.path.clone(), why: why.to_string() }),
                },
                Ok(scheme) => match format::read(scheme, &bytes) {
                    Ok(read) => payload = Some((read, bytes)),
                    Err(why) => self.fail(Fault::Unreadable { path: file.path.clone(), why: why.to_string() }),
                },
            }
        }
        if let Some(artifact) = &native {
            self.named(&artifact.surface, artifact.scheme.id(), surface);
            self.artifact(artifact);
        }
        if let Some((payload, bytes)) = &payload {
            self.named(&payload.surface, payload.scheme.id(), surface);
            self.payload(payload, surface.at);
            if let Some(artifact) = &native {
                for fault in agreement::compare(artifact, payload, bytes, surface.at) {
                    self.fail(fault);
                }
            }
        }
    }

    /// A surface is served in its SDK's format, which the native one is there to prove. One that is held keeps what it had, and had
    /// nothing if it was never served.
    fn complete(&mut self, surface: &Surface) {
        if surface.held.is_some() && surface.formats.is_empty() {
            return;
        }
        let is_known = |id: &str| id.parse::<Scheme>().is_ok();
        let absent = |format: &str| Fault::Absent { format: format.to_owned() };
        if !surface.formats.contains_key(format::NATIVE) {
            self.fail(absent(format::NATIVE));
        }
        let others: Vec<&String> = surface.formats.keys().filter(|id| is_known(id) && **id != surface.sdk).collect();
        if surface.formats.contains_key(&surface.sdk) {
            for format in others {
                self.fail(Fault::Stray { format: format.clone(), sdk: surface.sdk.clone() });
            }
        } else if others.is_empty() && is_known(&surface.sdk) {
            // The file of another SDK in its place says so itself.
            self.fail(absent(&surface.sdk));
        }
    }

    /// A bundle is what the files of its surfaces make, byte for byte: what is proven of them is proven of it.
    fn bundle(&mut self, manifest: &Manifest, bundle: &Bundle, lookup: &impl Fn(&str) -> Option<Vec<u8>>) {
        if !is_id(self.id) {
            self.fail(Fault::SurfaceId);
            return;
        }
        if self.file(&bundle.sdk, &bundle.file, lookup).is_none() {
            return;
        }
        // A surface's own file was looked at with the surface.
        let read = |file: &File| lookup(&file.path).filter(|bytes| file.holds(bytes));
        let why = match artifact::bundle(self.id, &bundle.surfaces, manifest, read) {
            Ok((made, _)) if made == *bundle => return,
            Ok(_) => "it is not what its surfaces make together".to_owned(),
            Err(why) => why.to_string(),
        };
        self.fail(Fault::Bundle { why });
    }

    /// The bytes of a file whose path, length and digest are as they should be.
    fn file(&mut self, format: &str, file: &File, lookup: &impl Fn(&str) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        let Some(extension) = format::extension(format) else {
            self.fail(Fault::Format { format: format.to_owned() });
            return None;
        };
        // The name follows from the content, so there is one right path and it stays inside.
        let short = file.sha256.get(..16).unwrap_or_default();
        if file.path != format!("{}/{format}-{short}.{extension}", self.id) || !is_short_digest(short) {
            self.fail(Fault::Path { path: file.path.clone() });
            return None;
        }
        let path = || file.path.clone();
        let Some(bytes) = lookup(&file.path) else {
            self.fail(Fault::Missing { path: path() });
            return None;
        };
        self.report.files = self.report.files.saturating_add(1);
        if bytes.len() as u64 != file.bytes {
            self.fail(Fault::Length { path: path(), stated: file.bytes, found: bytes.len() as u64 });
            return None;
        }
        if !file.holds(&bytes) {
            self.fail(Fault::Digest { path: path() });
            return None;
        }
        Some(bytes)
    }

    fn named(&mut self, says: &str, sdk: &str, surface: &Surface) {
        if says != self.id {
            self.fail(Fault::OtherSurface { says: says.to_owned() });
        }
        if sdk != surface.sdk {
            self.fail(Fault::Sdk { says: sdk.to_owned(), manifest: surface.sdk.clone() });
        }
    }

    fn artifact(&mut self, artifact: &Artifact) {
        self.report.claims = self.report.claims.saturating_add(artifact.claims().count());
        let twice = twice(artifact.flags.iter().map(|flag| flag.id.as_str()))
            .or_else(|| twice(artifact.claims().map(|(_, claim)| claim.key.as_str())));
        if let Some(id) = twice {
            self.fail(Fault::Twice { id: id.to_owned() });
        }
        for Segment { id, condition } in &artifact.segments {
            if let Err(why) = condition.check() {
                self.fail(Fault::Segment { id: id.clone(), why });
            }
        }
        let mut witness = Witness::of(artifact);
        for fault in claims::check(artifact, &mut witness) {
            self.fail(fault);
        }
        let reservations: Vec<_> = artifact.claims().filter_map(|(flag, claim)| Reservation::of(flag, claim)).collect();
        for fault in exclusion::check(&reservations, &mut witness) {
            self.fail(fault);
        }
    }

    fn payload(&mut self, payload: &Payload, at: i64) {
        for served in &payload.served {
            let ranges = served.variants.iter().map(|(_, range, _)| range);
            if let Some(why) = claims::cover(ranges) {
                self.fail(Fault::Variants { claim: served.key.clone(), why });
            }
        }
        let mut witness = Witness::of_payload(payload);
        let reservations: Vec<_> = payload.served.iter().map(|served| Reservation::served(served, at)).collect();
        for fault in exclusion::check(&reservations, &mut witness) {
            self.fail(fault);
        }
    }
}

/// The first of these that comes up a second time.
fn twice<'a>(ids: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    ids.into_iter().find(|id| !seen.insert(*id))
}

/// Whether a surface's id can be part of a path: `[a-z0-9]+(-[a-z0-9]+)*`.
fn is_id(id: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    id.len() <= 64 && id.split('-').all(word)
}

#[cfg(test)]
mod tests;
