//! What statements returned, as tallies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::facts::{Layout, columns};
use super::{About, Statement};
use crate::query::{Calculation, MOST_VALUES, Measure, Request, Study, joined};
use crate::results::{
    Arm, ArmTally, Caps, DaySums, DimensionTally, EventQuantile, MetricTally, PartQuantile, Sums, Tally, UnitQuantile,
};
use crate::stats::Ordered;

/// A row of a result, by the columns of its statement.
pub type Row = Vec<Cell>;

/// A cell of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Number(f64),
    /// A value of a dimension.
    Text(String),
}

/// A result that is not that of its statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The column, or none if a whole row is of another length.
    pub column: Option<String>,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "the warehouse returned something else than a number that fits in `{column}`"),
            None => f.write_str("the warehouse returned rows of another length"),
        }
    }
}

/// The tallies of a request's studies, in their order, from the results of its statements.
///
/// # Errors
/// When a result has other columns than its statement, or numbers that cannot stand there.
pub fn tallies(request: &Request, results: &[(&Statement, &[Row])]) -> Result<Vec<Tally>, Malformed> {
    let mut tallies: Vec<Tally> = request.studies.iter().map(|study| blank(request, study)).collect();
    let joint = request.joint();
    let mut cells: Vec<Tally> =
        joint.iter().flat_map(|joint| joint.studies.iter().map(|study| blank(joint, study))).collect();
    for (statement, rows) in results {
        let pairs = joint.as_ref().filter(|_| matches!(statement.about, About::Pairs(..)));
        let (request, tallies) = match pairs {
            Some(joint) => (joint, &mut cells),
            None => (request, &mut tallies),
        };
        let mut sums: BTreeMap<(usize, usize), Vec<Cells<'_>>> = BTreeMap::new();
        for row in *rows {
            if row.len() != statement.columns.len() {
                return Err(Malformed { column: None });
            }
            let cells = Cells { names: &statement.columns, row };
            let study: usize = cells.whole("study")?;
            let Some(tally) = tallies.get_mut(study) else { return Err(wrong("study")) };
            if statement.about == About::Exposures {
                exposures(tally, &cells)?;
            } else {
                sums.entry((study, cells.whole("measure")?)).or_default().push(cells);
            }
        }
        for ((study, measure), rows) in sums {
            let place =
                request.studies.get(study).and_then(|own| own.measures.iter().position(|place| *place == measure));
            let (Some(tally), Some(measure)) = (tallies.get_mut(study), request.measures.get(measure)) else {
                return Err(wrong("measure"));
            };
            let Some(of) = place.and_then(|place| tally.metrics.get_mut(place)) else { return Err(wrong("measure")) };
            match &statement.about {
                About::Facts(_, layout) | About::Pairs(_, layout) => {
                    if layout.parts {
                        dimensions(&mut tally.dimensions, &rows)?;
                    }
                    facts(of, measure, *layout, &rows, &tally.dimensions)?;
                }
                _ => events(of, &rows)?,
            }
        }
    }
    joined(request, &mut tallies, &cells);
    Ok(tallies)
}

fn wrong(column: &str) -> Malformed {
    Malformed { column: Some(column.to_owned()) }
}

/// A row with the names of its columns.
struct Cells<'a> {
    names: &'a [String],
    row: &'a [Cell],
}

impl Cells<'_> {
    fn cell(&self, name: &str) -> &Cell {
        let at = self.names.iter().position(|own| own == name);
        at.and_then(|at| self.row.get(at)).unwrap_or(&Cell::Null)
    }

    fn get(&self, name: &str) -> Option<f64> {
        match self.cell(name) {
            Cell::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// The dimension and the place of the value that a row is about, if it is not about all units.
    fn part(&self, places: usize) -> Result<Option<(usize, usize)>, Malformed> {
        if self.get("dimension").is_none_or(|dimension| dimension < 0.0) {
            return Ok(None);
        }
        let place = match self.cell("place") {
            // All others come last.
            Cell::Null => places,
            _ => self
                .whole::<usize>("place")?
                .checked_sub(1)
                .filter(|place| *place < MOST_VALUES)
                .ok_or_else(|| wrong("place"))?,
        };
        Ok(Some((self.whole("dimension")?, place)))
    }

    /// A finite number; null is 0, as in the sum of no rows.
    fn number(&self, name: &str) -> Result<f64, Malformed> {
        Some(self.get(name).unwrap_or(0.0)).filter(|value| value.is_finite()).ok_or_else(|| wrong(name))
    }

    /// A count or a place; null is 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number of at most 53 bits"
    )]
    fn whole<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Malformed> {
        let value = self.number(name)?;
        let whole = (0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0;
        let whole = whole.then_some(value as u64).and_then(|value| T::try_from(value).ok());
        whole.ok_or_else(|| wrong(name))
    }
}

/// A tally without any unit.
fn blank(request: &Request, study: &Study) -> Tally {
    let metrics = study.measures.iter().filter_map(|&place| request.measures.get(place));
    let metrics = metrics.map(|measure| MetricTally {
        metric: measure.id.clone(),
        arms: study.variants.iter().map(|_| empty(measure, request.exposures.dimensions.len())).collect(),
        ..MetricTally::default()
    });
    let summed = |place: &usize| request.measures.get(*place).is_some_and(|measure| measure.calculation.is_of_units());
    let dimensions = request.exposures.dimensions.iter().filter(|_| study.measures.iter().any(summed));
    let dimension = |name: &String| DimensionTally { dimension: name.clone(), ..DimensionTally::default() };
    Tally {
        dimensions: dimensions.map(dimension).collect(),
        key: study.key.clone(),
        arms: study.variants.iter().map(|variant| Arm { variant: variant.clone(), ..Arm::default() }).collect(),
        metrics: metrics.collect(),
        ..Tally::default()
    }
}

/// A variant without any unit.
fn empty(measure: &Measure, dimensions: usize) -> ArmTally {
    let width = match measure.calculation {
        Calculation::EventQuantile { .. } => 2,
        _ => columns(measure).len(),
    };
    let sums = zero(width);
    let parts = vec![Vec::new(); if measure.calculation.is_of_units() { dimensions } else { 0 }];
    ArmTally { sums: sums.clone(), kept: sums, parts, ..ArmTally::default() }
}

fn zero(width: usize) -> Sums {
    Sums { n: 0, shifts: vec![0.0; width], sums: vec![0.0; width], products: vec![0.0; width * (width + 1) / 2] }
}

fn exposures(tally: &mut Tally, cells: &Cells<'_>) -> Result<(), Malformed> {
    if cells.get("arm").is_none() {
        tally.rows_without_key += cells.whole::<u64>("without_key")?;
        tally.rows_outside += cells.whole::<u64>("outside")?;
        tally.rows_unknown_variant += cells.whole::<u64>("unknown_variant")?;
        return Ok(());
    }
    let arm = tally.arms.get_mut(cells.whole::<usize>("arm")?).ok_or_else(|| wrong("arm"))?;
    (arm.exposed, arm.mixed) = (cells.whole("exposed")?, cells.whole("mixed")?);
    Ok(())
}

/// The values of the dimensions, as far as rows name them; all statements about a study name the same ones.
fn dimensions(known: &mut [DimensionTally], rows: &[Cells<'_>]) -> Result<(), Malformed> {
    let mut found: BTreeSet<(usize, usize, Option<&str>)> = BTreeSet::new();
    for cells in rows {
        let Some((dimension, place)) = cells.part(MOST_VALUES)? else { continue };
        found.insert((
            dimension,
            place,
            match cells.cell("trait") {
                Cell::Text(value) => Some(value),
                _ => None,
            },
        ));
    }
    for (dimension, place, value) in found {
        let own = known.get_mut(dimension).ok_or_else(|| wrong("dimension"))?;
        // Values come by their places; where one was seen before, it is the same.
        if own.values.len() == place || (place == MOST_VALUES && !own.values.contains(&None)) {
            own.values.push(value.map(DimensionTally::recorded));
        }
    }
    Ok(())
}

fn facts(
    tally: &mut MetricTally,
    measure: &Measure,
    layout: Layout,
    rows: &[Cells<'_>],
    dimensions: &[DimensionTally],
) -> Result<(), Malformed> {
    let width = columns(measure).len();
    if let Some(first) = rows.first().filter(|_| layout.caps && measure.cap.is_some()) {
        let at: Vec<Option<f64>> = (0..width).map(|at| first.get(&format!("cap_{at}"))).collect();
        // A covariate that is the same for all cannot help, but it does no harm either.
        let outcomes = columns(measure).iter().filter(|column| column.span == measure.window).count();
        let least = (0..outcomes).map(|at| first.get(&format!("least_{at}")));
        let collapsed =
            at.iter().zip(least).any(|(cap, least)| cap.zip(least).is_some_and(|(cap, least)| cap <= least));
        tally.caps = Some(Caps { at, collapsed });
    }
    let mut shifts = vec![0.0; width];
    if let Some(first) = rows.first() {
        shifts = (0..width).map(|at| first.number(&format!("shift_{at}"))).collect::<Result<_, _>>()?;
    }
    for arm in &mut tally.arms {
        for sums in [&mut arm.sums, &mut arm.kept] {
            sums.shifts.clone_from(&shifts);
        }
        if measure.calculation.is_of_units() {
            let part = Sums { shifts: shifts.clone(), ..zero(width) };
            arm.parts = dimensions.iter().map(|own| vec![part.clone(); own.values.len()]).collect();
        }
    }
    let mut values: Vec<Values> = vec![Values::default(); tally.arms.len()];
    for cells in rows {
        let arm_place: usize = cells.whole("arm")?;
        let arm = tally.arms.get_mut(arm_place).ok_or_else(|| wrong("arm"))?;
        let own = sums(cells, width, &shifts)?;
        if let Some((dimension, place)) = cells.part(MOST_VALUES)? {
            let parts = arm.parts.get_mut(dimension).ok_or_else(|| wrong("dimension"))?;
            let place = place.min(parts.len().saturating_sub(1));
            add(parts.get_mut(place).ok_or_else(|| wrong("place"))?, &own);
            if let (Some(value), Some(of_arm)) = (cells.get("value"), values.get_mut(arm_place)) {
                of_arm.parts.entry((dimension, place)).or_default().push((value, own.n));
            }
            continue;
        }
        add(&mut arm.kept, &own);
        if cells.whole::<u8>("mixed")? == 1 {
            continue;
        }
        arm.incomplete += cells.whole::<u64>("incomplete")?;
        arm.without_rows += cells.whole::<u64>("without_rows")?;
        if own.n == 0 {
            continue;
        }
        add(&mut arm.sums, &own);
        if let (Some(value), Some(of_arm)) = (cells.get("value"), values.get_mut(arm_place)) {
            of_arm.all.push((value, own.n));
        }
        let day = cells.whole("day")?;
        match arm.days.iter_mut().find(|known| known.day == day) {
            Some(known) => add(&mut known.sums, &own),
            None => arm.days.push(DaySums { day, sums: own }),
        }
    }
    if let Calculation::UnitQuantile(_, level) = measure.calculation {
        let sizes: Vec<usize> = dimensions.iter().map(|own| own.values.len()).collect();
        for (arm, values) in tally.arms.iter_mut().zip(&values) {
            values.written(arm, level, &sizes);
        }
    }
    tally.arms.iter_mut().for_each(|arm| arm.days.sort_by_key(|own| own.day));
    Ok(())
}

/// The distinct values of an arm's units with their counts, also by dimension and value.
#[derive(Debug, Clone, Default)]
struct Values {
    all: Vec<(f64, u64)>,
    parts: BTreeMap<(usize, usize), Vec<(f64, u64)>>,
}

impl Values {
    /// Leaves what a quantile needs of them.
    fn written(&self, arm: &mut ArmTally, level: f64, sizes: &[usize]) {
        let quantile = |all: &mut dyn Iterator<Item = (f64, u64)>| {
            // Zero has one sign.
            let around = Ordered::of_counts(all.map(|(value, count)| (value + 0.0, count))).ok()?.around(level).ok()?;
            Some(UnitQuantile { units: around.count, value: around.value, lower: around.lower, upper: around.upper })
        };
        arm.quantile = quantile(&mut self.all.iter().copied());
        let part = |dimension: usize, place: usize| {
            let of = |own: bool| {
                let parts =
                    self.parts.iter().filter(move |((part, at), _)| *part == dimension && (*at == place) == own);
                quantile(&mut parts.flat_map(|(_, values)| values.iter().copied()))
            };
            PartQuantile { own: of(true), rest: of(false) }
        };
        let parts =
            sizes.iter().enumerate().map(|(dimension, size)| (0..*size).map(|at| part(dimension, at)).collect());
        arm.quantile_parts = parts.collect();
    }
}

/// The sums of a row.
fn sums(cells: &Cells<'_>, width: usize, shifts: &[f64]) -> Result<Sums, Malformed> {
    let places = (0..width).flat_map(|x| (0..=x).map(move |y| format!("product_{x}_{y}")));
    Ok(Sums {
        n: cells.whole("units")?,
        shifts: shifts.to_vec(),
        sums: (0..width).map(|at| cells.number(&format!("sum_{at}"))).collect::<Result<_, _>>()?,
        products: places.map(|name| cells.number(&name)).collect::<Result<_, _>>()?,
    })
}

fn add(to: &mut Sums, more: &Sums) {
    to.n += more.n;
    to.sums.iter_mut().zip(&more.sums).for_each(|(own, more)| *own += more);
    to.products.iter_mut().zip(&more.products).for_each(|(own, more)| *own += more);
}

fn events(tally: &mut MetricTally, rows: &[Cells<'_>]) -> Result<(), Malformed> {
    for cells in rows {
        let arm = tally.arms.get_mut(cells.whole::<usize>("arm")?).ok_or_else(|| wrong("arm"))?;
        arm.incomplete = cells.whole("incomplete")?;
        arm.without_rows = cells.whole("without_rows")?;
        arm.sums = sums(cells, 2, &[0.0; 2])?;
        let events = cells.whole("events")?;
        if events > 0 {
            let at = |name: &str| cells.number(name);
            arm.events =
                Some(EventQuantile { events, value: at("quantile")?, lower: at("lower")?, upper: at("upper")? });
        }
    }
    Ok(())
}
