//! Extreme input to all of `stats`: an answer that is a number, or a reason, in bounded time.

use std::path::Path;
use std::time::{Duration, Instant};

use allotment::stats::design::{
    Aim, Baseline, Decision, Design, Overall, Reach, Role, Shape, Standing, State, Step, Tested, Traffic, Treatment,
    choose, decide, levels,
};
use allotment::stats::sequential::{
    Classical, Look, Sequence, Sides, Spending, bounds, classical, crossing, drift, inflation, planned,
};
use allotment::stats::{
    Around, Comparison, Contrast, Critical, Direction, Estimate, Interval, Moments, Ordered, SampleRatio, Twofold,
    Undefined, adjust, benjamini_hochberg, bonferroni, goodness_of_fit, holm, hommel, independence, interaction,
    log_evidence, normal, post_stratify, student,
};

/// What numbers can be: nothing, tiny, ordinary, vast, and none.
const NUMBERS: [f64; 18] = [
    0.0,
    5e-324,
    1e-300,
    1e-9,
    0.05,
    0.5,
    0.999_999,
    1.0,
    3.0,
    1e6,
    1e12,
    1e300,
    f64::MAX,
    f64::INFINITY,
    f64::NAN,
    -1e-9,
    -1.0,
    -1e300,
];
const COUNTS: [u64; 6] = [0, 1, 2, 1_000, 1_000_000_000_000, u64::MAX / 8];
const SIDES: [Sides; 2] = [Sides::One, Sides::Two];
const WAYS: [Direction; 2] = [Direction::Increase, Direction::Decrease];

/// What no test here may take, without optimisation and on a machine that has much else to do: all are seconds by themselves.
const PATIENCE: Duration = Duration::from_mins(10);

#[track_caller]
fn number<E>(found: Result<f64, E>) -> Option<f64> {
    let found = found.ok()?;
    assert!(found.is_finite(), "{found}");
    Some(found)
}

#[track_caller]
fn probability<E>(found: Result<f64, E>) {
    assert!(number(found).is_none_or(|p| (0.0..=1.0).contains(&p)));
}

#[track_caller]
fn ordered(found: Result<Interval, Undefined>) {
    if let Ok(found) = found {
        assert!(found.low.is_finite() && found.high.is_finite() && found.low <= found.high, "{found:?}");
        assert!(found.contains(found.low) && found.contains(found.high));
    }
}

#[test]
fn distributions() {
    for a in NUMBERS {
        // What is no number has no tail; there is no reason to give, as it cannot come from data.
        for p in [normal::cdf(a), normal::sf(a), normal::two_sided(a)] {
            assert!((0.0..=1.0).contains(&p) || a.is_nan(), "{a}: {p}");
        }
        number(normal::quantile(a));
        number(normal::upper_quantile(a));
        for b in NUMBERS {
            probability(student::sf(a, b));
            probability(student::cdf(a, b));
            probability(student::two_sided(a, b));
            number(student::quantile(a, b));
            number(student::upper_quantile(a, b));
            let (sum, product) = (Twofold::sum(a, b), Twofold::product(a, b));
            for made in [sum.plus(product), sum.minus(product), sum.times(a), sum.over(product)] {
                let _ = made.value();
            }
        }
    }
}

/// Arms of two columns, of every count, offset and spread that sums can have.
fn arms() -> Vec<Moments> {
    let mut arms = vec![Moments::new(2)];
    for count in COUNTS {
        for (centre, spread) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1e300), (-1e300, 1.0), (1e-300, 1e-300)] {
            let scale = spread * (count as f64 - 1.0).clamp(1.0, 10.0);
            for share in [0.0, 1.0] {
                let products = [scale, share * scale, scale];
                arms.extend(Moments::from_sums(count, &[centre, 1.0], &[0.0; 2], &products));
            }
        }
    }
    let mut pushed = Moments::new(2);
    for row in [[1e300, -1e300], [-1e300, 1e300], [5e-324, 0.0], [f64::MAX, f64::MAX], [f64::NAN, 0.0]] {
        let _ = pushed.push(&row);
        arms.push(pushed.clone());
    }
    pushed.push_many(&[1.0, 1.0], u64::MAX / 2).expect("they fit");
    assert!(pushed.push_many(&[1.0, 1.0], u64::MAX / 2 + 9).is_err(), "more than can be counted");
    arms.push(pushed);
    arms
}

#[test]
fn moments() {
    let started = Instant::now();
    for values in [&[][..], &[0.0], &[f64::MAX, f64::MAX, -f64::MAX], &[5e-324; 3], &[f64::INFINITY]] {
        if let Ok(found) = Moments::of(values) {
            number(found.variance(0));
        }
    }
    for count in COUNTS {
        for converted in COUNTS {
            if let Ok(found) = Moments::of_conversions(count, converted) {
                number(found.mean(0));
                number(found.variance(0));
            }
        }
    }
    for a in NUMBERS {
        for b in NUMBERS {
            for count in COUNTS {
                if let Ok(found) = Moments::from_sums(count, &[a], &[b], &[a]) {
                    number(found.mean(0));
                    number(found.variance(0));
                }
            }
        }
    }
    let arms = arms();
    for arm in &arms {
        assert_eq!(arm.columns(), 2);
        assert!(arm.count() <= u64::MAX / 2 + 9);
        for column in 0..3 {
            number(arm.mean(column));
            number(arm.sum(column));
            number(arm.variance(column));
            number(arm.covariance(0, column));
        }
        if let Ok(ratio) = arm.linearised() {
            number(ratio.mean(0));
            number(ratio.variance(0));
        }
        for other in &arms {
            let mut both = arm.clone();
            if both.merge(other).is_ok() {
                number(both.mean(0));
                number(both.variance(0));
                assert_eq!(Moments::merged([arm, other]).expect("they fit").count(), both.count());
            }
        }
    }
    assert!(started.elapsed() < PATIENCE);
}

/// All that can be made of a treatment and a control.
fn pair(control: &Estimate, treatment: &Estimate) {
    let pair = Comparison::new(control, treatment);
    for arm in [control, treatment] {
        number(arm.mean());
        number(arm.variance());
        number(arm.se());
    }
    number(pair.difference());
    number(pair.lift());
    number(pair.lift_se());
    let contrast = |found: Result<Contrast, Undefined>| {
        let Ok(found) = found else { return };
        assert!(found.value.is_finite() && found.variance > 0.0 && found.freedom > 0.0, "{found:?}");
        assert!(found.se().is_finite());
        number(found.statistic());
        number(found.z());
        probability(found.p());
        probability(found.p_above());
        for q in NUMBERS {
            ordered(found.interval(q));
        }
    };
    contrast(interaction([control, treatment], [treatment, control]));
    contrast(Contrast::of(&[(1e300, control), (-1e300, treatment)]));
    for q in NUMBERS {
        contrast(pair.against(q));
        ordered(pair.relative(q));
        WAYS.iter().for_each(|way| contrast(pair.against_margin(*way, q)));
    }
    for critical in [Critical::Horizon { alpha: 1e-9 }, Critical::Boundary { z: 8.0 }, Critical::Width { q: 1e12 }] {
        for margin in [None, Some(0.0), Some(1e-9), Some(1e300)] {
            if let Ok(judged) = pair.judge(critical, Direction::Decrease, margin) {
                assert!(judged.q > 0.0 && judged.freedom > 0.0 && judged.difference.is_finite());
                ordered(Ok(judged.absolute));
                ordered(judged.relative);
            }
        }
    }
}

/// How an arm becomes an estimate.
type Make = fn(&Moments) -> Result<Estimate, Undefined>;

#[test]
fn estimates() {
    let started = Instant::now();
    // Every third, so that all pairs of them take seconds.
    let arms: Vec<Moments> = arms().into_iter().step_by(3).collect();
    for (at, one) in arms.iter().enumerate() {
        let other = &arms[(at * 7 + 3) % arms.len()];
        let of: [Make; 3] = [|arm| Estimate::of_mean(arm, 0), Estimate::of_ratio, Estimate::of_clusters];
        for of in of {
            if let (Ok(control), Ok(treatment)) = (of(one), of(other)) {
                pair(&control, &treatment);
            }
        }
        if let Ok(adjusted) = adjust(&[one.clone(), other.clone()]) {
            pair(&adjusted.arms[0], &adjusted.arms[1]);
        }
        if let Ok(arms) = post_stratify(&[vec![one.clone(), other.clone()], vec![other.clone(), one.clone()]]) {
            pair(&arms[0], &arms[1]);
        }
    }
    for critical in NUMBERS.map(|z| Critical::Boundary { z }) {
        for freedom in NUMBERS {
            number(critical.at(freedom));
        }
    }
    for way in WAYS {
        assert!((way.sign().abs() - 1.0).abs() < 1e-15);
    }
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn values_in_order() {
    let started = Instant::now();
    let mut all = vec![Ordered::of(&[]), Ordered::of(&[f64::MAX, -f64::MAX]), Ordered::of(&[f64::NAN])];
    for count in COUNTS {
        all.push(Ordered::of_counts([(0.0, count), (1.0, 1), (1e300, count), (-0.0, 3)]));
        all.push(Ordered::of_counts([(5e-324, count), (f64::MAX, count)]));
    }
    all.push(Ordered::of_counts([(0.0, u64::MAX), (1.0, 1)]));
    for values in all.iter().flatten() {
        number(values.smallest());
        for level in NUMBERS {
            number(values.percentile(level));
            number(values.cap(level));
            let mut found = vec![Estimate::of_quantile(values, level)];
            assert!(values.bytes() < 1 << 20);
            if let Ok(around) = values.around(level) {
                found.push(Estimate::of_quantile_around(level, around));
                found
                    .push(Estimate::of_quantile_around(level, Around { lower: level, upper: f64::INFINITY, ..around }));
            }
            found.push(Estimate::of_quantile_between(values.count(), level, level, f64::MAX));
            for below in [0.0, 1.0, 1e12] {
                let count = values.count() as f64;
                let units = Moments::from_sums(2, &[0.0; 2], &[below, count], &[below, below, count * count]);
                found.extend(units.map(|units| Estimate::of_clustered_quantile(values, level, &units)));
            }
            for found in found.into_iter().flatten() {
                pair(&found, &found);
            }
        }
    }
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn counts_and_p_values() {
    let started = Instant::now();
    let mut test = SampleRatio::default();
    for a in COUNTS {
        for b in COUNTS {
            for weights in [[0, 1], [1, 1], [1, 1_000_000_000_000], [u64::MAX / 2, 7]] {
                number(log_evidence(&[a, b], &weights));
                probability(test.look(&[a, b], &weights));
                assert!(test.p() > 0.0 && test.alarms() == (test.p() < SampleRatio::ALARM));
            }
            for share in NUMBERS {
                if let Some(found) = goodness_of_fit(&[a, b], &[share, 1.0 - share]) {
                    assert!(
                        found.statistic.is_finite() && (0.0..=1.0).contains(&found.p),
                        "{a} {b} {share}: {found:?}"
                    );
                }
                let wrong = goodness_of_fit(&[a, b], &[share, share]);
                assert!(wrong.is_none_or(|found| found.statistic.is_finite() && (share - 0.5).abs() < 1e-6), "{share}");
            }
            if let Some(found) = independence(&[vec![a, b], vec![b, a], vec![], vec![1, 1, 9]]) {
                assert!(found.statistic.is_finite() && (0.0..=1.0).contains(&found.p), "{found:?}");
            }
        }
    }
    for adjust in [bonferroni, holm, hommel, benjamini_hochberg] {
        for p in NUMBERS {
            for adjusted in [adjust(&[]), adjust(&[p]), adjust(&[p, 0.5]), adjust(&vec![p; 1_000])] {
                assert!(adjusted.is_none_or(|all| all.iter().all(|p| (0.0..=1.0).contains(p))));
            }
        }
    }
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn sizes_and_levels() {
    let started = Instant::now();
    let plain =
        |baseline| Design { baseline, alpha: 0.05, sides: Sides::Two, ratio: 1.0, correlation: 0.0, inflation: 1.0 };
    let mut designs = Vec::new();
    for a in NUMBERS {
        designs.extend(NUMBERS.map(|b| plain(Baseline::Mean { mean: a, variance: b })));
        designs.push(plain(Baseline::Binary { share: a }));
        let mean = plain(Baseline::Mean { mean: 1.0, variance: 1.0 });
        designs.extend([
            Design { alpha: a, ..mean },
            Design { ratio: a, ..mean },
            Design { correlation: a, ..mean },
            Design { inflation: a, sides: Sides::One, ..mean },
        ]);
    }
    for design in &designs {
        for effect in [0.0, 1e-9, -1e-9, 0.05, 1e300, f64::NAN] {
            let good = Direction::Decrease;
            for aim in
                [Aim::Effect(effect), Aim::NonInferior { margin: effect, good }, Aim::NonInferiorBy { margin: effect }]
            {
                for power in [0.0, 0.8, 0.999_999, 1.0, f64::NAN] {
                    if let Ok(size) = design.size(aim, power) {
                        assert!(size.treatment > 0.0 && size.treatment_ceil() >= 1.0 && size.total_ceil().is_finite());
                        assert!(size.control_ceil() >= 1.0, "{design:?} {aim:?}: {size:?}");
                    }
                }
                for units in [0.0, 1.0, 1e12, 1e300, f64::NAN] {
                    probability(design.power(aim, units));
                    number(design.resolution(aim, units, 0.999_999));
                }
            }
        }
        for units in [0.0, 1.0, 1e12, 1e300, f64::NAN] {
            for way in WAYS {
                number(design.detectable(way, units, 0.999_999));
                number(design.relative_margin(way, units, 0.8));
            }
            number(design.margin(units, 0.8));
        }
    }
    for alpha in NUMBERS {
        for count in [0, 1, u32::MAX] {
            let shape = Shape { success: count, guardrails: u32::MAX - count, watched: u32::MAX, treatments: count };
            for power in NUMBERS {
                if let Ok(levels) = levels(alpha, power, 0.01, shape) {
                    assert!(levels.guardrail > 0.0 && levels.power > 0.0 && levels.power < 1.0, "{levels:?}");
                }
            }
        }
    }
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn durations() {
    let started = Instant::now();
    let mut reaches = vec![Reach::new(&[])];
    for a in NUMBERS {
        for b in NUMBERS {
            reaches.push(Reach::new(&[(a, b)]));
            reaches.push(Reach::new(&[(1e-300, 1e-300), (a, b)]));
            reaches.push(Reach::new(&[(a, b), (1e18, 1e18)]));
        }
    }
    for reach in reaches.into_iter().flatten() {
        for days in NUMBERS {
            assert!(reach.at(days).count.is_finite(), "{reach:?} at {days}: {:?}", reach.at(days));
        }
        for share in [0.0, 1e-300, 1.0, f64::NAN] {
            let steps = [Step { day: 0.0, share }];
            for window in [0.0, 7.0, 1e300] {
                let Ok(traffic) = Traffic::new(reach.clone(), &steps, 1.0, 0.0, window) else { continue };
                for units in NUMBERS {
                    assert!(traffic.complete(units).count.is_finite());
                    if let Ok((_, found)) = traffic.days(units) {
                        assert!(found.count >= units && found.count.is_finite(), "{found:?}");
                    }
                }
            }
        }
    }
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn looks() {
    let started = Instant::now();
    let mut families = vec![Spending::OBrienFleming, Spending::Pocock];
    families.extend(NUMBERS.map(|rho| Spending::Power { rho }));
    families.extend(NUMBERS.map(|gamma| Spending::HwangShihDeCani { gamma }));
    let wild: Vec<Look> = NUMBERS.map(|x| Look { fraction: x, information: x, last: x > 1e299 }).to_vec();
    let mixed: Vec<Look> =
        NUMBERS.iter().rev().zip(planned(18)).map(|(x, look)| Look { information: *x, ..look }).collect();
    for spending in families {
        for sides in SIDES {
            for alpha in NUMBERS {
                NUMBERS.iter().for_each(|fraction| probability(spending.spent(alpha, sides, *fraction)));
                for looks in [&wild[..], &mixed, &planned(0), &planned(1), &planned(3)] {
                    let Ok(found) = bounds(spending, alpha, sides, looks) else { continue };
                    assert_eq!(found.len(), looks.len());
                    for bound in found.iter().flatten() {
                        assert!(bound.critical.is_finite() && bound.spent <= alpha, "{bound:?}");
                    }
                    probability(crossing(looks, &found, sides, 1e300));
                    probability(crossing(looks, &found, sides, f64::NAN));
                }
            }
            for power in [0.0, 0.026, 0.999_999, 1.0, f64::NAN] {
                number(inflation(spending, 0.05, sides, power, &planned(3)));
                number(drift(spending, 1e-9, sides, power, &planned(2)));
            }
        }
    }
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn four_hundred_looks() {
    let started = Instant::now();
    let looks = planned(400);
    // Hardly any units come from look to look, so that the walk takes its smallest steps.
    let slow: Vec<Look> = (0..100_u32)
        .map(|day| 0.5 + 1.01e-4 * f64::from(day))
        .map(|at| Look { fraction: at, information: at, last: at > 0.5099 })
        .collect();
    for looks in [&looks, &slow] {
        let found = bounds(Spending::Pocock, 1e-6, Sides::One, looks).expect("bounds");
        assert!(found.iter().all(|bound| bound.is_ok_and(|bound| bound.critical.is_finite()) || bound.is_err()));
    }
    number(inflation(Spending::OBrienFleming, 0.05, Sides::Two, 0.999_999, &looks)).expect("a factor");
    number(classical(Classical::Pocock, 0.05, Sides::Two, 100)).expect("a constant");
    for looks in [0, 1, u32::MAX] {
        for delta in NUMBERS {
            number(classical(Classical::WangTsiatis { delta }, 0.01, Sides::One, looks));
        }
    }
    assert!((Classical::Pocock.critical(2.4, 1, 400) - 2.4).abs() < 1e-12);
    for sides in SIDES {
        assert!((sides.all(sides.one(0.05)) - 0.05).abs() < 1e-15);
        for a in NUMBERS {
            for power in NUMBERS {
                number(Sequence::inflation(a, sides, power));
            }
            for planned in NUMBERS {
                let Ok(sequence) = Sequence::tuned(a, sides, planned, planned) else { continue };
                assert!(sequence.rho().is_finite());
                for units in NUMBERS {
                    number(sequence.critical(units, 1e12));
                }
            }
        }
    }
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn decisions() {
    let metrics: Vec<Tested> = [Role::Success, Role::Guardrail, Role::Watched]
        .into_iter()
        .cycle()
        .take(100_000)
        .map(|role| Tested { role, standing: Standing::Undefined, worse: false })
        .collect();
    let decision = decide(&metrics, State { over: true, whole_weeks: true, sound: true });
    assert!(matches!(decision, Decision::Wait(_)) && decision.reasons().len() == 66_667);
    let ships = NUMBERS.map(|primary| Treatment { decision: Decision::Ship(Vec::new()), primary: Some(primary) });
    let Overall::Ship { treatment, .. } = choose(&ships, |_, _| true) else { panic!("one ships") };
    assert!(NUMBERS[treatment].is_infinite());
    assert_eq!(choose(&[], |_, _| true), Overall::Stop);
}

/// Every public function of `stats` is called above.
#[test]
fn no_function_is_left_out() {
    let own = include_str!("extremes.rs");
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stats")];
    let (mut seen, mut left) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("sequential/walk.rs") {
                let text = std::fs::read_to_string(&path).expect("it is read");
                for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("pub fn ")) {
                    let name = line.split(['(', '<']).next().unwrap_or_default();
                    seen += 1;
                    let called = [format!("{name}("), format!("::{name}")].iter().any(|call| own.contains(call));
                    if !called && !own.contains(&format!("[{name}, ")) && !own.contains(&format!(" {name}, ")) {
                        left.push(format!("{}: {name}", path.display()));
                    }
                }
            }
        }
    }
    assert!(seen > 90 && left.is_empty(), "{seen} seen, not called: {left:#?}");
}
