//! Critical values at a look: what the method gives, after what earlier looks have spent.

use super::arms::said;
use super::setting::{Judging, Setting};
use super::{Question, SECOND};
use crate::power::{WATCHED, spending};
use crate::results::{Figure, Judged, MethodKind, Outcome, Results, Verdict};
use crate::stats::sequential::{Look, Reason, Sequence, Sides, Spending, bounds};
use crate::stats::{Critical, normal};

/// What earlier looks left of one treatment's metric, and this one.
#[derive(Debug, Clone)]
pub(super) struct Course<'a> {
    /// Earlier looks with a standard error, in the order of time.
    pub earlier: Vec<Look>,
    /// Those of them at which deterioration was tested.
    pub watched: Vec<Look>,
    /// The look that spent all that was left and whose verdict stands since, with its outcome.
    pub settled: Option<(&'a Results, &'a Outcome)>,
    /// Complete units that both arms were planned to have together.
    pub planned: Option<f64>,
    /// The units of control and treatment, for which the interval is.
    pub units: (u64, u64),
    /// The fraction of the plan.
    pub fraction: f64,
    /// Whether no more units will be complete.
    pub last: bool,
}

/// The critical values of a look.
#[derive(Debug)]
pub(super) struct Criticals {
    pub main: Result<Critical, String>,
    /// What a p-value is held against.
    pub level: Result<f64, String>,
    /// The two-sided error of the interval.
    pub alpha: f64,
    /// What this look spends of it; none for always-valid intervals.
    pub spent: Option<Figure>,
    pub deterioration: Result<Critical, String>,
}

impl<'a> Course<'a> {
    pub fn of(
        question: &Question<'a, '_>,
        setting: &Setting<'_>,
        metric: &Judging<'_>,
        variant: &str,
        units: (u64, u64),
    ) -> Self {
        let recorded = question.earlier.iter().filter_map(|results| {
            let treatment = results.treatments.iter().find(|treatment| treatment.variant == variant)?;
            Some((results, treatment.outcomes.iter().find(|outcome| outcome.metric == metric.id)?))
        });
        let recorded: Vec<(&Results, &Outcome)> = recorded.collect();
        let looks = recorded.iter().filter_map(|(_, outcome)| {
            let spending = outcome.spending.as_ref()?;
            let information = spending.information.number()?;
            let look = Look { fraction: spending.fraction, information, last: spending.last };
            let counted = outcome.settled.as_ref().map(|settled| settled.since.units);
            let units = counted.unwrap_or((outcome.control.units, outcome.treatment.units));
            Some((look, watches(units, spending.last)))
        });
        let looks: Vec<(Look, bool)> = looks.collect();
        let settled = settled(&recorded, metric);
        // The first look that knew the plan fixed it: a baseline that is measured again does not move it.
        let planned = recorded.iter().find_map(|(_, outcome)| outcome.planned_units);
        let both = units.0.saturating_add(units.1) as f64;
        let days = setting.share_of_days(metric);
        let by_days = recorded.iter().any(|(_, outcome)| outcome.planned_units.is_none() && outcome.spending.is_some());
        let planned = planned.or_else(|| if by_days { None } else { forecast(setting, metric, variant, both, days) });
        let fraction = planned.map_or(days.unwrap_or(0.0), |planned| both / planned);
        let last = setting.complete_after(metric.lag);
        let watched = looks.iter().filter(|(_, watched)| *watched).map(|(look, _)| *look).collect();
        let earlier = looks.into_iter().map(|(look, _)| look).collect();
        Self { earlier, watched, settled, planned, units, fraction, last }
    }

    /// This look, with the standard error of its difference.
    pub fn look(&self, se: Option<f64>) -> Option<Look> {
        let information = se.map(|se| (se * se).recip()).filter(|information| information.is_finite());
        information.map(|information| Look { fraction: self.fraction, information, last: self.last })
    }

    /// The critical values for a difference with such a standard error.
    pub fn criticals(&self, setting: &Setting<'_>, metric: &Judging<'_>, se: Option<f64>) -> Criticals {
        let alpha = alpha(setting, metric);
        let (main, spent) = self.main(setting, metric, se);
        let deterioration = match metric.judged() {
            Judged::Deterioration => main.clone(),
            _ => self.deterioration(setting, se).0,
        };
        let level = main.clone().map(|critical| level(critical, alpha));
        Criticals { main, level, alpha, spent, deterioration }
    }

    /// The critical value of the interval, and what this look spends on it. Of a metric that is only watched it is that of
    /// the test for deterioration: nothing else is tested.
    pub fn main(
        &self,
        setting: &Setting<'_>,
        metric: &Judging<'_>,
        se: Option<f64>,
    ) -> (Result<Critical, String>, Option<Figure>) {
        let alpha = alpha(setting, metric);
        match setting.kind {
            _ if metric.judged() == Judged::Deterioration => self.deterioration(setting, se),
            MethodKind::AlwaysValid => (self.sequence(alpha, Sides::Two).map(|q| Critical::Width { q }), None),
            MethodKind::GroupSequential => self.spend(&self.earlier, setting.spending, alpha, Sides::Two, se),
            MethodKind::Fixed if self.settled.is_some() => {
                (Ok(Critical::Horizon { alpha }), Some(Figure::undefined(Reason::Descriptive)))
            }
            MethodKind::Fixed if self.last => (Ok(Critical::Horizon { alpha }), Some(Figure::Known(alpha))),
            MethodKind::Fixed => {
                let why = "a fixed plan is read once, at its end";
                (Err(why.to_owned()), Some(Figure::undefined(why)))
            }
        }
    }

    /// The critical value of the test for deterioration, which is sequential whatever the method. Its early bounds are so low that
    /// they need what few units are not: normal.
    fn deterioration(&self, setting: &Setting<'_>, se: Option<f64>) -> (Result<Critical, String>, Option<Figure>) {
        let alpha = setting.alphas.deterioration;
        match setting.kind {
            MethodKind::AlwaysValid => (self.sequence(alpha, Sides::One).map(|q| Critical::Width { q }), None),
            MethodKind::GroupSequential | MethodKind::Fixed if !watches(self.units, self.last) => {
                (Err(said(Reason::TooFewUnits)), Some(Figure::undefined(Reason::TooFewUnits)))
            }
            MethodKind::GroupSequential | MethodKind::Fixed => {
                self.spend(&self.watched, spending(WATCHED), alpha, Sides::One, se)
            }
        }
    }

    /// The half-width of a confidence sequence at these units, in standard errors.
    fn sequence(&self, alpha: f64, sides: Sides) -> Result<f64, String> {
        let (control, treatment) = (self.units.0 as f64, self.units.1 as f64);
        let planned = self.planned.ok_or("there is no plan to tune it for").map_err(said)?;
        let sequence = Sequence::tuned(alpha, sides, planned.max(1.0), Setting::minimum()).map_err(said)?;
        sequence.critical(control, treatment).map_err(said)
    }

    /// The half-width of an always-valid interval at these units, whatever the method: what a chart of a fixed plan shows.
    pub fn always_valid(&self, setting: &Setting<'_>, metric: &Judging<'_>) -> Result<f64, String> {
        self.sequence(alpha(setting, metric), Sides::Two)
    }

    /// The always-valid p-value of a statistic: the smallest error at which the sequence, tuned as it is, excludes 0.
    pub fn always_valid_p(&self, alpha: f64, statistic: f64) -> Option<f64> {
        let units = self.units.0.saturating_add(self.units.1) as f64;
        let sequence = Sequence::tuned(alpha, Sides::Two, self.planned?.max(1.0), Setting::minimum()).ok()?;
        Some(sequence.p(units, statistic))
    }

    /// The bound that spending gives this look; one that spends nothing is read at the bound of the look before.
    fn spend(
        &self,
        earlier: &[Look],
        spending: Spending,
        alpha: f64,
        sides: Sides,
        se: Option<f64>,
    ) -> (Result<Critical, String>, Option<Figure>) {
        let Some(look) = self.look(se) else {
            let why = said(Reason::NoInformation);
            return (Err(why.clone()), Some(Figure::undefined(why)));
        };
        let mut looks = earlier.to_vec();
        looks.push(look);
        let found = match bounds(spending, alpha, sides, &looks) {
            Ok(found) => found,
            Err(why) => return (Err(said(why)), Some(Figure::undefined(why))),
        };
        let (own, before) = match found.split_last() {
            Some((own, before)) => (*own, before),
            None => return (Err(said(Reason::NoLooks)), None),
        };
        match own {
            Ok(bound) => (Ok(Critical::Boundary { z: bound.critical }), Some(Figure::Known(bound.spent))),
            Err(why @ (Reason::NoNewUnits | Reason::Descriptive)) => {
                let bound = before.iter().rev().find_map(|bound| bound.ok());
                let critical = bound.map(|bound| Critical::Boundary { z: bound.critical });
                (critical.ok_or_else(|| said(why)), Some(Figure::undefined(why)))
            }
            Err(why) => (Err(said(why)), Some(Figure::undefined(why))),
        }
    }
}

/// Whether a look with so many units of control and treatment is tested for deterioration.
fn watches(units: (u64, u64), last: bool) -> bool {
    last || units.0.min(units.1) as f64 >= Setting::minimum()
}

/// The look that settled a verdict: the one that spent all that was left. Where that could read none, since its data could not be
/// trusted, it is the first after it that could.
fn settled<'a>(recorded: &[(&'a Results, &'a Outcome)], metric: &Judging<'_>) -> Option<(&'a Results, &'a Outcome)> {
    let from = recorded.iter().position(|(_, outcome)| has_spent_all(outcome, metric))?;
    let reads = |outcome: &Outcome| !matches!(outcome.verdict, Verdict::Withheld | Verdict::Undefined);
    recorded.iter().skip(from).find(|(_, outcome)| reads(outcome)).copied()
}

/// Whether a look spent all that was left: at the end, or before it where more units came than were planned.
fn has_spent_all(outcome: &Outcome, metric: &Judging<'_>) -> bool {
    let watched = outcome.deterioration.as_ref().map(|test| test.alpha);
    let all = watched.filter(|_| metric.judged() == Judged::Deterioration).unwrap_or(outcome.alpha);
    let spent = outcome.spending.as_ref().and_then(|spending| spending.spent.number());
    spent.is_some_and(|spent| spent >= all)
}

/// The two-sided error of a metric's interval.
fn alpha(setting: &Setting<'_>, metric: &Judging<'_>) -> f64 {
    match metric.judged() {
        Judged::Superiority => setting.alphas.success,
        Judged::NonInferiority => setting.alphas.guardrail,
        Judged::Deterioration => 2.0 * setting.alphas.deterioration,
    }
}

/// What a p-value of this look alone is held against.
fn level(critical: Critical, alpha: f64) -> f64 {
    match critical {
        Critical::Boundary { z } => normal::two_sided(z),
        Critical::Horizon { .. } | Critical::Width { .. } => alpha,
    }
}

/// Complete units that control and a treatment should have together at the end: for always-valid intervals those that are
/// needed, for which they are tuned.
fn forecast(setting: &Setting<'_>, metric: &Judging<'_>, variant: &str, both: f64, days: Option<f64>) -> Option<f64> {
    let known = setting.forecast.metrics.iter().find(|own| own.id == metric.id);
    let always = setting.kind == MethodKind::AlwaysValid;
    let needed = known.and_then(|own| own.needed.as_ref()).filter(|_| always);
    let units = needed.or(known.and_then(|own| own.available.as_ref()));
    if let Some(units) = units {
        // The forecast is about the smallest treatment.
        let share = |id: &str| setting.variants.iter().find(|(own, _)| own == id).map(|(_, weight)| *weight as f64);
        let smallest = setting.variants.iter().skip(1).map(|(_, weight)| *weight).min().unwrap_or(1) as f64;
        let treatment = units.treatment * share(variant).unwrap_or(smallest) / smallest;
        return Some(units.control + treatment).filter(|planned| *planned >= 1.0);
    }
    // What is to come is told from what has come; no outcome is looked at.
    always.then(|| both / days.filter(|days| *days > 0.0).unwrap_or(1.0)).filter(|planned| *planned >= 1.0)
}

/// When results are read next, in microseconds since 1970.
pub(super) fn next_look(setting: &Setting<'_>) -> Option<(i64, &'static str)> {
    if setting.over() {
        return None;
    }
    let end = setting.until.map(|until| (until.saturating_add(setting.lag), "end"));
    let day = |day: u32| setting.from.saturating_add(i64::from(day).saturating_mul(super::DAY));
    let look = match setting.kind {
        MethodKind::Fixed => None,
        MethodKind::GroupSequential => {
            let next = setting.looks().into_iter().find(|&at| at > setting.elapsed());
            next.map(|at| (day(at).saturating_add(setting.lag), "look"))
        }
        MethodKind::AlwaysValid => {
            let week = (setting.elapsed() / 7).saturating_add(1).saturating_mul(7);
            Some((day(week).saturating_add(setting.lag), "week"))
        }
    };
    let next = look.into_iter().chain(end).filter(|(at, _)| *at > setting.now).min();
    next.map(|(at, why)| (at - at.rem_euclid(SECOND), why))
}
