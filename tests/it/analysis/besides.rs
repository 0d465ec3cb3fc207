//! What is looked at besides the decision: breakdowns and interactions find what was planted, and hardly anything else.

use allotment::results::{
    ArmTally, DimensionTally, Figure, JointTally, PairTally, PartQuantile, Sums, Tally, UnitQuantile,
};
use allotment::stats::Ordered;

use super::field::{Field, arm, day, sums, tally};
use crate::stats_peers::Random;

const RULES: &str = "[success]\ngain = { mde = \"5%\" }\n\n[guardrails]\nloss = { margin = \"5%\" }\n";
const FREE: &str = "[success]\ngain = { mde = \"5%\" }\n\n[analysis]\nmethod = \"fixed\"\n";

/// A dimension with so many values.
fn dimension(values: usize) -> DimensionTally {
    let values = (0..values).map(|value| Some(format!("v{value}"))).collect();
    DimensionTally { dimension: "country".to_owned(), values, failed: None }
}

/// An arm whose parts have these means, each with so many units.
fn parted(n: u64, means: &[f64]) -> ArmTally {
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    let shifted = |own: f64| Sums { shifts: vec![10.0], sums: vec![(own - 10.0) * n as f64], ..sums(n, own, 4.0) };
    let parts = means.iter().map(|own| {
        let products = 4.0 * (n - 1) as f64 + (own - 10.0).powi(2) * n as f64;
        Sums { products: vec![products], ..shifted(*own) }
    });
    ArmTally { parts: vec![parts.collect()], ..arm(sums(n * means.len() as u64, mean, 4.0)) }
}

fn broken_down(n: u64, control: &[f64], treatment: &[f64]) -> Tally {
    let arms = vec![parted(n, control), parted(n, treatment)];
    Tally { dimensions: vec![dimension(control.len())], ..tally(&["treatment"], vec![("gain", arms)]) }
}

#[test]
fn an_effect_in_one_value_is_found_and_decides_nothing() {
    let field = Field::new(14, &["treatment"], FREE).measured();
    let (control, treatment) = ([10.0; 5], [10.0, 10.0, 10.6, 10.01, 10.0]);
    let own = broken_down(2_000, &control, &treatment);
    let results = field.look(day(16.0), &own, &[]);
    let breakdown = &results.breakdowns[0];
    assert_eq!((breakdown.dimension.as_str(), breakdown.slices.len()), ("country", 5));
    for (place, slice) in breakdown.slices.iter().enumerate() {
        let effect = &slice.effects[0];
        assert_eq!((effect.variant.as_str(), effect.metric.as_str()), ("treatment", "gain"));
        assert_eq!((effect.stands_out, effect.differs), (place == 2, place == 2), "{place}: {effect:?}");
        let difference = effect.contrast.difference.number().expect("a difference");
        assert!((difference - (treatment[place] - control[place])).abs() < 1e-9);
        assert!(effect.adjusted.number() >= effect.p.number());
    }
    // The test of being like the others is that of two independent differences.
    let alike = breakdown.slices[2].effects[0].alike.number().expect("a test");
    let z = (0.6 - 0.01 / 4.0) / (8.0_f64 / 2_000.0 + 8.0 / 8_000.0).sqrt();
    assert!(alike < 1e-12 && z > 8.0, "{alike}");
    // Nothing else is another for it.
    let plain = Tally { dimensions: Vec::new(), ..own };
    let without = field.look(day(16.0), &plain, &[]);
    assert_eq!((without.decision, without.treatments), (results.decision, results.treatments));
    assert!(without.breakdowns.is_empty());
}

#[test]
fn few_units_and_what_cannot_be_read_say_so() {
    let field = Field::new(14, &["treatment"], FREE).measured();
    let mut own = broken_down(99, &[10.0, 10.0], &[20.0, 10.0]);
    own.dimensions.push(DimensionTally {
        dimension: "plan".to_owned(),
        values: Vec::new(),
        failed: Some("column `plan` is not there".to_owned()),
    });
    let results = field.look(day(16.0), &own, &[]);
    let effect = &results.breakdowns[0].slices[0].effects[0];
    assert!(matches!(&effect.p, Figure::Undefined(why) if why.undefined.contains("fewer than 100 units")));
    assert!(!effect.stands_out && !effect.differs);
    assert_eq!(results.breakdowns[1].failed.as_deref(), Some("column `plan` is not there"));
}

#[test]
fn values_without_an_effect_hardly_ever_stand_out() {
    let field = Field::new(14, &["treatment"], FREE).measured();
    let mut random = Random(11);
    let (trials, values, n) = (300, 12, 400_u64);
    let (mut one, mut other) = (0, 0);
    for _ in 0..trials {
        let mut means = |_| 10.0 + random.normal() * (4.0 / n as f64).sqrt();
        let control: Vec<f64> = (0..values).map(&mut means).collect();
        let treatment: Vec<f64> = (0..values).map(&mut means).collect();
        let results = field.look(day(16.0), &broken_down(n, &control, &treatment), &[]);
        let effects = || results.breakdowns[0].slices.iter().map(|slice| &slice.effects[0]);
        one += u32::from(effects().any(|effect| effect.stands_out));
        other += u32::from(effects().any(|effect| effect.differs));
    }
    // At most 5 % of trials, and three standard errors of that.
    let most = 0.05 + 3.0 * (0.05_f64 * 0.95 / f64::from(trials)).sqrt();
    for count in [one, other] {
        assert!(f64::from(count) / f64::from(trials) <= most, "{one} and {other} of {trials}");
    }
    assert!(one + other > 0, "a test that never finds anything tests nothing");
}

const MIDDLE: &str = "[success]\nmiddle = { mde = \"5%\" }\n\n[analysis]\nmethod = \"fixed\"\n";

/// The median of values, as it is counted.
fn median(values: &[f64]) -> Option<UnitQuantile> {
    let around = Ordered::of(values).expect("finite").around(0.5).ok()?;
    Some(UnitQuantile { units: around.count, value: around.value, lower: around.lower, upper: around.upper })
}

/// Units whose values are lognormal, by value of a dimension; `means` are those of their logarithms.
fn drawn(random: &mut Random, n: usize, means: &[f64]) -> Vec<Vec<f64>> {
    means.iter().map(|mean| (0..n).map(|_| (mean + random.normal()).exp()).collect()).collect()
}

/// The median of units by the values of a dimension.
fn medians(control: &[Vec<f64>], treatment: &[Vec<f64>]) -> Tally {
    let arms = [control, treatment].map(|parts| {
        let all = parts.concat();
        let others = |place: usize| {
            let rest = parts.iter().enumerate().filter(|(other, _)| *other != place);
            rest.flat_map(|(_, values)| values.iter().copied()).collect::<Vec<f64>>()
        };
        let part = |(place, own): (usize, &Vec<f64>)| PartQuantile { own: median(own), rest: median(&others(place)) };
        let quantile_parts = vec![parts.iter().enumerate().map(part).collect()];
        ArmTally { quantile: median(&all), quantile_parts, ..arm(sums(all.len() as u64, 1.0, 4.0)) }
    });
    Tally { dimensions: vec![dimension(control.len())], ..tally(&["treatment"], vec![("middle", arms.to_vec())]) }
}

#[test]
fn a_quantile_over_units_is_broken_down_as_a_mean_is() {
    let field = Field::new(14, &["treatment"], MIDDLE).measured();
    let mut random = Random(5);
    let control = drawn(&mut random, 4_000, &[0.0; 4]);
    let treatment = drawn(&mut random, 4_000, &[0.0, 0.3, 0.0, 0.0]);
    let results = field.look(day(16.0), &medians(&control, &treatment), &[]);
    let slices = &results.breakdowns[0].slices;
    assert_eq!(slices.len(), 4);
    for (place, slice) in slices.iter().enumerate() {
        let effect = &slice.effects[0];
        // All others have the one among them that is another.
        assert_eq!((effect.stands_out, effect.differs || place != 1), (place == 1, true), "{place}: {effect:?}");
    }
    let found = slices[1].effects[0].contrast.difference.number().expect("a difference");
    assert!((found - 0.35).abs() < 0.1, "e^0.3 is 0.35 above e^0: {found}");
    // Without an effect hardly anything stands out, whatever the values are.
    let (trials, mut one, mut other) = (200, 0, 0);
    for _ in 0..trials {
        let means = [0.0, 0.5, 1.0, 0.0, 0.0, 0.2];
        let (control, treatment) = (drawn(&mut random, 150, &means), drawn(&mut random, 150, &means));
        let results = field.look(day(16.0), &medians(&control, &treatment), &[]);
        let effects = || results.breakdowns[0].slices.iter().map(|slice| &slice.effects[0]);
        one += u32::from(effects().any(|effect| effect.stands_out));
        other += u32::from(effects().any(|effect| effect.differs));
    }
    let most = 0.05 + 3.0 * (0.05_f64 * 0.95 / f64::from(trials)).sqrt();
    assert!([one, other].iter().all(|count| f64::from(*count) / f64::from(trials) <= most), "{one} and {other}");
}

#[test]
fn an_experiment_that_changes_what_another_does_to_a_quantile_is_named() {
    let field = Field::new(14, &["treatment"], MIDDLE).measured();
    let mut random = Random(6);
    let mut paired = |changed: f64| {
        let cells = drawn(&mut random, 4_000, &[0.0, 0.0, 0.0, changed]);
        let quantiles = cells.chunks(2).map(|row| row.iter().map(|own| median(own)).collect()).collect();
        let cells = vec![vec![sums(4_000, 1.0, 4.0); 2]; 2];
        let metrics = vec![JointTally { metric: "middle".to_owned(), cells, quantiles }];
        let variants = vec!["control".to_owned(), "calm".to_owned()];
        let pair = PairTally { with: "other".to_owned(), variants, metrics };
        let own = drawn(&mut random, 8_000, &[0.0]);
        Tally { pairs: vec![pair], dimensions: Vec::new(), ..medians(&own, &own) }
    };
    let found = field.look(day(16.0), &paired(0.4), &[]).interactions.expect("it was counted");
    assert_eq!((found.tests, found.found.len()), (1, 1), "{found:?}");
    let none = field.look(day(16.0), &paired(0.0), &[]).interactions.expect("it was counted");
    assert_eq!((none.tests, none.found.len()), (1, 0), "{none:?}");
}

/// A tally of `gain` whose units are in another experiment, too: the effect is `effect` under its control, and `changed` under
/// its treatment.
fn paired(n: u64, effect: f64, changed: f64) -> Tally {
    let cell = |mean: f64| sums(n, mean, 4.0);
    let cells = vec![vec![cell(10.0), cell(10.5)], vec![cell(10.0 + effect), cell(10.5 + changed)]];
    let arms = vec![arm(sums(2 * n, 10.0, 4.0)), arm(sums(2 * n, 10.0, 4.0))];
    let metrics = vec![JointTally { metric: "gain".to_owned(), cells, ..JointTally::default() }];
    let pair = PairTally { with: "other".to_owned(), variants: vec!["control".to_owned(), "calm".to_owned()], metrics };
    Tally { pairs: vec![pair], ..tally(&["treatment"], vec![("gain", arms)]) }
}

#[test]
fn another_experiment_that_changes_an_effect_is_named() {
    let field = Field::new(14, &["treatment"], FREE).measured();
    let found = field.look(day(16.0), &paired(4_000, 0.3, -0.1), &[]).interactions.expect("it was counted");
    assert_eq!((found.with.as_slice(), found.tests), (["other".to_owned()].as_slice(), 1));
    let [change] = found.found.as_slice() else { panic!("{found:?}") };
    assert_eq!((change.with.as_str(), change.under.as_str(), change.variant.as_str()), ("other", "calm", "treatment"));
    assert!((change.effect - 0.3).abs() < 1e-9 && (change.changed + 0.1).abs() < 1e-9, "{change:?}");
    assert!((change.difference + 0.4).abs() < 1e-9 && (change.se - (16.0_f64 / 4_000.0).sqrt()).abs() < 1e-9);
    // An effect of each that leaves the other's alone is none.
    let none = field.look(day(16.0), &paired(4_000, 0.3, 0.3), &[]).interactions.expect("it was counted");
    assert_eq!((none.tests, none.found.len()), (1, 0));
    let few = field.look(day(16.0), &paired(99, 3.0, -1.0), &[]).interactions.expect("it was counted");
    assert_eq!((few.tests, few.found.len()), (0, 0));
    // While units come in it takes more, since it is looked at every day.
    let running = field.look(day(9.0), &paired(4_000, 0.13, -0.03), &[]).interactions.expect("it was counted");
    let ended = field.look(day(16.0), &paired(4_000, 0.13, -0.03), &[]).interactions.expect("it was counted");
    assert_eq!((running.found.len(), ended.found.len()), (0, 1));
}

/// Which other experiments were counted with it is none of a look.
#[test]
fn a_look_is_the_same_alone_and_with_others() {
    let field = Field::new(14, &["treatment"], FREE).measured();
    let with = field.look(day(16.0), &paired(4_000, 0.3, -0.1), &[]);
    let alone = field.look(day(16.0), &Tally { pairs: Vec::new(), ..paired(4_000, 0.3, -0.1) }, &[]);
    assert!(with.is_same_look(&alone) && alone.is_same_look(&with));
    assert!(with.comes_to_the_same(&alone), "what it says besides is no contradiction");
    assert!(!alone.comes_to_the_same(&with), "what it does not say is missing");
    let other = field.look(day(16.0), &paired(4_001, 0.3, -0.1), &[]);
    assert!(!with.is_same_look(&other));
}

#[test]
fn a_failed_check_lets_nothing_stand_out() {
    let field = Field::new(14, &["treatment"], RULES).measured();
    let mut own = broken_down(2_000, &[10.0, 10.0], &[12.0, 10.0]);
    own.arms[0].exposed += 5_000;
    let results = field.look(day(16.0), &own, &[]);
    let slices = &results.breakdowns[0].slices;
    assert!(slices.iter().flat_map(|slice| &slice.effects).all(|effect| !effect.stands_out && !effect.differs));
}
