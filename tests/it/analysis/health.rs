//! Every health check: what passes, what fails, and that a failure withholds the verdict.

use allotment::results::{Advice, ArmTally, CheckName, MetricTally, Results, Status, Tally, Verdict, Why};
use allotment::stats::Direction;

use super::field::{Field, arm, by_z, day, of_rows, sums, tally};

fn field() -> Field {
    Field::new(14, &["treatment"], "[success]\neased = { mde = \"2%\" }\n")
}

fn check(results: &Results, name: CheckName) -> Status {
    let check = results.health.iter().find(|check| check.name == name).expect("every check is there");
    assert!(check.help.is_some() || check.status != Status::Failed, "a failure says what to do: {check:?}");
    assert!(check.help.is_none() || check.status != Status::Passed, "what passed asks for nothing: {check:?}");
    check.status
}

/// Whether a failed check withholds everything, and says so.
#[track_caller]
fn withheld(results: &Results, name: CheckName) {
    assert_eq!(check(results, name), Status::Failed);
    assert_eq!(results.decision.advice, Advice::Withheld);
    assert_eq!(results.decision.variant, None);
    assert!(results.decision.reasons.iter().all(|reason| reason.why == Why::Unsound));
    assert_eq!(results.decision.reasons.len(), 1, "it is said once");
    for treatment in &results.treatments {
        assert_eq!(treatment.advice, Advice::Withheld);
        let verdicts = treatment.outcomes.iter().map(|outcome| outcome.verdict);
        assert!(verdicts.into_iter().all(|verdict| matches!(verdict, Verdict::Withheld | Verdict::Undefined)));
    }
}

/// Units with a covariate that differs by so many standard errors.
fn eased(n: usize, before: f64) -> Vec<ArmTally> {
    let rows = |shift: f64| -> Vec<Vec<f64>> {
        (0..n).map(|at| vec![5.0 + (at % 7) as f64, 3.0 + (at % 5) as f64 + shift]).collect()
    };
    let se = (2.0 * 2.0 / n as f64).sqrt();
    [0.0, before * se].map(|shift| arm(of_rows(&rows(shift), &[8.0, 5.0]))).to_vec()
}

fn sound(before: f64) -> Tally {
    tally(&["treatment"], vec![("eased", eased(5_000, before))])
}

#[test]
fn sound_data_pass_every_check() {
    for at in [7.0, 30.0] {
        let results = field().look(day(at), &sound(0.0), &[]);
        let all: Vec<_> = results.health.iter().map(|check| (check.name, check.status)).collect();
        let expected =
            [CheckName::SampleRatio, CheckName::MixedAssignments, CheckName::PrePeriodBalance, CheckName::MissingData];
        assert_eq!(all, expected.map(|name| (name, Status::Passed)));
    }
}

#[test]
fn a_sample_ratio_that_is_off_withholds_the_verdict_and_stays_off() {
    let field = field();
    let mut off = sound(0.0);
    off.arms[1].exposed = 5_600;
    let first = field.look(day(5.0), &off, &[]);
    withheld(&first, CheckName::SampleRatio);
    // While it runs, an alarm once given stays, even if the counts even out.
    let second = field.look(day(6.0), &sound(0.0), std::slice::from_ref(&first));
    withheld(&second, CheckName::SampleRatio);
    // At the end all counts are judged together, and an alarm that was given by then is no less evidence.
    let at = first.at.clone();
    let last = field.look(day(30.0), &sound(0.0), &[first, second]);
    withheld(&last, CheckName::SampleRatio);
    assert!(last.health[0].found.contains(&format!("at the look of {at}")), "{:?}", last.health[0]);
    let even = field.look(day(30.0), &sound(0.0), &[field.look(day(5.0), &sound(0.0), &[])]);
    assert_eq!(check(&even, CheckName::SampleRatio), Status::Passed);
    withheld(&field.look(day(30.0), &off, &[]), CheckName::SampleRatio);
    // A difference that happens is no alarm.
    let mut near = sound(0.0);
    near.arms[1].exposed = 5_100;
    assert_eq!(check(&field.look(day(5.0), &near, &[]), CheckName::SampleRatio), Status::Passed);
}

#[test]
fn units_in_two_variants_are_counted_and_too_many_withhold() {
    let field = field();
    let with = |control: u64, treatment: u64| {
        let mut tally = sound(0.0);
        tally.arms[0].mixed = control;
        tally.arms[1].mixed = treatment;
        field.look(day(7.0), &tally, &[])
    };
    let few = with(40, 40);
    assert_eq!(check(&few, CheckName::MixedAssignments), Status::Passed);
    assert!(few.health[1].found.contains("dropped"), "{}", few.health[1].found);
    withheld(&with(60, 60), CheckName::MixedAssignments);
    // Few, but nearly all from one variant.
    withheld(&with(75, 15), CheckName::MixedAssignments);
}

#[test]
fn what_differed_before_exposure_withholds() {
    let field = field();
    for at in [7.0, 30.0] {
        withheld(&field.look(day(at), &sound(6.0), &[]), CheckName::PrePeriodBalance);
        assert_eq!(check(&field.look(day(at), &sound(2.0), &[]), CheckName::PrePeriodBalance), Status::Passed);
    }
    let without = Field::new(14, &["treatment"], "[success]\ngain = {}\n");
    let results = without.look(day(7.0), &by_z(1_000, &[("gain", Direction::Increase, 0.0)]), &[]);
    assert_eq!(check(&results, CheckName::PrePeriodBalance), Status::Unchecked);
}

#[test]
fn missing_data_withhold() {
    let field = field();
    let nothing = tally(&["treatment"], vec![("eased", vec![ArmTally::default(), ArmTally::default()])]);
    let results = field.look(day(7.0), &nothing, &[]);
    withheld(&results, CheckName::MissingData);
    assert_eq!(check(&results, CheckName::SampleRatio), Status::Unchecked);
    assert_eq!(check(&field.look(day(0.3), &nothing, &[]), CheckName::MissingData), Status::Unchecked);
    let mut one = sound(0.0);
    one.arms[1].exposed = 0;
    withheld(&field.look(day(7.0), &one, &[]), CheckName::MissingData);
    let mut strangers = sound(0.0);
    strangers.rows_unknown_variant = 200;
    withheld(&field.look(day(7.0), &strangers, &[]), CheckName::MissingData);
    let mut failed = sound(0.0);
    failed.metrics = vec![MetricTally {
        metric: "eased".to_owned(),
        failed: Some("`lake.things` has no column `value`".to_owned()),
        ..MetricTally::default()
    }];
    let results = field.look(day(7.0), &failed, &[]);
    withheld(&results, CheckName::MissingData);
    assert_eq!(results.metrics[0].failed.as_deref(), Some("`lake.things` has no column `value`"));
    assert!(results.treatments[0].outcomes[0].difference.why().is_some_and(|why| why.contains("no column")));
    // Rare facts may be late; that none of many units has one is a fault.
    for (n, status) in [(100, Status::Unchecked), (6_000, Status::Failed)] {
        let arms = || arm(sums(n, 0.0, 0.0));
        let mut empty = tally(&["treatment"], vec![("eased", vec![arms(), arms()])]);
        empty.metrics[0].arms.iter_mut().for_each(|arm| arm.without_rows = n);
        assert_eq!(check(&field.look(day(7.0), &empty, &[]), CheckName::MissingData), status);
    }
}

#[test]
fn that_facts_are_there_is_said_only_of_what_has_some() {
    let field = field();
    let with = |n: u64, without: u64| {
        let arms = || arm(sums(n, 0.0, 0.0));
        let mut tally = tally(&["treatment"], vec![("eased", vec![arms(), arms()])]);
        tally.arms.iter_mut().for_each(|arm| arm.exposed = 1_000);
        tally.metrics[0].arms.iter_mut().for_each(|arm| arm.without_rows = without);
        field.look(day(40.0), &tally, &[])
    };
    let found = |results: &Results| {
        let found = results.health.iter().find(|check| check.name == CheckName::MissingData).expect("it is there");
        found.found.clone()
    };
    assert_eq!(found(&with(100, 99)), "there are exposures of every variant, and facts of every metric");
    assert_eq!(found(&with(0, 0)), "there are exposures of every variant, and no unit is complete for a metric yet");
    let none = with(100, 100);
    assert!(found(&none).contains("but no unit has a fact of `eased`"), "{}", found(&none));
    assert_eq!(check(&none, CheckName::MissingData), Status::Unchecked);
    assert_eq!(none.decision.advice, Advice::Wait);
    let words: Vec<&str> = none.decision.reasons.iter().map(|reason| reason.words.as_str()).collect();
    assert_eq!(words, ["`eased` has no interval: no unit has a fact of it"]);
}

#[test]
fn units_without_facts_that_are_dropped_hide_no_others() {
    let field = Field::new(14, &["treatment"], "[success]\nspent = {}\n");
    for (n, status) in [(6_000, Status::Passed), (0, Status::Failed)] {
        let arms = || arm(sums(n, 5.0, 4.0));
        let mut tally = tally(&["treatment"], vec![("spent", vec![arms(), arms()])]);
        tally.arms.iter_mut().for_each(|arm| arm.exposed = 26_000);
        tally.metrics[0].arms.iter_mut().for_each(|arm| arm.without_rows = 20_000);
        assert_eq!(check(&field.look(day(7.0), &tally, &[]), CheckName::MissingData), status, "{n}");
    }
}

#[test]
fn mixed_units_kept_are_shown_beside() {
    let mut with = sound(0.0);
    with.arms[0].mixed = 10;
    let kept = &mut with.metrics[0].arms[1].kept;
    kept.n += 10;
    kept.sums[0] += 100.0;
    kept.products[0] += 1_000.0;
    let results = field().look(day(30.0), &with, &[]);
    let outcome = &results.treatments[0].outcomes[0];
    let kept = outcome.kept.as_ref().expect("it is shown beside");
    assert_eq!(kept.units, (5_000, 5_010));
    assert!(kept.difference.number() > outcome.difference.number());
    assert!(field().look(day(30.0), &sound(0.0), &[]).treatments[0].outcomes[0].kept.is_none());
}
