//! Recorded looks in a folder: one file each, written once, never changed.

use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::io;
use crate::results::{MAX_RECORD, Results};

/// A folder of recorded looks: `<experiment>/<phase>-<instant>.json`.
pub struct Store<'a> {
    folder: &'a Path,
}

impl<'a> Store<'a> {
    pub fn at(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// The looks that were recorded before an instant, in microseconds since 1970, at the same phase; the earliest first.
    ///
    /// # Errors
    /// When a file cannot be read, or is no record of this experiment: then nobody knows what was spent.
    pub fn before(&self, experiment: &str, phase: u32, at: i64) -> Result<Vec<Results>, Failure> {
        let folder = self.folder.join(experiment);
        let mut looks: Vec<(jiff::Timestamp, Results)> = Vec::new();
        let prefix = format!("{phase}-");
        for name in io::names_in(&folder)? {
            if !name.starts_with(&prefix) || !name.ends_with(".json") {
                continue;
            }
            let path = folder.join(&name);
            let results = read(&path)?;
            let wrong = |why: &str| Failure::usage(format!("`{}`: {why}", path.display()));
            if results.experiment != experiment || results.phase != phase {
                return Err(wrong("it is a record of another experiment or phase"));
            }
            let own: jiff::Timestamp = results.at.parse().map_err(|_| wrong("`at` is no instant"))?;
            if own.as_microsecond() < at {
                looks.push((own, results));
            }
        }
        looks.sort_by_key(|(own, _)| *own);
        Ok(looks.into_iter().map(|(_, results)| results).collect())
    }

    /// The file that records a look, if it is not there yet.
    ///
    /// # Errors
    /// When another record of the same look is there.
    pub fn record(&self, results: &Results) -> Result<Option<(PathBuf, Vec<u8>)>, Failure> {
        let name = format!("{}-{}.json", results.phase, results.at.replace(['-', ':'], ""));
        let path = self.folder.join(&results.experiment).join(name);
        let text = results.write();
        if !io::is_there(&path) {
            return Ok(Some((path, text.into_bytes())));
        }
        if io::read_bounded(&path, MAX_RECORD)? == text.as_bytes() {
            return Ok(None);
        }
        let failure = Failure::usage(format!("`{}` records another result of the same look", path.display()));
        Err(failure.help("a look is recorded once: look again at a later instant, or record into another folder"))
    }
}

fn read(path: &Path) -> Result<Results, Failure> {
    let bytes = io::read_bounded(path, MAX_RECORD)?;
    Results::read(&bytes).map_err(|why| {
        Failure::usage(format!("`{}`: {why}", path.display()))
            .help("without it nobody knows which looks were spent: restore the file")
    })
}
