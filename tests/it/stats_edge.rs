//! Estimates of the edge cases under `reference/edge`, against every intermediate value that scipy, statsmodels and R gave.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use allotment::stats::{
    Comparison, Direction, Estimate, Interval, Moments, Undefined, adjust, goodness_of_fit, normal, student,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const Z: f64 = 1.959_963_984_540_054;

pub fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/edge").join(name);
    fs::read_to_string(path).expect("the reference is there")
}

/// The rows of a file without quotes, by fields.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.split('\n').skip(1).filter(|line| !line.is_empty()).map(|line| line.split(',').collect())
}

fn instant(text: &str) -> Timestamp {
    format!("{}Z", text.replace(' ', "T")).parse().expect("an instant")
}

/// Outcome and covariate of each unit, by experiment and variant.
pub type Units = BTreeMap<String, BTreeMap<String, Vec<[f64; 2]>>>;

pub fn units() -> Units {
    let (exposures, events) = (read("exposures.csv"), read("events.csv"));
    let mut seen: BTreeMap<(&str, &str), (Timestamp, BTreeSet<&str>)> = BTreeMap::new();
    for row in rows(&exposures) {
        let at = instant(row[3]);
        let entry = seen.entry((row[1], row[0])).or_insert((at, BTreeSet::new()));
        entry.0 = entry.0.min(at);
        entry.1.insert(row[2]);
    }
    let mut facts: BTreeMap<&str, Vec<(Timestamp, f64)>> = BTreeMap::new();
    for row in rows(&events) {
        match row[2].parse::<f64>() {
            Ok(value) if value.is_finite() => facts.entry(row[0]).or_default().push((instant(row[1]), value)),
            _ => {}
        }
    }
    let mut units = Units::new();
    for ((experiment, unit), (from, variants)) in seen {
        if variants.len() > 1 {
            continue;
        }
        let week = SignedDuration::from_hours(7 * 24);
        let (mut after, mut before) = (0.0, 0.0);
        for (at, value) in facts.get(unit).into_iter().flatten() {
            if *at >= from && *at < from + week {
                after += value;
            } else if *at < from && *at >= from - week {
                before += value;
            }
        }
        let variant = variants.first().expect("a variant");
        let arms = units.entry(format!("edge/{experiment}")).or_default();
        arms.entry((*variant).to_owned()).or_default().push([after, before]);
    }
    units
}

#[track_caller]
pub fn near(ours: f64, theirs: &Value, tolerance: f64, what: &str) {
    let theirs = theirs.as_f64().unwrap_or_else(|| panic!("{what}: no number"));
    assert!((ours - theirs).abs() <= tolerance * theirs.abs(), "{what}: {ours} is not {theirs}");
}

#[track_caller]
fn ends(ours: Interval, theirs: &Value, se: f64, what: &str) {
    let end = |at: usize| theirs[at].as_f64().expect("an end");
    let (low, high) = (end(0).min(end(1)), end(0).max(end(1)));
    assert!((ours.low - low).abs() <= 1e-9 * se && (ours.high - high).abs() <= 1e-9 * se, "{what}: {ours:?} {theirs}");
}

/// The reason that stands where the reference has the same in its own words.
fn reason(text: &str) -> Undefined {
    match text {
        "variance undefined: an arm has one unit" => Undefined::OneUnit,
        "zero variance in both arms: no test possible" => Undefined::ZeroVariance,
        "empty arm" => Undefined::EmptyArm,
        "control mean is 0" => Undefined::ControlMeanZero,
        "covariate has zero variance: falls back to unadjusted" => Undefined::ConstantCovariate,
        other => panic!("a reason not known: {other}"),
    }
}

fn relative(pair: &Comparison<'_>, expected: &Value, name: &str) {
    if expected["defined"] == false {
        assert_eq!(pair.relative(Z), Err(reason(expected["reason"].as_str().expect("a reason"))), "{name}");
        return;
    }
    // The reference divides by the mean itself, and by its absolute value beside.
    let sign = pair.control.mean().expect("a mean").signum();
    near(sign * pair.lift().expect("a lift"), &expected["lift"], 1e-10, name);
    near(pair.lift().expect("a lift"), &expected["lift_abs_denominator"], 1e-10, name);
    let se = pair.lift_se().expect("a standard error");
    near(se, &expected["se_delta"], 1e-10, name);
    if expected["ci_fieller_z"].is_null() {
        assert_eq!(pair.relative(Z), Err(Undefined::ControlMeanNearZero), "{name}");
        return;
    }
    let ours = pair.relative(Z).expect("an interval");
    let signed =
        Interval { low: (sign * ours.low).min(sign * ours.high), high: (sign * ours.low).max(sign * ours.high) };
    ends(signed, &expected["ci_fieller_z"], se, name);
}

fn difference(pair: &Comparison<'_>, expected: &Value, name: &str) {
    let contrast = pair.against(1.0).expect("defined");
    near(contrast.value, &expected["diff"], 1e-10, name);
    near(contrast.se(), &expected["se"], 1e-10, name);
    let t = contrast.statistic().expect("a statistic");
    near(t, &expected["t"], 1e-10, name);
    near(contrast.freedom, &expected["df"], 1e-10, name);
    near(contrast.p().expect("a p-value"), &expected["p_welch"], 1e-8, name);
    if expected.get("p_z").is_none() {
        return;
    }
    near(contrast.p_above().expect("a p-value"), &expected["p_welch_one_sided_greater"], 1e-8, name);
    near(normal::two_sided(t), &expected["p_z"], 1e-9, name);
    near(normal::sf(t), &expected["p_z_one_sided_greater"], 1e-9, name);
    let q = student::upper_quantile(0.025, contrast.freedom).expect("a quantile");
    ends(contrast.interval(q).expect("an interval"), &expected["ci_welch"], contrast.se(), name);
    ends(contrast.interval(Z).expect("an interval"), &expected["ci_z"], contrast.se(), name);
}

fn non_inferiority(pair: &Comparison<'_>, expected: &Value, name: &str) -> usize {
    let mut checked = 0;
    for (way, direction) in [("increase", Direction::Increase), ("decrease", Direction::Decrease)] {
        for (margin, values) in expected[way].as_object().expect("margins") {
            if values["z_ratio_margin"].is_null() {
                continue;
            }
            let contrast = pair.against_margin(direction, margin.parse().expect("a share")).expect("defined");
            let z = contrast.statistic().expect("a statistic");
            near(z, &values["z_ratio_margin"], 1e-10, &format!("{name}, {way} {margin}"));
            near(normal::sf(z), &values["p_ratio_margin_z"], 1e-9, name);
            checked += 1;
        }
    }
    checked
}

#[test]
fn edge_cases_meet_every_reference_value() {
    let expected: Value = serde_json::from_str(&read("expected.json")).expect("JSON");
    let units = units();
    let none = BTreeMap::new();
    let (mut compared, mut undefined, mut margins) = (0, 0, 0);
    for (name, experiment) in expected["experiments"].as_object().expect("experiments") {
        let metric = &experiment["metrics"]["value_7d"];
        let arms = units.get(name).unwrap_or(&none);
        let mut moments: BTreeMap<&str, Moments> = BTreeMap::new();
        for (variant, values) in metric["per_variant"].as_object().expect("variants") {
            let rows = arms.get(variant).map_or(&[][..], Vec::as_slice);
            let mut own = Moments::new(2);
            for row in rows {
                own.push(row).expect("finite");
            }
            assert_eq!(own.count(), values["n"].as_u64().expect("a count"), "{name} {variant}");
            near(own.sum(0).expect("a sum"), &values["sum"], 1e-12, name);
            match own.mean(0) {
                Ok(mean) => near(mean, &values["mean"], 1e-12, name),
                Err(why) => assert!(values["mean"].is_null() && why == Undefined::EmptyArm),
            }
            match own.variance(0) {
                Ok(variance) if name == "edge/big_offset" => {
                    near(variance, &metric["exact_rational"]["variance"][variant], 1e-12, name);
                }
                Ok(variance) => near(variance, &values["variance"], 1e-12, name),
                Err(_) => assert!(values["variance"].is_null(), "{name}"),
            }
            moments.insert(variant, own);
        }
        for (key, values) in metric["comparisons"].as_object().expect("comparisons") {
            let (treatment, control) = key.split_once("_vs_").expect("a pair");
            let estimates = [control, treatment].map(|arm| Estimate::of_mean(&moments[arm], 0));
            let [Ok(control), Ok(treatment)] = &estimates else {
                let why = estimates.into_iter().find_map(Result::err).expect("a reason");
                assert_eq!(why, reason(values["reason"].as_str().expect("a reason")), "{name}");
                undefined += 1;
                continue;
            };
            let pair = Comparison::new(control, treatment);
            if values["defined"] == false {
                near(pair.difference().expect("a difference"), &values["diff"], 1e-10, name);
                let why = reason(values["reason"].as_str().expect("a reason"));
                assert_eq!(pair.against(1.0), Err(why), "{name}");
                assert_eq!(pair.relative(Z), Err(why), "{name}");
                if let Some(lift) = values["relative"]["lift"].as_f64() {
                    assert!((pair.lift().expect("a lift") - lift).abs() < 1e-15, "{name}");
                }
                undefined += 1;
                continue;
            }
            if metric.get("exact_rational").is_some() {
                difference(&pair, &metric["exact_rational"], name);
            } else {
                difference(&pair, values, name);
                relative(&pair, &values["relative"], name);
            }
            if let Some(values) = metric.get("noninferiority") {
                margins += non_inferiority(&pair, &values[key], name);
            }
            compared += 1;
        }
        if let Some(cuped) = metric.get("cuped") {
            let arms: Vec<Moments> = moments.values().cloned().collect();
            assert_eq!(adjust(&arms), Err(reason(cuped["reason"].as_str().expect("a reason"))), "{name}");
        }
        if let Some(p) = experiment["srm"]["p"].as_f64() {
            let counts: Vec<u64> =
                experiment["srm"]["observed"].as_array().expect("counts").iter().filter_map(Value::as_u64).collect();
            if let Some(found) = goodness_of_fit(&counts, &[0.5, 0.5]) {
                assert!((found.p - p).abs() <= 1e-9 * p, "{name}");
            }
        }
    }
    assert_eq!((compared, undefined, margins), (8, 7, 16), "all are compared");
}
