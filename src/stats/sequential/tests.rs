//! Bounds against independent integrations and published tables, and what holds for all of them.

use proptest::prelude::*;

use super::*;
use crate::stats::normal;

fn critical(found: &[Result<Bound, Reason>]) -> Vec<f64> {
    found.iter().map(|bound| bound.expect("a bound").critical).collect()
}

fn near(found: &[f64], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < within, "{found}, not {expected}");
    }
}

const HSD: fn(f64) -> Spending = |gamma| Spending::HwangShihDeCani { gamma };

/// Integrated in Python with one Gauss–Legendre rule of 1,200 points per look over the whole range, and Brent's method.
/// The two-sided O'Brien–Fleming ones are published as 4.8769 3.3569 2.6803 2.2898 2.0310, from a coarser integration.
#[test]
fn five_equal_looks() {
    let looks = planned(5);
    let of = |spending, sides| critical(&bounds(spending, 0.05, sides, &looks).expect("bounds"));
    for (spending, one, two) in [
        (
            Spending::OBrienFleming,
            [4.229_195_059_3, 2.888_136_548_3, 2.298_090_283_9, 1.961_821_465_6, 1.739_704_499_4],
            [4.876_884_948_8, 3.357_011_921_6, 2.680_280_064_5, 2.289_816_767_7, 2.031_032_043_3],
        ),
        (
            Spending::Pocock,
            [2.176_211_453_1, 2.143_747_712_1, 2.113_285_263_2, 2.089_599_184_6, 2.070_998_375_3],
            [2.437_976_688_1, 2.426_813_858_2, 2.410_193_840_3, 2.396_645_400_6, 2.385_984_571_6],
        ),
        (
            Spending::Power { rho: 3.0 },
            [3.352_794_780_5, 2.752_559_541_8, 2.350_292_947_4, 2.018_939_103_5, 1.722_389_932_5],
            [3.540_083_799_2, 2.974_310_651_3, 2.604_514_208_8, 2.306_356_779_7, 2.045_479_841_7],
        ),
        (
            HSD(-4.0),
            [3.050_246_536_9, 2.761_947_095_6, 2.442_312_919_8, 2.093_204_191_0, 1.703_433_564_8],
            [3.252_668_488_4, 2.986_045_945_9, 2.691_657_447_1, 2.373_666_956_1, 2.025_321_001_1],
        ),
        (
            HSD(1.0),
            [2.187_907_064_2, 2.135_801_740_3, 2.100_689_526_2, 2.083_441_281_5, 2.079_756_615_1],
            [2.448_677_249_7, 2.418_984_705_4, 2.398_381_395_7, 2.391_230_326_3, 2.394_759_085_1],
        ),
    ] {
        near(&of(spending, Sides::One), &one, 2e-9);
        near(&of(spending, Sides::Two), &two, 2e-9);
    }
}

/// The same integration, at looks as they may come, with information that is no multiple of the fraction.
#[test]
fn looks_as_observed() {
    let at = [(0.1, 3.0), (0.13, 3.5), (0.4, 14.0), (0.75, 21.0), (0.9, 30.0)];
    let looks: Vec<Look> =
        at.iter().map(|&(fraction, information)| Look { fraction, information, last: fraction > 0.8 }).collect();
    let of = |spending, sides| critical(&bounds(spending, 0.025, sides, &looks).expect("bounds"));
    for (spending, one, two) in [
        (
            Spending::OBrienFleming,
            [6.991_351_707_1, 6.106_839_722_5, 3.356_869_570_9, 2.342_130_348_7, 2.024_545_644_9],
            [7.811_561_139_2, 6.828_627_741_2, 3.780_024_213_1, 2.659_455_201_9, 2.289_872_935_1],
        ),
        (
            Spending::Pocock,
            [2.655_110_048_0, 2.752_580_017_6, 2.377_514_813_7, 2.260_961_949_1, 2.356_588_557_6],
            [2.881_002_340_5, 2.987_315_507_8, 2.629_706_470_6, 2.533_681_114_0, 2.634_296_035_0],
        ),
        (
            Spending::Power { rho: 2.0 },
            [3.480_756_404_3, 3.431_643_279_7, 2.683_762_432_7, 2.245_850_442_6, 2.100_590_280_4],
            [3.662_259_930_9, 3.621_436_371_2, 2.909_012_524_6, 2.508_350_321_3, 2.386_639_013_2],
        ),
        (
            HSD(-2.0),
            [3.132_596_958_0, 3.204_925_928_1, 2.672_257_075_5, 2.285_811_765_4, 2.098_233_152_4],
            [3.330_681_726_3, 3.409_655_683_0, 2.899_689_812_4, 2.546_491_043_0, 2.383_675_097_8],
        ),
    ] {
        near(&of(spending, Sides::One), &one, 2e-9);
        near(&of(spending, Sides::Two), &two, 2e-9);
    }
}

/// What crosses a far bound came from far out: the density is followed as far as the bound before.
#[test]
fn far_bounds_one_sided() {
    let at = [(0.088_099_824_639_266, 0.196_645_106_704_260_66), (0.124_072_456_704_705_41, 0.441_284_843_876_615_26)];
    let looks = at.map(|(fraction, information)| Look { fraction, information, last: false });
    let found = bounds(Spending::OBrienFleming, 0.002_847_017_577_054_099, Sides::One, &looks).expect("bounds");
    near(&critical(&found), &[9.984_137_423_495_856, 8.389_811_640_109], 1e-8);
}

#[test]
fn fifty_looks() {
    let picked = |spending| {
        let found = critical(&bounds(spending, 0.05, Sides::Two, &planned(50)).expect("bounds"));
        [0, 1, 4, 9, 24, 48, 49].map(|at: usize| found[at])
    };
    let fleming = [
        15.805_489_048_2,
        11.145_479_010_8,
        6.991_443_818_0,
        4.893_125_309_9,
        3.068_367_116_7,
        2.185_692_217_5,
        2.163_604_256_7,
    ];
    near(&picked(Spending::OBrienFleming), &fleming, 2e-8);
    let pocock = [
        3.140_010_747_9,
        3.101_416_692_6,
        2.984_217_859_2,
        2.862_936_951_0,
        2.693_684_185_2,
        2.584_152_824_4,
        2.581_197_462_3,
    ];
    near(&picked(Spending::Pocock), &pocock, 2e-8);
}

/// Jennison & Turnbull 2000, tables 2.1 (Pocock), 2.3 (O'Brien–Fleming) and 2.9 (Wang–Tsiatis), two-sided.
#[test]
fn classical_constants() {
    let of = |design, alpha, looks| classical(design, alpha, Sides::Two, looks).expect("a constant");
    let wang = |delta| Classical::WangTsiatis { delta };
    for (design, alpha, looks, expected) in [
        (Classical::Pocock, 0.05, 1, 1.960),
        (Classical::Pocock, 0.05, 5, 2.413),
        (Classical::Pocock, 0.01, 20, 3.225),
        (Classical::OBrienFleming, 0.05, 5, 2.040),
        (Classical::OBrienFleming, 0.1, 2, 1.678),
        (wang(0.1), 0.05, 2, 1.994),
        (wang(0.25), 0.05, 2, 2.038),
        (wang(0.4), 0.05, 2, 2.111),
        (wang(0.1), 0.05, 5, 2.068),
        (wang(0.25), 0.05, 5, 2.136),
        (wang(0.4), 0.05, 5, 2.267),
        (wang(0.5), 0.05, 5, 2.413),
    ] {
        let found = of(design, alpha, looks);
        assert!((found - expected).abs() < 6e-4, "{design:?} {alpha} {looks}: {found}");
    }
    assert_eq!(classical(Classical::Pocock, 0.05, Sides::Two, 0), Err(Reason::NoLooks));
    assert_eq!(classical(wang(2.0), 0.05, Sides::Two, 5), Err(Reason::Parameter));
}

/// Five looks by the same integration in Python; Jennison & Turnbull 2000, tables 2.2 and 2.4, for the classical designs.
#[test]
fn inflation_of_one_look_and_of_five() {
    for sides in [Sides::One, Sides::Two] {
        let one = inflation(Spending::OBrienFleming, 0.05, sides, 0.8, &planned(1)).expect("a factor");
        assert!((one - 1.0).abs() < 1e-9, "{one}");
    }
    let of = |spending, alpha, sides, power| inflation(spending, alpha, sides, power, &planned(5)).expect("a factor");
    for (spending, at_90, at_80, one_sided) in [
        (Spending::OBrienFleming, 1.023_078_326, 1.024_719_879, 1.024_719_879),
        (Spending::Pocock, 1.192_347_648, 1.212_625_945, 1.212_613_067),
        (HSD(-2.0), 1.059_194_230, 1.064_637_129, 1.064_635_073),
    ] {
        near(&[of(spending, 0.05, Sides::Two, 0.9), of(spending, 0.05, Sides::Two, 0.8)], &[at_90, at_80], 2e-9);
        near(&[of(spending, 0.025, Sides::One, 0.8)], &[one_sided], 2e-9);
    }
    for (design, looks, factor) in [
        (Classical::Pocock, 5, 1.229),
        (Classical::Pocock, 10, 1.301),
        (Classical::OBrienFleming, 5, 1.028),
        (Classical::OBrienFleming, 10, 1.040),
    ] {
        let constant = classical(design, 0.05, Sides::Two, looks).expect("a constant");
        let limits: Vec<_> = (1..=looks)
            .map(|look| Ok(Bound { critical: design.critical(constant, look, looks), spent: 0.0 }))
            .collect();
        let drift = f64::sqrt(factor) * (1.959_963_984_540_054 + 0.841_621_233_572_914_3);
        let power = crossing(&planned(looks), &limits, Sides::Two, drift).expect("a power");
        assert!((power - 0.8).abs() < 3e-4, "{design:?} {looks}: {power}");
    }
    // The probability of crossing under the drift that was found is the power, and without drift the error of one side.
    let looks = planned(20);
    let limits = bounds(Spending::Pocock, 0.05, Sides::Two, &looks).expect("bounds");
    let drift = drift(Spending::Pocock, 0.05, Sides::Two, 0.9, &looks).expect("a drift");
    near(&[crossing(&looks, &limits, Sides::Two, drift).expect("power")], &[0.9], 1e-9);
    near(&[crossing(&looks, &limits, Sides::Two, 0.0).expect("error")], &[0.025], 1e-9);
}

#[test]
fn looks_that_are_skipped_and_the_end() {
    let look = |fraction, information, last| Look { fraction, information, last };
    let of = |looks: &[Look]| bounds(Spending::Pocock, 0.05, Sides::Two, looks).expect("bounds");
    let plain = of(&[look(0.3, 3.0, false), look(0.7, 7.0, true)]);
    let skipping = of(&[
        look(0.0, 0.0, false),
        look(0.1, f64::NAN, false),
        look(0.3, 3.0, false),
        look(0.3, 3.1, false),
        look(0.7, 7.0, true),
        look(0.8, 8.0, false),
        look(0.8, 8.0, true),
    ]);
    let reasons: Vec<Option<Reason>> = skipping.iter().map(|bound| bound.err()).collect();
    let (none, same, after) = (Some(Reason::NoInformation), Some(Reason::NoNewUnits), Some(Reason::Descriptive));
    assert_eq!(reasons, [none, none, None, same, None, after, after]);
    assert_eq!((skipping[2], skipping[4]), (plain[0], plain[1]));
    assert!((plain[1].expect("a bound").spent - 0.05).abs() < 1e-15);
    // More units than planned: everything is spent, the rest describes.
    let more = of(&[look(0.5, 5.0, false), look(1.2, 12.0, false), look(1.3, 13.0, true)]);
    assert_eq!(more[2], Err(Reason::Descriptive));
    // The last look spends what is left even without a new unit.
    let again = of(&[look(0.5, 5.0, false), look(0.5, 5.0, true)]);
    let (first, last) = (again[0].expect("a bound").critical, again[1].expect("a bound").critical);
    assert!(last < first && (last - 1.96).abs() < 0.01, "{first} {last}");
    // Information that falls correlates looks less, which raises the bound.
    let falls = of(&[look(0.5, 5.0, false), look(0.6, 4.0, true)])[1].expect("a bound").critical;
    let grows = of(&[look(0.5, 5.0, false), look(0.6, 5.5, true)])[1].expect("a bound").critical;
    assert!(falls > grows, "{falls} {grows}");
    // So early that no result could be significant.
    let early = bounds(Spending::OBrienFleming, 0.05, Sides::Two, &[look(0.001, 1.0, false), look(1.0, 1e3, true)]);
    let early = early.expect("bounds");
    assert_eq!(early[0], Err(Reason::NothingToSpend));
    near(&[early[1].expect("a bound").critical], &[1.959_963_984_540_054], 1e-9);
}

#[test]
fn extremes_have_an_answer_or_a_reason() {
    let daily = bounds(Spending::OBrienFleming, 0.05, Sides::Two, &planned(400)).expect("bounds");
    assert!(daily.iter().flatten().all(|bound| bound.critical.is_finite()));
    assert!(daily[399].is_ok());
    for (alpha, spending) in [
        (0.0, Spending::Pocock),
        (f64::NAN, Spending::Pocock),
        (0.9, Spending::Pocock),
        (0.05, Spending::Power { rho: 0.0 }),
        (0.05, HSD(f64::NAN)),
    ] {
        assert!(bounds(spending, alpha, Sides::Two, &planned(3)).is_err());
        assert!(inflation(spending, alpha, Sides::Two, 0.8, &planned(3)).is_err());
    }
    let wild = [1e-9, 1e300, 1e-300, f64::INFINITY, 5.0];
    let looks: Vec<Look> = wild
        .iter()
        .zip(1..)
        .map(|(&information, day)| Look { fraction: f64::from(day) / 5.0, information, last: false })
        .collect();
    for bound in bounds(Spending::Pocock, 1e-9, Sides::One, &looks).expect("bounds").into_iter().flatten() {
        assert!(bound.critical.is_finite());
    }
    for power in [0.026, 0.999_999] {
        assert!(inflation(Spending::OBrienFleming, 0.05, Sides::Two, power, &planned(5)).expect("a factor") >= 1.0);
    }
    assert_eq!(inflation(Spending::Pocock, 0.05, Sides::Two, 0.8, &[]), Err(Reason::NoLooks));
    assert_eq!(bounds(Spending::Pocock, 0.05, Sides::Two, &planned(2_000)), Err(Reason::TooManyLooks));
    assert_eq!(Reason::NoNewUnits.to_string(), "no new units are complete since the look before");
}

/// From the formulas, evaluated with mpmath at 30 digits.
#[test]
fn confidence_sequences() {
    for (alpha, sides, planned, control, treatment, expected) in SEQUENCES {
        let sequence = Sequence::tuned(alpha, sides, planned, 100.0).expect("a sequence");
        let found = sequence.critical(control, treatment).expect("a critical value");
        assert!((found / expected - 1.0).abs() < 1e-12, "{found}, not {expected}");
    }
    let sequence = Sequence::tuned(0.05, Sides::Two, 1e4, 100.0).expect("a sequence");
    assert_eq!(sequence.critical(99.0, 500.0), Err(Reason::TooFewUnits));
    assert_eq!(sequence.critical(f64::NAN, 500.0), Err(Reason::TooFewUnits));
    assert_eq!(Sequence::tuned(0.05, Sides::Two, 0.0, 1.0), Err(Reason::Planned));
    assert_eq!(Sequence::tuned(0.0, Sides::Two, 10.0, 1.0), Err(Reason::Alpha));
    assert!(sequence.critical(1e12, 1e12).expect("a value").is_finite());
    let factor = Sequence::inflation(0.05, Sides::Two, 0.8).expect("a factor");
    assert!(factor > 1.5 && factor < 3.0, "{factor}");
}

/// Level, sides, planned units, units per arm, critical value.
const SEQUENCES: [(f64, Sides, f64, f64, f64, f64); 4] = [
    (0.05, Sides::Two, 1e4, 5e3, 5e3, 3.035_208_990_376_252),
    (0.05, Sides::One, 1e4, 5e3, 5e3, 2.779_500_039_958_201),
    (0.01, Sides::Two, 2e6, 1e3, 3e3, 20.236_103_233_799_04),
    (0.001, Sides::One, 1e3, 5e11, 5e11, 5.996_375_581_077_945),
];

fn family() -> impl Strategy<Value = Spending> {
    prop_oneof![
        Just(Spending::OBrienFleming),
        Just(Spending::Pocock),
        (0.5..5.0_f64).prop_map(|rho| Spending::Power { rho }),
        (-8.0..4.0_f64).prop_map(HSD),
    ]
}

fn either() -> impl Strategy<Value = Sides> {
    prop_oneof![Just(Sides::One), Just(Sides::Two)]
}

fn observed() -> impl Strategy<Value = Vec<Look>> {
    proptest::collection::vec((0.001..0.3_f64, 0.001..5.0_f64), 1..8).prop_map(|steps| {
        let (mut fraction, mut information) = (0.0, 0.0);
        let mut looks: Vec<Look> = Vec::new();
        for (units, gain) in steps {
            fraction += units;
            information += gain;
            looks.push(Look { fraction, information, last: false });
        }
        looks.last_mut().expect("a look").last = true;
        looks
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_spent_is_what_is_crossed(spending in family(), sides in either(), looks in observed(), alpha in 0.0001..0.3_f64) {
        let found = bounds(spending, alpha, sides, &looks).expect("bounds");
        let spent = found.iter().flatten().last().expect("a bound").spent;
        prop_assert!((spent - alpha).abs() < 1e-15);
        let crossed = crossing(&looks, &found, sides, 0.0).expect("a probability");
        prop_assert!((crossed - sides.one(alpha)).abs() < 1e-8 * alpha.max(1e-3), "{} {}", crossed, sides.one(alpha));
    }

    #[test]
    fn bounds_fall_as_the_level_rises(spending in family(), sides in either(), looks in observed(), alpha in 0.001..0.2_f64) {
        let strict = bounds(spending, alpha, sides, &looks).expect("bounds");
        let loose = bounds(spending, alpha * 1.3, sides, &looks).expect("bounds");
        // The first bound always; later ones depend on what earlier ones let through.
        if let (Some(Ok(strict)), Some(Ok(loose))) = (strict.first(), loose.first()) {
            prop_assert!(loose.critical < strict.critical);
        }
        // A look that is too early at one level may not be so at the other; only the same looks compare.
        let mean = |of: &[Result<Bound, Reason>]| of.iter().flatten().map(|bound| bound.critical).sum::<f64>();
        if strict.iter().zip(&loose).all(|(strict, loose)| strict.is_ok() == loose.is_ok()) {
            prop_assert!(mean(&loose) < mean(&strict));
        }
    }

    #[test]
    fn one_look_is_the_fixed_design(spending in family(), sides in either(), alpha in 0.0001..0.3_f64, information in 1e-9..1e9_f64) {
        let look = Look { fraction: 0.4, information, last: true };
        let found = critical(&bounds(spending, alpha, sides, &[look]).expect("bounds"));
        near(&found, &[normal::tail_quantile(sides.one(alpha))], 1e-12);
    }

    #[test]
    fn power_rises_with_the_drift(spending in family(), sides in either(), looks in observed(), drift in 0.0..3.0_f64) {
        let end = looks.last().expect("a look").information.sqrt();
        let found = bounds(spending, 0.05, sides, &looks).expect("bounds");
        let at = |drift: f64| crossing(&looks, &found, sides, drift / end).expect("a probability");
        prop_assert!(at(drift + 0.1) > at(drift));
        // What is lost is what crossed the lower bound early.
        prop_assert!(at(12.0) > 0.974);
    }

    #[test]
    fn a_bound_depends_on_no_later_look(spending in family(), looks in observed()) {
        let all = bounds(spending, 0.05, Sides::Two, &looks).expect("bounds");
        let early = &looks[..looks.len() - 1];
        prop_assert_eq!(&all[..early.len()], &bounds(spending, 0.05, Sides::Two, early).expect("bounds")[..]);
    }

    #[test]
    fn spending_grows_from_nothing_to_the_level(spending in family(), sides in either(), alpha in 0.0001..0.5_f64, t in 0.0..1.0_f64) {
        let at = |t: f64| spending.spent(alpha, sides, t).expect("a level");
        prop_assert!(at(0.0).abs() < 1e-300 && (at(1.0) - alpha).abs() < 1e-15 && (at(7.0) - alpha).abs() < 1e-15);
        prop_assert!(at(t) <= at(t + 0.01) && at(t) >= 0.0 && at(0.999_999_999) > alpha * 0.999);
    }
}
