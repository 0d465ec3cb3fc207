//! What is published for Confidence's resolvers against their provider for Python: every unit gets the same, or the build fails.
//!
//! Needs Python, its registry and nginx, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const AT: &str = "2027-02-01T00:00:00Z";
/// Units with ASCII ids, and units with others.
const UNITS: (u64, u64) = (20_000, 5_000);
const SECRET: &str = "a secret of the client";
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

/// What one side says of a unit and a flag: experiment, variant and value.
type Answers = BTreeMap<(String, String), Value>;

fn answers(text: &str) -> Answers {
    let of_line = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let key = |name: &str| line[name].as_str().expect("a text").to_owned();
        let answer = json!({ "value": line["value"], "experiment": line["experiment"], "variant": line["variant"] });
        ((key("unit"), key("flag")), answer)
    };
    text.lines().map(of_line).collect()
}

/// Numbers that look random and are not.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.roll(list.len())].clone()
    }
}

fn id(number: u64) -> String {
    if number < UNITS.0 {
        return format!("{:020x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c));
    }
    let letters = ["ü", "é", "ß", "ж", "中", "文", "한", "👍", "🏳️‍🌈", "e\u{301}", "\u{10ffff}", "ﬁ"];
    let letter = |turn: u64| letters[(number / (turn * 3 + 1)) as usize % letters.len()];
    format!("{}{number}{}{}", letter(1), letter(2), letter(5))
}

/// Values of every type for attributes of every type.
fn values() -> Vec<Value> {
    let texts = ["", "null", "5", "true", "TRUE", "x", "DK", "SE", "se", "premium", "ios", "de-DE", "e\u{301}", "é"];
    let versions = [
        "9.4",
        "9.4.0",
        "9.4.0-beta.1",
        "9.3.999",
        "9.4.0.1",
        "9.4.1000",
        "9.4.1",
        "9.10.0",
        "v9.4.0",
        "10",
        "1.2.3.4.5",
        "9..4",
        "9.4.x",
        "09.4.0",
        "99999999999.0",
        " 9.4.0",
    ];
    let numbers = [json!(0), json!(5), json!(-5), json!(5.5), json!(1e300), json!(9_007_199_254_740_993_i64)];
    let others = [json!(true), json!(false), json!(null), json!({ "a": 5 })];
    let texts = texts.into_iter().chain(versions).map(|text| json!(text));
    texts.chain(numbers).chain(others).collect()
}

fn unit(number: u64) -> Value {
    let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
    let all = values();
    let likely: [(&str, &[Value]); 7] = [
        ("country", &[json!("DK"), json!("SE"), json!("DE"), json!("US")]),
        ("plan", &[json!("free"), json!("premium"), json!("premium")]),
        ("app-version", &[json!("9.4.0"), json!("9.10.0"), json!("9.3.9"), json!("9.4.0-beta")]),
        ("employee", &[json!(true), json!(false)]),
        ("device-os", &[json!("ios"), json!("android")]),
        ("tenure-days", &[json!(0), json!(5), json!(31), json!(400.5)]),
        ("language", &[json!("en-GB"), json!("de-DE")]),
    ];
    let mut unit = json!({ "user-id": id(number) });
    for (name, usual) in likely {
        match dice.roll(10) {
            0 => {}
            1 | 2 => unit[name] = dice.pick(&all),
            _ => unit[name] = dice.pick(usual),
        }
    }
    unit
}

/// A catalogue compiled, verified, published, and resolved by both sides.
struct Tried {
    scratch: tempfile::TempDir,
    root: PathBuf,
    surface: &'static str,
}

impl Tried {
    fn allot(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
        command.args(["--at", AT, "--root"]).arg(&self.root);
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// What `allot assign` and what the provider says of the units.
    fn both(&self, units: impl Iterator<Item = Value>) -> (Answers, Answers) {
        let (dist, public) = (self.path("dist"), self.path("public"));
        let done = |command: &mut Command| {
            let output = command.output().expect("it runs");
            let words = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{words}");
            assert!(!words.contains(SECRET) && !words.contains(KEY), "{words}");
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        done(self.allot().args(["compile", "-q", "-o"]).arg(&dist));
        let name = self.surface.to_uppercase();
        done(
            self.allot()
                .arg("publish")
                .arg(&dist)
                .args(["--to", &format!("file://{}", public.display())])
                .env(format!("ALLOTMENT_CONFIDENCE_SECRET_{name}"), SECRET)
                .env(format!("ALLOTMENT_CONFIDENCE_KEY_{name}"), KEY),
        );
        let mut text = String::new();
        units.for_each(|unit| writeln!(text, "{unit}").expect("a string"));
        fs::write(self.path("units"), text).expect("the units are written");
        let told = done(
            self.allot()
                .args(["assign", "--format", "json", "--surface", self.surface, "--dist"])
                .arg(&dist)
                .arg("--units-from")
                .arg(self.path("units")),
        );
        let ours = answers(&told);
        let kind = |value: &Value| match value {
            Value::String(_) => "string",
            Value::Number(_) => "number",
            Value::Bool(_) => "boolean",
            _ => "object",
        };
        let flags: BTreeMap<&str, &str> =
            ours.iter().map(|((_, flag), said)| (&**flag, kind(&said["value"]))).collect();
        fs::write(self.path("flags"), json!(flags).to_string()).expect("the flags are written");
        let status = Command::new("sh")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/confidence/run.sh"))
            .arg(&public)
            .arg(self.surface)
            .args([self.path("units"), self.path("flags")])
            .arg("user-id")
            .arg(self.path("theirs"))
            .envs([("CONFIDENCE_CLIENT_SECRET", SECRET), ("CONFIDENCE_ENCRYPTION_KEY", KEY)])
            .status()
            .expect("it runs");
        assert!(status.success(), "the provider failed, or could not be run");
        (ours, answers(&fs::read_to_string(self.path("theirs")).expect("answers")))
    }
}

fn agree(ours: &Answers, theirs: &Answers) {
    let differing: Vec<_> = ours.iter().filter(|(key, said)| theirs.get(*key) != Some(said)).collect();
    let shown: Vec<_> = differing.iter().take(5).map(|(key, said)| (key, said, theirs.get(*key))).collect();
    assert!(differing.is_empty(), "{} differ, such as {shown:?}", differing.len());
    assert_eq!(ours.len(), theirs.len());
}

fn skipped() -> bool {
    let skips = std::env::var_os("ALLOTMENT_PEERS").is_none();
    if skips {
        eprintln!("skipped: set ALLOTMENT_PEERS=1 to compare with Confidence's provider (needs python3, pip, nginx)");
    }
    skips
}

#[test]
fn the_provider_gives_every_unit_what_allot_assign_does() {
    if skipped() {
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/streaming");
    let tried = Tried { scratch, root, surface: "car" };
    let (ours, theirs) = tried.both((0..UNITS.0 + UNITS.1).map(unit));
    agree(&ours, &theirs);
    // Exposures as the provider's log has them: of several experiments on one flag, one with three variants, one with a segment.
    let exposed: BTreeSet<(&str, &str)> =
        theirs.values().filter_map(|said| Some((said["experiment"].as_str()?, said["variant"].as_str()?))).collect();
    let expected = [
        ("short-answers", "control"),
        ("short-answers", "title"),
        ("short-answers", "tone"),
        ("tone-nordic-premium", "control"),
        ("tone-nordic-premium", "tone"),
    ];
    assert_eq!(exposed, BTreeSet::from(expected));
    let rows = theirs.values().filter(|said| !said["experiment"].is_null()).count();
    assert!(rows > 10_000, "experiments are in play: {rows}");
    eprintln!("{} assignments compared with Confidence's provider, 0 differences; {rows} exposures", ours.len());
}

/// A test on an attribute, as catalogues write it.
fn conditions() -> Vec<String> {
    let mut all = Vec::new();
    let mut each = |attribute: &str, tests: &[&str]| {
        all.extend(tests.iter().map(|test| format!("{attribute} = {test}")));
        all.extend(tests.iter().map(|test| format!("not = {{ {attribute} = {test} }}")));
    };
    for text in ["country", "plan", "language"] {
        each(
            text,
            &[
                "\"null\"",
                "\"5\"",
                "\"DK\"",
                "[\"DK\", \"SE\", \"null\"]",
                "{ exists = true }",
                "{ exists = false }",
                "{ starts-with = \"n\" }",
                "{ starts-with = \"d\" }",
                "{ starts-with = \"é\" }",
                "\"e\u{301}\"",
            ],
        );
    }
    // Of a unit's own id a segment may say no more.
    each("user-id", &["{ exists = true }", "{ exists = false }"]);
    each(
        "app-version",
        &[
            "\"9.4\"",
            "[\"9.4.1\", \"9.10.0\"]",
            "{ at-least = \"9.4.0\" }",
            "{ at-most = \"9.4\" }",
            "{ above = \"9.3.999\" }",
            "{ below = \"9.4.0.1\" }",
            "{ exists = true }",
            "{ at-most = \"0.0\" }",
        ],
    );
    each(
        "tenure-days",
        &[
            "5",
            "[0, 5.5]",
            "{ at-least = 5 }",
            "{ at-most = 5 }",
            "{ above = -5 }",
            "{ below = 5.5 }",
            "{ exists = true }",
            "{ exists = false }",
            "9007199254740992",
        ],
    );
    each("employee", &["true", "false", "[true, false]", "{ exists = true }", "{ exists = false }"]);
    all.push(
        "any = [{ country = \"DK\" }, { tenure-days = { above = 5 }, not = { plan = \"x\" } }]\nemployee = true".into(),
    );
    all.push("not = { any = [{ employee = true }, { not = { app-version = { at-least = \"9.4.0\" } } }] }".into());
    all
}

#[test]
fn the_provider_evaluates_every_test_on_every_value_as_allot_does() {
    if skipped() {
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let root = scratch.path().join("catalogue");
    let put = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    put(
        "allotment.toml",
        r#"version = 1
[teams]
crew = { name = "Crew", github = "@tonar/crew" }
[units]
user = { attribute = "user-id" }
[attributes]
country = { type = "string" }
plan = { type = "string" }
language = { type = "string" }
user-id = { type = "string" }
app-version = { type = "version" }
tenure-days = { type = "number" }
employee = { type = "boolean" }
"#,
    );
    put(
        "surfaces/tests.toml",
        "version = 1\nname = \"Tests\"\nowners = [\"crew\"]\nunit = \"user\"\nsdk = \"confidence\"\nbuckets = 1000\n\
         [components]\nall = \"All of them\"\n",
    );
    let conditions = conditions();
    for (number, condition) in conditions.iter().enumerate() {
        put(
            &format!("segments/s{number}.toml"),
            &format!("version = 1\ndescription = \"One\"\n[where]\n{condition}\n"),
        );
        put(
            &format!("flags/f{number}.toml"),
            &format!(
                "version = 1\ndescription = \"One\"\nowner = \"crew\"\nsurface = \"tests\"\ncomponent = \"all\"\n\
                 type = \"boolean\"\ndefault = false\n[[rules]]\nsegment = \"s{number}\"\nvalue = true\n"
            ),
        );
    }
    let tried = Tried { scratch, root, surface: "tests" };
    let allocated = tried.allot().args(["allocate", "-q"]).status().expect("it runs");
    assert!(allocated.success());
    // Every value on every attribute at once, then any mixture.
    let attributes = ["country", "plan", "language", "app-version", "tenure-days", "employee"];
    let alike = values().into_iter().enumerate().map(|(number, value)| {
        let mut unit = json!({ "user-id": format!("alike-{number}") });
        attributes.iter().for_each(|name| unit[*name] = value.clone());
        unit
    });
    let ids = ["DK", "null", "5", "nothing", "élan", "e\u{301}"].map(|id| json!({ "user-id": id }));
    let (ours, theirs) = tried.both(alike.chain(ids).chain((0..400).map(unit)));
    agree(&ours, &theirs);
    let held = ours.values().filter(|said| said["value"] == json!(true)).count();
    assert!(held > ours.len() / 10 && held < ours.len() * 9 / 10, "{held} of {}", ours.len());
    eprintln!("{} answers of {} conditions compared, 0 differences", ours.len(), conditions.len());
}
