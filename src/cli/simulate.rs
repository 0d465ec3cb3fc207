//! `allot simulate`: uniformity, split, independence and exclusion over synthetic units.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use super::compile::{compiled, served};
use super::output::{Printed, data};
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::simulate::{Kind, LEVEL, Simulation, Test, simulate};

/// Send synthetic units through the evaluator and test what comes of them
///
/// Units fall into all buckets alike; an experiment's units fall into its variants by their weights; variants of two
/// experiments that overlap are independent; no unit is in two that exclude each other. A test fails below p = 1e-6.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot simulate
  allot simulate --units 1000000 --surface home
  allot simulate --format json --seed 7")]
pub struct Simulate {
    /// How many units
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    units: u64,
    /// Which units: another seed makes others
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Only this surface
    #[arg(long, value_name = "ID")]
    surface: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
}

pub fn run(global: &Global, verb: &Simulate) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let dist = compiled(&workspace, None, None, BTreeMap::new());
    let artifacts = served(&dist, verb.surface.as_deref());
    let simulations: Vec<Simulation> =
        artifacts.iter().map(|artifact| simulate(artifact, workspace.at.0, verb.units, verb.seed)).collect();
    if simulations.is_empty() {
        return Err(Failure::usage(match &verb.surface {
            Some(id) => format!("there is no surface `{id}` to simulate"),
            None => "there is no surface to simulate".to_owned(),
        }));
    }
    match verb.format {
        Printed::Text => simulations.iter().try_for_each(|simulation| data(&text(simulation)))?,
        Printed::Json => data(&format!("{}\n", json_of(&simulations, verb.seed)))?,
    }
    let failed: usize = simulations.iter().map(|simulation| failures(simulation).count()).sum();
    Ok(if failed > 0 { Exit::Findings } else { Exit::Clean })
}

fn failures(simulation: &Simulation) -> impl Iterator<Item = &Test> {
    simulation.tests.iter().filter(|test| !test.passed)
}

fn text(simulation: &Simulation) -> String {
    let Simulation { surface, units, held_out, reached, tests } = simulation;
    let mut text = format!(
        "{surface}: {units} units, {held_out} in the holdout, {} live experiments and rollouts\n",
        reached.len()
    );
    for kind in [Kind::Uniformity, Kind::Split, Kind::Independence, Kind::Exclusion] {
        let of_kind = || tests.iter().filter(move |test| test.kind == kind);
        let (count, tested) = (of_kind().count(), of_kind().filter(|test| test.result.is_some()).count());
        let smallest = of_kind().filter_map(|test| test.result).map(|result| result.p).fold(f64::INFINITY, f64::min);
        let verdict = if of_kind().all(|test| test.passed) { "ok  " } else { "FAIL" };
        let words = match kind {
            Kind::Exclusion => {
                let both: u64 = of_kind().map(|test| test.units).sum();
                format!("{count} pairs exclude each other, {both} units in both of a pair")
            }
            _ if tested == 0 => format!("{count} tests, too few units to tell"),
            _ => format!("{tested} tests, smallest p {smallest:.2e}"),
        };
        text.push_str(&format!("  {verdict} {:<13}{words}\n", kind.word()));
    }
    for test in failures(simulation) {
        let p = test.result.map_or(String::new(), |result| format!(", p {:.2e} below {LEVEL:.0e}", result.p));
        text.push_str(&format!(
            "       {} of {}: {} units{p}\n",
            test.kind.word(),
            test.about.join(" and "),
            test.units
        ));
    }
    text
}

fn json_of(simulations: &[Simulation], seed: u64) -> serde_json::Value {
    let surfaces: Vec<_> = simulations
        .iter()
        .map(|simulation| {
            let tests: Vec<_> = simulation
                .tests
                .iter()
                .map(|test| {
                    json!({
                        "kind": test.kind.word(),
                        "about": test.about,
                        "units": test.units,
                        "statistic": test.result.map(|result| result.statistic),
                        "freedom": test.result.map(|result| result.freedom),
                        "p": test.result.map(|result| result.p),
                        "passed": test.passed,
                    })
                })
                .collect();
            let reached: Vec<_> =
                simulation.reached.iter().map(|(key, units)| json!({ "experiment": key, "units": units })).collect();
            json!({
                "surface": simulation.surface,
                "units": simulation.units,
                "held_out": simulation.held_out,
                "reached": reached,
                "tests": tests,
            })
        })
        .collect();
    json!({ "version": 1, "seed": seed, "level": LEVEL, "surfaces": surfaces })
}
