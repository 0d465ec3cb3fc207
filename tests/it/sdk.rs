//! What is served against the published SDKs, which fetch it from nginx: every unit gets the same and is logged the same, or
//! the build fails.
//!
//! Needs nginx, Node, Python and their registries, so it runs where `ALLOTMENT_PEERS` is set, as `.ci/run` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const AT: &str = "2027-02-01T00:00:00Z";
/// Units with ASCII ids, and units with others.
const UNITS: (u64, u64) = (20_000, 5_000);

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn allot(root: &Path, at: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allot"));
    command.args(["--at", at, "--root"]).arg(root);
    command
}

fn passes(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|wrong| panic!("{}: {wrong}", command.get_program().display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    output.stdout
}

fn has_peers(what: &str) -> bool {
    let has = std::env::var_os("ALLOTMENT_PEERS").is_some();
    if !has {
        eprintln!(
            "skipped: set ALLOTMENT_PEERS=1 to compare with {what} (needs nginx, faketime, node, python3, npm, pip)"
        );
    }
    has
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

/// A server of the files in a folder, until it is dropped.
struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    fn serving(site: &Path, scratch: &Path) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a port").port();
        let folder = scratch.join("nginx");
        fs::create_dir_all(&folder).expect("a folder");
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {};", folder.join(name).display()))
            .concat();
        let configuration = format!(
            "daemon off; master_process off; pid {pid}; error_log stderr; events {{}}
             http {{ access_log {log}; {temporary} default_type application/json; types {{}}
             server {{ listen 127.0.0.1:{port}; root {site}; }} }}",
            pid = folder.join("pid").display(),
            log = folder.join("access.log").display(),
            site = site.display(),
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration).expect("the configuration is written");
        let nginx = ["/usr/sbin/nginx", "nginx"].into_iter().find(|path| Path::new(path).exists()).unwrap_or("nginx");
        let child = Command::new(nginx).arg("-p").arg(&folder).arg("-c").arg(&file).spawn();
        let nginx = Self { child: child.expect("nginx is installed"), port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "nginx answers");
            thread::sleep(Duration::from_millis(20));
        }
        nginx
    }

    /// The paths that were asked for.
    fn asked(scratch: &Path) -> String {
        fs::read_to_string(scratch.join("nginx/access.log")).expect("a log")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Everything that one comparison needs: what is served, and who asks.
struct Served {
    scratch: tempfile::TempDir,
    root: PathBuf,
    nginx: Nginx,
    units: PathBuf,
}

impl Served {
    /// Compiles a catalogue and publishes it to where nginx looks.
    fn of(root: &Path) -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let (dist, site) = (scratch.path().join("dist"), scratch.path().join("site"));
        passes(allot(root, AT).args(["compile", "-q", "-o"]).arg(&dist));
        let place = format!("file://{}", site.display());
        passes(allot(root, AT).args(["publish", "-q"]).arg(&dist).args(["--to", &place]));
        let nginx = Nginx::serving(&site, scratch.path());
        let units = scratch.path().join("units.jsonl");
        let mut text = String::new();
        for number in 0..UNITS.0 + UNITS.1 {
            writeln!(text, "{}", attributes(number)).expect("a string");
        }
        fs::write(&units, text).expect("the units are written");
        Self { scratch, root: root.to_owned(), nginx, units }
    }

    /// What `allot assign` says of every unit.
    fn ours(&self, surface: &str) -> Answers {
        let mut command = allot(&self.root, AT);
        command
            .args(["assign", "--format", "json", "--surface", surface, "--dist"])
            .arg(self.scratch.path().join("dist"));
        answers(&String::from_utf8(passes(command.arg("--units-from").arg(&self.units))).expect("UTF-8"))
    }

    fn url(&self, surface: &str) -> String {
        format!("http://127.0.0.1:{}/{surface}", self.nginx.port)
    }
}

/// Holds what an SDK assigned, and what it logged, against ours. Some flags may be beyond a reader.
fn hold(ours: &Answers, theirs: &Path, unread: &BTreeSet<String>) -> usize {
    let theirs_said = answers(&fs::read_to_string(theirs).expect("answers"));
    let ours: Answers = ours.clone().into_iter().filter(|((_, flag), _)| !unread.contains(flag)).collect();
    let differing: Vec<_> = ours.iter().filter(|(key, answer)| theirs_said.get(*key) != Some(answer)).collect();
    let shown = differing.first().map(|(key, _)| (ours.get(*key), theirs_said.get(*key)));
    assert!(differing.is_empty(), "{}: {} differ, such as {shown:?}", theirs.display(), differing.len());
    assert_eq!(ours.len(), theirs_said.len(), "{}", theirs.display());
    let table = theirs.with_extension("csv");
    if table.exists() {
        let text = fs::read_to_string(&table).expect("exposures");
        let mut rows = text.lines();
        assert_eq!(rows.next(), Some("user_id,experiment_id,variant_id,exposed_at"));
        let mut logged: Vec<[&str; 3]> = rows
            .map(|row| {
                let [unit, experiment, variant, at] = row.split(',').collect::<Vec<_>>()[..] else { panic!("{row}") };
                assert!(at.contains('T') && (at.ends_with('Z') || at.ends_with("+00:00")), "{at}");
                [unit, experiment, variant]
            })
            .collect();
        let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
        let due: Vec<[String; 3]> = ours
            .iter()
            .filter(|(_, answer)| !answer["experiment"].is_null())
            .map(|((unit, _), answer)| [unit.clone(), text(&answer["experiment"]), text(&answer["variant"])])
            .collect();
        let mut due: Vec<[&str; 3]> = due.iter().map(|row| [&*row[0], &*row[1], &*row[2]]).collect();
        logged.sort_unstable();
        due.sort_unstable();
        assert!(logged == due, "{}: {} exposures are logged, and {} due", table.display(), logged.len(), due.len());
    }
    ours.len()
}

/// How many answers are of experiments and rollouts.
fn split(ours: &Answers) -> usize {
    ours.values().filter(|answer| !answer["experiment"].is_null()).count()
}

#[test]
fn growthbook_sdks_give_every_unit_what_allot_assign_does() {
    if !has_peers("the GrowthBook SDKs") {
        return;
    }
    passes(Command::new(here("tests/sdk/growthbook/run.sh")).arg("--frozen"));
    let served = Served::of(&here("examples/streaming"));
    let mut compared = 0;
    for surface in ["home", "player", "search"] {
        let ours = served.ours(surface);
        let out = served.scratch.path().join(surface);
        let mut run = Command::new(here("tests/sdk/growthbook/run.sh"));
        passes(run.args([&served.url(surface), surface]).args([&served.units, &out]).arg("user-id"));
        for sdk in ["js", "python"] {
            compared += hold(&ours, &out.join(format!("growthbook-{sdk}.jsonl")), &BTreeSet::new());
        }
        assert!(split(&ours) > 10_000, "experiments are in play on {surface}: {}", split(&ours));
        let fetched = Nginx::asked(served.scratch.path()).matches(&format!("/api/features/{surface} ")).count()
            + Nginx::asked(served.scratch.path()).matches(&format!("/api/features/{surface}?")).count();
        assert!(fetched >= 2, "both SDKs fetch {surface}: {fetched}");
    }
    eprintln!("{compared} assignments compared with the GrowthBook SDKs, 0 differences");
}

/// The whole example, as if all of it were read by Eppo's SDKs: drawn anew, since the hash is another.
fn as_eppo(scratch: &Path) -> PathBuf {
    let root = scratch.join("catalogue");
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(root.join(&folder)).expect("a folder");
        for entry in fs::read_dir(here("examples/streaming").join(&folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let below = path.strip_prefix(here("examples/streaming")).expect("below").to_owned();
            let ends = |end: &str| below.extension().is_some_and(|own| own == end);
            if path.is_dir() && !below.ends_with("data") {
                folders.push(below);
            } else if ends("toml") {
                let text = fs::read_to_string(&path).expect("a text");
                let sdk = if below.starts_with("surfaces") { "sdk = \"eppo\"" } else { "sdk = \"growthbook\"" };
                let text = text.replace("sdk = \"growthbook\"", sdk).replace("sdk = \"confidence\"", sdk);
                fs::write(root.join(below), text).expect("it is written");
            }
        }
    }
    passes(allot(&root, "2026-09-01T00:00:00Z").args(["allocate", "-q"]));
    root
}

/// The flags of a surface that Datadog's reader refuses: it wants objects as they are, and no versions.
fn unread_by_datadog(served: &Served, surface: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(served.scratch.path().join("site").join(surface).join("flag-config/v1/config"));
    let file: Value = serde_json::from_str(&text.expect("a file")).expect("JSON");
    let flags = file["flags"].as_object().expect("flags").iter();
    let unread = flags.filter(|(_, flag)| {
        let compares_texts = ["GTE", "GT", "LTE", "LT"]
            .iter()
            .any(|operator| flag.to_string().contains(&format!("\"operator\":\"{operator}\",\"value\":\"")));
        flag["variationType"] == "JSON" || compares_texts
    });
    unread.map(|(id, _)| id.clone()).collect()
}

#[test]
fn eppo_sdks_give_every_unit_what_allot_assign_does() {
    if !has_peers("the Eppo SDKs") {
        return;
    }
    passes(Command::new(here("tests/sdk/eppo/run.sh")).arg("--frozen"));
    let scratch = tempfile::tempdir().expect("a folder");
    let served = Served::of(&as_eppo(scratch.path()));
    let (mut compared, mut read) = (0, 0);
    for surface in ["home", "player", "search", "web"] {
        let ours = served.ours(surface);
        let out = served.scratch.path().join(surface);
        let mut run = Command::new(here("tests/sdk/eppo/run.sh"));
        let at = AT.replace('T', " ").replace('Z', "");
        passes(run.arg(served.url(surface)).args([&served.units, &out]).args(["user-id", &at]));
        for sdk in ["js", "python"] {
            compared += hold(&ours, &out.join(format!("eppo-{sdk}.jsonl")), &BTreeSet::new());
        }
        read += hold(&ours, &out.join("eppo-datadog.jsonl"), &unread_by_datadog(&served, surface));
        assert!(split(&ours) > 1_000, "experiments are in play on {surface}: {}", split(&ours));
        let fetched = Nginx::asked(served.scratch.path()).matches(&format!("/{surface}/flag-config/v1/config")).count();
        assert!(fetched >= 3, "all fetch {surface}: {fetched}");
    }
    eprintln!(
        "{compared} assignments compared with the Eppo SDKs, 0 differences; {read} with Datadog's reader, 0 differences"
    );
}
