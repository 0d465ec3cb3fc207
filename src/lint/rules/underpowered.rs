//! `underpowered`: an experiment that could not find what it looks for.

use rayon::prelude::*;

use crate::decl::{Share, Stage};
use crate::diag::Diagnostic;
use crate::lint::words::{counted, detectable, grouped, listed};
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, ClaimKind, Role};
use crate::power::{Forecast, Goal, MetricForecast, MoreDays, MoreTraffic, NotEnough, Power, Reason, Space, Standing, Ways, WhatIf, Why};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "underpowered",
    group: Group::Power,
    level: None,
    serving: false,
    summary: "an experiment has too few units to find what it looks for",
    page: include_str!("underpowered.md"),
    check: Check::Catalogue(check),
};

/// How many of the others that fall short are named.
const NAMED: usize = 3;

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let power = Power::new(&context.catalogue, &context.locks, &context.plan);
    let claims = context.catalogue.claims.values().as_slice().par_iter();
    let experiments = claims.filter(|claim| claim.kind == ClaimKind::Experiment && due(context, claim));
    experiments.filter_map(|claim| finding(context, &power, claim)).collect()
}

/// Whether a claim still has its power before it: launched, and not begun. What has begun is only looked at if a change moves
/// its window: baselines that are measured anew do not turn what is under way into a fault.
pub(super) fn due(context: &Context<'_>, claim: &Claim) -> bool {
    let Some(intent) = claim.intent.as_ref().filter(|intent| !intent.paused) else { return false };
    if claim.stage != Some(Stage::Ship) || context.is_over(claim) || context.misread(claim.file) {
        return false;
    }
    let begun = intent.window.start < context.today && context.locks.of(claim.file).is_some();
    let moved = |before: Option<&Claim>| {
        before.is_none_or(|before| before.stage != Some(Stage::Ship) || before.window != claim.window)
    };
    !begun || context.base.as_ref().is_some_and(|base| moved(base.context.catalogue.claims.get(&claim.id)))
}

fn finding(context: &Context<'_>, power: &Power<'_>, claim: &Claim) -> Option<Diagnostic> {
    let forecast = power.forecast(claim, &WhatIf::default());
    let Some(first) = forecast.too_small().next() else { return unknown(context, claim, &forecast) };
    let ways = power.ways(claim, &WhatIf::default())?;
    let (needed, available) = (first.needed?, first.available?);
    let others: Vec<&str> = forecast.too_small().skip(1).map(|metric| metric.id.as_str()).collect();
    let more = match others.as_slice() {
        [] => String::new(),
        [one] => format!("; `{one}` falls short, too"),
        few if few.len() <= NAMED => format!("; {} fall short, too", listed(few.iter().copied())),
        many => format!("; {} others fall short, too", many.len()),
    };
    let message = format!(
        "`{}` takes {} complete units and gets {} in {}: {}{more}",
        first.id,
        units(needed.all.ceil()),
        units(available.all.floor()),
        days(&forecast),
        shortfall(first),
    );
    let tracked = claim.tracked.iter().find(|tracked| tracked.id == first.id)?;
    let required = tracked.role == Role::Required;
    let days = claim.experiment().and_then(|written| written.days.as_ref()).map(|days| days.span);
    let span: Span = if required { days.unwrap_or_else(|| claim.traffic_span()) } else { tracked.span };
    let finding = Diagnostic::new(RULE.name, span, message).help(out(&forecast, &ways));
    let finding = if required { finding.related(tracked.span, "required here") } else { finding };
    Some(match (forecast.baseline, first.baseline) {
        (Some(baseline), Some(_)) => finding.related(place(context, baseline.file, &first.id), "the baseline"),
        _ => finding,
    })
}

/// A metric of which nobody can say whether there are enough units, where nothing else says why: unknown never counts as
/// enough.
fn unknown(context: &Context<'_>, claim: &Claim, forecast: &Forecast) -> Option<Diagnostic> {
    let (metric, why) = forecast.metrics.iter().find_map(|metric| match &metric.standing {
        Standing::Undefined(why) if !told(claim, forecast, metric, why) => Some((metric, why)),
        _ => None,
    })?;
    let id = &metric.id;
    let tracked = claim.tracked.iter().find(|tracked| tracked.id == *id)?;
    let message = format!("nobody can say whether `{}` has enough units for `{id}`: {why}", claim.id);
    let surface = forecast.surface.as_deref().unwrap_or("the surface");
    let (baseline, help) = match why {
        Why::Design(Reason::BeyondShare | Reason::OutOfReach) => {
            (true, "write an effect or a margin that the metric can have, or correct its baseline".to_owned())
        }
        Why::Design(Reason::ZeroMean | Reason::NoVariance | Reason::Ratio) | Why::NoCompleteUnits(_) => {
            (true, format!("measure it again with `allot baseline {surface}`, or choose another metric"))
        }
        _ => (false, format!("`allot power {}` shows what is supposed: change what it names", claim.id)),
    };
    let required = tracked.role == Role::Required;
    let span = if required { claim.traffic_span() } else { tracked.span };
    let finding = Diagnostic::new(RULE.name, span, message).help(help);
    let finding = if required { finding.related(tracked.span, "required here") } else { finding };
    Some(match forecast.baseline.filter(|_| baseline) {
        Some(baseline) => finding.related(place(context, baseline.file, id), "the baseline"),
        None => finding,
    })
}

/// Whether a rule of its own says why something is not known.
fn told(claim: &Claim, forecast: &Forecast, metric: &MetricForecast, why: &Why) -> bool {
    let share = |share: Share| share == Share::NONE || share >= Share::WHOLE;
    let Why::Design(reason) = why else {
        // That a window is longer than the run is said there; that nobody comes is not.
        return !matches!(why, Why::NoCompleteUnits(window) if forecast.days.is_none_or(|days| *window < days));
    };
    match reason {
        Reason::Baseline | Reason::Effect | Reason::Curve | Reason::Steps => true,
        Reason::Alpha => share(forecast.analysis.confidence),
        Reason::Power => share(forecast.analysis.power),
        // The arms' shares have a rule; of a covariate that tells all, nobody says it.
        Reason::Ratio => metric.baseline.and_then(|known| known.correlation).is_none_or(|rho| rho.abs() < 1.0),
        Reason::NothingTested => claim.tracked.iter().all(|tracked| tracked.mde.is_none() && tracked.margin.is_none()),
        _ => false,
    }
}

/// Where a baseline says what it knows of a metric.
fn place(context: &Context<'_>, file: crate::source::FileId, metric: &str) -> Span {
    let baseline = context.catalogue.baselines.iter().find(|(at, _)| *at == file);
    let entry = baseline.and_then(|(_, written)| written.metrics.as_ref()?.get(metric));
    entry.map_or_else(|| Span::top(file), |(id, _)| id.span)
}

/// What its units show instead of what is looked for.
fn shortfall(metric: &MetricForecast) -> String {
    let reached = metric.reached.map_or_else(|| "nothing".to_owned(), detectable);
    match metric.goal {
        Goal::Better(Some(mde)) => format!("enough to find {reached}, not its MDE of {mde}"),
        Goal::NotWorse(margin) => format!("enough to rule out {reached}, not its margin of {margin}"),
        Goal::Better(None) | Goal::Watched => "too few".to_owned(),
    }
}

/// The three ways out, none of which changes what matters.
fn out(forecast: &Forecast, ways: &Ways) -> String {
    let surface = forecast.surface.as_deref().unwrap_or("the surface");
    let mut open: Vec<String> = Vec::new();
    let mut closed: Vec<String> = Vec::new();
    match &ways.days {
        Ok(way) => match barred_days(forecast, way) {
            None => open.push(format!(
                "run it for {} (`days = {}`{})",
                counted(way.days, "day"),
                way.days,
                if way.extrapolated { ", by a reach that was not measured so far" } else { "" }
            )),
            Some(why) => closed.push(format!("{} would do, but {why}", counted(way.days, "day"))),
        },
        Err(_) => closed.push("no number of days would do".to_owned()),
    }
    match &ways.traffic {
        Ok(way) => match barred_traffic(surface, way) {
            None => {
                let room = if way.room.is_some() { ", for which there is room" } else { "" };
                open.push(format!("take \"{}\" of `{surface}`{room}", way.share));
            }
            Some(why) => closed.push(format!("\"{}\" of `{surface}` would do, but {why}", way.share)),
        },
        Err(NotEnough::NotEvenAll) => closed.push(format!("not even all of `{surface}` would do in {}", days(forecast))),
        Err(NotEnough::Undefined(why)) => closed.push(format!("whether more traffic would do cannot be said: {why}")),
    }
    let short = forecast.too_small().count();
    let covariates: Vec<String> = ways
        .covariates
        .iter()
        .map(|way| {
            let than = way.has.map_or(String::new(), |has| format!(", instead of {has:.2}"));
            format!("a covariate that has a correlation of {:.2} with `{}`{than}", ceil(way.correlation), way.metric)
        })
        .collect();
    // All of them are needed together, and an unlikely one is no way.
    if covariates.len() == short && ways.covariates.iter().all(|way| way.correlation < 0.95) {
        open.push(format!("find {}", covariates.join(" and ")));
    }
    let all = [open.join(", or "), closed.join("; ")];
    all.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("; ")
}

fn days(forecast: &Forecast) -> String {
    forecast.days.map_or_else(|| "its days".to_owned(), |days| counted(days, "day"))
}

/// What stands in the way of a longer run.
fn barred_days(forecast: &Forecast, way: &MoreDays) -> Option<String> {
    if let Some(limit) = way.limit {
        return Some(format!("an experiment may run for {} here", counted(limit, "day")));
    }
    let room = way.room.as_ref().filter(|room| !room.fits)?;
    Some(format!("its {} is not free for so long{}", forecast.traffic(), holder(room)))
}

/// What stands in the way of a larger share.
fn barred_traffic(surface: &str, way: &MoreTraffic) -> Option<String> {
    if let Some(limit) = way.limit {
        return Some(format!("`{surface}` gives a single experiment {limit}"));
    }
    let room = way.room.as_ref().filter(|room| !room.fits)?;
    Some(match room.free {
        Share::NONE => format!("none of it is free{}", holder(room)),
        free => format!("only {free} is free{}", holder(room)),
    })
}

fn holder(room: &Space) -> String {
    room.holders.first().map_or_else(String::new, |holder| match holder.until {
        Some(until) => format!(": `{}` holds {} until {until}", holder.id, counted(holder.buckets, "bucket")),
        None => format!(": `{}` holds {} until it is decided", holder.id, counted(holder.buckets, "bucket")),
    })
}

/// A number of units, which may be beyond what a word holds.
fn units(count: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds of what is asked")]
    if count >= 0.0 && count < f64::from(u32::MAX) { grouped(count as u32) } else { format!("{count:.1e}") }
}

/// Rounded up to hundredths: what is said suffices.
fn ceil(correlation: f64) -> f64 {
    (correlation * 100.0).ceil() / 100.0
}
