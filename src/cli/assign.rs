//! `allot assign`: what a unit gets, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use super::attributes::{Types, attributes};
use super::compile::{compiled, read_manifest, served};
use super::output::{Printed, buffered};
use super::workspace::{Workspace, instant};
use super::{Exit, Failure, Global};
use crate::artifact::manifest::{self, File};
use crate::eval::{Assignment, Evaluator};
use crate::io;
use crate::render::plain;

/// The largest file of units, and the largest artifact.
const MAX_FILE: u64 = 1 << 30;

/// Say what a unit gets of every flag, and why
///
/// From the catalogue, or with `--dist` from compiled artifacts alone. JSON has one object a line:
/// unit, surface, flag, experiment, variant, value, reason (OpenFeature's), bucket.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot assign --unit user-1
  allot assign --unit user-1 --attribute country=SE --attribute plan=premium --explain
  allot assign --units-from units.jsonl --format json
  allot assign --unit user-1 --dist dist --surface home --flag home-ranker")]
pub struct Assign {
    /// The unit's id; may be repeated
    #[arg(long, value_name = "ID", required_unless_present = "units_from")]
    unit: Vec<String>,
    /// Many units: a line each, an id or a JSON object of attributes with the unit's own; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "unit")]
    units_from: Option<PathBuf>,
    /// An attribute of the unit, typed as `allotment.toml` declares it, or with `--dist` as segments test it; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    attribute: Vec<(String, String)>,
    /// Say how each value was arrived at
    #[arg(long)]
    explain: bool,
    /// Only this surface
    #[arg(long, value_name = "ID")]
    surface: Option<String>,
    /// Only this flag
    #[arg(long, value_name = "ID")]
    flag: Option<String>,
    /// Read compiled artifacts in this folder instead of the catalogue
    #[arg(long, value_name = "DIR")]
    dist: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    unit: &'a str,
    surface: &'a str,
    flag: &'a str,
    experiment: Option<&'a str>,
    variant: Option<&'a str>,
    value: &'a Value,
    reason: &'a str,
    bucket: Option<u32>,
}

/// A unit: its id under each unit attribute, and its other attributes.
struct Subject {
    id: Option<String>,
    attributes: Value,
}

pub fn run(global: &Global, verb: &Assign) -> Result<Exit, Failure> {
    let (evaluators, types, at) = match &verb.dist {
        Some(dist) => {
            let evaluators = from_dist(verb, dist)?;
            let types = Types::of_artifacts(evaluators.iter().map(Evaluator::artifact));
            (evaluators, types, instant(global)?.0)
        }
        None => from_catalogue(global, verb)?,
    };
    if let Some(id) = &verb.surface
        && evaluators.is_empty()
    {
        return Err(Failure::usage(format!("there is no surface `{id}` to evaluate")));
    }
    if let Some(id) = &verb.flag
        && evaluators.iter().all(|evaluator| evaluator.flag(id).is_none())
    {
        let known: Vec<&str> = evaluators
            .iter()
            .flat_map(|evaluator| evaluator.artifact().flags.iter().map(|flag| flag.id.as_str()))
            .collect();
        return Err(Failure::usage(format!("there is no flag `{id}`")).meant(id, known));
    }
    let shared = attributes(&verb.attribute, &types)?;
    let units: BTreeSet<&str> = evaluators.iter().map(|evaluator| evaluator.artifact().unit.as_str()).collect();
    let subjects = subjects(verb, &shared, &units)?;
    buffered(|out| {
        for subject in &subjects {
            for evaluator in &evaluators {
                write(out, verb, evaluator, subject, at)?;
            }
        }
        Ok(())
    })?;
    Ok(Exit::Clean)
}

fn write(
    out: &mut dyn std::io::Write,
    verb: &Assign,
    evaluator: &Evaluator,
    subject: &Subject,
    at: i64,
) -> std::io::Result<()> {
    let artifact = evaluator.artifact();
    let own = subject.attributes.get(&artifact.unit).and_then(Value::as_str);
    let unit = subject.id.as_deref().or(own).unwrap_or("");
    let wanted = |flag: &str| verb.flag.as_deref().is_none_or(|only| only == flag);
    for (flag, assignment) in evaluator.evaluate_surface(unit, &subject.attributes, at) {
        if !wanted(flag) {
            continue;
        }
        match verb.format {
            Printed::Json => {
                let line = Line {
                    unit,
                    surface: &artifact.surface,
                    flag,
                    experiment: assignment.experiment,
                    variant: assignment.variant,
                    value: assignment.value,
                    reason: assignment.reason.id(),
                    bucket: assignment.bucket,
                };
                serde_json::to_writer(&mut *out, &line)?;
                writeln!(out)?;
            }
            Printed::Text => {
                writeln!(out, "{}", plain(&sentence(unit, flag, &assignment)))?;
                if verb.explain {
                    for step in evaluator.explain(flag, unit, &subject.attributes, at).steps {
                        writeln!(out, "    {}", plain(&step))?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn sentence(unit: &str, flag: &str, assignment: &Assignment<'_>) -> String {
    let value = assignment.value;
    match (assignment.experiment, assignment.variant) {
        (Some(experiment), Some(variant)) => format!("{unit} {flag} = {value} ({variant} of {experiment})"),
        _ => format!("{unit} {flag} = {value} ({})", assignment.reason.id().to_lowercase().replace('_', " ")),
    }
}

/// The units, with the attributes of the command line laid under their own.
fn subjects(verb: &Assign, shared: &Map<String, Value>, units: &BTreeSet<&str>) -> Result<Vec<Subject>, Failure> {
    let subject = |id: &str| Subject { id: Some(id.to_owned()), attributes: Value::Object(shared.clone()) };
    let Some(path) = &verb.units_from else {
        return Ok(verb.unit.iter().map(|id| subject(id)).collect());
    };
    let bytes = if path.as_os_str() == "-" { io::read_stdin(MAX_FILE)? } else { io::read_bounded(path, MAX_FILE)? };
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage(format!("`{}` is not UTF-8", path.display())))?;
    let mut subjects = Vec::new();
    // Some programs begin a text with a mark of its order of bytes.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if !line.starts_with('{') {
            subjects.push(subject(line));
            continue;
        }
        let mut own: Map<String, Value> = serde_json::from_str(line)
            .map_err(|wrong| Failure::usage(format!("`{}` line {}: {wrong}", path.display(), at + 1)))?;
        for (unit, id) in own.iter_mut().filter(|(name, _)| units.contains(name.as_str())) {
            match id {
                Value::String(_) => {}
                // Applications give SDKs its text.
                Value::Number(number) if number.is_i64() || number.is_u64() => *id = Value::String(number.to_string()),
                _ => {
                    let place = format!("`{}` line {}", path.display(), at + 1);
                    return Err(Failure::usage(format!("{place}: `{unit}` is a unit's id, and this is none"))
                        .help("write a text or a whole number"));
                }
            }
        }
        let mut attributes = shared.clone();
        attributes.extend(own);
        subjects.push(Subject { id: None, attributes: Value::Object(attributes) });
    }
    Ok(subjects)
}

fn from_catalogue(global: &Global, verb: &Assign) -> Result<(Vec<Evaluator>, Types, i64), Failure> {
    let workspace = Workspace::open(global)?;
    let types = match verb.attribute.as_slice() {
        [] => Types::default(),
        _ => Types::of_catalogue(&workspace.context().catalogue),
    };
    let dist = compiled(&workspace, None, None, BTreeMap::new());
    let artifacts = served(&dist, verb.surface.as_deref());
    let evaluators = artifacts.into_iter().map(Evaluator::new).collect();
    Ok((evaluators, types, workspace.at.0))
}

fn from_dist(verb: &Assign, dist: &std::path::Path) -> Result<Vec<Evaluator>, Failure> {
    let manifest = read_manifest(dist)?
        .ok_or_else(|| Failure::usage(format!("there is no `{}` in `{}`", manifest::PATH, dist.display())))?;
    let wanted = |id: &str| verb.surface.as_deref().is_none_or(|only| only == id);
    let files =
        manifest.surfaces.iter().filter(|(id, _)| wanted(id)).filter_map(|(_, surface)| surface.formats.get("native"));
    files.map(|file| evaluator(dist, file)).collect()
}

fn evaluator(dist: &std::path::Path, file: &File) -> Result<Evaluator, Failure> {
    if !manifest::is_path(&file.path) {
        return Err(Failure::usage(format!("the manifest names `{}`, which is no path of an artifact", file.path)));
    }
    let bytes = io::read_regular(&dist.join(&file.path), MAX_FILE)?;
    Evaluator::from_bytes(&bytes).map_err(|wrong| Failure::usage(format!("`{}`: {wrong}", file.path)))
}
