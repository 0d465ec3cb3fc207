//! Error rates and coverage by simulation: `cargo bench --bench simulations`, with `-- --write` into `docs/simulations.md`.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "benchmarks fail loudly, and this one may write its page"
)]

#[path = "support/page.rs"]
mod page;
#[path = "support/trials/mod.rs"]
mod trials;

use std::time::Instant;

use allotment::stats::SampleRatio;
use page::thousands;
use trials::{HARMS, Metric, Rate, SHAPES, Told, Truth};

/// Experiments a cell of false positives and alarms; of decisions four times that.
const TRIALS: u32 = 5_000;
const DAYS: u32 = 28;
const PER_DAY: u32 = 50;
/// Success metrics and guardrails.
const GRID: [u32; 6] = [0, 1, 2, 3, 4, 5];
/// Units per arm, and experiments simulated with so many.
const UNITS: [(usize, u32); 6] =
    [(30, 4_000), (100, 4_000), (300, 4_000), (1_000, 4_000), (10_000, 1_000), (100_000, 400)];

fn main() {
    let started = Instant::now();
    let said = |what: &str| eprintln!("{what}: {:.0} s", started.elapsed().as_secs_f64());
    let daily: Vec<(&str, Vec<Rate>)> = Metric::ALL
        .iter()
        .zip(1..)
        .map(|(metric, seed)| (metric.name(), trials::daily(*metric, DAYS, PER_DAY, TRIALS, seed)))
        .collect();
    said("false positives");
    let alarms = [
        trials::sample_ratio(&[1, 1], DAYS, 10 * PER_DAY, SampleRatio::ALARM, TRIALS, 3),
        trials::sample_ratio(&[1, 1], DAYS, 10 * PER_DAY, 0.05, TRIALS, 3),
        trials::sample_ratio(&[1, 1, 2], DAYS, 10 * PER_DAY, 0.05, TRIALS, 4),
        trials::sample_ratio(&[1, 99], DAYS, 10 * PER_DAY, 0.05, TRIALS, 8),
    ];
    said("alarms");
    let mut decisions = Vec::new();
    for success in GRID {
        for guardrails in GRID {
            let wrongs = trials::wrongs(success, guardrails, 4 * TRIALS);
            decisions.extend(wrongs.into_iter().map(|(truth, rate)| (success, guardrails, truth, rate)));
        }
    }
    said("decisions");
    let harms: Vec<Told> = HARMS.into_iter().flat_map(|harm| trials::harm(harm, 4 * TRIALS, 9)).collect();
    said("harms");
    let mut cells = Vec::new();
    for (units, trials) in UNITS {
        for (shape, seed) in SHAPES.into_iter().zip(100..) {
            cells.push(trials::cover(shape, units, trials, seed));
        }
        said(&format!("coverage with {} units", thousands(units as u64)));
    }
    let columns = UNITS.map(|(units, _)| units);
    let ships = [Truth::NothingBetter, Truth::GuardrailAtMargin];
    let text = include_str!("support/simulations.md")
        .replace("{trials}", &thousands(u64::from(TRIALS)))
        .replace("{decisions}", &thousands(u64::from(4 * TRIALS)))
        .replace("{daily}\n", &page::daily(&daily))
        .replace("{alarms}\n", &page::list(&alarms))
        .replace("{false ships}\n", &page::decisions(&GRID, &decisions, &ships))
        .replace("{missed ships}\n", &page::decisions(&GRID, &decisions, &[Truth::AsPlanned]))
        .replace("{harms}\n", &page::harms(&harms))
        .replace("{reach}\n", &page::reach(&cells))
        .replace("{coverage}\n", &page::coverage(&cells, &columns));
    print!("{text}");
    if std::env::args().any(|argument| argument == "--write") {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulations.md");
        std::fs::write(page, text).expect("the page is written");
        eprintln!("wrote {page}");
    }
    let promised = daily.iter().flat_map(|(_, rates)| rates).chain(&alarms);
    let alarmed: Vec<Rate> = harms.iter().filter_map(Told::rate).collect();
    let rates: Vec<&Rate> = promised.chain(decisions.iter().map(|(_, _, _, rate)| rate)).chain(&alarmed).collect();
    for rate in rates.iter().filter(|rate| !rate.holds()) {
        eprintln!("{}: {:.4}, more than {:.4}", rate.what, rate.share(), rate.allowed());
    }
    assert!(rates.iter().all(|rate| rate.holds()), "a rate exceeds what is promised");
}
