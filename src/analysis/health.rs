//! Whether the data can be trusted: the sample ratio, units in two variants, balance before exposure, missing data.

use super::arms::Estimated;
use super::balance::balance;
use super::setting::{Judging, Setting};
use super::{Counted, Question};
use crate::results::{Check, CheckName, Figure, Part, Results, Status, Tally};
use crate::stats::{SampleRatio, goodness_of_fit};

/// The share of units in two variants above which nothing is decided.
const MIXED: f64 = 0.01;
/// The share of exposures of unknown variants, or without a key, above which nothing is decided.
const STRAY: f64 = 0.01;

/// Complete units among whom even rare facts should be.
const MANY: u64 = 10_000;

/// Every check, in a fixed order.
pub(super) fn checks(
    question: &Question<'_, '_>,
    setting: &Setting<'_>,
    counted: &Counted<'_>,
    estimated: &[Estimated],
) -> Vec<Check> {
    vec![
        sample_ratio(question, setting, counted),
        mixed(setting, counted),
        balance(setting, estimated),
        missing(setting, counted, estimated),
    ]
}

impl Check {
    /// A check that has nothing to look at.
    pub(super) fn unchecked(name: CheckName, found: &str) -> Self {
        Self {
            name,
            status: Status::Unchecked,
            found: found.to_owned(),
            help: None,
            value: None,
            limit: None,
            parts: Vec::new(),
        }
    }
}

/// The counts of each variant, in the setting's order.
fn counts(setting: &Setting<'_>, tally: &Tally, of: impl Fn(&crate::results::Arm) -> u64) -> Vec<u64> {
    let arm = |id: &str| tally.arms.iter().find(|arm| arm.variant == id);
    setting.variants.iter().map(|(id, _)| arm(id).map_or(0, &of)).collect()
}

fn weights(setting: &Setting<'_>) -> Vec<u64> {
    setting.variants.iter().map(|(_, weight)| *weight).collect()
}

fn shares(weights: &[u64]) -> Vec<f64> {
    let all = super::all(weights.iter().copied());
    weights.iter().map(|&weight| weight as f64 / all.max(1) as f64).collect()
}

/// Counts against what the weights let expect.
fn expected(setting: &Setting<'_>, counts: &[u64]) -> Vec<Part> {
    let all = super::all(counts.iter().copied());
    let shares = shares(&weights(setting));
    let parts = setting.variants.iter().zip(counts).zip(shares);
    let part = |(((id, _), &count), share): ((&(String, u64), &u64), f64)| Part {
        variant: Some(id.clone()),
        metric: None,
        value: Figure::Known(count as f64),
        expected: Some(all as f64 * share),
        p: None,
    };
    parts.map(part).collect()
}

/// All exposed units, before any are dropped, against the ranges in the lock: at the end by Pearson's chi-square, before that
/// sequentially. The sequential test has kept its error over all looks, so that an alarm is evidence, and stays until a new phase.
fn sample_ratio(question: &Question<'_, '_>, setting: &Setting<'_>, counted: &Counted<'_>) -> Check {
    let name = CheckName::SampleRatio;
    let counts = counts(setting, counted.tally, |arm| arm.exposed);
    let all = super::all(counts.iter().copied());
    if all == 0 {
        return Check::unchecked(name, "nobody was exposed yet");
    }
    let weights = weights(setting);
    let pearson = goodness_of_fit(&counts, &shares(&weights)).filter(|_| setting.ended());
    let earlier = || question.earlier.iter().filter_map(|results| Some((results, sample_ratio_before(results)?)));
    let raised = earlier().find(|(_, p)| *p < SampleRatio::ALARM);
    let own = match pearson {
        Some(test) => Ok(test.p),
        None => {
            let before = earlier().map(|(_, p)| p).fold(1.0, f64::min);
            SampleRatio::default().look(&counts, &weights).map(|p| p.min(before))
        }
    };
    let value = match (own, raised) {
        (own, Some((_, before))) => Ok(own.map_or(before, |own| own.min(before))),
        (own, None) => own,
    };
    let failed = value.as_ref().is_ok_and(|p| *p < SampleRatio::ALARM);
    let listed = |numbers: &[String]| numbers.join(" : ");
    let seen = listed(&counts.iter().map(u64::to_string).collect::<Vec<_>>());
    let planned = listed(&shares(&weights).iter().map(|share| rounded(100.0 * share)).collect::<Vec<_>>());
    let found = match (&value, raised) {
        (Err(why), _) => why.to_string(),
        (_, Some((first, _))) => format!(
            "units were not the {planned} that was allotted at the look of {}; now they are {seen}, and an alarm once given stays",
            first.at
        ),
        (_, None) if failed => format!("{seen} units are not the {planned} that was allotted"),
        (_, None) => format!("{seen} units, as was allotted"),
    };
    let help = "look for a variant that logs exposures otherwise or loses users before it does, such as a redirect, a crash or a \
                filter of bots; mend that, and begin a new phase";
    Check {
        name,
        status: match value {
            Err(_) => Status::Unchecked,
            Ok(_) if failed => Status::Failed,
            Ok(_) => Status::Passed,
        },
        found,
        help: failed.then(|| help.to_owned()),
        value: Some(Figure::from(value)),
        limit: Some(SampleRatio::ALARM),
        parts: expected(setting, &counts),
    }
}

/// The p-value that an earlier look came to.
fn sample_ratio_before(results: &Results) -> Option<f64> {
    let check = results.health.iter().find(|check| check.name == CheckName::SampleRatio)?;
    check.value.as_ref()?.number()
}

/// A share in percent, without decimals that say nothing.
fn rounded(percent: f64) -> String {
    let text = format!("{percent:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Units in two variants: too many, or dropped ones that do not follow the weights.
fn mixed(setting: &Setting<'_>, counted: &Counted<'_>) -> Check {
    let name = CheckName::MixedAssignments;
    let tally = counted.tally;
    if counted.aggregated {
        return Check::unchecked(name, "aggregates do not tell units that were seen in two variants");
    }
    let exposed = super::all(tally.arms.iter().map(|arm| arm.exposed));
    if exposed == 0 {
        return Check::unchecked(name, "nobody was exposed yet");
    }
    let counts = counts(setting, tally, |arm| arm.mixed);
    let dropped = super::all(counts.iter().copied());
    let share = dropped as f64 / exposed as f64;
    let fit = goodness_of_fit(&counts, &shares(&weights(setting)));
    let crooked = fit.is_some_and(|fit| fit.p < SampleRatio::ALARM);
    let failed = share > MIXED || crooked;
    let percent = rounded(100.0 * share);
    let found = match (share > MIXED, crooked) {
        (true, _) => format!("{percent}% of units were seen in two variants"),
        (_, true) => format!("the {dropped} units seen in two variants came from one variant more than from another"),
        _ if dropped == 0 => "no unit was seen in two variants".to_owned(),
        _ => format!("{percent}% of units were seen in two variants, and are dropped"),
    };
    let help = "look for identities that are shared or change, such as a login, and for caches that serve one variant to \
                several units";
    Check {
        name,
        status: if failed { Status::Failed } else { Status::Passed },
        found,
        help: failed.then(|| help.to_owned()),
        value: Some(Figure::Known(share)),
        limit: Some(MIXED),
        parts: expected(setting, &counts),
    }
}

/// Exposures and facts that are not there.
fn missing(setting: &Setting<'_>, counted: &Counted<'_>, estimated: &[Estimated]) -> Check {
    let name = CheckName::MissingData;
    let tally = counted.tally;
    let exposed = super::all(tally.arms.iter().map(|arm| arm.exposed));
    let check = |status, found: String, help: Option<String>, parts| Check {
        name,
        status,
        found,
        help,
        value: None,
        limit: None,
        parts,
    };
    if exposed == 0 && setting.elapsed() == 0 {
        return Check::unchecked(name, "the first day is not over");
    }
    if exposed == 0 {
        let help = format!("see that applications log exposures of `{}` and that they reach the warehouse", tally.key);
        return check(Status::Failed, "there are no exposures".to_owned(), Some(help), Vec::new());
    }
    let counts = counts(setting, tally, |arm| arm.exposed);
    let empty = setting.variants.iter().zip(&counts).find(|(_, count)| **count == 0).map(|((id, _), _)| id);
    // A few units of a new experiment may all have the same variant.
    if let Some(variant) = empty.filter(|_| exposed >= 20) {
        let help = "see that the variant is served, and that its exposures are logged under its id".to_owned();
        return check(Status::Failed, format!("there are no exposures of `{variant}`"), Some(help), Vec::new());
    }
    let stray = tally.rows_unknown_variant.max(tally.rows_without_key);
    if stray as f64 > STRAY * exposed as f64 {
        let unknown = tally.rows_unknown_variant >= tally.rows_without_key;
        let what = if unknown { "name a variant that it does not have" } else { "lack their unit, variant or instant" };
        let help = "see what writes them: units may be missing from every figure".to_owned();
        return check(Status::Failed, format!("{stray} exposures {what}"), Some(help), Vec::new());
    }
    let found_of = || setting.metrics.iter().zip(estimated).map(|(metric, own)| (metric, own, Found::of(metric, own)));
    let lacking = |found: Found| found_of().filter(move |own| own.2 == found).map(|(metric, own, _)| (metric, own));
    let part = |(metric, own): (&Judging<'_>, &Estimated)| Part {
        variant: None,
        metric: Some(metric.id.clone()),
        value: match &own.failed {
            Some(why) => Figure::undefined(why),
            None => Figure::Known(super::all(own.units.iter().copied()) as f64),
        },
        expected: None,
        p: None,
    };
    let arrive = "see that its facts are declared as they are, and that they arrive";
    if let Some((metric, own)) = lacking(Found::Lacking).next() {
        let found = match &own.failed {
            Some(why) => format!("`{}` could not be computed: {why}", metric.id),
            None => format!("no unit has a fact of `{}`", metric.id),
        };
        let help = if counted.aggregated { "see that the statistics have it for every variant" } else { arrive };
        let parts = lacking(Found::Lacking).map(part).collect();
        return check(Status::Failed, found, Some(help.to_owned()), parts);
    }
    // Too few to tell a fault from what is rare; but nobody should think that facts are there.
    if lacking(Found::Nothing).next().is_some() {
        let of: Vec<String> = lacking(Found::Nothing).take(5).map(|(metric, _)| format!("`{}`", metric.id)).collect();
        let found = format!(
            "there are exposures of every variant, but no unit has a fact of {}; in fewer than 10,000 units that may be \
             chance or a fault",
            of.join(", ")
        );
        let help = format!("{arrive}, before anything is recorded of it");
        let parts = lacking(Found::Nothing).map(part).collect();
        return check(Status::Unchecked, found, Some(help), parts);
    }
    let facts = match (lacking(Found::Facts).next(), lacking(Found::Early).next()) {
        (_, None) => "and facts of every metric",
        (Some(_), Some(_)) => "and facts of every metric for which units are complete",
        (None, Some(_)) => "and no unit is complete for a metric yet",
    };
    check(Status::Passed, format!("there are exposures of every variant, {facts}"), None, Vec::new())
}

/// Whether there are complete units, and none has a fact of a metric.
pub(super) fn is_without_facts(metric: &Judging<'_>, own: &Estimated) -> bool {
    own.failed.is_none() && matches!(Found::of(metric, own), Found::Lacking | Found::Nothing)
}

/// What there is of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It cannot be computed, or so many units are without facts that some are missing.
    Lacking,
    /// No unit has a fact, and there are few.
    Nothing,
    /// No unit is complete yet.
    Early,
    Facts,
}

impl Found {
    fn of(metric: &Judging<'_>, own: &Estimated) -> Self {
        let counted = super::all(own.units.iter().copied());
        // Where units without facts are dropped, those that are counted have some.
        let (complete, none) = match metric.drops_missing() {
            true => (counted.saturating_add(own.without_rows), counted == 0),
            false => (counted, own.without_rows >= counted),
        };
        match own.failed {
            Some(_) => Self::Lacking,
            None if complete == 0 => Self::Early,
            None if none && complete >= MANY => Self::Lacking,
            None if none => Self::Nothing,
            None => Self::Facts,
        }
    }
}
