//! `allot lint` and `allot compile` as cold processes: against a bare parse of the same files, and against Featurevisor.
//!
//! `cargo bench --bench lint`; `cargo bench --bench lint -- --generate DIR 10000` writes such a catalogue and no more. Featurevisor's part runs if `FEATUREVISOR` names the `bin.js` of its package `@featurevisor/cli`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "benchmarks fail loudly, and read the clock"
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use support::generate;
use support::process::{Run, pairs, run};

const AT: &str = "2027-02-01";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, folder] = arguments.as_slice()
        && flag == "--parse"
    {
        return parse(Path::new(folder));
    }
    if let [_, flag, folder, count] = arguments.as_slice()
        && flag == "--generate"
    {
        let count = count.parse().expect("a number of experiments");
        return catalogue(Path::new(folder), count);
    }
    let scratch = tempfile::tempdir().expect("a folder for catalogues");
    let mut before: Option<Run> = None;
    for count in [1_000, 10_000] {
        let root = scratch.path().join(count.to_string());
        catalogue(&root, count);
        let this = std::env::current_exe().expect("this program has a path");
        let (lint, bare) = pairs(
            7,
            || run(allot(&root).arg("lint"), &[0]),
            || run(Command::new(&this).arg("--parse").arg(&root), &[0]),
        );
        let ratio = lint.wall.as_secs_f64() / bare.wall.as_secs_f64();
        println!(
            "lint of {count} experiments: {:.0} ms; bare parse of the same files {:.0} ms; ratio {ratio:.2} (limit 3); peak {:.0} MiB (limit 300)",
            1e3 * lint.wall.as_secs_f64(),
            1e3 * bare.wall.as_secs_f64(),
            lint.peak.unwrap_or(f64::NAN)
        );
        if let Some(before) = before {
            let growth = lint.wall.as_secs_f64() / before.wall.as_secs_f64();
            println!("lint of 10 times the files takes {growth:.1} times as long (linear: 10)");
        }
        before = Some(lint);
        if count == 1_000 {
            // Featurevisor keeps no record of what is over: like is compared with like first, then with all that is kept.
            let current = scratch.path().join("current");
            generate::catalogue(&current, count, true).expect("the catalogue is written");
            run(allot(&current).arg("allocate"), &[0]);
            featurevisor(&current, scratch.path(), count, "locks of what is live or planned");
            featurevisor(&root, scratch.path(), count, "locks of all that ever ran");
        }
    }
}

/// A catalogue with the locks of all experiments that ever ran.
fn catalogue(root: &Path, count: usize) {
    for decided in [false, true] {
        generate::catalogue(root, count, decided).expect("the catalogue is written");
        run(allot(root).arg("allocate"), &[0]);
    }
}

fn allot(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
    command.arg("--root").arg(root).args(["--at", AT]);
    command
}

/// The peer: every file of the catalogue read and parsed with the `toml` crate, on all cores, and nothing else.
fn parse(folder: &Path) {
    let mut files = Vec::new();
    walk(folder, &mut files);
    let parsed: usize = files
        .par_iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a text");
            usize::from(text.parse::<toml::Table>().is_ok())
        })
        .sum();
    assert_eq!(parsed, files.len());
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "toml" || end == "lock") {
            files.push(path);
        }
    }
}

/// Featurevisor on as many features: one experiment each, with a segment and two variations.
fn featurevisor(root: &Path, scratch: &Path, count: usize, kept: &str) {
    let Some(cli) = std::env::var_os("FEATUREVISOR") else {
        println!("featurevisor: skipped (FEATUREVISOR does not name its command line)");
        return;
    };
    let project = scratch.join("featurevisor");
    project_of(&project, count).expect("the project is written");
    let node = || {
        let mut command = Command::new("node");
        command.arg(&cli).current_dir(&project);
        command
    };
    let dist = scratch.join("dist");
    for (ours, theirs) in [("lint", "lint"), ("compile", "build")] {
        let (a, b) = pairs(
            7,
            || {
                let mut command = allot(root);
                command.arg(ours);
                if ours == "compile" {
                    command.arg("-o").arg(&dist);
                }
                run(&mut command, &[0])
            },
            || run(node().arg(theirs), &[0]),
        );
        println!(
            "allot {ours} {:.0} ms, featurevisor {theirs} {:.0} ms, on {count} ({kept}): {:.1} times faster (limit 10)",
            1e3 * a.wall.as_secs_f64(),
            1e3 * b.wall.as_secs_f64(),
            b.wall.as_secs_f64() / a.wall.as_secs_f64()
        );
    }
}

fn project_of(project: &Path, count: usize) -> std::io::Result<()> {
    let put = |path: String, text: String| {
        let path = project.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder"))?;
        std::fs::write(path, text)
    };
    put(
        "featurevisor.config.js".into(),
        "module.exports = { environments: ['production'], tags: ['all'], prettyState: false };\n".into(),
    )?;
    put("attributes/userId.yml".into(), "type: string\ndescription: The user\n".into())?;
    put("attributes/country.yml".into(), "type: string\ndescription: The country\n".into())?;
    put(
        "segments/nordic.yml".into(),
        "description: Nordics\nconditions:\n  - attribute: country\n    operator: in\n    value: [DK, FI, IS, NO, SE]\n".into(),
    )?;
    for number in 0..count {
        put(
            format!("features/test{number}.yml"),
            format!(
                "description: Test {number}\ntags:\n  - all\nbucketBy: userId\nvariations:\n  - value: control\n    weight: 50\n  - value: treatment\n    weight: 50\nenvironments:\n  production:\n    rules:\n      - key: main\n        segments: nordic\n        percentage: 20\n"
            ),
        )?;
    }
    Ok(())
}
