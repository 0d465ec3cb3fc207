//! What is served stays served: a fault holds back its own surface and no other, and planning faults hold none.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world::World;

fn allot(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_allot"))
        .args(["--at", "2027-02-01", "--root"])
        .arg(root)
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// The small catalogue with a second surface, on disk.
fn catalogue() -> tempfile::TempDir {
    let mut world = World::base();
    world.put(
        "surfaces/search.toml",
        "version = 1\nname = \"Search\"\nowners = [\"home\"]\nunit = \"user\"\n\n[components]\nranking = \"The order\"\n",
    );
    world.put(
        "flags/search-ranking.toml",
        "version = 1\nowner = \"home\"\nsurface = \"search\"\ncomponent = \"ranking\"\ntype = \"boolean\"\ndefault = false\n",
    );
    world.allocate();
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in &world.files {
        put(folder.path(), path, text);
    }
    folder
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(path, text).expect("a file");
}

fn manifest(dist: &Path) -> Value {
    serde_json::from_slice(&fs::read(dist.join("manifest.json")).expect("a manifest")).expect("JSON")
}

#[test]
fn a_serving_fault_holds_its_own_surface_and_keeps_its_last_good_files() {
    let folder = catalogue();
    let (root, dist) = (folder.path(), folder.path().join("dist"));
    let out = dist.to_str().expect("UTF-8");
    let (code, words) = allot(root, &["compile", "-o", out]);
    assert_eq!(code, Some(0), "{words}");
    let before = manifest(&dist);
    put(
        root,
        "flags/search-ranking.toml",
        "version = 1\nowner = \"home\"\nsurface = \"search\"\ncomponent = \"ranking\"\ntype = \"boolean\"\ndefault = \"no\"\n",
    );
    put(
        root,
        "flags/home-ranker.toml",
        &fs::read_to_string(root.join("flags/home-ranker.toml"))
            .expect("a flag")
            .replace("[\"v7\", ", "[\"v7\", \"v9\", "),
    );
    let (code, words) = allot(root, &["compile", "-o", out]);
    assert_eq!(code, Some(1), "{words}");
    let after = manifest(&dist);
    assert_eq!(after["surfaces"]["search"]["held"], "variant-type-mismatch");
    assert_eq!(after["surfaces"]["search"]["formats"], before["surfaces"]["search"]["formats"]);
    assert_eq!(after["surfaces"]["home"]["held"], false);
    let (code, words) = allot(root, &["verify", out]);
    assert_eq!(code, Some(0), "{words}");
}

#[test]
fn a_planning_fault_holds_nothing() {
    let folder = catalogue();
    let (root, dist) = (folder.path(), folder.path().join("dist"));
    let out = dist.to_str().expect("UTF-8");
    fs::remove_file(root.join("metrics/app.toml")).expect("it was there");
    let path = "experiments/home/fresh-first.toml";
    let text = fs::read_to_string(root.join(path)).expect("an experiment");
    put(
        root,
        path,
        &text.replace("minutes-listened", "minutes-lisened").replace("owner = \"home\"", "owner = \"hmoe\""),
    );
    let (code, words) = allot(root, &["lint"]);
    assert_eq!(code, Some(1), "{words}");
    put(root, path, &text);
    let (code, words) = allot(root, &["compile", "-o", out]);
    assert_eq!(code, Some(0), "{words}");
    for surface in ["home", "search"] {
        assert_eq!(manifest(&dist)["surfaces"][surface]["held"], false);
    }
}

#[test]
fn what_was_altered_after_compilation_is_not_proven() {
    let folder = catalogue();
    let (root, dist) = (folder.path(), folder.path().join("dist"));
    let out = dist.to_str().expect("UTF-8");
    assert_eq!(allot(root, &["compile", "-o", out]).0, Some(0));
    let payload = fs::read_dir(dist.join("home"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|end| end == "json"))
        .expect("a payload");
    let text = fs::read_to_string(&payload).expect("a text");
    fs::write(&payload, text.replace("v8-fresh", "v8-frosh")).expect("written");
    let (code, words) = allot(root, &["verify", out]);
    assert!(code == Some(1) && words.contains("home"), "{words}");
    let (code, words) = allot(root, &["verify", root.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(2), "{words}");
}

#[test]
fn what_is_over_paused_or_decided_is_not_served() {
    let folder = catalogue();
    let root = folder.path();
    let path = "experiments/home/fresh-first.toml";
    let text = fs::read_to_string(root.join(path)).expect("an experiment");
    let served = |root: &Path| {
        let (code, words) = allot(root, &["compile", "-o", root.join("dist").to_str().expect("UTF-8")]);
        assert_eq!(code, Some(0), "{words}");
        let manifest = manifest(&root.join("dist"));
        let path = manifest["surfaces"]["home"]["formats"]["growthbook"]["path"].as_str().expect("a path").to_owned();
        fs::read_to_string(root.join("dist").join(path)).expect("a payload").contains("\"id\":\"fresh-first\"")
    };
    assert!(served(root));
    put(root, path, &text.replace("traffic = \"20%\"\n", "traffic = \"0%\"\n"));
    let lock = fs::read_to_string(root.join("experiments/home/fresh-first.lock")).expect("a lock");
    assert_eq!(allot(root, &["allocate"]).0, Some(0));
    assert_eq!(
        fs::read_to_string(root.join("experiments/home/fresh-first.lock")).expect("a lock"),
        lock,
        "a pause keeps its buckets"
    );
    assert!(!served(root), "a pause serves nobody");
    let decision =
        "\n[decision]\noutcome = \"stopped\"\non = 2027-02-01\nreason = \"Harm.\"\nlearned = \"Less is more.\"\n";
    put(
        root,
        path,
        &text
            .replace("stage = \"ship\"", "stage = \"tweak\"")
            .replace("[success]", &format!("{}\n[success]", decision.trim_end())),
    );
    let (code, words) = allot(root, &["allocate"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(fs::read_to_string(root.join("experiments/home/fresh-first.lock")).expect("a lock").contains("days = 21"));
    assert!(!served(root));
}
