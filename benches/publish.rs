//! `allot compile` and `allot publish` of ten thousand experiments on a hundred surfaces to a folder, as cold processes.
//!
//! `cargo bench --bench publish --no-default-features --features cli,publish`

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
#[path = "support/process.rs"]
#[allow(dead_code, reason = "shared with other benchmarks")]
mod process;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use process::{Run, median, run};

const AT: &str = "2027-02-01";
const TIMES: usize = 7;

fn main() {
    let scratch = tempfile::tempdir().expect("a folder");
    let root = scratch.path().join("catalogue");
    for decided in [false, true] {
        generate::catalogue(&root, 10_000, decided).expect("the catalogue is written");
        run(allot(&root).arg("allocate"), &[0]);
    }
    let (dist, public) = (scratch.path().join("dist"), scratch.path().join("public"));
    let to = format!("file://{}", public.display());
    let compile = || run(allot(&root).args(["compile", "-q", "-o"]).arg(&dist), &[0]);
    let publish = || run(allot(&root).args(["publish", "-q"]).arg(&dist).args(["--to", &to]), &[0]);
    let clear = |folder: &Path| {
        if folder.exists() {
            fs::remove_dir_all(folder).expect("removed");
        }
    };
    compile();
    let (mut compiled, mut published, mut unchanged) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        clear(&dist);
        clear(&public);
        compiled.push(compile());
        published.push(publish());
        let before = written(&public);
        unchanged.push(publish());
        assert_eq!(written(&public), before, "an unchanged republish writes nothing");
    }
    let count = written(&public).len();
    let ms = |run: &Run| 1e3 * run.wall.as_secs_f64();
    let (compiled, published, unchanged) = (median(compiled), median(published), median(unchanged));
    println!("compile 10,000 experiments on 100 surfaces: {:.0} ms (limit 500)", ms(&compiled));
    println!("publish {count} objects to a folder: {:.0} ms", ms(&published));
    println!("compile and publish: {:.0} ms (limit 2000)", ms(&compiled) + ms(&published));
    println!("publish again, unchanged: {:.0} ms, no object written", ms(&unchanged));
}

fn allot(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
    command.arg("--root").arg(root).args(["--at", AT]);
    command
}

/// Every file below a folder, and when it was written.
fn written(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let at = fs::metadata(&path).and_then(|meta| meta.modified()).expect("a time");
                found.insert(path, at);
            }
        }
    }
    found
}
