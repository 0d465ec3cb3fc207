//! Catalogues of any size: surfaces of a hundred experiments each, over a year of launches.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// Experiments on one surface.
const PER_SURFACE: usize = 100;
/// Components, and flags, on one surface.
const COMPONENTS: usize = 10;
/// Days on which a series of experiments on one component starts, one after another.
const STARTS: [&str; 10] = [
    "2026-06-01",
    "2026-07-06",
    "2026-08-03",
    "2026-09-07",
    "2026-10-05",
    "2026-11-02",
    "2026-12-07",
    "2027-01-11",
    "2027-02-08",
    "2027-03-08",
];

/// Writes a catalogue of `experiments` experiments below `root`, without locks; `decided` says whether those that are over
/// have their decisions. Allotting it before and after gives every experiment the lock that it would have kept.
pub fn catalogue(root: &Path, experiments: usize, decided: bool) -> io::Result<()> {
    put(root, "allotment.toml", ROOT)?;
    put(root, "segments/premium.toml", SEGMENT)?;
    put(root, "metrics/listening.toml", METRICS)?;
    let mut text = String::new();
    for surface in 0..experiments.div_ceil(PER_SURFACE) {
        text.clear();
        let _ = write!(text, "{SURFACE}");
        for component in 0..COMPONENTS {
            let _ = writeln!(text, "part-{component} = \"Part {component} of the page\"");
        }
        text.push_str("\n[required]\nminutes = {}\ncrashes = { margin = \"5%\" }\n");
        put(root, &format!("surfaces/page-{surface}.toml"), &text)?;
        text.clear();
        baseline(&mut text, surface);
        put(root, &format!("baselines/page-{surface}.toml"), &text)?;
        for component in 0..COMPONENTS {
            text.clear();
            let _ = write!(
                text,
                "version = 1\ndescription = \"How part {component} looks\"\nowner = \"home\"\nsurface = \"page-{surface}\"\n\
                 component = \"part-{component}\"\ntype = \"string\"\nvalues = [\"a\", \"b\"]\ndefault = \"a\"\n"
            );
            put(root, &format!("flags/page-{surface}-part-{component}.toml"), &text)?;
        }
    }
    for number in 0..experiments {
        text.clear();
        experiment(&mut text, number, decided);
        let surface = number / PER_SURFACE;
        put(root, &format!("experiments/page-{surface}/test-{number}.toml"), &text)?;
    }
    Ok(())
}

/// Baselines that differ from surface to surface, and are large enough for every experiment.
fn baseline(text: &mut String, surface: usize) {
    let reach = |units: usize| units + 10_000 * surface;
    let _ = write!(
        text,
        "version = 1\nsurface = \"page-{surface}\"\nmeasured = 2027-01-25\n\n[reach]\n1 = {}\n7 = {}\n14 = {}\n28 = {}\n\n\
         [segments]\npremium = \"14.2%\"\n\n[metrics.minutes]\nmean = 212.4\nstandard-deviation = 318.9\n\n\
         [metrics.skips]\nmean = 0.241\nstandard-deviation = 0.19\n\n[metrics.crashes]\nmean = 0.31\n\
         standard-deviation = 0.6\n",
        reach(6_120_000),
        reach(13_840_000),
        reach(17_210_000),
        reach(20_370_000)
    );
}

fn experiment(text: &mut String, number: usize, decided: bool) {
    let (surface, within) = (number / PER_SURFACE, number % PER_SURFACE);
    let (component, turn) = (within % COMPONENTS, within / COMPONENTS);
    let start = STARTS[turn % STARTS.len()];
    // As of 2027-02-01 a tenth is live, a fifth is ahead, and what is over was decided.
    let over = decided && start < "2027-01-01";
    let stage = if over { "tweak" } else { "ship" };
    let _ = write!(
        text,
        "version = 1\nstage = \"{stage}\"\nowner = \"home\"\nsurface = \"page-{surface}\"\n\
         flag = \"page-{surface}-part-{component}\"\nhypothesis = \"\"\"\nListeners who see variant b of part {component} stay \
         longer,\nbecause test {number} puts what they came for first.\"\"\"\n\nstart = {start}\ndays = 28\n\
         traffic = \"20%\"\nramp = [{{ days = 1, traffic = \"2%\" }}]            # then the full share\nsegment = \"premium\"\n\n\
         [variants]\ncontrol = \"a\"\ntreatment = \"b\"\n\n[success]\nminutes = {{ mde = \"2.5%\" }}\n\n\
         [guardrails]\nskips = {{ margin = \"2%\" }}\n"
    );
    if over {
        let _ = write!(
            text,
            "\n[decision]\noutcome = \"inconclusive\"\non = {start}\nreason = \"Nothing moved.\"\n\
             learned = \"The part is not what holds listeners back.\"\n"
        );
    }
}

fn put(root: &Path, path: &str, text: &str) -> io::Result<()> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

const ROOT: &str = r#"version = 1
organisation = "Generated"

[lint]
shared-metric = "allow"

[teams]
home = { name = "Home", github = "@example/home" }

[units]
user = { attribute = "user-id" }

[attributes]
country = { type = "string" }
plan = { type = "string", values = ["free", "premium"] }
app-version = { type = "version" }

[exposures]
table = "lake.exposures"
unit = { user = "user_id" }
experiment = "experiment_id"
variant = "variant_id"
timestamp = "exposed_at"

[analysis]
method = "group-sequential"
looks = "weekly"
confidence = "95%"
power = "80%"
"#;

const SEGMENT: &str = r#"version = 1
description = "Premium listeners in the Nordics"

[where]
country = ["DK", "FI", "IS", "NO", "SE"]
plan = "premium"
app-version = { at-least = "9.4.0" }
"#;

const METRICS: &str = r#"version = 1
owner = "home"

[facts.streams]
table = "lake.streams"
unit = { user = "user_id" }
timestamp = "started_at"
lag = "6h"

[metrics.minutes]
name = "Minutes listened in the first week"
mean = "sum(streams.ms_played) / 60000.0"
window = "7d"
goal = "increase"

[metrics.skips]
name = "Share of streams skipped"
ratio = "count(streams where skipped) / count(streams)"
window = "7d"
goal = "decrease"

[metrics.crashes]
name = "Crashes in the first week"
mean = "count(streams where crashed)"
window = "7d"
goal = "decrease"
"#;

const SURFACE: &str = r#"version = 1
name = "A page"
owners = ["home"]
unit = "user"
sdk = "growthbook"
north-star = "minutes"
holdout = "2%"
limits = { first-day = "5%" }

[components]
"#;
