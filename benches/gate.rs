//! `allot check --base` as a cold process, against `allot lint` of the same 10,000 experiments: a change of ten files in a
//! real repository.
//!
//! `cargo bench --bench gate`

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "benchmarks fail loudly, and read the clock"
)]

mod support;

use std::path::Path;
use std::process::Command;

use support::generate;
use support::process::{pairs, run};

const AT: &str = "2027-02-01";
const EXPERIMENTS: usize = 10_000;

fn main() {
    let scratch = tempfile::tempdir().expect("a folder");
    let root = scratch.path();
    for decided in [false, true] {
        generate::catalogue(root, EXPERIMENTS, decided).expect("the catalogue is written");
        run(allot(root).arg("allocate"), &[0]);
    }
    for arguments in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-qm", "The catalogue"]] {
        git(root, arguments);
    }
    change(root);
    run(allot(root).arg("allocate"), &[0]);
    git(root, &["switch", "-qc", "branch"]);
    git(root, &["add", "-A"]);
    git(root, &["commit", "-qm", "Ten files"]);
    let (gate, lint) =
        pairs(9, || run(allot(root).args(["check", "--base", "main"]), &[0]), || run(allot(root).arg("lint"), &[0]));
    println!(
        "check --base of {EXPERIMENTS} experiments with ten files changed: {:.0} ms; lint alone {:.0} ms; ratio {:.2} (limit 2); \
         peak {:.0} and {:.0} MiB",
        1e3 * gate.wall.as_secs_f64(),
        1e3 * lint.wall.as_secs_f64(),
        gate.wall.as_secs_f64() / lint.wall.as_secs_f64(),
        gate.peak.unwrap_or(f64::NAN),
        lint.peak.unwrap_or(f64::NAN)
    );
}

/// Edits words of eight experiments, lets one that is live grow, and decides one.
fn change(root: &Path) {
    let edit = |number: usize, from: &str, to: &str| {
        let path = root.join(format!("experiments/page-{}/test-{number}.toml", number / 100));
        let text = std::fs::read_to_string(&path).expect("an experiment");
        assert!(text.contains(from), "{from} in {}", path.display());
        std::fs::write(path, text.replacen(from, to, 1)).expect("written");
    };
    for number in (0..8).map(|at| at * 1_111) {
        edit(number, "what they came for first", "what they like first");
    }
    edit(71, "traffic = \"20%\"", "traffic = \"25%\"");
    edit(172, "stage = \"ship\"", "stage = \"tweak\"");
    let path = root.join("experiments/page-1/test-172.toml");
    let decided = std::fs::read_to_string(&path).expect("an experiment")
        + "\n[decision]\noutcome = \"stopped\"\non = 2027-02-01\nreason = \"It was slow.\"\nlearned = \"Measure first.\"\n";
    std::fs::write(path, decided).expect("written");
}

fn allot(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
    command.arg("--root").arg(root).args(["--at", AT]);
    command
}

fn git(root: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").args(who).args(arguments).current_dir(root).status().expect("git runs");
    assert!(done.success(), "git {arguments:?}");
}
