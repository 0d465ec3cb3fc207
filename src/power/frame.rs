//! A plan with everything resolved: what a forecast is worked out from.

use super::ground::Ground;
use super::{Arm, Forecast, Goal, Lacking, Supposed, WhatIf, Why};
use crate::decl::{self, Limits, Share};
use crate::model::{Analysis, Catalogue, Claim, ClaimKind, Metric, Role, Step, Surface, Tracked};
use crate::stats::design::{self, Levels, Shape, Traffic};

/// The error of all tests for deterioration together.
const DETERIORATION: f64 = 0.01;
/// How long an experiment runs that does not say so, in days.
const USUAL_DAYS: u32 = 28;

/// A plan.
#[derive(Debug, Clone)]
pub(super) struct Frame<'a> {
    pub surface: Option<&'a Surface>,
    pub ground: Option<&'a Ground<'a>>,
    pub steps: Vec<Step>,
    /// The audience and its share.
    pub segment: Option<(String, Option<Share>)>,
    pub days: Option<u32>,
    pub arms: Vec<Arm>,
    pub analysis: Analysis,
    pub aims: Vec<Aim<'a>>,
    pub supposed: Supposed,
    /// Whether a share of all is cut to what the holdout leaves.
    pub fills: bool,
}

/// A metric and what it is to be shown to be.
#[derive(Debug, Clone)]
pub(super) struct Aim<'a> {
    pub id: String,
    pub metric: Option<&'a Metric>,
    pub required: bool,
    pub goal: Goal,
}

impl<'a> Frame<'a> {
    /// The plan of a claim, if things are otherwise as `what_if` says.
    pub fn of(catalogue: &'a Catalogue, grounds: &'a [Option<Ground<'a>>], claim: &Claim, what_if: &WhatIf) -> Self {
        let surface = claim.surface.map(|ix| catalogue.surfaces.at(ix));
        let ground = claim.surface.and_then(|ix| grounds.get(ix.position())).and_then(Option::as_ref);
        let mut supposed = Supposed::default();
        let experiment = claim.experiment();
        let days = what_if.days.or(experiment.and_then(|written| written.days.as_ref()).map(|days| days.value));
        supposed.days = experiment.is_some() && days.is_none();
        let days = if supposed.days { Some(usual_days(surface)) } else { days };
        let declared = claim.steps();
        supposed.traffic = declared.is_none() && what_if.traffic.is_none();
        let mut steps = declared.unwrap_or_else(|| surface.map_or(Vec::new(), most));
        if let Some(traffic) = what_if.traffic {
            steps = with_traffic(&steps, traffic);
        }
        let segment = claim.segment.map(|ix| {
            let id = catalogue.segments.at(ix).id.clone();
            let share = ground.and_then(|ground| ground.segment(&id));
            (id, share)
        });
        let mut analysis = catalogue.analysis(Some(claim));
        analysis.power = what_if.power.unwrap_or(analysis.power);
        analysis.confidence = what_if.confidence.unwrap_or(analysis.confidence);
        analysis.method = what_if.method.unwrap_or(analysis.method);
        supposed.arms = experiment.is_some() && claim.variants.len() < 2;
        let arms = if supposed.arms { even_arms() } else { arms(claim) };
        let aims = claim.tracked.iter().map(|tracked| aim(catalogue, tracked, what_if)).collect();
        let fills = claim.kind == ClaimKind::Rollout;
        Self { surface, ground, steps, segment, days, arms, analysis, aims, supposed, fills }
    }

    /// The plan of an experiment that is not declared: two equal arms, everybody, one success metric, and all that the
    /// surface requires.
    pub fn free(
        catalogue: &'a Catalogue,
        surface: &'a Surface,
        ground: Option<&'a Ground<'a>>,
        metric: &'a Metric,
        (share, days): (Share, u32),
    ) -> Self {
        let required = surface.written.required.iter().flat_map(|required| required.iter());
        let required = required.filter(|(id, _)| id.value != metric.id).map(|(id, required)| Aim {
            id: id.value.clone(),
            metric: catalogue.metrics.get(&id.value),
            required: true,
            goal: required.margin.as_ref().map_or(Goal::Watched, |margin| Goal::NotWorse(margin.value)),
        });
        let own = Aim { id: metric.id.clone(), metric: Some(metric), required: false, goal: Goal::Better(None) };
        Self {
            surface: Some(surface),
            ground,
            steps: ramped(surface, share),
            segment: None,
            days: Some(days),
            arms: even_arms(),
            analysis: catalogue.analysis(None),
            aims: std::iter::once(own).chain(required).collect(),
            supposed: Supposed::default(),
            fills: false,
        }
    }

    /// 1 − confidence.
    pub fn alpha(&self) -> f64 {
        f64::from(Share::WHOLE.0.saturating_sub(self.analysis.confidence.0)) / f64::from(Share::WHOLE.0)
    }

    /// The levels at which its metrics are tested.
    pub fn levels(&self) -> Result<Levels, Why> {
        let count = |wanted: fn(&Goal) -> bool| {
            let found = self.aims.iter().filter(|aim| wanted(&aim.goal)).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        let shape = Shape {
            success: count(|goal| matches!(goal, Goal::Better(_))),
            guardrails: count(|goal| matches!(goal, Goal::NotWorse(_))),
            watched: count(|_| true),
            treatments: self.treatments(),
        };
        Ok(design::levels(self.alpha(), self.analysis.power.fraction(), DETERIORATION, shape)?)
    }

    /// The shares of the control and of the smallest treatment.
    pub fn compared(&self) -> Result<(f64, f64), Why> {
        let control = self.arms.iter().find(|arm| arm.id == "control").map(|arm| arm.share);
        let treatments = self.arms.iter().filter(|arm| arm.id != "control").map(|arm| arm.share);
        let smallest = treatments.reduce(f64::min);
        control.zip(smallest).filter(|&(control, treatment)| control > 0.0 && treatment > 0.0).ok_or(Why::NoControl)
    }

    fn treatments(&self) -> u32 {
        let found = self.arms.iter().filter(|arm| arm.id != "control").count();
        u32::try_from(found).unwrap_or(u32::MAX)
    }

    /// How units become complete for a metric with a window.
    pub fn traffic(&self, window: u32) -> Result<Traffic, Why> {
        let ground = self.ground.ok_or(Why::NoReach)?;
        let segment = match &self.segment {
            None => 1.0,
            Some((_, Some(share))) => share.fraction(),
            Some((id, None)) => return Err(Why::NoSegmentShare(id.clone())),
        };
        let most = self.surface.map_or(Share::WHOLE, left);
        let mut steps: Vec<design::Step> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let share = if self.fills { step.share.min(most) } else { step.share }.fraction();
            if steps.last().is_none_or(|last| share > last.share) && share > 0.0 {
                steps.push(design::Step { day: f64::from(step.after), share });
            }
        }
        if steps.is_empty() {
            return Err(Why::NoTraffic);
        }
        // A share counts all units, and the holdout's are none of the experiment's: it takes nothing off.
        Ok(Traffic::new(ground.reach.clone()?, &steps, segment, 0.0, f64::from(window))?)
    }

    /// What the baselines lack.
    pub fn lacking(&self) -> Lacking {
        let aims = || self.aims.iter().filter(|aim| aim.goal != Goal::Watched);
        if self.compared().is_err() || aims().next().is_none() {
            return Lacking::default();
        }
        let known = |metric: &Metric| self.ground.is_some_and(|ground| ground.moments(metric).is_some());
        let unknown = aims().filter(|aim| aim.metric.is_some_and(|metric| !known(metric)));
        let segment = self.segment.as_ref().filter(|(_, share)| share.is_none());
        Lacking {
            file: self.ground.map(|ground| ground.measured().file),
            reach: self.ground.is_none_or(|ground| ground.reach == Err(Why::NoReach)),
            segment: segment.map(|(id, _)| id.clone()),
            metrics: unknown.map(|aim| aim.id.clone()).collect(),
        }
    }

    /// The same plan with another full share.
    pub fn with_share(&self, share: Share) -> Self {
        Self { steps: with_traffic(&self.steps, share), ..self.clone() }
    }

    /// A forecast with all but its metrics.
    pub fn forecast(&self, claim: &Claim) -> Forecast {
        let full = self.steps.last().map_or(0.0, |step| step.share.fraction());
        let segment = match &self.segment {
            None => Some(1.0),
            Some((_, share)) => share.map(Share::fraction),
        };
        Forecast {
            id: claim.id.clone(),
            kind: claim.kind,
            surface: self.surface.map(|surface| surface.id.clone()),
            start: claim.window.map(|window| window.start),
            days: self.days,
            steps: self.steps.clone(),
            segment: self.segment.clone(),
            holdout: self.surface.map_or(Share::NONE, |surface| surface.holdout),
            exposed: segment.map(|segment| segment * full),
            arms: self.arms.clone(),
            analysis: self.analysis.clone(),
            alpha: self.alpha(),
            power: self.analysis.power.fraction(),
            deterioration: DETERIORATION,
            baseline: self.ground.map(Ground::measured),
            supposed: self.supposed,
            metrics: Vec::new(),
        }
    }
}

fn aim<'a>(catalogue: &'a Catalogue, tracked: &Tracked, what_if: &WhatIf) -> Aim<'a> {
    let goal = match (tracked.role, tracked.margin) {
        (Role::Success, _) => Goal::Better(what_if.mde.or(tracked.mde)),
        (Role::Guardrail | Role::Required, Some(margin)) => Goal::NotWorse(margin),
        (Role::Guardrail | Role::Required, None) => Goal::Watched,
    };
    let metric = tracked.metric.map(|ix| catalogue.metrics.at(ix));
    Aim { id: tracked.id.clone(), metric, required: tracked.role == Role::Required, goal }
}

fn arms(claim: &Claim) -> Vec<Arm> {
    let whole: f64 = claim.variants.iter().map(|variant| f64::from(variant.weight)).sum();
    let share = |weight: u32| if whole > 0.0 { f64::from(weight) / whole } else { 0.0 };
    claim.variants.iter().map(|variant| Arm { id: variant.id.clone(), share: share(variant.weight) }).collect()
}

fn even_arms() -> Vec<Arm> {
    ["control", "treatment"].map(|id| Arm { id: id.to_owned(), share: 0.5 }).to_vec()
}

fn limits(surface: &Surface) -> Option<&Limits> {
    surface.written.limits.as_ref().map(|limits: &decl::At<Limits>| &limits.value)
}

fn usual_days(surface: Option<&Surface>) -> u32 {
    surface.and_then(longest).map_or(USUAL_DAYS, |limit| limit.min(USUAL_DAYS))
}

/// The longest run that a surface allows.
pub(super) fn longest(surface: &Surface) -> Option<u32> {
    limits(surface)?.days.as_ref().map(|days| days.value)
}

/// The largest share that a surface gives a single experiment.
pub(super) fn largest(surface: &Surface) -> Option<Share> {
    limits(surface)?.traffic.as_ref().map(|share| share.value)
}

/// All that the holdout leaves.
pub(super) fn left(surface: &Surface) -> Share {
    Share(Share::WHOLE.0.saturating_sub(surface.holdout.0))
}

/// The most that a surface gives a single experiment, from the first day that it may.
fn most(surface: &Surface) -> Vec<Step> {
    let left = left(surface);
    ramped(surface, largest(surface).map_or(left, |limit| limit.min(left)))
}

/// A share with the ramp that the limit of a surface's first day makes necessary.
fn ramped(surface: &Surface, share: Share) -> Vec<Step> {
    let first = limits(surface).and_then(|limits| limits.first_day.as_ref()).map(|first| first.value);
    match first.filter(|&first| first < share && first > Share::NONE) {
        Some(first) => vec![Step { after: 0, share: first }, Step { after: 1, share }],
        None => vec![Step { after: 0, share }],
    }
}

/// A ramp to another full share: steps that are not smaller fall away.
fn with_traffic(steps: &[Step], share: Share) -> Vec<Step> {
    let after = steps.last().map_or(0, |last| last.after);
    let before = steps.len().saturating_sub(1);
    let mut ramp: Vec<Step> = steps.iter().take(before).filter(|step| step.share < share).copied().collect();
    let after = if before > 0 { after } else { 0 };
    if share > Share::NONE {
        ramp.push(Step { after, share });
    } else {
        ramp.clear();
    }
    ramp
}
