//! How soon a harm is told, by how the tests for deterioration spend their error.

use allotment::stats::sequential::{Look, Sides, Spending, bounds};

use super::{Random, Rate};

/// The level of one test: 1 % over five metrics of one treatment.
const LEVEL: f64 = 0.01 / 5.0;
/// Daily looks.
const LOOKS: u32 = 28;
/// The drift over the whole run of an effect that a success metric finds with α = 5 % and power 80 %.
const PLANNED: f64 = 1.959_963_984_540_054 + 0.841_621_233_572_914_3;
/// Harms, as multiples of the effect that is planned for.
pub const HARMS: [f64; 5] = [0.0, 1.0, 2.0, 4.0, 8.0];
/// Days up to which the share is told of experiments in which the harm is found.
pub const DAYS: [u32; 4] = [3, 7, 14, 28];

/// How soon a harm was told.
#[derive(Debug, Clone)]
pub struct Told {
    pub spending: &'static str,
    pub harm: f64,
    pub trials: u32,
    /// Experiments in which it was told, by the days of [`DAYS`].
    pub by: [u32; DAYS.len()],
    /// Days in which units were exposed to it, over all experiments.
    pub exposed: u64,
}

impl Told {
    /// Without a harm: how often one is told all the same.
    pub fn rate(&self) -> Option<Rate> {
        (self.harm == 0.0).then(|| Rate {
            what: format!("false alarm of harm: {}", self.spending),
            hits: self.by[DAYS.len() - 1],
            trials: self.trials,
            limit: LEVEL,
        })
    }

    /// How many days units were exposed, on average.
    pub fn days(&self) -> f64 {
        self.exposed as f64 / f64::from(self.trials)
    }
}

/// Experiments with a harm, looked at daily.
pub fn harm(harm: f64, trials: u32, seed: u64) -> [Told; 2] {
    let ways = [("O'Brien–Fleming", Spending::OBrienFleming), ("Pocock", Spending::Pocock)];
    ways.map(|(spending, function)| {
        let look = |day: u32| {
            let fraction = f64::from(day) / f64::from(LOOKS);
            Look { fraction, information: fraction, last: day == LOOKS }
        };
        let looks: Vec<Look> = (1..=LOOKS).map(look).collect();
        // A look to which nothing is left has no bound.
        let limits = bounds(function, LEVEL, Sides::One, &looks).expect("bounds");
        let limits: Vec<f64> = limits.iter().map(|bound| bound.map_or(f64::INFINITY, |bound| bound.critical)).collect();
        let mut random = Random::new(seed);
        let mut told = Told { spending, harm, trials, by: [0; DAYS.len()], exposed: 0 };
        for _ in 0..trials {
            let (step, mut score, mut found) = (1.0 / f64::from(LOOKS), 0.0, None);
            // The whole course is drawn, so that both ways see the same experiments.
            for day in 1..=LOOKS {
                score += harm * PLANNED * step + random.normal() * step.sqrt();
                let z = score / (f64::from(day) * step).sqrt();
                if found.is_none() && z > limits[day as usize - 1] {
                    found = Some(day);
                }
            }
            told.exposed += u64::from(found.unwrap_or(LOOKS));
            for (by, until) in told.by.iter_mut().zip(DAYS) {
                *by += u32::from(found.is_some_and(|day| day <= until));
            }
        }
        told
    })
}
