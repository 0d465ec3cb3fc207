//! What is asked of data, from a catalogue with its locks; and what is left out, with the reason.

use allotment::decl::Day;
use allotment::lint::Context;
use allotment::query::{Asked, Calculation, Number, Relation, Why, requests};

use crate::world::{CARDS, FRESH, LARGE_CARDS, LISTENING, ROLLOUT, World};

const DAY: i64 = 86_400_000_000;
/// 2027-02-01.
const NOW: i64 = 20_850 * DAY + 3;

fn asked(world: &World, wanted: &[&str]) -> Asked {
    asked_at(world, NOW, wanted)
}

fn asked_at(world: &World, now: i64, wanted: &[&str]) -> Asked {
    let sources = world.sources();
    let context = Context::new(&sources, Day(20_850));
    let wanted: Vec<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
    requests(&context.catalogue, &context.locks, now, &wanted)
}

fn allotted() -> World {
    let mut world = World::base();
    world.put(LARGE_CARDS, CARDS);
    world.allocate();
    world
}

fn reasons(asked: &Asked) -> Vec<(&str, Option<&str>, &Why)> {
    asked.left_out.iter().map(|left| (left.claim.as_str(), left.metric.as_deref(), &left.why)).collect()
}

#[test]
fn what_runs_is_asked_for_once() {
    let asked = asked(&allotted(), &[]);
    assert_eq!(reasons(&asked), []);
    let [request] = asked.requests.as_slice() else { panic!("one surface: {asked:?}") };
    assert_eq!((request.surface.as_str(), request.unit.as_str(), request.now), ("home", "user", NOW));
    assert_eq!(request.exposures.unit, "user_id");
    let [study] = request.studies.as_slice() else { panic!("one has begun") };
    assert_eq!((study.key.as_str(), study.from), ("fresh-first", 20_829 * DAY));
    assert_eq!(study.until, study.from + 28 * DAY);
    assert_eq!(study.variants, ["control", "fresh-first"]);
    let metrics: Vec<&str> = study.measures.iter().map(|&place| request.measures[place].id.as_str()).collect();
    assert_eq!(metrics, ["minutes-listened", "returned", "skip-rate", "app-crashes", "home-load-time"]);
    let minutes = &request.measures[study.measures[0]];
    assert_eq!((minutes.window, minutes.covariate), ((0, 7 * DAY), Some(28 * DAY)));
    assert_eq!((minutes.cap, minutes.lag), (Some(0.999), DAY / 4));
    let sixty = Number::Constant(60_000.0);
    let sum = Number::Input { source: 0, input: 0 };
    assert_eq!(minutes.calculation, Calculation::Mean(Number::Binary('/', Box::new(sum), Box::new(sixty))));
    let streams = &request.sources[0];
    assert_eq!(streams.relation, Relation::Table("lake.streams".to_owned()));
    assert_eq!(streams.inputs.len(), 3, "each input once: {:?}", streams.inputs);
}

#[test]
fn what_has_not_begun_is_left_out_only_where_it_is_asked_for() {
    let world = allotted();
    let asked = asked(&world, &["large-cards", "nobody"]);
    let starts = Why::NotBegun(Day(20_851));
    assert_eq!(reasons(&asked), [("nobody", None, &Why::Unknown), ("large-cards", None, &starts)]);
    let asked = asked_at(&world, NOW + DAY, &["large-cards", "fresh-first"]);
    let request = &asked.requests[0];
    assert_eq!(request.studies.len(), 2);
    let skip = |at: usize| request.studies[at].measures.iter().any(|&place| request.measures[place].id == "skip-rate");
    assert!(skip(0) && skip(1), "both track it, and it is there once");
    assert_eq!(request.measures.iter().filter(|measure| measure.id == "skip-rate").count(), 1);
}

#[test]
fn a_decision_ends_the_run_and_a_phase_begins_it() {
    let mut world = allotted();
    let decision = "[decision]\noutcome = \"stopped\"\non = 2027-01-20\nreason = \"It was slow.\"\n\n[success]";
    world.edit(FRESH, "stage = \"ship\"", "stage = \"tweak\"").edit(FRESH, "[success]", decision);
    assert_eq!(asked(&world, &[]).requests, []);
    let asked = asked(&world, &["fresh-first"]);
    assert_eq!(asked.requests[0].studies[0].until, 20_838 * DAY);
}

#[test]
fn what_cannot_be_asked_for_is_said() {
    let mut world = allotted();
    world.edit("metrics/app.toml", "unit = { user = \"user_id\" }", "unit = { device = \"device_id\" }");
    world.edit(LISTENING, "mean = \"sum(streams.ms_played) / 60000.0\"", "mean = \"sum(streams)\"");
    let left = asked(&world, &["fresh-first"]);
    let unit = Why::FactWithoutUnit("sessions".to_owned(), "user".to_owned());
    let expected = [
        ("fresh-first", Some("minutes-listened"), &Why::NoFormula),
        ("fresh-first", Some("app-crashes"), &unit),
        ("fresh-first", Some("home-load-time"), &unit),
    ];
    assert_eq!(reasons(&left), expected);
    let request = &left.requests[0];
    assert_eq!((request.sources.len(), request.measures.len()), (1, 2), "nothing else is read");

    let mut world = World::base();
    world.edit(ROLLOUT, "holdback = \"5%\"", "holdback = \"0%\"").edit(ROLLOUT, "2027-02-15", "2027-01-15");
    world.allocate();
    assert_eq!(reasons(&asked(&world, &["home-cards"])), [("home-cards", None, &Why::NoControl)]);

    let mut world = allotted();
    world.edit("allotment.toml", "unit = { user = \"user_id\" }\nexperiment", "unit = { device = \"id\" }\nexperiment");
    let unit = Why::ExposuresWithoutUnit("user".to_owned());
    assert_eq!(reasons(&asked(&world, &[])), [("fresh-first", None, &unit)]);
    assert_eq!(reasons(&asked(&World::base(), &["fresh-first"])), [("fresh-first", None, &Why::NoLock)]);
}

#[test]
fn quantiles_over_units_are_told_from_those_over_events() {
    let mut world = allotted();
    world.edit("metrics/app.toml", "of = \"sessions.home_load_ms\"", "of = \"max(sessions.home_load_ms) / 1000\"");
    let asked = asked(&world, &[]);
    let load = asked.requests[0].measures.iter().find(|measure| measure.id == "home-load-time").expect("it is there");
    assert!(
        matches!(load.calculation, Calculation::UnitQuantile(_, level) if (level - 0.95).abs() < 1e-15),
        "{load:?}"
    );
}
