//! What group sequential bounds cost, beside Spotify's solver where `CONFIDENCE` names a Python that has `spotify-confidence`.

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

use allotment::stats::sequential::{Sides, Spending, bounds, inflation, planned};

/// The solver's own time for 50 looks, the least of three, and its bounds.
const THEIRS: &str = "
import time
import numpy as np
from spotify_confidence.analysis.frequentist.sequential_bound_solver import bounds
t = np.arange(1, 51) / 50
times = []
for _ in range(3):
    start = time.perf_counter()
    found = bounds(t, alpha=0.05, rho=2.0, ztrun=8.0, sides=2).bounds
    times.append(time.perf_counter() - start)
print(min(times))
print(*found)
";

fn main() {
    for (name, spending) in [
        ("O'Brien-Fleming", Spending::OBrienFleming),
        ("Pocock", Spending::Pocock),
        ("power 2", Spending::Power { rho: 2.0 }),
    ] {
        for count in [5, 50, 400] {
            let looks = planned(count);
            for sides in [Sides::Two, Sides::One] {
                let took = median(|| drop(black_box(bounds(spending, 0.05, sides, black_box(&looks)))));
                println!("{name:<16} {count:>4} looks, sides {sides:?}: {:>9.3} ms", milliseconds(took));
            }
            let took = median(|| {
                let _ = black_box(inflation(spending, 0.05, Sides::Two, 0.8, black_box(&looks)));
            });
            println!("{name:<16} {count:>4} looks, inflation: {:>9.3} ms", milliseconds(took));
        }
    }
    let looks = planned(50);
    let ours = bounds(Spending::Power { rho: 2.0 }, 0.05, Sides::Two, &looks).expect("bounds");
    let took = median(|| drop(black_box(bounds(Spending::Power { rho: 2.0 }, 0.05, Sides::Two, black_box(&looks)))));
    println!("50 looks, two-sided, power 2: {:.3} ms, to be below 5 ms", milliseconds(took));
    let Some(python) = std::env::var_os("CONFIDENCE") else {
        println!("skipped: Spotify's solver, because CONFIDENCE names no Python that has spotify-confidence");
        return;
    };
    let output = Command::new(python).args(["-c", THEIRS]).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().expect("a number"));
    let theirs = numbers.next().expect("a time");
    let apart = ours.iter().zip(numbers).map(|(ours, theirs)| (ours.expect("a bound").critical - theirs).abs());
    let apart = apart.fold(0.0, f64::max);
    println!(
        "Spotify's solver: {:.1} ms, {:.0} times as long; bounds differ by at most {apart:.1e}",
        theirs * 1e3,
        theirs / took.as_secs_f64()
    );
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

fn median(mut call: impl FnMut()) -> Duration {
    call();
    let mut times: Vec<Duration> = (0..15)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}
