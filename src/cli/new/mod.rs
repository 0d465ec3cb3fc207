//! `allot new`: a commented file of a kind, at its place, with what the catalogue knows filled in.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::{data, shown};
use super::schema::{files as schemas, ids, write as write_schemas};
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::decl::{Day, Ids, is_id};
use crate::io;
use crate::lint::Context;
use crate::model::{Catalogue, Surface};

/// How many days ahead a new experiment starts: time for review.
const AHEAD: u32 = 7;

/// Write a commented file of a kind, at its place in the catalogue
///
/// What the catalogue leaves no choice about is filled in; what is still to be said, `allot lint` asks for.
/// The path is printed on standard output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot new experiment warmer-colours            a thought, with what later stages need in comments
  allot new flag home-colours --surface home     a flag of a surface
  allot new segment commuters")]
pub struct New {
    /// The kind of file
    kind: Kind,
    /// Its id: lower-case letters, digits and single dashes
    id: String,
    /// The surface that it is for, where there are several
    #[arg(long, value_name = "ID")]
    surface: Option<String>,
}

/// What stands where there is a choice: no id is ever so close to it that it would be taken for a slip.
const TODO: &str = "TODO";

/// A kind of file that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The ground that experiments share
    Surface,
    /// What applications read
    Flag,
    /// An audience
    Segment,
    /// Facts and metrics
    #[value(alias = "metric")]
    Metrics,
    /// A thought that may become an experiment
    Experiment,
    /// One value to growing shares
    Rollout,
    /// What power needs to know of a surface
    Baseline,
}

impl Kind {
    fn template(self) -> &'static str {
        match self {
            Self::Surface => include_str!("files/surface.toml"),
            Self::Flag => include_str!("files/flag.toml"),
            Self::Segment => include_str!("files/segment.toml"),
            Self::Metrics => include_str!("files/metrics.toml"),
            Self::Experiment => include_str!("files/experiment.toml"),
            Self::Rollout => include_str!("files/rollout.toml"),
            Self::Baseline => include_str!("files/baseline.toml"),
        }
    }

    /// The path of a new file: experiments and rollouts lie in a folder of their surface, where it is known.
    fn path(self, id: &str, surface: Option<&Surface>) -> String {
        match (self, surface) {
            (Self::Surface, _) => format!("surfaces/{id}.toml"),
            (Self::Flag, _) => format!("flags/{id}.toml"),
            (Self::Segment, _) => format!("segments/{id}.toml"),
            (Self::Metrics, _) => format!("metrics/{id}.toml"),
            (Self::Baseline, _) => format!("baselines/{id}.toml"),
            (Self::Experiment, Some(surface)) => format!("experiments/{}/{id}.toml", surface.id),
            (Self::Experiment, None) => format!("experiments/{id}.toml"),
            (Self::Rollout, Some(surface)) => format!("rollouts/{}/{id}.toml", surface.id),
            (Self::Rollout, None) => format!("rollouts/{id}.toml"),
        }
    }

    /// Where the id is taken already, if it is; experiments and rollouts share one name space.
    fn taken(self, id: &str, context: &Context<'_>) -> Option<String> {
        let catalogue = &context.catalogue;
        let file = match self {
            Self::Surface => catalogue.surfaces.get(id)?.file,
            Self::Flag => catalogue.flags.get(id)?.file,
            Self::Segment => catalogue.segments.get(id)?.file,
            Self::Experiment | Self::Rollout => catalogue.claims.get(id)?.file,
            Self::Metrics | Self::Baseline => return None,
        };
        Some(context.sources.path(file).to_owned())
    }
}

pub fn run(global: &Global, verb: &New) -> Result<Exit, Failure> {
    let id = verb.id.as_str();
    if !is_id(id) {
        return Err(Failure::usage(format!("`{}` is no id", id.escape_debug()))
            .help("an id has lower-case letters, digits and single dashes, at most 64 of them: `warm-headline`"));
    }
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    if let Some(path) = verb.kind.taken(id, &context) {
        return Err(Failure::usage(format!("the id `{id}` is taken by `{path}`")).help("ids are never used again"));
    }
    let surface = surface(&context.catalogue, verb)?;
    let path = verb.kind.path(id, surface);
    let known = ids(&context.catalogue);
    let text = filled(verb.kind.template(), id, surface, &known, &context.catalogue, workspace.today());
    let file: PathBuf = workspace.root.join(&path);
    if io::is_there(&file) {
        return Err(Failure::usage(format!("`{path}` is already there")).help("nothing was written"));
    }
    if !io::resolved(&file)?.starts_with(io::resolved(&workspace.root)?) {
        return Err(Failure::usage(format!("`{path}` is outside the catalogue: a folder on its way is a link")));
    }
    io::create_new(&file, text.as_bytes())?;
    data(&format!("{}\n", shown(&file)))?;
    let again = Workspace::open(global)?;
    // Schemas that know the ids of the catalogue should know this one too; those that nobody asked for are not brought.
    let folder = workspace.root.join("schema");
    let mut known = schemas(&ids(&again.context().catalogue));
    known.retain(|(name, _)| io::is_there(&folder.join(format!("{name}.json"))));
    write_schemas(&folder, &known)?;
    global.say("next: fill in what is said in its comments, and run `allot lint`");
    Ok(Exit::Clean)
}

/// The surface that the file is for: the one that is named, or the only one.
fn surface<'a>(catalogue: &'a Catalogue, verb: &New) -> Result<Option<&'a Surface>, Failure> {
    let Some(named) = &verb.surface else {
        let mut all = catalogue.surfaces.values();
        return Ok(all.next().filter(|_| all.next().is_none()));
    };
    catalogue.surfaces.get(named).map(Some).ok_or_else(|| {
        let known: Vec<&str> = catalogue.surfaces.values().map(|surface| surface.id.as_str()).collect();
        Failure::usage(format!("there is no surface `{named}`")).meant(named, known)
    })
}

/// A template with its placeholders replaced: by what there is only one of, or by words that lint asks about.
fn filled(
    template: &str,
    id: &str,
    surface: Option<&Surface>,
    known: &Ids,
    catalogue: &Catalogue,
    today: Day,
) -> String {
    let only = |what: &str| {
        let mut ids = known.get(what).into_iter().flat_map(|ids| ids.keys());
        let id = ids.next().filter(|_| ids.next().is_none());
        id.cloned().unwrap_or_else(|| TODO.to_owned())
    };
    let flag = || {
        let mut flags = catalogue.flags.values().filter(|flag| {
            surface.is_some_and(|surface| flag.surface.is_some_and(|ix| catalogue.surfaces.at(ix).id == surface.id))
        });
        flags.next().filter(|_| flags.next().is_none()).map_or(TODO.to_owned(), |flag| flag.id.clone())
    };
    let component = || match surface.map(|surface| surface.components.as_slice()) {
        Some([only]) => only.clone(),
        _ => TODO.to_owned(),
    };
    let mut name = id.replace('-', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut text = template.to_owned();
    for (placeholder, value) in [
        ("{{id}}", id.to_owned()),
        ("{{table}}", id.replace('-', "_")),
        ("{{name}}", name),
        ("{{team}}", only("team")),
        ("{{unit}}", only("unit")),
        ("{{surface}}", surface.map_or(TODO.to_owned(), |surface| surface.id.clone())),
        ("{{component}}", component()),
        ("{{flag}}", flag()),
        ("{{segment}}", only("segment")),
        ("{{metric}}", only("metric")),
        ("{{attribute}}", only("attribute")),
        ("{{value}}", TODO.to_owned()),
        ("{{start}}", today.plus(AHEAD).to_string()),
        ("{{today}}", today.to_string()),
    ] {
        text = text.replace(placeholder, &value);
    }
    aligned(&text)
}

/// Comments behind a value, in one column again.
fn aligned(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once("  # ") {
        Some((code, words)) if !code.trim().is_empty() => format!("{:48} # {words}\n", code.trim_end()),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
