//! The edge cases under `reference/edge` through the whole way from tallies to recorded results.

use std::collections::BTreeMap;

#[cfg(feature = "embedded")]
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use allotment::results::{Figure, Interval, Results, Status, Verdict};
use serde_json::Value;

use super::field::{Field, arm, day, of_rows, tally};
use crate::stats_edge::{near, read, units};

/// The same words as the reference has, as far as they differ.
fn words(theirs: &str) -> &str {
    match theirs {
        "variance undefined: an arm has one unit" => "an arm has one unit, so its variance is unknown",
        "zero variance in both arms: no test possible" => "the variance is zero in both arms, so no test is possible",
        "empty arm" => "an arm is empty",
        "control mean is 0" => "the control mean is 0",
        other => panic!("a reason not known: {other}"),
    }
}

#[track_caller]
fn same(ours: &Figure, theirs: &Value, tolerance: f64, name: &str) {
    near(ours.number().unwrap_or_else(|| panic!("{name}: {ours:?}")), theirs, tolerance, name);
}

#[track_caller]
fn ends(ours: &Figure<Interval>, theirs: &Value, se: f64, name: &str) {
    let ours = ours.known().unwrap_or_else(|| panic!("{name}: {ours:?}"));
    let end = |at: usize| theirs[at].as_f64().expect("an end");
    assert!((ours.low - end(0)).abs() <= 1e-9 * se && (ours.high - end(1)).abs() <= 1e-9 * se, "{name}: {ours:?}");
}

/// Holds one experiment's results against the reference; whether the comparison is defined.
#[track_caller]
fn held(results: &Results, name: &str, experiment: &Value) -> bool {
    let metric = &experiment["metrics"]["value_7d"];
    let (key, values) = metric["comparisons"].as_object().expect("comparisons").iter().next().expect("one");
    let (treatment, control) = key.split_once("_vs_").expect("a pair");
    let outcome = &results.treatments[0].outcomes[0];
    for (ours, variant) in [(&outcome.control, control), (&outcome.treatment, treatment)] {
        let theirs = &metric["per_variant"][variant];
        assert_eq!(ours.units, theirs["n"].as_u64().expect("a count"), "{name}");
        match &ours.mean {
            Figure::Known(mean) => near(*mean, &theirs["mean"], 1e-12, name),
            Figure::Undefined(why) => assert_eq!(why.undefined, "an arm is empty", "{name}"),
        }
    }
    let ratio = &results.health[0];
    if let Some(p) = experiment["srm"]["p"].as_f64().filter(|_| outcome.control.units.min(outcome.treatment.units) >= 5)
    {
        same(ratio.value.as_ref().expect("a p-value"), &p.into(), 1e-9, name);
        assert_eq!(ratio.status, Status::Passed, "{name}");
    }
    if values["defined"] == false {
        let why = words(values["reason"].as_str().expect("a reason"));
        for figure in [&outcome.se, &outcome.p, &outcome.critical] {
            assert_eq!(figure.why(), Some(why), "{name}");
        }
        assert_eq!(outcome.interval.why(), Some(why), "{name}");
        assert_eq!(outcome.verdict, Verdict::Undefined, "{name}");
        return false;
    }
    let exact = metric.get("exact_rational").unwrap_or(values);
    same(&outcome.difference, &exact["diff"], 1e-10, name);
    same(&outcome.se, &exact["se"], 1e-10, name);
    same(&outcome.freedom, &exact["df"], 1e-10, name);
    same(&outcome.p, &exact["p_welch"], 1e-8, name);
    if exact["ci_welch"].is_array() {
        ends(&outcome.interval, &exact["ci_welch"], outcome.se.number().expect("defined"), name);
    }
    if metric.get("exact_rational").is_none() && values["relative"]["defined"] == true {
        same(&outcome.lift, &values["relative"]["lift_abs_denominator"], 1e-10, name);
        // The reference divides by the mean itself in its standard error.
        let se = values["relative"]["se_delta"].as_f64().expect("a number").abs();
        same(&outcome.lift_se, &se.into(), 1e-10, name);
    }
    if values["relative"]["defined"] == false {
        let why = words(values["relative"]["reason"].as_str().expect("a reason"));
        assert_eq!(outcome.lift_interval.why(), Some(why), "{name}");
    }
    let ends = outcome.interval.known().expect("defined");
    let verdict = match () {
        () if ends.low > 0.0 => Verdict::Better,
        () if ends.high < 0.0 => Verdict::Worse,
        () => Verdict::Undecided,
    };
    assert_eq!(outcome.verdict, verdict, "{name}: one interval, one verdict");
    true
}

#[test]
fn edge_cases_come_out_as_the_reference_has_them() {
    let expected: Value = serde_json::from_str(&read("expected.json")).expect("JSON");
    let units = units();
    let none = BTreeMap::new();
    let field =
        Field::new(14, &["treatment"], "[success]\ngain = { mde = \"2%\" }\n\n[analysis]\nmethod = \"fixed\"\n");
    let mut defined = Vec::new();
    for (name, experiment) in expected["experiments"].as_object().expect("experiments") {
        let own = units.get(name).unwrap_or(&none);
        let comparisons = experiment["metrics"]["value_7d"]["comparisons"].as_object().expect("comparisons");
        let (treatment, control) = comparisons.keys().next().expect("one").split_once("_vs_").expect("a pair");
        let rows = |variant: &str| -> Vec<Vec<f64>> {
            own.get(variant).into_iter().flatten().map(|row| vec![row[0]]).collect()
        };
        let (control_rows, treatment_rows) = (rows(control), rows(treatment));
        // The engine's shift is near the values and the same in all arms.
        let shift = control_rows.iter().chain(&treatment_rows).map(|row| row[0]).next().unwrap_or(0.0);
        let arms = [&control_rows, &treatment_rows].map(|rows| arm(of_rows(rows, &[shift])));
        let results = field.look(day(30.0), &tally(&["treatment"], vec![("gain", arms.to_vec())]), &[]);
        defined.push(held(&results, name, experiment));
    }
    assert_eq!((defined.len(), defined.iter().filter(|defined| **defined).count()), (15, 8), "all are compared");
}

/// A catalogue over the reference's files, with these experiments of two variants each.
#[cfg(feature = "embedded")]
fn catalogue(root: &Path, ids: &[&str]) {
    let put = |path: &str, text: String| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    put(
        "allotment.toml",
        r#"version = 1
organisation = "Reference"
[teams]
t = { name = "T" }
[units]
user = { attribute = "id" }
[exposures]
table = "edge.exposures"
unit = { user = "unit_id" }
experiment = "experiment"
variant = "variant"
timestamp = "timestamp"
[warehouse]
engine = "embedded"
tables = { edge = "{table}.csv" }
[analysis]
method = "fixed"
"#
        .to_owned(),
    );
    put(
        "surfaces/s.toml",
        "version = 1\nname = \"S\"\nowners = [\"t\"]\nunit = \"user\"\n[components]\nc = \"C\"\n".to_owned(),
    );
    let flag = "version = 1\nowner = \"t\"\nsurface = \"s\"\ncomponent = \"c\"\ntype = \"string\"\n";
    put("flags/f.toml", format!("{flag}values = [\"a\", \"b\"]\ndefault = \"a\"\n"));
    let fact = "[facts.events]\ntable = \"edge.events\"\nunit = { user = \"unit_id\" }\ntimestamp = \"timestamp\"\n";
    let metric = "[metrics.value-7d]\nmean = \"sum(events.value)\"\nwindow = \"7d\"\ngoal = \"increase\"\n";
    put("metrics/m.toml", format!("version = 1\nowner = \"t\"\n{fact}{metric}"));
    for id in ids {
        let run = "start = 2026-03-01\ndays = 60\ntraffic = \"6%\"\n";
        let head = "version = 1\nstage = \"ship\"\nowner = \"t\"\nsurface = \"s\"\nflag = \"f\"\nhypothesis = \"H\"\n";
        let rest = "[variants]\ncontrol = \"a\"\ntreatment = \"b\"\n[success]\nvalue-7d = { mde = \"1%\" }\n";
        put(&format!("experiments/{id}.toml"), format!("{head}{run}{rest}"));
    }
    let allocated = allot(root, &["allocate", "-q", "--at", "2026-02-20T00:00:00Z"]);
    assert!(allocated.status.success(), "{}", String::from_utf8_lossy(&allocated.stderr));
}

#[cfg(feature = "embedded")]
fn allot(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_allot")).args(arguments).current_dir(root).env_clear().output().expect("it runs")
}

/// What the command makes of the catalogue's data.
#[cfg(feature = "embedded")]
fn analyzed(root: &Path) -> Vec<u8> {
    let output = allot(root, &["analyze", "-q", "--format", "json", "--at", "2026-06-01T00:00:00Z"]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[cfg(feature = "embedded")]
#[test]
fn edge_cases_come_out_of_the_whole_way_from_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let expected: Value = serde_json::from_str(&read("expected.json")).expect("JSON");
    let experiments = expected["experiments"].as_object().expect("experiments");
    // Ids of experiments have no `_`, and those of variants are ASCII.
    let plain = |text: &str| text.replace('_', "-").replace("contrôle", "control").replace("处理", "treatment");
    let rows = read("exposures.csv");
    let rows: Vec<String> = rows
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [unit, experiment, variant, rest @ ..] = fields.as_slice() else { panic!("a row: {line}") };
            // The first line has names.
            let (experiment, variant) = if *unit == "unit_id" {
                ((*experiment).to_owned(), (*variant).to_owned())
            } else {
                (plain(experiment), plain(variant))
            };
            format!("{unit},{experiment},{variant},{}", rest.join(","))
        })
        .collect();
    fs::write(root.join("exposures.csv"), rows.join("\n") + "\n").expect("written");
    fs::write(root.join("events.csv"), read("events.csv")).expect("written");
    let ids: Vec<String> = experiments.keys().map(|name| plain(name.trim_start_matches("edge/"))).collect();
    catalogue(root, &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let printed = analyzed(root);
    let all: Vec<Results> =
        printed.split_inclusive(|&byte| byte == b'\n').map(|line| Results::read(line).expect("results")).collect();
    let mut defined = Vec::new();
    for (name, experiment) in experiments {
        let id = plain(name.trim_start_matches("edge/"));
        let results = all.iter().find(|own| own.experiment == id).unwrap_or_else(|| panic!("{id} is missing"));
        defined.push(held(results, name, experiment));
    }
    assert_eq!((defined.len(), defined.iter().filter(|defined| **defined).count()), (15, 8), "all are compared");
    let switchers = all.iter().find(|own| own.experiment == "all-switchers").expect("it is there");
    assert_eq!((switchers.variants[0].exposed, switchers.variants[0].mixed), (6, 6));
    assert_eq!(switchers.health[1].status, Status::Failed);
}

#[cfg(feature = "embedded")]
#[test]
fn csv_and_parquet_give_the_same_bytes() {
    // The ids of these two are ids of a catalogue as they are.
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    catalogue(root, &["tiny", "boundary"]);
    for file in ["exposures.csv", "events.csv", "exposures.parquet", "events.parquet"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference/edge").join(file);
        fs::copy(from, root.join(file)).expect("copied");
    }
    let csv = analyzed(root);
    assert_eq!(csv.split_inclusive(|&byte| byte == b'\n').count(), 2);
    let path = root.join("allotment.toml");
    let text = fs::read_to_string(&path).expect("a text").replace("{table}.csv", "{table}.parquet");
    fs::write(path, text).expect("written");
    assert_eq!(String::from_utf8(csv), String::from_utf8(analyzed(root)));
}

#[cfg(feature = "embedded")]
#[test]
fn exposures_may_be_a_select_over_an_sdks_own_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    catalogue(root, &["tiny", "boundary"]);
    fs::write(root.join("exposures.csv"), read("exposures.csv")).expect("written");
    fs::write(root.join("events.csv"), read("events.csv")).expect("written");
    let found = |printed: &[u8]| -> Vec<Value> {
        let lines = printed.split_inclusive(|&byte| byte == b'\n');
        let mut all: Vec<Value> = lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect();
        // What was asked is told apart; what came of it is the same.
        all.iter_mut().for_each(|own| drop(own.as_object_mut().expect("an object").remove("source")));
        all
    };
    let of_table = found(&analyzed(root));
    // A log with names of its own, in which a flag and its variant are one text.
    let log = read("exposures.csv");
    let rows = log.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.splitn(4, ',').collect();
        let [unit, experiment, variant, at] = fields.as_slice() else { panic!("a row: {line}") };
        format!("{unit},{experiment}/{variant},{at}\n")
    });
    fs::write(root.join("log.csv"), "who,what,when\n".to_owned() + &rows.collect::<String>()).expect("written");
    fs::remove_file(root.join("exposures.csv")).expect("removed");
    let path = root.join("allotment.toml");
    let select = "select = \"\"\"select who as unit_id, split_part(what, '/', 1) as experiment, \
                  split_part(what, '/', 2) as variant, \\\"when\\\" as timestamp from edge.log\"\"\"";
    let text = fs::read_to_string(&path).expect("a text").replace("table = \"edge.exposures\"", select);
    fs::write(&path, &text).expect("written");
    assert!(of_table == found(&analyzed(root)), "they differ");
    // SQL is held against what is safe, and its columns against what is named.
    let lint = || String::from_utf8(allot(root, &["lint", "--at", "2026-02-20T00:00:00Z"]).stdout).expect("UTF-8");
    assert!(!lint().contains("allotment.toml"), "{}", lint());
    fs::write(&path, text.replace("as unit_id", "as unit")).expect("written");
    assert!(lint().contains("the SELECT of exposures has no column `unit_id`"), "{}", lint());
    fs::write(&path, text.replace("from edge.log", "from edge.log; drop table edge.log")).expect("written");
    assert!(lint().contains("error[invalid-metric-sql]"), "{}", lint());
    let refused = allot(root, &["analyze", "tiny", "--at", "2026-06-01T00:00:00Z"]);
    let said = String::from_utf8(refused.stderr).expect("UTF-8");
    assert!(refused.status.code() != Some(0) && said.contains("the SELECT of `[exposures]` cannot be run"), "{said}");
    fs::write(&path, text.replace("unit = { user", "table = \"edge.log\"\nunit = { user")).expect("written");
    assert!(lint().contains("exposures are a `table` or a `select`, and these are both"), "{}", lint());
    fs::write(&path, text.replace(select, "")).expect("written");
    assert!(lint().contains("`exposures` needs `table` or `select`"), "{}", lint());
}
