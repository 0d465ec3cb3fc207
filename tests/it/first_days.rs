//! A surface's limit on first days holds for what users see on the day that they first see it, whatever `start` says.

use allotment::diag::Severity;

use crate::world::{CARDS, FRESH, LARGE_CARDS, ROLLOUT, SURFACE, World};

const LATE: &str = ", the first day that it is served, is more than the 5% with which ";

/// The small catalogue, allotted, with the rollout begun.
fn live() -> World {
    let mut world = World::base();
    world.edit(ROLLOUT, "start = 2027-02-15", "start = 2027-01-25");
    world.allocate();
    world
}

/// What is said of first days when a change is allotted and checked: messages, and what to do.
fn said(base: &World, change: impl FnOnce(&mut World)) -> Vec<String> {
    let mut head = base.clone();
    change(&mut head);
    head.allocate();
    let (_, report) = head.lint_against(base);
    let errors = report.findings.iter().filter(|found| found.severity == Severity::Error);
    errors
        .map(|found| {
            assert_eq!(found.rule, "exposure-limit", "{found:?}");
            format!("{}; {}", found.message, found.help.as_deref().unwrap_or_default())
        })
        .collect()
}

/// The large cards with another start and share.
fn cards(world: &mut World, start: &str, share: &str) {
    world.files.remove(ROLLOUT);
    world.put(LARGE_CARDS, CARDS).edit(LARGE_CARDS, "2027-02-02", start).edit(LARGE_CARDS, "traffic = \"4%\"", share);
}

#[test]
fn a_start_that_has_gone_by_does_not_evade_the_limit() {
    let mut base = live();
    base.files.remove(ROLLOUT);
    base.files.remove("rollouts/home-cards.lock");
    base.allocate();
    for (start, share, expected) in [
        ("2027-01-31", "traffic = \"4%\"", None),
        ("2027-02-01", "traffic = \"98%\"", Some("98% on the first day is more than ")),
        ("2027-01-31", "traffic = \"98%\"", Some("98% on 2027-02-01, the first day that it is served, is more than ")),
        // Its only step is over before anybody sees it.
        ("2027-01-31", "traffic = \"98%\"\nramp = [{ days = 1, traffic = \"2%\" }]", Some("98% on 2027-02-01")),
        ("2027-01-31", "traffic = \"98%\"\nramp = [{ days = 2, traffic = \"2%\" }]", None),
        (
            "2027-01-28",
            "traffic = \"98%\"\nramp = [{ days = 2, traffic = \"2%\" }, { days = 4, traffic = \"20%\" }]",
            Some("20% on 2027-02-01"),
        ),
    ] {
        let found = said(&base, |world| cards(world, start, share));
        match expected {
            None => assert_eq!(found, Vec::<String>::new(), "{start}, {share}"),
            Some(words) => assert!(found.len() == 1 && found[0].starts_with(words), "{start}, {share}: {found:?}"),
        }
    }
    let found = said(&base, |world| cards(world, "2027-01-31", "traffic = \"98%\""));
    let help = "set `start = 2027-02-02`, and add `ramp = [{ days = 1, traffic = \"5%\" }]`; the full 98% follows";
    assert!(found[0].ends_with(help), "{found:?}");
}

#[test]
fn nor_does_that_of_a_rollout() {
    let mut base = World::base();
    base.files.remove(ROLLOUT);
    base.allocate();
    let rollout = World::base().files[ROLLOUT].clone();
    let begun = |world: &mut World| {
        world.put(ROLLOUT, &rollout).edit(ROLLOUT, "2027-02-15", "2027-01-30");
    };
    let found = said(&base, begun);
    assert!(found.len() == 1 && found[0].contains(LATE) && found[0].starts_with("10% on 2027-02-01"), "{found:?}");
    assert!(found[0].ends_with("set `start = 2027-02-02`, so that it begins with its first step"), "{found:?}");
    // What was served yesterday goes on as it was.
    let mut later = base.clone();
    begun(&mut later);
    later.allocate();
    assert_eq!(
        said(&later, |world| {
            world.edit(SURFACE, "first-day = \"5%\"", "first-day = \"4%\"");
        }),
        Vec::<String>::new()
    );
}

#[test]
fn nor_does_a_new_phase_with_the_old_start() {
    let base = live();
    let found = said(&base, |world| {
        world.edit(FRESH, "days = 28", "days = 28\nphase = 2");
    });
    assert!(found.len() == 1 && found[0].contains(LATE) && found[0].starts_with("20% on 2027-02-01"), "{found:?}");
    let with_a_start = |world: &mut World| {
        world.edit(FRESH, "start = 2027-01-11\ndays = 28", "start = 2027-02-02\ndays = 28\nphase = 2");
    };
    assert_eq!(said(&base, with_a_start), Vec::<String>::new());
    // What was planned and is put before today was never seen.
    let mut planned = live();
    planned.files.remove(ROLLOUT);
    planned.files.remove("rollouts/home-cards.lock");
    cards(&mut planned, "2027-02-02", "traffic = \"40%\"\nramp = [{ days = 1, traffic = \"4%\" }]");
    planned.allocate();
    let found = said(&planned, |world| {
        world.edit(LARGE_CARDS, "2027-02-02", "2027-01-30");
    });
    assert!(found.len() == 1 && found[0].starts_with("40% on 2027-02-01"), "{found:?}");
}

#[test]
fn whoever_is_told_to_begin_a_phase_is_told_of_its_start() {
    let base = live();
    let mut head = base.clone();
    head.edit(FRESH, "control = \"v7\"", "control = \"v8-fresh\"");
    let (_, report) = head.lint_against(&base);
    let help: Vec<&str> = report.findings.iter().filter_map(|found| found.help.as_deref()).collect();
    assert!(help.iter().any(|help| help.contains("with `phase = 2` and `start = 2027-02-02`")), "{help:?}");
}
