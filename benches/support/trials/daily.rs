//! How often an experiment without an effect is ever significant, looked at every day.

use allotment::stats::sequential::{Look, Sequence, Sides, Spending, bounds};
use allotment::stats::{Comparison, Contrast, Critical, Direction, Estimate, Ordered, Undefined};

use super::{ALPHA, Random, Rate, Sums};

/// What the units of a simulated metric are like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// A mean of normal numbers.
    Mean,
    /// A conversion of 2 % of the units.
    Conversion,
    /// Conversions per session, of units that differ in both.
    Ratio,
    /// Lognormal with σ = 2, at each look capped at the 99th percentile of what there is.
    Capped,
    /// The same uncapped.
    Heavy,
}

impl Metric {
    pub const ALL: [Self; 5] = [Self::Mean, Self::Conversion, Self::Ratio, Self::Capped, Self::Heavy];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean, normal",
            Self::Conversion => "conversion, 2 %",
            Self::Ratio => "ratio",
            Self::Capped => "heavy tail, capped",
            Self::Heavy => "heavy tail as it is",
        }
    }

    fn draw(self, random: &mut Random) -> [f64; 2] {
        match self {
            Self::Mean => [random.normal(), 1.0],
            Self::Conversion => [f64::from(u8::from(random.uniform() < 0.02)), 1.0],
            Self::Capped | Self::Heavy => [(2.0 * random.normal()).exp(), 1.0],
            Self::Ratio => {
                let rate = 0.05 + 0.3 * random.uniform();
                let sessions = 1.0 - (2.0 * (1.0 - random.uniform()).ln()).ceil();
                let (mut converted, mut left) = (0.0, sessions);
                while left > 0.0 {
                    converted += f64::from(u8::from(random.uniform() < rate));
                    left -= 1.0;
                }
                [converted, sessions]
            }
        }
    }
}

/// An arm as it grows.
#[derive(Default)]
struct Arm {
    /// Only where they are to be capped.
    values: Vec<f64>,
    sums: Sums<2>,
}

/// How results are judged each day: by name, and at which error.
const METHODS: [(&str, Method, f64); 4] = [
    ("group sequential, O'Brien–Fleming", Method::Spending(Spending::OBrienFleming, Sides::Two), ALPHA),
    ("group sequential, Pocock", Method::Spending(Spending::Pocock, Sides::Two), ALPHA),
    ("deterioration, one-sided Pocock", Method::Spending(Spending::Pocock, Sides::One), 0.01),
    ("confidence sequence", Method::AlwaysValid, ALPHA),
];

#[derive(Debug, Clone, Copy)]
enum Method {
    Spending(Spending, Sides),
    AlwaysValid,
}

/// Experiments without an effect, looked at daily: how often any look is significant, by method.
pub fn daily(metric: Metric, days: u32, per_day: u32, trials: u32, seed: u64) -> Vec<Rate> {
    let mut random = Random::new(seed);
    let mut hits = [0; METHODS.len()];
    for _ in 0..trials {
        let looks = course(metric, days, per_day, &mut random);
        for ((_, method, alpha), hits) in METHODS.iter().zip(&mut hits) {
            *hits += u32::from(crosses(*method, *alpha, &looks, f64::from(days * per_day)));
        }
    }
    let rate = |((name, _, limit), hits): (&(&str, Method, f64), u32)| Rate {
        what: format!("{name}: {}", metric.name()),
        hits,
        trials,
        limit: *limit,
    };
    METHODS.iter().zip(hits).map(rate).collect()
}

/// Control and treatment at each look.
fn course(metric: Metric, days: u32, per_day: u32, random: &mut Random) -> Vec<Result<[Estimate; 2], Undefined>> {
    let mut arms = [Arm::default(), Arm::default()];
    let mut day = || {
        for arm in &mut arms {
            for _ in 0..per_day {
                let row = metric.draw(random);
                arm.sums.push(row);
                if metric == Metric::Capped {
                    arm.values.push(row[0]);
                }
            }
        }
        let [control, treatment] = &arms;
        let cap = match metric {
            Metric::Capped => {
                let all: Vec<f64> = arms.iter().flat_map(|arm| &arm.values).copied().collect();
                Some(Ordered::of(&all)?.cap(0.99)?)
            }
            _ => None,
        };
        let of = |arm: &Arm| match (metric, cap) {
            (Metric::Ratio, _) => Estimate::of_ratio(&arm.sums.moments()?),
            (_, Some(cap)) => Sums::of(arm.values.iter().map(|value| [value.min(cap)])).mean(),
            _ => arm.sums.mean(),
        };
        Ok([of(control)?, of(treatment)?])
    };
    (0..days).map(|_| day()).collect()
}

/// Whether any look is significant.
fn crosses(method: Method, alpha: f64, looks: &[Result<[Estimate; 2], Undefined>], planned: f64) -> bool {
    let pairs =
        || looks.iter().map(|look| look.as_ref().map(|[control, treatment]| Comparison::new(control, treatment)));
    let judged = |critical: Critical, pair: &Comparison<'_>, sides: Sides| {
        let judged = pair.judge(critical, Direction::Increase, None);
        judged.is_ok_and(|judged| judged.worse || (sides == Sides::Two && judged.better))
    };
    match method {
        Method::Spending(spending, sides) => {
            let of = |(pair, day): (Result<Comparison<'_>, _>, usize)| {
                let contrast: Option<Contrast> = pair.ok().and_then(|pair| pair.against(1.0).ok());
                let information = contrast.map_or(0.0, |contrast| 1.0 / contrast.variance);
                Look { fraction: day as f64 / looks.len() as f64, information, last: day == looks.len() }
            };
            let at: Vec<Look> = pairs().zip(1..).map(of).collect();
            let limits = bounds(spending, alpha, sides, &at).expect("bounds");
            pairs().zip(limits).any(|(pair, limit)| match (pair, limit) {
                (Ok(pair), Ok(limit)) => judged(Critical::Boundary { z: limit.critical }, &pair, sides),
                _ => false,
            })
        }
        Method::AlwaysValid => {
            let sequence = Sequence::tuned(alpha, Sides::Two, 2.0 * planned, 100.0).expect("a sequence");
            pairs().flatten().any(|pair| {
                let [control, treatment] = [pair.control, pair.treatment].map(|arm| arm.count as f64);
                let critical = sequence.critical(control, treatment);
                critical.is_ok_and(|q| judged(Critical::Width { q }, &pair, Sides::Two))
            })
        }
    }
}
