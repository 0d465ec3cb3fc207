//! Simulated experiments with fixed seeds: how often methods err that promise not to, and how often intervals cover.

mod coverage;
mod daily;
mod decisions;
mod harm;
mod random;
mod weights;

pub use coverage::{Cell, INTERVALS, SHAPES, Shape, cover};
pub use daily::{Metric, daily};
pub use decisions::{Truth, decisions};
pub use harm::{DAYS as HARM_DAYS, HARMS, Told, harm};
pub use random::{Random, Sums};
pub use weights::sample_ratio;

/// The error of everything that is simulated, over both sides.
pub const ALPHA: f64 = 0.05;

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
        self.limit + 4.0 * error(self.limit, self.trials)
    }

    pub fn holds(&self) -> bool {
        self.share() <= self.allowed()
    }
}

/// The standard error with which so many trials show a rate.
pub fn error(rate: f64, trials: u32) -> f64 {
    (rate * (1.0 - rate) / f64::from(trials)).sqrt()
}

/// All decisions that a number of success metrics and guardrails can get wrong, with their correlations.
pub fn wrongs(success: u32, guardrails: u32, trials: u32) -> Vec<(Truth, Rate)> {
    let mut rates = Vec::new();
    for (truth, seed) in [(Truth::NothingBetter, 5), (Truth::GuardrailAtMargin, 6), (Truth::AsPlanned, 7)] {
        let fits = match truth {
            Truth::NothingBetter => success > 0,
            Truth::GuardrailAtMargin => guardrails > 0,
            Truth::AsPlanned => success + guardrails > 0,
        };
        if fits {
            for correlation in [0.0, 0.5] {
                rates.push((truth, decisions(success, guardrails, truth, correlation, trials, seed)));
            }
        }
    }
    rates
}
