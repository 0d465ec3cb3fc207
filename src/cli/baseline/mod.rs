//! `allot baseline`: what power needs to know of a surface, measured in its own data.

mod text;

use std::path::PathBuf;

use clap::Args;

use super::gather::{Options, columns_of, gather_watched, tables};
use super::output::data;
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::analysis::measured;
use crate::decl;
use crate::io;
use crate::lint::Context;
use crate::model::{Ix, Surface};
use crate::query::{Relation, baselines};
use crate::render::plain;

/// Measure a surface's baselines: reach, segment shares, and the mean, deviation and covariate correlation of its metrics
///
/// Visits come from the fact that the surface names in `visits`; a unit's first one in the measured days stands for its exposure.
/// The file `baselines/<surface>.toml` is written whole, for review; what cannot be measured stays as it is there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot baseline home
  allot baseline --days 28 --dry-run")]
pub struct BaselineVerb {
    /// The surfaces; without them, all that name their visits
    #[arg(value_name = "SURFACE")]
    surfaces: Vec<String>,
    /// How many days up to `--at` are measured
    #[arg(long, value_name = "N", default_value_t = 42, value_parser = clap::value_parser!(u32).range(1..=1000))]
    days: u32,
    /// The fact whose rows are visits, instead of the one that the surface names
    #[arg(long, value_name = "FACT")]
    visits: Option<String>,
    /// Write nothing; print what would be written
    #[arg(long)]
    dry_run: bool,
}

pub fn run(global: &Global, verb: &BaselineVerb) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    let now = workspace.at.0.saturating_mul(1_000_000);
    let tables = tables(
        &context.catalogue,
        "write the file by hand from what the warehouse says: `allot new baseline SURFACE` begins one",
    )?;
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for (surface, visits) in chosen(&context, verb)? {
        let (path, text) = one(global, verb, &workspace, &context, &tables, now, (surface, &visits))?;
        if verb.dry_run {
            data(&text)?;
        } else {
            data(&format!("writes {}\n", plain(&path)))?;
        }
        files.push((workspace.root.join(path), text.into_bytes()));
    }
    if !verb.dry_run {
        io::write_all(&files)?;
        global.say("look at the difference before you commit it: power and durations follow from it");
    }
    Ok(Exit::Clean)
}

/// Measures one surface: the path and the text of its file.
fn one(
    global: &Global,
    verb: &BaselineVerb,
    workspace: &Workspace,
    context: &Context<'_>,
    tables: &[(String, String)],
    now: i64,
    (surface, visits): (Ix<Surface>, &str),
) -> Result<(String, String), Failure> {
    let catalogue = &context.catalogue;
    let id = &catalogue.surfaces.at(surface).id;
    let fact = catalogue.facts.get(visits).ok_or_else(|| {
        Failure::usage(format!("there is no fact `{visits}`"))
            .meant(visits, catalogue.facts.values().map(|fact| fact.id.as_str()))
    })?;
    let relation = match (&fact.written.table, &fact.written.select) {
        (_, Some(select)) => Relation::Select(select.value.clone()),
        (Some(table), None) => Relation::Table(table.value.clone()),
        (None, None) => return Err(Failure::usage(format!("fact `{visits}` has neither a table nor a select"))),
    };
    let columns = columns_of(&workspace.root, tables, visits, &relation)?;
    let has = |name: &str| columns.iter().find(|(known, _)| known == name).map(|(_, is_text)| *is_text);
    let asked = baselines(catalogue, surface, visits, verb.days, now, has)
        .map_err(|why| Failure::usage(format!("`{id}`: {why}")))?;
    let tallies = gather_watched(global, &workspace.root, tables, &asked.request, Options::default())?;
    let found = measured(&asked, &tallies, verb.days);
    if found.reach.is_empty() {
        return Err(Failure::data(format!(
            "`{visits}` has no visit of `{id}` in the {} days before {}",
            verb.days,
            workspace.today()
        ))
        .help("is the table the right one, and `--at` in its time?"));
    }
    for left in &asked.unmeasured {
        global.say(&format!("{} `{}` is not measured: {}", left.kind, left.id, left.why));
    }
    for (metric, why) in &found.failed {
        global.say(&format!("metric `{metric}` is not measured: {why}"));
    }
    let named = |baseline: &decl::Baseline| baseline.surface.as_ref().is_some_and(|surface| surface.value == *id);
    let before = catalogue.baselines.iter().find(|(_, baseline)| named(baseline));
    let path =
        before.map_or_else(|| format!("baselines/{id}.toml"), |(file, _)| workspace.sources.path(*file).to_owned());
    let text = text::text(id, &found, verb.days, workspace.today(), before.map(|(_, baseline)| baseline));
    Ok((path, text))
}

/// The surfaces that are measured, with the facts of their visits.
fn chosen(context: &Context<'_>, verb: &BaselineVerb) -> Result<Vec<(Ix<Surface>, String)>, Failure> {
    let surfaces = &context.catalogue.surfaces;
    let known = || surfaces.values().map(|surface| surface.id.as_str());
    if let Some(unknown) = verb.surfaces.iter().find(|id| surfaces.get(id).is_none()) {
        return Err(Failure::usage(format!("there is no surface `{unknown}`")).meant(unknown, known()));
    }
    let help = "name the fact whose rows are visits of it, as `visits = \"sessions\"` in its file, or with `--visits`";
    let mut chosen = Vec::new();
    for (ix, surface) in surfaces.iter() {
        let named = verb.surfaces.contains(&surface.id);
        let visits = verb.visits.as_ref().or(surface.written.visits.as_ref().map(|fact| &fact.value));
        match visits {
            Some(visits) if named || verb.surfaces.is_empty() => chosen.push((ix, visits.clone())),
            None if named => {
                return Err(Failure::usage(format!("nothing says what a visit of `{}` is", surface.id)).help(help));
            }
            _ => {}
        }
    }
    if chosen.is_empty() {
        return Err(Failure::usage("no surface says what its visits are").help(help));
    }
    Ok(chosen)
}
