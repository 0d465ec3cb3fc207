//! Simulated experiments with fixed seeds: how often the sequential methods and the decision rule err.

use allotment::stats::SampleRatio;
use allotment::stats::design::{Decision, Role, Shape, Standing, State, Tested, decide, levels};
use allotment::stats::sequential::{Look, Sequence, Sides, Spending, bounds, planned};

/// How often something happened that should happen at most so often.
#[derive(Debug, Clone)]
pub struct Rate {
    pub what: String,
    pub hits: u32,
    pub trials: u32,
    /// The rate that is promised.
    pub limit: f64,
}

impl Rate {
    pub fn share(&self) -> f64 {
        f64::from(self.hits) / f64::from(self.trials)
    }

    /// The limit and four standard errors of the simulation above it.
    pub fn allowed(&self) -> f64 {
        self.limit + 4.0 * (self.limit * (1.0 - self.limit) / f64::from(self.trials)).sqrt()
    }

    pub fn holds(&self) -> bool {
        self.share() <= self.allowed()
    }
}

/// SplitMix64, and normal numbers by Box and Muller.
pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// What the units of a simulated metric are like.
#[derive(Debug, Clone, Copy)]
pub enum Units {
    Normal,
    /// Lognormal with σ = 2, capped at its 99.9th percentile.
    CappedHeavyTail,
}

impl Units {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::Normal => random.normal(),
            Self::CappedHeavyTail => (2.0 * random.normal()).exp().min(483.0),
        }
    }
}

/// How results are judged each day.
#[derive(Debug, Clone, Copy)]
pub enum Method {
    Spending(Spending),
    AlwaysValid,
}

const ALPHA: f64 = 0.05;

/// Experiments without an effect, looked at daily: how often any look is significant.
pub fn daily(method: Method, units: Units, days: u32, per_day: u32, trials: u32, seed: u64) -> Rate {
    let mut random = Random::new(seed);
    let total = f64::from(days * per_day);
    let sequence = Sequence::tuned(ALPHA, Sides::Two, 2.0 * total, 100.0).expect("a sequence");
    let mut hits = 0;
    for _ in 0..trials {
        // Count, sum and sum of squares per arm.
        let mut arms = [(0.0, 0.0, 0.0); 2];
        let (mut looks, mut zs) = (Vec::new(), Vec::new());
        for day in 1..=days {
            for arm in &mut arms {
                for _ in 0..per_day {
                    let x = units.draw(&mut random);
                    *arm = (arm.0 + 1.0, arm.1 + x, arm.2 + x * x);
                }
            }
            let [(control, c), (treatment, t)] =
                arms.map(|(n, sum, squares)| (sum / n, (squares - sum * sum / n) / (n - 1.0) / n));
            zs.push((treatment - control) / (c + t).sqrt());
            looks.push(Look { fraction: arms[0].0 / total, information: 1.0 / (c + t), last: day == days });
        }
        let crossed = match method {
            Method::Spending(spending) => {
                let limits = bounds(spending, ALPHA, Sides::Two, &looks).expect("bounds");
                zs.iter().zip(limits).any(|(z, limit)| limit.is_ok_and(|limit| z.abs() > limit.critical))
            }
            Method::AlwaysValid => zs.iter().zip(&looks).any(|(z, look)| {
                let units = look.fraction * total;
                sequence.critical(units, units).is_ok_and(|critical| z.abs() > critical)
            }),
        };
        hits += u32::from(crossed);
    }
    let method = match method {
        Method::Spending(spending) => format!("group sequential, {spending:?}"),
        Method::AlwaysValid => "confidence sequence".to_owned(),
    };
    Rate { what: format!("false positive: {method}, {days} daily looks, {units:?}"), hits, trials, limit: ALPHA }
}

/// Units in the right ratio, looked at daily: how often the sequential sample-ratio test is ever below `limit`.
pub fn sample_ratio(weights: &[u64], days: u32, per_day: u32, limit: f64, trials: u32, seed: u64) -> Rate {
    let mut random = Random::new(seed);
    let total = weights.iter().sum::<u64>() as f64;
    let mut hits = 0;
    for _ in 0..trials {
        let mut counts = vec![0_u64; weights.len()];
        let mut test = SampleRatio::default();
        for _ in 0..days {
            for _ in 0..per_day {
                let mut at = random.uniform() * total;
                let arm = weights.iter().position(|&weight| {
                    at -= weight as f64;
                    at < 0.0
                });
                counts[arm.unwrap_or(0)] += 1;
            }
            test.look(&counts, weights).expect("a look");
        }
        hits += u32::from(test.p() < limit);
    }
    Rate {
        what: format!("false alarm below {limit}: sample ratio {weights:?}, {days} daily looks"),
        hits,
        trials,
        limit,
    }
}

/// What is true of an experiment's metrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Truth {
    /// No success metric moves, guardrails are as good as they can be: shipping is wrong.
    NothingBetter,
    /// Success metrics are far better, one guardrail is worse by just its margin: shipping is wrong.
    GuardrailAtMargin,
    /// One success metric moves as planned, no other metric moves: not shipping is wrong.
    AsPlanned,
}

/// Decisions over several metrics, with `correlation` between any two and five looks for deterioration (Rule 2, α = 5 %, power
/// 80 %, α⁻ = 1 %): how often the wrong one is made.
pub fn decisions(success: u32, guardrails: u32, truth: Truth, correlation: f64, trials: u32, seed: u64) -> Rate {
    const LOOKS: u32 = 5;
    let metrics = success + guardrails;
    let shape = Shape { success, guardrails, watched: metrics, treatments: 1 };
    let levels = levels(ALPHA, 0.8, 0.01, shape).expect("levels");
    let single = |alpha: f64| {
        let look = Look { fraction: 1.0, information: 1.0, last: true };
        bounds(Spending::OBrienFleming, alpha, Sides::Two, &[look]).expect("bounds")[0].expect("a bound").critical
    };
    // z(power) is the bound of a one-sided test at 1 − power.
    let reach = single(2.0 * (1.0 - levels.power));
    let (q_success, q_guardrail) = (levels.success.map_or(0.0, single), single(levels.guardrail));
    let worse_at = bounds(Spending::OBrienFleming, levels.deterioration.expect("Rule 2"), Sides::One, &planned(LOOKS));
    let worse_at: Vec<f64> = worse_at.expect("bounds").iter().map(|bound| bound.expect("a bound").critical).collect();
    // The drift of each metric's own test: of success against 0, of guardrails against the margin.
    let drifts: Vec<f64> = (0..metrics)
        .map(|at| match (truth, at < success) {
            (Truth::AsPlanned, true) => f64::from(u8::from(at == 0)) * (q_success + reach),
            (Truth::AsPlanned, false) => q_guardrail + reach,
            (Truth::NothingBetter, true) => 0.0,
            (Truth::GuardrailAtMargin, false) if at == success => 0.0,
            (Truth::NothingBetter | Truth::GuardrailAtMargin, _) => 12.0,
        })
        .collect();
    let mut random = Random::new(seed);
    let mut hits = 0;
    for _ in 0..trials {
        let mut scores = vec![0.0; metrics as usize];
        let mut worse = vec![false; metrics as usize];
        let mut decision = Decision::Wait(Vec::new());
        for look in 1..=LOOKS {
            let (step, at) = (1.0 / f64::from(LOOKS), f64::from(look) / f64::from(LOOKS));
            let common = random.normal();
            let mut tested = Vec::new();
            for (index, score) in scores.iter_mut().enumerate() {
                let noise = correlation.sqrt() * common + (1.0 - correlation).sqrt() * random.normal();
                *score += drifts[index] * step + noise * step.sqrt();
                let z = *score / at.sqrt();
                worse[index] |= -z > worse_at[look as usize - 1];
                let is_success = index < success as usize;
                let critical = if is_success { q_success } else { q_guardrail };
                tested.push(Tested {
                    role: if is_success { Role::Success } else { Role::Guardrail },
                    // Success and non-inferiority are looked at once, at the end.
                    standing: if look == LOOKS && z > critical { Standing::Shown } else { Standing::Undecided },
                    worse: worse[index],
                });
            }
            let state = State { over: look == LOOKS, whole_weeks: true, sound: true };
            decision = decide(&tested, state);
            if matches!(decision, Decision::Stop(_)) {
                break;
            }
        }
        let shipped = matches!(decision, Decision::Ship(_));
        hits += u32::from(shipped != (truth == Truth::AsPlanned));
    }
    let (wrong, limit) = if truth == Truth::AsPlanned { ("missed ship", 0.2) } else { ("false ship", ALPHA / 2.0) };
    Rate {
        what: format!("{wrong}: S = {success}, G = {guardrails}, {truth:?}, correlation {correlation}"),
        hits,
        trials,
        limit,
    }
}

/// All simulations, each with `trials` experiments, or `scale` times that where one is cheap.
pub fn all(trials: u32, scale: u32, days: u32, per_day: u32, grid: &[u32]) -> Vec<Rate> {
    let mut rates = Vec::new();
    let methods = [Method::Spending(Spending::OBrienFleming), Method::Spending(Spending::Pocock), Method::AlwaysValid];
    for method in methods {
        for (units, seed) in [(Units::Normal, 1), (Units::CappedHeavyTail, 2)] {
            rates.push(daily(method, units, days, per_day, trials, seed));
        }
    }
    rates.push(sample_ratio(&[1, 1], days, 10 * per_day, SampleRatio::ALARM, trials, 3));
    rates.push(sample_ratio(&[1, 1, 2], days, 10 * per_day, 0.05, trials, 4));
    for &success in grid {
        for &guardrails in grid {
            for (truth, seed) in [(Truth::NothingBetter, 5), (Truth::GuardrailAtMargin, 6), (Truth::AsPlanned, 7)] {
                let fits = match truth {
                    Truth::NothingBetter => success > 0,
                    Truth::GuardrailAtMargin => guardrails > 0,
                    Truth::AsPlanned => success + guardrails > 0,
                };
                if fits {
                    for correlation in [0.0, 0.5] {
                        rates.push(decisions(success, guardrails, truth, correlation, trials * scale, seed));
                    }
                }
            }
        }
    }
    rates
}
