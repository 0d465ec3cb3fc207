//! Error levels of a decision over several metrics (Schultzberg, Ankargren & Frånberg 2024, arXiv 2402.11609).

use super::Reason;
use crate::stats::reason::check_level;

/// How many metrics of each kind a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// S: metrics of which one at least must be better.
    pub success: u32,
    /// G: metrics with a margin, all of which must be non-inferior.
    pub guardrails: u32,
    /// Metrics that are tested for deterioration: all of the above, and guardrails without a margin.
    pub watched: u32,
    /// C: treatments, each compared with the control.
    pub treatments: u32,
}

/// Levels per test; each is over all sides of its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// α/(C·S) for each success metric, `None` without any.
    pub success: Option<f64>,
    /// α/C for each guardrail with a margin: all must pass, which needs no further correction.
    pub guardrail: f64,
    /// α⁻/(metrics·C) for each test of deterioration, `None` under Rule 1.
    pub deterioration: Option<f64>,
    /// 1 − β′ with β′ = (β − α⁻)/(G + min(S, 1)): what each test must be powered for.
    pub power: f64,
}

/// The levels with which a decision ships a bad treatment with probability at most `alpha`/2, and ships what is as good as
/// planned with probability at least `power`, by the union bound.
///
/// `deterioration` is α⁻. With 0 the rule is the paper's Rule 1, success and guardrails alone; above 0 it is Rule 2, where a
/// metric that is significantly worse stops the treatment.
///
/// # Errors
/// Where a level is out of range, nothing decides, or α⁻ takes all that the power leaves.
pub fn levels(alpha: f64, power: f64, deterioration: f64, shape: Shape) -> Result<Levels, Reason> {
    check_level(alpha)?;
    if !(0.0..=0.5).contains(&deterioration) {
        return Err(Reason::Alpha);
    }
    if !(power > 0.0 && power < 1.0) {
        return Err(Reason::Power);
    }
    let deciding = f64::from(shape.guardrails) + f64::from(shape.success.min(1));
    if deciding == 0.0 || shape.treatments == 0 {
        return Err(Reason::NothingTested);
    }
    let left = 1.0 - power - deterioration;
    // Of what only rounding leaves there is nothing to test with.
    if left < 1e-12 {
        return Err(Reason::NoError);
    }
    let treatments = f64::from(shape.treatments);
    let watched = f64::from(shape.watched) * treatments;
    Ok(Levels {
        success: (shape.success > 0).then(|| alpha / (treatments * f64::from(shape.success))),
        guardrail: alpha / treatments,
        deterioration: (deterioration > 0.0 && watched > 0.0).then(|| deterioration / watched),
        power: 1.0 - left / deciding,
    })
}

#[cfg(test)]
mod tests {
    use super::{Reason, Shape, levels};

    #[test]
    fn rule_one_and_two() {
        let shape = Shape { success: 2, guardrails: 3, watched: 6, treatments: 2 };
        let one = levels(0.05, 0.8, 0.0, shape).expect("levels");
        assert_eq!((one.success, one.guardrail, one.deterioration), (Some(0.0125), 0.025, None));
        assert!((one.power - 0.95).abs() < 1e-15);
        let two = levels(0.05, 0.8, 0.01, shape).expect("levels");
        assert_eq!(two.deterioration, Some(0.01 / 12.0));
        assert!((two.power - (1.0 - 0.19 / 4.0)).abs() < 1e-15);
        let guards = levels(0.05, 0.8, 0.01, Shape { success: 0, watched: 3, ..shape }).expect("levels");
        assert_eq!(guards.success, None);
        assert!((guards.power - (1.0 - 0.19 / 3.0)).abs() < 1e-15);
    }

    #[test]
    fn what_decides_nothing_has_a_reason() {
        let none = Shape { success: 0, guardrails: 0, watched: 1, treatments: 1 };
        assert_eq!(levels(0.05, 0.8, 0.01, none), Err(Reason::NothingTested));
        let one = Shape { success: 1, ..none };
        assert_eq!(levels(0.05, 0.99, 0.01, one), Err(Reason::NoError));
        assert_eq!(levels(0.0, 0.8, 0.01, one), Err(Reason::Alpha));
        assert_eq!(levels(0.05, 1.0, 0.01, one), Err(Reason::Power));
    }
}
