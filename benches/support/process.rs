//! Whole processes, timed from outside: what a user waits for.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One run of a process.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub wall: Duration,
    /// The most memory it held, in MiB, where the system tells.
    pub peak: Option<f64>,
}

/// Runs a command to its end; its exit code must be one of `accepted`.
pub fn run(command: &mut Command, accepted: &[i32]) -> Run {
    let started = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command starts");
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak: Option<f64> = None;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the command can be waited for") {
            break status;
        }
        let found = std::fs::read_to_string(&status_file).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok()
        });
        peak = found.map(|kib| kib / 1024.0).or(peak);
        std::thread::sleep(Duration::from_micros(500));
    };
    let wall = started.elapsed();
    let code = status.code().unwrap_or(-1);
    assert!(accepted.contains(&code), "{command:?} ended with {code}");
    Run { wall, peak }
}

/// The median of several pairs of runs, taken in turn so that a machine's drift hits both: `(a, b)`.
pub fn pairs(times: usize, mut a: impl FnMut() -> Run, mut b: impl FnMut() -> Run) -> (Run, Run) {
    a();
    b();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..times {
        first.push(a());
        second.push(b());
    }
    (median(first), median(second))
}

/// The run with the median time.
pub fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by_key(|run| run.wall);
    runs[runs.len() / 2]
}
