//! Random requests on random data in `DuckDB` and in `PostgreSQL`: the same tallies as by brute force.
//!
//! Needs Python, its registry and `PostgreSQL`'s programs, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use allotment::decl::Engine;
use allotment::query::{Calculation, Cell, Dialect, Measure, Row, Statement, Study, statements, tallies};
use allotment::results::{ArmTally, MetricTally, Sums, Tally, UnitQuantile};
use allotment::stats::{Moments, Ordered};
use serde_json::{Value, json};

use super::plain::{Measured, Unit, Values, clusters, joint as joined, measured, quantile, units, values};
use super::random::World;
use crate::stats_peers::Random;

pub const ENGINES: [(&str, Engine); 2] = [("duckdb", Engine::Duckdb), ("postgres", Engine::Postgres)];

/// Runs cases in both engines; none where peers are not asked for.
pub fn ran(cases: &Value) -> Option<Value> {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!(
            "skipped: set ALLOTMENT_PEERS=1 to run SQL in DuckDB and PostgreSQL (needs python3, pip, postgresql)"
        );
        return None;
    }
    let mut script = Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql/run.sh"))
        .arg("warehouses.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    script.stdin.take().expect("an input").write_all(cases.to_string().as_bytes()).expect("it listens");
    let output = script.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the engines did not run");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The result of a statement, which is a list of rows unless it failed.
pub fn rows(result: &Value, statement: &Statement) -> Vec<Row> {
    let rows = result.as_array().unwrap_or_else(|| panic!("{result}\n{}", statement.text));
    let cell = |value: &Value| match value {
        Value::String(text) => Cell::Text(text.clone()),
        value => value.as_f64().map_or(Cell::Null, Cell::Number),
    };
    rows.iter().map(|row| row.as_array().expect("a row").iter().map(cell).collect()).collect()
}

#[test]
fn duckdb_and_postgresql_give_the_tallies_of_brute_force() {
    let seed = match std::env::var("ALLOTMENT_SEED") {
        Ok(seed) => seed.parse().expect("a seed is a number"),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").subsec_nanos().into(),
    };
    eprintln!("ALLOTMENT_SEED={seed}");
    let mut random = Random(seed);
    let worlds: Vec<World> = (0..24).map(|_| World::draw(&mut random)).collect();
    let written: Vec<Vec<Vec<Statement>>> = worlds
        .iter()
        .map(|world| {
            ENGINES
                .iter()
                .map(|(_, engine)| statements(&world.request, Dialect::of(*engine)).expect("harmless"))
                .collect()
        })
        .collect();
    let cases: Vec<Value> = worlds
        .iter()
        .zip(&written)
        .map(|(world, written)| {
            let case = |at: usize| {
                let texts: Vec<&str> = written[at].iter().map(|statement| statement.text.as_str()).collect();
                json!({ "setup": world.setup, "statements": texts })
            };
            json!({ "duckdb": case(0), "postgres": case(1) })
        })
        .collect();
    let Some(results) = ran(&json!(cases)) else { return };
    let mut seen = 0;
    for (at, (world, written)) in worlds.iter().zip(&written).enumerate() {
        let both: Vec<Vec<Tally>> = ENGINES
            .iter()
            .zip(written)
            .map(|((engine, _), written)| {
                let of: Vec<(&Statement, Vec<Row>)> = written
                    .iter()
                    .zip(results[at][engine].as_array().expect("results"))
                    .map(|(statement, result)| (statement, rows(result, statement)))
                    .collect();
                let of: Vec<(&Statement, &[Row])> =
                    of.iter().map(|(statement, rows)| (*statement, rows.as_slice())).collect();
                tallies(&world.request, &of).expect("they are as they were asked for")
            })
            .collect();
        if world.exact {
            assert_same(&both[0], &both[1], &format!("seed {seed}, world {at}"));
        }
        for (tallies, (engine, _)) in both.iter().zip(ENGINES) {
            for (study, tally) in world.request.studies.iter().zip(tallies) {
                seen += check(world, study, tally, &format!("seed {seed}, world {at}, {engine}, `{}`", study.key));
            }
            seen += check_pairs(world, tallies, &format!("seed {seed}, world {at}, {engine}"));
        }
    }
    eprintln!("{seen} metrics of studies compared");
    assert!(seen > 500, "most metrics have units");
}

/// Where every sum is exact, all is the same to the last bit, except for what a division or a root is in.
fn assert_same(one: &[Tally], other: &[Tally], what: &str) {
    for (one, other) in one.iter().zip(other) {
        for (one, other) in one.metrics.iter().zip(&other.metrics) {
            // Measures 1 and 4 divide, a cap interpolates, and quantiles of events have a root.
            let exact = one.caps.is_none() && !["measure-1", "measure-4", "measure-7"].contains(&one.metric.as_str());
            assert!(!exact || one == other, "{what}: {one:?}\n{other:?}");
        }
        assert_eq!((&one.arms, one.rows_outside), (&other.arms, other.rows_outside), "{what}");
    }
}

/// Holds a tally against brute force, and says how many of its metrics have units.
pub fn check(world: &World, study: &Study, tally: &Tally, what: &str) -> usize {
    let (units, left_out) = units(world, study);
    assert_eq!([tally.rows_without_key, tally.rows_outside, tally.rows_unknown_variant], left_out, "{what}");
    for (arm, own) in tally.arms.iter().enumerate() {
        let of = units.iter().filter(|unit| unit.arm == arm);
        let mixed = of.clone().filter(|unit| unit.mixed).count() as u64;
        assert_eq!((own.exposed, own.mixed), (of.count() as u64, mixed), "{what}, `{}`", own.variant);
    }
    let mut seen = 0;
    for (place, found) in study.measures.iter().zip(&tally.metrics) {
        let measure = &world.request.measures[*place];
        let what = format!("{what}, {measure:?}");
        let expected = measured(world, study, measure, &units);
        for (arm, own) in found.arms.iter().enumerate() {
            assert_eq!(own.incomplete, expected.incomplete[arm], "{what}");
            assert_eq!(own.without_rows, expected.without_rows[arm], "{what}");
            match measure.calculation {
                Calculation::EventQuantile { level, .. } => {
                    events(own, &clusters(world, study, measure, &units, arm), level, &what);
                }
                _ => arm_of(own, &expected, arm, measure, &what),
            }
        }
        if measure.calculation.is_of_units() {
            assert_eq!(tally.dimensions.len(), world.request.exposures.dimensions.len(), "{what}");
            parts(&units, tally, (found, measure), &expected, &what);
        }
        if !expected.counted.is_empty() {
            seen += 1;
            assert_eq!(found.caps.as_ref().is_some_and(|caps| caps.collapsed), expected.collapsed, "{what}");
            for (ours, theirs) in found.caps.iter().flat_map(|caps| &caps.at).zip(&expected.caps) {
                let (ours, theirs) = (ours.unwrap_or(0.0), theirs.unwrap_or(0.0));
                assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{what}: cap {ours} is not {theirs}");
            }
        }
    }
    seen
}

/// The sums of each value of each dimension are those of its units.
fn parts(units: &[Unit], tally: &Tally, (found, measure): (&MetricTally, &Measure), expected: &Measured, what: &str) {
    for (dimension, own) in tally.dimensions.iter().enumerate() {
        let (values, others) = values(units, dimension);
        let known: Vec<Option<String>> =
            values.iter().map(|value| Some(value.clone())).chain(others.then_some(None)).collect();
        assert_eq!((&own.values, &own.failed), (&known, &None), "{what}");
        for (arm, tally) in found.arms.iter().enumerate() {
            assert_eq!(tally.parts[dimension].len(), known.len(), "{what}");
            for (place, (sums, value)) in tally.parts[dimension].iter().zip(&known).enumerate() {
                let mine = |unit: &&Values| match value {
                    Some(value) => unit.traits[dimension] == *value,
                    None => !values.contains(&unit.traits[dimension]),
                };
                let of = expected.counted.iter().filter(|unit| unit.arm == arm && !unit.mixed);
                let rows: Vec<&Vec<f64>> = of.filter(mine).map(|unit| &unit.columns).collect();
                let what = format!("{what}, arm {arm}, {value:?}");
                near(sums, &rows, &what);
                let Calculation::UnitQuantile(..) = measure.calculation else {
                    assert!(tally.quantile_parts.is_empty(), "{what}");
                    continue;
                };
                let part = tally.quantile_parts[dimension][place];
                let column = |rows: &[&Vec<f64>]| rows.iter().map(|row| row[0]).collect::<Vec<f64>>();
                over_units(part.own, &column(&rows), measure, &what);
                let of = expected.counted.iter().filter(|unit| unit.arm == arm && !unit.mixed);
                let rest: Vec<&Vec<f64>> = of.filter(|unit| !mine(unit)).map(|unit| &unit.columns).collect();
                over_units(part.rest, &column(&rest), measure, &format!("{what}, all others"));
            }
        }
    }
}

/// The joint cells of each pair are those of its units, as both of its studies tell them. Says how many metrics have units.
pub fn check_pairs(world: &World, tallies: &[Tally], what: &str) -> usize {
    let request = &world.request;
    let Some(joint) = request.joint() else { return 0 };
    let all: Vec<Vec<Unit>> = request.studies.iter().map(|study| units(world, study).0).collect();
    let mut seen = 0;
    for (pair, study) in request.pairs.iter().zip(&joint.studies) {
        let [one, other] = [pair.one, pair.other].map(|place| &request.studies[place]);
        let units = joined(&all[pair.one], &all[pair.other], other.variants.len());
        let find = |place: usize, with: &Study| {
            tallies[place].pairs.iter().find(|own| own.with == with.key && own.variants == with.variants)
        };
        for place in &pair.measures {
            let measure = &joint.measures[*place];
            let what = format!("{what}, {} with {}, {measure:?}", one.key, other.key);
            let expected = measured(world, study, measure, &units);
            let cells = |place: usize, with: &Study| {
                let own = find(place, with)?;
                own.metrics.iter().find(|own| own.metric == measure.id).cloned()
            };
            if expected.counted.is_empty() || expected.collapsed {
                continue;
            }
            seen += 1;
            let found = cells(pair.one, other).unwrap_or_else(|| panic!("{what}: no cells"));
            let turned = cells(pair.other, one).unwrap_or_else(|| panic!("{what}: no cells"));
            for (row, own) in found.cells.iter().enumerate() {
                for (column, sums) in own.iter().enumerate() {
                    let arm = row * other.variants.len() + column;
                    let of = expected.counted.iter().filter(|unit| unit.arm == arm);
                    let rows: Vec<&Vec<f64>> = of.map(|unit| &unit.columns).collect();
                    near(sums, &rows, &what);
                    assert_eq!(&turned.cells[column][row], sums, "{what}");
                    if matches!(measure.calculation, Calculation::UnitQuantile(..)) {
                        let own = found.quantiles[row][column];
                        over_units(own, &rows.iter().map(|row| row[0]).collect::<Vec<f64>>(), measure, &what);
                        assert_eq!(turned.quantiles[column][row], own, "{what}");
                    }
                }
            }
        }
    }
    seen
}

fn arm_of(own: &ArmTally, expected: &Measured, arm: usize, measure: &Measure, what: &str) {
    let of = |mixed: bool, day: Option<u32>| {
        let units = expected.counted.iter().filter(move |unit| unit.arm == arm && (mixed || !unit.mixed));
        units.filter(move |unit| day.is_none_or(|day| unit.day == day)).map(|unit| &unit.columns).collect::<Vec<_>>()
    };
    near(&own.sums, &of(false, None), &format!("{what}, arm {arm}"));
    near(&own.kept, &of(true, None), &format!("{what}, arm {arm}, mixed kept"));
    for day in &own.days {
        near(&day.sums, &of(false, Some(day.day)), &format!("{what}, arm {arm}, day {}", day.day));
    }
    assert_eq!(own.days.iter().map(|day| day.sums.n).sum::<u64>(), own.sums.n, "{what}");
    assert!(own.days.iter().all(|day| day.sums.n > 0) && own.days.is_sorted_by_key(|day| day.day), "{what}");
    if matches!(measure.calculation, Calculation::UnitQuantile(..)) {
        let all: Vec<f64> = of(false, None).iter().map(|columns| columns[0]).collect();
        over_units(own.quantile, &all, measure, what);
    }
}

/// A quantile over units is that of their values.
fn over_units(own: Option<UnitQuantile>, values: &[f64], measure: &Measure, what: &str) {
    let Calculation::UnitQuantile(_, level) = measure.calculation else {
        assert_eq!(own, None, "{what}");
        return;
    };
    let values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    let theirs = Ordered::of(&values).expect("finite").around(level).ok();
    let (Some(ours), Some(theirs)) = (own, theirs) else {
        assert!(own.is_none() && theirs.is_none(), "{what}: {own:?}, {theirs:?}");
        return;
    };
    let close = |one: f64, other: f64| (one - other).abs() <= 1e-12 * other.abs().max(1e-3);
    let alike = close(ours.value, theirs.value) && close(ours.lower, theirs.lower) && close(ours.upper, theirs.upper);
    assert!(ours.units == theirs.count && alike, "{what}: {ours:?}, {theirs:?}");
}

/// Sums are those of the rows.
fn near(ours: &Sums, rows: &[&Vec<f64>], what: &str) {
    assert_eq!(ours.n, rows.len() as u64, "{what}");
    let Some(first) = rows.first() else { return };
    let width = first.len();
    assert_eq!((ours.sums.len(), ours.products.len()), (width, width * (width + 1) / 2), "{what}");
    let mut theirs = Moments::new(width);
    rows.iter().for_each(|row| theirs.push(row).expect("finite"));
    let n = rows.len() as f64;
    let centred = |x: usize, y: usize| ours.products[x * (x + 1) / 2 + y] - ours.sums[x] * ours.sums[y] / n;
    let raw = |x: usize| ours.products[x * (x + 1) / 2 + x];
    for x in 0..width {
        let (mean, expected) = (ours.shifts[x] + ours.sums[x] / n, theirs.mean(x).expect("a mean"));
        let scale = rows.iter().map(|row| row[x].abs()).fold(1e-300, f64::max);
        // A mean is no more exact than the shift that it is told from.
        assert!(
            (mean - expected).abs() <= 1e-12 * scale + 4.0 * f64::EPSILON * ours.shifts[x].abs(),
            "{what}, column {x}: mean {mean} is not {expected}"
        );
        for y in 0..=x {
            let expected = theirs.covariance(x, y).unwrap_or(0.0) * (n - 1.0);
            let scale = (raw(x) * raw(y)).sqrt() + 1e-300;
            // A shift leaves at most the digits of the offset that the values themselves have.
            let digits =
                scale * 1e-11 + 1e-16 * n * (ours.shifts[x] * ours.shifts[y]).abs().sqrt() * (1.0 + scale.sqrt());
            let found = centred(x, y);
            assert!((found - expected).abs() <= digits, "{what}, columns {x} and {y}: {found} is not {expected}");
        }
    }
}

fn events(own: &ArmTally, clusters: &[Vec<f64>], level: f64, what: &str) {
    assert_eq!(own.sums.n, clusters.len() as u64, "{what}");
    let total = clusters.iter().map(Vec::len).sum::<usize>();
    let Some((value, se, _)) = quantile(clusters, level) else {
        assert!(own.events.is_none() || total > 0, "{what}");
        return;
    };
    let found = own.events.as_ref().unwrap_or_else(|| panic!("{what}: no events"));
    assert_eq!(found.events, total as u64, "{what}");
    assert!((found.value - value).abs() <= 1e-12 * value.abs(), "{what}: {} is not {value}", found.value);
    let counted = own.sums.sums[1] + own.sums.shifts[1] * own.sums.n as f64;
    assert!((counted - total as f64).abs() < 0.5, "{what}");
    let ours = (found.upper - found.lower) / (2.0 * 1.959_963_984_540_054);
    match se {
        Some(se) => assert!((ours - se).abs() <= 1e-9 * se, "{what}: se {ours} is not {se}"),
        // The root of what rounding leaves of a variance of 0.
        None => {
            assert!(ours <= 1e-5 * value.abs().max(1.0) || clusters.len() < 2, "{what}: se {ours} where there is none");
        }
    }
}
