//! What was promised, with everything resolved: method, levels, metrics with their roles, and where the run stands.

use super::arms::Estimated;
use super::{Counted, DAY, Question};
use crate::decl::{self, Looks, LooksWord, Share};
use crate::model::{Analysis, Formula, Metric, Role, Tracked};
use crate::power::{Forecast, WATCHED, WhatIf, spending};
use crate::query;
use crate::results::{self, Interval, Judged, MethodKind, MetricKind, Tally};
use crate::stats::Direction;
use crate::stats::design::{self, Shape};
use crate::stats::sequential::Spending;

/// Units that each arm must have before an always-valid interval, or a test for deterioration before the end, says anything: below, its normal approximation is poor.
const MINIMUM: u64 = 100;
/// The days of a run without an end on which looks are listed.
const LISTED: u32 = 366;

/// What was promised.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    pub kind: MethodKind,
    pub analysis: Analysis,
    pub spending: Spending,
    pub forecast: Forecast,
    /// The error of each kind of test, over both sides of its interval; one-sided for deterioration.
    pub alphas: Alphas,
    /// Control first, with the sizes of their ranges.
    pub variants: Vec<(String, u64)>,
    /// The instant of the look, the first instant of the run and the first after it, in microseconds since 1970.
    pub now: i64,
    pub from: i64,
    /// None lasts until a decision.
    pub until: Option<i64>,
    /// The longest lag of all metrics, in microseconds.
    pub lag: i64,
    pub metrics: Vec<Judging<'a>>,
}

/// The error of each kind of test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alphas {
    pub success: f64,
    pub guardrail: f64,
    pub deterioration: f64,
}

/// A metric as it is judged.
#[derive(Debug)]
pub(super) struct Judging<'a> {
    pub id: String,
    pub metric: Option<&'a Metric>,
    pub role: Role,
    pub mde: Option<Share>,
    pub margin: Option<Share>,
    pub kind: MetricKind,
    /// How late its facts may arrive, in microseconds.
    pub lag: i64,
    /// From and to after first exposure, in microseconds.
    pub window: (i64, i64),
}

impl<'a> Setting<'a> {
    pub fn of(question: &Question<'a, '_>, counted: &Counted<'_>) -> Self {
        let Question { catalogue, claim, lock, power, .. } = *question;
        let forecast = power.forecast(claim, &WhatIf::default());
        let analysis = catalogue.analysis(Some(claim));
        let (from, until) = query::run(claim, lock);
        let until = (lock.days.is_some() || claim.decision().is_some()).then_some(until);
        let kind = match analysis.method {
            // Nothing is planned for a run without an end.
            _ if until.is_none() => MethodKind::AlwaysValid,
            decl::Method::GroupSequential => MethodKind::GroupSequential,
            decl::Method::AlwaysValid => MethodKind::AlwaysValid,
            decl::Method::Fixed => MethodKind::Fixed,
        };
        let mut variants: Vec<(String, u64)> = lock
            .variants
            .iter()
            .map(|(id, range)| (id.clone(), u64::from(range.end.saturating_sub(range.start))))
            .collect();
        variants.sort_by_key(|(id, _)| id != "control");
        let mut tracked: Vec<&Tracked> = claim.tracked.iter().collect();
        tracked.sort_by_key(|tracked| tracked.role);
        let judging = |tracked: &&Tracked| Judging::of(question, tracked, counted.aggregated);
        let metrics: Vec<Judging<'_>> = tracked.iter().map(judging).collect();
        let alphas = Alphas::of(&forecast, &metrics, variants.len().saturating_sub(1));
        Self {
            kind,
            spending: spending(analysis.spending),
            analysis,
            forecast,
            alphas,
            variants,
            now: question.now,
            from,
            until,
            lag: metrics.iter().map(|metric| metric.lag).max().unwrap_or(0),
            metrics,
        }
    }

    /// Whole days that have passed of the run.
    pub fn elapsed(&self) -> u32 {
        let until = self.until.map_or(self.now, |until| until.min(self.now));
        u32::try_from((until - self.from).max(0) / DAY).unwrap_or(u32::MAX)
    }

    /// Days that have passed of the run, with the part of the present one.
    pub fn days(&self) -> f64 {
        let until = self.until.map_or(self.now, |until| until.min(self.now));
        (until - self.from).max(0) as f64 / DAY as f64
    }

    /// Whether no more units come in.
    pub fn ended(&self) -> bool {
        self.until.is_some_and(|until| self.now >= until)
    }

    /// Whether no more units will be complete for any metric.
    pub fn over(&self) -> bool {
        self.complete_after(self.lag)
    }

    /// Whether no more units will be complete for a metric of such a lag.
    pub fn complete_after(&self, lag: i64) -> bool {
        self.until.is_some_and(|until| self.now >= until.saturating_add(lag))
    }

    /// The share of the time in which units of a metric could be complete that has passed.
    pub fn share_of_days(&self, metric: &Judging<'_>) -> Option<f64> {
        let window = metric.window.1;
        let whole = self.until? - self.from - window;
        let passed = (self.now - metric.lag).min(self.until?) - self.from - window;
        (whole > 0).then(|| (passed as f64 / whole as f64).clamp(0.0, 1.0))
    }

    /// The days after the start on which looks are planned.
    pub fn looks(&self) -> Vec<u32> {
        let days = self.until.map_or(LISTED, |until| u32::try_from((until - self.from) / DAY).unwrap_or(LISTED));
        let mut looks: Vec<u32> = match &self.analysis.looks {
            Looks::Every(LooksWord::Weekly) => (1..=days / 7).map(|week| week * 7).collect(),
            Looks::Every(LooksWord::Daily) => (1..=days).collect(),
            Looks::Days(listed) => listed.iter().copied().filter(|&day| day < days).collect(),
        };
        if self.until.is_some() && !looks.contains(&days) {
            looks.push(days);
        }
        looks.sort_unstable();
        looks
    }

    /// Whether this is a look on a planned day; with always-valid intervals every look is.
    pub fn planned(&self) -> bool {
        match self.kind {
            MethodKind::AlwaysValid => true,
            MethodKind::GroupSequential => self.ended() || self.looks().contains(&self.elapsed()),
            MethodKind::Fixed => self.over(),
        }
    }

    pub fn recorded_method(&self) -> results::Method {
        let sequential = self.kind == MethodKind::GroupSequential;
        results::Method {
            kind: self.kind,
            alpha: self.forecast.alpha,
            power: self.forecast.power,
            deterioration: self.forecast.deterioration,
            spending: sequential.then(|| self.analysis.spending.word().to_owned()),
            deterioration_spending: (self.kind != MethodKind::AlwaysValid).then(|| WATCHED.word().to_owned()),
            looks: if sequential { self.looks() } else { Vec::new() },
            minimum: (self.kind == MethodKind::AlwaysValid).then_some(MINIMUM),
        }
    }

    pub fn minimum() -> f64 {
        MINIMUM as f64
    }
}

impl Alphas {
    /// Levels of Rule 2; where nothing decides, the tests for deterioration keep theirs.
    fn of(forecast: &Forecast, metrics: &[Judging<'_>], treatments: usize) -> Self {
        let count = |judged: Judged| metrics.iter().filter(|metric| metric.judged() == judged).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let shape = Shape {
            success: number(count(Judged::Superiority)),
            guardrails: number(count(Judged::NonInferiority)),
            watched: number(metrics.len()),
            treatments: number(treatments),
        };
        let (alpha, deterioration) = (forecast.alpha, forecast.deterioration);
        let tests = (metrics.len() * treatments).max(1) as f64;
        match design::levels(alpha, forecast.power, deterioration, shape) {
            Ok(levels) => Self {
                success: levels.success.unwrap_or(levels.guardrail),
                guardrail: levels.guardrail,
                deterioration: levels.deterioration.unwrap_or(deterioration / tests),
            },
            Err(_) => {
                let each = alpha / treatments.max(1) as f64;
                Self { success: each, guardrail: each, deterioration: deterioration / tests }
            }
        }
    }
}

impl<'a> Judging<'a> {
    fn of(question: &Question<'a, '_>, tracked: &Tracked, aggregated: bool) -> Self {
        let catalogue = question.catalogue;
        let metric = tracked.metric.map(|ix| catalogue.metrics.at(ix));
        let facts = metric.into_iter().flat_map(|metric| &metric.facts);
        let lags = facts.filter_map(|&ix| catalogue.facts.at(ix).written.lag.as_ref());
        let lag = lags.map(|lag| i64::from(lag.value.0) * super::HOUR).max().unwrap_or(0);
        let window = metric.and_then(|metric| metric.written.window.as_ref());
        let window = window.map_or((0, 0), |at| (i64::from(at.value.from) * DAY, i64::from(at.value.to) * DAY));
        Self {
            id: tracked.id.clone(),
            metric,
            role: tracked.role,
            mde: tracked.mde,
            margin: if tracked.role == Role::Success { None } else { tracked.margin },
            kind: match metric.and_then(|metric| metric.formula.as_ref()) {
                _ if aggregated => MetricKind::Aggregate,
                Some(Formula::Conversion(..)) => MetricKind::Conversion,
                Some(Formula::Ratio(..)) => MetricKind::Ratio,
                Some(Formula::Quantile { .. } | Formula::UnitQuantile(..)) => MetricKind::Quantile,
                Some(Formula::Mean(_)) | None => MetricKind::Mean,
            },
            // What comes computed is complete as it comes.
            lag: if aggregated { 0 } else { lag },
            window: if aggregated { (0, 0) } else { window },
        }
    }

    pub fn judged(&self) -> Judged {
        match (self.role, self.margin) {
            (Role::Success, _) => Judged::Superiority,
            (_, Some(_)) => Judged::NonInferiority,
            _ => Judged::Deterioration,
        }
    }

    /// Which way is good; more, where the metric does not say.
    pub fn direction(&self) -> Direction {
        match self.goal() {
            Some(decl::Goal::Decrease) => Direction::Decrease,
            _ => Direction::Increase,
        }
    }

    fn goal(&self) -> Option<decl::Goal> {
        self.metric.and_then(|metric| metric.written.goal.as_ref()).map(|goal| goal.value)
    }

    /// The level of a quantile.
    pub fn level(&self) -> f64 {
        match self.metric.and_then(|metric| metric.formula.as_ref()) {
            Some(Formula::Quantile { at, .. } | Formula::UnitQuantile(_, at)) => at.fraction(),
            _ => 0.5,
        }
    }

    /// The lookback of its covariate, in days.
    pub fn lookback(&self) -> Option<f64> {
        let declared = self.metric?.written.covariate.as_ref()?;
        let summed = !matches!(self.kind, MetricKind::Quantile | MetricKind::Aggregate);
        summed.then(|| f64::from(declared.value.0))
    }

    /// Whether units without facts are left out.
    pub fn drops_missing(&self) -> bool {
        let missing = self.metric.and_then(|metric| metric.written.missing.as_ref());
        missing.is_some_and(|at| at.value == decl::Missing::Drop)
    }

    /// As it is recorded.
    pub fn recorded(&self, estimated: &Estimated, tally: &Tally) -> results::Metric {
        let written = self.metric.map(|metric| &metric.written);
        let days = |instant: i64| instant as f64 / DAY as f64;
        let complete = super::all(estimated.units.iter().copied());
        let alone = super::all(tally.arms.iter().map(|arm| arm.exposed.saturating_sub(arm.mixed)));
        results::Metric {
            id: self.id.clone(),
            name: written.and_then(|metric| metric.name.as_ref()).map(|name| name.value.clone()),
            display: written.and_then(|metric| metric.display.as_ref()).map(|display| display.value.clone()),
            role: match self.role {
                Role::Success => results::Role::Success,
                Role::Guardrail => results::Role::Guardrail,
                Role::Required => results::Role::Required,
            },
            judged: self.judged(),
            goal: self.goal().map(|goal| match goal {
                decl::Goal::Increase => results::Goal::Increase,
                decl::Goal::Decrease => results::Goal::Decrease,
            }),
            mde: self.mde.map(Share::fraction),
            margin: self.margin.map(Share::fraction),
            kind: self.kind,
            window: Interval { low: days(self.window.0), high: days(self.window.1) },
            lag_hours: self.lag as f64 / super::HOUR as f64,
            estimator: self.estimator(),
            cap: estimated.cap.as_ref().map(|at| results::Cap {
                level: written.and_then(|metric| metric.cap.as_ref()).map(|cap| cap.value.0.fraction()),
                at: at.clone(),
            }),
            complete,
            exposed: alone,
            without_rows: estimated.without_rows,
            drops_missing: self.drops_missing(),
            failed: estimated.failed.clone(),
        }
    }

    fn estimator(&self) -> String {
        let what = match (self.kind, self.metric.and_then(|metric| metric.formula.as_ref())) {
            (MetricKind::Aggregate, _) => "mean over units, as it was given".to_owned(),
            (MetricKind::Conversion, _) => "share of units".to_owned(),
            (MetricKind::Ratio, _) => "ratio of sums over units".to_owned(),
            (MetricKind::Quantile, Some(Formula::UnitQuantile(_, at))) => format!("quantile over units at {at}"),
            (MetricKind::Quantile, _) => format!("quantile over events at {}", self.level()),
            (MetricKind::Mean, _) => "mean over units".to_owned(),
        };
        match self.lookback() {
            Some(days) => format!("{what}, adjusted for {days} days before exposure"),
            None => what,
        }
    }
}
