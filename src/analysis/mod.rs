//! From what was counted to results: health, estimates, intervals and the decision. Everything is a function of its arguments.
//!
//! [`analyse`] takes one look at one experiment: the catalogue with its lock says what was promised, a [`Tally`] what was counted,
//! and the records of earlier looks what has been spent. What a figure lacks is a reason in its place.

mod aggregates;
mod arms;
mod balance;
mod baseline;
mod bounds;
mod breakdown;
mod days;
mod decide;
mod health;
mod impact;
mod interactions;
mod outcome;
mod setting;

use crate::decl::Day;
use crate::lock::{Lock, analysis_digest};
use crate::model::{Catalogue, Claim};
use crate::power::Power;
use crate::results::{Look, Plan, Results, Run, Source, State, Tally, VERSION, Variant};

pub use aggregates::{Aggregate, Aggregates, COLUMNS, Row};
use arms::Estimated;
pub use baseline::{Measured, Moments, measured};
use setting::Setting;

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in a day.
const DAY: i64 = 24 * HOUR;

/// What is analysed, and as of when.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a, 'p> {
    pub catalogue: &'a Catalogue,
    pub power: &'a Power<'p>,
    pub claim: &'a Claim,
    pub lock: &'a Lock,
    /// The instant of the look, in microseconds since 1970.
    pub now: i64,
    /// The records of looks before it at the same phase, the earliest first.
    pub earlier: &'a [Results],
    /// The commit that the catalogue was read at, and whether files differ from it.
    pub commit: Option<&'a str>,
    pub dirty: bool,
}

/// What was counted, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    pub tally: &'a Tally,
    /// `embedded`, the name of a warehouse, or `aggregates`.
    pub engine: &'a str,
    /// The digest of the request, or of the rows that the look is read off.
    pub query: &'a str,
    /// Whether the statistics are means with their variances, of whatever they were computed from.
    pub aggregated: bool,
}

/// Takes a look at an experiment; `None` where it has no surface.
#[must_use]
pub fn analyse(question: &Question<'_, '_>, counted: &Counted<'_>) -> Option<Results> {
    let Question { catalogue, claim, lock, .. } = *question;
    let surface = catalogue.surfaces.at(claim.surface?);
    let setting = Setting::of(question, counted);
    let tally = counted.tally;
    let found = |id: &str| tally.metrics.iter().find(|metric| metric.metric == id);
    let estimated: Vec<Estimated> =
        setting.metrics.iter().map(|metric| Estimated::of(metric, found(&metric.id), setting.variants.len())).collect();
    let health = health::checks(question, &setting, counted, &estimated);
    let sound = health.iter().all(|check| check.status != crate::results::Status::Failed);
    let outcomes: Vec<Vec<outcome::Judged<'_>>> = (1..setting.variants.len())
        .map(|arm| {
            let judge = |(metric, estimated)| outcome::judge(question, &setting, metric, estimated, arm, tally);
            setting.metrics.iter().zip(&estimated).map(judge).collect()
        })
        .collect();
    let breakdowns = breakdown::breakdowns(question, &setting, &outcomes, tally, sound);
    let interactions = interactions::interactions(&setting, tally, sound);
    let (treatments, decision) = decide::decide(&setting, &estimated, outcomes, &health, sound);
    let metrics = setting.metrics.iter().zip(&estimated).map(|(metric, own)| metric.recorded(own, tally)).collect();
    let counted_arm = |id: &str| tally.arms.iter().find(|arm| arm.variant == id);
    let variants = setting.variants.iter().map(|(id, weight)| Variant {
        id: id.clone(),
        weight: *weight,
        exposed: counted_arm(id).map_or(0, |arm| arm.exposed),
        mixed: counted_arm(id).map_or(0, |arm| arm.mixed),
    });
    Some(Results {
        version: VERSION,
        experiment: claim.id.clone(),
        phase: lock.phase,
        surface: surface.id.clone(),
        unit: lock.unit.clone(),
        at: written(question.now),
        owner: claim.owner().map(str::to_owned),
        hypothesis: claim.experiment().and_then(|own| own.hypothesis.as_ref()).map(|text| text.value.trim().to_owned()),
        run: setting.recorded_run(),
        plan: Plan {
            commit: question.commit.map(str::to_owned),
            dirty: question.dirty,
            locked: Some(lock.plan.clone()),
            declared: analysis_digest(catalogue, claim, surface),
        },
        method: setting.recorded_method(),
        look: Look {
            number: u32::try_from(question.earlier.len()).unwrap_or(u32::MAX).saturating_add(1),
            earlier: question.earlier.iter().map(|results| results.at.clone()).collect(),
            planned: setting.planned(),
        },
        variants: variants.collect(),
        metrics,
        health,
        treatments,
        decision,
        breakdowns,
        interactions,
        tally: tally.clone(),
        source: Source {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            engine: counted.engine.to_owned(),
            query: counted.query.to_owned(),
        },
    })
}

/// Counts together; what is more than can be counted stays the most that can.
fn all(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// An instant in microseconds since 1970 as RFC 3339 in UTC.
fn written(instant: i64) -> String {
    jiff::Timestamp::from_microsecond(instant).map_or_else(|_| "beyond time".to_owned(), |at| at.to_string())
}

impl Setting<'_> {
    fn recorded_run(&self) -> Run {
        let day = |instant: i64| Day::containing(instant.div_euclid(SECOND)).to_string();
        let length = self.until.map(|until| (until - self.from) / DAY);
        Run {
            start: day(self.from),
            end: self.until.map(day),
            days: length.and_then(|days| u32::try_from(days).ok()),
            elapsed: self.elapsed(),
            lag_hours: self.lag as f64 / HOUR as f64,
            state: match () {
                () if self.over() => State::Over,
                () if self.ended() => State::Ended,
                () => State::Running,
            },
        }
    }
}
