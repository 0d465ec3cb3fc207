//! Every way a decision can go, for one treatment and for several.

use allotment::results::{Advice, ArmTally, DaySums, Judged, MethodKind, Results, Role, State, Verdict, Why};
use allotment::stats::Direction::{Decrease, Increase};

use super::field::{Field, arm, by_z, day, sums, tally};

const BOTH: &str = "[success]\ngain = { mde = \"2%\" }\n\n[guardrails]\nloss = { margin = \"2%\" }\n";

fn why(results: &Results) -> Vec<Why> {
    results.decision.reasons.iter().map(|reason| reason.why).collect()
}

/// A look at the end of two weeks, and what it comes to.
fn at_end(rest: &str, gain: f64, loss: f64) -> Results {
    let field = Field::new(14, &["treatment"], rest);
    field.look(day(16.0), &by_z(10_000, &[("gain", Increase, gain), ("loss", Decrease, loss)]), &[])
}

#[test]
fn at_the_end_what_is_shown_ships_and_what_is_not_stops() {
    let ship = at_end(BOTH, 4.0, 0.0);
    assert_eq!((ship.decision.advice, ship.run.state), (Advice::Ship, State::Over));
    assert_eq!(ship.decision.variant.as_deref(), Some("treatment"));
    assert_eq!(why(&ship), [Why::Better, Why::GuardrailsHold]);
    assert_eq!(ship.decision.next, None);
    let verdicts: Vec<_> = ship.treatments[0].outcomes.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Better, Verdict::NonInferior]);
    let nothing = at_end(BOTH, 1.0, 0.0);
    assert_eq!((nothing.decision.advice, why(&nothing)), (Advice::Stop, vec![Why::NoSuccess]));
    let guard = at_end(BOTH, 4.0, -6.0);
    assert_eq!((guard.decision.advice, why(&guard)), (Advice::Stop, vec![Why::NotNonInferior]));
    assert!(guard.decision.reasons[0].words.contains("margin of 2%"), "{:?}", guard.decision.reasons);
    // 2 % of 10 are 7.07 standard errors: beyond them it is worse.
    let worse = at_end(BOTH, 4.0, -14.0);
    assert_eq!((worse.decision.advice, why(&worse)), (Advice::Stop, vec![Why::Worse]));
    assert!(worse.treatments[0].outcomes[1].deterioration.as_ref().is_some_and(|test| test.worse));
}

#[test]
fn while_it_runs_it_waits_stops_for_harm_and_ships_after_whole_weeks() {
    let field = Field::new(28, &["treatment"], BOTH);
    let look = |at: f64, gain: f64, loss: f64| {
        field.look(day(at), &by_z(40_000, &[("gain", Increase, gain), ("loss", Decrease, loss)]), &[])
    };
    let wait = look(9.0, 0.5, 0.0);
    assert_eq!((wait.decision.advice, wait.run.state), (Advice::Wait, State::Running));
    assert!(why(&wait).contains(&Why::NoSuccessYet));
    let next = wait.decision.next.expect("it is read again");
    assert_eq!((next.at.as_str(), next.why.as_str()), ("2027-01-19T00:00:00Z", "look"), "day 14 and the lag");
    // 2 % are 14 standard errors at so many units: the guardrail holds early, and the gain is beyond any bound.
    let part = look(9.0, 12.0, 0.0);
    assert_eq!((part.decision.advice, why(&part)), (Advice::Wait, vec![Why::PartOfWeek]));
    assert_eq!(part.decision.next.expect("it is read again").at, "2027-01-18T00:00:00Z");
    assert_eq!(look(14.0, 12.0, 0.0).decision.advice, Advice::Ship);
    let harm = look(9.0, 12.0, -30.0);
    assert_eq!((harm.decision.advice, why(&harm)), (Advice::Stop, vec![Why::Worse]));
    let harm = look(9.0, -9.0, 0.0);
    assert_eq!((harm.decision.advice, why(&harm)), (Advice::Stop, vec![Why::Worse]), "success metrics are watched too");
    // After the end and before the lag of one metric is over it is not over.
    assert_eq!(look(28.5, 0.5, 0.0).run.state, State::Ended);
    assert_eq!(look(29.0, 0.5, 0.0).run.state, State::Over);
}

#[test]
fn what_is_undefined_waits_even_at_the_end() {
    let field = Field::new(14, &["treatment"], BOTH);
    let mut counted = by_z(10_000, &[("gain", Increase, 4.0), ("loss", Decrease, 0.0)]);
    counted.metrics[1].arms = vec![arm(sums(10_000, 3.0, 0.0)), arm(sums(10_000, 3.0, 0.0))];
    let results = field.look(day(16.0), &counted, &[]);
    assert_eq!((results.decision.advice, why(&results)), (Advice::Wait, vec![Why::Undefined]));
    let outcome = &results.treatments[0].outcomes[1];
    assert_eq!(outcome.verdict, Verdict::Undefined);
    assert!(outcome.se.why().is_some_and(|why| why.contains("variance is zero")));
    assert_eq!(outcome.difference.number(), Some(0.0), "what is defined is there");
}

#[test]
fn nothing_that_decides_decides_nothing() {
    let results = at_end("[guardrails]\nloss = {}\n", 0.0, 0.0);
    assert_eq!((results.decision.advice, why(&results)), (Advice::Stop, vec![Why::NothingTested]));
    assert_eq!((results.metrics[0].role, results.metrics[0].judged), (Role::Guardrail, Judged::Deterioration));
    let outcome = &results.treatments[0].outcomes[0];
    // The interval of what is only watched is that of its test for deterioration.
    assert!((outcome.alpha - 0.02).abs() < 1e-15);
    let test = outcome.deterioration.as_ref().expect("a test");
    assert_eq!(test.critical, outcome.critical);
}

#[test]
fn levels_are_split_over_metrics_and_treatments() {
    let rest =
        "[success]\ngain = { mde = \"2%\" }\nother = { mde = \"2%\" }\n\n[guardrails]\nloss = { margin = \"2%\" }\n";
    let field = Field::new(14, &["one", "two"], rest);
    let three = |mean: f64| vec![arm(sums(9_000, 1.0, 1.0)), arm(sums(9_000, mean, 1.0)), arm(sums(9_000, mean, 1.0))];
    let counted = tally(&["one", "two"], vec![("gain", three(1.1)), ("other", three(1.0)), ("loss", three(1.0))]);
    let results = field.look(day(16.0), &counted, &[]);
    let alphas: Vec<f64> = results.treatments[0].outcomes.iter().map(|outcome| outcome.alpha).collect();
    assert_eq!(alphas, [0.05 / 4.0, 0.05 / 4.0, 0.05 / 2.0]);
    let watched = results.treatments[1].outcomes[2].deterioration.as_ref().expect("a test");
    assert!((watched.alpha - 0.01 / 6.0).abs() < 1e-15);
}

#[test]
fn of_several_the_best_is_named_and_ties_are_said() {
    let field = Field::new(14, &["one", "two", "three"], "[success]\ngain = { mde = \"2%\" }\n");
    let n = 10_000;
    let look = |means: [f64; 3]| {
        let arms = std::iter::once(10.0).chain(means).map(|mean| arm(sums(n, mean, 4.0)));
        field.look(day(16.0), &tally(&["one", "two", "three"], vec![("gain", arms.collect())]), &[])
    };
    let tie = look([10.2, 10.21, 10.0]);
    assert_eq!((tie.decision.variant.as_deref(), tie.decision.ties.as_slice()), (Some("two"), &["one".to_owned()][..]));
    let clear = look([10.2, 10.5, 9.0]);
    assert_eq!((clear.decision.variant.as_deref(), clear.decision.ties.len()), (Some("two"), 0));
    let advice: Vec<_> = clear.treatments.iter().map(|treatment| treatment.advice).collect();
    assert_eq!(advice, [Advice::Ship, Advice::Ship, Advice::Stop]);
    assert_eq!(clear.method.kind, MethodKind::GroupSequential);
}

#[test]
fn an_effect_is_told_for_the_whole_surface() {
    let results = at_end(BOTH, 4.0, 0.0);
    let impact = results.treatments[0].outcomes[0].impact.as_ref().expect("what is decided on has one");
    // 20,000 units in 14 days on a fifth of the surface.
    let a_day = impact.units_per_day.number().expect("known");
    assert!((a_day - 20_000.0 / 0.2 / 14.0).abs() < 1e-6, "{a_day}");
    let difference = results.treatments[0].outcomes[0].difference.number().expect("known");
    assert!((impact.per_day.number().expect("known") - difference * a_day).abs() < 1e-9);
    let exposed = impact.exposed.number().expect("the baseline has the reach");
    assert!(exposed > 0.0 && exposed < 1.0, "{exposed}");
    assert!(impact.lift.why().is_some_and(|why| why.contains("mean of `gain`")), "{:?}", impact.lift);
}

#[test]
fn units_a_day_do_not_depend_on_when_they_are_counted() {
    let field = Field::new(14, &["bold"], BOTH);
    // Fewer new units come each day, since the others were there before.
    let look = |days: u32| {
        let own = |mean: f64| {
            let n = |day: u32| (8_000.0 * 0.8_f64.powf(f64::from(day))).round() as u64;
            let complete = (0..days - 1).map(|day| DaySums { day, sums: sums(n(day), mean, 4.0) });
            let all = sums((0..days - 1).map(n).sum(), mean, 4.0);
            ArmTally { days: complete.collect(), incomplete: n(days - 1), ..arm(all) }
        };
        let arms = || vec![own(10.0), own(10.4)];
        let results =
            field.look(day(f64::from(days)), &tally(&["bold"], vec![("gain", arms()), ("loss", arms())]), &[]);
        let impact = results.treatments[0].outcomes[0].impact.clone().expect("what is decided on has one");
        impact.units_per_day.number().expect("known")
    };
    // 400,000 units of the whole surface, of whom a fifth of those left come each day: a day's window, and the time to the next visit.
    let expected = 400_000.0 / (1.0 - 1.0 / 0.8_f64.ln());
    for days in [3, 7, 14] {
        assert!((look(days) / expected - 1.0).abs() < 1e-3, "{days}: {} is not {expected}", look(days));
    }
}
