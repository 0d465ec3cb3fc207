//! How often the decision over several metrics is the wrong one.

use allotment::stats::design::{Decision, Role, Shape, Standing, State, Tested, decide, levels};
use allotment::stats::sequential::{Look, Sides, Spending, bounds, planned};

use super::{ALPHA, Random, Rate};

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
    let worse_at = bounds(Spending::Pocock, levels.deterioration.expect("Rule 2"), Sides::One, &planned(LOOKS));
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
