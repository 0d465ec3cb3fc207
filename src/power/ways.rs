//! The ways out of too little power: more traffic, more days, a covariate.

use super::designs::Designs;
use super::frame::{Frame, largest, longest};
use super::{MetricForecast, Standing, Why};
use crate::decl::{Day, Share};
use crate::lock::{Holder, Occupancy};
use crate::model::{Catalogue, Claim, Ix, Window};

/// What would make every metric of an experiment have enough units. Margins and effects are not among the ways: they say
/// what matters, and that does not change because it is hard to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Ways {
    /// More traffic for the planned days.
    pub traffic: Result<MoreTraffic, NotEnough>,
    /// More days with the planned traffic.
    pub days: Result<MoreDays, NotEnough>,
    /// For each metric that is too small and could have one: a covariate.
    pub covariates: Vec<Covariate>,
}

/// The smallest share that suffices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreTraffic {
    /// The share of the surface's units, a whole number of buckets.
    pub share: Share,
    /// Whether it is free in the experiment's window; none where it does not say which components it touches, or when.
    pub room: Option<Space>,
    /// The largest share that the surface gives a single experiment, if that is smaller.
    pub limit: Option<Share>,
}

/// How much is free for an experiment in a window, its own among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// The largest share that is free from its first day to its last.
    pub free: Share,
    /// Whether that is enough.
    pub fits: bool,
    /// Who holds the rest, the largest first.
    pub holders: Vec<Holder>,
}

/// The shortest run that suffices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreDays {
    /// How many days.
    pub days: u32,
    /// The day after its last.
    pub end: Option<Day>,
    /// Whether units beyond the baseline's reach were extrapolated.
    pub extrapolated: bool,
    /// Whether its share stays free until then; none where it does not say which components it touches, or when.
    pub room: Option<Space>,
    /// The longest run that the surface allows, if that is shorter.
    pub limit: Option<u32>,
}

/// A covariate that would suffice.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariate {
    /// The metric.
    pub metric: String,
    /// The correlation that it needs.
    pub correlation: f64,
    /// The correlation of the one that it has.
    pub has: Option<f64>,
}

/// Why a way does not lead out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEnough {
    /// Not even all of it suffices.
    NotEvenAll,
    /// Whether it does cannot be said.
    Undefined(Why),
}

/// Looks for ways out for one claim.
pub(super) struct Search<'a> {
    pub catalogue: &'a Catalogue,
    pub occupancy: Option<&'a Occupancy<'a>>,
    pub designs: &'a Designs,
    pub frame: &'a Frame<'a>,
    pub claim: &'a Claim,
}

impl Search<'_> {
    /// The ways out; none for a claim that needs none.
    pub fn ways(&self) -> Option<Ways> {
        let metrics = self.frame.metrics(self.designs, true);
        let short: Vec<&MetricForecast> = short(&metrics).collect();
        if short.is_empty() {
            return None;
        }
        Some(Ways { traffic: self.traffic(), days: self.days(&short), covariates: covariates(&short) })
    }

    /// The smallest number of buckets with which nothing is too small, between those that it has and all.
    fn traffic(&self) -> Result<MoreTraffic, NotEnough> {
        let surface = self.frame.surface.ok_or(NotEnough::Undefined(Why::NoSurface))?;
        let buckets = surface.buckets;
        let share = |count: u32| Share::of(count, buckets);
        let suffices =
            |count: u32| short(&self.frame.with_share(share(count)).metrics(self.designs, false)).count() == 0;
        let now = self.frame.steps.last().map_or(0, |step| surface.count(step.share).unwrap_or(0));
        let most = buckets.saturating_sub(surface.count(surface.holdout).unwrap_or(0));
        if now >= most || !suffices(most) {
            return Err(NotEnough::NotEvenAll);
        }
        let (mut few, mut many) = (now, most);
        while many - few > 1 {
            let middle = u32::midpoint(few, many);
            if suffices(middle) {
                many = middle;
            } else {
                few = middle;
            }
        }
        let share = share(many);
        let limit = largest(surface).filter(|&limit| limit < share);
        Ok(MoreTraffic { share, room: self.room(many, None), limit })
    }

    /// The longest of the runs that the metrics need.
    fn days(&self, short: &[&MetricForecast]) -> Result<MoreDays, NotEnough> {
        let surface = self.frame.surface.ok_or(NotEnough::Undefined(Why::NoSurface))?;
        let mut days = 0;
        for metric in short {
            days = days.max(*metric.days.as_ref().map_err(|why| NotEnough::Undefined(why.clone()))?);
        }
        let longer = Frame { days: Some(days), ..self.frame.clone() };
        let extrapolated = longer.metrics(self.designs, false).iter().any(|metric| metric.extrapolated.is_some());
        let end = self.claim.window.map(|window| window.start.plus(days));
        let needed = self.frame.steps.last().and_then(|step| surface.count(step.share)).unwrap_or(0);
        let limit = longest(surface).filter(|&limit| limit < days);
        Ok(MoreDays { days, end, extrapolated, room: self.room(needed, end), limit })
    }

    /// Whether so many buckets are free in the claim's window, which may end on another day.
    fn room(&self, needed: u32, end: Option<Day>) -> Option<Space> {
        let window = self.claim.window?;
        let window = Window { end: end.or(window.end), ..window };
        let components = components(self.catalogue, self.claim)?;
        let own: Option<Ix<Claim>> = self.catalogue.claims.find(&self.claim.id);
        let occupancy = self.occupancy?;
        let free = occupancy.free(&components, window, own);
        let buckets = self.frame.surface?.buckets;
        Some(Space {
            free: Share::of(free, buckets),
            fits: free >= needed,
            holders: occupancy.holders(&components, window, own),
        })
    }
}

/// The metrics that are too small.
fn short(metrics: &[MetricForecast]) -> impl Iterator<Item = &MetricForecast> {
    metrics.iter().filter(|metric| metric.standing == Standing::TooSmall)
}

/// The covariates with which each would have enough: the variance falls by 1 − ρ².
fn covariates(short: &[&MetricForecast]) -> Vec<Covariate> {
    let covariate = |metric: &&MetricForecast| {
        let moments = metric.baseline.filter(|moments| moments.adjustable)?;
        let (needed, available) = (metric.needed?, metric.available?);
        let has = moments.correlation;
        let left = (1.0 - has.map_or(0.0, |has| has * has)) * available.all / needed.all;
        let correlation = (1.0 - left).sqrt();
        (correlation > 0.0 && correlation < 1.0).then(|| Covariate { metric: metric.id.clone(), correlation, has })
    };
    short.iter().filter_map(covariate).collect()
}

/// The components that a claim touches, in whatever stage it is; none where that is not said.
fn components(catalogue: &Catalogue, claim: &Claim) -> Option<Vec<String>> {
    if let Some(intent) = &claim.intent {
        return Some(intent.components.clone());
    }
    let touches = claim.experiment().and_then(|written| written.also_touches.as_ref());
    let touched = touches.iter().flat_map(|touches| &touches.value).map(|component| component.value.clone());
    let mut all: Vec<String> = touched.chain(catalogue.flags.at(claim.flag?).component.clone()).collect();
    if all.iter().any(|component| component == "*") {
        all = vec!["*".to_owned()];
    }
    (!all.is_empty()).then_some(all)
}
