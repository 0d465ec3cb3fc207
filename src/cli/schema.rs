//! `allot schema`: JSON Schemas, for editors and programs.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::data;
use super::workspace::{Workspace, root};
use super::{Exit, Failure, Global};
use crate::decl::{At, Entries, Ids, schemas};
use crate::io;
use crate::lint::{Group, rules};
use crate::model::{Catalogue, ClaimKind};
use crate::render;

/// JSON Schemas of every kind of file, for editors and programs
///
/// Inside a catalogue they know its ids, so that an editor completes them and marks those that are not there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot schema -o schema            renew what the editor reads
  allot schema experiment           print one")]
pub struct Schema {
    /// Print one: a kind of file such as `experiment`, or `output/lint`; without it and without `-o`, their names
    #[arg(value_name = "KIND", conflicts_with = "output")]
    kind: Option<String>,
    /// The folder to write them to
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub fn run(global: &Global, verb: &Schema) -> Result<Exit, Failure> {
    let known = match root(global) {
        Ok(_) => {
            let workspace = Workspace::open(global)?;
            ids(&workspace.context().catalogue)
        }
        // A root that was asked for must be there; without one, the schemas know no ids.
        Err(failure) if global.root.is_some() => return Err(failure),
        Err(_) => general(),
    };
    let all = files(&known);
    if let Some(folder) = &verb.output {
        write(folder, &all)?;
        global.say(&format!("{} schemas in `{}`", all.len(), folder.display()));
        return Ok(Exit::Clean);
    }
    let Some(kind) = &verb.kind else {
        let names: String = all.iter().map(|(name, _)| format!("{name}\n")).collect();
        data(&names)?;
        return Ok(Exit::Clean);
    };
    match all.iter().find(|(name, _)| name == kind) {
        Some((_, schema)) => data(schema)?,
        None => {
            let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Failure::usage(format!("there is no schema `{kind}`")).meant(kind, names));
        }
    }
    Ok(Exit::Clean)
}

/// Writes schemas below a folder.
///
/// # Errors
/// When one cannot be written.
pub fn write(folder: &Path, schemas: &[(String, String)]) -> Result<(), Failure> {
    let files: Vec<_> =
        schemas.iter().map(|(name, text)| (folder.join(format!("{name}.json")), text.clone().into_bytes())).collect();
    Ok(io::write_all(&files)?)
}

/// Every schema: its path below a folder of schemas, without `.json`, and its text.
#[must_use]
pub fn files(known: &Ids) -> Vec<(String, String)> {
    let declarations = schemas(known).into_iter().map(|(kind, schema)| (kind.word().to_owned(), schema));
    let outputs = [
        ("output/check", render::json::check_schema()),
        ("output/history", render::json::history_schema()),
        ("output/lint", render::json::schema()),
        ("output/plan", render::json::plan_schema()),
        ("output/power", render::json::power_schema()),
        ("output/query", render::json::query_schema()),
        ("output/results", render::json::results_schema()),
        ("output/rules", render::rules::schema()),
    ];
    let outputs = outputs.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    declarations.chain(outputs).map(|(name, schema)| (name, format!("{schema:#}\n"))).collect()
}

/// The ids that are the same in every catalogue: rules and their groups.
#[must_use]
pub fn general() -> Ids {
    // Rules that guard what is served have one level, and no waivers.
    let free = || rules::ALL.iter().filter(|rule| !rule.serving);
    let each = || free().map(|rule| (rule.name.to_owned(), rule.summary.to_owned()));
    let groups = Group::ALL.into_iter().map(|group| (group.name().to_owned(), "all rules of this group".to_owned()));
    Ids::from([("rule", each().collect()), ("rule-or-group", each().chain(groups).collect())])
}

/// The ids of a catalogue, with what each is in words.
#[must_use]
pub fn ids(catalogue: &Catalogue) -> Ids {
    let said = |text: Option<&At<String>>| text.map_or(String::new(), |text| text.value.clone());
    let mut known = general();
    if let Some((_, root)) = &catalogue.root {
        known.insert("team", entries(root.teams.as_ref(), |team| said(team.name.as_ref())));
        known.insert("unit", entries(root.units.as_ref(), |unit| said(unit.description.as_ref())));
        known.insert("attribute", entries(root.attributes.as_ref(), |item| said(item.description.as_ref())));
    }
    let surfaces = catalogue.surfaces.values();
    known.insert("surface", surfaces.clone().map(|item| (item.id.clone(), said(item.written.name.as_ref()))).collect());
    let components = || {
        let of = |surface: &crate::model::Surface| entries(surface.written.components.as_ref(), String::clone);
        catalogue.surfaces.values().flat_map(of)
    };
    known.insert("component", components().collect());
    let all = ("*".to_owned(), "all components".to_owned());
    known.insert("component-or-all", components().chain([all]).collect());
    let flags = catalogue.flags.values().map(|item| (item.id.clone(), said(item.written.description.as_ref())));
    known.insert("flag", flags.collect());
    let segments = catalogue.segments.values().map(|item| (item.id.clone(), said(item.written.description.as_ref())));
    known.insert("segment", segments.collect());
    let metrics = catalogue.metrics.values().map(|item| (item.id.clone(), said(item.written.name.as_ref())));
    known.insert("metric", metrics.collect());
    let experiments = catalogue.claims.values().filter(|claim| claim.kind == ClaimKind::Experiment);
    let hypothesis = |claim: &crate::model::Claim| said(claim.experiment().and_then(|e| e.hypothesis.as_ref()));
    known.insert("experiment", experiments.map(|claim| (claim.id.clone(), hypothesis(claim))).collect());
    known
}

fn entries<T>(
    written: Option<&At<Entries<T>>>,
    said: impl Fn(&T) -> String,
) -> std::collections::BTreeMap<String, String> {
    let entries = written.into_iter().flat_map(|entries| entries.iter());
    entries.map(|(id, item)| (id.value.clone(), said(&item.value))).collect()
}
