//! Designs against scipy and statsmodels, on inputs that are drawn anew each run: `tests/stats/design.py`.
//!
//! Needs Python and its registry, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use allotment::stats::design::{Aim, Baseline, Design};
use allotment::stats::sequential::{Look, Sequence, Sides, Spending, bounds};
use allotment::stats::{benjamini_hochberg, bonferroni, holm, hommel, log_evidence};
use serde_json::{Value, json};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// Evenly on a logarithmic scale.
    fn scale(&mut self, low: f64, high: f64) -> f64 {
        self.within(low.ln(), high.ln()).exp()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn sides(&mut self) -> (Sides, u32) {
        if self.below(2) == 0 { (Sides::One, 1) } else { (Sides::Two, 2) }
    }
}

fn some_bounds(random: &mut Random) -> Value {
    let (sides, count) = random.sides();
    let alpha = random.scale(0.001, 0.2);
    let (spending, family, parameter) = match random.below(4) {
        0 => (Spending::OBrienFleming, "obf", 0.0),
        1 => (Spending::Pocock, "pocock", 0.0),
        2 => {
            let rho = random.within(0.5, 4.0);
            (Spending::Power { rho }, "power", rho)
        }
        _ => {
            let gamma = random.within(-6.0, 3.0);
            (Spending::HwangShihDeCani { gamma }, "hsd", gamma)
        }
    };
    let number = 1 + random.below(8);
    let (mut fraction, mut information) = (0.05, 0.05);
    let mut looks = Vec::new();
    for look in 1..=number {
        fraction += random.within(0.03, 0.1);
        information += random.within(0.03, 0.3);
        looks.push(Look { fraction, information, last: look == number });
    }
    let ours: Vec<f64> = bounds(spending, alpha, sides, &looks)
        .expect("bounds")
        .iter()
        .map(|bound| bound.expect("a bound").critical)
        .collect();
    let looks: Vec<_> = looks.iter().map(|look| (look.fraction, look.information)).collect();
    json!({ "kind": "bounds", "family": family, "parameter": parameter, "alpha": alpha, "sides": count, "looks": looks,
        "ours": ours })
}

fn some_evidence(random: &mut Random) -> Value {
    let arms = 2 + random.below(4);
    let weights: Vec<u64> = (0..arms).map(|_| 1 + random.below(1_000)).collect();
    let units = 10_u64.pow(1 + u32::try_from(random.below(6)).expect("a digit"));
    let total: u64 = weights.iter().sum();
    // Within five in a hundred of what is due.
    let counts: Vec<u64> =
        weights.iter().map(|&weight| units * weight * (950 + random.below(101)) / total / 1_000).collect();
    let ours = [log_evidence(&counts, &weights).expect("evidence")];
    json!({ "kind": "evidence", "counts": counts, "weights": weights, "ours": ours })
}

fn some_sequence(random: &mut Random) -> Value {
    let (sides, count) = random.sides();
    let (alpha, planned) = (random.scale(1e-6, 0.4), random.scale(100.0, 1e9));
    let (control, treatment) = (random.scale(100.0, 1e9), random.scale(100.0, 1e9));
    let sequence = Sequence::tuned(alpha, sides, planned, 100.0).expect("a sequence");
    let ours = [sequence.critical(control, treatment).expect("a critical value")];
    json!({ "kind": "sequence", "alpha": alpha, "sides": count, "planned": planned, "control": control,
        "treatment": treatment, "ours": ours })
}

fn some_size(random: &mut Random) -> Value {
    let (sides, count) = random.sides();
    let (alpha, power, ratio) = (random.scale(0.001, 0.2), random.within(0.5, 0.99), random.scale(0.1, 10.0));
    let binary = random.below(2) == 0;
    let effect = random.scale(0.001, 0.2);
    let (baseline, delta, control, treatment) = if binary {
        let share = random.within(0.01, 0.8);
        let reached = share * (1.0 + effect);
        (Baseline::Binary { share }, share * effect, share * (1.0 - share), reached * (1.0 - reached))
    } else {
        let (mean, variance) = (random.within(-10.0, -1.0), random.scale(0.1, 100.0));
        (Baseline::Mean { mean, variance }, -mean * effect, variance, variance)
    };
    let design = Design { baseline, alpha, sides, ratio, correlation: 0.0, inflation: 1.0 };
    let size = design.size(Aim::Effect(effect), power).expect("a size").treatment;
    // There is no power without a unit.
    let units = (size * random.within(0.5, 2.0)).max(1.0);
    let ours = [size, design.power(Aim::Effect(effect), units).expect("a power")];
    json!({ "kind": "size", "alpha": alpha, "sides": count, "power": power, "ratio": ratio, "units": units, "delta": delta,
        "control": control, "treatment": treatment, "ours": ours })
}

type Adjust = fn(&[f64]) -> Option<Vec<f64>>;

fn some_adjusted(random: &mut Random) -> Value {
    let number = 1 + random.below(30);
    // Some are equal.
    let p: Vec<f64> = (0..number).map(|_| random.within(0.0, 1.0).powi(3)).map(|p| (p * 1e3).round() / 1e3).collect();
    let methods: [(&str, Adjust); 4] =
        [("bonferroni", bonferroni), ("holm", holm), ("hommel", hommel), ("fdr_bh", benjamini_hochberg)];
    let (method, adjust) = methods[random.below(4) as usize];
    json!({ "kind": "adjusted", "method": method, "p": p, "ours": adjust(&p).expect("p-values") })
}

#[test]
fn scipy_and_statsmodels_agree_on_random_designs() {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to compare with scipy and statsmodels (needs python3, pip)");
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let seed = now.as_nanos() as u64;
    eprintln!("seed {seed}");
    let mut random = Random(seed);
    let mut text = String::new();
    for _ in 0..200 {
        for draw in [some_bounds, some_evidence, some_sequence, some_size, some_adjusted] {
            text.push_str(&format!("{}\n", draw(&mut random)));
        }
    }
    let mut child = Command::new("bash")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stats/run.sh"))
        .arg("design.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut input = child.stdin.take().expect("its input");
    // A script that ends early says why; the broken pipe is not the finding.
    let written = input.write_all(text.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stdout));
    written.expect("all of the input is read");
}
