//! From the catalogue and its locks to one request a surface; what cannot be asked for is said, with the reason.

use std::collections::HashMap;

use super::joint::{self, MOST_DIMENSIONS};
use super::left_out::{LeftOut, Why};
use super::request::{Exposures, Measure, Request, Source, Study};
use crate::decl::{self, Day, Stage};
use crate::lock::{Lock, Locks};
use crate::model::{Catalogue, Claim, Fact, Ix, Metric, Surface};

/// Microseconds in an hour.
pub(super) const HOUR: i64 = 3_600_000_000;
/// Microseconds in a day.
pub(super) const DAY: i64 = 24 * HOUR;

/// What data is asked for, and what cannot be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Asked {
    /// One for each surface on which something is measured, in order of their files.
    pub requests: Vec<Request>,
    pub left_out: Vec<LeftOut>,
}

/// Asks for all that is measured of experiments and rollouts as of `now`, in microseconds since 1970.
///
/// `wanted` names them, decided ones too; when it is empty, all that are in stage `ship` and have begun are asked for.
#[must_use]
pub fn requests(catalogue: &Catalogue, locks: &Locks, now: i64, wanted: &[String]) -> Asked {
    let mut asked = Asked::default();
    for id in wanted.iter().filter(|id| catalogue.claims.get(id).is_none()) {
        asked.left_out.push(LeftOut::of(id, Why::Unknown));
    }
    let exposures = catalogue.root.as_ref().and_then(|(_, root)| root.exposures.as_ref()).map(|at| &at.value);
    for (ix, surface) in catalogue.surfaces.iter() {
        let mut studies = Vec::new();
        for (_, claim) in catalogue.claims_on(ix) {
            let named = wanted.contains(&claim.id);
            let runs = wanted.is_empty() && claim.stage == Some(Stage::Ship);
            if !named && !runs {
                continue;
            }
            match study(claim, surface, locks, now) {
                Ok((lock, study)) => studies.push((claim, lock, study)),
                // Nobody asked for what has not begun.
                Err(Why::NotBegun(_)) if !named => {}
                Err(why) => asked.left_out.push(LeftOut::of(&claim.id, why)),
            }
        }
        if studies.is_empty() {
            continue;
        }
        match columns(exposures, surface.unit(), catalogue.engine()) {
            Ok(exposures) => asked.add(catalogue, surface, exposures, now, studies),
            Err(why) => asked.left_out.extend(studies.iter().map(|(claim, ..)| LeftOut::of(&claim.id, why.clone()))),
        }
    }
    let homeless = catalogue.claims.values().filter(|claim| claim.surface.is_none() && wanted.contains(&claim.id));
    asked.left_out.extend(homeless.map(|claim| LeftOut::of(&claim.id, Why::NoSurface)));
    asked
}

impl Asked {
    /// Adds the request of a surface, each fact and each metric in it once.
    fn add(
        &mut self,
        catalogue: &Catalogue,
        surface: &Surface,
        exposures: Exposures,
        now: i64,
        studies: Vec<(&Claim, &Lock, Study)>,
    ) {
        let mut gathered = Gathered::new(catalogue, surface.unit());
        let mut kept = Vec::new();
        let mut held = Vec::new();
        for (claim, lock, mut study) in studies {
            for tracked in &claim.tracked {
                let Some(metric) = tracked.metric else {
                    self.left_out.push(LeftOut::metric(&claim.id, &tracked.id, Why::UnknownMetric));
                    continue;
                };
                match gathered.measure(metric) {
                    Ok(place) if study.measures.contains(&place) => {}
                    Ok(place) => study.measures.push(place),
                    Err(why) => self.left_out.push(LeftOut::metric(&claim.id, &tracked.id, why)),
                }
            }
            kept.push(study);
            held.push(lock);
        }
        let excludes = |one: usize, other: usize| match (held.get(one), held.get(other)) {
            (Some(one), Some(other)) => other.components.iter().any(|component| one.claims(component)),
            _ => true,
        };
        let pairs = joint::pairs(&kept, &gathered.measures, now, excludes);
        self.requests.push(Request {
            surface: surface.id.clone(),
            unit: surface.unit().to_owned(),
            now,
            exposures,
            studies: kept,
            sources: gathered.sources,
            measures: gathered.measures,
            pairs,
        });
    }
}

/// A claim's current phase, as its lock has it; its metrics are still to be found.
fn study<'a>(claim: &Claim, surface: &Surface, locks: &'a Locks, now: i64) -> Result<(&'a Lock, Study), Why> {
    if !matches!(claim.stage, Some(Stage::Ship | Stage::Tweak)) {
        return Err(Why::NotShipped(claim.stage));
    }
    let lock = &locks.of(claim.file).ok_or(Why::NoLock)?.lock;
    if lock.unit != surface.unit() || lock.surface != surface.id {
        return Err(Why::OtherGround);
    }
    let mut variants: Vec<String> = lock.variants.iter().map(|(id, _)| id.clone()).collect();
    let control = variants.iter().position(|id| id == "control").ok_or(Why::NoControl)?;
    if variants.len() < 2 {
        return Err(Why::NoControl);
    }
    let control = variants.remove(control);
    variants.insert(0, control);
    let (from, until) = run(claim, lock);
    if from > now {
        return Err(Why::NotBegun(lock.start));
    }
    Ok((lock, Study { id: claim.id.clone(), key: lock.key(), variants, from, until, measures: Vec::new() }))
}

/// The run of the current phase, in microseconds since 1970: from its first day to its planned end or, if that is earlier, the
/// day of the decision; one without an end lasts until the last day there is.
#[must_use]
pub fn run(claim: &Claim, lock: &Lock) -> (i64, i64) {
    // In the time of a later phase its own first day may lie after the start that all phases share.
    let first = lock.began.last().map_or(lock.start, |&began| began.max(lock.start));
    let decided = claim.decision().and_then(|decision| decision.on.as_ref()).map(|on| on.value.max(first));
    let end = [lock.window().end, decided].into_iter().flatten().min().unwrap_or(Day::LAST);
    (instant(first), instant(end))
}

/// The first instant of a day, in microseconds since 1970.
fn instant(day: Day) -> i64 {
    i64::from(day.0).saturating_mul(DAY)
}

/// The columns of exposures for a unit.
fn columns(exposures: Option<&decl::Exposures>, unit: &str, engine: decl::Engine) -> Result<Exposures, Why> {
    let exposures = exposures.ok_or(Why::NoExposures)?;
    let text = |at: &decl::Must<String>, key| at.as_ref().map(|at| at.value.clone()).ok_or(Why::ExposuresLack(key));
    let units = exposures.unit.as_ref();
    let (_, column) =
        units.and_then(|units| units.get(unit)).ok_or_else(|| Why::ExposuresWithoutUnit(unit.to_owned()))?;
    let (table, select) = match (&exposures.table, &exposures.select) {
        (Some(table), None) => (table.value.clone(), None),
        (None, Some(select)) => {
            decl::check_select_for(select, engine).map_err(|_| Why::ExposuresFaulty)?;
            ("exposures".to_owned(), Some(select.value.clone()))
        }
        _ => return Err(Why::ExposuresWithoutRows),
    };
    Ok(Exposures {
        table,
        select,
        unit: column.value.clone(),
        experiment: text(&exposures.experiment, "experiment")?,
        variant: text(&exposures.variant, "variant")?,
        timestamp: text(&exposures.timestamp, "timestamp")?,
        dimensions: dimensions(exposures),
    })
}

/// The columns to break results down by, each once.
fn dimensions(exposures: &decl::Exposures) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for at in exposures.dimensions.iter().flat_map(|list| &list.value) {
        if !named.contains(&at.value) && named.len() < MOST_DIMENSIONS {
            named.push(at.value.clone());
        }
    }
    named
}

/// What has been gathered for a surface so far: facts and metrics, each once.
pub(super) struct Gathered<'a> {
    pub catalogue: &'a Catalogue,
    /// The unit that the surface randomises.
    pub unit: &'a str,
    pub sources: Vec<Source>,
    pub measures: Vec<Measure>,
    /// The place of each fact in `sources`.
    pub facts: HashMap<Ix<Fact>, usize>,
    /// The place of each metric in `measures`, or why it is left out.
    pub metrics: HashMap<Ix<Metric>, Result<usize, Why>>,
}

impl<'a> Gathered<'a> {
    pub fn new(catalogue: &'a Catalogue, unit: &'a str) -> Self {
        Self {
            catalogue,
            unit,
            sources: Vec::new(),
            measures: Vec::new(),
            facts: HashMap::new(),
            metrics: HashMap::new(),
        }
    }
}
