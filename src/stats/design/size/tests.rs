//! Sizes, powers and effects are each other's inverses, and extreme input has an answer or a reason.

use proptest::prelude::*;

use super::{Aim, Baseline, Design, Direction};
use crate::stats::design::Reason;
use crate::stats::sequential::Sides;

fn design(baseline: Baseline) -> Design {
    Design { baseline, alpha: 0.05, sides: Sides::Two, ratio: 1.0, correlation: 0.0, inflation: 1.0 }
}

fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found}, not {expected}");
}

proptest! {
    #[test]
    fn effect_and_size_are_inverses(
        share in 0.001..0.999_f64, effect in 0.0001..0.5_f64, up: bool, alpha in 0.0001..0.2_f64, power in 0.5..0.999_f64,
        ratio in 0.1..10.0_f64, correlation in -0.9..0.9_f64, inflation in 1.0..2.0_f64,
    ) {
        let with = |baseline| Design { alpha, ratio, correlation, inflation, ..design(baseline) };
        let direction = if up { Direction::Increase } else { Direction::Decrease };
        let mean = with(Baseline::Mean { mean: -3.0, variance: 7.0 });
        let size = mean.size(Aim::Effect(direction.sign() * effect), power).expect("a size");
        if size.treatment >= 1.0 {
            near(mean.detectable(direction, size.treatment, power).expect("an effect"), direction.sign() * effect * 3.0);
            near(mean.power(Aim::Effect(effect), size.treatment).expect("a power"), power);
        }
        let binary = with(Baseline::Binary { share });
        let aim = Aim::Effect(direction.sign() * effect);
        let reached = share * (1.0 + direction.sign() * effect);
        match binary.size(aim, power) {
            Ok(size) if size.treatment >= 1.0 => {
                near(binary.detectable(direction, size.treatment, power).expect("an effect"), reached - share);
                near(binary.power(aim, size.treatment).expect("a power"), power);
                let more = binary.power(aim, size.treatment * 1.5).expect("a power");
                prop_assert!(more > power);
            }
            Ok(_) => {}
            Err(reason) => prop_assert!(reason == Reason::BeyondShare && reached > 1.0),
        }
    }

    #[test]
    fn margin_and_size_are_inverses(
        margin in 0.001..0.3_f64, up: bool, mean in prop_oneof![-50.0..-1.0_f64, 1.0..50.0_f64], ratio in 0.1..10.0_f64,
    ) {
        let design = Design { ratio, ..design(Baseline::Mean { mean, variance: 40.0 }) };
        let good = if up { Direction::Increase } else { Direction::Decrease };
        let relative = design.size(Aim::NonInferior { margin, good }, 0.9).expect("a size");
        if relative.treatment >= 1.0 {
            near(design.relative_margin(good, relative.treatment, 0.9).expect("a margin"), margin);
        }
        let absolute = design.size(Aim::NonInferiorBy { margin }, 0.9).expect("a size");
        near(design.margin(absolute.treatment, 0.9).expect("a margin"), margin);
    }

    #[test]
    fn anything_gives_a_number_or_a_reason(
        mean in any::<f64>(), variance in any::<f64>(), effect in any::<f64>(), alpha in any::<f64>(), power in any::<f64>(),
        units in any::<f64>(), ratio in any::<f64>(), correlation in any::<f64>(), inflation in any::<f64>(), near: bool,
    ) {
        let tame = |x: f64, to: f64| if near { to } else { x };
        let alpha = tame(alpha, 0.01);
        let power = tame(power, 0.9);
        for baseline in [Baseline::Mean { mean, variance: tame(variance, 1e300) }, Baseline::Binary { share: tame(mean, 1e-300) }] {
            let design = Design {
                baseline, alpha, sides: Sides::One, ratio: tame(ratio, 1e-9), correlation: tame(correlation, 0.999_999),
                inflation: tame(inflation, 1e9),
            };
            let good = Direction::Decrease;
            for aim in [Aim::Effect(effect), Aim::NonInferior { margin: effect, good }, Aim::NonInferiorBy { margin: effect }] {
                if let Ok(size) = design.size(aim, power) {
                    prop_assert!(size.treatment.is_finite() && size.treatment > 0.0 && size.control_ceil().is_finite());
                }
                if let Ok(power) = design.power(aim, tame(units, 1e12)) {
                    prop_assert!((0.0..=1.0).contains(&power));
                }
            }
            for found in [
                design.detectable(good, units, power), design.margin(units, power), design.relative_margin(good, units, power),
            ] {
                prop_assert!(found.is_ok_and(f64::is_finite) || found.is_err());
            }
        }
    }
}

#[test]
fn extremes() {
    let mean = design(Baseline::Mean { mean: 1.0, variance: 1.0 });
    assert!(mean.size(Aim::Effect(1e-8), 0.8).expect("a size").treatment > 1e17);
    assert_eq!(mean.size(Aim::Effect(1e-9), 0.8), Err(Reason::OutOfReach));
    assert_eq!(mean.size(Aim::Effect(0.0), 0.8), Err(Reason::Effect));
    assert!(mean.size(Aim::Effect(0.01), 0.999_999).expect("a size").treatment > 0.0);
    assert_eq!(mean.power(Aim::Effect(0.01), 0.0), Err(Reason::NoUnits));
    let never = design(Baseline::Mean { mean: 1.0, variance: 0.0 });
    assert_eq!(never.size(Aim::Effect(0.01), 0.8), Err(Reason::NoVariance));
    let vast = design(Baseline::Mean { mean: 1.0, variance: 1e300 });
    assert_eq!(vast.size(Aim::Effect(0.01), 0.8), Err(Reason::OutOfReach));
    assert!(vast.detectable(Direction::Increase, 1e12, 0.8).expect("an effect") > 1e143);
    let zero = design(Baseline::Mean { mean: 0.0, variance: 1.0 });
    assert_eq!(zero.size(Aim::Effect(0.01), 0.8), Err(Reason::ZeroMean));
    let share = design(Baseline::Binary { share: 0.9 });
    assert_eq!(share.size(Aim::Effect(0.2), 0.8), Err(Reason::BeyondShare));
    assert_eq!(share.detectable(Direction::Increase, 2.0, 0.8), Err(Reason::BeyondShare));
    assert_eq!(Design { alpha: 0.7, ..share }.size(Aim::Effect(0.2), 0.8), Err(Reason::Alpha));
    assert_eq!(share.size(Aim::Effect(0.02), 1.0), Err(Reason::Power));
    assert_eq!(Design { ratio: 0.0, ..share }.size(Aim::Effect(0.02), 0.8), Err(Reason::Ratio));
    assert_eq!(Reason::NoVariance.to_string(), "the baseline has no variance");
}

/// A relative margin widens what the control is compared with, or narrows it, whichever sign the mean has.
#[test]
fn the_margin_moves_with_the_mean() {
    let size = |mean, good| {
        let design = design(Baseline::Mean { mean, variance: 100.0 });
        design.size(Aim::NonInferior { margin: 0.1, good }, 0.8).expect("a size").treatment
    };
    let squared = |k: f64| k * k + 1.0;
    near(size(10.0, Direction::Increase) / size(10.0, Direction::Decrease), squared(0.9) / squared(1.1));
    near(size(-10.0, Direction::Increase), size(10.0, Direction::Decrease));
}
