//! Every catalogue under `examples/` is run: it is clean, its locks are current, and what is compiled from it is proven.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[cfg(feature = "embedded")]
use allotment::results::Verdict;
use allotment::results::{Advice, MethodKind, Results};

const AT: &str = "2027-02-01T00:00:00Z";

/// Every folder but that of the workflows, which `action.rs` is about.
fn catalogues() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let all = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let all: Vec<PathBuf> = all.filter(|path| path.is_dir() && !path.ends_with("workflows")).collect();
    for path in &all {
        assert!(path.join("allotment.toml").is_file(), "{} is no catalogue", path.display());
    }
    all
}

fn allot(root: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(["--at", AT, "--root"])
        .arg(root)
        .args(arguments)
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{arguments:?} on {}:\n{}{}",
        root.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn files(folder: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{below}{}", entry.file_name().to_str().expect("UTF-8"));
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, fs::read(entry.path()).expect("bytes"));
        }
    }
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    files(folder, "", &mut found);
    found
}

#[test]
fn every_example_is_clean_current_and_proven() {
    let catalogues = catalogues();
    assert!(!catalogues.is_empty());
    for root in catalogues {
        let lint = allot(&root, &["lint"]);
        assert!(lint.stdout.is_empty(), "{}", String::from_utf8_lossy(&lint.stdout));
        allot(&root, &["allocate", "--check"]);
        let scratch = tempfile::tempdir().expect("a folder");
        let (first, second) = (scratch.path().join("a"), scratch.path().join("b"));
        for dist in [&first, &second, &first] {
            allot(&root, &["compile", "-q", "--source", "0123abc", "-o", dist.to_str().expect("UTF-8")]);
        }
        assert_eq!(contents(&first), contents(&second), "the same input gives the same bytes");
        allot(&root, &["verify", first.to_str().expect("UTF-8")]);
        allot(&root, &["simulate", "--units", "20000"]);
    }
}

#[test]
fn the_music_app_has_the_shape_that_it_promises() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/streaming");
    let sources = allotment::source::Sources::new(
        contents(&root).into_iter().filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?))),
    );
    let today = crate::world::TODAY;
    let context = allotment::lint::Context::new(&sources, today);
    let experiments: Vec<_> = context.catalogue.claims.values().filter(|claim| claim.experiment().is_some()).collect();
    let live = experiments.iter().filter(|claim| claim.live_on(today)).count();
    assert!(experiments.len() >= 60, "{} experiments", experiments.len());
    assert!(3 * live >= experiments.len(), "{live} of {} are live", experiments.len());
}

/// What `allot analyze` says of an example, one entry an experiment, and its exit code.
fn analyzed(example: &str, arguments: &[&str]) -> (Vec<Results>, Option<i32>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(["analyze", "-q", "--format", "json", "--root"])
        .arg(&root)
        .args(arguments)
        .output()
        .expect("it runs");
    let lines = output.stdout.split_inclusive(|&byte| byte == b'\n');
    let results = lines.map(|line| Results::read(line).expect("results")).collect();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (results, output.status.code())
}

#[test]
fn the_asos_experiments_are_decided_on() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/asos/aggregates.csv");
    let file = file.to_str().expect("UTF-8");
    let (results, code) = analyzed("asos", &["--aggregates", file, "--at", "2037-03-01T00:00:00Z"]);
    assert_eq!((results.len(), code), (78, Some(1)));
    let with = |advice: Advice| results.iter().filter(|own| own.decision.advice == advice).count();
    let advices = [Advice::Ship, Advice::Stop, Advice::Withheld].map(with);
    assert_eq!(advices.iter().sum::<usize>(), 78, "every run is over: {advices:?}");
    assert_eq!(advices[2], 9, "six are not split as they should be, and three lack a metric");
    for own in &results {
        let planned = own.method.kind == MethodKind::GroupSequential;
        for outcome in own.treatments.iter().flat_map(|treatment| &treatment.outcomes) {
            let name = format!("{} {}", own.experiment, outcome.metric);
            if let Some(spending) = &outcome.spending {
                assert!(planned && spending.last, "{name}");
                if let Some(spent) = spending.spent.number() {
                    let watched = outcome.deterioration.as_ref().expect("a test").alpha;
                    assert!([outcome.alpha, watched].contains(&spent), "{name}: {spent}");
                }
            }
            if let (Some(p), Some(level), Some(ends)) =
                (outcome.p.number(), outcome.level.number(), outcome.interval.known())
            {
                assert_eq!(p < level, ends.low > 0.0 || ends.high < 0.0, "{name}: {p} {level} {ends:?}");
            }
        }
    }
}

#[cfg(feature = "embedded")]
#[test]
fn before_anything_begins_it_says_what_begins_next() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hillstrom");
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(["analyze", "--at", "2027-01-20T00:00:00Z", "--root"])
        .arg(root)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("nothing to look at on 2027-01-20") && said.contains("`spring-mail` starts on 2027-02-01"),
        "{said}"
    );
}

#[cfg(feature = "embedded")]
#[test]
fn the_published_effects_of_the_e_mails_come_out() {
    let (results, code) = analyzed("hillstrom", &["--at", "2027-02-16T00:00:00Z"]);
    let [own] = results.as_slice() else { panic!("one experiment") };
    assert_eq!(code, Some(0));
    let counts: Vec<u64> = own.variants.iter().map(|variant| variant.exposed).collect();
    assert_eq!(counts, [21_306, 21_307, 21_387]);
    // Shares and means of the published table, counted by hand.
    let published = [
        ("mens", [("visit", 2_262, 3_894), ("conversion", 122, 267)], 1.422_616_511_005_773_8),
        ("womens", [("visit", 2_262, 3_238), ("conversion", 122, 189)], 1.077_201_571_047_833),
    ];
    for ((variant, shares, spend), treatment) in published.into_iter().zip(&own.treatments) {
        assert_eq!((treatment.variant.as_str(), treatment.advice), (variant, Advice::Ship));
        let outcome = |id: &str| treatment.outcomes.iter().find(|own| own.metric == id).expect("it is measured");
        for (metric, control, treated) in shares {
            let own = outcome(metric);
            let share = |count: i32, arm: &allotment::results::ArmEstimate| {
                let mean = arm.mean.number().expect("a share");
                assert!((mean - f64::from(count) / arm.units as f64).abs() < 1e-12, "{variant} {metric}");
            };
            share(control, &own.control);
            share(treated, &own.treatment);
            assert_eq!(own.verdict, Verdict::Better, "{variant} {metric}");
        }
        let own = outcome("spend");
        assert!((own.treatment.raw.number().expect("a mean") - spend).abs() < 1e-12, "{variant}");
        assert!((own.control.raw.number().expect("a mean") - 0.652_789_355_111_236_3).abs() < 1e-12);
        let covariate = own.covariate.as_ref().expect("it is declared");
        let removed = covariate.removed.expect("it is used");
        assert!(
            covariate.used && removed > 0.0 && removed < 0.001,
            "{variant}: as measured, next to nothing: {removed}"
        );
    }
    assert_eq!(own.decision.variant.as_deref(), Some("mens"));
}
