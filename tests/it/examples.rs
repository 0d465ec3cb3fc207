//! Every catalogue under `examples/` is run: it is clean, its locks are current, and what is compiled from it is proven.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
