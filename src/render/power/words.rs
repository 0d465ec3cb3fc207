//! What is said of a forecast in words, with names in backticks; text and Markdown set them each in their own way.

use super::amounts::{effect, level, number};
use crate::render::figures::{counted, listed, percent};
use crate::report::{DecisionDesign, Forecast, MetricForecast, Powered, Share, WhatIf};

/// A verdict in one word.
#[must_use]
pub fn standing(verdict: Powered) -> &'static str {
    match verdict {
        Powered::Powered => "powered",
        Powered::Underpowered => "underpowered",
        Powered::Unknown => "unknown",
        Powered::Watched => "nothing to show",
    }
}

/// Why a forecast has its verdict: what binds, and how far it is.
#[must_use]
pub fn headline(forecast: &Forecast) -> String {
    let days = |days: u32| counted(days as usize, "day", "days");
    let Some(binding) = forecast.binding().filter(|_| forecast.verdict != Powered::Unknown) else {
        return match (forecast.verdict, reasons(forecast)) {
            (Powered::Watched, _) => "no success metric has an MDE, and no guardrail has a margin".to_owned(),
            (_, reasons) if reasons.is_empty() => "it has no metric".to_owned(),
            (_, reasons) => reasons.join("; "),
        };
    };
    let name = &binding.id;
    let declared = binding.declared.map_or_else(String::new, |declared| format!("{}%", effect(declared, None)));
    match (forecast.verdict, binding.days, forecast.days) {
        (Powered::Powered, Some(needed), Some(planned)) => {
            format!("`{name}` needs the most units for its {declared}, and has them on day {needed} of {planned}")
        }
        (Powered::Powered, ..) => format!("`{name}` needs the most, and has it"),
        (_, Some(needed), Some(planned)) if needed > planned => {
            format!("`{name}` needs {} for its {declared}, and {planned} are planned", days(needed))
        }
        _ => match binding.reached {
            Some(reached) => {
                format!("`{name}` shows {}%, and {declared} is declared", effect(reached, binding.declared))
            }
            None => format!("`{name}` shows nothing by then, and {declared} is declared"),
        },
    }
}

/// How a decision is made: "alpha 5%, power 80% over all metrics; weekly looks (group-sequential); 1 treatment".
#[must_use]
pub fn decided(design: &DecisionDesign) -> String {
    let how = match design.method.as_str() {
        "fixed" => "one look, at the end (fixed)".to_owned(),
        "always-valid" => "looks at any time (always-valid)".to_owned(),
        method => match design.looks.as_str() {
            rhythm @ ("daily" | "weekly") => format!("{rhythm} looks ({method})"),
            days => format!("looks after {days} days ({method})"),
        },
    };
    format!(
        "alpha {}% and power {}% over all metrics; {how}; {}",
        level(design.alpha, 3),
        level(design.power, 3),
        counted(design.treatments as usize, "treatment", "treatments")
    )
}

/// What is supposed instead of what is declared; none where nothing is.
#[must_use]
pub fn supposed(what_if: &WhatIf) -> Option<String> {
    let share = |share: Option<Share>, what: &str| share.map(|share| format!("{}% {what}", percent(share)));
    let parts: Vec<String> = [
        share(what_if.traffic, "traffic"),
        what_if.days.map(|days| counted(days as usize, "day", "days")),
        share(what_if.mde, "MDE"),
        share(what_if.power, "power"),
        share(what_if.confidence, "confidence"),
        what_if.method.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| format!("{}, instead of what is declared", listed(&parts)))
}

/// What an early declaration leaves open; none where nothing.
#[must_use]
pub fn left_open(forecast: &Forecast) -> Option<String> {
    (!forecast.supposed.is_empty()).then(|| {
        format!("{}: not declared yet, and supposed as large as the surface allows", listed(&forecast.supposed))
    })
}

/// "25% of home for 28 days from 2027-02-01, after 2% from day 0 on".
#[must_use]
pub fn runs(forecast: &Forecast) -> String {
    let share = forecast.traffic.map_or_else(|| "no share".to_owned(), |share| format!("{}%", percent(share)));
    let of = forecast.surface.as_ref().map_or_else(String::new, |surface| format!(" of `{surface}`"));
    let days = forecast.days.map_or_else(
        || " until it is decided".to_owned(),
        |days| format!(" for {}", counted(days as usize, "day", "days")),
    );
    let start = forecast.start.as_ref().map_or_else(String::new, |start| format!(" from {start} on"));
    let steps: Vec<String> =
        forecast.ramp.iter().map(|(day, share)| format!("{}% from day {day} on", percent(*share))).collect();
    let ramp = if steps.is_empty() { String::new() } else { format!("; before all of it, {}", listed(&steps)) };
    format!("{share}{of}{days}{start}{ramp}")
}

/// "4.73% of home: 25% traffic, 18.9% of it in spanish-speaking; 2% are held out"; none where it is not known.
#[must_use]
pub fn audience(forecast: &Forecast) -> Option<String> {
    let audience = &forecast.audience;
    let (share, traffic) = (audience.share?, forecast.traffic?);
    let surface = forecast.surface.as_ref().map_or_else(|| "the surface".to_owned(), |id| format!("`{id}`"));
    let segment = match (&audience.segment, audience.segment_share) {
        (Some(segment), Some(part)) => format!(", {}% of which is in `{segment}`", percent(part)),
        _ => String::new(),
    };
    let holdout = match audience.holdout {
        Share(0.0) => String::new(),
        holdout => format!("; {}% are held out from everything", percent(holdout)),
    };
    Some(format!("{}% of {surface}: {}% traffic{segment}{holdout}", number(share.0), percent(traffic)))
}

/// Where baselines come from: "baselines/home.toml, measured 2027-01-25".
#[must_use]
pub fn sources(forecast: &Forecast) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for base in forecast.metrics.iter().filter_map(|metric| metric.baseline.as_ref()) {
        let measured = base.measured.as_ref().map_or_else(String::new, |day| format!(", measured {day}"));
        let reach = base.reach_days.map_or_else(String::new, |days| format!(", reach up to day {days}"));
        let words = format!("`{}`{measured}{reach}", base.path);
        if !seen.contains(&words) {
            seen.push(words);
        }
    }
    seen
}

/// What the smallest that a metric shows is called.
#[must_use]
pub fn smallest(metric: &MetricForecast) -> &'static str {
    match metric.role.as_str() {
        "success" => "effect",
        "guardrail" => "margin",
        _ => "deterioration",
    }
}

/// What a metric is to the decision, as in "guardrail, required".
#[must_use]
pub fn role(metric: &MetricForecast) -> String {
    if metric.required { format!("{}*", metric.role) } else { metric.role.clone() }
}

/// Why metrics have no verdict, each reason once with all that it is about, as in "`a` and `b`: …".
#[must_use]
pub fn reasons(forecast: &Forecast) -> Vec<String> {
    let mut grouped: Vec<(&str, Vec<String>)> = Vec::new();
    for metric in &forecast.metrics {
        let Some(reason) = metric.reason.as_deref() else { continue };
        match grouped.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(format!("`{}`", metric.id)),
            None => grouped.push((reason, vec![format!("`{}`", metric.id)])),
        }
    }
    grouped.into_iter().map(|(reason, ids)| format!("{}: {reason}", listed(&ids))).collect()
}
