//! Random data, against a count that is as simple as can be; and the same bits in one pass or many, on one core or two.

#![allow(
    clippy::float_cmp,
    clippy::from_iter_instead_of_collect,
    clippy::too_many_lines,
    clippy::trivially_copy_pass_by_ref,
    reason = "columns are made of rows, and one check reads from top to bottom"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use allotment::decl::Function;
use allotment::measure::Counting;
use allotment::query::{Calculation, Comparator, Measure, Number, Pair, Request};
use allotment::results::{Sums, Tally};
use allotment::stats::{Moments, Ordered};
use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray,
};

use super::requests::{DAY, START, input, measure, number, request, source, study};

/// Numbers that are drawn, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

struct Exposure {
    unit: Option<String>,
    experiment: &'static str,
    variant: &'static str,
    at: Option<i64>,
    country: Option<&'static str>,
    age: Option<i64>,
}

/// A fact: a value, a truth, a name.
struct Fact {
    unit: Option<String>,
    at: i64,
    value: Option<f64>,
    truth: Option<bool>,
    name: Option<&'static str>,
}

struct Data {
    exposures: Vec<Exposure>,
    facts: Vec<Fact>,
}

const KEYS: [&str; 4] = ["a", "b.2", "c", "elsewhere"];
const VARIANTS: [&str; 4] = ["control", "bold", "calm", "unknown"];

fn drawn(seed: u64) -> Data {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let units = 1 + dice.below(300);
    // Whole numbers, some of them beyond what a double can tell apart.
    let unit = |dice: &mut Dice| {
        (dice.below(40) > 0).then(|| {
            (dice.below(units) as i64 + if dice.below(2) == 0 { 0 } else { 9_007_199_254_740_992 }).to_string()
        })
    };
    let exposures = (0..units * 4).map(|_| Exposure {
        unit: unit(&mut dice),
        experiment: KEYS[dice.below(4) as usize],
        variant: VARIANTS[if dice.below(10) == 0 { dice.below(4) } else { dice.below(3) } as usize],
        // A few outside the run, many at the same instant.
        at: (dice.below(50) > 0).then(|| START - DAY + dice.below(62) as i64 * DAY + (dice.below(3) as i64 - 1)),
        country: [None, Some("SE"), Some("DE"), Some("a longer name")][dice.below(4) as usize],
        age: (dice.below(9) > 0).then(|| dice.below(20) as i64),
    });
    let exposures = exposures.collect();
    let facts = (0..units * 20).map(|_| Fact {
        unit: unit(&mut dice),
        at: START - 20 * DAY + dice.below(85) as i64 * DAY + (dice.below(3) as i64 - 1),
        value: match dice.below(12) {
            0 => None,
            1 => Some(f64::NAN),
            2 => Some(-1e3),
            _ => Some(dice.below(1000) as f64 / 7.0),
        },
        truth: [None, Some(true), Some(false)][dice.below(3) as usize],
        name: [None, Some("x"), Some("y"), Some("zebra, a longer name")][dice.below(4) as usize],
    });
    let facts = facts.collect();
    Data { exposures, facts }
}

fn asked() -> Request {
    let inputs = [
        input(Function::Sum, Some("value"), None),
        input(Function::Count, None, None),
        input(Function::Count, None, Some("truth")),
        input(Function::Min, Some("value"), Some("truth")),
        input(Function::Max, Some("value"), None),
        input(Function::CountDistinct, Some("name"), None),
    ];
    let ratio = |above: Number, below: Number| Number::Binary('/', Box::new(above), Box::new(below));
    let measures = vec![
        Measure { covariate: Some(10 * DAY), cap: Some(0.9), ..measure("capped", Calculation::Mean(number(0, 0))) },
        Measure {
            window: (7 * DAY, 14 * DAY),
            covariate: Some(7 * DAY),
            lag: DAY,
            ..measure("returned", Calculation::Conversion(number(0, 1), Comparator::AtLeast, 2.0))
        },
        Measure {
            covariate: Some(5 * DAY),
            cap: Some(0.75),
            ..measure("share", Calculation::Ratio(number(0, 2), number(0, 1)))
        },
        Measure { drops_missing: true, ..measure("least", Calculation::Mean(number(0, 3))) },
        Measure { drops_missing: true, ..measure("own", Calculation::Mean(ratio(number(0, 0), number(0, 2)))) },
        measure("most", Calculation::Mean(Number::Negate(Box::new(number(0, 4))))),
        measure("kinds", Calculation::Mean(number(0, 5))),
        measure("typical", Calculation::UnitQuantile(number(0, 0), 0.5)),
        measure("slow", Calculation::EventQuantile { source: 0, input: 0, level: 0.9 }),
    ];
    let all: Vec<usize> = (0..measures.len()).collect();
    let studies = vec![
        study("a", &VARIANTS[..3], &all),
        study("b.2", &VARIANTS[..2], &[1, 6, 0]),
        study("c", &VARIANTS[..3], &all),
    ];
    let mut request = request(studies, vec![source("lake.facts", &inputs)], measures);
    request.exposures.dimensions = vec!["country".to_owned(), "age".to_owned()];
    request.pairs = vec![
        Pair { one: 0, other: 1, measures: vec![0, 1, 6] },
        Pair { one: 0, other: 2, measures: vec![0, 2, 3] },
        Pair { one: 1, other: 2, measures: vec![1] },
    ];
    request
}

/// What a window of a unit's rows gives for the inputs.
fn inputs(rows: &[&Fact]) -> (Vec<f64>, [bool; 6]) {
    let values: Vec<f64> = rows.iter().filter_map(|row| row.value).filter(|value| !value.is_nan()).collect();
    let truths: Vec<&&Fact> = rows.iter().filter(|row| row.truth == Some(true)).collect();
    let least: Vec<f64> = truths.iter().filter_map(|row| row.value).filter(|value| !value.is_nan()).collect();
    let names: BTreeSet<&str> = rows.iter().filter_map(|row| row.name).collect();
    let numbers = vec![
        values.iter().sum(),
        rows.len() as f64,
        truths.len() as f64,
        least.iter().copied().reduce(f64::min).unwrap_or(0.0),
        values.iter().copied().reduce(f64::max).unwrap_or(0.0),
        names.len() as f64,
    ];
    let any = [
        !values.is_empty(),
        !rows.is_empty(),
        !truths.is_empty(),
        !least.is_empty(),
        !values.is_empty(),
        !names.is_empty(),
    ];
    (numbers, any)
}

fn of(number: &Number, inputs: &[f64]) -> f64 {
    match number {
        Number::Constant(value) => *value,
        Number::Input { input, .. } => inputs[*input],
        Number::Negate(inner) => -of(inner, inputs),
        Number::Binary(_, left, right) => of(left, inputs) / of(right, inputs),
    }
}

fn used(number: &Number, any: &[bool; 6]) -> bool {
    match number {
        Number::Constant(_) => false,
        Number::Input { input, .. } => any[*input],
        Number::Negate(inner) => used(inner, any),
        Number::Binary(_, left, right) => used(left, any) || used(right, any),
    }
}

/// A unit's columns in one window, and whether it has rows.
fn columns(calculation: &Calculation, rows: &[&Fact]) -> (Vec<f64>, bool) {
    let (inputs, any) = inputs(rows);
    match calculation {
        Calculation::Mean(number) | Calculation::UnitQuantile(number, _) => {
            (vec![of(number, &inputs)], used(number, &any))
        }
        Calculation::Conversion(number, _, with) => {
            (vec![f64::from(u8::from(of(number, &inputs) >= *with))], used(number, &any))
        }
        Calculation::Ratio(above, below) => {
            (vec![of(above, &inputs), of(below, &inputs)], used(above, &any) || used(below, &any))
        }
        Calculation::EventQuantile { .. } => (Vec::new(), any[0]),
    }
}

struct Unit {
    variant: usize,
    mixed: bool,
    row: Option<Vec<f64>>,
    complete: bool,
    rows: bool,
    events: Vec<f64>,
}

fn near(sums: &Sums, rows: &[Vec<f64>], what: &str) {
    assert_eq!(sums.n as usize, rows.len(), "{what}");
    if rows.is_empty() {
        return;
    }
    let own = Moments::from_sums(sums.n, &sums.shifts, &sums.sums, &sums.products);
    let mut known = Moments::new(rows[0].len());
    rows.iter().for_each(|row| known.push(row).unwrap());
    let Ok(own) = own else {
        // Where a column does not vary, nothing is left of it but the rounding of its distance from the shift.
        let constant = (0..rows[0].len()).any(|i| rows.iter().all(|row| row[i] + 0.0 == rows[0][i] + 0.0));
        return assert!(rows.len() < 3 || constant, "{what}: {own:?}");
    };
    for i in 0..rows[0].len() {
        let scale = rows.iter().map(|row| row[i].abs()).fold(1.0, f64::max);
        assert!((own.mean(i).unwrap() - known.mean(i).unwrap()).abs() <= 1e-12 * scale, "{what}");
        for j in 0..=i {
            let (Ok(own), Ok(known)) = (own.covariance(i, j), known.covariance(i, j)) else { continue };
            let scale = rows.iter().map(|row| row[i].abs() * row[j].abs()).fold(scale, f64::max);
            assert!((own - known).abs() <= 1e-11 * scale, "{what}: {own} {known}");
        }
    }
}

fn check(data: &Data, request: &Request, tallies: &[Tally]) {
    for (study, tally) in request.studies.iter().zip(tallies) {
        let mut first: BTreeMap<&str, (i64, usize, bool)> = BTreeMap::new();
        let (mut without_key, mut outside, mut unknown) = (0, 0, 0);
        for row in data.exposures.iter().filter(|row| row.experiment == study.key) {
            let (Some(unit), Some(at)) = (&row.unit, row.at) else {
                without_key += 1;
                continue;
            };
            if at < study.from || at >= study.until.min(request.now) {
                outside += 1;
                continue;
            }
            let Some(variant) = study.variants.iter().position(|own| own == row.variant) else {
                unknown += 1;
                continue;
            };
            let seen = first.entry(unit).or_insert((at, variant, false));
            let mixed = seen.2 || seen.1 != variant;
            *seen = if (at, variant) < (seen.0, seen.1) { (at, variant, mixed) } else { (seen.0, seen.1, mixed) };
        }
        assert_eq!(
            (tally.rows_without_key, tally.rows_outside, tally.rows_unknown_variant),
            (without_key, outside, unknown)
        );
        for (place, arm) in tally.arms.iter().enumerate() {
            let own = || first.values().filter(|unit| unit.1 == place);
            assert_eq!((arm.exposed, arm.mixed), (own().count() as u64, own().filter(|unit| unit.2).count() as u64));
        }
        for (metric, place) in tally.metrics.iter().zip(&study.measures) {
            let measure = &request.measures[*place];
            let units = first.iter().map(|(unit, (at, variant, mixed))| {
                let within = |from: i64, to: i64| {
                    let own = data.facts.iter().filter(|fact| fact.unit.as_deref() == Some(*unit));
                    own.filter(|fact| at + from <= fact.at && fact.at < at + to).collect::<Vec<_>>()
                };
                let rows = within(measure.window.0, measure.window.1);
                let (mut row, has) = columns(&measure.calculation, &rows);
                let kept = !measure.drops_missing || (has && row.iter().all(|value| value.is_finite()));
                if let Some(length) = measure.covariate {
                    row.extend(columns(&measure.calculation, &within(-length, 0)).0);
                }
                row.iter_mut().for_each(|value| *value = if value.is_finite() { *value } else { 0.0 });
                let complete = at + measure.window.1 <= (request.now - measure.lag).min(study.until);
                let events = rows.iter().filter_map(|row| row.value).filter(|value| !value.is_nan()).collect();
                Unit { variant: *variant, mixed: *mixed, row: kept.then_some(row), complete, rows: has, events }
            });
            let mut units: Vec<Unit> = units.collect();
            if let Some(level) = measure.cap {
                let counted =
                    || units.iter().filter(|unit| unit.complete && !unit.mixed).filter_map(|unit| unit.row.as_ref());
                let width = counted().next().map_or(0, Vec::len);
                let caps: Vec<f64> = (0..width)
                    .map(|i| {
                        Ordered::of(&counted().map(|row| row[i]).collect::<Vec<_>>())
                            .unwrap()
                            .percentile(level)
                            .unwrap()
                    })
                    .collect();
                let own: Vec<f64> = metric.caps.as_ref().unwrap().at.iter().copied().flatten().collect();
                assert!(
                    own.len() == caps.len() && own.iter().zip(&caps).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs()),
                    "{own:?} {caps:?}"
                );
                for row in units.iter_mut().filter_map(|unit| unit.row.as_mut()) {
                    row.iter_mut().zip(&own).for_each(|(value, cap)| *value = value.min(*cap));
                }
            }
            for (place, arm) in metric.arms.iter().enumerate() {
                let what = format!("{} {} {}", study.key, metric.metric, study.variants[place]);
                let own: Vec<&Unit> = units.iter().filter(|unit| unit.variant == place).collect();
                let alone = || own.iter().filter(|unit| !unit.mixed);
                assert_eq!(arm.incomplete, alone().filter(|unit| !unit.complete).count() as u64, "{what}");
                assert_eq!(
                    arm.without_rows,
                    alone().filter(|unit| unit.complete && !unit.rows).count() as u64,
                    "{what}"
                );
                if let Calculation::EventQuantile { level, .. } = measure.calculation {
                    let events: Vec<f64> =
                        alone().filter(|unit| unit.complete).flat_map(|unit| unit.events.clone()).collect();
                    let Some(quantile) = &arm.events else {
                        assert!(events.is_empty());
                        continue;
                    };
                    let ordered = Ordered::of(&events).unwrap();
                    assert_eq!(
                        (quantile.events, quantile.value),
                        (events.len() as u64, ordered.percentile(level).unwrap())
                    );
                    assert!(quantile.lower <= quantile.value && quantile.value <= quantile.upper);
                    continue;
                }
                let rows = |mixed: bool| {
                    let own = own.iter().filter(|unit| unit.complete && (mixed || !unit.mixed));
                    own.filter_map(|unit| unit.row.clone()).collect::<Vec<_>>()
                };
                near(&arm.sums, &rows(false), &what);
                near(&arm.kept, &rows(true), &format!("{what}, kept"));
                assert_eq!(arm.days.iter().map(|day| day.sums.n).sum::<u64>(), arm.sums.n);
                if let (Some(own), Calculation::UnitQuantile(_, level)) = (arm.quantile, &measure.calculation) {
                    let all: Vec<f64> = rows(false).iter().map(|row| row[0]).collect();
                    let theirs = Ordered::of(&all).unwrap().around(*level).unwrap();
                    assert_eq!(own.units, theirs.count, "{what}");
                    let pairs = [(own.value, theirs.value), (own.lower, theirs.lower), (own.upper, theirs.upper)];
                    assert!(pairs.iter().all(|(a, b)| (a - b).abs() < 1e-9), "{what}");
                }
            }
        }
    }
}

/// Ids as a column: as text or as numbers.
fn ids(all: Vec<Option<&String>>, numbers: bool) -> ArrayRef {
    if numbers {
        Arc::new(Int64Array::from_iter(all.into_iter().map(|id| id.map(|id| id.parse::<i64>().unwrap()))))
    } else {
        Arc::new(StringViewArray::from_iter(all))
    }
}

fn driven(data: &Data, request: &Request, numbers: (bool, bool), room: usize, rows: usize) -> (Vec<Tally>, u64) {
    let exposures = RecordBatch::try_from_iter([
        ("unit", ids(data.exposures.iter().map(|row| row.unit.as_ref()).collect(), numbers.0)),
        (
            "experiment",
            Arc::new(StringArray::from_iter_values(data.exposures.iter().map(|row| row.experiment))) as ArrayRef,
        ),
        ("variant", Arc::new(StringViewArray::from_iter_values(data.exposures.iter().map(|row| row.variant))) as _),
        ("at", Arc::new(TimestampMicrosecondArray::from_iter(data.exposures.iter().map(|row| row.at))) as _),
        ("country", Arc::new(StringArray::from_iter(data.exposures.iter().map(|row| row.country))) as _),
        ("age", Arc::new(Int64Array::from_iter(data.exposures.iter().map(|row| row.age))) as _),
    ]);
    let value = || Arc::new(Float64Array::from_iter(data.facts.iter().map(|row| row.value))) as ArrayRef;
    let truth = || data.facts.iter().map(|row| row.truth == Some(true));
    let least = data.facts.iter().map(|row| row.value.filter(|_| row.truth == Some(true)));
    let facts = RecordBatch::try_from_iter([
        ("unit", ids(data.facts.iter().map(|row| row.unit.as_ref()).collect(), numbers.1)),
        ("at", Arc::new(TimestampMicrosecondArray::from_iter_values(data.facts.iter().map(|row| row.at))) as _),
        ("sum", value()),
        ("truths", Arc::new(BooleanArray::from_iter(truth().map(Some)))),
        ("least", Arc::new(Float64Array::from_iter(least))),
        ("most", value()),
        ("names", Arc::new(StringArray::from_iter(data.facts.iter().map(|row| row.name)))),
    ]);
    let parts = |batch: &RecordBatch| {
        (0..batch.num_rows())
            .step_by(rows)
            .map(|at| batch.slice(at, rows.min(batch.num_rows() - at)))
            .collect::<Vec<_>>()
    };
    let (exposures, facts) = (parts(&exposures.unwrap()), parts(&facts.unwrap()));
    let mut counting = Counting::new(request, room).unwrap();
    loop {
        exposures.chunks(3).for_each(|batches| counting.exposures(batches).unwrap());
        counting.seal().unwrap();
        if counting.span(0).is_some() {
            facts.chunks(5).for_each(|batches| counting.facts(0, batches).unwrap());
        }
        if !counting.another().unwrap() {
            return (counting.tallies(), counting.pass());
        }
    }
}

#[test]
fn random_data_are_counted_as_simple_code_counts_them() {
    for seed in 1..=12 {
        let (data, request) = (drawn(seed), asked());
        let (tallies, passes) = driven(&data, &request, (true, true), usize::MAX, 97);
        assert_eq!(passes, 1);
        check(&data, &request, &tallies);
        // How ids are stored, in one or both tables, does not matter.
        for numbers in [(false, false), (true, false), (false, true)] {
            assert_eq!(driven(&data, &request, numbers, usize::MAX, 97).0, tallies, "seed {seed}");
        }
    }
}

#[test]
fn neither_memory_nor_cores_nor_batches_change_a_bit() {
    for seed in 20..24 {
        let (data, request) = (drawn(seed), asked());
        let whole = driven(&data, &request, (true, true), usize::MAX, 64).0;
        let mut most = 0;
        for room in [1, 20_000, 60_000, 200_000] {
            for numbers in [(true, true), (false, false)] {
                let (tallies, passes) = driven(&data, &request, numbers, room, 64);
                assert_eq!(tallies, whole, "seed {seed}, {room} bytes");
                most = most.max(passes);
            }
        }
        assert!(most > 100, "{most} passes");
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| driven(&data, &request, (true, true), usize::MAX, 51)).0, whole);
        }
    }
}

/// What single values take cannot be counted in parts, so there is an end to it.
#[test]
fn values_that_leave_no_room_are_refused() {
    let measures = vec![measure("middle", Calculation::UnitQuantile(number(0, 0), 0.5))];
    let facts = source("lake.facts", &[input(Function::Sum, Some("value"), None)]);
    let request = request(vec![study("a", &["control", "bold"], &[0])], vec![facts], measures);
    let units = 200_000_i64;
    let at = (0..units).map(|_| START);
    let exposures = RecordBatch::try_from_iter([
        ("unit", Arc::new(Int64Array::from_iter_values(0..units)) as ArrayRef),
        ("experiment", Arc::new(StringArray::from_iter_values((0..units).map(|_| "a"))) as _),
        ("variant", Arc::new(StringArray::from_iter_values((0..units).map(|_| "bold"))) as _),
        ("at", Arc::new(TimestampMicrosecondArray::from_iter_values(at)) as _),
    ])
    .unwrap();
    let counted = |room: usize| {
        let mut counting = Counting::new(&request, room).unwrap();
        loop {
            counting.exposures(std::slice::from_ref(&exposures)).unwrap();
            counting.seal().unwrap();
            if !counting.another()? {
                return Ok::<_, allotment::measure::Wrong>((counting.tallies(), counting.pass()));
            }
        }
    };
    let (tallies, passes) = counted(usize::MAX).unwrap();
    assert_eq!((tallies[0].metrics[0].arms[1].quantile.map(|own| own.units), passes), (Some(200_000), 1));
    // Values of 1.6 MB fit into 3 MB beside some of the units.
    let (same, passes) = counted(3 << 20).unwrap();
    assert!(same == tallies && passes > 1, "{passes}");
    let wrong = counted(1 << 20).unwrap_err();
    assert!(wrong.message.contains("the values of quantiles take"), "{}", wrong.message);
    assert!(wrong.help.is_some_and(|help| help.contains("--memory")));
}
