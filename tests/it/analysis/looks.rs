//! Looks before the end: what they spend, that the same data spend nothing twice, and that methods do as they promise.

use allotment::results::{MethodKind, Results, Tally, Verdict};
use allotment::stats::Direction::Increase;
use allotment::stats::sequential::{Look, Sides, Spending, bounds};
use allotment::stats::{normal, student};

use super::field::{Field, by_z, day, spread};

fn gain(method: &str) -> Field {
    Field::new(
        28,
        &["treatment"],
        &format!("[success]\ngain = {{ mde = \"2%\" }}\n\n[analysis]\nmethod = \"{method}\"\n"),
    )
}

fn counted(n: u64, z: f64) -> Tally {
    by_z(n, &[("gain", Increase, z)])
}

fn critical(results: &Results) -> Option<f64> {
    results.treatments[0].outcomes[0].critical.number()
}

fn verdict(results: &Results) -> Verdict {
    results.treatments[0].outcomes[0].verdict
}

#[test]
fn planned_looks_spend_the_error_once() {
    let field = gain("group-sequential");
    let weeks = [(7.0, 10_000), (14.0, 20_000), (21.0, 30_000), (28.0, 40_000)];
    let looks = field.looks(&weeks.map(|(at, n)| (at, counted(n, 2.1))));
    // Without a baseline days stand for units: a unit is complete a day after it came.
    let planned: Vec<Look> = looks
        .iter()
        .map(|results| {
            let spending = results.treatments[0].outcomes[0].spending.as_ref().expect("it spends");
            Look {
                fraction: spending.fraction,
                information: spending.information.number().expect("known"),
                last: spending.last,
            }
        })
        .collect();
    let fractions: Vec<f64> = planned.iter().map(|look| look.fraction).collect();
    assert_eq!(fractions, [6.0 / 27.0, 13.0 / 27.0, 20.0 / 27.0, 1.0]);
    let expected = bounds(Spending::OBrienFleming, 0.05, Sides::Two, &planned).expect("bounds");
    for (results, bound) in looks.iter().zip(&expected) {
        let z = bound.expect("a bound").critical;
        let freedom = results.treatments[0].outcomes[0].freedom.number().expect("known");
        let q = student::upper_quantile(normal::sf(z), freedom).expect("a quantile");
        assert!((critical(results).expect("a bound") - q).abs() < 1e-9, "{z}");
    }
    let verdicts: Vec<_> = looks.iter().map(verdict).collect();
    let early = Verdict::Undecided;
    assert_eq!(verdicts, [early, early, early, Verdict::Better], "2.1 is enough only at the end");
    assert_eq!(looks[3].look.number, 4);
    assert_eq!(looks[3].look.earlier.len(), 3);
    assert!(looks.iter().all(|results| results.look.planned));
}

/// What harms much is told at the first look, whatever spends the error of the other tests.
#[test]
fn harm_is_told_early() {
    let field = gain("group-sequential");
    let looks = field.looks(&[(7.0, counted(10_000, -3.5)), (14.0, counted(20_000, -3.5))]);
    let tests: Vec<_> =
        looks.iter().map(|look| look.treatments[0].outcomes[0].deterioration.clone().expect("a test")).collect();
    let at = |results: &Results| {
        let spending = results.treatments[0].outcomes[0].spending.as_ref().expect("it spends");
        Look { fraction: spending.fraction, information: spending.information.number().expect("known"), last: false }
    };
    let planned: Vec<Look> = looks.iter().map(at).collect();
    let expected = bounds(Spending::Pocock, 0.01, Sides::One, &planned).expect("bounds");
    for (test, bound) in tests.iter().zip(&expected) {
        let (critical, z) = (test.critical.number().expect("a bound"), bound.expect("a bound").critical);
        assert!((critical - z).abs() < 1e-3, "{critical} is near {z}: many units are normal");
    }
    assert!(tests[0].worse, "{tests:?}");
    assert_eq!(verdict(&looks[0]), Verdict::Undecided, "the interval of the metric itself spends late");
    let late = bounds(Spending::OBrienFleming, 0.01, Sides::One, &planned[..1]).expect("bounds")[0].expect("a bound");
    assert!(late.critical > 5.0);
    assert_eq!(looks[0].decision.advice, allotment::results::Advice::Stop);
    assert_eq!(looks[0].method.deterioration_spending.as_deref(), Some("pocock"));
    assert_eq!(looks[0].method.spending.as_deref(), Some("obrien-fleming"));
}

/// Few units are not normal, and a bound as low as that of an early test for harm needs them to be.
#[test]
fn few_units_are_not_tested_for_harm_and_spend_nothing_of_it() {
    let field = gain("group-sequential");
    let looks = field.looks(&[(7.0, counted(99, -9.0)), (14.0, counted(20_000, -1.0))]);
    let test = |at: usize| looks[at].treatments[0].outcomes[0].deterioration.clone().expect("a test");
    assert_eq!(test(0).critical.why(), Some("there are fewer units than the minimum of each arm"));
    assert!(!test(0).worse);
    let spending = looks[1].treatments[0].outcomes[0].spending.as_ref().expect("it spends");
    let information = spending.information.number().expect("known");
    let alone = Look { fraction: spending.fraction, information, last: false };
    let z = bounds(Spending::Pocock, 0.01, Sides::One, &[alone]).expect("bounds")[0].expect("a bound").critical;
    assert!((test(1).critical.number().expect("a bound") - z).abs() < 1e-3, "as though there was no look before");
    // At the end all that is left is spent, however few there are.
    let end = field.looks(&[(29.0, counted(60, -9.0))]);
    assert!(end[0].treatments[0].outcomes[0].deterioration.as_ref().is_some_and(|test| test.worse));
}

#[test]
fn the_same_units_spend_nothing_and_later_looks_only_describe() {
    let field = gain("group-sequential");
    let looks = field.looks(&[
        (14.0, counted(20_000, 1.0)),
        (14.0 + 1e-4, counted(20_000, 1.0)),
        (28.0, counted(40_000, 2.2)),
        (35.0, counted(40_000, 1.0)),
    ]);
    let spent = |results: &Results| results.treatments[0].outcomes[0].spending.clone().expect("spending").spent;
    assert_eq!(spent(&looks[1]).why(), Some("no new units are complete since the look before"));
    assert!((critical(&looks[0]).expect("a bound") - critical(&looks[1]).expect("a bound")).abs() < 1e-12);
    assert_eq!(spent(&looks[2]).number(), Some(0.05));
    assert_eq!(verdict(&looks[2]), Verdict::Better);
    assert_eq!(spent(&looks[3]).why(), Some("the error is spent, so that this look only describes"));
    assert_eq!(verdict(&looks[3]), Verdict::Better, "the verdict is that of the look that spent it");
    assert_eq!(looks[3].decision.advice, looks[2].decision.advice);
}

#[test]
fn a_fixed_plan_is_read_at_its_end() {
    let field = gain("fixed");
    let looks =
        field.looks(&[(14.0, counted(20_000, 9.0)), (28.0, counted(40_000, 2.0)), (29.0, counted(40_000, 1.0))]);
    let outcome = &looks[0].treatments[0].outcomes[0];
    assert_eq!(outcome.interval.why(), Some("a fixed plan is read once, at its end"));
    assert!(
        outcome.deterioration.as_ref().is_some_and(|test| test.critical.number().is_some()),
        "harm is looked for all along"
    );
    assert_eq!(verdict(&looks[0]), Verdict::Undefined);
    assert_eq!((verdict(&looks[1]), verdict(&looks[2])), (Verdict::Better, Verdict::Better));
    assert!((critical(&looks[1]).expect("a quantile") - 1.96).abs() < 1e-3);
}

#[test]
fn always_valid_intervals_hold_at_any_time_and_keep_their_tuning() {
    let field = gain("always-valid");
    let looks = field.looks(&[(3.0, counted(50, 3.0)), (7.0, counted(10_000, 3.0)), (9.0, counted(10_000, 3.0))]);
    assert_eq!(
        looks[0].treatments[0].outcomes[0].interval.why(),
        Some("there are fewer units than the minimum of each arm")
    );
    let planned = |results: &Results| results.treatments[0].outcomes[0].planned_units;
    assert!(planned(&looks[0]).is_some());
    assert_eq!(planned(&looks[0]), planned(&looks[1]), "the first look fixed it");
    assert_eq!(critical(&looks[1]), critical(&looks[2]));
    let outcome = &looks[1].treatments[0].outcomes[0];
    assert!(critical(&looks[1]).expect("a width") > 2.5);
    let (p, level) = (outcome.p.number().expect("known"), outcome.level.number().expect("known"));
    let low = outcome.interval.known().expect("an interval").low;
    assert_eq!(p < level, low > 0.0);
    assert_eq!(outcome.spending, None);
    assert_eq!(looks[1].method.kind, MethodKind::AlwaysValid);
}

#[test]
fn days_chart_what_was_known_and_end_at_the_headline() {
    for method in ["group-sequential", "always-valid"] {
        let field = gain(method);
        let mut counted = counted(28_000, 3.0);
        counted.metrics[0].arms = counted.metrics[0].arms.drain(..).map(|arm| spread(arm, 28)).collect();
        let results = field.look(day(29.0), &counted, &[]);
        let outcome = &results.treatments[0].outcomes[0];
        assert_eq!(outcome.days.len(), 28);
        let widths: Vec<f64> =
            outcome.days.iter().filter_map(|day| day.interval.known().map(|ends| ends.high - ends.low)).collect();
        assert!(widths.len() > 20 && widths.is_sorted_by(|a, b| a >= b), "{method}: intervals narrow: {widths:?}");
        let last = outcome.days.last().expect("a day");
        let (ours, theirs) = (last.interval.known().expect("ends"), outcome.interval.known().expect("ends"));
        let se = outcome.se.number().expect("known");
        assert!((ours.low - theirs.low).abs() < 1e-9 * se && (ours.high - theirs.high).abs() < 1e-9 * se, "{method}");
        assert_eq!((last.day, last.units), (28, 56_000));
    }
}

#[test]
fn a_baseline_plans_units_and_a_plan_that_is_used_up_is_read_once() {
    let field = gain("group-sequential").measured();
    let first = field.look(day(7.0), &counted(100_000, 1.0), &[]);
    let planned = first.treatments[0].outcomes[0].planned_units.expect("the baseline tells");
    let arm = (1..100_000_u64)
        .map(|thousands| thousands * 1_000)
        .find(|units| *units as f64 > planned / 2.0)
        .expect("enough");
    let looks = field.looks(&[
        (7.0, counted(100_000, 1.0)),
        (14.0, counted(arm, 1.0)),
        (21.0, counted(arm * 2, 5.0)),
        (28.0, counted(arm * 3, 5.0)),
    ]);
    let outcome = |at: usize| &looks[at].treatments[0].outcomes[0];
    let spending = |at: usize| outcome(at).spending.as_ref().expect("spending");
    assert!((spending(0).fraction - 200_000.0 / planned).abs() < 1e-12);
    assert_eq!(spending(1).spent.number(), Some(0.05), "more units than were planned");
    // What comes after that describes: else the same error would be spent again and again.
    assert!(spending(2).spent.why().is_some_and(|why| why.contains("only describes")));
    assert_eq!((outcome(2).verdict, outcome(3).verdict), (Verdict::Undecided, Verdict::Undecided));
    assert!(looks.iter().all(|own| own.treatments[0].outcomes[0].planned_units == Some(planned)));
    let impact = outcome(3).impact.as_ref().expect("what is decided on has one");
    let (share, difference) = (impact.exposed.number().expect("known"), outcome(3).difference.number().expect("known"));
    assert!((impact.lift.number().expect("the baseline has the mean") - difference * share / 10.0).abs() < 1e-12);
}
