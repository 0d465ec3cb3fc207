//! The compiled payload against the published GrowthBook SDKs: every unit gets the same, or the build fails.
//!
//! Needs Node, Python and their registries, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const AT: &str = "2027-02-01T00:00:00Z";
/// Units with ASCII ids, and units with others.
const UNITS: (u64, u64) = (20_000, 5_000);

fn allot() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
    command.args(["--at", AT, "--root"]).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/streaming"));
    command
}

/// A unit's attributes: most are plausible, some are missing, empty, or of another type than declared.
fn attributes(number: u64) -> Value {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    let mut pick = |list: &[Value]| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        list[(state >> 33) as usize % list.len()].clone()
    };
    let id = if number < UNITS.0 {
        format!("{:020x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c))
    } else {
        let letters = ["ü", "é", "ß", "ж", "中", "文", "한", "👍", "🏳️‍🌈", "e\u{301}", "\u{10ffff}", "ﬁ"];
        let letter = |turn: u64| letters[(number / (turn * 3 + 1)) as usize % letters.len()];
        format!("{}{number}{}{}", letter(1), letter(2), letter(5))
    };
    let mut all = json!({
        "user-id": id,
        "country": pick(&[json!("DK"), json!("SE"), json!("NO"), json!("DE"), json!("US"), json!("ES"), json!("se"), json!(7)]),
        "plan": pick(&[json!("free"), json!("premium"), json!("premium"), json!("")]),
        "app-version": pick(&[json!("9.4.0"), json!("9.3.9"), json!("9.10.0"), json!("10.0.0-beta.1"), json!("9.4"), json!("8.99.1"), json!(9)]),
        "employee": pick(&[json!(true), json!(false), json!(false), json!("true"), json!(1)]),
        "device-os": pick(&[json!("ios"), json!("android"), json!("android-tv"), json!("web")]),
        "tenure-days": pick(&[json!(0), json!(3), json!(7), json!(29), json!(30), json!(31), json!(400), json!(1.5), json!("30")]),
        "language": pick(&[json!("en-GB"), json!("de-DE"), json!("es"), json!("sv-SE"), json!("de")]),
    });
    for name in ["country", "plan", "app-version", "employee", "device-os", "tenure-days", "language"] {
        match pick(&[
            json!(0),
            json!(1),
            json!(2),
            json!(3),
            json!(4),
            json!(5),
            json!(6),
            json!(7),
            json!(8),
            json!(9),
        ]) {
            Value::Number(missing) if missing.as_u64() == Some(0) => {
                drop(all.as_object_mut().expect("an object").remove(name));
            }
            Value::Number(null) if null.as_u64() == Some(1) && number.is_multiple_of(5) => all[name] = Value::Null,
            _ => {}
        }
    }
    all
}

type Answers = BTreeMap<(String, String), Value>;

fn answers(text: &str) -> Answers {
    text.lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let key = |name: &str| line[name].as_str().expect("a text").to_owned();
            let answer =
                json!({ "value": line["value"], "experiment": line["experiment"], "variant": line["variant"] });
            ((key("unit"), key("flag")), answer)
        })
        .collect()
}

#[test]
fn growthbook_sdks_give_every_unit_what_allot_assign_does() {
    if std::env::var_os("ALLOTMENT_PEERS").is_none() {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to compare with the GrowthBook SDKs (needs node, python3, npm, pip)");
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let dist = scratch.path().join("dist");
    assert!(allot().args(["compile", "-q", "-o"]).arg(&dist).status().expect("it runs").success());
    let units = scratch.path().join("units.jsonl");
    let mut text = String::new();
    for number in 0..UNITS.0 + UNITS.1 {
        writeln!(text, "{}", attributes(number)).expect("a string");
    }
    fs::write(&units, text).expect("the units are written");
    let mut compared = 0;
    for surface in ["home", "player", "search"] {
        let payload: PathBuf = fs::read_dir(dist.join(surface))
            .expect("the surface is there")
            .map(|entry| entry.expect("an entry").path())
            .find(|path| path.extension().is_some_and(|end| end == "json"))
            .expect("a payload");
        let ours = allot()
            .args(["assign", "--format", "json", "--surface", surface, "--dist"])
            .arg(&dist)
            .arg("--units-from")
            .arg(&units)
            .output()
            .expect("it runs");
        assert!(ours.status.success(), "{}", String::from_utf8_lossy(&ours.stderr));
        let ours = answers(&String::from_utf8(ours.stdout).expect("UTF-8"));
        let out = scratch.path().join(surface);
        let status = Command::new("bash")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/growthbook/run.sh"))
            .args([&payload, &units, &out])
            .arg("user-id")
            .status()
            .expect("it runs");
        assert!(status.success(), "the SDKs disagree with each other on {surface}, or could not be run");
        for sdk in ["js", "python"] {
            let theirs = answers(&fs::read_to_string(out.join(format!("growthbook-{sdk}.jsonl"))).expect("answers"));
            let differing: Vec<_> = ours.iter().filter(|(key, answer)| theirs.get(*key) != Some(answer)).collect();
            assert!(differing.is_empty(), "{surface}, {sdk}: {} differ, such as {:?}", differing.len(), differing[0]);
            assert_eq!(ours.len(), theirs.len());
            compared += ours.len();
        }
        let split = ours.values().filter(|answer| !answer["experiment"].is_null()).count();
        assert!(split > 10_000, "experiments are in play on {surface}: {split}");
    }
    eprintln!("{compared} assignments compared with the GrowthBook SDKs, 0 differences");
}
