//! What a plan can find of each of its metrics.

use std::collections::BTreeMap;

use super::designs::Designs;
use super::frame::{Aim, Frame};
use super::{Goal, MetricForecast, Moments, Standing, Test, Units, Why};
use crate::decl;
use crate::stats::Direction;
use crate::stats::design::{self, Baseline, Design, Levels, Size, Traffic};
use crate::stats::sequential::Sides;

/// Units that are missing only by rounding are there.
const ROUNDING: f64 = 1e-9;

impl Frame<'_> {
    /// Each metric, the binding one first; `days` says whether to look for the days that are needed, which takes longest.
    pub fn metrics(&self, designs: &Designs, days: bool) -> Vec<MetricForecast> {
        let levels = self.levels();
        let mut traffic: BTreeMap<u32, Result<Traffic, Why>> = BTreeMap::new();
        let mut metrics: Vec<MetricForecast> = self
            .aims
            .iter()
            .map(|aim| {
                let window = window(aim);
                let traffic = traffic.entry(window).or_insert_with(|| self.traffic(window));
                let mut metric = blank(aim, window);
                let standing = Asked { frame: self, aim, levels: &levels, traffic, designs, days }.answer(&mut metric);
                metric.standing = match (aim.goal, standing) {
                    (Goal::Watched, _) => Standing::Watched,
                    (_, Ok(standing)) => standing,
                    (_, Err(why)) => Standing::Undefined(why),
                };
                metric
            })
            .collect();
        metrics.sort_by(|a, b| rank(a).cmp(&rank(b)).then(load(b).total_cmp(&load(a))));
        metrics
    }
}

fn window(aim: &Aim<'_>) -> u32 {
    aim.metric.and_then(|metric| metric.written.window.as_ref()).map_or(0, |window| window.value.to)
}

fn blank(aim: &Aim<'_>, window: u32) -> MetricForecast {
    let goal = aim.metric.and_then(|metric| metric.written.goal.as_ref()).map(|goal| goal.value);
    let direction = if goal == Some(decl::Goal::Decrease) { Direction::Decrease } else { Direction::Increase };
    MetricForecast {
        id: aim.id.clone(),
        required: aim.required,
        goal: aim.goal,
        direction,
        window,
        baseline: None,
        test: None,
        needed: None,
        available: None,
        extrapolated: None,
        days: Err(Why::NoMde),
        reached: None,
        power_reached: None,
        standing: Standing::Watched,
    }
}

/// Those that have an answer come first, those that nothing has to be shown of last.
fn rank(metric: &MetricForecast) -> u8 {
    match metric.standing {
        Standing::Enough | Standing::TooSmall => 0,
        Standing::Undefined(_) => 1,
        Standing::Watched => 2,
    }
}

/// How many times the units that there will be are needed; for a run without an end, how long it takes.
fn load(metric: &MetricForecast) -> f64 {
    match (&metric.needed, &metric.available) {
        (Some(needed), Some(available)) if available.all > 0.0 => needed.all / available.all,
        _ => metric.days.as_ref().map_or(0.0, |&days| f64::from(days)),
    }
}

/// A question about one metric.
struct Asked<'a> {
    frame: &'a Frame<'a>,
    aim: &'a Aim<'a>,
    levels: &'a Result<Levels, Why>,
    traffic: &'a Result<Traffic, Why>,
    designs: &'a Designs,
    days: bool,
}

/// What a metric's arithmetic starts from.
struct Terms<'a> {
    moments: Moments,
    control: f64,
    treatment: f64,
    level: (f64, Sides, f64),
    traffic: &'a Traffic,
}

impl Asked<'_> {
    /// Fills in what is known, as far as it is.
    fn answer(&self, found: &mut MetricForecast) -> Result<Standing, Why> {
        let metric = self.aim.metric.ok_or(Why::NoMetric)?;
        self.frame.surface.ok_or(Why::NoSurface)?;
        let moments = self.frame.ground.ok_or(Why::NoReach)?.moments(metric).ok_or(Why::NoBaseline)?;
        found.baseline = Some(moments);
        let (control, treatment) = self.frame.compared()?;
        let traffic = self.traffic.as_ref().map_err(Clone::clone)?;
        let units = |all: f64| Units { treatment: all * treatment, control: all * control, all };
        if let Some(days) = self.frame.days {
            if days > design::LONGEST {
                return Err(Why::Design(design::Reason::TooLong));
            }
            let complete = traffic.complete(f64::from(days));
            if complete.count <= 0.0 {
                return Err(Why::NoCompleteUnits(found.window));
            }
            found.available = Some(units(complete.count));
            found.extrapolated = complete.extrapolated;
        }
        let level = self.level(found)?;
        let terms = Terms { moments, control, treatment, level, traffic };
        let aim = goal(found);
        // Without an end the design is that of the shortest run that suffices.
        let planned = match (self.frame.days, aim) {
            (Some(days), _) => days,
            (None, Some(aim)) => {
                let days = self.shortest(&terms, aim, 28)?;
                found.days = Ok(days);
                days
            }
            (None, None) => return Err(Why::NoEnd),
        };
        let test = self.test(&terms, planned)?;
        found.test = Some(test);
        let design = terms.design(test);
        let available = found.available.map(|available| available.treatment);
        if let Some(units) = available {
            found.reached = reached(&design, found, units, test.power).ok();
        }
        let Some(aim) = aim else {
            return Err(if found.goal == Goal::Watched { Why::NoEnd } else { Why::NoMde });
        };
        let size = design.size(aim, test.power)?;
        found.needed = Some(terms.needed(size));
        let Some(units) = available else { return Ok(Standing::Enough) };
        found.power_reached = design.power(aim, units).ok();
        let enough = units * (1.0 + ROUNDING) >= size.treatment_ceil();
        if self.days {
            let days = self.shortest(&terms, aim, planned);
            // The looks of a shorter and a longer run differ a little, and what is declared comes first.
            found.days = days.map(|days| if enough { days.min(planned) } else { days.max(planned.saturating_add(1)) });
        }
        Ok(if enough { Standing::Enough } else { Standing::TooSmall })
    }

    /// The level of its test, the sides that it is over, and the power that it needs.
    fn level(&self, found: &MetricForecast) -> Result<(f64, Sides, f64), Why> {
        let levels = self.levels.as_ref().map_err(Clone::clone)?;
        let nothing = || Why::Design(design::Reason::NothingTested);
        Ok(match found.goal {
            Goal::Better(_) => (levels.success.ok_or_else(nothing)?, Sides::Two, levels.power),
            Goal::NotWorse(_) => (levels.guardrail, Sides::Two, levels.power),
            Goal::Watched => (levels.deterioration.ok_or_else(nothing)?, Sides::One, levels.power),
        })
    }

    fn test(&self, terms: &Terms<'_>, days: u32) -> Result<Test, Why> {
        self.designs.test(&self.frame.analysis, terms.level, terms.traffic, days)
    }

    /// The shortest run that suffices. How often a run is looked at depends on its length, and the units that it needs on that;
    /// so lengths are tried until one needs just what it has.
    fn shortest(&self, terms: &Terms<'_>, aim: design::Aim, from: u32) -> Result<u32, Why> {
        let (mut days, mut enough, mut short) = (from, None::<u32>, None::<u32>);
        for _ in 0..12 {
            let test = self.test(terms, days)?;
            let needed = terms.needed(terms.design(test).size(aim, test.power)?);
            let (next, _) = terms.traffic.days(needed.all * (1.0 - ROUNDING))?;
            if next <= days {
                enough = Some(enough.map_or(days, |known| known.min(days)));
            } else {
                short = Some(short.map_or(days, |known| known.max(days)));
            }
            let within = enough.is_none_or(|enough| next < enough) && short.is_none_or(|short| next > short);
            if !within {
                break;
            }
            days = next;
        }
        Ok(enough.unwrap_or(days))
    }
}

impl Terms<'_> {
    fn design(&self, test: Test) -> Design {
        let Moments { mean, standard_deviation, correlation, binary, .. } = self.moments;
        let baseline = if binary {
            Baseline::Binary { share: mean }
        } else {
            Baseline::Mean { mean, variance: standard_deviation * standard_deviation }
        };
        Design {
            baseline,
            alpha: test.alpha,
            sides: self.level.1,
            ratio: self.control / self.treatment,
            correlation: correlation.unwrap_or(0.0),
            inflation: test.inflation,
        }
    }

    fn needed(&self, size: Size) -> Units {
        let treatment = size.treatment_ceil();
        let all = (treatment / self.treatment * (1.0 - ROUNDING)).ceil();
        Units { treatment, control: size.control_ceil(), all }
    }
}

/// What is to be shown, if that is declared.
fn goal(metric: &MetricForecast) -> Option<design::Aim> {
    match metric.goal {
        Goal::Better(mde) => Some(design::Aim::Effect(mde?.fraction() * metric.direction.sign())),
        Goal::NotWorse(margin) => Some(design::Aim::NonInferior { margin: margin.fraction(), good: metric.direction }),
        Goal::Watched => None,
    }
}

/// What so many units in the treatment show, relative and positive.
fn reached(design: &Design, metric: &MetricForecast, units: f64, power: f64) -> Result<f64, design::Reason> {
    let mean = match design.baseline {
        Baseline::Mean { mean, .. } => mean,
        Baseline::Binary { share } => share,
    };
    let opposite = match metric.direction {
        Direction::Increase => Direction::Decrease,
        Direction::Decrease => Direction::Increase,
    };
    let absolute = match metric.goal {
        Goal::Better(_) => design.detectable(metric.direction, units, power)?,
        Goal::Watched => design.detectable(opposite, units, power)?,
        Goal::NotWorse(_) => return design.relative_margin(metric.direction, units, power),
    };
    if mean == 0.0 { Err(design::Reason::ZeroMean) } else { Ok((absolute / mean).abs()) }
}
