//! What artifacts weigh, format by format, beside what they must weigh at least: a page, and the table on it.

use std::fmt::Write;

use allotment::artifact::{
    Artifact, AttributeType, Claim, ClaimKind, Condition, Flag, FlagKind, Operand, Predicate, Segment, Step, Test,
    Variant, format,
};
use allotment::bucket::{BucketSet, Scheme, draw, variant_ranges};
use miniz_oxide::deflate::compress_to_vec;
use serde_json::json;

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// A surface of experiments that are all live, each on a flag of its own, a third of them on a segment.
fn surface(scheme: Scheme, experiments: u32, buckets: u32, owned: u32) -> Artifact {
    let premium = Test {
        attribute: "plan".to_owned(),
        kind: AttributeType::String,
        predicate: Predicate::Equals(Operand::Text("premium".to_owned())),
    };
    let flags = (0..experiments).map(|n| {
        let id = format!("experiment-{n}");
        let variants = variant_ranges(&[1, 1]).into_iter().zip([("control", false), ("treatment", true)]);
        let variants = variants.map(|(range, (id, value))| Variant { id: id.to_owned(), range, value: json!(value) });
        let drawn = draw(&BucketSet::full(buckets), owned, &["sizes", &id]);
        let claim = Claim {
            key: id.clone(),
            id: id.clone(),
            phase: 1,
            kind: ClaimKind::Experiment,
            components: vec![format!("part-{n}")],
            salt: format!("{id}.5e1f9c22"),
            segment: n.is_multiple_of(3).then_some(0),
            start: NOW - DAY,
            end: Some(NOW + 27 * DAY),
            steps: vec![Step { from: NOW - DAY, buckets: drawn }],
            variants: variants.collect(),
        };
        Flag {
            id: format!("flag-{n}"),
            component: format!("part-{n}"),
            kind: FlagKind::Boolean,
            default: json!(false),
            previews: vec![],
            claims: vec![claim],
            rules: vec![],
        }
    });
    Artifact {
        surface: "home".to_owned(),
        scheme,
        salt: "home.5e1f9c22".to_owned(),
        buckets,
        unit: "user-id".to_owned(),
        components: (0..experiments).map(|n| format!("part-{n}")).collect(),
        holdout: BucketSet::with_size(buckets),
        segments: vec![Segment { id: "premium".to_owned(), condition: Condition::Is(premium) }],
        flags: flags.collect(),
    }
}

/// The bytes that tell one draw from all others: log2 of how many there are.
fn information(buckets: u32, owned: u32) -> f64 {
    (0..owned).map(|n| (f64::from(buckets - n) / f64::from(owned - n)).log2()).sum::<f64>() / 8.0
}

fn thousands(bytes: usize) -> String {
    let digits = bytes.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
}

#[test]
fn the_sizes_of_artifacts_are_current() {
    let mut page = "# What artifacts weigh

A surface of experiments that are all live, each on a flag of its own with two variants, a third of them on a segment. Bytes as
they are, and deflated as a server sends them. The bound is what the draws alone must take: the logarithm of how many there
are. This page is generated.

The native format writes draws close to that bound, so that compressing it again gains little. GrowthBook's and Eppo's list
ranges as text. Confidence's has a bit for each of a million cells of each segment, gzipped within.
"
    .to_owned();
    for (buckets, owned) in [(1_000, 100), (1_000, 500), (10_000, 1_000)] {
        let share = f64::from(owned) / f64::from(buckets) * 100.0;
        let all = thousands(buckets as usize);
        write!(page, "\n## {share:.0} % of {all} buckets each\n\n| experiments | format | bytes | deflated | times the bound |\n|--:|---|--:|--:|--:|\n").expect("a string");
        for experiments in [10, 100] {
            let bound = information(buckets, owned) * f64::from(experiments);
            let mut row = |format: &str, bytes: &[u8]| {
                let deflated = compress_to_vec(bytes, 9).len();
                let (raw, small, ratio) = (thousands(bytes.len()), thousands(deflated), deflated as f64 / bound);
                writeln!(page, "| {experiments} | {format} | {raw} | {small} | {ratio:.1} |").expect("a string");
            };
            row(format::NATIVE, &surface(Scheme::GrowthBook, experiments, buckets, owned).encode());
            for scheme in Scheme::ALL {
                let payload = format::encode(&surface(scheme, experiments, buckets, owned), NOW).expect("a payload");
                row(scheme.id(), &payload);
            }
            writeln!(page, "| {experiments} | bound | {} | | |", thousands(bound as usize)).expect("a string");
        }
    }
    super::held("docs/sizes.md", &page);
}
