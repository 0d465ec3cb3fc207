//! What each arm estimates of a metric: from sums or quantiles to estimates that are compared as means.

use super::setting::Judging;
use crate::results::{ArmTally, MetricKind, MetricTally, Sums, UnitQuantile};
use crate::stats::{Adjusted, Around, Estimate, Moments, Undefined, adjust};

/// Estimates of all arms, control first.
#[derive(Debug)]
pub(super) struct Estimated {
    /// What is compared: adjusted, where a covariate is used.
    pub arms: Vec<Result<Estimate, String>>,
    /// As observed.
    pub raw: Vec<Result<Estimate, String>>,
    /// What adjusting did, or why it did nothing; none without a covariate.
    pub adjusted: Option<Result<Adjusted, Undefined>>,
    /// The same with units kept that were seen in two variants; none where nothing differs.
    pub kept: Option<Vec<Result<Estimate, String>>>,
    /// The units of each arm day by day, cumulated: days after the start with the moments of all arms.
    pub days: Vec<(u32, Vec<Moments>)>,
    /// Complete units of each arm.
    pub units: Vec<u64>,
    pub without_rows: u64,
    /// Where values were cut: the outcome's columns.
    pub cap: Option<Vec<f64>>,
    pub failed: Option<String>,
    /// The moments of each arm, where there are sums.
    pub moments: Vec<Result<Moments, Undefined>>,
    pub ratio: bool,
}

impl Estimated {
    pub fn of(metric: &Judging<'_>, tally: Option<&MetricTally>, variants: usize) -> Self {
        let nothing = |failed: String| Self {
            arms: vec![Err(failed.clone()); variants],
            raw: vec![Err(failed.clone()); variants],
            adjusted: None,
            kept: None,
            days: Vec::new(),
            units: vec![0; variants],
            without_rows: 0,
            cap: None,
            failed: Some(failed),
            moments: Vec::new(),
            ratio: false,
        };
        let Some(tally) = tally else {
            let given = metric.kind == MetricKind::Aggregate;
            return nothing(
                if given { "the statistics have no row of it" } else { "nothing was counted of it" }.to_owned(),
            );
        };
        if let Some(failed) = &tally.failed {
            return nothing(failed.clone());
        }
        if tally.arms.len() != variants {
            return nothing("it was not counted for every variant".to_owned());
        }
        let caps = tally.caps.as_ref();
        let ratio = metric.kind == MetricKind::Ratio;
        let outcomes = if ratio { 2 } else { 1 };
        let cap = caps.map(|caps| caps.at.iter().take(outcomes).copied().flatten().collect::<Vec<f64>>());
        let counted = Self {
            units: tally.arms.iter().map(|arm| arm.sums.n).collect(),
            without_rows: super::all(tally.arms.iter().map(|arm| arm.without_rows)),
            cap: cap.filter(|at| !at.is_empty()),
            ratio,
            ..nothing(String::new())
        };
        let counted = Self { failed: None, ..counted };
        if caps.is_some_and(|caps| caps.collapsed) {
            let why = || vec![Err(Undefined::CollapsedCap.to_string()); variants];
            return Self { arms: why(), raw: why(), ..counted };
        }
        if metric.kind == MetricKind::Quantile {
            let arms: Vec<_> = tally.arms.iter().map(|arm| quantile(arm, metric.level()).map_err(said)).collect();
            return Self { raw: arms.clone(), arms, ..counted };
        }
        let moments: Vec<Result<Moments, Undefined>> = tally.arms.iter().map(|arm| moments(&arm.sums)).collect();
        let sums = Summed::of(&moments, ratio);
        let mixed = tally.arms.iter().any(|arm| arm.kept != arm.sums && arm.kept.n > 0);
        let kept = mixed.then(|| {
            let moments: Vec<_> = tally.arms.iter().map(|arm| self::moments(&arm.kept)).collect();
            Summed::compared(&moments, ratio)
        });
        let days = cumulated(&tally.arms);
        Self { arms: sums.arms, raw: sums.raw, adjusted: sums.adjusted, kept, days, moments, ..counted }
    }
}

/// Estimates from moments.
pub(super) struct Summed {
    pub arms: Vec<Result<Estimate, String>>,
    pub raw: Vec<Result<Estimate, String>>,
    pub adjusted: Option<Result<Adjusted, Undefined>>,
}

impl Summed {
    /// Adjusted for covariates, where columns follow those of the outcome; as observed where that is not possible.
    pub fn of(moments: &[Result<Moments, Undefined>], ratio: bool) -> Self {
        let (raw, adjusted) = (observed(moments, ratio), adjusted(moments, ratio));
        let arms = match &adjusted {
            Some(Ok(adjusted)) => adjusted.arms.iter().cloned().map(Ok).collect(),
            _ => raw.clone(),
        };
        Self { arms, raw, adjusted }
    }

    /// The estimates that are compared, alone.
    pub fn compared(moments: &[Result<Moments, Undefined>], ratio: bool) -> Vec<Result<Estimate, String>> {
        match adjusted(moments, ratio) {
            Some(Ok(adjusted)) => adjusted.arms.into_iter().map(Ok).collect(),
            _ => observed(moments, ratio),
        }
    }
}

/// The estimates without adjustment.
fn observed(moments: &[Result<Moments, Undefined>], ratio: bool) -> Vec<Result<Estimate, String>> {
    let estimate = |own: &Result<Moments, Undefined>| match own {
        Ok(own) if ratio => Estimate::of_ratio(own),
        Ok(own) => Estimate::of_mean(own, 0),
        Err(why) => Err(*why),
    };
    moments.iter().map(|own| estimate(own).map_err(said)).collect()
}

/// The estimates with it; none without a covariate.
fn adjusted(moments: &[Result<Moments, Undefined>], ratio: bool) -> Option<Result<Adjusted, Undefined>> {
    let outcomes = if ratio { 2 } else { 1 };
    let covariate = moments.iter().flatten().any(|own| own.columns() > outcomes);
    let linear = |own: &Result<Moments, Undefined>| match own {
        Ok(own) if ratio => own.linearised(),
        Ok(own) => Ok(own.clone()),
        Err(why) => Err(*why),
    };
    let adjusted = || adjust(&moments.iter().map(linear).collect::<Result<Vec<_>, _>>()?);
    covariate.then(adjusted)
}

pub(super) fn moments(sums: &Sums) -> Result<Moments, Undefined> {
    if sums.n == 0 {
        return Err(Undefined::EmptyArm);
    }
    Moments::from_sums(sums.n, &sums.shifts, &sums.sums, &sums.products)
}

pub(super) fn quantile(arm: &ArmTally, level: f64) -> Result<Estimate, Undefined> {
    match (&arm.events, &arm.quantile) {
        (Some(of), _) if of.events > 0 => Estimate::of_quantile_between(arm.sums.n, of.value, of.lower, of.upper),
        (_, of) => over_units(of.as_ref(), level),
    }
}

/// A quantile over units, as it was counted.
pub(super) fn over_units(of: Option<&UnitQuantile>, level: f64) -> Result<Estimate, Undefined> {
    let UnitQuantile { units, value, lower, upper } = *of.ok_or(Undefined::EmptyArm)?;
    Estimate::of_quantile_around(level, Around { count: units, value, lower, upper })
}

/// The moments of the units up to each day on which there are any, once every arm has some.
fn cumulated(arms: &[ArmTally]) -> Vec<(u32, Vec<Moments>)> {
    let mut days: Vec<u32> = arms.iter().flat_map(|arm| arm.days.iter().map(|day| day.day)).collect();
    days.sort_unstable();
    days.dedup();
    let mut left: Vec<_> = arms.iter().map(|arm| (Sums::default(), arm.days.iter().peekable())).collect();
    let mut cumulated = Vec::with_capacity(days.len());
    for day in days {
        for (so_far, rest) in &mut left {
            while let Some(next) = rest.next_if(|next| next.day <= day) {
                if !add(so_far, &next.sums) {
                    return cumulated;
                }
            }
        }
        let all: Result<Vec<Moments>, _> = left.iter().map(|(so_far, _)| moments(so_far)).collect();
        cumulated.extend(all.ok().map(|all| (day.saturating_add(1), all)));
    }
    cumulated
}

/// Adds sums of the same columns, about the shifts of the first; whether they are.
pub(super) fn add(to: &mut Sums, more: &Sums) -> bool {
    if to.n == 0 {
        to.clone_from(more);
        return true;
    }
    let lengths = |own: &Sums| [own.shifts.len(), own.sums.len(), own.products.len()];
    if lengths(to) != lengths(more) {
        return false;
    }
    let n = more.n as f64;
    // Those of each day and each part are about what its own first unit has.
    let moved: Vec<f64> = more.shifts.iter().zip(&to.shifts).map(|(from, to)| from - to).collect();
    let columns = || moved.iter().zip(&more.sums);
    let pairs = columns().enumerate().flat_map(|(at, x)| columns().take(at + 1).map(move |y| (x, y)));
    for ((to, product), ((by_x, x), (by_y, y))) in to.products.iter_mut().zip(&more.products).zip(pairs) {
        *to += product + (by_x * y + by_y * x) + n * by_x * by_y;
    }
    to.sums.iter_mut().zip(columns()).for_each(|(to, (by, sum))| *to += sum + n * by);
    to.n = to.n.saturating_add(more.n);
    true
}

pub(super) fn said(why: impl std::fmt::Display) -> String {
    why.to_string()
}
