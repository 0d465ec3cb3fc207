//! What is counted of the units of a study, shard by shard: first where to cut and what to order, then the sums.

use super::breakdown::{Breakdown, part};
use super::event::Events;
use super::labels::Labels;
use super::plan::{HEAD, Layout, Measured, Plan};
use super::quantile::quantiles;
use super::shard::{Shard, study, variant};
use super::sums::{COLUMNS, Total};
use super::tail::{Tail, caps};
use crate::query::{Calculation, Measure, Request, Study};
use crate::results::{Arm, ArmTally, Caps, DaySums, DimensionTally, MetricTally, Tally};

/// A day beyond which nothing is told apart, so that a study without an end does not fill the memory.
const LAST_DAY: u32 = 20_000;

/// What was counted of a study.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Exposed units, and the mixed among them, by variant.
    arms: Vec<(u64, u64)>,
    pub rows: RowCounts,
    metrics: Vec<MetricBook>,
    /// By dimension.
    breakdowns: Vec<Breakdown>,
}

/// Exposure rows of a study.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct RowCounts {
    /// All that can count.
    pub counting: u64,
    pub without_key: u64,
    pub outside: u64,
    pub unknown_variant: u64,
}

#[derive(Debug, Default)]
struct MetricBook {
    arms: Vec<ArmBook>,
    tails: Vec<Tail>,
    caps: Option<Caps>,
}

#[derive(Debug, Default)]
struct ArmBook {
    days: Vec<Total>,
    mixed: Total,
    /// By dimension and the place of the value.
    parts: Vec<Vec<Total>>,
    incomplete: u64,
    without_rows: u64,
    /// Of events, or of units, where their quantile is asked for.
    values: Vec<f64>,
    /// By dimension, the places of the units' values of it.
    places: Vec<Vec<u8>>,
    events: Option<Events>,
}

/// What a unit is for a metric.
enum Unit {
    Incomplete,
    Dropped { without_rows: bool },
    Counted { row: [f64; COLUMNS], without_rows: bool },
}

/// Whether a metric needs to see all units before it can be summed.
pub(super) fn looks_ahead(measure: &Measure) -> bool {
    measure.cap.is_some() || matches!(measure.calculation, Calculation::EventQuantile { .. })
}

impl Measured {
    /// How many columns it has, and how many of them are the outcome's.
    fn columns(&self, measure: &Measure) -> (usize, usize) {
        match measure.calculation {
            Calculation::EventQuantile { .. } => (2, 2),
            _ if measure.covariate.is_some() => (self.columns.len(), self.columns.len() / 2),
            _ => (self.columns.len(), self.columns.len()),
        }
    }

    /// What an entry's unit is for it.
    fn unit(&self, measure: &Measure, entry: &[u64]) -> Unit {
        let at = entry.first().map_or(i64::MAX, |at| at.cast_signed());
        if at > self.complete_until {
            return Unit::Incomplete;
        }
        let flag = |(word, bit): &(usize, u32)| entry.get(*word).is_some_and(|flags| flags >> bit & 1 == 1);
        let without_rows = !self.rows.iter().any(flag);
        if without_rows && measure.drops_missing {
            return Unit::Dropped { without_rows };
        }
        let (_, outcomes) = self.columns(measure);
        let mut row = [0.0; COLUMNS];
        for (place, (cell, formula)) in row.iter_mut().zip(&self.columns).enumerate() {
            let number = formula.of_entry(entry);
            if number.is_finite() {
                // A sum of nothing but −0 is 0.
                *cell = number + 0.0;
            } else if measure.drops_missing && place < outcomes {
                return Unit::Dropped { without_rows };
            }
        }
        Unit::Counted { row, without_rows }
    }
}

impl Book {
    /// Bytes of single values, which quantiles and caps need all of.
    pub fn bytes(&self) -> usize {
        let arm = |arm: &ArmBook| {
            let events = arm.events.as_ref().map_or(0, Events::bytes);
            arm.values.capacity() * size_of::<f64>() + arm.places.iter().map(Vec::capacity).sum::<usize>() + events
        };
        let metric = |metric: &MetricBook| {
            metric.arms.iter().map(arm).sum::<usize>() + metric.tails.iter().map(Tail::bytes).sum::<usize>()
        };
        self.metrics.iter().map(metric).sum()
    }

    pub fn new(layout: &Layout) -> Self {
        let arms = || (0..layout.variants).map(|_| ArmBook::default()).collect();
        Self {
            arms: vec![(0, 0); layout.variants],
            rows: RowCounts::default(),
            metrics: layout.measures.iter().map(|_| MetricBook { arms: arms(), ..MetricBook::default() }).collect(),
            breakdowns: Vec::new(),
        }
    }
}

/// Studies that are counted together, on one core.
pub(super) struct Shelf<'a> {
    pub request: &'a Request,
    pub plan: &'a Plan,
    pub labels: &'a Labels,
    /// The first of the studies.
    pub first: usize,
    pub books: &'a mut [Book],
}

impl Shelf<'_> {
    /// Calls for every entry of these studies, with the word it begins at.
    fn each(&mut self, shard: &Shard, mut with: impl FnMut(&Request, &Layout, &mut Book, u32, &[u64])) {
        let (request, plan) = (self.request, self.plan);
        shard.each_entry(plan, |at, entry| {
            let place = entry.get(1).map_or(0, |what| study(*what));
            let Some(layout) = plan.studies.get(place) else { return };
            if let Some(book) = place.checked_sub(self.first).and_then(|own| self.books.get_mut(own)) {
                with(request, layout, book, at, entry);
            }
        });
    }

    /// Looks at a shard for what must be known of all units before they are summed.
    pub fn look_ahead(&mut self, shard: &Shard) {
        let labels = self.labels;
        self.each(shard, |request, layout, book, at, entry| {
            let (arm, mixed) = variant(entry.get(1).copied().unwrap_or(0));
            if layout.is_marked() && !mixed {
                book.breakdowns.resize_with(labels.count(), Breakdown::default);
                let values = labels.combination(entry.get(HEAD).copied().unwrap_or(0));
                book.breakdowns.iter_mut().zip(values).for_each(|(breakdown, value)| breakdown.see(*value));
            }
            for (measured, metric) in layout.measures.iter().zip(&mut book.metrics) {
                let Some(measure) = request.measures.get(measured.measure).filter(|measure| looks_ahead(measure))
                else {
                    continue;
                };
                if mixed {
                    continue;
                }
                let Unit::Counted { row, .. } = measured.unit(measure, entry) else { continue };
                if let Some((word, _)) = measured.event {
                    if let Some(arm) = metric.arms.get_mut(arm) {
                        arm.values.extend(shard.events(at, word));
                    }
                } else if let Some(level) = measure.cap {
                    if metric.tails.is_empty() {
                        metric.tails = vec![Tail::new(level, book.rows.counting); measured.columns.len()];
                    }
                    metric.tails.iter_mut().zip(row).for_each(|(tail, value)| tail.push(value));
                }
            }
        });
    }

    /// Settles what was looked for, once all shards were seen.
    pub fn decide(&mut self) {
        for (place, book) in self.books.iter_mut().enumerate() {
            let Some(layout) = self.plan.studies.get(self.first + place) else { continue };
            for (dimension, breakdown) in book.breakdowns.iter_mut().enumerate() {
                breakdown.choose(dimension, self.labels);
            }
            for (measured, metric) in layout.measures.iter().zip(&mut book.metrics) {
                let Some(measure) = self.request.measures.get(measured.measure) else { continue };
                if measure.cap.is_some() {
                    metric.caps = Some(caps(&mut std::mem::take(&mut metric.tails), measured.columns(measure).1));
                }
                if let Some((_, level)) = measured.event {
                    for arm in &mut metric.arms {
                        arm.events = Events::of(&std::mem::take(&mut arm.values), level);
                    }
                }
            }
        }
    }

    /// Sums the units of a shard.
    pub fn sum(&mut self, shard: &Shard) {
        let labels = self.labels;
        self.each(shard, |request, layout, book, start, entry| {
            let (arm, mixed) = variant(entry.get(1).copied().unwrap_or(0));
            let at = entry.first().map_or(0, |at| at.cast_signed());
            if let Some((exposed, also)) = book.arms.get_mut(arm) {
                *exposed += 1;
                *also += u64::from(mixed);
            }
            let day = layout.day(at).min(LAST_DAY) as usize;
            let values = match layout.is_marked() {
                true => labels.combination(entry.get(HEAD).copied().unwrap_or(0)),
                false => &[],
            };
            for (measured, metric) in layout.measures.iter().zip(&mut book.metrics) {
                let Some(measure) = request.measures.get(measured.measure) else { continue };
                let caps = metric.caps.as_ref();
                let Some(arm) = metric.arms.get_mut(arm) else { continue };
                let mut row = match measured.unit(measure, entry) {
                    Unit::Incomplete => {
                        arm.incomplete += u64::from(!mixed);
                        continue;
                    }
                    Unit::Dropped { without_rows } => {
                        arm.without_rows += u64::from(without_rows && !mixed);
                        continue;
                    }
                    Unit::Counted { row, without_rows } => {
                        arm.without_rows += u64::from(without_rows && !mixed);
                        row
                    }
                };
                if let (Some((word, _)), Some(events)) = (measured.event, &arm.events) {
                    for value in shard.events(start, word) {
                        row[0] += f64::from(u8::from(value <= events.value));
                        row[1] += 1.0;
                    }
                }
                let (columns, _) = measured.columns(measure);
                let Some(row) = row.get_mut(..columns) else { continue };
                if !mixed && matches!(measure.calculation, Calculation::UnitQuantile(..)) {
                    arm.values.extend(row.first());
                    arm.places.resize_with(values.len(), Vec::new);
                    for ((places, breakdown), value) in arm.places.iter_mut().zip(&book.breakdowns).zip(values) {
                        // There are far fewer of them than 256.
                        places.push(u8::try_from(breakdown.place(*value)).unwrap_or(u8::MAX));
                    }
                }
                cut(row, caps);
                if mixed {
                    arm.mixed.push(row);
                } else {
                    if arm.days.len() <= day {
                        arm.days.resize(day + 1, Total::default());
                    }
                    arm.days.get_mut(day).into_iter().for_each(|total| total.push(row));
                    if measure.calculation.is_of_units() {
                        for (dimension, (breakdown, value)) in book.breakdowns.iter().zip(values).enumerate() {
                            part(&mut arm.parts, dimension, breakdown.place(*value), row);
                        }
                    }
                }
            }
        });
    }
}

/// Cuts values at their caps.
fn cut(row: &mut [f64], caps: Option<&Caps>) {
    for (value, cap) in row.iter_mut().zip(caps.map_or([].as_slice(), |caps| caps.at.as_slice())) {
        *value = cap.map_or(*value, |cap| value.min(cap));
    }
}

impl Book {
    /// What was counted, as it is recorded; `failed` says of a metric why it could not be computed.
    pub fn written(
        &self,
        request: &Request,
        study: &Study,
        layout: &Layout,
        labels: &Labels,
        failed: impl Fn(&Measure) -> Option<String>,
    ) -> Tally {
        let of_units = |measured: &Measured| {
            request.measures.get(measured.measure).is_some_and(|measure| measure.calculation.is_of_units())
        };
        let is_broken_down = layout.is_marked() && layout.measures.iter().any(of_units);
        let dimensions = if is_broken_down { request.exposures.dimensions.as_slice() } else { &[] };
        let none = Breakdown::default();
        let dimensions = dimensions
            .iter()
            .enumerate()
            .map(|(place, name)| self.breakdowns.get(place).unwrap_or(&none).written(name.clone(), place, labels));
        let dimensions: Vec<DimensionTally> = dimensions.collect();
        let places: Vec<usize> = dimensions.iter().map(|own| own.values.len()).collect();
        let metrics = layout.measures.iter().zip(&self.metrics).filter_map(|(measured, metric)| {
            let measure = request.measures.get(measured.measure)?;
            let id = measure.id.clone();
            Some(match failed(measure) {
                Some(why) => MetricTally { metric: id, failed: Some(why), ..MetricTally::default() },
                None => metric.written(id, measured, measure, &places),
            })
        });
        let arms = study.variants.iter().zip(&self.arms);
        Tally {
            key: study.key.clone(),
            arms: arms
                .map(|(variant, (exposed, mixed))| Arm { variant: variant.clone(), exposed: *exposed, mixed: *mixed })
                .collect(),
            rows_without_key: self.rows.without_key,
            rows_outside: self.rows.outside,
            rows_unknown_variant: self.rows.unknown_variant,
            metrics: metrics.collect(),
            dimensions,
            pairs: Vec::new(),
        }
    }
}

impl MetricBook {
    /// `places` says how many values of each dimension are told apart.
    fn written(&self, metric: String, measured: &Measured, measure: &Measure, places: &[usize]) -> MetricTally {
        let nothing = Total::default();
        let places = if measure.calculation.is_of_units() { places } else { &[] };
        let (columns, _) = measured.columns(measure);
        let arms = self.arms.iter().map(|arm| {
            let mut all = Total::default();
            arm.days.iter().for_each(|day| all.merge(day));
            let sums = all.written(columns);
            let events = arm.events.as_ref().map(|events| events.written(&sums));
            let (quantile, quantile_parts) = match measure.calculation {
                Calculation::UnitQuantile(_, level) => quantiles(&arm.values, &arm.places, level, places),
                _ => (None, Vec::new()),
            };
            all.merge(&arm.mixed);
            let days = (0..).zip(&arm.days).filter(|(_, total)| !total.is_empty());
            ArmTally {
                sums,
                kept: all.written(columns),
                days: days.map(|(day, total)| DaySums { day, sums: total.written(columns) }).collect(),
                incomplete: arm.incomplete,
                without_rows: arm.without_rows,
                events,
                quantile,
                quantile_parts,
                parts: (0..)
                    .zip(places)
                    .map(|(dimension, count)| {
                        let parts = arm.parts.get(dimension).map_or([].as_slice(), Vec::as_slice);
                        (0..*count).map(|place| parts.get(place).unwrap_or(&nothing).written(columns)).collect()
                    })
                    .collect(),
            }
        });
        MetricTally { metric, caps: self.caps.clone(), arms: arms.collect(), failed: None }
    }
}
