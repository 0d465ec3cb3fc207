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
fn a_file_that_cannot_be_read_holds_no_more_than_it_has_a_part_in() {
    type Break = fn(&Path);
    fn spoil(root: &Path, path: &str) {
        let mut bytes = fs::read(root.join(path)).unwrap_or_default();
        bytes.extend(b"\xff\n");
        fs::write(root.join(path), bytes).expect("written");
    }
    const FRESH: &str = "experiments/home/fresh-first.toml";
    const LOCK: &str = "experiments/home/fresh-first.lock";
    let cases: [(&str, Break, &[&str]); 17] = [
        ("an experiment, whose lock says where", |root| spoil(root, FRESH), &["home"]),
        ("one of a version to come", |root| put(root, FRESH, "version = 2\n"), &["home"]),
        ("one that says nothing", |root| put(root, FRESH, "version = 1\n"), &["home"]),
        (
            "one that was edited, lock and all",
            |root| {
                spoil(root, FRESH);
                let text = fs::read_to_string(root.join(LOCK)).expect("a lock");
                put(root, LOCK, &text.replace("surface = \"home\"", "surface = \"search\""));
            },
            &["home", "search"],
        ),
        (
            "one whose lock cannot be read either",
            |root| {
                spoil(root, FRESH);
                spoil(root, LOCK);
            },
            &["home", "search"],
        ),
        ("a lock whose experiment is gone", |root| fs::remove_file(root.join(FRESH)).expect("it was there"), &["home"]),
        ("a new file", |root| spoil(root, "experiments/new.toml"), &[]),
        ("a new file that says nothing", |root| put(root, "experiments/new.toml", "version = 1\n"), &[]),
        ("a new file of another name", |root| put(root, "experiments/Bad.toml", "version = 1\n"), &[]),
        ("a new rollout", |root| put(root, "rollouts/new.toml", "version = 1\n"), &[]),
        ("a new flag", |root| spoil(root, "flags/new.toml"), &[]),
        ("a flag, which a ledger has", |root| spoil(root, "flags/search-ranking.toml"), &["search"]),
        ("a flag with experiments", |root| spoil(root, "flags/home-ranker.toml"), &["home"]),
        ("a segment that is used", |root| spoil(root, "segments/employees.toml"), &["home"]),
        ("a segment that is not", |root| spoil(root, "segments/new.toml"), &[]),
        ("a surface", |root| spoil(root, "surfaces/search.toml"), &["search"]),
        ("the root", |root| put(root, "allotment.toml", "version = 2\n"), &["home", "search"]),
    ];
    for (what, damage, expected) in cases {
        let folder = catalogue();
        let (root, dist) = (folder.path(), folder.path().join("dist"));
        let out = dist.to_str().expect("UTF-8");
        let (code, words) = allot(root, &["compile", "-o", out]);
        assert_eq!(code, Some(0), "{words}");
        let before = manifest(&dist);
        damage(root);
        let (code, words) = allot(root, &["compile", "-o", out]);
        assert_eq!(code, Some(i32::from(!expected.is_empty())), "{what}: {words}");
        let after = manifest(&dist);
        for surface in ["home", "search"] {
            let is_held = after["surfaces"][surface]["held"].is_string();
            assert_eq!(is_held, expected.contains(&surface), "{what}: {surface}: {words}");
            // Whatever is broken, a surface is never gone.
            let same = after["surfaces"][surface]["formats"] == before["surfaces"][surface]["formats"];
            assert!(same, "{what}: {surface}");
        }
        assert_eq!(allot(root, &["verify", out]).0, Some(0), "{what}");
        // What is compiled elsewhere knows nothing of before, and says so of the same surfaces.
        let fresh = root.join("fresh");
        allot(root, &["compile", "-o", fresh.to_str().expect("UTF-8")]);
        assert_eq!(manifest(&fresh)["surfaces"].as_object().expect("a table").len(), 2, "{what}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_holds_what_it_hides() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let held = |link: fn(&Path, &Path)| {
        let folder = catalogue();
        link(folder.path(), elsewhere.path());
        let dist = folder.path().join("dist");
        allot(folder.path(), &["compile", "-o", dist.to_str().expect("UTF-8")]);
        let manifest = manifest(&dist);
        ["home", "search"].map(|surface| manifest["surfaces"][surface]["held"].is_string())
    };
    let none = [false, false];
    assert_eq!(held(|root, to| symlink(to.join("x"), root.join("experiments/x.toml")).expect("a link")), none);
    assert_eq!(held(|root, to| symlink(to, root.join("experiments/x")).expect("a link")), none);
    assert_eq!(held(|root, to| symlink(to, root.join("metrics/x")).expect("a link")), none);
    let hidden = held(|root, to| {
        fs::rename(root.join("experiments/home"), to.join("home")).expect("it moves");
        symlink(to.join("home"), root.join("experiments/home")).expect("a link");
    });
    assert_eq!(hidden, [true, false]);
}

#[test]
fn attributes_are_of_the_types_that_are_declared() {
    let folder = catalogue();
    let root = folder.path();
    let declared = fs::read_to_string(root.join("allotment.toml")).expect("the root");
    let declared = declared
        .replace("[attributes]\n", "[attributes]\nos = { type = \"string\" }\ntenure-days = { type = \"number\" }\n");
    put(root, "allotment.toml", &declared);
    put(root, "segments/ten.toml", "version = 1\ndescription = \"Ten\"\n\n[where]\nos = \"10\"\n");
    put(
        root,
        "segments/early.toml",
        "version = 1\ndescription = \"Early\"\n\n[where]\ntenure-days = { at-most = 3.5 }\n",
    );
    let ranking = fs::read_to_string(root.join("flags/search-ranking.toml")).expect("a flag");
    let rule = |segment: &str| format!("\n[[rules]]\nsegment = \"{segment}\"\nvalue = true\n");
    let dist = root.join("dist");
    let dist = dist.to_str().expect("UTF-8");
    for (segment, pair, plain) in [("ten", "os=10", "os=11"), ("early", "tenure-days=3.5", "tenure-days=3.6")] {
        put(root, "flags/search-ranking.toml", &format!("{ranking}{}", rule(segment)));
        assert_eq!(allot(root, &["compile", "-o", dist]).0, Some(0));
        for from in [&[][..], &["--dist", dist][..]] {
            let assign = |pair: &str| {
                let words = ["assign", "--unit", "x", "--flag", "search-ranking", "--attribute", pair];
                let (code, said) = allot(root, &[&words[..], from].concat());
                assert_eq!(code, Some(0), "{said}");
                said
            };
            assert!(assign(pair).contains("search-ranking = true"), "{}", assign(pair));
            assert!(assign(plain).contains("search-ranking = false"), "{}", assign(plain));
        }
    }
    for (pair, said) in [
        ("employe=true", "there is no attribute `employe`\n  help: did you mean `employee`?"),
        ("employee=yes", "`employee` is a boolean, and `yes` is not\n  help: write `true` or `false`"),
        ("tenure-days=long", "`tenure-days` is a number, and `long` is not"),
        ("app-version=nine", "`app-version` is a version, and `nine` is not"),
    ] {
        let (code, words) = allot(root, &["assign", "--unit", "x", "--attribute", pair]);
        assert!(code == Some(2) && words.contains(said), "{words}");
    }
    let (code, words) = allot(root, &["assign", "--unit", "x", "--dist", dist, "--attribute", "tenure-days=long"]);
    assert!(code == Some(2) && words.contains("is a number"), "{words}");
    // What no segment tests may be there all the same.
    assert_eq!(allot(root, &["assign", "--unit", "x", "--dist", dist, "--attribute", "other=1"]).0, Some(0));
}

#[test]
fn what_a_unit_is_called_neither_steers_a_terminal_nor_makes_a_line() {
    let folder = catalogue();
    let units = "{\"user-id\":\"a\\u001b[31m\\nfake home-ranker = \\\"v8\\\"\"}\n";
    put(folder.path(), "units.jsonl", units);
    let path = folder.path().join("units.jsonl");
    let words = ["assign", "--units-from", path.to_str().expect("UTF-8"), "--flag", "home-ranker"];
    for more in [&[][..], &["--explain"]] {
        let (code, said) = allot(folder.path(), &[&words[..], more].concat());
        assert!(code == Some(0) && !said.contains('\u{1b}'), "{said:?}");
        assert!(said.starts_with("a\\u{1b}[31m fake") && !said.contains("\nfake"), "{said}");
    }
}

#[test]
fn an_id_that_is_a_whole_number_is_its_text_and_anything_else_is_refused_by_line() {
    let folder = catalogue();
    let root = folder.path();
    let path = root.join("units.jsonl");
    let assign = |units: &str| {
        put(root, "units.jsonl", units);
        allot(root, &["assign", "--units-from", path.to_str().expect("UTF-8"), "--format", "json"])
    };
    let (code, said) = assign("{\"user-id\":\"42\"}\n");
    assert!(code == Some(0) && said.contains("\"unit\":\"42\""), "{said}");
    assert_eq!(assign("{\"user-id\":42}\n"), (code, said.clone()));
    assert_eq!(assign("\u{feff}{\"user-id\":42}\n"), (code, said.clone()));
    assert_eq!(assign("\u{feff}42\n"), (code, said));
    let large = "18446744073709551615";
    assert!(assign(&format!("{{\"user-id\":{large}}}")).1.contains(large));
    for odd in ["4.5", "42.0", "1e3", "true", "null", "[]", "{\"a\":1}", "18446744073709551616"] {
        let (code, said) = assign(&format!("7\n{{\"user-id\":{odd}}}\n"));
        assert!(code == Some(2) && said.contains("line 2") && said.contains("`user-id`"), "{odd}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_distribution_is_not_waited_for() {
    let folder = catalogue();
    let root = folder.path();
    let dist = root.join("dist");
    let dist = dist.to_str().expect("UTF-8");
    assert_eq!(allot(root, &["compile", "-o", dist]).0, Some(0));
    let manifest = fs::read_to_string(root.join("dist/manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let native = manifest["surfaces"]["home"]["formats"]["native"]["path"].as_str().expect("a path");
    let file = root.join("dist").join(native);
    fs::remove_file(&file).expect("removed");
    assert!(Command::new("mkfifo").arg(&file).status().expect("it runs").success());
    let place = format!("file://{}", root.join("public").display());
    for (code, words) in [
        (1, &["verify", dist][..]),
        (3, &["publish", dist, "--to", &place]),
        (3, &["assign", "--unit", "x", "--dist", dist]),
    ] {
        let (ended, said) = allot(root, words);
        assert!(ended == Some(code) && said.contains(native), "{words:?}: {ended:?} {said}");
    }
    let (_, said) = allot(root, &["verify", dist]);
    assert!(said.contains("not proven: 1 failure;"), "{said}");
}

#[test]
fn an_address_that_cannot_be_published_to_is_found_and_its_secret_is_not_repeated() {
    let folder = catalogue();
    let root = folder.path();
    let declared = fs::read_to_string(root.join("allotment.toml")).expect("the root");
    for (address, why) in [
        ("https://me:hunter2@cdn.example.com/x", "an address must not hold a password"),
        ("https://hunter2@cdn.example.com/x", "an address must not hold a password"),
        ("https://cdn.example.com/x?token=hunter2", "it has a `?` or a `#`"),
        ("s4://nope", "there is no such storage"),
        ("cdn", "it is no address"),
    ] {
        put(root, "allotment.toml", &declared.replace("s3://tonar-cdn/allotment", address));
        for format in ["text", "json", "github", "sarif"] {
            let (code, words) = allot(root, &["lint", "--format", format]);
            assert!(code == Some(1) && !words.contains("hunter2"), "{format}: {words}");
            if format == "text" {
                assert!(words.contains("allotment.toml:30:14"), "{words}");
            }
            assert!(words.contains(why) || format == "text", "{format}: {words}");
        }
        let dist = root.join("dist");
        let (code, words) = allot(root, &["compile", "-o", dist.to_str().expect("UTF-8")]);
        assert_eq!(code, Some(0), "{words}");
    }
    // Without quotes it is no TOML, and what would mend it has the address in it.
    put(
        root,
        "allotment.toml",
        &declared.replace("\"s3://tonar-cdn/allotment\"", "https://me:hunter2@cdn.example.com/x"),
    );
    for format in ["text", "json", "github", "sarif"] {
        let (_, words) = allot(root, &["lint", "--format", format]);
        assert!(!words.contains("hunter2"), "{format}: {words}");
    }
    put(
        root,
        "allotment.toml",
        &declared.replace("\"s3://tonar-cdn/allotment\"", "https://me:hunter2@cdn.example.com/x"),
    );
    for format in ["text", "json", "github"] {
        let (code, words) = allot(root, &["lint", "--format", format]);
        assert!(code == Some(1) && words.contains("has no quotes") && !words.contains("hunter2"), "{format}: {words}");
    }
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
