//! Recorded results for people: text, Markdown and the page, whatever the records hold.

use std::fs;
use std::path::Path;
use std::process::Command;

use allotment::render::results::{Kept, html, markdown, text};
use allotment::render::text::Style;
use allotment::results::{Advice, Figure, Results, State, Why};

use crate::markdown::{hostile, links, reworded};
use crate::results::examples;

/// Where they are recorded.
const KEPT: Kept<'_> = Kept::In("results");

/// The most characters of a comment, with room for the mark that it is known by.
const COMMENT: usize = 60_000;

fn example(name: &str) -> Results {
    examples().into_iter().find(|(known, _)| known == name).expect("it is there").1
}

#[test]
fn examples_read_well() {
    for (name, results) in examples() {
        insta::assert_snapshot!(format!("results_text_{name}"), text(&results, KEPT, Style::Plain, 100));
        insta::assert_snapshot!(format!("results_comment_{name}"), markdown(&results, KEPT, &links()).fit(COMMENT));
    }
    let alone = text(&example("wait"), Kept::Nowhere, Style::Plain, 100);
    insta::assert_snapshot!("results_text_not_recorded", alone);
    insta::assert_snapshot!("results_text_narrow", text(&example("wait"), KEPT, Style::Plain, 60));
    // The page is looked at by a browser, in another test; here it is kept where a person can open it.
    if let Some(folder) = std::env::var_os("ALLOTMENT_PAGES") {
        for (name, results) in examples() {
            fs::write(Path::new(&folder).join(format!("{name}.html")), html(&[results], KEPT)).expect("it is written");
        }
        let all: Vec<Results> = examples().into_iter().map(|(_, results)| results).collect();
        fs::write(Path::new(&folder).join("all.html"), html(&all, KEPT)).expect("it is written");
    }
}

/// What is said where looks are recorded, and where they are not.
#[test]
fn a_look_that_is_not_recorded_says_so_and_commands_repeat_where_it_is() {
    let promise = "over all planned looks, on days 7 and 14";
    let warning = "This look is not recorded, and looks count only where they are, with";
    let analyze = "allot analyze checkout-one-page";
    for (kept, costs_nothing, again) in [
        (Kept::Nowhere, false, analyze.to_owned()),
        (Kept::Somewhere, true, format!("{analyze} --results …")),
        (Kept::In("our results"), true, format!("{analyze} --results 'our results'")),
        (Kept::In("s3://acme/results"), true, format!("{analyze} --results s3://acme/results")),
    ] {
        let results = example("wait");
        let comment = markdown(&results, kept, &links()).fit(COMMENT);
        let page = html(std::slice::from_ref(&results), kept).replace("&#39;", "'");
        let joined = text(&results, kept, Style::Plain, 100).replace("\n    ", " ").replace("\n  ", " ");
        for shown in [&comment, &page, &joined] {
            assert!(shown.contains(promise), "{kept:?}: {shown}");
            assert_eq!(shown.contains("looking at each of them costs nothing"), costs_nothing, "{kept:?}: {shown}");
            assert_eq!(shown.contains(warning), !costs_nothing, "{kept:?}: {shown}");
            assert!(
                shown.contains(&format!("`{again}`")) || shown.contains(&format!("<code>{again}</code>")),
                "{shown}"
            );
        }
    }
    let mut results = example("wait");
    results.source.engine = "aggregates".to_owned();
    let comment = markdown(&results, KEPT, &links()).fit(COMMENT);
    assert!(comment.contains(&format!("`{analyze} --aggregates … --results results`")), "{comment}");
    // A command is of use only whole.
    let (long, mut results) = ("long/".repeat(60), example("ship"));
    results.treatments[0].variant = "one-page".to_owned();
    let comment = markdown(&results, Kept::In(&long), &links()).fit(COMMENT);
    assert!(comment.contains(&format!("--variant one-page --learned … --results {long}`")), "{comment}");
}

/// What an edit makes of the first line.
fn titled(name: &str, edit: impl FnOnce(&mut Results)) -> String {
    let mut results = example(name);
    edit(&mut results);
    markdown(&results, KEPT, &links()).title.replace('\u{a0}', " ")
}

#[test]
fn the_first_line_says_what_was_decided_and_why() {
    let effect = "`checkout-conversion` **+3.0 %** (95 % CI +0.9 % to +5.1 %)";
    assert_eq!(
        titled("wait", |_| {}),
        format!("### 🟡 Wait before shipping `checkout-one-page`: {effect}, but 1 of 3 guardrails is undecided")
    );
    assert_eq!(
        titled("wait", |results| results.run.state = State::Running),
        format!("### 🟡 Let `checkout-one-page` run on: {effect}, but 1 of 3 guardrails is undecided")
    );
    assert_eq!(
        titled("ship", |_| {}),
        format!("### 🟢 Ship `one-page` of `checkout-one-page`: {effect}, and all 3 guardrails hold")
    );
    // A lift that could be anything is not told: the difference is, in the metric's own unit.
    let absolute = titled("ship", |results| {
        results.treatments.iter_mut().flat_map(|own| &mut own.outcomes).for_each(|outcome| {
            outcome.lift_interval = Figure::undefined("the control mean does not differ significantly from 0");
        });
    });
    assert_eq!(
        absolute,
        "### 🟢 Ship `one-page` of `checkout-one-page`: `checkout-conversion` **+0.25 pp** (95 % CI +0.07 to +0.43 pp), and all 3 guardrails hold"
    );
    // Harm that goes on comes first, whatever else is decided.
    let harm =
        "`revenue-per-user` **−6.0 %** (95 % CI −9.0 % to −3.0 %), significantly worse, beyond its limit of −2 %";
    let running = |results: &mut Results| results.run.state = State::Running;
    assert_eq!(titled("ship", running), format!("### 🔴 `two-pages` of `checkout-one-page` does harm: {harm}"));
    let stop = |results: &mut Results| {
        running(results);
        results.decision.advice = Advice::Stop;
        results.decision.variant = None;
    };
    assert_eq!(titled("ship", stop), format!("### 🔴 Stop `checkout-one-page` now: {harm}"));
    assert_eq!(
        titled("withheld", |_| {}),
        "### 🔴 No verdict on `checkout-one-page`: the sample ratio failed, so that no result can be trusted"
    );
    // Data that cannot be trusted show no harm either.
    assert!(
        titled("ship", |results| {
            stop(results);
            results.decision.advice = Advice::Withheld;
        })
        .starts_with("### 🔴 No verdict on")
    );
    let nothing = titled("wait", |results| {
        results.decision.advice = Advice::Stop;
        results.decision.reasons[0].why = Why::NoSuccess;
    });
    assert!(
        nothing.starts_with("### ⚪ Do not ship `checkout-one-page`: ") && nothing.ends_with("no more data will come")
    );
}

#[test]
fn what_is_undefined_is_said_and_never_drawn_as_nothing() {
    let mut results = example("wait");
    let none = || Figure::undefined("the control mean is not different from 0");
    for outcome in &mut results.treatments[0].outcomes {
        (outcome.lift, outcome.lift_interval) = (none(), Figure::undefined("the control mean is not different from 0"));
    }
    let shown = text(&results, KEPT, Style::Plain, 100);
    let line = shown.replace(['\n', '\u{a0}'], " ");
    assert!(line.contains("`checkout-conversion` +0.25 pp (95 % CI +0.07 to +0.43 pp)"), "{shown}");
    assert!(!shown.contains('●') && !html(std::slice::from_ref(&results), KEPT).contains("class=\"point\""));
    results.treatments.clear();
    results.metrics.clear();
    results.health.clear();
    assert!(text(&results, KEPT, Style::Plain, 100).contains("checkout-one-page"));
    assert!(markdown(&results, KEPT, &links()).fit(COMMENT).contains("Trust checks"));
    assert!(html(&[results], KEPT).contains("</html>"));
    assert!(html(&[], KEPT).contains("Results of 0 experiments"));
}

/// Of a metric that is only watched harm alone is tested, to one side: what it spends is held against that.
#[test]
fn what_is_spent_is_told_of_the_error_that_is_spent() {
    let mut results = example("ship");
    let outcome = &mut results.treatments[0].outcomes[0];
    outcome.alpha = 0.004;
    outcome.deterioration.as_mut().expect("it is watched").alpha = 0.002;
    let information = Figure::Known(4.0);
    outcome.spending =
        Some(allotment::results::Spending { fraction: 1.0, information, last: true, spent: Figure::Known(0.002) });
    results.metrics[0].judged = allotment::results::Judged::Deterioration;
    let comment = markdown(&results, KEPT, &links()).fit(COMMENT).replace('\u{a0}', " ");
    assert!(comment.contains("has spent 0.2 % of its 0.2 % error"), "{comment}");
}

/// Before the run is over exposures after the look are left out as well, and are not outside the run.
#[test]
fn rows_that_are_left_out_are_told_as_what_they_are() {
    let mut results = example("ship");
    results.tally.rows_outside = 3_048;
    for (state, words) in
        [(State::Running, "3,048 outside the run or after this look"), (State::Over, "3,048 outside the run |")]
    {
        results.run.state = state;
        let comment = markdown(&results, KEPT, &links()).fit(COMMENT);
        assert!(comment.contains(words), "{comment}");
    }
}

#[test]
fn text_fits_its_page() {
    for (name, results) in examples() {
        for width in [40, 60, 72, 80, 100, 140] {
            for line in text(&results, KEPT, Style::Plain, width).lines() {
                // A command is not broken where it has no space.
                assert!(line.chars().count() <= width.max(60), "{name} at {width}: {line}");
            }
        }
        let rich = text(&results, KEPT, Style::Rich, 100);
        assert!(rich.contains("\u{1b}[") && rich.contains("✓"), "{name}: no colour alone says it");
    }
}

#[test]
fn a_comment_is_whole_whatever_its_size() {
    for (name, results) in examples() {
        let document = markdown(&results, KEPT, &links());
        let whole = document.fit(usize::MAX).chars().count();
        assert!(whole < COMMENT, "{name}: {whole}");
        for limit in (0..100).map(|part| whole * part / 99).chain([1, 50, 300]) {
            let text = document.fit(limit);
            assert!(text.chars().count() <= limit.max(1), "{name} at {limit}");
            let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
            assert_eq!(lines("<details>"), lines("</details>"), "{name} at {limit}");
            assert_eq!(lines("```") % 2, 0, "{name} at {limit}");
        }
    }
    let mut results = example("ship");
    let (metric, long) = (results.metrics[0].clone(), "x`|@acme ".repeat(20_000));
    for number in 0..400 {
        let id = format!("{number}{long}");
        results.metrics.push(allotment::results::Metric { id: id.clone(), name: Some(long.clone()), ..metric.clone() });
        for treatment in &mut results.treatments {
            let outcome = treatment.outcomes[0].clone();
            treatment.outcomes.push(allotment::results::Outcome { metric: id.clone(), ..outcome });
        }
    }
    let text = markdown(&results, KEPT, &links()).fit(COMMENT);
    assert!(
        text.chars().count() <= COMMENT && text.contains("Left out, because it would be too long"),
        "{}",
        text.len()
    );
}

/// Words of the format itself, which a record must have.
fn is_fixed(key: &str, text: &str) -> bool {
    const WORDS: &[&str] = &[
        "running",
        "ended",
        "over",
        "group_sequential",
        "always_valid",
        "fixed",
        "success",
        "guardrail",
        "required",
        "superiority",
        "non_inferiority",
        "deterioration",
        "increase",
        "decrease",
        "mean",
        "conversion",
        "ratio",
        "quantile",
        "aggregate",
        "sample_ratio",
        "mixed_assignments",
        "pre_period_balance",
        "missing_data",
        "passed",
        "failed",
        "unchecked",
        "ship",
        "wait",
        "stop",
        "withheld",
        "better",
        "non_inferior",
        "worse",
        "undecided",
        "undefined",
        "no_success",
        "no_success_yet",
        "not_non_inferior",
        "guardrails_hold",
        "part_of_week",
        "unsound",
        "nothing_tested",
    ];
    matches!(key, "role" | "judged" | "goal" | "kind" | "status" | "advice" | "verdict" | "state" | "why" | "name")
        && WORDS.contains(&text)
}

fn peers() -> bool {
    let asked = std::env::var_os("ALLOTMENT_PEERS").is_some();
    if !asked {
        eprintln!(
            "skipped: set ALLOTMENT_PEERS=1 (needs node, npm, python3, pip; a browser is installed where there is none)"
        );
    }
    asked
}

fn run(script: &str, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let status = Command::new("bash").arg(script).arg(folder).status().expect("it runs");
    assert!(status.success(), "see above what is wrong");
}

#[test]
fn no_words_of_users_are_markup_to_github() {
    if !peers() {
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let write = |name: String, results: &Results| {
        fs::write(scratch.path().join(name), markdown(results, KEPT, &links()).fit(COMMENT)).expect("it is written");
    };
    for (name, results) in examples() {
        write(format!("{name}.md"), &results);
        for seed in 0..40 {
            write(format!("{name}-{seed}.md"), &reworded(&results, is_fixed, &mut hostile(seed)));
            write(format!("{name}-{seed}.tame"), &reworded(&results, is_fixed, &mut || "tame words ".to_owned()));
        }
    }
    run("tests/markdown/run.sh", scratch.path());
}

#[test]
fn the_page_shows_what_is_recorded_to_everybody() {
    if !peers() {
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let write = |name: &str, results: &[Results]| {
        fs::write(scratch.path().join(format!("{name}.html")), html(results, KEPT)).expect("it is written");
    };
    let record = |name: &str, results: &[Results]| {
        write(name, results);
        fs::write(scratch.path().join(format!("{name}.json")), serde_json::to_string(results).expect("JSON"))
            .expect("written");
    };
    let all: Vec<Results> = examples().into_iter().map(|(_, results)| results).collect();
    record("all", &all);
    for (name, results) in examples() {
        record(&name, std::slice::from_ref(&results));
        for seed in 0..12 {
            write(&format!("{name}-{seed}"), &[reworded(&results, is_fixed, &mut hostile(seed))]);
            write(&format!("{name}-{seed}.tame"), &[reworded(&results, is_fixed, &mut || "tame words ".to_owned())]);
        }
    }
    run("tests/page/run.sh", scratch.path());
}
