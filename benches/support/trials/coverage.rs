//! How often intervals cover what is true, over numbers of units and skews.

use allotment::stats::sequential::{Look, Sequence, Sides, Spending, bounds};
use allotment::stats::{
    Comparison, Critical, Direction, Estimate, Interval, Judgement, Ordered, Undefined, adjust, normal, post_stratify,
};

use super::{ALPHA, Random, Sums};

/// What a unit's values are like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Mean 2, standard deviation 1.
    Normal,
    /// exp(σ·z).
    Lognormal(f64),
}

pub const SHAPES: [Shape; 4] = [Shape::Normal, Shape::Lognormal(0.5), Shape::Lognormal(1.0), Shape::Lognormal(2.0)];

/// The lift of the treatment.
const LIFT: f64 = 0.1;
/// The correlation of the normal numbers behind a value and what is known of its unit from before.
const CORRELATION: f64 = 0.7;
/// Looks of the sequential intervals, which must cover at all of them.
const LOOKS: usize = 10;

impl Shape {
    pub fn name(self) -> String {
        match self {
            Self::Normal => "normal".to_owned(),
            Self::Lognormal(sigma) => format!("lognormal, σ = {sigma}"),
        }
    }

    fn value(self, z: f64) -> f64 {
        match self {
            Self::Normal => 2.0 + z,
            Self::Lognormal(sigma) => (sigma * z).exp(),
        }
    }

    fn mean(self) -> f64 {
        match self {
            Self::Normal => 2.0,
            Self::Lognormal(sigma) => (0.5 * sigma * sigma).exp(),
        }
    }

    /// The mean of the values of those units whose number from before is above 0, times their share, which is a half.
    fn mean_above(self) -> f64 {
        match self {
            Self::Normal => 1.0 + CORRELATION / std::f64::consts::TAU.sqrt(),
            Self::Lognormal(sigma) => self.mean() * normal::cdf(CORRELATION * sigma),
        }
    }

    fn quantile(self, level: f64) -> f64 {
        self.value(normal::quantile(level).expect("a level"))
    }
}

/// All intervals, each with what its number of units counts.
pub const INTERVALS: [&str; 15] = [
    "difference of means (Welch)",
    "difference of means, a tenth of the units in the treatment",
    "relative lift (Fieller)",
    "relative lift, a tenth of the units in the treatment",
    "difference of ratios",
    "difference of medians",
    "difference of 90th percentiles",
    "difference of 90th percentiles of events, 1 or 3 a unit",
    "difference of means capped at the 99th percentile, no effect",
    "difference with a covariate (CUPED)",
    "relative lift with a covariate",
    "difference over four strata",
    "difference where clusters of 5 and 15 are randomised",
    "confidence sequence, 10 looks",
    "repeated intervals, O'Brien–Fleming, 10 looks",
];

/// What became of one kind of interval.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// All of the interval is below what is true.
    pub below: u32,
    /// All of it is above.
    pub above: u32,
    /// There is none, for a reason.
    pub undefined: u32,
}

/// One shape and number of units.
#[derive(Debug, Clone)]
pub struct Cell {
    pub shape: Shape,
    /// Units per arm, or half of all where arms differ.
    pub units: usize,
    pub trials: u32,
    pub counts: [Count; INTERVALS.len()],
}

impl Cell {
    /// How many intervals there were.
    pub fn defined(&self, at: usize) -> u32 {
        self.trials - self.counts[at].undefined
    }

    /// The share of the intervals that miss what is true.
    pub fn missed(&self, at: usize) -> f64 {
        let count = self.counts[at];
        f64::from(count.below + count.above) / f64::from(self.defined(at))
    }
}

/// Simulates one shape and number of units, each unit with what came before.
pub fn cover(shape: Shape, units: usize, trials: u32, seed: u64) -> Cell {
    let mut random = Random::new(seed);
    let mut cell = Cell { shape, units, trials, counts: Default::default() };
    let mut draw = Draw { before: vec![0.0; 2 * units], after: vec![0.0; 2 * units], values: vec![0.0; 2 * units] };
    for _ in 0..trials {
        draw.again(shape, &mut random);
        let found = intervals(shape, units, &draw, &mut random);
        for (count, (intervals, truth)) in cell.counts.iter_mut().zip(found) {
            let defined = || intervals.iter().flatten();
            let below = defined().any(|interval| interval.high < truth);
            count.below += u32::from(below);
            count.above += u32::from(!below && defined().any(|interval| interval.low > truth));
            count.undefined += u32::from(defined().next().is_none());
        }
    }
    cell
}

/// The units of both arms, control first, before the treatment does anything.
struct Draw {
    /// Normal numbers from before.
    before: Vec<f64>,
    /// Normal numbers that correlate with those.
    after: Vec<f64>,
    values: Vec<f64>,
}

impl Draw {
    fn again(&mut self, shape: Shape, random: &mut Random) {
        let rest = (1.0 - CORRELATION * CORRELATION).sqrt();
        for ((before, after), value) in self.before.iter_mut().zip(&mut self.after).zip(&mut self.values) {
            *before = random.normal();
            *after = CORRELATION * *before + rest * random.normal();
            *value = shape.value(*after);
        }
    }
}

/// One for each look.
type Found = (Vec<Result<Interval, Undefined>>, f64);

/// The intervals of an experiment, and what is true, in the order of their names.
fn intervals(shape: Shape, units: usize, draw: &Draw, random: &mut Random) -> Vec<Found> {
    let (mean, horizon) = (shape.mean(), Critical::Horizon { alpha: ALPHA });
    let ratio = 0.5 * (mean + 2.0 * shape.mean_above());
    let arms = [0, 1].map(|arm| Arm::new(shape, &draw_of(draw, units, arm), 1.0 + LIFT * arm as f64, random));
    let one = |of: &dyn Fn(&Arm) -> Result<Estimate, Undefined>| judge(of(&arms[0]), of(&arms[1]), horizon);
    let absolute = |judged: &Result<Judgement, Undefined>, truth| (vec![judged.map(|judged| judged.absolute)], truth);
    let relative = |judged: &Result<Judgement, Undefined>| (vec![judged.and_then(|judged| judged.relative)], LIFT);
    let plain = one(&|arm| arm.looks[LOOKS - 1].mean());
    let few = (units / 5).max(3);
    let uneven = {
        let (treatment, control) = draw.values.split_at(few);
        let of = |values: &[f64], factor| Sums::of(values.iter().map(|value| [factor * value])).mean();
        judge(of(control, 1.0), of(treatment, 1.0 + LIFT), horizon)
    };
    let capped = Ordered::of(&draw.values).and_then(|all| all.cap(0.99)).and_then(|cap| {
        let (control, treatment) = draw.values.split_at(units);
        let of = |values: &[f64]| Sums::of(values.iter().map(|value| [value.min(cap)])).mean();
        judge(of(control), of(treatment), horizon)
    });
    let adjusted = (|| {
        let [control, treatment] = [arms[0].covariate.moments()?, arms[1].covariate.moments()?];
        let both = adjust(&[control, treatment])?.arms;
        judge(Ok(both[0].clone()), Ok(both[1].clone()), horizon)
    })();
    let stratified = (|| {
        let of = |arm: &Arm| arm.strata.iter().map(Sums::moments).collect::<Result<Vec<_>, _>>();
        let both = post_stratify(&[of(&arms[0])?, of(&arms[1])?])?;
        judge(Ok(both[0].clone()), Ok(both[1].clone()), horizon)
    })();
    vec![
        absolute(&plain, LIFT * mean),
        absolute(&uneven, LIFT * mean),
        relative(&plain),
        relative(&uneven),
        absolute(&one(&|arm| Estimate::of_ratio(&arm.ratio.moments()?)), LIFT * ratio),
        absolute(&one(&|arm| Estimate::of_quantile(&arm.ordered, 0.5)), LIFT * shape.quantile(0.5)),
        absolute(&one(&|arm| Estimate::of_quantile(&arm.ordered, 0.9)), LIFT * shape.quantile(0.9)),
        absolute(&one(&Arm::quantile_of_events), LIFT * shape.quantile(0.9)),
        absolute(&capped, 0.0),
        absolute(&adjusted, LIFT * mean),
        relative(&adjusted),
        absolute(&stratified, LIFT * mean),
        absolute(&one(&|arm| Estimate::of_clusters(&arm.clusters.moments()?)), LIFT * mean),
        (always_valid(&arms, units), LIFT * mean),
        (repeated(&arms, units), LIFT * mean),
    ]
}

fn judge(
    control: Result<Estimate, Undefined>,
    treatment: Result<Estimate, Undefined>,
    critical: Critical,
) -> Result<Judgement, Undefined> {
    Comparison::new(&control?, &treatment?).judge(critical, Direction::Increase, None)
}

/// What is drawn of an arm: numbers from before, after, and values.
fn draw_of(draw: &Draw, units: usize, arm: usize) -> [&[f64]; 3] {
    let range = arm * units..(arm + 1) * units;
    [&draw.before[range.clone()], &draw.after[range.clone()], &draw.values[range]]
}

/// Sums of an arm.
struct Arm {
    /// Values, at each look.
    looks: Vec<Sums<1>>,
    covariate: Sums<2>,
    ratio: Sums<2>,
    strata: [Sums<1>; 4],
    clusters: Sums<2>,
    ordered: Ordered,
    /// Values with the number of their events, in order.
    events: Vec<(f64, u64)>,
}

impl Arm {
    fn new(shape: Shape, [before, after, values]: &[&[f64]; 3], factor: f64, random: &mut Random) -> Self {
        const QUARTILE: f64 = 0.674_489_750_196_082;
        let (mut looks, mut running) = (Vec::new(), Sums::default());
        let (mut covariate, mut ratio, mut strata) = (Sums::default(), Sums::default(), [Sums::default(); 4]);
        let mut events = Vec::with_capacity(values.len());
        let units = values.len();
        for (at, (before, value)) in before.iter().zip(*values).enumerate() {
            let value = factor * value;
            running.push([value]);
            if (at + 1) * LOOKS / units > looks.len() {
                looks.push(running);
            }
            covariate.push([value, shape.value(*before)]);
            let sessions = if *before > 0.0 { 3.0 } else { 1.0 };
            ratio.push([sessions * value, sessions]);
            strata[[-QUARTILE, 0.0, QUARTILE].iter().filter(|edge| before > edge).count()].push([value]);
            // A late bit of the fraction is a coin that tells nothing of the number.
            events.push((value, 1 + (before.to_bits() >> 8 & 1) * 2));
        }
        events.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let ordered = Ordered::of_counts(events.iter().map(|(value, _)| (*value, 1))).expect("finite");
        let (mut clusters, mut rest, mut size) = (Sums::default(), *after, 5);
        while !rest.is_empty() {
            let common = random.normal();
            let (own, others) = rest.split_at(size.min(rest.len()));
            let value = |own: &f64| factor * shape.value(std::f64::consts::FRAC_1_SQRT_2 * (common + own));
            clusters.push([own.iter().map(value).sum(), own.len() as f64]);
            (rest, size) = (others, 20 - size);
        }
        Self { looks, covariate, ratio, strata, clusters, ordered, events }
    }

    fn quantile_of_events(&self) -> Result<Estimate, Undefined> {
        let ordered = Ordered::of_counts(self.events.iter().copied())?;
        let quantile = ordered.percentile(0.9)?;
        let row = |&(value, events): &(f64, u64)| [if value <= quantile { events as f64 } else { 0.0 }, events as f64];
        Estimate::of_clustered_quantile(&ordered, 0.9, &Sums::of(self.events.iter().map(row)).moments()?)
    }
}

fn always_valid(arms: &[Arm; 2], units: usize) -> Vec<Result<Interval, Undefined>> {
    let sequence = Sequence::tuned(ALPHA, Sides::Two, 2.0 * units as f64, 30.0).expect("a sequence");
    let look = |(control, treatment): (&Sums<1>, &Sums<1>)| {
        let q = sequence.critical(control.count(), treatment.count()).map_err(|_| Undefined::TooFewUnits)?;
        judge(control.mean(), treatment.mean(), Critical::Width { q }).map(|judged| judged.absolute)
    };
    arms[0].looks.iter().zip(&arms[1].looks).map(look).collect()
}

fn repeated(arms: &[Arm; 2], units: usize) -> Vec<Result<Interval, Undefined>> {
    let pairs = || arms[0].looks.iter().zip(&arms[1].looks);
    let of = |(at, (control, treatment)): (usize, (&Sums<1>, &Sums<1>))| {
        let contrast = control.mean().and_then(|control| Comparison::new(&control, &treatment.mean()?).against(1.0));
        let information = contrast.map_or(0.0, |contrast| 1.0 / contrast.variance);
        Look { fraction: control.count() / units as f64, information, last: at + 1 == LOOKS }
    };
    let at: Vec<Look> = pairs().enumerate().map(of).collect();
    let limits = bounds(Spending::OBrienFleming, ALPHA, Sides::Two, &at).expect("bounds");
    let look = |((control, treatment), limit): ((&Sums<1>, &Sums<1>), _)| {
        let z = Result::map_err(limit, |_| Undefined::TooFewUnits)?;
        judge(control.mean(), treatment.mean(), Critical::Boundary { z }).map(|judged| judged.absolute)
    };
    pairs().zip(limits.into_iter().map(|limit| limit.map(|limit| limit.critical))).map(look).collect()
}
