//! Estimates against numpy, scipy and statsmodels, on data that is drawn anew each run: `tests/stats/estimation.py`.
//!
//! Needs Python and its registry, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use allotment::stats::{
    Comparison, Contrast, Direction, Estimate, Interval, Moments, Ordered, Undefined, adjust, goodness_of_fit,
    interaction, normal, post_stratify, student,
};
use serde_json::{Value, json};

const EACH: usize = 40;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0 and below 1.
    pub fn share(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    pub fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn normal(&mut self) -> f64 {
        normal::quantile(self.share()).expect("a share")
    }

    /// An outcome of one of the shapes that metrics have: skewed with zeros, a count, a conversion, noise on an offset.
    pub fn outcomes(&mut self, units: usize) -> Vec<f64> {
        let (shape, scale, offset) = (self.below(4), self.within(-3.0, 5.0).exp(), self.within(-1e6, 1e6));
        let rate = self.within(0.2, 0.8);
        let one = |random: &mut Self| match shape {
            0 if random.share() < rate => 0.0,
            0 => scale * random.normal().exp(),
            1 => random.below(20) as f64,
            2 => f64::from(u8::from(random.share() < rate)),
            _ => offset + scale * random.normal(),
        };
        (0..units).map(|_| one(self)).collect()
    }

    pub fn units(&mut self) -> usize {
        8 + usize::try_from(self.below(300)).expect("small")
    }
}

/// A number, or its reason.
fn said(number: Result<f64, Undefined>) -> Value {
    number.map_or_else(|why| json!(why.to_string()), |number| json!(number))
}

fn ends(interval: Result<Interval, Undefined>) -> Value {
    interval.map_or_else(|why| json!(why.to_string()), |interval| json!([interval.low, interval.high]))
}

fn contrast(contrast: Result<Contrast, Undefined>) -> Value {
    match contrast {
        Ok(found) => json!({
            "value": found.value, "se": found.se(), "df": found.freedom, "p": said(found.p()), "above": said(found.p_above()),
        }),
        Err(why) => json!(why.to_string()),
    }
}

/// All that is said of a pair, at a critical value and a margin.
fn pair(control: &Estimate, treatment: &Estimate, q: f64, margin: f64) -> Value {
    let pair = Comparison::new(control, treatment);
    json!({
        "difference": contrast(pair.against(1.0)),
        "lift": said(pair.lift()), "lift_se": said(pair.lift_se()), "relative": ends(pair.relative(q)),
        "more": contrast(pair.against_margin(Direction::Increase, margin)),
        "less": contrast(pair.against_margin(Direction::Decrease, margin)),
    })
}

fn table(rows: &[Vec<f64>]) -> Moments {
    let mut moments = Moments::new(rows[0].len());
    for row in rows {
        moments.push(row).expect("finite");
    }
    moments
}

fn welch(random: &mut Random) -> Value {
    let sizes = [random.units(), random.units()];
    let control = random.outcomes(sizes[0]);
    let treatment: Vec<f64> = if random.below(2) == 0 {
        random.outcomes(sizes[1])
    } else {
        (0..sizes[1]).map(|at| control[at % control.len()] * 1.1 + random.share()).collect()
    };
    let arms =
        [&control, &treatment].map(|arm| Estimate::of_mean(&Moments::of(arm).expect("finite"), 0).expect("units"));
    let (q, margin) = (random.within(0.5, 4.0), random.within(0.0, 0.3));
    let ours = pair(&arms[0], &arms[1], q, margin);
    json!({ "kind": "welch", "arms": [control, treatment], "q": q, "margin": margin, "ours": ours })
}

/// Rows with an outcome, or a numerator and a denominator, and covariates that explain some of it.
fn explained(random: &mut Random, covariates: usize, ratio: bool) -> Vec<Vec<f64>> {
    let slopes: Vec<f64> = (0..covariates).map(|_| random.within(-3.0, 3.0)).collect();
    let level = random.within(2.0, 20.0);
    let units = 12 + random.units();
    let row = |random: &mut Random| {
        let common = random.normal();
        let own: Vec<f64> = (0..covariates).map(|_| 3.0 + common + random.normal()).collect();
        let along: f64 = own.iter().zip(&slopes).map(|(x, slope)| x * slope).sum();
        let outcome = level + along + random.normal();
        let mut row = vec![outcome];
        if ratio {
            let views = 1.0 + random.below(9) as f64;
            row = vec![outcome * views, views];
        }
        row.extend(own);
        row
    };
    (0..units).map(|_| row(random)).collect()
}

fn cuped(random: &mut Random) -> Value {
    let (covariates, ratio) = (1 + usize::try_from(random.below(3)).expect("small"), random.below(2) == 0);
    let arms: Vec<Vec<Vec<f64>>> = (0..2 + random.below(2)).map(|_| explained(random, covariates, ratio)).collect();
    let tables = arms.iter().map(|arm| table(arm));
    let tables: Vec<Moments> =
        tables.map(|table| if ratio { table.linearised().expect("views") } else { table }).collect();
    let adjusted = adjust(&tables).expect("defined");
    let (q, margin) = (random.within(0.5, 3.0), random.within(0.0, 0.3));
    let means: Vec<Value> = adjusted.arms.iter().map(|arm| said(arm.mean())).collect();
    let ours = pair(&adjusted.arms[0], &adjusted.arms[1], q, margin);
    json!({
        "kind": "cuped", "ratio": ratio, "arms": arms, "q": q, "margin": margin, "means": means, "thetas": adjusted.thetas,
        "ours": ours,
    })
}

fn ratio(random: &mut Random) -> Value {
    let arms = [explained(random, 0, true), explained(random, 0, true)];
    let [control, treatment] = [0, 1].map(|at| Estimate::of_ratio(&table(&arms[at])).expect("views"));
    let (q, margin) = (random.within(0.5, 4.0), random.within(0.0, 0.3));
    let ours = pair(&control, &treatment, q, margin);
    json!({ "kind": "ratio", "arms": arms, "q": q, "margin": margin, "ours": ours })
}

fn quantile(random: &mut Random) -> Value {
    let level = random.within(0.2, 0.8);
    let units: Vec<Vec<f64>> = (0..60 + random.units())
        .map(|_| {
            let own = random.normal();
            (0..random.below(6)).map(|_| (own + 0.5 * random.normal()).exp()).collect()
        })
        .collect();
    let firsts: Vec<f64> = units.iter().filter_map(|events| events.first().copied()).collect();
    let events = Ordered::of(&units.concat()).expect("finite");
    let at = events.percentile(level).expect("events");
    let below: Vec<Vec<f64>> = units
        .iter()
        .map(|events| vec![events.iter().filter(|event| **event <= at).count() as f64, events.len() as f64])
        .collect();
    let clustered = Estimate::of_clustered_quantile(&events, level, &table(&below)).expect("events");
    let ordered = Ordered::of(&firsts).expect("finite");
    let plain = Estimate::of_quantile(&ordered, level).expect("values");
    json!({
        "kind": "quantile", "level": level, "units": units, "firsts": firsts, "cap": said(ordered.cap(level)),
        "plain": [said(plain.mean()), said(plain.se())], "clustered": [said(clustered.mean()), said(clustered.se())],
    })
}

fn strata(random: &mut Random) -> Value {
    let arms: Vec<Vec<Vec<f64>>> = (0..2)
        .map(|_| {
            (0..3)
                .map(|stratum| {
                    let units = 5 + random.units() / 3;
                    (0..units).map(|_| 5.0 * f64::from(stratum + 1) + random.normal()).collect()
                })
                .collect()
        })
        .collect();
    let moments = |arm: &Vec<Vec<f64>>| arm.iter().map(|cell| Moments::of(cell).expect("finite")).collect();
    let tables: Vec<Vec<Moments>> = arms.iter().map(moments).collect();
    let found = post_stratify(&tables).expect("defined");
    let (q, margin) = (random.within(0.5, 4.0), random.within(0.0, 0.3));
    let ours = pair(&found[0], &found[1], q, margin);
    json!({ "kind": "strata", "arms": arms, "q": q, "margin": margin, "ours": ours })
}

fn cells(random: &mut Random) -> Value {
    let cells: Vec<Vec<f64>> = (0..4).map(|_| (0..random.units()).map(|_| 4.0 + random.normal()).collect()).collect();
    let found: Vec<Estimate> =
        cells.iter().map(|cell| Estimate::of_mean(&Moments::of(cell).expect("finite"), 0).expect("units")).collect();
    let ours = contrast(interaction([&found[0], &found[1]], [&found[2], &found[3]]));
    json!({ "kind": "interaction", "cells": cells, "ours": ours })
}

fn tails(random: &mut Random) -> Value {
    let (t, df) = (random.within(-2.0, 3.0).exp(), random.within(0.0, 16.0).exp());
    let tail = random.within(-200.0, -0.7).exp();
    let counts = [100 + random.below(400), 100 + random.below(400), 100 + random.below(400)];
    let chi = goodness_of_fit(&counts, &[0.3, 0.3, 0.4]).expect("defined");
    json!({
        "kind": "tails", "t": t, "df": df, "tail": tail, "counts": counts, "chi": [chi.statistic, chi.p],
        "student": said(student::sf(t, df)), "student_quantile": said(student::upper_quantile(tail, df)),
        "normal": normal::sf(t), "normal_quantile": said(normal::upper_quantile(tail)),
    })
}

/// Whether peers are installed and run, as `.ci/run` has it; else it is said what is skipped.
pub fn wanted(with: &str) -> bool {
    let wanted = std::env::var_os("ALLOTMENT_PEERS").is_some();
    if !wanted {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to compare with {with} (needs python3, pip)");
    }
    wanted
}

/// A generator with a seed that is new each time, or given by `ALLOTMENT_SEED`; it is printed.
pub fn seeded() -> (u64, Random) {
    let seed = match std::env::var("ALLOTMENT_SEED") {
        Ok(seed) => seed.parse().expect("a seed is a number"),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").subsec_nanos().into(),
    };
    eprintln!("ALLOTMENT_SEED={seed}");
    (seed, Random(seed))
}

/// Has a script in `tests/stats` compare cases: all of them, or it fails.
pub fn compare(script: &str, cases: &[Value], seed: u64) {
    let mut script = Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stats/run.sh"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let text = serde_json::to_string(cases).expect("JSON");
    script.stdin.take().expect("an input").write_all(text.as_bytes()).expect("it listens");
    let output = script.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "seed {seed}:\n{said}");
    let words = format!("{} cases", cases.len());
    assert!(said.contains(&words), "all {words} are compared: {said}");
    eprintln!("{}", said.trim());
}

#[test]
fn numpy_scipy_and_statsmodels_estimate_the_same() {
    if !wanted("scipy and statsmodels") {
        return;
    }
    let (seed, mut random) = seeded();
    let kinds = [welch, cuped, ratio, quantile, strata, cells, tails];
    let cases: Vec<Value> = (0..EACH * kinds.len()).map(|at| kinds[at % kinds.len()](&mut random)).collect();
    compare("estimation.py", &cases, seed);
}
