//! The shares that a plan gives, held against the real evaluator: what it serves before and after, unit by unit.

use std::collections::BTreeMap;

use allotment::artifact::Artifact;
use allotment::change::{Side, between};
use allotment::compile::artifact;
use allotment::decl::Day;
use allotment::eval::{AttributeValue, Evaluator};
use allotment::lint::Context;

use crate::world::{FRESH, ROLLOUT, SURFACE, TODAY, World};

const UNITS: u32 = 200_000;
/// How many standard errors a count may be off.
const SIGMAS: f64 = 4.5;

/// A path, a text in it, and what takes its place.
type Replaced = (&'static str, &'static str, &'static str);

fn compiled(world: &World, today: Day) -> Artifact {
    let sources = world.sources();
    let context = Context::new(&sources, today);
    let (ix, _) = context.catalogue.surfaces.iter().next().expect("the surface");
    artifact(&context.catalogue, &context.locks, ix, i64::from(today.0) * 86_400).expect("it compiles")
}

/// What the plan says of each claim: the day, and the share that goes from one variant to another.
type Moves = BTreeMap<(Option<String>, Option<String>), f64>;

fn planned(base: &World, head: &World) -> Vec<(String, String, Day, Moves)> {
    let (head, base) = head.beside(base, "main");
    let context = Context::with_base(&head, &base, "main", TODAY);
    let base = &context.base.as_ref().expect("a base").context;
    let before = Side::as_it_is(base.sources, &base.catalogue, &base.locks);
    let after = Side::once_allotted(context.sources, &context.catalogue, &context.locks, &context.plan);
    let changes = between(&before, &after, TODAY).claims.into_iter().filter(|change| change.moves_on.is_some());
    let one = |change: allotment::change::ClaimChange| {
        let flag = if change.id == "fresh-first" { "home-ranker" } else { "home-cards" };
        let moves = change.moves.iter().map(|found| ((found.from.clone(), found.to.clone()), found.units));
        (change.id.clone(), flag.to_owned(), change.moves_on.expect("a day"), moves.collect())
    };
    changes.map(one).collect()
}

#[test]
fn as_many_units_move_as_the_plan_says() {
    let mut running = World::base();
    running.edit(ROLLOUT, "start = 2027-02-15", "start = 2027-01-25");
    running.allocate();
    let weights = "[weights]\ncontrol = \"25%\"\nfresh-first = \"75%\"\n\n[success]";
    let decision = "\n[decision]\noutcome = \"stopped\"\non = 2027-02-01\nreason = \"Worse.\"\nlearned = \"No.\"\n";
    let (phase, rollout_phase) = ("days = 28\nphase = 2", "value = \"large\"\nphase = 2");
    let cases: [(&str, &[Replaced]); 8] = [
        ("ramp", &[(FRESH, "traffic = \"20%\"", "traffic = \"30%\"")]),
        ("weights", &[(FRESH, "[success]", weights), (FRESH, "days = 28", phase)]),
        ("stop", &[(FRESH, "stage = \"ship\"", "stage = \"tweak\""), (FRESH, "", decision)]),
        ("pause", &[(FRESH, "traffic = \"20%\"", "traffic = \"0%\"")]),
        (
            "holdback",
            &[(ROLLOUT, "holdback = \"5%\"", "holdback = \"20%\""), (ROLLOUT, "value = \"large\"", rollout_phase)],
        ),
        (
            "salt",
            &[
                (SURFACE, "unit = \"user\"", "unit = \"user\"\nsalt = \"x\""),
                (FRESH, "days = 28", phase),
                (ROLLOUT, "value = \"large\"", rollout_phase),
            ],
        ),
        ("shorter", &[(FRESH, "days = 28", "days = 25")]),
        ("faster", &[(ROLLOUT, "{ days = 3, traffic = \"10%\" }, ", "")]),
    ];
    let nordic = [
        ("country", AttributeValue::Text("SE")),
        ("plan", AttributeValue::Text("premium")),
        ("app-version", AttributeValue::Text("10.0.0")),
    ];
    for (name, edits) in cases {
        let mut head = running.clone();
        for (path, from, to) in edits {
            head.edit(path, from, to);
        }
        head.allocate();
        let all = planned(&running, &head);
        assert!(!all.is_empty(), "{name} moves nobody");
        for (id, flag, day, moves) in all {
            let at = i64::from(day.0) * 86_400;
            let [before, after] = [&running, &head].map(|world| Evaluator::new(compiled(world, day)));
            let mut counted: BTreeMap<(Option<String>, Option<String>), u32> = BTreeMap::new();
            for unit in 0..UNITS {
                let unit = format!("unit-{unit}");
                let of =
                    |evaluator: &Evaluator| evaluator.evaluate(&flag, &unit, &nordic, at).variant.map(str::to_owned);
                let way = (of(&before), of(&after));
                if way.0 != way.1 {
                    *counted.entry(way).or_default() += 1;
                }
            }
            let ways: std::collections::BTreeSet<_> = counted.keys().chain(moves.keys()).cloned().collect();
            for way in ways {
                let (share, count) = (moves.get(&way).copied().unwrap_or(0.0), counted.get(&way).copied().unwrap_or(0));
                let (seen, units) = (f64::from(count) / f64::from(UNITS), f64::from(UNITS));
                let error = (share * (1.0 - share) / units).sqrt();
                assert!(
                    (seen - share).abs() <= SIGMAS * error,
                    "{name}, {id} on {day}, {way:?}: {share} planned, {seen} counted, {} standard errors off",
                    (seen - share) / error
                );
            }
        }
    }
}
