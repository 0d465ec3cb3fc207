//! What results cost once everything is counted: 1,000 experiments of 20 metrics, beside gbstats where `GBSTATS` names a Python that
//! has it, which `benches/analysis/install.sh` makes.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "benchmarks fail loudly and read the clock"
)]

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use allotment::analysis::{Counted, Question, analyse};
use allotment::decl::Day;
use allotment::lint::Context;
use allotment::lock::{Verdict, lock_text, path_of_lock};
use allotment::power::Power;
use allotment::results::{Arm, ArmTally, DaySums, MetricTally, Sums, Tally};
use allotment::source::Sources;
use allotment::stats::{Comparison, Moments, adjust, student};
use rayon::prelude::*;

/// As the command has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXPERIMENTS: usize = 1_000;
const METRICS: usize = 20;
/// A Monday, 28 days before the look.
const START: Day = Day(20_822);
const MICROSECONDS: i64 = 86_400_000_000;

/// The time of gbstats for one test of two means with a covariate, without what surrounds it.
const THEIRS: &str = "
import time
from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic, RegressionAdjustedStatistic
def mean(shift):
    return SampleMeanStatistic(n=10000, sum=100000 + shift, sum_squares=1040000)
def arm(shift):
    return RegressionAdjustedStatistic(n=10000, post_statistic=mean(shift), pre_statistic=mean(0),
        post_pre_sum_of_products=1020000, theta=0.5)
times = []
for _ in range(3):
    start = time.perf_counter()
    for _ in range(1000):
        TwoSidedTTest(arm(0), arm(100), FrequentistConfig()).compute_result()
    times.append((time.perf_counter() - start) / 1000)
print(min(times))
";

fn main() {
    for (what, method, days) in [
        ("group sequential", "group-sequential", 0),
        ("always valid", "always-valid", 0),
        ("group sequential, with a chart of 28 days", "group-sequential", 28),
        ("always valid, with a chart of 28 days", "always-valid", 28),
    ] {
        let [one, all] = [false, true].map(|all| analysed(method, days, all).as_secs_f64() * 1e3);
        let cores = rayon::current_num_threads();
        println!(
            "{EXPERIMENTS} experiments of {METRICS} metrics, {what}: {one:.0} ms, as `allot analyze` does on {cores} cores {all:.0} ms"
        );
    }
    let Some(python) = std::env::var_os("GBSTATS") else {
        println!("skipped: gbstats, because GBSTATS names no Python that has it");
        return;
    };
    let output = Command::new(python).args(["-c", THEIRS]).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: f64 = String::from_utf8(output.stdout).expect("UTF-8").trim().parse().expect("a time");
    println!("gbstats, a test of two means with a covariate: {:.1} µs", theirs * 1e6);
    let ours = tested().as_secs_f64();
    println!(
        "the same test here: {:.2} µs, so gbstats takes {:.0} times as long (at least 100)",
        ours * 1e6,
        theirs / ours
    );
    let ours = analysed("group-sequential", 0, false).as_secs_f64() / (EXPERIMENTS * METRICS) as f64;
    println!(
        "all that results say of a metric, with the same, looks, margin, deterioration and impact: {:.1} µs, {:.0} times",
        ours * 1e6,
        theirs / ours
    );
}

/// The time of one test as gbstats makes it, from sums to the lift, its p-value and its interval: the least of three.
fn tested() -> Duration {
    const TESTS: u32 = 100_000;
    let arm = |sum: f64| Moments::from_sums(10_000, &[10.0, 10.0], &[sum, 0.0], &[40_000.0, 20_000.0, 40_000.0]);
    let times = (0..3).map(|_| {
        let start = Instant::now();
        for at in 0..TESTS {
            let arms = [arm(0.0), arm(100.0 + f64::from(at % 7))].map(|arm| arm.expect("moments"));
            let adjusted = adjust(&arms).expect("adjusted");
            let comparison = Comparison::new(&adjusted.arms[0], &adjusted.arms[1]);
            let contrast = comparison.against(1.0).expect("a contrast");
            let q = student::upper_quantile(0.025, contrast.freedom).expect("a quantile");
            black_box((comparison.lift(), comparison.lift_se(), contrast.p(), comparison.relative(q)))
                .3
                .expect("an interval");
        }
        start.elapsed() / TESTS
    });
    times.min().expect("three")
}

/// The least time of three, on one core or all.
fn analysed(method: &str, days: u32, all_cores: bool) -> Duration {
    let sources = sources(method);
    let context = Context::new(&sources, START.plus(28));
    let claim = context.catalogue.claims.get("probe").expect("it is there");
    let lock = &context.locks.of(claim.file).expect("it is allotted").lock;
    let power = Power::new(&context.catalogue, &context.locks, &context.plan);
    let tallies: Vec<Tally> = (0..EXPERIMENTS).map(|at| tally(at, days)).collect();
    let now = i64::from(START.plus(28).0) * MICROSECONDS;
    let look = |tally: &Tally| {
        let question = Question {
            catalogue: &context.catalogue,
            power: &power,
            claim,
            lock,
            now,
            earlier: &[],
            commit: None,
            dirty: false,
        };
        let counted = Counted { tally, engine: "embedded", query: "none", aggregated: false };
        analyse(&question, &counted).expect("results")
    };
    let times = (0..3).map(|_| {
        let start = Instant::now();
        let results: Vec<_> =
            if all_cores { tallies.par_iter().map(look).collect() } else { tallies.iter().map(look).collect() };
        let took = start.elapsed();
        assert_eq!(results[0].treatments[0].outcomes.len(), METRICS);
        assert!(
            results[0].treatments[0].outcomes[0].interval.known().is_some(),
            "{:?}",
            results[0].treatments[0].outcomes[0]
        );
        took
    });
    times.min().expect("three")
}

fn tally(seed: usize, days: u32) -> Tally {
    let sums = |n: u64, arm: usize, metric: usize| Sums {
        n,
        shifts: vec![10.0, 10.0],
        sums: vec![(arm * (seed % 7)) as f64 + metric as f64, 0.0],
        products: vec![4.0 * n as f64, 2.0 * n as f64, 4.0 * n as f64],
    };
    let arm = |arm: usize, metric: usize| ArmTally {
        sums: sums(20_000, arm, metric),
        kept: sums(20_000, arm, metric),
        days: (0..days).map(|day| DaySums { day, sums: sums(20_000 / u64::from(days), 0, 0) }).collect(),
        ..ArmTally::default()
    };
    let arms = ["control", "treatment"].map(|id| Arm { variant: id.to_owned(), exposed: 20_000, mixed: 0 });
    let metrics = (0..METRICS).map(|metric| MetricTally {
        metric: format!("m{metric}"),
        arms: vec![arm(0, metric), arm(1, metric)],
        ..MetricTally::default()
    });
    Tally { key: "probe".to_owned(), arms: arms.to_vec(), metrics: metrics.collect(), ..Tally::default() }
}

/// A catalogue with one experiment of all metrics, allotted.
fn sources(method: &str) -> Sources {
    let mut metrics = String::from(
        "version = 1\nowner = \"t\"\n[facts.f]\ntable = \"l.f\"\nunit = { user = \"u\" }\ntimestamp = \"at\"\n",
    );
    let mut guarded = String::new();
    for metric in 0..METRICS {
        metrics.push_str(&format!(
            "[metrics.m{metric}]\nmean = \"sum(f.v)\"\nwindow = \"1d\"\ngoal = \"increase\"\ncovariate = \"7d\"\n"
        ));
        if metric > 0 {
            guarded.push_str(&format!("m{metric} = {{ margin = \"2%\" }}\n"));
        }
    }
    let files = [
        ("allotment.toml", "version = 1\norganisation = \"T\"\n[teams]\nt = { name = \"T\" }\n[units]\nuser = { attribute = \"id\" }\n".to_owned()),
        ("surfaces/s.toml", "version = 1\nname = \"S\"\nowners = [\"t\"]\nunit = \"user\"\n[components]\nc = \"C\"\n".to_owned()),
        (
            "flags/f.toml",
            "version = 1\ndescription = \"F\"\nowner = \"t\"\nsurface = \"s\"\ncomponent = \"c\"\ntype = \"string\"\nvalues = [\"a\", \"b\"]\ndefault = \"a\"\n"
                .to_owned(),
        ),
        ("metrics/m.toml", metrics),
        (
            "experiments/probe.toml",
            format!(
                "version = 1\nstage = \"ship\"\nowner = \"t\"\nsurface = \"s\"\nflag = \"f\"\nhypothesis = \"H\"\nstart = {START}\ndays = 28\n\
                 traffic = \"20%\"\n[variants]\ncontrol = \"a\"\ntreatment = \"b\"\n[success]\nm0 = {{ mde = \"1%\" }}\n[guardrails]\n{guarded}\
                 [analysis]\nmethod = \"{method}\"\n"
            ),
        ),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text));
    let bare = Sources::new(files.clone());
    let context = Context::new(&bare, START);
    let locks = context.plan.claims.iter().filter_map(|(ix, verdict)| match verdict {
        Verdict::New(lock) => Some((path_of_lock(bare.path(context.catalogue.claims.at(*ix).file)), lock_text(lock).0)),
        _ => None,
    });
    Sources::new(files.into_iter().chain(locks))
}
