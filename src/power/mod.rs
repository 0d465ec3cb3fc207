//! Design questions on a catalogue: what an experiment can find before it starts, what would make it find more, and how much
//! room a surface has.
//!
//! [`Power`] answers all of them. It is made once for a catalogue and its locks and remembers what is costly: answers about
//! ten thousand experiments share the few designs that they have. Everything is a function of its arguments.
//!
//! What is supposed, and where it is from:
//! - A unit is complete for a metric once its window has passed since first exposure, within the run: `reach(days − window)`,
//!   step of the ramp by step, times the share of the segment. A share counts all buckets of a surface, so the holdout takes
//!   nothing off it.
//! - The decision is that of Schultzberg, Ankargren & Frånberg 2024, Rule 2, with 1 % for deterioration: each metric is tested
//!   at its own level and needs its own power.
//! - Of several treatments the one with the smallest weight decides.
//! - Looks are taken where complete units would be after whole weeks, days or the days that are listed; the last one at the end.

mod calendar;
mod designs;
mod forecast;
mod frame;
mod ground;
mod metric;
mod ways;
mod why;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

/// Why arithmetic has no answer; a [`Why`] holds it.
pub use crate::stats::design::Reason;
pub use calendar::{Booking, Calendar, Lane, Level, Opening};
pub use designs::{WATCHED, spending};
pub use forecast::{
    Arm, Forecast, Goal, Lacking, Measured, MetricForecast, Moments, Standing, Supposed, Test, Units, WhatIf,
};
pub use ways::{Covariate, MoreDays, MoreTraffic, NotEnough, Space, Ways};
pub use why::Why;

use crate::decl::{Day, Share};
use crate::lock::{Locks, Occupancy, Plan, occupancy};
use crate::model::{Catalogue, Claim, Ix, Metric, Surface};
use crate::stats::design::Reach;
use designs::Designs;
use frame::Frame;
use ground::Ground;
use ways::Search;

/// Answers design questions on a catalogue.
#[derive(Debug)]
pub struct Power<'a> {
    catalogue: &'a Catalogue,
    locks: &'a Locks,
    plan: &'a Plan,
    grounds: Vec<Option<Ground<'a>>>,
    designs: Designs,
    /// Only questions about room need to know who holds what.
    occupancy: OnceLock<Vec<Occupancy<'a>>>,
}

impl<'a> Power<'a> {
    /// Over a catalogue, the locks that are there, and what is to become of them: what is allotted next has its room, too.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, locks: &'a Locks, plan: &'a Plan) -> Self {
        let grounds = Ground::all(catalogue);
        Self { catalogue, locks, plan, grounds, designs: Designs::default(), occupancy: OnceLock::new() }
    }

    /// What a claim can find; of one in an early stage, what it can find at best.
    ///
    #[must_use]
    pub fn forecast(&self, claim: &Claim, what_if: &WhatIf) -> Forecast {
        let frame = self.frame(claim, what_if);
        let metrics = frame.metrics(&self.designs, true);
        Forecast { metrics, ..frame.forecast(claim) }
    }

    /// How many distinct units a surface reaches, if its baselines tell.
    #[must_use]
    pub fn reach(&self, surface: Ix<Surface>) -> Option<&Reach> {
        self.ground(surface)?.reach.as_ref().ok()
    }

    /// The same without the days that are needed, which cost the most: for a cell of a table over days × traffic.
    #[must_use]
    pub fn glance(&self, claim: &Claim, what_if: &WhatIf) -> Forecast {
        let frame = self.frame(claim, what_if);
        let metrics = frame.metrics(&self.designs, false);
        Forecast { metrics, ..frame.forecast(claim) }
    }

    /// The ways out, for a claim that is too small if things are otherwise as `what_if` says; none for one that is not.
    #[must_use]
    pub fn ways(&self, claim: &Claim, what_if: &WhatIf) -> Option<Ways> {
        let frame = self.frame(claim, what_if);
        let occupancy = claim.surface.and_then(|ix| self.occupancy(ix));
        Search { catalogue: self.catalogue, occupancy, designs: &self.designs, frame: &frame, claim }.ways()
    }

    /// What the baselines lack for a claim; nothing for one that compares nothing.
    #[must_use]
    pub fn lacking(&self, claim: &Claim) -> Lacking {
        self.frame(claim, &WhatIf::default()).lacking()
    }

    /// The capacity of a surface from a day on, for so many days.
    #[must_use]
    pub fn calendar(&self, surface: Ix<Surface>, from: Day, days: u32) -> Calendar {
        let ground = self.catalogue.surfaces.at(surface);
        match self.occupancy(surface) {
            Some(occupancy) => calendar::calendar(self.catalogue, ground, occupancy, from, days),
            None => Calendar {
                surface: ground.id.clone(),
                from,
                until: from.plus(days),
                buckets: ground.buckets,
                holdout: 0,
                lanes: Vec::new(),
            },
        }
    }

    /// The metric that a surface is about: its north star, else its first required metric that has a baseline.
    #[must_use]
    pub fn headline(&self, surface: Ix<Surface>) -> Option<Ix<Metric>> {
        let ground = self.catalogue.surfaces.at(surface);
        let metrics = &self.catalogue.metrics;
        if let Some(star) = ground.written.north_star.as_ref().and_then(|id| metrics.find(&id.value)) {
            return Some(star);
        }
        let measured = self.ground(surface);
        let required = ground.written.required.iter().flat_map(|required| required.iter());
        let known = |ix: &Ix<Metric>| measured.is_some_and(|ground| ground.moments(metrics.at(*ix)).is_some());
        required.filter_map(|(id, _)| metrics.find(&id.value)).find(known)
    }

    /// What could start on a component (`*` is all of them), run for so many days and be measured by a metric: now, and on
    /// each later day on which more is free than before; in order of days.
    #[must_use]
    pub fn openings(
        &self,
        surface: Ix<Surface>,
        component: &str,
        metric: Ix<Metric>,
        from: Day,
        days: u32,
    ) -> Vec<Opening> {
        let Some(occupancy) = self.occupancy(surface) else { return Vec::new() };
        let ground = self.catalogue.surfaces.at(surface);
        let most = frame::largest(ground).unwrap_or(Share::WHOLE);
        let opening = |(start, free): (Day, u32)| {
            let share = Share::of(free, ground.buckets).min(most);
            self.opening(surface, metric, share, (start, days))
        };
        calendar::starts(occupancy, component, from, days).into_iter().map(opening).collect()
    }

    /// The earliest opening that finds an effect as small as `mde`.
    #[must_use]
    pub fn earliest(
        &self,
        surface: Ix<Surface>,
        component: &str,
        metric: Ix<Metric>,
        mde: f64,
        from: Day,
        days: u32,
    ) -> Option<Opening> {
        let finds = |opening: &Opening| opening.mde.as_ref().is_ok_and(|reached| *reached <= mde);
        self.openings(surface, component, metric, from, days).into_iter().find(finds)
    }

    /// What an experiment with two equal arms finds with a share from a day on, for so many days.
    fn opening(&self, surface: Ix<Surface>, metric: Ix<Metric>, share: Share, (start, days): (Day, u32)) -> Opening {
        let ground = self.catalogue.surfaces.at(surface);
        let metric = self.catalogue.metrics.at(metric);
        let frame = Frame::free(self.catalogue, ground, self.ground(surface), metric, (share, days));
        let metrics = frame.metrics(&self.designs, false);
        let found = metrics.into_iter().find(|found| found.id == metric.id);
        let units = found.as_ref().and_then(|found| found.available).map(|available| available.all);
        let extrapolated = found.as_ref().is_some_and(|found| found.extrapolated.is_some());
        let mde = match found {
            Some(found) => found.reached.ok_or(match found.standing {
                Standing::Undefined(why) if why != Why::NoMde => why,
                _ => Why::Design(Reason::OutOfReach),
            }),
            None => Err(Why::NoMetric),
        };
        Opening { start, days, share, mde, units, extrapolated }
    }

    fn frame<'b>(&'b self, claim: &Claim, what_if: &WhatIf) -> Frame<'b> {
        Frame::of(self.catalogue, &self.grounds, claim, what_if)
    }

    fn ground(&self, surface: Ix<Surface>) -> Option<&Ground<'a>> {
        self.grounds.get(surface.position()).and_then(Option::as_ref)
    }

    fn occupancy(&self, surface: Ix<Surface>) -> Option<&Occupancy<'a>> {
        let all = self.occupancy.get_or_init(|| occupancy(self.catalogue, self.locks, self.plan));
        all.get(surface.position())
    }
}
