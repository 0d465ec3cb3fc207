//! `allot power`: forecasts and calendars as people, reviewers and programs read them, and what it refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use allotment::decl::Method;
use allotment::lint::Context;
use allotment::power::{Power as Answers, WhatIf};
use allotment::render::markdown;
use allotment::render::power::record::{Recorder, what_if};
use allotment::render::power::schedule::Asked;
use allotment::render::power::{json, text};
use allotment::render::text::Style;
use allotment::report::{self, Power, Powered};
use allotment::source::Sources;
use serde_json::Value;

use crate::repositories::{Repository, allot};
use crate::world::{FRESH, TODAY, World};

fn streaming() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/streaming")
}

/// What is recorded of experiments, or of all surfaces where none is named.
fn recorded(sources: &Sources, ids: &[&str], supposed: &WhatIf) -> Power {
    let context = Context::new(sources, TODAY);
    let answers = Answers::new(&context.catalogue, &context.locks, &context.plan);
    let recorder = Recorder { power: &answers, sources, what_if: supposed };
    let claims = ids.iter().map(|id| context.catalogue.claims.get(id).expect("it is there"));
    let surfaces = context.catalogue.surfaces.values().filter(|_| ids.is_empty());
    let asked = Asked { metric: None, mde: None, days: 28, from: TODAY, horizon: 84 };
    Power {
        version: 1,
        what_if: what_if(supposed),
        experiments: claims.map(|claim| recorder.detailed(claim)).collect(),
        surfaces: surfaces
            .map(|surface| {
                let ix = context.catalogue.surfaces.find(&surface.id).expect("it is there");
                let metric = answers.headline(ix);
                let named = metric.map(|metric| (metric, context.catalogue.metrics.at(metric).id.as_str()));
                recorder.calendar(ix, named, asked)
            })
            .collect(),
        tool: "1.2.3".to_owned(),
        at: "2027-02-01T00:00:00Z".to_owned(),
    }
}

fn small(edit: impl FnOnce(&mut World)) -> Sources {
    let mut world = World::base();
    edit(&mut world);
    world.allocate();
    world.sources()
}

/// What is recorded of two experiments of the music app, and of its surfaces: once, since designs with looks are costly
/// where nothing is optimised.
fn music() -> &'static Power {
    static MUSIC: LazyLock<Power> = LazyLock::new(|| {
        let (sources, nothing) = (music_sources(), WhatIf::default());
        let forecasts = recorded(&sources, &["autoplay-nordic-premium", "kids-home"], &nothing);
        Power { surfaces: recorded(&sources, &[], &nothing).surfaces, ..forecasts }
    });
    &MUSIC
}

/// One of its experiments alone.
fn music_experiment(id: &str) -> Power {
    let experiments = music().experiments.iter().filter(|forecast| forecast.id == id).cloned().collect();
    Power { experiments, surfaces: Vec::new(), ..music().clone() }
}

/// One of its surfaces alone.
fn music_surface(id: &str) -> Power {
    let surfaces = music().surfaces.iter().filter(|surface| surface.surface == id).cloned().collect();
    Power { experiments: Vec::new(), surfaces, ..music().clone() }
}

fn music_sources() -> Sources {
    fn walk(folder: &Path, below: &str, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = format!("{below}{}", entry.file_name().to_str().expect("UTF-8"));
            match entry.path().is_dir() {
                true => walk(&entry.path(), &format!("{name}/"), found),
                false => found.push((name, fs::read_to_string(entry.path()).expect("a text"))),
            }
        }
    }
    let mut found = Vec::new();
    walk(&streaming(), "", &mut found);
    found.sort();
    Sources::new(found)
}

fn meets_schema(shown: &str) -> Value {
    let value: Value = serde_json::from_str(shown).unwrap_or_else(|wrong| panic!("{wrong}: {shown}"));
    let schema: Value = serde_json::from_str(include_str!("../../schema/output/power.json")).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> =
        validator.iter_errors(&value).map(|wrong| format!("{}: {wrong}", wrong.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{shown}");
    value
}

#[test]
fn forecasts_read_well() {
    let sources = small(|_| {});
    let nothing = WhatIf::default();
    let power = recorded(&sources, &["fresh-first"], &nothing);
    insta::assert_snapshot!("power_fresh_first_text", text(&power, false, Style::Plain, 80));
    insta::assert_snapshot!("power_fresh_first_markdown", markdown::power(&power, false).fit(usize::MAX));
    let shown = json(&power);
    let value = meets_schema(&shown);
    insta::assert_snapshot!("power_fresh_first_json", format!("{:#}", brief(value)));
    let supposed = WhatIf { days: Some(42), traffic: Some(allotment::decl::Share(300_000)), ..nothing };
    let power = recorded(&sources, &["fresh-first"], &supposed);
    insta::assert_snapshot!("power_what_if_text", text(&power, false, Style::Plain, 100));
}

/// Without the long lists, whose figures are seen in the text, and to the digits that every machine computes alike.
fn brief(mut value: Value) -> Value {
    fn rounded(value: &mut Value) {
        match value {
            Value::Number(number) if number.is_f64() => {
                let digits = format!("{:.6e}", number.as_f64().expect("a number"));
                *value = digits.parse::<f64>().expect("a number").into();
            }
            Value::Array(items) => items.iter_mut().for_each(rounded),
            Value::Object(items) => items.values_mut().for_each(rounded),
            _ => {}
        }
    }
    for forecast in value["experiments"].as_array_mut().expect("a list") {
        forecast["curve"].as_array_mut().expect("a list").truncate(2);
        if let Some(rows) = forecast["table"]["rows"].as_array_mut() {
            rows.truncate(1);
        }
    }
    rounded(&mut value);
    value
}

#[test]
fn the_music_app_reads_well() {
    let power = music_experiment("autoplay-nordic-premium");
    insta::assert_snapshot!("power_underpowered_text", text(&power, false, Style::Plain, 100));
    insta::assert_snapshot!("power_underpowered_markdown", markdown::power(&power, false).fit(usize::MAX));
    insta::assert_snapshot!(
        "power_overview_text",
        text(&Power { surfaces: Vec::new(), ..music().clone() }, true, Style::Plain, 100)
    );
    meets_schema(&json(music()));
    let search = music_surface("search");
    insta::assert_snapshot!("power_calendar_text", text(&search, false, Style::Plain, 80));
    insta::assert_snapshot!("power_calendar_markdown", markdown::power(&search, false).fit(usize::MAX));
}

#[test]
fn what_is_not_declared_yet_is_supposed_and_said() {
    let sources = small(|world| {
        world.put(
            "experiments/home/idea.toml",
            "version = 1\nstage = \"think\"\nowner = \"home\"\nsurface = \"home\"\nhypothesis = \"It may help.\"\n\n\
             [success]\nminutes-listened = { mde = \"1%\" }\n",
        );
    });
    let power = recorded(&sources, &["idea"], &fixed());
    assert_eq!(power.experiments[0].supposed, ["days", "traffic", "variants"]);
    let shown = text(&power, false, Style::Plain, 80);
    assert!(shown.contains("left open  days, traffic and variants: not declared yet"), "{shown}");
}

/// Without looks, which is quick.
fn fixed() -> WhatIf {
    WhatIf { method: Some(Method::Fixed), ..WhatIf::default() }
}

#[test]
fn pages_have_their_width_and_steer_nothing() {
    let small = small(|_| {});
    let fresh = recorded(&small, &["fresh-first", "home-cards"], &fixed());
    let calendar = recorded(&small, &[], &fixed());
    for (power, all) in [(&fresh, false), (&fresh, true), (&calendar, false), (music(), false), (music(), true)] {
        for width in [60, 80, 100, 120, 140] {
            let shown = text(power, all, Style::Plain, width);
            let most = width.max(80);
            let long: Vec<&str> = shown.lines().filter(|line| line.chars().count() > most).collect();
            assert!(long.is_empty(), "{width}: {long:#?}");
            assert!(shown.is_ascii(), "{shown}");
            assert!(shown.lines().all(|line| line == line.trim_end()), "{shown}");
        }
        assert!(text(power, all, Style::Rich, 80).contains("\u{1b}["));
    }
}

/// Names that nobody should be able to do anything with.
const HOSTILE: &[&str] = &[
    "a`b|c<img src=x>@all",
    "\u{1b}[31m\u{202e}evil\nline",
    "```\n# head",
    "section x :done, 2027-01-01",
    "\"] \n click x",
    "%%{init: {}}%%",
];

/// Whether a line is one that a word was to make.
fn steers(line: &str) -> bool {
    ["click", "# head", "section x", "%%"].iter().any(|word| line.trim_start().starts_with(word))
}

#[test]
fn hostile_words_are_nothing_but_words() {
    for word in HOSTILE {
        let mut power = music_experiment("autoplay-nordic-premium");
        power.surfaces = music_surface("home").surfaces;
        let forecast = &mut power.experiments[0];
        forecast.id = (*word).to_owned();
        forecast.surface = Some((*word).to_owned());
        forecast.audience.segment = Some((*word).to_owned());
        forecast.binding = Some((*word).to_owned());
        forecast.metrics[0].id = (*word).to_owned();
        forecast.metrics[1].reason = Some((*word).to_owned());
        forecast.ways[0].words = (*word).to_owned();
        forecast.table.as_mut().expect("a table").metric = (*word).to_owned();
        let surface = &mut power.surfaces[0];
        surface.surface = (*word).to_owned();
        surface.question.metric = Some((*word).to_owned());
        surface.components[0].component = (*word).to_owned();
        surface.components[0].bookings[0].id = (*word).to_owned();
        for all in [false, true] {
            let shown = text(&power, all, Style::Plain, 100);
            let hidden = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
            assert!(!shown.contains(hidden), "{shown}");
            let shown = markdown::power(&power, all).fit(usize::MAX);
            assert!(!shown.contains(hidden) && !shown.contains("<img") && !shown.contains("\n# head"), "{shown}");
            assert!(!shown.lines().any(steers), "{shown}");
        }
        let alone = Power { experiments: Vec::new(), ..power };
        let shown = markdown::power(&alone, false).fit(usize::MAX);
        assert!(
            !shown.contains("<img") && !shown.contains("\n# head") && !shown.contains("\n    section x"),
            "{shown}"
        );
    }
}

#[test]
fn charts_are_drawn_by_mermaid() {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to parse charts with Mermaid (needs node, python3, npm, pip)");
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let write = |name: &str, power: &Power| {
        fs::write(scratch.path().join(name), markdown::power(power, false).fit(usize::MAX)).expect("it is written");
    };
    write("experiment.md", &music_experiment("autoplay-nordic-premium"));
    for surface in ["home", "search", "player"] {
        write(&format!("{surface}.md"), &music_surface(surface));
    }
    for (number, word) in HOSTILE.iter().enumerate() {
        let mut power = music_experiment("autoplay-nordic-premium");
        power.experiments[0].binding = Some((*word).to_owned());
        power.experiments[0].metrics[0].id = (*word).to_owned();
        write(&format!("experiment-{number}.md"), &power);
        let mut power = music_surface("home");
        power.surfaces[0].components[0].component = (*word).to_owned();
        power.surfaces[0].components[0].bookings[0].id = (*word).to_owned();
        write(&format!("surface-{number}.md"), &power);
    }
    let status = std::process::Command::new("bash")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/markdown/run.sh"))
        .arg(scratch.path())
        .status()
        .expect("it runs");
    assert!(status.success(), "see above which chart is none");
}

#[test]
fn commands_end_as_they_should() {
    let repository = Repository::new("");
    let (code, out, _) = repository.allot(&["power", "fresh-first", "--what-if", "method=fixed", "--format", "json"]);
    let value = meets_schema(&out);
    assert_eq!((code, value["experiments"][0]["id"].as_str()), (Some(0), Some("fresh-first")), "{out}");
    let (code, out, _) = repository.allot(&["power", "--all", "--format", "json"]);
    meets_schema(&out);
    assert_eq!(code, Some(0), "{out}");
    let (code, out, _) = repository.allot(&["power", "--format", "json", "--mde", "3%", "--days", "21"]);
    let value = meets_schema(&out);
    assert_eq!((code, value["surfaces"][0]["question"]["mde"].as_f64()), (Some(0), Some(3.0)), "{out}");
    for (arguments, said) in [
        (&["power", "fresh-frist"][..], "did you mean `fresh-first`?"),
        (&["power", "--surface", "hom"], "did you mean `home`?"),
        (&["power", "--metric", "skip-rates"], "did you mean `skip-rate`?"),
        (&["power", "--what-if", "days=21"], "none is named"),
        (&["power", "fresh-first", "--what-if", "traffic=30"], "write 30% if percent is meant"),
        (&["power", "fresh-first", "--what-if", "dais=30"], "did you mean `days`?"),
        (&["power", "fresh-first", "--all"], "cannot be used with"),
        (&["power", "fresh-first", "--mde", "2%"], "cannot be used with"),
        (&["power", "--mde", "two"], "a share such as 30% or 0.3"),
        (&["power", "\u{1b}[31m\n`x`"], "there is no experiment or rollout"),
    ] {
        let (code, out, err) = repository.allot(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.contains(said) && !err.contains('\u{1b}'), "{arguments:?}: {err}");
    }
}

#[test]
fn enough_and_too_little_have_their_codes() {
    let (code, out, err) = allot(&streaming(), &["power", "kids-home", "--what-if", "method=fixed"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with("kids-home  powered\n"), "{out}");
    let (code, out, _) = allot(&streaming(), &["power", "kids-home", "--what-if", "method=fixed,mde=0.0001%"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.starts_with("kids-home  underpowered\n") && out.contains("ways out"), "{out}");
    let (code, out, _) =
        allot(&streaming(), &["power", "autoplay-nordic-premium", "kids-home", "--format", "markdown"]);
    assert_eq!(code, Some(1));
    assert!(out.starts_with("### 2 experiments: 1 underpowered and 1 powered\n"), "{out}");
}

#[test]
fn a_file_that_cannot_be_read_is_said_to_be_so() {
    let repository = Repository::new("");
    repository.edit(FRESH, "days = 28", "days = 28\ndays = 29");
    let (_, _, err) = repository.allot(&["power", "fresh-first", "--what-if", "method=fixed"]);
    assert!(err.contains("cannot be read as a whole: run `allot lint`"), "{err}");
}

#[test]
fn verdicts_are_the_worst_of_the_metrics() {
    for forecast in &music().experiments {
        let any = |verdict| forecast.metrics.iter().any(|metric| metric.verdict == verdict);
        let expected = if any(Powered::Underpowered) { Powered::Underpowered } else { Powered::Powered };
        assert_eq!(forecast.verdict, expected, "{}", forecast.id);
        let binding = forecast.binding().expect("a metric");
        let end = forecast.curve.iter().find(|point| Some(point.days) == forecast.days).expect("the planned end");
        assert_eq!(end.reached, binding.reached, "the curve goes through what is reached");
        let table = forecast.table.as_ref().expect("a table");
        let at = table.traffic.iter().position(|share| Some(*share) == forecast.traffic).expect("its own share");
        let row = table.rows.iter().find(|row| Some(row.days) == forecast.days).expect("its own days");
        let cell: &report::Cell = &row.cells[at];
        assert_eq!((cell.reached, cell.verdict), (binding.reached, forecast.verdict));
    }
}
