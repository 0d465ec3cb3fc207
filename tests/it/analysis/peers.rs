//! Results against those of `tea-tasting`, on data that is drawn anew each run: `tests/stats/analysis.py`.
//!
//! Needs Python and its registry, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use allotment::results::{Figure, Interval, Outcome};
use serde_json::{Value, json};

use super::field::{Field, arm, day, of_rows, tally};
use crate::stats_peers::{Random, compare, seeded, wanted};

const CASES: usize = 60;

fn figure(figure: &Figure) -> Value {
    figure.number().map_or_else(|| json!(figure.why()), |number| json!(number))
}

fn ends(interval: &Figure<Interval>) -> Value {
    interval.known().map_or_else(|| json!(interval.why()), |ends| json!([ends.low, ends.high]))
}

fn said(outcome: &Outcome) -> Value {
    json!({
        "metric": outcome.metric, "alpha": outcome.alpha, "p": figure(&outcome.p),
        "control": figure(&outcome.control.mean), "treatment": figure(&outcome.treatment.mean),
        "difference": figure(&outcome.difference), "interval": ends(&outcome.interval), "lift": figure(&outcome.lift),
    })
}

/// A mean, a ratio and a conversion of units that vary, in two or three arms of different sizes.
fn case(random: &mut Random) -> Value {
    let treatments =
        ["one", "two"].into_iter().take(1 + usize::try_from(random.below(2)).expect("small")).collect::<Vec<_>>();
    let metrics = "[success]\ngain = {}\nrate = {}\nother = {}\n\n[analysis]\nmethod = \"fixed\"\n";
    let field = Field::new(14, &treatments, metrics);
    let arms: Vec<Vec<Vec<f64>>> = (0..=treatments.len())
        .map(|at| {
            let units = 20 + random.units();
            let (level, share) = (random.within(0.5, 2.0) + at as f64 * 0.1, random.within(0.2, 0.8));
            let row = |random: &mut Random| {
                let whole = 1.0 + random.below(9) as f64;
                let value = level * random.normal().exp() + 1_000.0;
                vec![value, whole * random.share(), whole, f64::from(u8::from(random.share() < share))]
            };
            (0..units).map(|_| row(random)).collect()
        })
        .collect();
    let columns = |places: &[usize], shifts: &[f64]| {
        let of = |rows: &Vec<Vec<f64>>| {
            let picked: Vec<Vec<f64>> =
                rows.iter().map(|row| places.iter().map(|&place| row[place]).collect()).collect();
            arm(of_rows(&picked, shifts))
        };
        arms.iter().map(of).collect()
    };
    let metrics = vec![
        ("gain", columns(&[0], &[1_001.0])),
        ("rate", columns(&[1, 2], &[2.5, 5.0])),
        ("other", columns(&[3], &[0.5])),
    ];
    let results = field.look(day(15.0), &tally(&treatments, metrics), &[]);
    let ours: Vec<Value> = results
        .treatments
        .iter()
        .map(|treatment| json!({ "variant": treatment.variant, "outcomes": treatment.outcomes.iter().map(said).collect::<Vec<_>>() }))
        .collect();
    json!({ "arms": arms, "ours": ours })
}

#[test]
fn tea_tasting_comes_to_the_same() {
    if !wanted("tea-tasting") {
        return;
    }
    let (seed, mut random) = seeded();
    let cases: Vec<Value> = (0..CASES).map(|_| case(&mut random)).collect();
    compare("analysis.py", &cases, seed);
}
