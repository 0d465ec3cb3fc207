//! Power that nobody can say never counts as enough: what is out of bounds is found where it is written, and all else by the
//! metric that it leaves unknown.

use allotment::diag::Severity;

use crate::world::{CARDS, LARGE_CARDS, SURFACE, World};

const BASELINE: &str = "baselines/home.toml";

/// The errors of the small catalogue with one more experiment and one edit: rule, path, the text at the place, and message.
fn found(metric: &str, path: &str, from: &str, to: &str) -> Vec<String> {
    let mut world = World::base();
    world.put(LARGE_CARDS, &CARDS.replace("skip-rate", metric).replace("days = 10", "days = 20"));
    world.edit("rollouts/home-cards.toml", "2027-02-15", "2027-04-15");
    world.edit(path, from, to);
    world.allocate();
    let (sources, report) = world.lint();
    let errors = report.findings.iter().filter(|found| found.severity == Severity::Error);
    errors
        .map(|found| {
            let text =
                &sources.get(found.span.file).expect("a file").text[found.span.start as usize..found.span.end as usize];
            format!("{} {} {text}: {}", found.rule, sources.path(found.span.file), found.message)
        })
        .collect()
}

#[test]
fn what_is_out_of_bounds_is_found_where_it_is_written() {
    let (returned, skips) = ("returned", "skip-rate");
    assert_eq!(found(skips, SURFACE, "name = \"Home\"", "name = \"Home \""), Vec::<String>::new());
    let share = "the mean of a conversion is a share of units, between 0 and 1";
    for (metric, path, from, to, rule, text, message) in [
        (skips, LARGE_CARDS, "mde = \"2%\"", "mde = \"0%\"", "wrong-type", "\"0%\"", "an mde is above 0%"),
        (skips, SURFACE, "margin = \"5%\"", "margin = \"0%\"", "wrong-type", "\"0%\"", "a margin is above 0%"),
        (returned, BASELINE, "mean = 0.684", "mean = 71", "wrong-type", "71", share),
        (returned, BASELINE, "mean = 0.684", "mean = 1.2", "wrong-type", "1.2", share),
        (returned, BASELINE, "mean = 0.684", "mean = -0.1", "wrong-type", "-0.1", share),
        (
            skips,
            BASELINE,
            "1 = 6_050_000",
            "01 = 6_050_000\n1 = 6_050_000",
            "wrong-type",
            "01",
            "`01` is not a number of days",
        ),
        (skips, BASELINE, "28 = 22_600_000", "28 = 22_600_000\n2 = 1", "wrong-type", "1", "fewer units are reached"),
    ] {
        let all = found(metric, path, from, to);
        let expected = format!("{rule} {path} {text}: {message}");
        assert!(all.len() == 1 && all[0].starts_with(&expected), "{from} -> {to}: {expected}: {all:?}");
    }
}

#[test]
fn what_stays_unknown_is_not_enough() {
    let (returned, skips, minutes) = ("returned", "skip-rate", "minutes-listened");
    for (metric, from, to, message) in [
        (returned, "mean = 0.684", "mean = 0", "has enough units for `returned`: the baseline"),
        (returned, "mean = 0.684", "mean = 1", "has enough units for `returned`: "),
        (returned, "mean = 0.684", "mean = 0.999", "the effect would take the share below 0 or above 100 %"),
        (skips, "mean = 0.241", "mean = 0", "the baseline mean is 0"),
        (skips, "= 0.19 ", "= 0 ", "the baseline has no variance"),
        (minutes, "correlation = 0.71", "correlation = 1", "has enough units for `minutes-listened`: "),
    ] {
        let all = found(metric, BASELINE, from, to);
        let starts = format!("underpowered {LARGE_CARDS} {metric}: nobody can say whether `large-cards` ");
        assert!(
            all.len() == 1 && all[0].starts_with(&starts) && all[0].contains(message),
            "{metric} {from} -> {to}: {all:?}"
        );
    }
    // Lines that are not filled in yet are no reach.
    let all = found(skips, BASELINE, "1 = 6_050_000", "1 = 0");
    let unmeasured =
        |error: &String| error.starts_with("missing-baseline ") && error.contains("no baseline of its reach");
    assert!(!all.is_empty() && all.iter().all(unmeasured), "{all:?}");
}
