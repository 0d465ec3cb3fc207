//! Tables and examples as they were printed, each with its source: we agree to the last digit of the print.
//!
//! Constants of sequential designs, sizes, corrections and small data were computed again with scipy or statsmodels before they were
//! copied, so that no misprint is held against the library; NIST's certified values and the table of Student's t were not.

use allotment::stats::design::{Aim, Baseline, Design};
use allotment::stats::sequential::{Bound, Classical, Sides, Spending, bounds, classical, crossing, planned};
use allotment::stats::{
    Comparison, Critical, Direction, Estimate, Moments, benjamini_hochberg, bonferroni, goodness_of_fit, holm, hommel,
    normal, student,
};

/// Agreement within one unit of the last digit printed: older tables cut where others round.
#[track_caller]
fn printed(found: f64, print: &str) {
    let decimals = print.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let unit = 0.1_f64.powi(i32::try_from(decimals).expect("a few digits"));
    let expected: f64 = print.parse().expect("a number");
    assert!((found - expected).abs() < unit, "{found}, printed as {print}");
}

fn constants(design: Classical, constant: f64, looks: u32) -> Vec<Result<Bound, allotment::stats::Reason>> {
    (1..=looks).map(|look| Ok(Bound { critical: design.critical(constant, look, looks), spent: 0.0 })).collect()
}

/// Armitage, `McPherson` & Rowe 1969, table 2: a test at 5 %, repeated as data accumulates.
#[test]
fn repeated_tests_without_a_correction() {
    for (looks, error) in [
        (1, "0.050"),
        (2, "0.083"),
        (3, "0.107"),
        (4, "0.126"),
        (5, "0.142"),
        (10, "0.193"),
        (20, "0.248"),
        (50, "0.320"),
    ] {
        let limits = constants(Classical::Pocock, 1.96, looks);
        let upper = crossing(&planned(looks), &limits, Sides::Two, 0.0).expect("a probability");
        printed(2.0 * upper, error);
    }
}

/// Pocock 1977, table 1: the nominal level of each of N tests for 5 % and 1 % over all.
#[test]
fn pocock_nominal_levels() {
    for (looks, at_5, at_1) in [
        (2, "0.0294", "0.0056"),
        (3, "0.0221", "0.0041"),
        (4, "0.0182", "0.0033"),
        (5, "0.0158", "0.0028"),
        (10, "0.0106", "0.0018"),
    ] {
        for (alpha, print) in [(0.05, at_5), (0.01, at_1)] {
            let constant = classical(Classical::Pocock, alpha, Sides::Two, looks).expect("a constant");
            printed(normal::two_sided(constant), print);
        }
    }
}

/// Jennison & Turnbull 2000, tables 2.1, 2.3 and 2.9: critical constants, two-sided, beyond ten looks and between the shapes.
#[test]
fn constants_of_many_looks() {
    let wang = |delta| Classical::WangTsiatis { delta };
    for (design, alpha, looks, print) in [
        (Classical::Pocock, 0.05, 15, "2.626"),
        (Classical::Pocock, 0.05, 20, "2.672"),
        (Classical::Pocock, 0.1, 20, "2.392"),
        (Classical::Pocock, 0.01, 20, "3.225"),
        (Classical::OBrienFleming, 0.05, 15, "2.110"),
        (Classical::OBrienFleming, 0.05, 20, "2.126"),
        (Classical::OBrienFleming, 0.1, 20, "1.842"),
        (Classical::OBrienFleming, 0.01, 20, "2.695"),
        (wang(0.1), 0.05, 3, "2.026"),
        (wang(0.1), 0.05, 4, "2.050"),
        (wang(0.25), 0.05, 3, "2.083"),
        (wang(0.25), 0.05, 4, "2.113"),
        (wang(0.4), 0.05, 3, "2.186"),
        (wang(0.4), 0.05, 4, "2.233"),
    ] {
        printed(classical(design, alpha, Sides::Two, looks).expect("a constant"), print);
    }
}

/// Jennison & Turnbull 2000, tables 2.2 and 2.4: how many times the units of a single look, at a two-sided 5 %.
#[test]
fn inflation_of_classical_designs() {
    for (design, power, factors) in [
        (Classical::Pocock, 0.8, [(2, "1.110"), (3, "1.166"), (4, "1.202"), (5, "1.229"), (10, "1.301")]),
        (Classical::Pocock, 0.9, [(2, "1.100"), (3, "1.151"), (4, "1.183"), (5, "1.207"), (10, "1.271")]),
        (Classical::OBrienFleming, 0.8, [(2, "1.008"), (3, "1.017"), (4, "1.024"), (5, "1.028"), (10, "1.040")]),
        (Classical::OBrienFleming, 0.9, [(2, "1.007"), (3, "1.016"), (4, "1.022"), (5, "1.026"), (10, "1.037")]),
    ] {
        for (looks, print) in factors {
            let constant = classical(design, 0.05, Sides::Two, looks).expect("a constant");
            let limits = constants(design, constant, looks);
            let single = normal::upper_quantile(0.025).expect("z") + normal::quantile(power).expect("z");
            let reached = |factor: f64| {
                crossing(&planned(looks), &limits, Sides::Two, factor.sqrt() * single).expect("a probability")
            };
            let (mut low, mut high): (f64, f64) = (1.0, 2.0);
            while high - low > 1e-6 {
                let middle = f64::midpoint(low, high);
                if reached(middle) < power { low = middle } else { high = middle }
            }
            printed(low, print);
        }
    }
}

/// Error spending at equal looks: the bounds that `rpact` prints in its vignettes for `asOF` and `asP`, and `gsDesign` for its
/// default, Hwang, Shih and De Cani with γ = −4 (one-sided 2.5 %); two looks and four of Lan and `DeMets` (1983).
#[test]
fn spending_at_equal_looks() {
    let of = |spending, alpha, sides, looks| -> Vec<f64> {
        let found = bounds(spending, alpha, sides, &planned(looks)).expect("bounds");
        found.into_iter().map(|bound| bound.expect("a bound").critical).collect()
    };
    for (spending, prints) in [
        (Spending::OBrienFleming, &["2.963", "1.969"][..]),
        (Spending::OBrienFleming, &["3.710", "2.511", "1.993"]),
        (Spending::OBrienFleming, &["4.333", "2.963", "2.359", "2.014"]),
        (Spending::Pocock, &["2.279", "2.295", "2.296"]),
        (Spending::HwangShihDeCani { gamma: -4.0 }, &["3.01", "2.55", "2.00"]),
    ] {
        let found = of(spending, 0.025, Sides::One, u32::try_from(prints.len()).expect("a few"));
        found.iter().zip(prints).for_each(|(found, print)| printed(*found, print));
    }
    // For Lan and DeMets's functions two sides at 5 % are one at 2.5 %, to the digits that anybody prints.
    let two = of(Spending::OBrienFleming, 0.05, Sides::Two, 4);
    two.iter().zip(["4.3326", "2.9631", "2.3590", "2.0141"]).for_each(|(found, print)| printed(*found, print));
    // Reboussin, DeMets, Kim and Lan 2000: five looks of the function of Pocock's type, two-sided 5 %.
    let two = of(Spending::Pocock, 0.05, Sides::Two, 5);
    two.iter().zip(["2.438", "2.427", "2.410", "2.397", "2.386"]).for_each(|(found, print)| printed(*found, print));
}

/// Cohen 1992, table 2 (power 80 %), and Cohen 1988, table 2.4.1 (power 90 %): units per arm for a difference of d standard
/// deviations, by Student's t. Ours are by the normal distribution, to which z²/4 is added (Guenther 1981).
#[test]
fn cohen_sizes() {
    for (d, alpha, power, print) in [
        (0.2, 0.01, 0.8, 586.0),
        (0.5, 0.01, 0.8, 95.0),
        (0.8, 0.01, 0.8, 38.0),
        (0.2, 0.05, 0.8, 393.0),
        (0.5, 0.05, 0.8, 64.0),
        (0.8, 0.05, 0.8, 26.0),
        (0.2, 0.1, 0.8, 310.0),
        (0.5, 0.1, 0.8, 50.0),
        (0.8, 0.1, 0.8, 20.0),
        (0.2, 0.05, 0.9, 526.0),
        (0.5, 0.05, 0.9, 85.0),
        (0.8, 0.05, 0.9, 34.0),
    ] {
        let design = design(Baseline::Mean { mean: 1.0, variance: 1.0 }, alpha, Sides::Two);
        let size = design.size(Aim::Effect(d), power).expect("a size").treatment;
        let z = normal::upper_quantile(alpha / 2.0).expect("z");
        let found = size + z * z / 4.0;
        assert!((found - print).abs() < 0.6, "{d} {alpha} {power}: {found}, printed as {print}");
    }
}

fn design(baseline: Baseline, alpha: f64, sides: Sides) -> Design {
    Design { baseline, alpha, sides, ratio: 1.0, correlation: 0.0, inflation: 1.0 }
}

/// Chow, Shao & Wang 2008, the examples of sections 3.2 (means) and 4.2 (shares).
#[test]
fn sizes_of_worked_examples() {
    let mean = |sides| design(Baseline::Mean { mean: 100.0, variance: 100.0 }, 0.05, sides);
    let equality = mean(Sides::Two).size(Aim::Effect(0.05), 0.8).expect("a size");
    assert!((equality.treatment_ceil() - 63.0).abs() < 0.5);
    let margin = Aim::NonInferiorBy { margin: 5.0 };
    assert!((mean(Sides::One).size(margin, 0.8).expect("a size").treatment_ceil() - 50.0).abs() < 0.5);
    let share = design(Baseline::Binary { share: 0.65 }, 0.05, Sides::Two);
    assert!((share.size(Aim::Effect(0.2 / 0.65), 0.8).expect("a size").treatment_ceil() - 70.0).abs() < 0.5);
}

/// `t.test(extra ~ group, data = sleep)` of R, on the hours of sleep in Student 1908.
#[test]
fn sleep() {
    let mean = |values: &[f64]| Estimate::of_mean(&Moments::of(values).expect("finite"), 0).expect("units");
    let control = mean(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
    let treatment = mean(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
    let pair = Comparison::new(&control, &treatment);
    let judged = pair.judge(Critical::Horizon { alpha: 0.05 }, Direction::Increase, None).expect("defined");
    let contrast = pair.against(1.0).expect("defined");
    printed(contrast.statistic().expect("t"), "-1.8608");
    printed(judged.freedom, "17.776");
    printed(contrast.p().expect("p"), "0.07939");
    printed(judged.absolute.low, "-3.3654832");
    printed(judged.absolute.high, "0.2054832");
}

/// NIST's Statistical Reference Datasets, univariate summary statistics: `NumAcc1` to `NumAcc4`, with certified values. The
/// last two are not whole in binary, so that a double holds their standard deviation to 1e-9 and 1e-8.
#[test]
fn numerical_accuracy() {
    let alternating = |centre: f64| {
        let mut values = vec![centre];
        (0..500).for_each(|_| values.extend([centre - 0.1, centre + 0.1]));
        values
    };
    for (values, mean, deviation, within) in [
        (vec![10_000_001.0, 10_000_003.0, 10_000_002.0], 10_000_002.0, 1.0, 1e-15),
        (alternating(1.2), 1.2, 0.1, 1e-14),
        (alternating(1_000_000.2), 1_000_000.2, 0.1, 1e-9),
        (alternating(10_000_000.2), 10_000_000.2, 0.1, 1e-8),
    ] {
        let moments = Moments::of(&values).expect("finite");
        assert!((moments.mean(0).expect("a mean") / mean - 1.0).abs() < 1e-15);
        let found = moments.variance(0).expect("a variance").sqrt();
        assert!((found / deviation - 1.0).abs() < within, "{found}");
    }
}

/// Mendel's peas, round and wrinkled, yellow and green (1866), against 9:3:3:1: χ² = 0.47 (Fisher 1936).
#[test]
fn peas() {
    let shares = [9.0, 3.0, 3.0, 1.0].map(|part| part / 16.0);
    let found = goodness_of_fit(&[315, 108, 101, 32], &shares).expect("defined");
    printed(found.statistic, "0.470");
    printed(found.p, "0.925");
}

/// Benjamini & Hochberg 1995, section 3.2: of fifteen p-values Bonferroni's procedure rejects three at 5 %, theirs four.
#[test]
fn thrombolysis() {
    let p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
        1.0,
    ];
    let rejected = |adjusted: Option<Vec<f64>>| adjusted.expect("p-values").iter().filter(|p| **p <= 0.05).count();
    assert_eq!(rejected(bonferroni(&p)), 3);
    assert_eq!(rejected(holm(&p)), 3);
    assert_eq!(rejected(hommel(&p)), 3);
    assert_eq!(rejected(benjamini_hochberg(&p)), 4);
}

/// Two-sided 5 % points of Student's t, in every table since Fisher 1925.
#[test]
fn students_table() {
    for (freedom, print) in [
        (1.0, "12.706"),
        (2.0, "4.303"),
        (5.0, "2.571"),
        (10.0, "2.228"),
        (30.0, "2.042"),
        (60.0, "2.000"),
        (120.0, "1.980"),
        (f64::INFINITY, "1.960"),
    ] {
        printed(student::upper_quantile(0.025, freedom).expect("a quantile"), print);
    }
}

/// One look at half of the units and one at the end: 0.0031 of 5 % may be spent at the first with O'Brien and Fleming's
/// function, 0.031 with Pocock's (Lan & `DeMets` 1983), as protocols have quoted them since.
#[test]
fn spent_by_half() {
    for (spending, print) in [(Spending::OBrienFleming, "0.0031"), (Spending::Pocock, "0.031")] {
        printed(spending.spent(0.05, Sides::Two, 0.5).expect("a share"), print);
    }
}
