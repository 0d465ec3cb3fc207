//! Forecasts as they are recorded: what power answers becomes the shapes of a report.

use std::collections::BTreeSet;

use super::ways;
use crate::decl::{self, Looks};
use crate::model::{Claim, ClaimKind};
use crate::power::{self, Goal, MetricForecast, Moments, Power, Standing, WhatIf};
use crate::render::recorded::percent;
use crate::report::{self, Powered, Share};
use crate::source::Sources;

/// Days that a table looks at, besides what is planned.
const DAYS: &[u32] = &[7, 14, 21, 28, 42, 56, 84];
/// Shares that it looks at, besides what is planned and all that there is.
const SHARES: &[u32] = &[50_000, 100_000, 200_000, 350_000, 500_000];
/// The most points of a curve: each is a design of its own.
const POINTS: u32 = 32;
/// The longest run that a curve looks at.
const LONGEST: u32 = 182;

/// Asks about experiments and writes the answers down.
#[derive(Debug)]
pub struct Recorder<'a> {
    pub power: &'a Power<'a>,
    pub sources: &'a Sources,
    pub what_if: &'a WhatIf,
}

impl Recorder<'_> {
    /// All that can be said of a claim.
    #[must_use]
    pub fn detailed(&self, claim: &Claim) -> report::Forecast {
        let forecast = self.power.forecast(claim, self.what_if);
        let mut record = self.forecast(claim, &forecast);
        if let Some(metric) = forecast.binding() {
            record.curve = self.curve(claim, &forecast, metric);
            record.table = Some(self.table(claim, &forecast, metric));
        }
        if let Some(ways) = self.power.ways(claim, self.what_if) {
            record.ways = ways::recorded(&forecast, &ways);
        }
        record
    }

    /// What belongs beside a change: what its leading metric shows after whole weeks near the plan, and the ways out.
    #[must_use]
    pub fn beside(&self, claim: &Claim) -> report::Forecast {
        let forecast = self.power.forecast(claim, self.what_if);
        let mut record = self.forecast(claim, &forecast);
        let told = |metric: &&MetricForecast| metric.reached.is_some() && metric.goal != Goal::Watched;
        if let Some(metric) = forecast.success().find(told).or(forecast.binding()) {
            (record.curve, record.table) = self.weeks(claim, &forecast, metric);
        }
        if let Some(ways) = self.power.ways(claim, self.what_if) {
            record.ways = ways::recorded(&forecast, &ways);
        }
        record
    }

    /// What a metric shows after whole weeks, two before the plan's end and two after it, with the planned traffic.
    fn weeks(
        &self,
        claim: &Claim,
        forecast: &power::Forecast,
        metric: &MetricForecast,
    ) -> (Vec<report::Reached>, Option<report::Table>) {
        let Some(planned) = forecast.days else { return (Vec::new(), None) };
        let week = planned / 7;
        let near = (week.saturating_sub(2)..=week.saturating_add(2)).map(|week| week.saturating_mul(7));
        let days: BTreeSet<u32> = near.filter(|&days| days > 0).chain([planned]).collect();
        let (mut curve, mut rows) = (Vec::new(), Vec::new());
        for days in days {
            let if_so = WhatIf { days: Some(days), ..self.what_if.clone() };
            let found = self.power.glance(claim, &if_so);
            let Some(shown) = found.metrics.iter().find(|other| other.id == metric.id) else { continue };
            let (reached, extrapolated) = (shown.reached.map(percent), shown.extrapolated.is_some());
            let units = shown.available.map_or(0.0, |units| units.all);
            curve.push(report::Reached { days, units, reached, extrapolated });
            let cell = report::Cell { reached, verdict: verdict(&found.standing()), extrapolated };
            rows.push(report::Row { days, cells: vec![cell] });
        }
        let table = report::Table { metric: metric.id.clone(), traffic: vec![of(forecast.traffic())], rows };
        (curve, Some(table))
    }

    /// What fits into a line: without a curve, a table and ways out.
    #[must_use]
    pub fn brief(&self, claim: &Claim) -> report::Forecast {
        self.forecast(claim, &self.power.forecast(claim, self.what_if))
    }

    fn forecast(&self, claim: &Claim, forecast: &power::Forecast) -> report::Forecast {
        let (full, ramp) = forecast.steps.split_last().map_or((None, &[][..]), |(last, ramp)| (Some(last), ramp));
        let supposed = forecast.supposed;
        let open = [(supposed.days, "days"), (supposed.traffic, "traffic"), (supposed.arms, "variants")];
        let (segment, segment_share) = match &forecast.segment {
            Some((id, share)) => (Some(id.clone()), share.map(of)),
            None => (None, None),
        };
        report::Forecast {
            id: forecast.id.clone(),
            kind: kind(forecast.kind),
            path: self.sources.path(claim.file).to_owned(),
            surface: forecast.surface.clone(),
            verdict: verdict(&forecast.standing()),
            binding: forecast.binding().map(|metric| metric.id.clone()),
            start: forecast.start.map(|day| day.to_string()),
            days: forecast.days,
            traffic: full.map(|step| of(step.share)),
            ramp: ramp.iter().map(|step| (step.after, of(step.share))).collect(),
            supposed: open.into_iter().filter(|(open, _)| *open).map(|(_, what)| what.to_owned()).collect(),
            audience: report::Audience {
                segment,
                segment_share,
                holdout: of(forecast.holdout),
                share: forecast.exposed.map(percent),
            },
            decision: report::DecisionDesign {
                method: forecast.analysis.method.word().to_owned(),
                looks: match &forecast.analysis.looks {
                    Looks::Every(rhythm) => rhythm.word().to_owned(),
                    Looks::Days(days) => days.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
                },
                alpha: forecast.alpha,
                power: forecast.power,
                deterioration: forecast.deterioration,
                treatments: u32::try_from(forecast.arms.len().saturating_sub(1)).unwrap_or(u32::MAX),
            },
            metrics: forecast.metrics.iter().map(|metric| self.metric(forecast, metric)).collect(),
            curve: Vec::new(),
            table: None,
            ways: Vec::new(),
        }
    }

    fn metric(&self, forecast: &power::Forecast, metric: &MetricForecast) -> report::MetricForecast {
        let (role, declared) = match metric.goal {
            Goal::Better(mde) => ("success", mde),
            Goal::NotWorse(margin) => ("guardrail", Some(margin)),
            Goal::Watched => ("watched", None),
        };
        let days = metric.days.as_ref().ok().copied();
        let reach = forecast.baseline.and_then(|measured| measured.reach_days);
        let beyond = |day: u32| reach.is_some_and(|reach| day.saturating_sub(metric.window) > reach);
        report::MetricForecast {
            id: metric.id.clone(),
            role: role.to_owned(),
            required: metric.required,
            verdict: verdict(&metric.standing),
            reason: match &metric.standing {
                Standing::Undefined(why) => Some(why.to_string()),
                Standing::Enough | Standing::TooSmall | Standing::Watched => None,
            },
            declared: declared.map(of),
            reached: metric.reached.map(percent),
            alpha: metric.test.map(|test| test.alpha),
            power: metric.test.map(|test| test.power),
            power_reached: metric.power_reached,
            looks: metric.test.map(|test| test.looks),
            inflation: metric.test.map(|test| test.inflation),
            window: metric.window,
            baseline: metric
                .baseline
                .zip(forecast.baseline)
                .map(|(moments, measured)| self.baseline(moments, measured)),
            needed: metric.needed.map(units),
            complete: metric.available.map(units),
            days,
            days_extrapolated: days.is_some_and(beyond),
            complete_extrapolated: metric.extrapolated.is_some(),
        }
    }

    fn baseline(&self, moments: Moments, measured: power::Measured) -> report::MetricBaseline {
        report::MetricBaseline {
            path: self.sources.path(measured.file).to_owned(),
            measured: measured.on.map(|day| day.to_string()),
            reach_days: measured.reach_days,
            mean: moments.mean,
            standard_deviation: moments.standard_deviation,
            correlation: moments.correlation,
        }
    }

    /// What a metric shows, a run of each length.
    fn curve(&self, claim: &Claim, forecast: &power::Forecast, metric: &MetricForecast) -> Vec<report::Reached> {
        let planned = forecast.days.unwrap_or(28);
        let near = |days: u32| days <= planned.saturating_mul(4);
        let needed = metric.days.as_ref().ok().copied().filter(|days| near(*days)).map_or(0, |days| days / 4 * 5);
        let reach = forecast.baseline.and_then(|measured| measured.reach_days).unwrap_or(0);
        let last = (planned.saturating_mul(3) / 2).max(needed).max(reach.min(planned.saturating_mul(2)));
        let point = |days: u32| {
            let if_so = WhatIf { days: Some(days), ..self.what_if.clone() };
            let found = self.power.glance(claim, &if_so);
            let shown = found.metrics.iter().find(|other| other.id == metric.id)?;
            Some(report::Reached {
                days,
                units: shown.available.map_or(0.0, |units| units.all),
                reached: shown.reached.map(percent),
                extrapolated: shown.extrapolated.is_some(),
            })
        };
        let last = last.clamp(14, LONGEST);
        let step = last.div_ceil(POINTS);
        // Counted from the planned end, so that it is one of the points.
        (1..=last).filter(|days| days % step == planned % step).filter_map(point).collect()
    }

    /// What a metric shows, and whether all have enough, by days and traffic.
    fn table(&self, claim: &Claim, forecast: &power::Forecast, metric: &MetricForecast) -> report::Table {
        let planned = forecast.days.unwrap_or(28);
        let longest = planned.saturating_mul(2).max(56);
        let days: BTreeSet<u32> =
            DAYS.iter().copied().filter(|days| *days <= longest).chain([planned]).filter(|days| *days > 0).collect();
        let all = 1_000_000_u32.saturating_sub(forecast.holdout.0);
        let shares = SHARES.iter().copied().filter(|share| *share < all);
        let shares: BTreeSet<u32> = shares.chain([all, forecast.traffic().0]).filter(|share| *share > 0).collect();
        let cell = |days: u32, share: u32| {
            let if_so = WhatIf { days: Some(days), traffic: Some(decl::Share(share)), ..self.what_if.clone() };
            let found = self.power.glance(claim, &if_so);
            let shown = found.metrics.iter().find(|other| other.id == metric.id);
            report::Cell {
                reached: shown.and_then(|shown| shown.reached).map(percent),
                verdict: verdict(&found.standing()),
                extrapolated: shown.is_some_and(|shown| shown.extrapolated.is_some()),
            }
        };
        let row = |days: u32| report::Row { days, cells: shares.iter().map(|&share| cell(days, share)).collect() };
        report::Table {
            metric: metric.id.clone(),
            traffic: shares.iter().map(|&share| of(decl::Share(share))).collect(),
            rows: days.into_iter().map(row).collect(),
        }
    }
}

/// What is supposed instead of what is declared; none where nothing is.
#[must_use]
pub fn what_if(what_if: &WhatIf) -> Option<report::WhatIf> {
    (*what_if != WhatIf::default()).then(|| report::WhatIf {
        traffic: what_if.traffic.map(of),
        days: what_if.days,
        mde: what_if.mde.map(of),
        power: what_if.power.map(of),
        confidence: what_if.confidence.map(of),
        method: what_if.method.map(|method| method.word().to_owned()),
    })
}

/// Forecasts in the order of an overview: what lacks units first, then what cannot be told, each by how much is missing.
pub fn worst_first(forecasts: &mut [report::Forecast]) {
    let rank = |forecast: &report::Forecast| match forecast.verdict {
        Powered::Underpowered => 0,
        Powered::Unknown => 1,
        Powered::Powered => 2,
        Powered::Watched => 3,
    };
    let times = |forecast: &report::Forecast| {
        let binding = forecast.binding();
        let units = binding.and_then(|metric| metric.needed.zip(metric.complete));
        units.map_or(0.0, |(needed, complete)| needed.all / complete.all)
    };
    forecasts.sort_by(|a, b| {
        rank(a).cmp(&rank(b)).then_with(|| times(b).total_cmp(&times(a))).then_with(|| a.id.cmp(&b.id))
    });
}

fn verdict(standing: &Standing) -> Powered {
    match standing {
        Standing::Enough => Powered::Powered,
        Standing::TooSmall => Powered::Underpowered,
        Standing::Watched => Powered::Watched,
        Standing::Undefined(_) => Powered::Unknown,
    }
}

pub(super) fn kind(kind: ClaimKind) -> String {
    kind.word().to_owned()
}

/// A declared share in percent.
pub(super) fn of(share: decl::Share) -> Share {
    percent(share.fraction())
}

fn units(units: power::Units) -> report::Units {
    report::Units { all: units.all, treatment: units.treatment, control: units.control }
}
