//! Estimates as a whole: properties over random data, and what extremes give.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    Comparison, Critical, Direction, Estimate, Moments, Ordered, Undefined, Verdict, adjust, interaction, normal,
    post_stratify,
};

fn table(rows: &[Vec<f64>]) -> Moments {
    let mut moments = Moments::new(rows[0].len());
    for row in rows {
        moments.push(row).expect("finite");
    }
    moments
}

fn mean(values: &[f64]) -> Estimate {
    Estimate::of_mean(&Moments::of(values).expect("finite"), 0).expect("units")
}

fn near(one: f64, other: f64, tolerance: f64) -> bool {
    (one - other).abs() <= tolerance * one.abs().max(other.abs())
}

/// Uniform numbers below 1, a fixed sequence per seed (Knuth's generator).
fn dice(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

proptest! {
    #[test]
    fn the_order_of_merging_does_not_matter(
        rows in vec(vec(-1e3f64..1e3, 3), 3..60),
        cut in 1usize..59,
        offset in prop_oneof![Just(0.0), Just(1e9), -1e6f64..1e6],
    ) {
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().map(|value| value + offset).collect()).collect();
        let whole = table(&rows);
        let (head, tail) = rows.split_at(cut.min(rows.len() - 1));
        let parts = [table(head), table(tail)];
        for order in [[0, 1], [1, 0]] {
            let merged = Moments::merged(order.map(|at| &parts[at])).expect("the same columns");
            prop_assert_eq!(merged.count(), whole.count());
            for i in 0..3 {
                // Values reach a thousand around the offset: a mean near 0 has no digits of its own.
                let (one, other) = (merged.mean(i).expect("units"), whole.mean(i).expect("units"));
                prop_assert!((one - other).abs() <= 1e-14 * (1e3 + offset.abs()), "{one} {other}");
                prop_assert!(near(merged.variance(i).expect("units"), whole.variance(i).expect("units"), 1e-12));
                let scale = whole.variance(0).expect("units").sqrt() * whole.variance(i).expect("units").sqrt();
                let apart = merged.covariance(0, i).expect("units") - whole.covariance(0, i).expect("units");
                prop_assert!(apart.abs() <= 1e-12 * scale);
            }
        }
    }

    #[test]
    fn an_offset_changes_no_test(
        control in vec(-128i32..128, 3..40),
        treatment in vec(-128i32..128, 3..40),
    ) {
        // Sixty-fourths survive the offset exactly, so that the data is the same.
        let arm = |values: &[i32], offset: f64| {
            mean(&values.iter().map(|value| f64::from(*value) / 64.0 + offset).collect::<Vec<_>>())
        };
        let plain = (arm(&control, 0.0), arm(&treatment, 0.0));
        let moved = (arm(&control, 1e9), arm(&treatment, 1e9));
        let (one, other) =
            (Comparison::new(&plain.0, &plain.1).against(1.0), Comparison::new(&moved.0, &moved.1).against(1.0));
        match (one, other) {
            (Ok(one), Ok(other)) => {
                prop_assert!((one.value - other.value).abs() < 1e-14);
                prop_assert!(near(one.variance, other.variance, 1e-12));
                prop_assert!(near(one.freedom, other.freedom, 1e-12));
                prop_assert!(near(one.p().expect("p"), other.p().expect("p"), 1e-11));
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn sums_about_a_shift_are_the_same_moments(rows in vec(vec(-50f64..50.0, 2), 2..40), shift in -5f64..5.0) {
        let whole = table(&rows);
        let (mut sums, mut products) = ([0.0; 2], [0.0; 3]);
        for row in &rows {
            let (x, y) = (row[0] - shift, row[1] - 1.0);
            sums = [sums[0] + x, sums[1] + y];
            products = [products[0] + x * x, products[1] + x * y, products[2] + y * y];
        }
        let from = Moments::from_sums(rows.len() as u64, &[shift, 1.0], &sums, &products).expect("possible");
        for i in 0..2 {
            prop_assert!((from.mean(i).expect("units") - whole.mean(i).expect("units")).abs() < 1e-12);
            prop_assert!((from.covariance(1, i).expect("units") - whole.covariance(1, i).expect("units")).abs() < 1e-9);
        }
    }

    #[test]
    fn the_relative_interval_excludes_0_exactly_when_the_absolute_one_does(
        control in vec(-3f64..9.0, 3..30),
        treatment in vec(-3f64..9.0, 3..30),
        q in 0.01f64..4.0,
    ) {
        let (control, treatment) = (mean(&control), mean(&treatment));
        let pair = Comparison::new(&control, &treatment);
        if let (Ok(relative), Ok(contrast)) = (pair.relative(q), pair.against(1.0)) {
            let absolute = contrast.interval(q).expect("finite");
            prop_assert_eq!(relative.contains(0.0), absolute.contains(0.0));
            let lift = pair.lift().expect("a mean");
            prop_assert!(relative.low <= lift && lift <= relative.high, "{relative:?} {lift}");
            // The ends solve the equation that defines them.
            let (c, t) = (control.mean().expect("finite"), treatment.mean().expect("finite"));
            let (v_c, v_t) = (control.variance().expect("units"), treatment.variance().expect("units"));
            for end in [relative.low, relative.high] {
                let ratio = 1.0 + end * c.signum();
                let (square, bound) = ((t - ratio * c).powi(2), q * q * (v_t + ratio * ratio * v_c));
                prop_assert!(near(square, bound, 1e-6) || (square - bound).abs() < 1e-9 * (t * t + c * c), "{square} {bound}");
            }
        }
    }

    #[test]
    fn swapped_arms_negate_the_difference(one in vec(-9f64..9.0, 2..20), other in vec(-9f64..9.0, 2..20)) {
        let (one, other) = (mean(&one), mean(&other));
        let (there, back) = (Comparison::new(&one, &other).against(1.0), Comparison::new(&other, &one).against(1.0));
        if let (Ok(there), Ok(back)) = (there, back) {
            prop_assert!((there.value + back.value).abs() <= 0.0);
            prop_assert!(near(there.p().expect("p"), back.p().expect("p"), 1e-13));
            prop_assert!(near(there.freedom, back.freedom, 1e-13));
        }
    }

    #[test]
    fn the_verdict_is_what_the_interval_says(
        control in vec(1f64..9.0, 3..30),
        treatment in vec(1f64..9.0, 3..30),
        margin in 0.0f64..0.5,
        increase in any::<bool>(),
        mirrored in any::<bool>(),
    ) {
        // Negated data with the other direction is the same question, though the control mean is negative.
        let turn = if mirrored { -1.0 } else { 1.0 };
        let (c, t) = (
            mean(&control.iter().map(|value| value * turn).collect::<Vec<_>>()),
            mean(&treatment.iter().map(|value| value * turn).collect::<Vec<_>>()),
        );
        let direction = if increase == mirrored { Direction::Decrease } else { Direction::Increase };
        let pair = Comparison::new(&c, &t);
        let good = if increase { 1.0 } else { -1.0 };
        for critical in [Critical::Horizon { alpha: 0.05 }, Critical::Boundary { z: 2.2 }, Critical::Width { q: 3.0 }] {
            let judged = pair.judge(critical, direction, Some(margin)).expect("defined");
            // Mirrored means turn the lift's sign with them.
            if let Ok(relative) = judged.relative {
                let (low, high) = (relative.low * good * turn, relative.high * good * turn);
                let (low, high) = (low.min(high), low.max(high));
                let apart = (low + margin).abs().min((high + margin).abs());
                if apart > 1e-9 {
                    let expected = if low > 0.0 {
                        Verdict::Better
                    } else if low > -margin {
                        Verdict::NonInferior
                    } else if high < -margin {
                        Verdict::Worse
                    } else {
                        Verdict::Undecided
                    };
                    prop_assert_eq!(judged.verdict, expected, "{:?}", judged);
                }
            }
            let plain = pair.judge(critical, direction, None).expect("defined");
            prop_assert_eq!(plain.better, plain.verdict == Verdict::Better);
            prop_assert_eq!(plain.worse, plain.verdict == Verdict::Worse);
            prop_assert_eq!(plain.absolute.contains(0.0), plain.verdict == Verdict::Undecided);
        }
    }

    #[test]
    fn percentiles_are_type_7(values in vec(-9i32..9, 1..40), level in 0.0f64..=1.0) {
        let ordered = Ordered::of(&values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>()).expect("finite");
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let at = (sorted.len() - 1) as f64 * level;
        let below = (0..sorted.len()).rev().find(|rank| *rank as f64 <= at).expect("a rank");
        let (low, high) = (f64::from(sorted[below]), f64::from(sorted[(below + 1).min(sorted.len() - 1)]));
        let expected = low + (at - below as f64) * (high - low);
        prop_assert!((ordered.percentile(level).expect("values") - expected).abs() < 1e-12);
    }

    #[test]
    fn extremes_give_an_answer_or_a_reason(
        counts in [prop_oneof![Just(0u64), Just(1), Just(2), Just(1_000_000_000_000), Just(u64::MAX / 2)],
                   prop_oneof![Just(0u64), Just(1), Just(2), Just(1_000_000_000_000), Just(u64::MAX / 2)]],
        shifts in vec(prop_oneof![Just(0.0), Just(1.0), Just(-1e300), Just(1e300), Just(1e-300), Just(5e-324)], 4),
        spreads in vec(prop_oneof![Just(0.0), Just(1e300), Just(1e-300), Just(1.0), Just(f64::MAX)], 4),
        share in -1.0f64..=1.0,
        margin in prop_oneof![Just(0.0), Just(0.1), Just(1e300)],
        q in prop_oneof![Just(1e-300), Just(1.96), Just(1e300)],
    ) {
        let arm = |at: usize| {
            let (a, b) = (spreads[2 * at], spreads[2 * at + 1]);
            let products = [a, share * a.sqrt() * b.sqrt(), b];
            let sums = [0.0, 0.0];
            Moments::from_sums(counts[at], &shifts[2 * at..2 * at + 2], &sums, &products)
        };
        if let (Ok(one), Ok(other)) = (arm(0), arm(1)) {
            let mut estimates = vec![(Estimate::of_mean(&one, 0), Estimate::of_mean(&other, 0))];
            estimates.push((Estimate::of_ratio(&one), Estimate::of_ratio(&other)));
            if let Ok(both) = adjust(&[one.clone(), other.clone()]) {
                prop_assert!(both.thetas.iter().flatten().all(|theta| theta.is_finite()));
                estimates.push((Ok(both.arms[0].clone()), Ok(both.arms[1].clone())));
            }
            if let Ok(both) = post_stratify(&[vec![one.clone(), other.clone()], vec![other, one]]) {
                estimates.push((Ok(both[0].clone()), Ok(both[1].clone())));
            }
            for (control, treatment) in estimates {
                let (Ok(control), Ok(treatment)) = (control, treatment) else { continue };
                let pair = Comparison::new(&control, &treatment);
                let numbers = [pair.difference(), pair.lift(), pair.lift_se(), control.se(), treatment.mean()];
                prop_assert!(numbers.iter().flatten().all(|number| number.is_finite()), "{numbers:?}");
                if let Ok(interval) = pair.relative(q) {
                    prop_assert!(interval.low <= interval.high && interval.low.is_finite() && interval.high.is_finite());
                }
                for critical in [Critical::Horizon { alpha: 0.05 }, Critical::Boundary { z: 3.0 }, Critical::Width { q }] {
                    if let Ok(judged) = pair.judge(critical, Direction::Decrease, Some(margin)) {
                        prop_assert!(judged.q > 0.0 && judged.freedom > 0.0 && judged.difference.is_finite());
                        prop_assert!(judged.absolute.low <= judged.absolute.high);
                    }
                }
                if let Ok(contrast) = interaction([&control, &treatment], [&treatment, &control]) {
                    prop_assert!(contrast.p().is_ok_and(|p| (0.0..=1.0).contains(&p)) || contrast.statistic().is_err());
                }
            }
        }
    }
}

#[test]
fn what_is_no_number_is_refused_and_changes_nothing() {
    let mut moments = Moments::of(&[1.0, 2.0]).expect("finite");
    let before = moments.clone();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(moments.push(&[bad]), Err(Undefined::NotFinite));
        assert_eq!(Ordered::of(&[bad]), Err(Undefined::NotFinite));
    }
    assert_eq!(moments.push(&[1.0, 2.0]), Err(Undefined::Mismatch));
    assert_eq!(moments, before);
    assert_eq!(Moments::from_sums(3, &[0.0], &[3.0], &[1.0]), Err(Undefined::ImpossibleSums));
    assert_eq!(Moments::from_sums(3, &[0.0; 2], &[0.0; 2], &[1.0, 2.0, 1.0]), Err(Undefined::ImpossibleSums));
    assert_eq!(Moments::from_sums(1, &[0.0], &[3.0], &[10.0]), Err(Undefined::ImpossibleSums));
    assert_eq!(Moments::from_sums(0, &[0.0], &[3.0], &[9.0]), Err(Undefined::ImpossibleSums));
    assert_eq!(Moments::from_sums(2, &[0.0], &[2e9], &[2e18 + 512.0]), Err(Undefined::LostDigits));
    assert_eq!(Moments::from_sums(9, &[0.0], &[45.0], &[225.0]).expect("all have 5").variance(0), Ok(0.0));
    assert_eq!(
        Moments::from_sums(1, &[0.0], &[0.1], &[0.1 * 0.1]).expect("one unit").variance(0),
        Err(Undefined::OneUnit)
    );
    assert_eq!(Moments::of(&[1e300, -1e300]).expect("finite").variance(0), Err(Undefined::Overflow));
    assert_eq!(Moments::of_conversions(3, 4), Err(Undefined::ImpossibleSums));
}

#[test]
fn a_conversion_is_a_mean_of_0_and_1() {
    let counted = Moments::of_conversions(1_000_000_000_000, 50_000_000_000).expect("possible");
    let n: f64 = 1e12;
    assert!(near(counted.mean(0).expect("units"), 0.05, 1e-15));
    assert!(near(counted.variance(0).expect("units"), 0.05 * 0.95 * n / (n - 1.0), 1e-12));
    let listed = Moments::of(&[1.0, 0.0, 0.0, 1.0, 0.0]).expect("finite");
    let counted = Moments::of_conversions(5, 2).expect("possible");
    assert!(near(listed.variance(0).expect("units"), counted.variance(0).expect("units"), 1e-15));
}

#[test]
fn a_ratio_of_units_that_count_once_is_their_mean() {
    let rows: Vec<Vec<f64>> = [2.0, 3.5, 9.0, 1.0].iter().map(|value| vec![*value, 1.0]).collect();
    let (ratio, plain) = (Estimate::of_ratio(&table(&rows)).expect("a ratio"), mean(&[2.0, 3.5, 9.0, 1.0]));
    assert!(near(ratio.mean().expect("finite"), plain.mean().expect("finite"), 1e-15));
    assert!(near(ratio.variance().expect("units"), plain.variance().expect("units"), 1e-14));
    let same: Vec<Vec<f64>> = [2.0, 3.5, 9.1].iter().map(|value| vec![value * 0.3, *value]).collect();
    let ratio = Estimate::of_ratio(&table(&same)).expect("a ratio");
    assert_eq!(ratio.variance(), Ok(0.0), "a constant ratio does not vary, whatever rounding says");
    assert_eq!(Estimate::of_ratio(&table(&[vec![1.0, 1.0], vec![1.0, -1.0]])), Err(Undefined::ZeroDenominator));
}

#[test]
fn clusters_of_one_unit_are_units_and_copies_add_nothing() {
    let ones: Vec<Vec<f64>> = [4.0, 1.0, 7.0, 2.0].iter().map(|value| vec![*value, 1.0]).collect();
    let tens: Vec<Vec<f64>> = [4.0, 1.0, 7.0, 2.0].iter().map(|value| vec![value * 10.0, 10.0]).collect();
    let (ones, tens) =
        (Estimate::of_clusters(&table(&ones)).expect("a mean"), Estimate::of_clusters(&table(&tens)).expect("a mean"));
    assert!(near(ones.se().expect("units"), tens.se().expect("units"), 1e-14));
    assert_eq!(tens.count, 4);
}

#[test]
fn quantiles_have_their_order_statistics_or_a_reason() {
    let values: Vec<f64> = (0..1001).map(f64::from).collect();
    let ordered = Ordered::of(&values).expect("finite");
    let median = Estimate::of_quantile(&ordered, 0.5).expect("values");
    assert_eq!(median.mean(), Ok(500.0));
    let spread = 1000.0 * (0.25f64 / 1001.0).sqrt();
    assert!(near(median.se().expect("a width"), spread, 1e-12));
    // Each event a unit of its own: the clustered form differs by n/(n − 1) and by which indicators are at or below.
    let rows: Vec<Vec<f64>> = values.iter().map(|value| vec![f64::from(u8::from(*value <= 500.0)), 1.0]).collect();
    let clustered = Estimate::of_clustered_quantile(&ordered, 0.5, &table(&rows)).expect("values");
    assert!(near(clustered.se().expect("a width"), spread, 1e-3));
    assert_eq!(
        Estimate::of_quantile(&Ordered::of(&[1.0; 50]).expect("finite"), 0.5).expect("values").se(),
        Err(Undefined::ZeroWidth)
    );
    assert_eq!(
        Estimate::of_quantile(&Ordered::of(&values[..9]).expect("finite"), 0.99).expect("values").se(),
        Err(Undefined::TooFewUnits)
    );
    assert_eq!(
        Estimate::of_quantile(&Ordered::of(&values[..1]).expect("finite"), 0.5).expect("values").se(),
        Err(Undefined::OneUnit)
    );
    assert_eq!(Estimate::of_quantile(&Ordered::of(&[]).expect("finite"), 0.5), Err(Undefined::EmptyArm));
    assert_eq!(Estimate::of_quantile(&ordered, 1.0), Err(Undefined::OutOfRange));
    let fewer = table(&rows[..1000]);
    assert_eq!(Estimate::of_clustered_quantile(&ordered, 0.5, &fewer), Err(Undefined::Mismatch));
}

#[test]
fn caps_are_over_all_units_with_their_zeros() {
    let ordered = Ordered::of_counts([(0.0, 98), (3.0, 1), (10.0, 1)]).expect("finite");
    assert!(near(ordered.cap(0.99).expect("above 0"), 3.07, 1e-12));
    assert_eq!(ordered.cap(0.9), Err(Undefined::CollapsedCap));
    let many = Ordered::of_counts([(0.0, 500_000_000_000), (1.0, 500_000_000_000)]).expect("finite");
    assert_eq!(many.cap(0.9), Ok(1.0));
}

#[test]
fn strata_are_a_regression_on_their_indicator() {
    // One indicator, its own slope per arm: the adjusted means are those of the strata at their shares.
    let arms =
        [[vec![1.0, 2.0, 4.0, 2.5], vec![7.0, 9.0, 6.5]], [vec![2.0, 5.0, 3.0], vec![8.0, 12.0, 9.5, 11.0, 9.0]]];
    let strata: Vec<Vec<Moments>> =
        arms.iter().map(|arm| arm.iter().map(|cell| Moments::of(cell).expect("finite")).collect()).collect();
    let rows = |arm: &[Vec<f64>; 2]| {
        let cells =
            arm.iter().zip([0.0, 1.0]).flat_map(|(cell, mark)| cell.iter().map(move |value| vec![*value, mark]));
        table(&cells.collect::<Vec<_>>())
    };
    let stratified = post_stratify(&strata).expect("defined");
    let adjusted = adjust(&[rows(&arms[0]), rows(&arms[1])]).expect("defined");
    for (one, other) in stratified.iter().zip(&adjusted.arms) {
        assert!(near(one.mean().expect("finite"), other.mean().expect("finite"), 1e-14));
        assert!(near(one.shared.iter().map(|u| u * u).sum(), other.shared.iter().map(|u| u * u).sum(), 1e-13));
    }
    // By hand: shares 7/15 and 8/15.
    let expected = 7.0 / 15.0 * 2.375 + 8.0 / 15.0 * 7.5;
    assert!(near(stratified[0].mean().expect("finite"), expected, 1e-14));
    let thin = vec![Moments::of(&[1.0]).expect("finite"), Moments::of(&[1.0, 2.0]).expect("finite")];
    assert_eq!(post_stratify(&[strata[0].clone(), thin]), Err(Undefined::ThinStratum));
}

#[test]
fn covariates_that_say_nothing_are_left_out() {
    let mut random = dice(7);
    let rows: Vec<Vec<f64>> = (0..40)
        .map(|_| {
            let x = random();
            let other = random();
            vec![3.0 * x + random(), x, 5.0, 2.0 * x - 1.0, other, x + other]
        })
        .collect();
    let arms = [table(&rows[..20]), table(&rows[20..])];
    let adjusted = adjust(&arms).expect("one is left");
    assert_eq!(
        adjusted.dropped,
        [(1, Undefined::ConstantCovariate), (2, Undefined::Collinear), (4, Undefined::Collinear)]
    );
    assert_eq!(adjusted.thetas[0].len(), 2);
    let few = adjust(&[table(&rows[..3]), table(&rows[20..])]).expect("a mean");
    assert_eq!(few.arms[0].variance(), Err(Undefined::TooFewUnits));
    let plain: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[0], 1.0]).collect();
    assert_eq!(adjust(&[table(&plain), table(&plain)]), Err(Undefined::ConstantCovariate));
    let perfect: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[1] * 2.0, row[1]]).collect();
    let both = adjust(&[table(&perfect[..20]), table(&perfect[20..])]).expect("defined");
    let pair = Comparison::new(&both.arms[0], &both.arms[1]).against(1.0);
    assert!(
        pair.is_err() || pair.is_ok_and(|contrast| contrast.se() < 1e-7 && contrast.value.abs() < 1e-7),
        "{pair:?}"
    );
}

#[test]
fn a_covariate_without_relation_changes_nothing_in_expectation() {
    let (runs, n) = (400u32, 60);
    let (mut shift, mut squares, mut ratio) = (0.0, 0.0, 0.0);
    for run in 0..runs {
        let mut random = dice(u64::from(run) + 1);
        let arms: Vec<Moments> =
            (0..2).map(|_| table(&(0..n).map(|_| vec![random(), random()]).collect::<Vec<_>>())).collect();
        let adjusted = adjust(&arms).expect("defined").arms;
        let plain: Vec<Estimate> = arms.iter().map(|arm| Estimate::of_mean(arm, 0).expect("units")).collect();
        let with = Comparison::new(&adjusted[0], &adjusted[1]).against(1.0).expect("defined");
        let without = Comparison::new(&plain[0], &plain[1]).against(1.0).expect("defined");
        let apart = with.value - without.value;
        shift += apart;
        squares += apart * apart;
        ratio += with.variance / without.variance / f64::from(runs);
    }
    let (mean, error) = (shift / f64::from(runs), squares.sqrt() / f64::from(runs));
    assert!(mean.abs() < 4.0 * error, "{mean} ± {error}");
    assert!((ratio - 1.0).abs() < 0.01, "variances are the same on average: {ratio}");
}

/// Coverage of the interval with a covariate, of the lift and of the difference, by simulation with fixed seeds.
#[test]
fn intervals_cover_what_they_promise() {
    let (runs, n) = (2000u32, 80);
    let mut covered = [0u32; 3];
    for run in 0..runs {
        let mut random = dice(u64::from(run) + 1_000_003);
        let mut arm = |effect: f64, slope: f64| {
            let rows = (0..n).map(|_| {
                let x = random() * 2.0;
                vec![2.0 + effect + slope * (x - 1.0) + random() - 0.5, x]
            });
            table(&rows.collect::<Vec<_>>())
        };
        let arms = [arm(0.0, 1.0), arm(0.3, 3.0)];
        let plain: Vec<Estimate> = arms.iter().map(|arm| Estimate::of_mean(arm, 0).expect("units")).collect();
        let adjusted = adjust(&arms).expect("defined").arms;
        let judge = |arms: &[Estimate]| {
            let critical = Critical::Horizon { alpha: 0.05 };
            Comparison::new(&arms[0], &arms[1]).judge(critical, Direction::Increase, None).expect("defined")
        };
        let (plain, adjusted) = (judge(&plain), judge(&adjusted));
        covered[0] += u32::from(plain.absolute.contains(0.3));
        covered[1] += u32::from(adjusted.absolute.contains(0.3));
        covered[2] += u32::from(adjusted.relative.expect("far from 0").contains(0.15));
    }
    for covered in covered {
        let share = f64::from(covered) / f64::from(runs);
        // Four Monte-Carlo standard errors of 95 %.
        assert!((share - 0.95).abs() < 4.0 * (0.95f64 * 0.05 / f64::from(runs)).sqrt(), "{share}");
    }
}

#[test]
fn an_interaction_is_a_difference_of_differences() {
    let cells = [mean(&[1.0, 2.0, 3.0]), mean(&[2.0, 4.0, 3.0]), mean(&[5.0, 6.0, 8.0, 7.0]), mean(&[9.0, 12.0, 10.0])];
    let found = interaction([&cells[0], &cells[1]], [&cells[2], &cells[3]]).expect("defined");
    let means: Vec<f64> = cells.iter().map(|cell| cell.mean().expect("finite")).collect();
    assert!(near(found.value, (means[3] - means[2]) - (means[1] - means[0]), 1e-14));
    assert!(near(found.variance, cells.iter().map(|cell| cell.variance().expect("units")).sum(), 1e-14));
    let additive = interaction([&cells[0], &cells[1]], [&cells[0], &cells[1]]).expect("defined");
    assert!(additive.value.abs() < 1e-15 && additive.p().is_ok_and(|p| p > 0.999));
}

#[test]
fn a_boundary_in_z_is_met_by_the_p_value() {
    let (control, treatment) = (mean(&[1.0, 2.0, 3.0, 2.5, 1.5]), mean(&[3.0, 4.5, 4.0, 5.0]));
    let pair = Comparison::new(&control, &treatment);
    let z = pair.against(1.0).expect("defined").z().expect("in range");
    for (boundary, verdict) in [(z - 1e-6, Verdict::Better), (z + 1e-6, Verdict::Undecided)] {
        let judged = pair.judge(Critical::Boundary { z: boundary }, Direction::Increase, None).expect("defined");
        assert_eq!(judged.verdict, verdict);
    }
    let p = pair.against(1.0).expect("defined").p().expect("in range");
    assert!(near(normal::two_sided(z), p, 1e-12));
    assert!(Critical::Horizon { alpha: 0.0 }.at(5.0).is_err() && Critical::Width { q: f64::NAN }.at(5.0).is_err());
}

#[test]
fn a_margin_at_a_control_mean_of_0_is_0() {
    let (control, treatment) = (mean(&[-1.0, 1.0, -1.0, 1.0]), mean(&[3.0, 4.0, 5.0, 4.0]));
    let pair = Comparison::new(&control, &treatment);
    let contrast = pair.against_margin(Direction::Increase, 0.1).expect("defined");
    assert!(near(contrast.value, 4.0, 1e-15));
    assert_eq!(pair.relative(1.96), Err(Undefined::ControlMeanZero));
    assert_eq!(pair.against_margin(Direction::Increase, f64::NAN), Err(Undefined::OutOfRange));
}
