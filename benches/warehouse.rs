//! The embedded engine on large tables: against `DuckDB` on its best SQL, and against a bare scan of the columns used.
//!
//! `cargo bench --bench warehouse` makes 10 million exposures of 50 experiments over 5 million units and 50 million facts over 56
//! days, once with numbers and once with texts for ids, in a folder of its own; `-- 0.1` makes a tenth. The part of `DuckDB` runs if
//! `DUCKDB_PYTHON` names a Python that has it: `benches/warehouse/install.sh` makes one. Seconds are of all cores together.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    unsafe_code,
    reason = "benchmarks fail loudly, read the clock, and bound the allocator as the command does"
)]

#[path = "warehouse/data.rs"]
mod data;

use std::path::Path;
use std::process::Command;

use allotment::cli::gather::{Options, gather};
use allotment::decl::Function;
use allotment::io::warehouse::{Fault, Output, Use, Warehouse};
use allotment::query::{Calculation, Exposures, Input, Measure, Number, Relation, Request, Source, Study};
use allotment::results::Tally;

/// As the command has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a run took, as it says itself.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// Seconds of all cores.
    cpu: f64,
    /// The most memory it held, in MiB.
    peak: f64,
    /// Something that follows from all rows.
    check: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--count", root, studies, memory, threads] => {
            let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
            let memory = number(memory).map(|mib| mib << 20);
            if memory.is_some() {
                // As the command does: `mi_option_purge_delay` of `mimalloc.h`.
                // SAFETY: it stores a number, and may be called at any time.
                unsafe { libmimalloc_sys::mi_option_set(15, 0) };
            }
            count(
                Path::new(root),
                studies.parse().unwrap(),
                Options { memory, threads: number(threads).map(|n| n as usize) },
            );
        }
        ["--scan", root] => scan(Path::new(root)),
        ["--generate", root, scale, ids] => data::generate(Path::new(root), scale.parse().unwrap(), *ids == "texts"),
        [scale] => compare(scale.parse().expect("a share of the full size")),
        _ => compare(1.0),
    }
}

fn compare(scale: f64) {
    let scratch = tempfile::tempdir().expect("a folder for data");
    for ids in ["numbers", "texts"] {
        let root = scratch.path().join(ids);
        own(&["--generate", root.to_str().unwrap(), &scale.to_string(), ids]);
        let root = root.to_str().unwrap();
        // The files are in the system's cache before anything is measured.
        own(&["--scan", root]);
        let bare = cost(&own(&["--scan", root]));
        let all = cost(&own(&["--count", root, "50", "0", "0"]));
        let tight = cost(&own(&["--count", root, "50", "256", "0"]));
        let single = cost(&own(&["--count", root, "1", "0", "0"]));
        println!("{ids}, {scale} of the full size:");
        println!(
            "  bare scan {:.1} s; 50 experiments {:.1} s, {:.0} MiB; ratio {:.2} (limit 4)",
            bare.cpu,
            all.cpu,
            all.peak,
            all.cpu / bare.cpu
        );
        println!(
            "  with 256 MB {:.1} s, {:.0} MiB (limit 256); the same bits: {}",
            tight.cpu,
            tight.peak,
            tight.check.to_bits() == all.check.to_bits()
        );
        let (first, next) = (single.cpu - bare.cpu, (all.cpu - single.cpu) / 49.0);
        println!(
            "  one experiment {:.1} s, so the first {first:.2} s beside the scan, each further one {next:.3} s",
            single.cpu
        );
        let Ok(python) = std::env::var("DUCKDB_PYTHON") else { continue };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/warehouse/duckdb_best.py");
        let output = Command::new(python).arg(script).arg(root).output().expect("Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let duckdb = cost(&String::from_utf8(output.stdout).unwrap());
        let limit = if ids == "texts" { 4 } else { 3 };
        println!(
            "  DuckDB {:.1} s, {:.0} MiB; ratio {:.2} (at least {limit})",
            duckdb.cpu,
            duckdb.peak,
            duckdb.cpu / all.cpu
        );
        assert!((duckdb.check - all.check).abs() <= 1e-9 * all.check.abs(), "{} {}", duckdb.check, all.check);
    }
}

/// Runs this program with other arguments, so that each measures itself alone; what it says.
fn own(arguments: &[&str]) -> String {
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().expect("this program starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn cost(text: &str) -> Cost {
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [cpu, peak, check] = numbers[..] else { panic!("{text}") };
    Cost { cpu, peak, check }
}

/// Says what this process took so far.
fn report(check: f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(f64::NAN);
    println!("{} {} {check}", (ticks(11) + ticks(12)) / 100.0, peak.unwrap_or(f64::NAN) / 1024.0);
}

fn asked(studies: usize) -> Request {
    let study = |place: usize| Study {
        id: data::experiment(place),
        key: data::experiment(place),
        variants: vec!["control".to_owned(), "treatment".to_owned()],
        from: data::START,
        until: data::START + 56 * data::DAY,
        measures: vec![0],
    };
    Request {
        surface: "home".to_owned(),
        unit: "user".to_owned(),
        now: data::START + 56 * data::DAY,
        exposures: Exposures {
            table: "lake.exposures".to_owned(),
            select: None,
            unit: "unit_id".to_owned(),
            experiment: "experiment".to_owned(),
            variant: "variant".to_owned(),
            timestamp: "timestamp".to_owned(),
            dimensions: Vec::new(),
        },
        studies: (0..studies).map(study).collect(),
        sources: vec![Source {
            fact: "events".to_owned(),
            relation: Relation::Table("lake.events".to_owned()),
            unit: "unit_id".to_owned(),
            timestamp: "timestamp".to_owned(),
            lag: 0,
            inputs: vec![Input { function: Function::Sum, column: Some("value".to_owned()), predicate: None }],
        }],
        measures: vec![Measure {
            id: "value".to_owned(),
            calculation: Calculation::Mean(Number::Input { source: 0, input: 0 }),
            window: (0, 7 * data::DAY),
            covariate: None,
            cap: None,
            drops_missing: false,
            lag: 0,
        }],
        pairs: Vec::new(),
    }
}

fn tables() -> [(String, String); 1] {
    [("lake".to_owned(), "{table}/*.parquet".to_owned())]
}

fn count(root: &Path, studies: usize, options: Options) {
    let verbose = std::env::var_os("VERBOSE").is_some();
    let begun = std::time::Instant::now();
    let mut last = String::new();
    let tallies = gather(root, &tables(), &asked(studies), options, &mut |progress| {
        let now = format!("{} in pass {}", progress.reading, progress.pass);
        if verbose && last != now {
            eprintln!("{:.2} s: {now}", begun.elapsed().as_secs_f64());
            last = now;
        }
    });
    report(squares(&tallies.expect("it counts")));
}

/// The sum of squares of all units, which follows from every row.
fn squares(tallies: &[Tally]) -> f64 {
    let arms = tallies.iter().flat_map(|tally| &tally.metrics[0].arms).filter(|arm| arm.sums.n > 0);
    arms.map(|arm| {
        let (shift, n) = (arm.sums.shifts[0], arm.sums.n as f64);
        arm.sums.products[0] + 2.0 * shift * arm.sums.sums[0] + n * shift * shift
    })
    .sum()
}

/// Reads the columns that the count reads, and does nothing with them.
fn scan(root: &Path) {
    let warehouse = Warehouse::open(root, &tables(), Use::default()).unwrap();
    let mut rows = 0;
    for (table, columns) in [
        ("lake.exposures", &["unit_id", "experiment", "variant", "timestamp"][..]),
        ("lake.events", &["unit_id", "timestamp", "value"]),
    ] {
        let relation = warehouse.read_table(table).unwrap();
        let columns: Vec<Output> = columns.iter().map(|column| Output::Column((*column).to_owned())).collect();
        warehouse
            .scan::<Fault>(&relation, &columns, None, |batches| {
                rows += batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>();
                Ok(())
            })
            .unwrap();
    }
    report(rows as f64);
}
