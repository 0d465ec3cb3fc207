//! Synthetic exposures and facts for this catalogue: `cargo run --example streaming` writes them below `data/`.
//!
//! Listeners come to the app, are assigned by the artifacts that would be served, and listen; a treatment moves what it is for by
//! a few percent. The same listeners come every time: nothing depends on the clock.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "an example writes files where it is told to, and fails loudly"
)]

use std::collections::{BTreeMap, HashSet};
use std::f64::consts::TAU;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use allotment::compile::artifact;
use allotment::decl::Day;
use allotment::eval::Evaluator;
use allotment::io;
use allotment::lint::Context;
use allotment::source::Sources;
use serde_json::{Value, json};

/// Listeners, unless the first argument after the folder says how many.
const LISTENERS: u64 = 4_000;
/// The first day, 2026-12-14, and how many days there are: up to 2027-02-01.
const FIRST: i32 = 20_801;
const DAYS: i32 = 49;
const SECONDS: i64 = 86_400;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/streaming");
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(|| root.join("data"), PathBuf::from);
    let listeners = arguments.next().map_or(LISTENERS, |count| count.parse().expect("a number of listeners"));
    let mut tables = Tables::new(&folder);
    let surfaces = evaluators(&root);
    for id in 0..listeners {
        Listener::born(id).live(&surfaces, &mut tables);
    }
    println!("{} rows of {listeners} listeners in {}", tables.close(), folder.display());
}

/// What is served on each surface from the first day on.
fn evaluators(root: &Path) -> Vec<Evaluator> {
    let loaded = io::load(root).expect("the catalogue");
    let sources = Sources::new(loaded.files);
    let context = Context::new(&sources, Day(FIRST));
    let served = context.catalogue.surfaces.iter().map(|(ix, _)| {
        let at = i64::from(FIRST) * SECONDS;
        Evaluator::new(artifact(&context.catalogue, &context.locks, ix, at).expect("what is served"))
    });
    served.collect()
}

/// A sequence of numbers that look random (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.share()).ln()).sqrt() * (TAU * self.share()).cos()
    }

    /// A whole number with a mean: the whole part, and one more as often as the rest says.
    fn around(&mut self, mean: f64) -> u64 {
        mean as u64 + u64::from(self.share() < mean.fract())
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[(self.next() % words.len() as u64) as usize]
    }
}

/// One listener: who they are, how often they come and how much they listen.
struct Listener {
    id: String,
    dice: Dice,
    attributes: Value,
    comes: f64,
    listens: f64,
}

impl Listener {
    fn born(number: u64) -> Self {
        let mut dice = Dice(number.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x5eed);
        let premium = dice.share() < 0.42;
        let attributes = json!({
            "country": dice.one_of(&["DK", "SE", "NO", "FI", "DE", "AT", "CH", "ES", "MX", "US", "US", "BR", "GB"]),
            "plan": if premium { "premium" } else { "free" },
            "app-version": dice.one_of(&["8.12.0", "9.1.3", "9.4.0", "9.6.1", "9.8.0"]),
            "employee": dice.share() < 0.001,
            "device-os": dice.one_of(&["android", "android", "ios"]),
            "tenure-days": (dice.share() * 1500.0) as i64,
            "language": dice.one_of(&["en-US", "de-DE", "es-MX", "es-ES", "sv-SE", "da-DK"]),
        });
        let comes = (0.35 + 0.25 * dice.normal()).clamp(0.03, 0.95);
        let listens = (0.9 * dice.normal()).exp() * if premium { 1.3 } else { 0.8 };
        Self { id: format!("u-{number}"), dice, attributes, comes, listens }
    }

    fn live(mut self, surfaces: &[Evaluator], tables: &mut Tables) {
        let mut exposed = HashSet::new();
        for day in 0..DAYS {
            if self.dice.share() >= self.comes {
                continue;
            }
            for _ in 0..=self.dice.around(0.6) {
                let at = i64::from(FIRST + day) * SECONDS + (self.dice.share() * 86_000.0) as i64;
                self.session(at, surfaces, &mut exposed, tables);
            }
        }
    }

    /// One visit: exposures first, then what follows from them.
    fn session(&mut self, at: i64, surfaces: &[Evaluator], exposed: &mut HashSet<String>, tables: &mut Tables) {
        let mut lift = 0.0;
        for evaluator in surfaces {
            for (_, assignment) in evaluator.evaluate_surface(&self.id, &self.attributes, at) {
                let (Some(experiment), Some(variant)) = (assignment.experiment, assignment.variant) else { continue };
                lift += effect(experiment, variant);
                if exposed.insert(format!("{experiment} {variant}")) {
                    tables.row("exposures", &[&self.id, experiment, variant, &written(at)]);
                }
            }
        }
        let keen = self.listens * (1.0 + lift);
        let (plays, dice) = (self.dice.around(3.0 * keen.min(6.0)), &mut self.dice);
        let load = (2_400.0 * (0.5 * dice.normal()).exp()) as u64;
        let text = |key: &str| match &self.attributes[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let columns = ["country", "plan", "app-version", "employee", "device-os", "tenure-days", "language"].map(text);
        let crashed = dice.share() < 0.02;
        let mut row =
            vec![self.id.clone(), written(at), load.to_string(), crashed.to_string(), (plays > 0).to_string()];
        row.extend(columns);
        tables.row("sessions", &row.iter().map(String::as_str).collect::<Vec<_>>());
        for play in 0..plays {
            let when = written(at + 200 * play as i64);
            let kind = dice.one_of(&["track", "track", "track", "track", "podcast", "audiobook"]);
            let skipped = dice.share() < 0.24 - 0.5 * lift;
            let length = 210_000.0 * (0.4 * dice.normal()).exp() * if skipped { 0.15 } else { 1.0 };
            let artist = format!("a-{}", dice.next() % 5_000);
            let first = dice.share() < 0.2;
            let (length, first, skipped) = ((length as u64).to_string(), first.to_string(), skipped.to_string());
            tables.row("streams", &[&self.id, &when, &length, &skipped, &artist, &first, kind]);
            let stalled = if dice.share() < 0.05 { (1_500.0 * dice.share()) as u64 } else { 0 };
            let start = (350.0 * (0.6 * dice.normal()).exp()) as u64;
            tables.row("playbacks", &[&self.id, &when, &stalled.to_string(), &length, &start.to_string()]);
            if dice.share() < 0.03 {
                tables.row("saves", &[&self.id, &when]);
            }
        }
        if dice.share() < 0.3 {
            let found = (dice.share() < 0.7 + lift).to_string();
            let latency = ((180.0 * (0.5 * dice.normal()).exp()) as u64).to_string();
            tables.row("searches", &[&self.id, &written(at + 30), &found, &latency]);
        }
        if dice.share() < 0.002 {
            tables.row("settings", &[&self.id, &written(at + 60), "notifications", "false"]);
        }
    }
}

/// What a treatment does to how much is listened: between −1 and 3 percent, by its name; control and A/A tests do nothing.
fn effect(experiment: &str, variant: &str) -> f64 {
    if variant == "control" || experiment.contains("aa") {
        return 0.0;
    }
    let seed =
        experiment.bytes().chain(variant.bytes()).fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    Dice(seed).share().mul_add(0.04, -0.01)
}

/// An instant as the tables write it.
fn written(at: i64) -> String {
    let day = Day(i32::try_from(at.div_euclid(SECONDS)).expect("a day of our time"));
    let rest = at.rem_euclid(SECONDS);
    format!("{day}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// Tables that grow row by row, each in its folder.
struct Tables {
    folder: PathBuf,
    open: BTreeMap<&'static str, std::io::BufWriter<fs::File>>,
    rows: u64,
}

const COLUMNS: [(&str, &str); 7] = [
    ("exposures", "user_id,experiment_id,variant_id,exposed_at"),
    (
        "sessions",
        "user_id,started_at,home_load_ms,crashed,played_from_home,country,plan,app_version,employee,device_os,tenure_days,language",
    ),
    ("streams", "user_id,started_at,ms_played,skipped,artist_id,first_listen,content_type"),
    ("playbacks", "user_id,requested_at,ms_stalled,ms_played,start_ms"),
    ("saves", "user_id,saved_at"),
    ("searches", "user_id,searched_at,succeeded,latency_ms"),
    ("settings", "user_id,changed_at,setting,enabled"),
];

impl Tables {
    fn new(folder: &Path) -> Self {
        let mut open = BTreeMap::new();
        for (name, columns) in COLUMNS {
            fs::create_dir_all(folder.join(name)).expect("a folder");
            let mut file =
                std::io::BufWriter::new(fs::File::create(folder.join(name).join("part-0.csv")).expect("a file"));
            writeln!(file, "{columns}").expect("a row");
            open.insert(name, file);
        }
        Self { folder: folder.to_owned(), open, rows: 0 }
    }

    fn row(&mut self, table: &str, values: &[&str]) {
        self.rows += 1;
        writeln!(self.open.get_mut(table).expect("a table"), "{}", values.join(",")).expect("a row");
    }

    fn close(self) -> u64 {
        for (name, mut file) in self.open {
            file.flush().unwrap_or_else(|_| panic!("{}/{name} is written", self.folder.display()));
        }
        self.rows
    }
}
