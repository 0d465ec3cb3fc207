//! From a request to what was counted: the embedded engine scans tables, the streaming operator counts.

use std::path::Path;

use super::failure::Failure;
use super::{Global, output};
use crate::decl::Engine;
use crate::model::Catalogue;
use crate::query::{Relation, Request};
use crate::results::Tally;

/// How the embedded engine may use this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// How many bytes the process may hold at once, at least 256 MB; results are the same whatever it is.
    pub memory: Option<u64>,
    /// How many cores it may use; results are the same whatever it is.
    pub threads: Option<usize>,
}

/// An amount of memory as it is written: `512MB`, `2GB`, or bytes.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn memory(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "MB" | "MIB" | "M" => 20,
        "GB" | "GIB" | "G" => 30,
        _ => return Err("write it as `512MB` or `2GB`".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write it as `512MB` or `2GB`".to_owned())?;
    let bytes = number.checked_mul(1 << shift).ok_or_else(|| "this is more than there can be".to_owned())?;
    if bytes < LEAST { Err("at least `256MB` are needed".to_owned()) } else { Ok(bytes) }
}

/// The least memory that is promised to be enough.
const LEAST: u64 = 256 << 20;

/// How far the scans are: said now and then while they run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// What is being read: `exposures`, or a fact's id.
    pub reading: &'a str,
    /// Which pass over the data this is, from 1.
    pub pass: u64,
    /// The share of the units that is counted once this pass is done.
    pub share: f64,
    /// Rows read of it in this pass.
    pub rows: u64,
}

/// Counts what a request asks for, from the tables that the patterns of `[warehouse.tables]` name: pairs of a schema and its
/// pattern, relative to the catalogue's root. There is one tally per study, in their order; a metric whose fact cannot be
/// read as declared carries the reason in [`crate::results::MetricTally::failed`].
///
/// # Errors
///
/// Where the exposures are not as declared (exit code 1), or the environment failed (3).
pub fn gather(
    root: &Path,
    tables: &[(String, String)],
    request: &Request,
    options: Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Tally>, Failure> {
    #[cfg(feature = "embedded")]
    return embedded::gather(root, tables, request, options, progress);
    #[cfg(not(feature = "embedded"))]
    {
        let _ = (root, tables, request, options, progress);
        Err(without())
    }
}

/// The same, which shows on a terminal how far it is.
///
/// # Errors
///
/// As [`gather`].
pub fn gather_watched(
    global: &Global,
    root: &Path,
    tables: &[(String, String)],
    request: &Request,
    options: Options,
) -> Result<Vec<Tally>, Failure> {
    let tallies = gather(root, tables, request, options, &mut |progress| {
        if !global.quiet {
            output::progress(Some(&said(progress)));
        }
    });
    output::progress(None);
    tallies
}

/// How far a count is, in words.
fn said(Progress { reading, pass, share, rows }: Progress<'_>) -> String {
    let rows = rows / 1_000_000;
    match pass {
        1 if share >= 1.0 => format!("reading {reading}: {rows} million rows"),
        _ => format!("reading {reading}, pass {pass} to {:.0}% of units: {rows} million rows", 100.0 * share),
    }
}

/// The tables of the embedded engine: schemas with their patterns. `instead` says what to do where the data are elsewhere.
///
/// # Errors
///
/// Where another engine has them.
pub fn tables(catalogue: &Catalogue, instead: &str) -> Result<Vec<(String, String)>, Failure> {
    let warehouse = catalogue.root.as_ref().and_then(|(_, root)| root.warehouse.as_ref()).map(|at| &at.value);
    let engine = warehouse.and_then(|warehouse| warehouse.engine.as_ref()).map(|engine| engine.value);
    if let Some(engine) = engine.filter(|engine| *engine != Engine::Embedded) {
        let words = format!("facts are in `{}`, which this command does not reach", engine.word());
        return Err(Failure::usage(words).help(instead));
    }
    let tables = warehouse.and_then(|warehouse| warehouse.tables.as_ref());
    let pairs = tables.into_iter().flat_map(|tables| tables.iter());
    Ok(pairs.map(|(schema, pattern)| (schema.value.clone(), pattern.value.clone())).collect())
}

/// The columns of a relation that is called `name`, and whether each is text.
///
/// # Errors
///
/// Where it is not there (exit code 1), or the environment failed (3).
pub fn columns_of(
    root: &Path,
    tables: &[(String, String)],
    name: &str,
    relation: &Relation,
) -> Result<Vec<(String, bool)>, Failure> {
    #[cfg(feature = "embedded")]
    return embedded::columns(root, tables, name, relation);
    #[cfg(not(feature = "embedded"))]
    {
        let _ = (root, tables, name, relation);
        Err(without())
    }
}

#[cfg(not(feature = "embedded"))]
fn without() -> Failure {
    Failure::usage("this `allot` was built without the embedded engine")
        .help("build it with the feature `embedded`, or let the warehouse compute: `allot query` prints the statement")
}

#[cfg(feature = "embedded")]
mod embedded;

#[cfg(test)]
mod tests {
    use super::memory;

    #[test]
    fn memory_is_read_with_its_unit() {
        assert_eq!(memory("256MB"), Ok(256 << 20));
        assert_eq!(memory("2 GiB"), Ok(2 << 30));
        assert_eq!(memory("536870912"), Ok(512 << 20));
        for wrong in ["", "MB", "1TB", "255MB", "-1GB", "1.5GB", "99999999999999999999", "99999999999GB", "é"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
