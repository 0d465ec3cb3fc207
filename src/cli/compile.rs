//! `allot compile`: the artifacts of every surface.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{data, say};
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::artifact::Artifact;
use crate::artifact::manifest::{self, Manifest};
use crate::compile::{Dist, Inputs, bundles, compile};
use crate::io;
use crate::lint::{Levels, held, lint_serving};

/// The largest manifest that is read back.
const MAX_MANIFEST: u64 = 16 << 20;

/// Compile the artifacts that SDKs read, one set for each surface
///
/// The same catalogue, `--at` and commit give the same bytes. A surface with a serving fault is held: its last good
/// files, if they are in DIR, stay named in the manifest, and the other surfaces go out.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot compile -o dist
  allot compile -o dist --at 2027-02-01T00:00:00Z
  allot compile -o dist && allot verify dist")]
pub struct Compile {
    /// Where to write `manifest.json` and a folder for each surface
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// The commit that the catalogue is at; without it, the repository's HEAD
    #[arg(long, value_name = "COMMIT")]
    source: Option<String>,
}

pub fn run(global: &Global, verb: &Compile) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let previous = read_manifest(&verb.out)?;
    let source = verb.source.clone().or_else(|| io::head_commit(&workspace.root));
    let kept = kept(&workspace, previous.as_ref(), &verb.out)?;
    let dist = compiled(&workspace, source, previous.clone(), kept);
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for (path, bytes) in &dist.files {
        let target = verb.out.join(path);
        // A content-addressed file that is there with the right length was written by an earlier run.
        if !io::is_file_of(&target, bytes.len() as u64) {
            files.push((target, bytes.clone()));
        }
    }
    // The manifest comes last: it never names a file that is not there.
    if previous.as_ref() != Some(&dist.manifest) {
        files.push((verb.out.join(manifest::PATH), dist.manifest.to_json().into_bytes()));
    }
    io::write_all(&files)?;
    if let Some(previous) = &previous {
        io::remove_files(
            &left_over(previous, &dist.manifest).into_iter().map(|path| verb.out.join(path)).collect::<Vec<_>>(),
        )?;
    }
    let mut exit = Exit::Clean;
    for (id, surface) in &dist.manifest.surfaces {
        let sizes: Vec<String> =
            surface.formats.iter().map(|(format, file)| format!("{format} {} bytes", file.bytes)).collect();
        let sizes = if sizes.is_empty() { "nothing served before".to_owned() } else { sizes.join(", ") };
        match &surface.held {
            None if global.quiet => {}
            None => data(&format!("{id}: {sizes}\n"))?,
            Some(why) => {
                exit = Exit::Findings;
                data(&format!("{id}: held by {why}; keeps {sizes}\n"))?;
            }
        }
    }
    for (id, bundle) in dist.manifest.bundles.iter().filter(|_| !global.quiet) {
        data(&format!("{id}: {} bytes, of {}\n", bundle.file.bytes, bundle.surfaces.join(", ")))?;
    }
    if exit == Exit::Findings {
        say("a held surface keeps its last good artifact: `allot lint` says what to mend");
    }
    Ok(exit)
}

/// The distribution of a catalogue.
pub fn compiled(
    workspace: &Workspace,
    source: Option<String>,
    previous: Option<Manifest>,
    kept: BTreeMap<String, Vec<u8>>,
) -> Dist {
    let context = workspace.context();
    let levels = Levels::of_root(context.catalogue.root.as_ref().map(|(_, root)| root));
    let report = lint_serving(&context, &levels);
    let inputs = Inputs { at: workspace.at.0, source, held: held(&context, &report), previous, kept };
    compile(&context.catalogue, &context.locks, &inputs)
}

/// The files of an earlier run that bundles may need: those of their surfaces, if one is held.
fn kept(
    workspace: &Workspace,
    previous: Option<&Manifest>,
    folder: &Path,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut kept = BTreeMap::new();
    for surface in bundles(&workspace.context().catalogue).values().flatten() {
        let before = previous.and_then(|previous| previous.surfaces.get(surface));
        let file = before.and_then(|before| before.formats.get(&before.sdk));
        // Only a path that this tool itself would write is read, and only as much as the manifest says.
        if let Some(file) = file.filter(|file| manifest::is_path(&file.path)) {
            let path = folder.join(&file.path);
            if io::is_file_of(&path, file.bytes) {
                let bytes = io::read_bounded(&path, file.bytes)?;
                if file.holds(&bytes) {
                    kept.insert(file.path.clone(), bytes);
                }
            }
        }
    }
    Ok(kept)
}

/// The native artifacts of a distribution, of one surface or of all; says which surfaces are held and so left out.
pub fn served(dist: &Dist, only: Option<&str>) -> Vec<Artifact> {
    let surfaces = dist.manifest.surfaces.iter().filter(|(id, _)| only.is_none_or(|only| only == id.as_str()));
    let mut artifacts = Vec::new();
    for (id, surface) in surfaces {
        if let Some(why) = &surface.held {
            say(&format!("surface `{id}` is held by {why}, and left out"));
        }
        let native = surface.formats.get("native").and_then(|file| dist.files.get(&file.path));
        artifacts.extend(native.and_then(|bytes| Artifact::decode(bytes).ok()));
    }
    artifacts
}

/// The manifest in a folder, if there is one.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn read_manifest(folder: &Path) -> Result<Option<Manifest>, Failure> {
    let path = folder.join(manifest::PATH);
    if !io::is_file(&path) {
        return Ok(None);
    }
    let bytes = io::read_bounded(&path, MAX_MANIFEST)?;
    Manifest::parse(&bytes)
        .map(Some)
        .map_err(|wrong| Failure::usage(format!("`{}` is no manifest of allot: {wrong}", path.display())))
}

/// Files that the manifest before named and this one does not.
fn left_over(before: &Manifest, now: &Manifest) -> BTreeSet<String> {
    let named = |manifest: &Manifest| -> BTreeSet<String> {
        // Only a path that this tool itself would write is ever removed.
        manifest.files().map(|(_, _, file)| file.path.clone()).filter(|path| manifest::is_path(path)).collect()
    };
    &named(before) - &named(now)
}
