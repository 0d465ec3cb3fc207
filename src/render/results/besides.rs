//! What was looked at besides the decision, in words: effects by the values of a dimension, and other experiments.

use super::amounts::{Amounts, Change, p_value};
use super::pen::Pen;
use super::verdict::Mark;
use crate::render::figures::{counted, listed};
use crate::results::{Breakdown, Effect, Interaction, Metric, Results, Slice};

/// The most interactions that are told.
const MOST: usize = 5;

/// What a breakdown is called, and how much of it is to be believed.
pub const TITLE: &str = "Breakdowns";

/// "exploratory: 6 looked at, none survives correction".
pub fn caveat(results: &Results) -> String {
    let effects = || results.breakdowns.iter().flat_map(|own| &own.slices).flat_map(|slice| &slice.effects);
    let looked = effects().filter(|effect| effect.p.number().is_some()).count();
    let standing = effects().filter(|effect| effect.stands_out).count();
    let differing = effects().filter(|effect| effect.differs).count();
    let survive = match standing {
        0 => "none survives correction".to_owned(),
        1 => "1 survives correction".to_owned(),
        several => format!("{several} survive correction"),
    };
    let differ = match differing {
        0 => String::new(),
        1 => ", 1 differs from all others".to_owned(),
        several => format!(", {several} differ from all others"),
    };
    format!("exploratory: {} looked at, {survive}{differ}", counted(looked, "effect", "effects"))
}

/// How effects by the values of a dimension are to be read.
pub const NOTE: &str = "Nothing is decided by these. Their intervals are each by itself; what survives is corrected for all that were \
                        looked at (Holm). Units are told apart as they were at their first exposure.";

/// The value of a slice; what is no value is not written as one.
pub fn value(slice: &Slice, pen: Pen) -> String {
    match slice.value.as_deref() {
        None => "all others".to_owned(),
        Some("") => "without a value".to_owned(),
        Some(value) => (pen.name)(value),
    }
}

/// The effects of a slice on a metric, one for each treatment.
pub fn effects<'a>(slice: &'a Slice, metric: &'a Metric) -> impl Iterator<Item = &'a Effect> {
    slice.effects.iter().filter(|effect| effect.metric == metric.id)
}

/// The metrics that breakdowns are of, the primary one first.
pub fn metrics(results: &Results) -> Vec<&Metric> {
    let all = || results.breakdowns.iter().flat_map(|own| &own.slices).flat_map(|slice| &slice.effects);
    let mut found: Vec<&Metric> =
        results.metrics.iter().filter(|metric| all().any(|effect| effect.metric == metric.id)).collect();
    let primary = results.primary().map(|metric| &metric.id);
    found.sort_by_key(|metric| Some(&metric.id) != primary);
    found
}

/// The lift of an effect with its interval; the difference where that is undefined, else why there is nothing.
pub fn figures(amounts: &Amounts, effect: &Effect, pen: Pen) -> (String, String) {
    let contrast = &effect.contrast;
    let change = Change::between((&contrast.lift, &contrast.lift_interval), (&contrast.difference, &contrast.interval));
    match change {
        Change::Lift(lift, Some(around)) => (amounts.lift(lift), amounts.lifts_short(around)),
        Change::Difference(difference, Some(around)) => (amounts.difference(difference), amounts.differences(around)),
        _ => ("–".to_owned(), (pen.words)(contrast.interval.why().unwrap_or("it is undefined"))),
    }
}

/// What is said of an effect; nothing where nothing is.
pub fn says(effect: &Effect) -> &'static str {
    match (effect.stands_out, effect.differs) {
        (true, true) => "survives correction; differs from all others",
        (true, false) => "survives correction",
        (false, true) => "differs from all others",
        (false, false) => "",
    }
}

/// Why nothing is broken down by a dimension.
pub fn failed(breakdown: &Breakdown, pen: Pen) -> Option<String> {
    let why = match (&breakdown.failed, breakdown.slices.is_empty()) {
        (Some(why), _) => (pen.sentence)(why),
        (None, true) => "no unit was exposed".to_owned(),
        (None, false) => return None,
    };
    Some(format!("{} cannot be looked at: {why}.", (pen.name)(&breakdown.dimension)))
}

/// Whether other experiments change the effects, a sentence each with its mark; none where no other was counted.
pub fn others(results: &Results, pen: Pen) -> Vec<(Mark, String)> {
    let Some(interactions) = &results.interactions else { return Vec::new() };
    let found = &interactions.found;
    let mut said: Vec<(Mark, String)> =
        found.iter().take(MOST).map(|found| (Mark::Open, changes(results, found, pen))).collect();
    if found.len() > MOST {
        said.push((Mark::Open, format!("{} more such changes", found.len() - MOST)));
    }
    if found.is_empty() {
        let named: Vec<String> = interactions.with.iter().take(MOST).map(|id| (pen.name)(id)).collect();
        let more = interactions.with.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let whom = if more.is_empty() { listed(&named) } else { format!("{}{more}", named.join(", ")) };
        said.push(match interactions.tests {
            0 => (Mark::Quiet, format!("too few units are shared with {whom} to tell whether effects change")),
            _ => (Mark::Good, format!("no effect is significantly changed by {whom}")),
        });
    }
    said
}

/// "`other` changes what `bold` does to `minutes`: +3.0 min with its control, −1.2 min with its `calm`, p = 0.004 after correction".
fn changes(results: &Results, found: &Interaction, pen: Pen) -> String {
    let metric = results.metrics.iter().find(|metric| metric.id == found.metric);
    let amount = |value: f64| match metric {
        Some(metric) => Amounts::at(results, metric, pen).difference(value),
        None => (pen.number)(&super::method::digits(value), value),
    };
    format!(
        "{} changes what {} does to {}: {} with its control, {} with its {}, {} after correction",
        (pen.name)(&found.with),
        (pen.name)(&found.variant),
        (pen.name)(&found.metric),
        amount(found.effect),
        amount(found.changed),
        (pen.name)(&found.under),
        (pen.number)(&p_value(found.adjusted), found.adjusted)
    )
}
