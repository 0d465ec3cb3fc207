//! What an evaluation costs in time and allocations, and what an artifact costs in bytes.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    unsafe_code,
    reason = "benchmarks fail loudly, read the clock, and count allocations under the allocator"
)]

use allotment::artifact::growthbook;
use allotment::artifact::manifest::{self, File, Manifest, Surface};
use allotment::artifact::{
    Artifact, AttributeType, Claim, ClaimKind, Condition, Flag, FlagKind, Operand, Predicate, Segment, Step, Test,
    Variant,
};
use allotment::bucket::{BucketSet, Scheme, draw, variant_ranges};
use allotment::eval::{AttributeValue, Evaluator, FlagRef};
use allotment::verify::verify;
use serde_json::json;
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

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

const CALLS: usize = 2_000_000;
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn main() {
    let units: Vec<String> =
        (0..4_096).map(|n: u64| format!("u{:019}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4)).collect();
    assert!(units.iter().all(|unit| unit.len() == 20));

    println!("one flag of a surface with a flag for each experiment, 20 % of 1,000 buckets each");
    for count in [10, 100, 1_000, 10_000] {
        let evaluator = Evaluator::new(surface(count, count, 1_000, 200));
        let flags: Vec<String> = (0..count).map(|n| format!("flag-{n}")).collect();
        let attributes = [("country", AttributeValue::Text("SE")), ("plan", AttributeValue::Text("premium"))];
        let last = flags.last().map_or("", String::as_str);
        let found = evaluator.flag(last).expect("the last flag");
        measure(count, "by reference", |n| evaluator.evaluate_flag(found, unit(&units, n), &attributes, NOW));
        measure(count, "by id", |n| evaluator.evaluate(last, unit(&units, n), &attributes, NOW));
        // A stride that is prime to every count visits all flags, far apart.
        let next = |n: usize| n.wrapping_mul(7_919) % count;
        let refs: Vec<FlagRef> = flags.iter().filter_map(|flag| evaluator.flag(flag)).collect();
        measure(count, "others, by reference", |n| {
            evaluator.evaluate_flag(refs[next(n)], unit(&units, n), &attributes, NOW)
        });
        measure(count, "others, by id", |n| evaluator.evaluate(&flags[next(n)], unit(&units, n), &attributes, NOW));
        let surfaces = (CALLS / count).max(1);
        let (start, before) = (Instant::now(), allocations());
        let mut logged = 0_usize;
        for n in 0..surfaces {
            logged += evaluator
                .evaluate_surface(unit(&units, n), &attributes, NOW)
                .filter(|(_, got)| got.is_logged())
                .count();
        }
        report(count, "whole surface, per flag", start, before, surfaces * count, logged);
    }

    println!("\nall experiments on one flag, ten at a time one after another, 5 % of 10,000 buckets each");
    for count in [10, 100, 1_000, 10_000] {
        let evaluator = Evaluator::new(surface(count, 1, 10_000, 500));
        let attributes = [("country", AttributeValue::Text("SE")), ("plan", AttributeValue::Text("premium"))];
        let flag = evaluator.flag("flag-0").expect("the only flag");
        measure(count, "by reference", |n| evaluator.evaluate_flag(flag, unit(&units, n), &attributes, NOW));
    }

    println!("\nthe native artifact against its information bound, 10 % of 10,000 buckets each");
    for count in [10, 50, 100, 1_000] {
        let bytes = surface(count, count, 10_000, 1_000).encode().len();
        let bound = count as f64 * information(10_000, 1_000) / 8.0;
        println!("{count:>6} experiments {bytes:>9} bytes, bound {bound:>9.0}, ratio {:.3}", bytes as f64 / bound);
    }

    println!("\nverification of 10,000 experiments on 100 surfaces, a native artifact and a payload each");
    let mut manifest = Manifest { version: manifest::VERSION, at: NOW, ..Manifest::default() };
    let mut files = BTreeMap::new();
    for n in 0..100 {
        let id = format!("surface-{n}");
        let mut artifact = surface(100, 100, 1_000, 200);
        artifact.surface.clone_from(&id);
        artifact.salt = format!("{id}.5e1f");
        let payload = growthbook::encode(&artifact, NOW).expect("a payload");
        let mut formats = BTreeMap::new();
        for (format, ending, bytes) in [("native", "bin", artifact.encode()), ("growthbook", "json", payload)] {
            let file = File::of(&id, format, ending, &bytes);
            files.insert(file.path.clone(), bytes);
            formats.insert(format.to_owned(), file);
        }
        manifest.surfaces.insert(id, Surface { sdk: "growthbook".into(), at: NOW, held: None, formats });
    }
    let manifest = manifest.to_json();
    let size: usize = files.values().map(Vec::len).sum();
    let start = Instant::now();
    let report = verify(manifest.as_bytes(), |path| files.get(path).cloned());
    println!("{report} in {:.3} s ({:.1} MB)", start.elapsed().as_secs_f64(), size as f64 / 1e6);
    files.retain(|path, _| path.contains("native"));
    let natives = Manifest::parse(manifest.as_bytes()).map(|mut manifest| {
        manifest.surfaces.values_mut().for_each(|surface| surface.formats.retain(|format, _| format == "native"));
        manifest.to_json()
    });
    let start = Instant::now();
    let report = verify(natives.expect("a manifest").as_bytes(), |path| files.get(path).cloned());
    println!("{report} in {:.3} s, native artifacts alone", start.elapsed().as_secs_f64());

    println!("\ndraws");
    let free = BucketSet::full(10_000);
    let start = Instant::now();
    let drawn: u32 = (0..10_000).map(|n| draw(&free, 1_000, &["salt", &n.to_string(), "1"]).len()).sum();
    println!("10,000 draws of 1,000 of 10,000 buckets: {:.2} s ({drawn})", start.elapsed().as_secs_f64());
    let free = BucketSet::full(1_000);
    let start = Instant::now();
    let drawn: u32 = (0..10_000).map(|n| draw(&free, 200, &["salt", &n.to_string(), "1"]).len()).sum();
    println!("10,000 draws of 200 of 1,000 buckets: {:.2} s ({drawn})", start.elapsed().as_secs_f64());
}

fn unit(units: &[String], n: usize) -> &str {
    &units[n % units.len()]
}

fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::Relaxed)
}

fn measure<'a>(count: usize, what: &str, call: impl Fn(usize) -> allotment::eval::Assignment<'a>) {
    let mut logged = 0;
    for n in 0..CALLS / 10 {
        black_box(call(n));
    }
    let (start, before) = (Instant::now(), allocations());
    for n in 0..CALLS {
        logged += usize::from(black_box(call(n)).is_logged());
    }
    report(count, what, start, before, CALLS, logged);
}

fn report(count: usize, what: &str, start: Instant, before: u64, calls: usize, logged: usize) {
    let ns = start.elapsed().as_nanos() as f64 / calls as f64;
    let allocated = (allocations() - before) as f64 / calls as f64;
    let share = 100.0 * logged as f64 / calls as f64;
    println!("{count:>6} experiments, {what:<24} {ns:>6.1} ns, {allocated} allocations a call ({share:.0} % exposed)");
}

/// `log2 C(n, k)`.
fn information(n: u32, k: u32) -> f64 {
    (0..k).map(|i| (f64::from(n - i) / f64::from(k - i)).log2()).sum()
}

/// `count` experiments on `flags` flags in turn; on one flag ten live at a time, each group followed by the next.
fn surface(count: usize, flags: usize, buckets: u32, owned: u32) -> Artifact {
    let text = |text: &str| Operand::Text(text.into());
    let nordic = Condition::All(vec![
        is("country", Predicate::In(["DK", "FI", "IS", "NO", "SE"].map(text).to_vec())),
        is("plan", Predicate::Equals(text("premium"))),
    ]);
    let flag = |n: usize| Flag {
        id: format!("flag-{n}"),
        component: format!("component-{n}"),
        kind: FlagKind::String,
        default: json!("off"),
        previews: Vec::new(),
        claims: Vec::new(),
        rules: Vec::new(),
    };
    let mut artifact = Artifact {
        surface: "home".into(),
        scheme: Scheme::GrowthBook,
        salt: "home.5e1f0c77".into(),
        buckets,
        unit: "user-id".into(),
        components: (0..flags).map(|n| format!("component-{n}")).collect(),
        holdout: BucketSet::with_size(buckets),
        segments: vec![Segment { id: "nordic-premium".into(), condition: nordic }],
        flags: (0..flags).map(flag).collect(),
    };
    let mut free = BucketSet::full(buckets);
    for n in 0..count {
        let group = if flags == 1 { n / 10 } else { 0 };
        if flags > 1 || n % 10 == 0 {
            free = BucketSet::full(buckets);
        }
        let drawn = draw(&free, owned, &["home.5e1f0c77", &n.to_string(), "1"]);
        free.subtract(&drawn);
        // On one flag the last group is live now, and those before it have ended.
        let ahead = i64::try_from((count - 1) / 10 - group).unwrap_or(0);
        let start = NOW - DAY - if flags == 1 { ahead * 14 * DAY } else { 0 };
        let claim = experiment(n, &format!("component-{}", n % flags), start, drawn);
        artifact.flags[n % flags].claims.push(claim);
    }
    artifact
}

fn is(attribute: &str, predicate: Predicate) -> Condition {
    Condition::Is(Test { attribute: attribute.into(), kind: AttributeType::String, predicate })
}

fn experiment(n: usize, component: &str, start: i64, buckets: BucketSet) -> Claim {
    let ranges = variant_ranges(&[1, 1]);
    let variants = ["control", "treatment"].into_iter().zip(ranges);
    Claim {
        key: format!("experiment-{n}"),
        id: format!("experiment-{n}"),
        phase: 1,
        kind: ClaimKind::Experiment,
        components: vec![component.into()],
        salt: format!("{:08x}", (n as u32).wrapping_mul(0x9e37_79b1)),
        segment: n.is_multiple_of(3).then_some(0),
        start,
        end: Some(start + 14 * DAY),
        steps: vec![Step { from: start, buckets }],
        variants: variants.map(|(id, range)| Variant { id: id.into(), range, value: json!(id) }).collect(),
    }
}
