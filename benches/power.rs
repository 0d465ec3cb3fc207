//! Power of every experiment of a catalogue against linting it, in one process.
//!
//! `cargo bench --bench power`

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "benchmarks fail loudly, and read the clock"
)]

#[path = "support/generate.rs"]
mod generate;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use allotment::decl::Day;
use allotment::lint::{Context, Levels, lint};
use allotment::power::{Power, Standing, WhatIf};
use allotment::source::Sources;
use rayon::prelude::*;

/// 2027-02-01.
const TODAY: Day = Day(20_850);
const EXPERIMENTS: usize = 10_000;

fn main() {
    let scratch = tempfile::tempdir().expect("a folder");
    for decided in [false, true] {
        generate::catalogue(scratch.path(), EXPERIMENTS, decided).expect("the catalogue is written");
        let mut allot = Command::new(env!("CARGO_BIN_EXE_allot"));
        let allot = allot.arg("--root").arg(scratch.path()).args(["--at", "2027-02-01", "-q", "allocate"]);
        assert!(allot.stdout(Stdio::null()).status().expect("it runs").success());
    }
    let mut files = Vec::new();
    walk(scratch.path(), scratch.path(), &mut files);
    let sources = Sources::new(files);
    let (mut linting, mut asking, mut ways) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        let start = Instant::now();
        let context = Context::new(&sources, TODAY);
        let report = lint(&context, &Levels::default());
        linting.push(start.elapsed());
        assert_eq!(report.findings.len(), 0, "{:?}", report.findings.first());
        let start = Instant::now();
        let power = Power::new(&context.catalogue, &context.locks, &context.plan);
        let enough = |claim| power.forecast(claim, &WhatIf::default()).standing() == Standing::Enough;
        let claims = context.catalogue.claims.values().as_slice();
        let enough = claims.par_iter().filter(|claim| enough(claim)).count();
        asking.push(start.elapsed());
        assert_eq!((claims.len(), enough), (EXPERIMENTS, EXPERIMENTS));
        // One that is a hundred times too small: what a finding costs.
        let start = Instant::now();
        let small = WhatIf { mde: allotment::decl::Share::parse("0.25%"), ..WhatIf::default() };
        let out = claims.iter().step_by(100).filter(|claim| power.ways(claim, &small).is_some()).count();
        ways.push(start.elapsed() / 100);
        assert_eq!(out, EXPERIMENTS / 100);
    }
    let (linting, asking, ways) = (median(linting), median(asking), median(ways));
    println!(
        "power of {EXPERIMENTS} experiments: {:.0} ms; linting them {:.0} ms; ratio {:.2} (limit 1)",
        1e3 * asking.as_secs_f64(),
        1e3 * linting.as_secs_f64(),
        asking.as_secs_f64() / linting.as_secs_f64()
    );
    println!("ways out of one that is too small: {:.2} ms", 1e3 * ways.as_secs_f64());
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
            files.push((name, fs::read_to_string(&path).expect("a text")));
        }
    }
}
