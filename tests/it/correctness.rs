//! What the rules of `correctness` say of single slips: each is one finding, at its exact place, in words that help.
//!
//! `RENEW=1 cargo test` rewrites `tests/it/correctness.txt`, which is there to be read.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use allotment::diag::Diagnostic;
use allotment::lint::{Group, rules};
use allotment::render::text::{Style, findings};
use allotment::source::Sources;

use crate::world::{FRESH, LISTENING, ROLLOUT, SURFACE, World};

const ROOT: &str = "allotment.toml";
const RANKER: &str = "flags/home-ranker.toml";
const CARDS: &str = "flags/home-cards.toml";
const NORDIC: &str = "segments/nordic-premium.toml";
const STAFF: &str = "segments/employees.toml";
const APP: &str = "metrics/app.toml";
const BASELINE: &str = "baselines/home.toml";

/// A slip: a file, a text in it, and what was written instead; an empty text is the end of the file.
type Slip = (&'static str, &'static str, &'static str);

const SLIPS: &[Slip] = &[
    // syntax
    (FRESH, "traffic = \"20%\"", "traffic = 20%"),
    (FRESH, "days = 28", "days = 28 d"),
    (FRESH, "owner = \"home\"", "owner = \"home\"\nowner = \"home\""),
    (FRESH, "[success]", "[variants]"),
    (FRESH, "[success]", "[success"),
    (FRESH, "ramp = [{ days = 1, traffic = \"2%\" }]", "ramp = [{ days = 1, traffic = \"2%\" }"),
    (FRESH, "days = 28", "days: 28"),
    (FRESH, "days = 28", "days ="),
    (FRESH, "start = 2027-01-11", "start = 2027-02-29"),
    (FRESH, "start = 2027-01-11", "start = 11.01.2027"),
    (FRESH, "stage = \"ship\"", "<<<<<<< HEAD\nstage = \"ship\"\n=======\nstage = \"build\"\n>>>>>>> main"),
    // unknown-key
    (FRESH, "days = 28", "days = 28\naudience = \"nordic-premium\""),
    (FRESH, "traffic = \"20%\"", "trafic = \"20%\""),
    (FRESH, "returned = { mde", "returned = { mdee"),
    (SURFACE, "first-day", "first_day"),
    (NORDIC, "at-least", "atleast"),
    // missing-key
    (FRESH, "version = 1\n", ""),
    (FRESH, "owner = \"home\"\n", ""),
    (FRESH, "stage = \"ship\"", "stage = \"tweak\""),
    (FRESH, "[success]\nminutes-listened = { mde = \"2.5%\" }\nreturned = { mde = \"2%\" }\n", ""),
    (FRESH, "ramp = [{ days = 1, ", "ramp = [{ "),
    (ROLLOUT, "{ days = 3, traffic", "{ traffic"),
    (ROLLOUT, "", "\n[decision]\noutcome = \"stopped\"\nreason = \"slower\"\n"),
    (FRESH, "", "\n[decision]\noutcome = \"shipped\"\non = 2027-01-28\nreason = \"better\"\n"),
    (LISTENING, "mean = \"sum(streams.ms_played) / 60000.0\"\n", ""),
    (LISTENING, "window = \"7d\"\ngoal = \"increase\"", "goal = \"increase\""),
    (LISTENING, "table = \"lake.streams\"\n", ""),
    (RANKER, "default = \"v7\"\n", ""),
    (CARDS, "value = \"large\"\n", ""),
    // wrong-type, while reading
    (FRESH, "traffic = \"20%\"", "traffic = 20"),
    (FRESH, "traffic = \"20%\"", "traffic = 0.2"),
    (FRESH, "traffic = \"20%\"", "traffic = \"20\""),
    (FRESH, "traffic = \"20%\"", "traffic = \"2000%\""),
    (FRESH, "traffic = \"20%\"", "traffic = \"a fifth\""),
    (FRESH, "start = 2027-01-11", "start = \"2027-01-11\""),
    (FRESH, "start = 2027-01-11", "start = 2027-01-11T09:00:00Z"),
    (FRESH, "days = 28", "days = \"28\""),
    (FRESH, "days = 28", "days = -28"),
    (FRESH, "days = 28", "days = 28.5"),
    (FRESH, "stage = \"ship\"", "stage = \"shipped\""),
    (FRESH, "stage = \"ship\"", "stage = \"running\""),
    (FRESH, "minutes-listened = { mde = \"2.5%\" }", "minutes-listened = \"2.5%\""),
    (SURFACE, "owners = [\"home\"]", "owners = \"home\""),
    (SURFACE, "sdk = \"growthbook\"", "sdk = \"GrowthBook\""),
    (CARDS, "default = \"small\"", "default = 2027-01-11"),
    (LISTENING, "window = \"7d\"\ngoal = \"increase\"", "window = \"1w\"\ngoal = \"increase\""),
    (LISTENING, "cap = \"p99.9\"", "cap = \"99.9%\""),
    (LISTENING, "lag = \"6h\"", "lag = \"6 hours\""),
    // wrong-type, bounds
    (FRESH, "traffic = \"20%\"", "traffic = \"120%\""),
    (FRESH, "traffic = \"2%\"", "traffic = \"30%\""),
    (FRESH, "traffic = \"2%\"", "traffic = \"0%\""),
    (FRESH, "[{ days = 1, traffic = \"2%\" }]", "[{ days = 1, traffic = \"5%\" }, { days = 1, traffic = \"2%\" }]"),
    (FRESH, "days = 28", "days = 28\nphase = 0"),
    (FRESH, "", "\n[analysis]\nlooks = [7, 7]\n"),
    (ROLLOUT, "{ traffic = \"100%\" }", "{ days = 7, traffic = \"100%\" }"),
    (ROLLOUT, "\"50%\"", "\"5%\""),
    (SURFACE, "holdout = \"2%\"", "holdout = \"100%\""),
    (SURFACE, "holdout = \"2%\"", "holdout = \"2%\"\nbuckets = 1500"),
    (SURFACE, "holdout = \"2%\"", "holdout = \"2%\"\nsalt = \"søkt\""),
    (SURFACE, "first-day = \"5%\"", "first-day = \"500%\""),
    (ROOT, "power = \"80%\"", "power = \"100%\""),
    (ROOT, "values = [\"free\", \"premium\"]", "values = [\"free\", \"premium\", 3]"),
    (RANKER, "\"v8-fresh\"]", "\"v8-fresh\", \"v7\"]"),
    (RANKER, "", "\n[schema]\nmaxLength = 8\n"),
    (
        LISTENING,
        "ratio = \"count(streams where skipped)",
        "mean = \"count(streams)\"\nratio = \"count(streams where skipped)",
    ),
    (LISTENING, "lag = \"6h\"", "select = \"select * from x\"\nlag = \"6h\""),
    (BASELINE, "correlation = 0.71", "correlation = 71.0"),
    (BASELINE, "14 = 18_450_000", "14 = 690_000"),
    // unsupported-version
    (STAFF, "version = 1", "version = 0"),
    // invalid-id
    (ROOT, "country = { type", "\"geo.country\" = { type = \"string\" }\ncountry = { type"),
    (ROOT, "country = { type", "any = { type = \"string\" }\ncountry = { type"),
    (ROOT, "attribute = \"user-id\"", "attribute = \"toString\""),
    (ROOT, "staging =", "Staging ="),
    (SURFACE, "header =", "Header_Top ="),
    (LISTENING, "", "\n[facts.Streams2]\ntable = \"x\"\nunit = { user = \"u\" }\ntimestamp = \"t\"\n"),
    // duplicate-id
    (
        APP,
        "[facts.sessions]",
        "[facts.streams]\ntable = \"x\"\nunit = { user = \"u\" }\ntimestamp = \"t\"\n\n[facts.sessions]",
    ),
    // unknown-reference
    (FRESH, "owner = \"home\"", "owner = \"homme\""),
    (FRESH, "owner = \"home\"", "owner = \"search\""),
    (FRESH, "segment = \"nordic-premium\"", "segment = \"nordic-premum\""),
    (FRESH, "skip-rate = {", "skiprate = {"),
    (FRESH, "days = 28", "days = 28\nalso-touches = [\"shelfs\"]"),
    (FRESH, "days = 28", "days = 28\npreview = { segment = \"employees\", variant = \"fresh\" }"),
    (FRESH, "days = 28", "days = 28\nfollows = \"fresh-last\""),
    (FRESH, "", "\n[[waive]]\nrule = \"over-capacty\"\nreason = \"agreed\"\nuntil = 2027-03-01\n"),
    (FRESH, "", "\n[[waive]]\nrule = \"bucket-overlap\"\nreason = \"agreed\"\nuntil = 2027-03-01\n"),
    (ROOT, "", "\n[lint]\nhygene = \"error\"\n"),
    (ROOT, "", "\n[lint]\nunknown-key = \"allow\"\n"),
    (LISTENING, "mean = \"sum(streams.ms_played) / 60000.0\"", "mean = \"sum(stream.ms_played) / 60000.0\""),
    (NORDIC, "country =", "county ="),
    (SURFACE, "unit = \"user\"", "unit = \"device\""),
    (RANKER, "component = \"ranker\"", "component = \"rank\""),
    // invalid-dates
    (FRESH, "start = 2027-01-11", "start = 1999-01-11"),
    (FRESH, "days = 28", "days = 0"),
    (FRESH, "days = 28", "days = 99999"),
    (FRESH, "[{ days = 1,", "[{ days = 0,"),
    // invalid-weights
    (FRESH, "[success]", "[weights]\ncontrol = \"60%\"\n\n[success]"),
    (FRESH, "[success]", "[weights]\ncontrol = \"100%\"\nfresh-first = \"0%\"\n\n[success]"),
    (FRESH, "[success]", "[weights]\ncontrol = \"99.995%\"\nfresh-first = \"0.005%\"\n\n[success]"),
    (FRESH, "fresh-first = \"v8-fresh\"\n", ""),
    (ROLLOUT, "holdback = \"5%\"", "holdback = \"100%\""),
    // missing-control
    (FRESH, "control = \"v7\"", "contrl = \"v7\""),
    (FRESH, "control = \"v7\"", "before = \"v7\""),
    // variant-type-mismatch
    (FRESH, "fresh-first = \"v8-fresh\"", "fresh-first = \"v8-fersh\""),
    (FRESH, "fresh-first = \"v8-fresh\"", "fresh-first = \"v9\""),
    (FRESH, "fresh-first = \"v8-fresh\"", "fresh-first = 8"),
    (FRESH, "fresh-first = \"v8-fresh\"", "fresh-first = { model = \"v8\" }"),
    (CARDS, "value = \"large\"", "value = \"huge\""),
    (CARDS, "values = [\"small\", \"large\"]", "values = [\"small\", \"large\", 3]"),
    // invalid-segment
    (NORDIC, "plan = \"premium\"", "plan = [\"premium\", \"basic\"]"),
    (NORDIC, "plan = \"premium\"", "plan = 1"),
    (NORDIC, "plan = \"premium\"", "plan = []"),
    (NORDIC, "plan = \"premium\"", "plan = {}"),
    (NORDIC, "plan = \"premium\"", "plan = { above = \"free\" }"),
    (NORDIC, "plan = \"premium\"", "plan = { contains = \"\" }"),
    (NORDIC, "plan = \"premium\"", "any = []"),
    (NORDIC, "plan = \"premium\"", "any = { plan = \"premium\" }"),
    (NORDIC, "plan = \"premium\"", "not = {}"),
    (NORDIC, "at-least = \"9.4.0\"", "at-least = \"nine\""),
    (NORDIC, "at-least = \"9.4.0\"", "at-least = 9.4"),
    (STAFF, "employee = true\n", ""),
    (STAFF, "employee = true", "employee = \"true\""),
    // unsupported-targeting
    (NORDIC, "country = [\"DK\", \"FI\", \"IS\", \"NO\", \"SE\"]", "country = { starts-with = \"D\\n\" }"),
    (NORDIC, "9.4.0", "9.4.0+build"),
];

#[test]
fn every_slip_is_said_at_its_place() {
    let mut gallery = String::from("Slips, and what lint says of them. Written by `RENEW=1 cargo test`.\n");
    let mut wrong = Vec::new();
    for &(path, from, to) in SLIPS {
        let mut world = World::base();
        world.edit(path, from, to);
        world.allocate();
        let (sources, found) = correctness(&world);
        let shown = findings(&sources, &found, Style::Plain, 100);
        let shown = shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        let _ = write!(gallery, "\n== {path}: {}\n{}\n", to.trim(), shown.trim());
        if found.len() != 1 {
            wrong.push(format!("{path}: {to}: {} findings", found.len()));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/correctness.txt");
    if std::env::var_os("RENEW").is_some() {
        fs::write(&file, &gallery).expect("the file can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(expected == gallery, "the words have changed: RENEW=1 cargo test, and read the difference");
}

/// Once it is allotted, a catalogue with a slip has the same finding.
#[test]
fn slips_in_what_is_allotted_are_found_once_too() {
    let mut allotted = World::base();
    allotted.allocate();
    for &(path, from, to) in SLIPS {
        let (_, found) = correctness(allotted.clone().edit(path, from, to));
        assert_eq!(found.len(), 1, "{path}: {to}: {found:?}");
    }
}

/// What the rules of this group find; others may have more to say of a metric that nothing names any more.
fn correctness(world: &World) -> (Sources, Vec<Diagnostic>) {
    let (sources, mut report) = world.lint();
    report.findings.retain(|finding| rules::find(finding.rule).is_some_and(|rule| rule.group == Group::Correctness));
    (sources, report.findings)
}
