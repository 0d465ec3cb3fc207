//! What an evaluation costs beside other makers' evaluators: time and heap allocations a call, on the same experiment.
//!
//! One flag; a fifth of the units, of one audience, in three variants. Everything that can be prepared before a call is: the
//! payload, the unit's attributes, and whatever object of theirs they are asked with. Calls are made in turn, in rounds, so
//! that what else the machine does meets all alike; the middle round counts.

mod confidence;
mod eppo;
mod growthbook;
mod launchdarkly;
mod ours;
mod unleash;

use allotment::bucket::Scheme;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Calls of one evaluator in one round.
const CALLS: usize = 200_000;
const ROUNDS: usize = 9;

/// A unit by its number, and whether it is in the audience: three of four are.
pub fn units() -> Vec<(String, bool)> {
    (0..4_096_u64).map(|n| (format!("u{:019}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4), n % 4 != 0)).collect()
}

/// The attributes of a unit, in the audience or not.
pub fn attributes(inside: bool) -> [(&'static str, &'static str); 2] {
    [("country", if inside { "SE" } else { "DE" }), ("plan", "premium")]
}

/// An evaluator: what it gives the unit of a number, if it is in the experiment.
pub trait Evaluator {
    /// The place of its variant.
    fn variant(&self, unit: usize) -> Option<usize>;

    /// The same, with nothing done with it: what is timed.
    fn call(&self, unit: usize) {
        black_box(self.variant(unit));
    }
}

struct Line {
    name: &'static str,
    evaluator: Box<dyn Evaluator>,
    rounds: Vec<Duration>,
    allocations: u64,
}

fn main() {
    let line = |name, evaluator| Line { name, evaluator, rounds: Vec::new(), allocations: 0 };
    let mut lines = vec![
        line("allotment, growthbook", Box::new(ours::Ours::new(Scheme::GrowthBook)) as Box<dyn Evaluator>),
        line("allotment, eppo", Box::new(ours::Ours::new(Scheme::Eppo))),
        line("allotment, confidence", Box::new(ours::Ours::new(Scheme::Confidence))),
        line("eppo_core", Box::new(eppo::Eppo::new())),
        line("growthbook-rust", Box::new(growthbook::GrowthBook::new())),
        line("confidence_resolver", Box::new(confidence::Confidence::new())),
        line("unleash-yggdrasil", Box::new(unleash::Unleash::new())),
        line("launchdarkly-server-sdk-evaluation", Box::new(launchdarkly::LaunchDarkly::new())),
    ];
    same_experiment(&lines);
    for _ in 0..ROUNDS {
        for line in &mut lines {
            let (before, start) = (ALLOCATIONS.load(Ordering::Relaxed), Instant::now());
            for n in 0..CALLS {
                line.evaluator.call(black_box(n % 4_096));
            }
            line.rounds.push(start.elapsed());
            line.allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
        }
    }
    println!("{:<36} {:>8} {:>12} {:>10}", "", "ns", "allocations", "slower by");
    let own = nanoseconds(&lines[0]);
    for line in &lines {
        let (time, allocations) = (nanoseconds(line), line.allocations as f64 / CALLS as f64);
        println!("{:<36} {time:>8.0} {allocations:>12.1} {:>9.1}x", line.name, time / own);
    }
    let fastest = lines[3..].iter().map(nanoseconds).fold(f64::INFINITY, f64::min);
    println!("\nthe fastest other takes {:.1} times as long (at least 10 asked)", fastest / own);
    for (index, peer) in [(0, 4), (1, 3), (2, 5)] {
        let ratio = nanoseconds(&lines[peer]) / nanoseconds(&lines[index]);
        println!("{} against {}, the same hashes: {ratio:.1}", lines[index].name, lines[peer].name);
    }
    threads();
}

/// The middle round's time for a call.
fn nanoseconds(line: &Line) -> f64 {
    let mut rounds = line.rounds.clone();
    rounds.sort();
    rounds[ROUNDS / 2].as_nanos() as f64 / CALLS as f64
}

/// Those that read our payloads give every unit the same; the others the same shares.
fn same_experiment(lines: &[Line]) {
    let found: Vec<Vec<Option<usize>>> =
        lines.iter().map(|line| (0..4_096).map(|unit| line.evaluator.variant(unit)).collect()).collect();
    for (own, peer) in [(0, 4), (1, 3), (2, 5)] {
        assert_eq!(found[own], found[peer], "{} and {} disagree", lines[own].name, lines[peer].name);
    }
    for (line, found) in lines.iter().zip(&found) {
        let share = |variant| found.iter().filter(|got| **got == Some(variant)).count() as f64 / 4_096.0;
        for variant in 0..3 {
            // A fifteenth of three quarters, give or take five standard errors.
            let share = share(variant);
            assert!((share - 0.05).abs() < 0.018, "{}: {share} in variant {variant}", line.name);
        }
    }
}

/// How many times as much two threads do as one, of one shared evaluator.
fn threads() {
    let evaluator = ours::Ours::new(Scheme::GrowthBook);
    let rate = |threads: usize| {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for n in 0..CALLS * 20 {
                        black_box(evaluator.variant(black_box(n % 4_096)));
                    }
                });
            }
        });
        (threads * CALLS * 20) as f64 / start.elapsed().as_secs_f64()
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let one = rate(1);
    for threads in 1..=cores {
        let rate = rate(threads);
        println!("{threads} threads: {:.1} million calls a second, {:.2} times one", rate / 1e6, rate / one);
    }
}
