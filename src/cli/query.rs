//! `allot query`: the SQL that an analysis would run.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::output::{Printed, data, say};
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::decl::{Day, Engine};
use crate::lint::Context;
use crate::query::{About, Asked, Dialect, LeftOut, Request, Statement, Why, requests, statements};
use crate::render::plain;
use crate::report;

/// Print the SQL that an analysis would run
///
/// One statement counts the exposures, and one for each fact source computes the sufficient statistics of all metrics made
/// of it, for all variants, and for all experiments named that share a surface. Nothing is run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot query fresh-first
  allot query fresh-first home-cards --dialect snowflake
  allot query fresh-first --format json | jq -r '.surfaces[].statements[].sql'")]
pub struct Query {
    /// Experiments and rollouts; decided ones too
    #[arg(value_name = "EXPERIMENT", required = true)]
    experiments: Vec<String>,
    /// The dialect; without it, that of `warehouse.engine` in `allotment.toml`
    #[arg(long, value_name = "ENGINE", value_parser = PossibleValuesParser::new(Engine::WORDS))]
    dialect: Option<String>,
    /// How to print; JSON is version 1, see `allot schema output/query`
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
}

pub fn run(global: &Global, verb: &Query) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    known(&context, &verb.experiments)?;
    let named = verb.dialect.as_deref().and_then(Engine::of);
    let dialect = Dialect::of(named.unwrap_or_else(|| context.catalogue.engine()));
    let asked = ask(global, &context, workspace.at.0, verb);
    let mut written: Vec<(&Request, Vec<Statement>)> = Vec::new();
    for request in &asked.requests {
        let help = "run `allot lint`: it shows the place";
        let statements = statements(request, dialect);
        written.push((request, statements.map_err(|wrong| Failure::usage(wrong.to_string()).help(help))?));
    }
    match verb.format {
        Printed::Text => data(&text(&written))?,
        Printed::Json => {
            // Strings always serialise.
            let text = serde_json::to_string_pretty(&recorded(&written, &asked.left_out, dialect)).unwrap_or_default();
            data(&format!("{text}\n"))?;
        }
    }
    for LeftOut { claim, metric, why } in &asked.left_out {
        let metric = metric.as_ref().map_or_else(String::new, |metric| format!("metric `{}` of ", plain(metric)));
        say(&format!("{metric}`{}` is left out: {}", plain(claim), plain(&why.to_string())));
        if let Some(help) = why.help() {
            say(&format!("  help: {}", plain(&help)));
        }
    }
    Ok(if asked.left_out.is_empty() { Exit::Clean } else { Exit::Findings })
}

/// Refuses what is not there.
fn known(context: &Context<'_>, named: &[String]) -> Result<(), Failure> {
    let claims = &context.catalogue.claims;
    let Some(unknown) = named.iter().find(|id| claims.get(id).is_none()) else { return Ok(()) };
    Err(Failure::usage(format!("there is no experiment or rollout `{unknown}`"))
        .meant(unknown, claims.values().map(|claim| claim.id.as_str())))
}

/// Asks as of now or, of what has not begun, as of the day on which all of it has.
fn ask(global: &Global, context: &Context<'_>, now: i64, verb: &Query) -> Asked {
    let ask = |seconds: i64| {
        requests(&context.catalogue, &context.locks, seconds.saturating_mul(1_000_000), &verb.experiments)
    };
    let asked = ask(now);
    let begin: Option<Day> = asked
        .left_out
        .iter()
        .filter_map(|left| match left.why {
            Why::NotBegun(day) => Some(day),
            _ => None,
        })
        .max();
    let Some(day) = begin else { return asked };
    global.say(&format!("not all of it has begun: this is what would run at the end of {day}"));
    ask(day.plus(1).seconds())
}

fn text(surfaces: &[(&Request, Vec<Statement>)]) -> String {
    let statements = surfaces.iter().flat_map(|(_, statements)| statements);
    statements.map(|statement| format!("{};\n", statement.text.trim_end())).collect::<Vec<_>>().join("\n")
}

fn recorded(surfaces: &[(&Request, Vec<Statement>)], left_out: &[LeftOut], dialect: Dialect) -> report::Query {
    let surfaces = surfaces.iter().map(|(request, statements)| report::SurfaceQuery {
        surface: request.surface.clone(),
        unit: request.unit.clone(),
        experiments: request.studies.iter().map(|study| study.key.clone()).collect(),
        statements: statements.iter().map(|statement| of_statement(request, statement)).collect(),
    });
    let left_out = left_out.iter().map(|left| report::LeftOut {
        experiment: left.claim.clone(),
        metric: left.metric.clone(),
        reason: left.why.to_string(),
        help: left.why.help(),
    });
    report::Query {
        version: report::VERSION,
        dialect: dialect.engine.word().to_owned(),
        surfaces: surfaces.collect(),
        left_out: left_out.collect(),
    }
}

fn of_statement(request: &Request, statement: &Statement) -> report::StatementQuery {
    let (about, facts) = match &statement.about {
        About::Exposures => (report::StatementAbout::Exposures, Vec::new()),
        About::Facts(places, _) => (report::StatementAbout::Facts, places.clone()),
        About::Pairs(places, _) => (report::StatementAbout::Pairs, places.clone()),
        About::Events(place) => (report::StatementAbout::Events, vec![*place]),
    };
    let facts = facts.iter().filter_map(|&place| request.sources.get(place)).map(|source| source.fact.clone());
    let metrics = statement.measures.iter().filter_map(|&place| request.measures.get(place));
    report::StatementQuery {
        about,
        facts: facts.collect(),
        metrics: metrics.map(|measure| measure.id.clone()).collect(),
        columns: statement.columns.clone(),
        sql: statement.text.clone(),
    }
}
