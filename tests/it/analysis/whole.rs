//! The command from files of data to results: an experiment and a rollout on the same users, by the dimensions of exposures.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use allotment::results::{Advice, Judged, MethodKind, Results, State};
use tempfile::TempDir;

use crate::stats_peers::Random;
use crate::world::{ROLLOUT, World};

/// Seconds from 2027-01-11 on.
const BEGIN: i64 = 20_829 * 86_400;

/// What data are made with.
#[derive(Clone, Copy)]
struct Made {
    /// Streams are skipped so much more often by those who got the rollout.
    skips: f64,
    /// Minutes are this factor longer for those in Norway who got the experiment.
    norway: f64,
    /// The same for those who got both treatments.
    both: f64,
}

const NOTHING: Made = Made { skips: 0.0, norway: 1.0, both: 1.0 };

/// A folder with the small catalogue and data, where the rollout runs beside the experiment.
fn place(made: Made) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let mut world = World::base();
    world
        .edit("allotment.toml", "s3://tonar-lake/{table}/**/*.parquet", "lake/{table}.csv")
        .edit(
            "allotment.toml",
            "timestamp = \"exposed_at\"\n",
            "timestamp = \"exposed_at\"\ndimensions = [\"land\", \"plan\"]\n",
        )
        .edit(ROLLOUT, "2027-02-15", "2027-01-11")
        .edit("metrics/listening.toml", "cap = \"p99.9\"\n", "");
    world.allocate();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    world.files.iter().for_each(|(path, text)| write(path, text));
    let at = |seconds: i64| jiff::Timestamp::from_second(BEGIN + seconds).expect("an instant").to_string();
    let mut random = Random(5);
    let mut exposures = "user_id,experiment_id,variant_id,exposed_at,land\n".to_owned();
    let mut streams = "user_id,started_at,ms_played,skipped\n".to_owned();
    let mut sessions = "user_id,started_at,crashed,home_load_ms\n".to_owned();
    for user in 0..6_000 {
        let seen = random.below(9 * 86_400).cast_signed();
        let land = ["NO", "SE", "it's \"<b>\""][random.below(3) as usize];
        let quoted = land.replace('"', "\"\"");
        // The rollout keeps a twentieth at control.
        let [fresh, cards] = [random.below(2) == 0, random.below(20) > 0];
        for (experiment, variant) in [
            ("fresh-first", if fresh { "fresh-first" } else { "control" }),
            ("home-cards", if cards { "treatment" } else { "control" }),
        ] {
            exposures.push_str(&format!("u{user},{experiment},{variant},{},\"{quoted}\"\n", at(seen)));
        }
        let mut factor = if fresh && land == "NO" { made.norway } else { 1.0 };
        if fresh && cards {
            factor *= made.both;
        }
        for _ in 0..4 {
            let then = seen + random.below(6 * 86_400).cast_signed();
            let played = (3_600_000.0 * factor * (0.2 * random.normal()).exp()).round();
            let skipped = random.share() < 0.2 + if cards { made.skips } else { 0.0 };
            streams.push_str(&format!("u{user},{},{played},{skipped}\n", at(then)));
        }
        let load = 800.0 + 50.0 * random.normal();
        sessions.push_str(&format!("u{user},{},{},{load:.1}\n", at(seen + 60), random.below(10) == 0));
    }
    write("lake/exposures.csv", &exposures);
    write("lake/streams.csv", &streams);
    write("lake/sessions.csv", &sessions);
    folder
}

fn allot(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
    command.args(["--at", "2027-02-01T00:00:00Z", "-q"]).args(arguments).current_dir(root).env_clear();
    command.output().expect("it runs")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn results(output: &Output) -> Vec<Results> {
    Results::read_all(&output.stdout).unwrap_or_else(|wrong| panic!("{wrong}: {}", text(output)))
}

#[test]
fn a_rollout_is_read_against_its_holdback() {
    let folder = place(NOTHING);
    let output = allot(folder.path(), &["analyze", "home-cards", "--results", "results", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let [rollout] = results(&output).try_into().expect("one");
    assert_eq!(
        (rollout.method.kind, rollout.run.state, rollout.run.end.as_deref()),
        (MethodKind::AlwaysValid, State::Running, None)
    );
    let ids: Vec<&str> = rollout.variants.iter().map(|variant| variant.id.as_str()).collect();
    assert_eq!(ids[0], "control");
    assert_eq!(rollout.variants.iter().map(|variant| variant.exposed).sum::<u64>(), 6_000);
    assert_eq!((rollout.variants[0].weight, rollout.variants[1].weight), (500, 9_500));
    let skip = rollout.metrics.iter().find(|metric| metric.id == "skip-rate").expect("its guardrail");
    assert_eq!((skip.judged, skip.complete), (Judged::NonInferiority, 6_000));
    assert!(
        rollout.treatments[0].outcomes.iter().all(|own| own.interval.known().is_some()),
        "{:?}",
        rollout.treatments
    );
    assert_eq!(rollout.decision.advice, Advice::Wait, "{:?}", rollout.decision);
    assert!(folder.path().join("results/home-cards/1-20270201T000000Z.json").exists());
    for format in ["text", "markdown", "html"] {
        let shown = allot(folder.path(), &["analyze", "home-cards", "--format", format]);
        assert_eq!(shown.status.code(), Some(0), "{}", text(&shown));
        assert!(text(&shown).contains("home-cards"));
    }
    let query = allot(folder.path(), &["query", "home-cards", "--dialect", "postgres"]);
    assert!(query.status.success() && text(&query).contains("'home-cards'"), "{}", text(&query));
}

#[test]
fn harm_by_a_rollout_fails_the_command_and_stops_it() {
    let folder = place(Made { skips: 0.3, ..NOTHING });
    let output = allot(folder.path(), &["analyze", "home-cards", "--results", "results", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let [rollout] = results(&output).try_into().expect("one");
    assert_eq!(rollout.decision.advice, Advice::Stop);
    let shown = text(&allot(folder.path(), &["analyze", "home-cards"]));
    assert!(shown.contains("Stop `home-cards` now"), "{shown}");
    let arguments =
        ["conclude", "home-cards", "--outcome", "stopped", "--reason", "It was skipped more.", "--results", "results"];
    let concluded = allot(folder.path(), &arguments);
    assert!(concluded.status.success(), "{}", text(&concluded));
    let declared = fs::read_to_string(folder.path().join(ROLLOUT)).expect("a file");
    assert!(declared.contains("[decision]") && declared.contains("outcome = \"stopped\""), "{declared}");
    let again = allot(folder.path(), &["analyze", "home-cards", "--format", "json"]);
    let [ended] = results(&again).try_into().expect("one");
    assert!(again.status.code() == Some(0) && ended.run.end.is_some(), "{}", text(&again));
}

#[test]
fn an_experiment_is_broken_down_and_held_against_its_neighbours() {
    let folder = place(Made { norway: 1.3, ..NOTHING });
    let output = allot(folder.path(), &["analyze", "--format", "json"]);
    let all = results(&output);
    let fresh = all.iter().find(|results| results.experiment == "fresh-first").expect("it runs");
    let [land, plan] = fresh.breakdowns.as_slice() else { panic!("two: {:?}", fresh.breakdowns) };
    assert!(plan.failed.as_deref().is_some_and(|why| why.contains("column `plan`")), "{:?}", plan.failed);
    let mut values: Vec<&str> = land.slices.iter().filter_map(|slice| slice.value.as_deref()).collect();
    values.sort_unstable();
    assert_eq!(values, ["NO", "SE", "it's \"<b>\""]);
    for slice in &land.slices {
        let effect = slice.effects.iter().find(|effect| effect.metric == "minutes-listened").expect("it is decided on");
        let norway = slice.value.as_deref() == Some("NO");
        assert_eq!((effect.stands_out, effect.differs && norway), (norway, norway), "{:?}", slice.value);
    }
    let neighbours = fresh.interactions.as_ref().expect("the rollout has the same users");
    assert_eq!((neighbours.with.as_slice(), neighbours.found.len()), (["home-cards".to_owned()].as_slice(), 0));
    assert!(neighbours.tests > 0);
    let page = text(&allot(folder.path(), &["analyze", "fresh-first", "--format", "html"]));
    assert!(page.contains("it&#39;s &quot;&lt;b&gt;&quot;") && !page.contains("\"<b>\""), "nothing is markup");
    let folder = place(Made { both: 1.3, ..NOTHING });
    let all = results(&allot(folder.path(), &["analyze", "--format", "json"]));
    for (own, other) in [("fresh-first", "home-cards"), ("home-cards", "fresh-first")] {
        let results = all.iter().find(|results| results.experiment == own).expect("it runs");
        let found = &results.interactions.as_ref().expect("they share users").found;
        assert!(found.iter().any(|found| found.with == other && found.metric == "minutes-listened"), "{found:?}");
    }
}
