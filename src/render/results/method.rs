//! How results were computed, in sentences: the intervals, and metric by metric what was counted.

use super::amounts::{Amounts, confidence, number, percent, whole};
use super::kept::Kept;
use super::pen::{Pen, sentence};
use super::settled;
use super::story::counted_units;
use super::verdict::known;
use crate::render::figures::{count, counted, listed};
use crate::results::{Figure, Judged, Method, MethodKind, Metric, Outcome, Results, Role};

/// What the intervals promise, and when.
pub fn intervals(method: &Method, kept: Kept<'_>, pen: Pen) -> String {
    let warning = kept.warning(pen);
    let promise = match method.kind {
        MethodKind::GroupSequential => {
            let days: Vec<String> = method.looks.iter().take(12).map(ToString::to_string).collect();
            let days = match (days.len(), method.looks.len()) {
                (0, _) => String::new(),
                (1, 1) => format!(", on day {}", listed(&days)),
                (shown, all) if shown == all => format!(", on days {}", listed(&days)),
                (_, all) => format!(", {all} of them"),
            };
            match warning {
                None => format!("Intervals hold over all planned looks{days}: looking at each of them costs nothing."),
                Some(_) => format!("Intervals hold over all planned looks{days}, as long as each is recorded."),
            }
        }
        MethodKind::AlwaysValid => "Intervals hold at every look: looking early costs nothing.".to_owned(),
        MethodKind::Fixed => "Intervals hold for one look, at the end: an earlier one decides nothing.".to_owned(),
    };
    match warning {
        None => promise,
        Some(warning) => format!("{promise} {warning}"),
    }
}

/// What the intervals of single days promise: those of a fixed plan are not that of its one look.
pub fn daily(method: &Method) -> &'static str {
    match method.kind {
        MethodKind::Fixed => {
            "The intervals by day hold at every look, and are wider than the one at the end, which decides."
        }
        MethodKind::GroupSequential => "They account for looking more than once.",
        MethodKind::AlwaysValid => "They hold at every look.",
    }
}

/// How it is decided, a sentence each.
pub fn decided(results: &Results, kept: Kept<'_>, pen: Pen) -> Vec<String> {
    let method = &results.method;
    let mut said = vec![
        "Units are analysed in the variant that they were first exposed to; those seen in two are dropped.".to_owned(),
        intervals(method, kept, pen),
    ];
    if let Some(spending) = &method.spending {
        said.push(format!("Looks spend the error as {} does.", (pen.name)(spending)));
    }
    if let Some(minimum) = method.minimum {
        said.push(format!("They begin once each variant has {}.", counted_units(results, minimum)));
    }
    said.push(format!(
        "The error of a decision is {} over both sides, split over success metrics and treatments; guardrails are held against \
         their limits, and every metric is watched for harm at {} over all of them{}.",
        percent(method.alpha),
        percent(method.deterioration),
        if method.deterioration_spending.is_some() { ", spent about evenly so that harm is told early" } else { "" }
    ));
    said.push(format!("The plan had a power of {}.", percent(method.power)));
    said
}

/// What a metric is to the decision.
pub fn role(metric: &Metric) -> &'static str {
    match (metric.role, metric.judged) {
        (Role::Success, _) => "success",
        (Role::Guardrail, _) => "guardrail",
        (Role::Required, Judged::Superiority) => "success, required",
        (Role::Required, Judged::NonInferiority) => "guardrail, required",
        (Role::Required, Judged::Deterioration) => "watched",
    }
}

/// How a metric was counted and estimated, a sentence each; the outcomes are those of all treatments.
pub fn metric(results: &Results, metric: &Metric, pen: Pen) -> Vec<String> {
    let mut said = vec![sentence(&(pen.sentence)(&metric.estimator))];
    if let Some(why) = &metric.failed {
        said.push(format!("Not computed: {}.", (pen.sentence)(why)));
    }
    let window = metric.window;
    if window.high > window.low {
        let lag = if metric.lag_hours > 0.0 {
            format!(", and up to {}{}h for late facts", number(metric.lag_hours, 1).trim_end_matches(".0"), '\u{a0}')
        } else {
            String::new()
        };
        let from = if window.low > 0.0 { format!("day {} to ", short(window.low)) } else { String::new() };
        said.push(format!("Counts from first exposure for {from}{} days{lag}.", short(window.high)));
    }
    said.push(format!(
        "{} of {} are complete; {} had no row, and {}.",
        count(metric.complete),
        counted_units(results, metric.exposed),
        count(metric.without_rows),
        if metric.drops_missing { "are dropped" } else { "count as 0" }
    ));
    if let Some(cap) = &metric.cap {
        let level = cap
            .level
            .map_or_else(String::new, |level| format!(" at p{}", percent(level).trim_end_matches(['\u{a0}', '%'])));
        let at: Vec<String> = cap.at.iter().map(|at| (pen.number)(&digits(*at), *at)).collect();
        said.push(format!("Values are cut{level}, which is {}.", listed(&at)));
    }
    if let Some(mde) = metric.mde {
        said.push(format!("Planned to detect {}.", percent(mde)));
    }
    said
}

/// How one outcome came about: its level, its looks, its covariate, and the estimate that keeps mixed units.
pub fn outcome(results: &Results, metric: &Metric, outcome: &Outcome, pen: Pen) -> Vec<String> {
    let amounts = Amounts::at(results, metric, pen);
    let mut said = Vec::new();
    if let Some(critical) = outcome.critical.number() {
        said.push(format!(
            "{} interval: {} standard errors to each side.",
            confidence(outcome.alpha),
            (pen.number)(&number(critical, 3), critical)
        ));
    }
    if let Some(spending) = &outcome.spending {
        let fraction = percent((spending.fraction * 1e4).round() / 1e4);
        let last = if spending.last { ", and this is its last look" } else { "" };
        said.push(match (&spending.spent, results.method.kind) {
            // A fixed plan spends on harm alone, which is not what its interval is read off.
            (_, MethodKind::Fixed) => format!("Has {fraction} of the planned data."),
            (Figure::Known(spent), _) => {
                // Of what is only watched harm alone is tested, to one side.
                let watched = outcome.deterioration.as_ref().filter(|_| metric.judged == Judged::Deterioration);
                let all = watched.map_or(outcome.alpha, |test| test.alpha);
                format!(
                    "Has {fraction} of the planned data{last}, and has spent {} of its {} error.",
                    percent(*spent),
                    percent(all)
                )
            }
            (Figure::Undefined(why), _) => {
                format!("Has {fraction} of the planned data: {}.", (pen.sentence)(&why.undefined))
            }
        });
    }
    if let Some(look) = settled::look(outcome, pen) {
        let since = settled::since(results, metric, outcome, pen)
            .map_or_else(String::new, |since| format!(", and all units up to now say {since}, which only describes"));
        said.push(format!("Its figures are of {look}, which settled it{since}."));
    }
    if let Some(covariate) = &outcome.covariate {
        let days = counted(whole(covariate.days.round(), 1_000_000), "day", "days");
        said.push(match (covariate.used, covariate.removed, &covariate.why) {
            (true, Some(removed), _) => format!(
                "Adjusted for the {days} before exposure (CUPED), which takes away {} of the variance.",
                (pen.number)(&percent((removed * 1e3).round() / 1e3), removed)
            ),
            (true, None, _) => format!("Adjusted for the {days} before exposure (CUPED)."),
            (false, _, Some(why)) => format!("Not adjusted for the {days} before exposure: {}.", (pen.sentence)(why)),
            (false, _, None) => format!("Not adjusted for the {days} before exposure."),
        });
    }
    if let Some(kept) = &outcome.kept
        && let Some(lift) = kept.lift.number()
    {
        let around =
            known(&kept.lift_interval).map_or_else(String::new, |interval| format!(" ({})", amounts.lifts(interval)));
        said.push(format!("With units kept that were seen in two variants: {}{around}.", amounts.lift(lift)));
    }
    said
}

/// A number of days without zeros that say nothing.
fn short(days: f64) -> String {
    let text = number(days, 2);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number to six digits, without zeros that say nothing.
pub fn digits(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e12).contains(&value.abs()) {
        return format!("{value:.5e}").replace('-', "−");
    }
    let digits = whole(value.abs().max(1.0).log10().floor(), 15) + 1;
    let text = number(value, 6_usize.saturating_sub(digits));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
