//! Every file of a catalogue as read, before anything is bound: what a catalogue and its base have in common is read once.

use std::collections::HashMap;

use rayon::prelude::*;

use super::bind::buckets_of;
use crate::decl::{self, Declaration, Kind};
use crate::diag::Diagnostic;
use crate::source::{FileId, Sources};

/// One declaration as read.
#[derive(Debug)]
pub(super) struct Reading {
    pub kind: Kind,
    /// None where it cannot be read at all.
    pub declaration: Option<Declaration>,
    pub findings: Vec<Diagnostic>,
}

/// Declarations as read, by the version of their file.
#[derive(Debug, Default)]
pub struct Readings(HashMap<FileId, Reading>);

impl Readings {
    /// Reads every declaration, on all cores.
    #[must_use]
    pub fn of(sources: &Sources) -> Self {
        let mut readings = Self::default();
        readings.extend(sources);
        readings
    }

    /// Reads those declarations that were not read before.
    pub fn extend(&mut self, sources: &Sources) {
        let new: Vec<_> = sources
            .iter()
            .filter(|(file, _)| !self.0.contains_key(file))
            .filter_map(|(file, source)| Kind::of(&source.path).map(|kind| (file, source, kind)))
            .collect();
        let read: Vec<_> = new
            .into_par_iter()
            .map(|(file, source, kind)| {
                let (declaration, findings) = decl::read(file, source, kind);
                (file, Reading { kind, declaration, findings })
            })
            .collect();
        self.0.extend(read);
    }

    /// How many buckets each surface has, by its file, of those files that `sources` has.
    #[must_use]
    pub fn buckets(&self, sources: &Sources) -> HashMap<FileId, u32> {
        let surface = |file: FileId| match &self.of_file(file)?.declaration {
            Some(Declaration::Surface(written)) => Some((file, buckets_of(written))),
            _ => None,
        };
        sources.iter().filter_map(|(file, _)| surface(file)).collect()
    }

    pub(super) fn of_file(&self, file: FileId) -> Option<&Reading> {
        self.0.get(&file)
    }
}
