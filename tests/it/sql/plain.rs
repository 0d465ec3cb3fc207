//! The same tallies by brute force: every unit by itself, without any SQL.

use std::collections::{BTreeMap, BTreeSet};

use allotment::decl::Function;
use allotment::query::{Calculation, Comparator, MOST_VALUES, Measure, Number, Study};
use allotment::stats::{Estimate, Moments, Ordered};

use super::random::{Exposed, Row, World};

/// A unit in a study.
pub struct Unit {
    pub arm: usize,
    pub first: i64,
    pub mixed: bool,
    /// Its values of the dimensions at first exposure.
    pub traits: Vec<String>,
    id: String,
}

/// A unit's columns in a metric, if it is counted.
pub struct Values {
    pub arm: usize,
    pub mixed: bool,
    pub day: u32,
    pub traits: Vec<String>,
    pub columns: Vec<f64>,
}

#[derive(Default)]
pub struct Measured {
    pub counted: Vec<Values>,
    /// Per variant.
    pub incomplete: Vec<u64>,
    pub without_rows: Vec<u64>,
    pub caps: Vec<Option<f64>>,
    pub collapsed: bool,
}

/// The exposures of a unit: when, to which variant, and what it was then.
type Seen = BTreeSet<(i64, usize, Vec<String>)>;

/// Exposed units of a study, and how many rows have a null, are outside, have an unknown variant.
pub fn units(world: &World, study: &Study) -> (Vec<Unit>, [u64; 3]) {
    let until = study.until.min(world.request.now);
    let mut left_out = [0; 3];
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    for row in world.exposed.iter().filter(|row| row.experiment.as_ref() == Some(&study.key)) {
        let (Some(unit), Some(variant), Some(at)) = (&row.unit, &row.variant, row.at) else {
            left_out[0] += 1;
            continue;
        };
        let arm = study.variants.iter().position(|own| own == variant);
        match arm {
            _ if at < study.from || at >= until => left_out[1] += 1,
            None => left_out[2] += 1,
            Some(arm) => drop(seen.entry(unit).or_default().insert((at, arm, traits(world, row)))),
        }
    }
    let units = seen.into_iter().map(|(id, seen)| {
        let (first, arm, traits) = seen.first().expect("one").clone();
        let mixed = seen.iter().any(|(_, other, _)| *other != arm);
        Unit { arm, first, mixed, traits, id: id.to_owned() }
    });
    (units.collect(), left_out)
}

fn traits(world: &World, row: &Exposed) -> Vec<String> {
    let age = row.age.map(|age| age.to_string());
    let all = [row.country.clone(), age].map(Option::unwrap_or_default);
    all.into_iter().take(world.request.exposures.dimensions.len()).collect()
}

/// The units of two studies, each in its joint cell from the later exposure on.
pub fn joint(one: &[Unit], other: &[Unit], width: usize) -> Vec<Unit> {
    let pure = |units: &'_ [Unit]| -> BTreeMap<String, (usize, i64)> {
        let pure = units.iter().filter(|unit| !unit.mixed);
        pure.map(|unit| (unit.id.clone(), (unit.arm, unit.first))).collect()
    };
    let other = pure(other);
    let both = pure(one).into_iter().filter_map(|(id, (arm, first))| {
        let (second, later) = other.get(&id)?;
        let (arm, first) = (arm * width + second, first.max(*later));
        Some(Unit { arm, first, mixed: false, traits: Vec::new(), id })
    });
    both.collect()
}

/// The values of a dimension that are told apart, and whether there are others: those of the most units of one variant.
pub fn values(units: &[Unit], dimension: usize) -> (Vec<String>, bool) {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    units.iter().filter(|unit| !unit.mixed).for_each(|unit| *sizes.entry(&unit.traits[dimension]).or_default() += 1);
    let mut values: Vec<(&str, u64)> = sizes.into_iter().collect();
    values.sort_by_key(|(value, size)| (std::cmp::Reverse(*size), *value));
    let others = values.len() > MOST_VALUES;
    (values.into_iter().take(MOST_VALUES).map(|(value, _)| value.to_owned()).collect(), others)
}

/// The rows of a source that count for an input, with their values.
fn counting(world: &World, source: usize, input: usize) -> impl Iterator<Item = (&Row, f64)> {
    world.rows[source].iter().filter_map(move |row| {
        let value = row.value.filter(|value| !value.is_nan());
        match input {
            0 | 5 => Some((row, value?)),
            1 => Some((row, 1.0)),
            2 => (row.flag == Some(true)).then_some((row, 1.0)),
            3 => {
                let kind = row.kind.as_deref();
                let other = kind.map(|kind| kind != "it's");
                (kind.is_some() && (other == Some(true) || row.flag.is_none())).then_some((row, 1.0))
            }
            _ => (value? > -3.0).then_some((row, value?)),
        }
    })
}

fn inside<'a>(world: &'a World, place: (usize, usize), unit: &'a Unit, span: (i64, i64)) -> Vec<(&'a Row, f64)> {
    let near = move |row: &Row| {
        let at = row.at.filter(|_| row.unit.as_ref() == Some(&unit.id));
        at.is_some_and(|at| at >= unit.first + span.0 && at < unit.first + span.1)
    };
    counting(world, place.0, place.1).filter(|(row, _)| near(row)).collect()
}

fn number(world: &World, of: &Number, unit: &Unit, span: (i64, i64)) -> f64 {
    match of {
        Number::Constant(value) => *value,
        Number::Negate(inner) => -number(world, inner, unit, span),
        Number::Binary(operator, left, right) => {
            let (left, right) = (number(world, left, unit, span), number(world, right, unit, span));
            match operator {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                _ => left / right,
            }
        }
        Number::Input { source, input } => {
            let rows = inside(world, (*source, *input), unit, span);
            let values = rows.iter().map(|(_, value)| *value);
            match world.request.sources[*source].inputs[*input].function {
                Function::Sum => values.sum(),
                Function::Count => rows.len() as f64,
                Function::CountDistinct => {
                    rows.iter().map(|(row, _)| row.kind.as_deref()).collect::<BTreeSet<_>>().len() as f64
                }
                Function::Min => values.reduce(f64::min).unwrap_or(0.0),
                Function::Max => values.reduce(f64::max).unwrap_or(0.0),
            }
        }
    }
}

fn places(of: &Number) -> Vec<(usize, usize)> {
    match of {
        Number::Constant(_) => Vec::new(),
        Number::Input { source, input } => vec![(*source, *input)],
        Number::Negate(inner) => places(inner),
        Number::Binary(_, left, right) => [places(left), places(right)].concat(),
    }
}

/// What every unit of a study comes to in a metric.
pub fn measured(world: &World, study: &Study, measure: &Measure, units: &[Unit]) -> Measured {
    let numbers = match &measure.calculation {
        Calculation::Mean(one) | Calculation::Conversion(one, ..) | Calculation::UnitQuantile(one, _) => vec![one],
        Calculation::Ratio(one, other) => vec![one, other],
        Calculation::EventQuantile { .. } => Vec::new(),
    };
    let by = study.until.min(world.request.now - measure.lag);
    let arms = study.variants.len();
    let mut out = Measured { incomplete: vec![0; arms], without_rows: vec![0; arms], ..Measured::default() };
    for unit in units {
        if unit.first + measure.window.1 > by {
            out.incomplete[unit.arm] += u64::from(!unit.mixed);
            continue;
        }
        let mut read: Vec<(usize, usize)> = numbers.iter().flat_map(|number| places(number)).collect();
        if let Calculation::EventQuantile { source, input, .. } = measure.calculation {
            read.push((source, input));
        }
        let bare = read.iter().all(|place| inside(world, *place, unit, measure.window).is_empty());
        out.without_rows[unit.arm] += u64::from(bare && !unit.mixed);
        let spans = [Some(measure.window), measure.covariate.map(|length| (-length, 0))];
        let raw: Vec<(bool, f64)> = spans
            .into_iter()
            .flatten()
            .flat_map(|span| {
                numbers
                    .iter()
                    .map(move |of| (span == measure.window, number(world, of, unit, span)))
                    .collect::<Vec<_>>()
            })
            .collect();
        let missing = raw.iter().any(|(outcome, value)| *outcome && !value.is_finite());
        if measure.drops_missing && (bare || missing) && !numbers.is_empty() {
            continue;
        }
        let column = |value: f64| {
            let value = if value.is_finite() { value } else { 0.0 };
            match measure.calculation {
                Calculation::Conversion(_, comparator, with) => f64::from(u8::from(compares(value, comparator, with))),
                _ => value,
            }
        };
        out.counted.push(Values {
            arm: unit.arm,
            mixed: unit.mixed,
            day: u32::try_from((unit.first - study.from) / 86_400_000_000).expect("a day"),
            traits: unit.traits.clone(),
            columns: raw.iter().map(|(_, value)| column(*value)).collect(),
        });
    }
    cap(&mut out, measure);
    out
}

fn cap(out: &mut Measured, measure: &Measure) {
    let Some(level) = measure.cap else { return };
    let width = out.counted.first().map_or(0, |unit| unit.columns.len());
    for at in 0..width {
        let pure: Vec<f64> = out.counted.iter().filter(|unit| !unit.mixed).map(|unit| unit.columns[at]).collect();
        let ordered = Ordered::of(&pure).expect("finite");
        let cap = ordered.percentile(level).ok();
        let outcome = measure.covariate.is_none() || at < width / 2;
        out.collapsed |= outcome && cap.is_some_and(|cap| cap <= ordered.smallest().expect("one"));
        out.caps.push(cap);
        for unit in &mut out.counted {
            unit.columns[at] = cap.map_or(unit.columns[at], |cap| unit.columns[at].min(cap));
        }
    }
}

#[expect(clippy::float_cmp, reason = "a metric compares exactly")]
fn compares(value: f64, comparator: Comparator, with: f64) -> bool {
    match comparator {
        Comparator::Above => value > with,
        Comparator::AtLeast => value >= with,
        Comparator::Below => value < with,
        Comparator::AtMost => value <= with,
        Comparator::Equal => value == with,
        Comparator::Unequal => value != with,
    }
}

/// The events of each complete unit of a variant that saw no other.
pub fn clusters(world: &World, study: &Study, measure: &Measure, units: &[Unit], arm: usize) -> Vec<Vec<f64>> {
    let Calculation::EventQuantile { source, input, .. } = measure.calculation else { return Vec::new() };
    let by = study.until.min(world.request.now - measure.lag);
    let complete = units.iter().filter(|unit| unit.arm == arm && !unit.mixed && unit.first + measure.window.1 <= by);
    complete
        .map(|unit| {
            inside(world, (source, input), unit, measure.window).iter().map(|(_, value)| *value).collect::<Vec<_>>()
        })
        .filter(|events| !measure.drops_missing || !events.is_empty())
        .collect()
}

/// The quantile of events, and its standard error where it has one.
pub fn quantile(clusters: &[Vec<f64>], level: f64) -> Option<(f64, Option<f64>, Moments)> {
    let events = Ordered::of(&clusters.concat()).expect("finite");
    let at = events.percentile(level).ok()?;
    let rows: Vec<[f64; 2]> = clusters
        .iter()
        .map(|own| [own.iter().filter(|value| **value <= at).count() as f64, own.len() as f64])
        .collect();
    let sum = |x: usize| rows.iter().map(|row| row[x]).sum::<f64>();
    let product = |x: usize, y: usize| rows.iter().map(|row| row[x] * row[y]).sum::<f64>();
    let products = [product(0, 0), product(1, 0), product(1, 1)];
    let units = Moments::from_sums(rows.len() as u64, &[0.0; 2], &[sum(0), sum(1)], &products).expect("sums");
    let estimate = Estimate::of_clustered_quantile(&events, level, &units).ok()?;
    Some((at, estimate.se().ok(), units))
}
