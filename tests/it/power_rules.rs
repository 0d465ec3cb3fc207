//! The rules of power on whole catalogues: they say what forecasts say, and nothing of what has begun.

use std::path::Path;

use allotment::decl::{Day, Stage};
use allotment::lint::{Context, Levels, Report, lint};
use allotment::model::ClaimKind;
use allotment::power::{Power, Standing, WhatIf};
use allotment::source::Sources;

use crate::world::{CARDS, FRESH, LARGE_CARDS, World};

const BASELINE: &str = "baselines/home.toml";

fn rules(report: &Report) -> Vec<&str> {
    report
        .findings
        .iter()
        .map(|finding| finding.rule)
        .filter(|rule| ["underpowered", "missing-baseline"].contains(rule))
        .collect()
}

fn files(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
            found.push((name, std::fs::read_to_string(&path).expect("a text")));
        }
    }
}

#[test]
fn the_rule_says_what_the_forecast_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/streaming");
    let mut found = Vec::new();
    files(&root, &root, &mut found);
    // Metrics that vary more make some too small, and not others.
    for (path, text) in &mut found {
        if path == "baselines/home.toml" {
            *text = text.replace("standard-deviation = 0.81", "standard-deviation = 2.4").replace("= 9.7", "= 15.0");
        }
    }
    let sources = Sources::new(found);
    let today = Day::containing(1_801_440_000); // 2027-02-01
    let context = Context::new(&sources, today);
    let report = lint(&context, &Levels::default());
    let power = Power::new(&context.catalogue, &context.locks, &context.plan);
    let (mut small, mut enough) = (0, 0);
    for claim in context.catalogue.claims.values() {
        let ahead = claim.window.is_some_and(|window| window.start >= today);
        if claim.kind != ClaimKind::Experiment || claim.stage != Some(Stage::Ship) || !ahead {
            continue;
        }
        let said = report.findings.iter().any(|it| it.rule == "underpowered" && it.span.file == claim.file);
        let standing = power.forecast(claim, &WhatIf::default()).standing();
        assert_eq!(said, standing == Standing::TooSmall, "{}: {standing:?}", claim.id);
        if said { small += 1 } else { enough += 1 }
    }
    assert!(small > 2 && enough > 2, "{small} too small, {enough} large enough");
}

#[test]
fn what_has_begun_is_left_alone_unless_its_window_moves() {
    let mut base = World::base();
    base.allocate();
    let mut noisy = base.clone();
    noisy.edit(BASELINE, "standard-deviation = 318.9", "standard-deviation = 3189.0");
    assert_eq!(rules(&noisy.lint().1), [""; 0], "no test that is under way becomes a fault");
    assert_eq!(rules(&noisy.lint_against(&base).1), [""; 0]);
    let mut shorter = noisy.clone();
    shorter.edit(FRESH, "days = 28", "days = 25");
    shorter.allocate();
    assert_eq!(rules(&shorter.lint_against(&noisy).1), ["underpowered"]);
    let mut planned = noisy.clone();
    planned.put(LARGE_CARDS, &CARDS.replace("skip-rate", "minutes-listened"));
    planned.allocate();
    assert_eq!(rules(&planned.lint().1), ["underpowered"]);
}

#[test]
fn no_way_out_is_to_want_less() {
    let mut world = World::base();
    let hopeless = CARDS.replace("mde = \"2%\"", "mde = \"0.01%\"");
    world.put(LARGE_CARDS, &hopeless);
    world.allocate();
    let (_, report) = world.lint();
    let finding = report.findings.iter().find(|finding| finding.rule == "underpowered").expect("it is too small");
    let help = finding.help.as_deref().expect("ways out");
    assert!(!["margin", "mde", "effect", "power"].iter().any(|word| help.to_lowercase().contains(word)), "{help}");
}
