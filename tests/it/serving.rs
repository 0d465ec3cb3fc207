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

#[test]
fn a_bundle_has_all_its_surfaces_and_a_held_one_keeps_its_part() {
    let folder = catalogue();
    let (root, dist) = (folder.path(), folder.path().join("dist"));
    let out = dist.to_str().expect("UTF-8");
    let catalogue = fs::read_to_string(root.join("allotment.toml")).expect("the root");
    put(root, "allotment.toml", &format!("{catalogue}\n[bundles]\napp = {{ surfaces = [\"home\", \"search\"] }}\n"));
    let (code, words) = allot(root, &["compile", "-o", out]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("app: ") && words.contains("bytes, of home, search"), "{words}");
    let read = |dist: &Path| -> Value {
        let path = manifest(dist)["bundles"]["app"]["file"]["path"].as_str().expect("a path").to_owned();
        serde_json::from_slice(&fs::read(dist.join(path)).expect("the bundle")).expect("JSON")
    };
    let before = read(&dist);
    let flags = ["home-cards", "home-ranker", "search-ranking"];
    assert!(flags.iter().all(|flag| before["features"].get(flag).is_some()), "{before}");

    // One surface breaks, the other changes: the bundle has the last good of the first, and the new of the second.
    put(
        root,
        "flags/home-ranker.toml",
        "version = 1\nowner = \"home\"\nsurface = \"home\"\ncomponent = \"ranker\"\ntype = \"colour\"\n",
    );
    put(
        root,
        "flags/search-ranking.toml",
        "version = 1\nowner = \"home\"\nsurface = \"search\"\ncomponent = \"ranking\"\ntype = \"boolean\"\ndefault = true\n",
    );
    let (code, words) = allot(root, &["compile", "-o", out]);
    assert_eq!(code, Some(1), "{words}");
    let after = read(&dist);
    assert_eq!(after["features"]["home-ranker"], before["features"]["home-ranker"]);
    assert_eq!(after["features"]["search-ranking"]["defaultValue"], true);
    assert_eq!(allot(root, &["verify", out]).0, Some(0));

    // Something else in its place is noticed, also where length and digest are made right.
    let path = manifest(&dist)["bundles"]["app"]["file"]["path"].as_str().expect("a path").to_owned();
    let whole = fs::read_to_string(dist.join(&path)).expect("the bundle");
    fs::write(dist.join(&path), whole.replace("true", "null")).expect("it is written");
    let (code, words) = allot(root, &["verify", out]);
    assert_eq!(code, Some(1), "{words}");
    let altered = whole.replacen("\"defaultValue\":true", "\"defaultValue\":false", 1);
    assert_ne!(altered, whole);
    let file = allotment::artifact::manifest::File::of("app", "growthbook", "json", altered.as_bytes());
    fs::write(dist.join(&file.path), &altered).expect("it is written");
    let mut json = manifest(&dist);
    json["bundles"]["app"]["file"] = serde_json::to_value(&file).expect("JSON");
    fs::write(dist.join("manifest.json"), json.to_string()).expect("it is written");
    let (code, words) = allot(root, &["verify", out]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("app: bundle: it is not what its surfaces make together"), "{words}");
}

#[cfg(feature = "publish")]
#[test]
fn a_bundle_is_published_with_what_each_surface_serves() {
    let folder = catalogue();
    let (root, dist) = (folder.path(), folder.path().join("dist"));
    let (out, public) = (dist.to_str().expect("UTF-8"), folder.path().join("public"));
    let to = format!("file://{}", public.display());
    let catalogue = fs::read_to_string(root.join("allotment.toml")).expect("the root");
    put(root, "allotment.toml", &format!("{catalogue}\n[bundles]\napp = {{ surfaces = [\"home\", \"search\"] }}\n"));
    let publish = || {
        let (_, words) = allot(root, &["compile", "-o", out]);
        let (code, said) = allot(root, &["publish", out, "--to", &to]);
        (code, words + &said)
    };
    let (code, words) = publish();
    assert_eq!(code, Some(0), "{words}");
    // An SDK that fetches a fixed address finds the bundle there, as it finds a surface.
    let fixed = |id: &str| -> Value {
        let path = public.join(format!("{id}/api/features/{id}"));
        serde_json::from_slice(&fs::read(path).expect("the pointer")).expect("JSON")
    };
    assert_eq!(fixed("app")["features"]["home-ranker"], fixed("home")["features"]["home-ranker"]);
    // What was compiled elsewhere, with one surface held: it keeps in the bundle what is served.
    fs::remove_dir_all(&dist).expect("it was there");
    put(
        root,
        "flags/home-ranker.toml",
        "version = 1\nowner = \"home\"\nsurface = \"home\"\ncomponent = \"ranker\"\ntype = \"colour\"\n",
    );
    put(
        root,
        "flags/search-ranking.toml",
        "version = 1\nowner = \"home\"\nsurface = \"search\"\ncomponent = \"ranking\"\ntype = \"boolean\"\ndefault = true\n",
    );
    let before = fixed("home");
    let (code, words) = publish();
    assert_eq!(code, Some(1), "{words}");
    assert_eq!(fixed("app")["features"]["home-ranker"], before["features"]["home-ranker"]);
    assert_eq!(fixed("app")["features"]["search-ranking"]["defaultValue"], true);
    assert_eq!(allot(root, &["verify", public.to_str().expect("UTF-8")]).0, Some(0));
}
