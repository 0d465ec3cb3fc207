//! How often a metric is looked at, and what looking costs: designs that many experiments share are worked out once.

use std::collections::HashMap;
use std::sync::RwLock;

use super::{Test, Why};
use crate::decl::{self, Looks, LooksWord, Method};
use crate::model::Analysis;
use crate::stats::design::Traffic;
use crate::stats::sequential::{Look, Sequence, Sides, Spending, inflation};

/// How looks spend the error of the tests for deterioration, whatever spends that of the others: about evenly, so that a large harm
/// is told early. At the end it costs little: what is shown has to be a few percent larger.
pub const WATCHED: decl::Spending = decl::Spending::Pocock;

/// Of more looks so many are worked with, evenly chosen: what one more costs is little by then.
const MOST_LOOKS: usize = 60;
/// Fractions of the planned units are told apart to a thousandth, which moves an inflation by less than a ten-thousandth.
const PARTS: f64 = 1_000.0;

/// The costly part of designs, remembered.
#[derive(Debug, Default)]
pub(super) struct Designs {
    known: RwLock<HashMap<Key, Result<f64, Why>>>,
}

/// What the inflation of a group sequential design depends on.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    spending: decl::Spending,
    two_sided: bool,
    alpha: u64,
    power: u64,
    /// Complete units at each look, in thousandths of those at the end.
    looks: Vec<u16>,
}

impl Designs {
    /// The test of a metric whose units come by `traffic`, in a run of so many days.
    pub fn test(
        &self,
        analysis: &Analysis,
        (alpha, sides, power): (f64, Sides, f64),
        traffic: &Traffic,
        days: u32,
    ) -> Result<Test, Why> {
        // What is only watched is always tested sequentially: a harm should be seen when it is there.
        let method = match (analysis.method, sides) {
            (Method::Fixed, Sides::One) => Method::GroupSequential,
            (method, _) => method,
        };
        match method {
            Method::Fixed => Ok(Test { alpha, power, looks: 1, inflation: 1.0 }),
            Method::AlwaysValid => {
                let looks = u32::try_from(fractions(&Looks::Every(LooksWord::Daily), traffic, days).len()).unwrap_or(0);
                Ok(Test { alpha, power, looks, inflation: Sequence::inflation(alpha, sides, power)? })
            }
            Method::GroupSequential => {
                let looks = fractions(&analysis.looks, traffic, days);
                let count = u32::try_from(looks.len()).unwrap_or(u32::MAX);
                let family = if sides == Sides::One { WATCHED } else { analysis.spending };
                let inflation = self.inflation(family, alpha, sides, power, looks)?;
                Ok(Test { alpha, power, looks: count, inflation })
            }
        }
    }

    fn inflation(
        &self,
        family: decl::Spending,
        alpha: f64,
        sides: Sides,
        power: f64,
        looks: Vec<u16>,
    ) -> Result<f64, Why> {
        if looks.len() < 2 {
            return Ok(1.0);
        }
        let two_sided = sides == Sides::Two;
        let looks = thin(looks);
        let key = Key { spending: family, two_sided, alpha: alpha.to_bits(), power: power.to_bits(), looks };
        if let Some(known) = self.known.read().ok().and_then(|known| known.get(&key).cloned()) {
            return known;
        }
        let look = |&part: &u16| {
            let fraction = f64::from(part) / PARTS;
            Look { fraction, information: fraction, last: fraction >= 1.0 }
        };
        let looks: Vec<Look> = key.looks.iter().map(look).collect();
        let found = inflation(spending(family), alpha, sides, power, &looks).map_err(Why::from);
        if let Ok(mut known) = self.known.write() {
            known.insert(key, found.clone());
        }
        found
    }
}

/// The spending function of a word; families with a parameter have their usual one.
#[must_use]
pub fn spending(word: decl::Spending) -> Spending {
    match word {
        decl::Spending::ObrienFleming => Spending::OBrienFleming,
        decl::Spending::Pocock => Spending::Pocock,
        decl::Spending::Power => Spending::Power { rho: Spending::USUAL_RHO },
        decl::Spending::HwangShihDecani => Spending::HwangShihDeCani { gamma: Spending::USUAL_GAMMA },
    }
}

/// Complete units at each look in thousandths of those at the end, growing; looks before any unit is complete are left out.
fn fractions(looks: &Looks, traffic: &Traffic, days: u32) -> Vec<u16> {
    let end = traffic.complete(f64::from(days)).count;
    let mut at: Vec<u32> = match looks {
        Looks::Every(LooksWord::Weekly) => (1..=days / 7).map(|week| week * 7).collect(),
        Looks::Every(LooksWord::Daily) => (1..=days).collect(),
        Looks::Days(listed) => listed.clone(),
    };
    at.retain(|&day| day < days);
    at.sort_unstable();
    let part = |day: u32| {
        let share = (traffic.complete(f64::from(day)).count / end * PARTS).round().clamp(0.0, PARTS);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000")]
        let part = share as u16;
        part
    };
    let mut parts: Vec<u16> = at.into_iter().map(part).filter(|&part| part > 0).collect();
    parts.push(1_000);
    parts.dedup();
    parts
}

/// At most [`MOST_LOOKS`] of the looks, evenly chosen, the last one among them.
fn thin(looks: Vec<u16>) -> Vec<u16> {
    if looks.len() <= MOST_LOOKS {
        return looks;
    }
    let last = looks.len() - 1;
    (1..=MOST_LOOKS).filter_map(|at| looks.get(at * last / MOST_LOOKS)).copied().collect()
}
