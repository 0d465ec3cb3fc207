//! Looks after the one that spent the plan: its figures stay beside its verdict, and what came since only describes.

use std::fs;
use std::path::Path;
use std::process::Command;

use allotment::render::results::{Kept, html, markdown, text};
use allotment::render::text::Style;
use allotment::results::{Outcome, Results, Verdict};
use allotment::stats::Direction::Increase;

use super::field::{Field, by_z, day, tally};
use super::store::{csv, write};
use crate::markdown::links;
use crate::merges::repository;
use crate::world::FRESH;

fn gain(method: &str, variants: &[&str]) -> Field {
    let rest = format!("[success]\ngain = {{ mde = \"2%\" }}\n\n[analysis]\nmethod = \"{method}\"\n");
    Field::new(28, variants, &rest)
}

fn first(results: &Results) -> &Outcome {
    &results.treatments[0].outcomes[0]
}

/// What each report says, without what only sets it out.
fn shown(results: &Results) -> [String; 3] {
    let all = std::slice::from_ref(results);
    let untagged = |page: String| {
        let mut parts = page.split('<');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once('>').map_or("", |(_, rest)| rest))
    };
    [
        text(results, Kept::Nowhere, Style::Plain, 100),
        markdown(results, Kept::Nowhere, &links()).fit(60_000),
        untagged(html(all, Kept::Nowhere)),
    ]
    .map(|text| solid(&text))
}

/// Words without spaces and marks.
fn solid(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '*' | '`')).collect()
}

/// Whether a report, without spaces and marks, says these words.
fn says(report: &str, words: &str) -> bool {
    report.contains(&solid(words))
}

#[test]
fn the_figures_stay_those_that_the_verdict_is_read_off() {
    for method in ["group-sequential", "fixed"] {
        let field = gain(method, &["treatment"]);
        let counted = |n: u64, z: f64| by_z(n, &[("gain", Increase, z)]);
        let looks = field.looks(&[
            (14.0, counted(20_000, 1.0)),
            (28.0, counted(40_000, 2.5)),
            (35.0, counted(44_000, 2.4)),
            (36.0, counted(44_000, -9.0)),
        ]);
        let [_, end, after, against] = looks.as_slice() else { panic!("four looks") };
        assert_eq!((first(end).verdict, &first(end).settled), (Verdict::Better, &None), "{method}");
        for (later, contradicts) in [(after, false), (against, true)] {
            let (own, then) = (first(later), first(end));
            let settled = own.settled.as_ref().expect("it is settled");
            assert_eq!((settled.at.as_str(), settled.contradicts), (end.at.as_str(), contradicts), "{method}");
            assert_eq!(settled.since.units, (44_000, 44_000));
            let as_it_was = Outcome { settled: None, spending: then.spending.clone(), ..own.clone() };
            assert_eq!(&as_it_was, then, "{method}: one interval, one verdict");
            assert!(own.spending.as_ref().is_some_and(|own| own.spent.number().is_none()));
            assert_eq!(later.decision.advice, end.decision.advice);
            for text in &shown(later) {
                assert!(says(text, "Ship probe : gain +0.35 % (95 % CI +0.08 % to +0.63 %)"), "{method}: {text}");
                assert!(says(text, "at the look of 1 Feb 2027, which settled it. All units up to now say"), "{text}");
                assert_eq!(says(text, "; later data contradict this"), contradicts, "{text}");
                assert_eq!(
                    says(text, "gain with treatment was better, and all units up to now say −1.21 %"),
                    contradicts,
                    "{text}"
                );
            }
        }
        assert!(
            first(against).settled.as_ref().is_some_and(|own| own.since.lift.number().is_some_and(|lift| lift < 0.0))
        );
    }
}

/// A verdict that was withheld was read by nobody, so that the next look may be read in its place; the one after that may not.
#[test]
fn what_was_withheld_settled_nothing() {
    let field = gain("group-sequential", &["treatment"]);
    let counted = |z: f64| by_z(40_000, &[("gain", Increase, z)]);
    let mut stray = counted(2.5);
    stray.rows_unknown_variant = 50_000;
    let looks = field.looks(&[(28.0, stray), (29.0, counted(2.5)), (30.0, counted(-9.0))]);
    let verdicts: Vec<Verdict> = looks.iter().map(|look| first(look).verdict).collect();
    assert_eq!(verdicts, [Verdict::Withheld, Verdict::Better, Verdict::Better]);
    assert_eq!(first(&looks[1]).settled, None);
    assert_eq!(first(&looks[2]).settled.as_ref().map(|own| own.at.as_str()), Some(looks[1].at.as_str()));
}

/// Which treatment is named, and whether another ties, stays what it was as well.
#[test]
fn the_best_of_several_stays_the_best() {
    let field = gain("group-sequential", &["one", "two"]);
    let counted = |z: [f64; 2]| {
        let arm = |z: f64| {
            let tally = by_z(40_000, &[("gain", Increase, z)]);
            tally.metrics[0].arms[1].clone()
        };
        let control = by_z(40_000, &[("gain", Increase, 0.0)]).metrics[0].arms[0].clone();
        tally(&["one", "two"], vec![("gain", vec![control, arm(z[0]), arm(z[1])])])
    };
    let looks = field.looks(&[(28.0, counted([4.0, 4.5])), (35.0, counted([30.0, 4.5]))]);
    for look in &looks {
        assert_eq!(
            (look.decision.variant.as_deref(), look.decision.ties.as_slice()),
            (Some("two"), &["one".to_owned()][..])
        );
    }
}

/// What the data say on the day of a decision is no evidence for a verdict that is older.
#[test]
fn a_decision_rests_on_the_figures_that_settled_it() {
    let folder = repository();
    let root = folder.path();
    let (end, after) = ("2027-02-08T06:00:00Z", "2027-02-15T06:00:00Z");
    write(root, &(csv(end, 60_000, 3.0) + &csv(after, 60_000, -9.0)));
    let allot = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_allot"))
            .args(arguments)
            .current_dir(root)
            .env_clear()
            .output()
            .expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        assert_eq!(output.status.code(), Some(0), "{}", text(output.stderr));
        text(output.stdout)
    };
    let shown = allot(&["analyze", "--aggregates", "sums.csv", "--results", "results", "--at", after]);
    assert!(shown.replace('\u{a0}', " ").contains("`minutes-listened` +3.0 % ("), "{shown}");
    assert!(shown.contains("later data contradict this"), "{shown}");
    let learned = ["conclude", "fresh-first", "--outcome", "shipped", "--learned", "It is the evenings."];
    allot(&[&learned[..], &["--results", "results", "--at", after]].concat());
    let declared = fs::read_to_string(Path::new(root).join(FRESH)).expect("a file");
    let evidence = declared.lines().find(|line| line.starts_with("evidence")).expect("it is kept");
    assert!(evidence.contains(": minutes-listened +3.00%") && evidence.contains("settled on 2027-02-08"), "{evidence}");
    assert!(evidence.contains("later data contradict it"), "{evidence}");
}

/// Looks before the end that have all the units that were planned settle verdicts as well, and the chart ends there.
#[test]
fn a_record_is_read_as_it_was_written_and_says_which_look_it_is_of() {
    let field = gain("group-sequential", &["treatment"]);
    let end = field.look(day(28.0), &by_z(40_000, &[("gain", Increase, 2.5)]), &[]);
    let mut earlier = vec![end];
    for at in [29.0, 30.0] {
        let next = field.look(day(at), &by_z(40_000, &[("gain", Increase, 2.5)]), &earlier);
        let settled = first(&next).settled.clone().expect("it is settled");
        assert_eq!(settled.at, earlier[0].at, "not by the one that only describes");
        let text = shown(&next);
        assert!(text.iter().all(|text| !says(text, "All units up to now say")), "nothing came since: {text:?}");
        earlier.push(next);
    }
}
