//! How often the sequential test of the sample ratio alarms although units come as they should.

use allotment::stats::SampleRatio;

use super::{Random, Rate};

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
