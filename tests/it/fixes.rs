//! Fixes that `--fix` may apply: each mends its slip, gives a clean catalogue, and writes just what was meant.

use std::collections::BTreeMap;

use allotment::diag::{Fix, apply};

use crate::world::World;

const FRESH: &str = "experiments/home/fresh-first.toml";
const ROLLOUT: &str = "rollouts/home-cards.toml";
const CARDS: &str = "flags/home-cards.toml";
const NORDIC: &str = "segments/nordic-premium.toml";
const SURFACE: &str = "surfaces/home.toml";

/// A file, what is meant in it, what was written, and what the fix makes of it.
const MENDED: &[(&str, &str, &str, &str)] = &[
    // misspelt keys
    (FRESH, "traffic = \"20%\"", "trafic = \"20%\"", "traffic = \"20%\""),
    (FRESH, "ramp = [{ days", "ramp = [{ dayz", "ramp = [{ days"),
    (SURFACE, "first-day", "first_day", "first-day"),
    (NORDIC, "at-least", "at_least", "at-least"),
    // misspelt ids
    (FRESH, "flag = \"home-ranker\"", "flag = 'home-rankr'", "flag = \"home-ranker\""),
    (FRESH, "segment = \"nordic-premium\"", "segment = \"nordic-premum\"", "segment = \"nordic-premium\""),
    (FRESH, "skip-rate = {", "skiprate = {", "skip-rate = {"),
    (FRESH, "returned = {", "\"retuned\" = {", "\"returned\" = {"),
    (NORDIC, "country =", "county =", "country ="),
    // misspelt words and values
    (SURFACE, "\"growthbook\"", "\"GrowthBook\"", "\"growthbook\""),
    (NORDIC, "plan = \"premium\"", "plan = \"premum\"", "plan = \"premium\""),
    (CARDS, "value = \"large\"", "value = \"lage\"", "value = \"large\""),
    // bare shares, quoted dates and numbers, single items
    (FRESH, "traffic = \"20%\"", "traffic = 20", "traffic = \"20%\""),
    (FRESH, "traffic = \"20%\"", "traffic = 20.0", "traffic = \"20%\""),
    (FRESH, "traffic = \"20%\"", "traffic = \"20\"", "traffic = \"20%\""),
    (FRESH, "traffic = \"20%\"", "traffic = 20%", "traffic = \"20%\""),
    (ROLLOUT, "holdback = \"5%\"", "holdback = 5", "holdback = \"5%\""),
    (FRESH, "start = 2027-01-11", "start = \"2027-01-11\"", "start = 2027-01-11"),
    (FRESH, "days = 28", "days = \"28\"", "days = 28"),
    (SURFACE, "owners = [\"home\"]", "owners = \"home\"", "owners = [\"home\"]"),
    ("segments/employees.toml", "employee = true", "employee = True", "employee = true"),
    // versions
    (FRESH, "version = 1\n", "", "version = 1\n"),
    (FRESH, "version = 1", "version = 0", "version = 1"),
    (FRESH, "version = 1", "version = \"1\"", "version = 1"),
];

/// Applies every fix of every finding, as `--fix` would.
fn mend(world: &mut World) -> usize {
    let (sources, report) = world.lint();
    let mut fixes: BTreeMap<&str, Vec<&Fix>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(fix) = &finding.fix {
            assert!(fix.edits.iter().all(|edit| edit.span.file == finding.span.file), "a fix stays in its file");
            fixes.entry(sources.path(finding.span.file)).or_default().push(fix);
        }
    }
    let mut applied = 0;
    for (path, fixes) in fixes {
        let (text, count) = apply(&world.files[path], &fixes);
        world.put(path, &text);
        applied += count;
    }
    applied
}

#[test]
fn a_fix_writes_what_was_meant() {
    for &(path, meant, written, mended) in MENDED {
        let mut allotted = World::base();
        allotted.allocate();
        let mut world = allotted.clone();
        world.edit(path, meant, written);
        assert_eq!(mend(&mut world), 1, "{path}: {written}");
        let expected = allotted.files[path].replacen(meant, mended, 1);
        assert_eq!(world.files[path], expected, "{path}: {written}");
        let (_, report) = world.lint();
        assert!(report.findings.is_empty(), "{path}: {written}: {:?}", report.findings);
    }
}

/// What could mean two things, or would change what is served, is left to people.
#[test]
fn what_is_not_sure_is_not_mended() {
    for (path, meant, written) in [
        (FRESH, "traffic = \"20%\"", "traffic = 0.2"),
        (FRESH, "traffic = \"20%\"", "traffic = 1"),
        (FRESH, "fresh-first = \"v8-fresh\"", "fresh-first = \"v9-fresh\""),
        (FRESH, "fresh-first = \"v8-fresh\"", "fresh-first = \"v9\""),
        (FRESH, "control = \"v7\"", "control = \"v8-fresh\""),
        (FRESH, "stage = \"ship\"", "stage = \"running\""),
        (FRESH, "segment = \"nordic-premium\"", "segment = \"everybody\""),
        (FRESH, "days = 28", "days = -28"),
        (NORDIC, "version = 1", "version = 2"),
    ] {
        let mut world = World::base();
        world.edit(path, meant, written);
        assert_eq!(mend(&mut world), 0, "{path}: {written}");
    }
}

#[test]
fn several_fixes_of_a_file_are_applied_together() {
    let mut world = World::base();
    world.allocate();
    let meant = world.clone();
    world.edit(FRESH, "owner", "ownr").edit(FRESH, "\"2%\" }]", "2 }]").edit(FRESH, "skip-rate", "skip-rte");
    assert_eq!(mend(&mut world), 3);
    assert_eq!(world.files, meant.files);
}
