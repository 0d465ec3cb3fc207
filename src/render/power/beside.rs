//! A forecast in a few words, for what stands beside a change: what its leading metric shows, by its end and by others.

use super::amounts::effect;
use crate::render::figures::{counted, percent};
use crate::report::{Forecast, MetricForecast, Reached, Share};

/// The metric that the forecast's table is of.
#[must_use]
pub fn leading(forecast: &Forecast) -> Option<&MetricForecast> {
    let id = &forecast.table.as_ref()?.metric;
    forecast.metrics.iter().find(|metric| metric.id == *id)
}

/// What the leading metric shows at the planned end, with that end; none where it cannot be told.
#[must_use]
pub fn shown(forecast: &Forecast) -> Option<(&MetricForecast, u32, String)> {
    let metric = leading(forecast)?;
    Some((metric, forecast.days?, effect(metric.reached?, metric.declared)))
}

/// "28 days find 1.24% on `minutes-listened`, whose MDE is 2.5%".
#[must_use]
pub fn finds(forecast: &Forecast) -> Option<String> {
    let (metric, days, reached) = shown(forecast)?;
    let (verb, what) = match metric.role.as_str() {
        "success" => ("find", "MDE"),
        _ => ("rule out", "margin"),
    };
    let declared = |declared: Share| format!(", whose {what} is {}%", percent(declared));
    let (days, verb) =
        (counted(days as usize, "day", "days"), if days == 1 { format!("{verb}s") } else { verb.to_owned() });
    let declared = metric.declared.map_or_else(String::new, declared);
    Some(format!("{days} {verb} {reached}% on `{}`{declared}", metric.id))
}

/// What other numbers of days show, as "7 days 3.8%" each.
#[must_use]
pub fn otherwise(forecast: &Forecast) -> Vec<String> {
    let declared = leading(forecast).and_then(|metric| metric.declared);
    let other = |point: &&Reached| Some(point.days) != forecast.days;
    let words = |point: &Reached| {
        let days = counted(point.days as usize, "day", "days");
        let beyond = if point.extrapolated { " (extrapolated)" } else { "" };
        Some(format!("{days} {}%{beyond}", effect(point.reached?, declared)))
    };
    forecast.curve.iter().filter(other).filter_map(words).collect()
}
