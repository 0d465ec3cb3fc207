//! Whole commands on a folder: what is said, what is served, and the exit codes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::merges::{allot as at_root, commit, repository};
use crate::repositories::git;

const AT: &str = "2027-02-01T00:00:00Z";
pub const FRESH: &str = "experiments/home/fresh-first.toml";

fn allot(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    at_root(root, &[arguments, &["--at", AT]].concat())
}

#[track_caller]
pub fn ends(code: i32, root: &Path, arguments: &[&str]) -> String {
    let (ended, said) = allot(root, arguments);
    assert_eq!(ended, Some(code), "{arguments:?}\n{said}");
    said
}

/// A repository with two surfaces, and a folder to publish to.
pub struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    pub fn open() -> Self {
        let folder = repository();
        let root = folder.path();
        for (path, text) in super::world().files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        }
        let shop = Self { folder };
        shop.edit("allotment.toml", "s3://tonar-cdn-staging/allotment", "file://staging");
        shop.edit("allotment.toml", "s3://tonar-cdn/allotment", "file://production");
        fs::write(shop.root().join(".gitignore"), "dist/\nstaging/\nproduction/\nkeys/\n").expect("written");
        commit(shop.root(), "Two surfaces");
        shop
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root().join(below)
    }

    pub fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_else(|wrong| panic!("{below}: {wrong}"))
    }

    pub fn edit(&self, below: &str, from: &str, to: &str) {
        let text = self.read(below);
        assert!(text.contains(from), "{below} has no {from:?}");
        fs::write(self.path(below), text.replacen(from, to, 1)).expect("written");
    }

    pub fn compile(&self) -> i32 {
        let dist = self.path("dist");
        allot(self.root(), &["compile", "-o", dist.to_str().expect("UTF-8")]).0.expect("it ends")
    }

    /// Compiles and publishes to production.
    #[track_caller]
    pub fn publish(&self, code: i32) -> String {
        self.compile();
        let dist = self.path("dist");
        ends(code, self.root(), &["publish", dist.to_str().expect("UTF-8")])
    }

    pub fn manifest(&self) -> Value {
        serde_json::from_str(&self.read("production/manifest.json")).expect("JSON")
    }

    /// Whether production serves the experiment, by the fixed name that an SDK fetches.
    pub fn serves_fresh(&self) -> bool {
        self.read("production/home/api/features/home").contains("\"id\":\"fresh-first\"")
    }
}

#[test]
fn what_is_published_is_served_once_and_said() {
    let shop = Shop::open();
    shop.compile();
    let dist = shop.path("dist");
    let dist = dist.to_str().expect("UTF-8");
    let said = ends(0, shop.root(), &["publish", dist, "--dry-run"]);
    assert!(said.contains("would replace manifest.json") && !shop.path("production").exists(), "{said}");
    let said = ends(0, shop.root(), &["publish", dist]);
    assert!(said.contains("home: new") && said.contains("serial 1 of commit "), "{said}");
    assert!(shop.serves_fresh());
    let said = ends(0, shop.root(), &["publish", dist]);
    assert!(said.contains("nothing to write; serial 1 is served"), "{said}");
    assert!(ends(0, shop.root(), &["drift"]).contains("2 surfaces are served as `HEAD` says, with serial 1"));
    let served = format!("file://{}", shop.path("production").display());
    assert!(ends(0, shop.root(), &["verify", &served, "--serial", "1"]).contains("proven: 2 surfaces"));
    assert!(ends(1, shop.root(), &["verify", &served, "--serial", "2"]).contains("an older manifest"));
    let said = ends(2, shop.root(), &["publish", dist, "--to", "prodution"]);
    assert!(said.contains("did you mean `production`?"), "{said}");
    let said = ends(2, shop.root(), &["publish", "nothing", "--to", "staging"]);
    assert!(said.contains("run `allot compile -o DIR` first"), "{said}");
    ends(2, shop.root(), &["publish", dist, "--to", "ftp://example.com"]);
    ends(3, shop.root(), &["publish", dist, "--to", "http://127.0.0.1:1/x"]);
}

#[test]
fn a_surface_that_is_held_or_not_proven_keeps_what_is_served() {
    let shop = Shop::open();
    shop.publish(0);
    let before = shop.manifest();
    shop.edit("flags/search-ranking.toml", "default = false", "default = \"no\"");
    shop.edit("flags/home-ranker.toml", "default = \"v7\"", "default = \"v8-fresh\"");
    shop.edit(FRESH, "control = \"v7\"\nfresh-first = \"v8-fresh\"", "control = \"v8-fresh\"\nfresh-first = \"v7\"");
    let said = shop.publish(1);
    assert!(said.contains("search: held by variant-type-mismatch; keeps what is served"), "{said}");
    let after = shop.manifest();
    assert_eq!(after["surfaces"]["search"]["formats"], before["surfaces"]["search"]["formats"]);
    assert_ne!(after["surfaces"]["home"]["formats"], before["surfaces"]["home"]["formats"]);
    // What was altered after it was compiled is not proven.
    shop.edit("flags/search-ranking.toml", "default = \"no\"", "default = true");
    shop.compile();
    let native = fs::read_dir(shop.path("dist/search")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let native = native.into_iter().find(|path| path.extension().is_some_and(|end| end == "bin")).expect("a file");
    let mut bytes = fs::read(&native).expect("bytes");
    bytes[40] ^= 1;
    fs::write(&native, bytes).expect("written");
    let said = ends(1, shop.root(), &["publish", shop.path("dist").to_str().expect("UTF-8")]);
    assert!(said.contains("search: held by not proven"), "{said}");
    assert_eq!(shop.manifest()["surfaces"]["search"]["formats"], before["surfaces"]["search"]["formats"]);
}

#[test]
fn what_is_stopped_stays_stopped_until_git_agrees() {
    let shop = Shop::open();
    shop.publish(0);
    let (stop, reason) = (["stop", "fresh-first", "--reason"], "It \"crashes\".");
    let said = ends(0, shop.root(), &[&stop[..], &[reason, "--dry-run"]].concat());
    assert!(said.contains("would replace manifest.json") && shop.serves_fresh(), "{said}");
    let said = ends(2, shop.root(), &["stop", "fresh-frist", "--reason", "x"]);
    assert!(said.contains("did you mean `fresh-first`?"), "{said}");
    let said = ends(0, shop.root(), &[&stop[..], &[reason]].concat());
    assert!(
        said.contains("`fresh-first` is stopped") && said.contains("allot conclude fresh-first --outcome stopped"),
        "{said}"
    );
    assert!(!shop.serves_fresh());
    assert_eq!(shop.manifest()["stopped"][0]["reason"], reason);
    assert!(ends(0, shop.root(), &[&stop[..], &["again"]].concat()).contains("is stopped already"));
    let said = ends(1, shop.root(), &["drift"]);
    assert!(said.contains("home: `fresh-first` is stopped (It \"crashes\".), and Git still has it live"), "{said}");
    // Git still has it live, and changes something else, which goes out.
    shop.edit("flags/search-ranking.toml", "default = false", "default = true");
    commit(shop.root(), "Search");
    let said = shop.publish(1);
    assert!(said.contains("home: `fresh-first` stays stopped") && said.contains("search: changed"), "{said}");
    assert!(!shop.serves_fresh());
    ends(1, shop.root(), &["rollback", "HEAD~1"]);
    assert!(!shop.serves_fresh() && shop.manifest()["stopped"][0]["experiment"] == "fresh-first");
    let words = ["conclude", "fresh-first", "--outcome", "stopped", "--reason", "Crashes.", "--learned", "Test first."];
    ends(0, shop.root(), &words);
    commit(shop.root(), "Conclude");
    let said = shop.publish(0);
    assert!(said.contains("its stop is settled"), "{said}");
    assert!(!shop.serves_fresh() && shop.manifest()["stopped"].is_null());
    ends(0, shop.root(), &["drift"]);
}

#[test]
fn a_rollback_serves_an_earlier_commit_as_of_now_and_brings_nothing_back_that_ended() {
    let shop = Shop::open();
    shop.publish(0);
    let first = shop.manifest();
    let said = ends(2, shop.root(), &["rollback"]);
    assert!(said.contains("has no other commit"), "{said}");
    shop.edit("flags/search-ranking.toml", "default = false", "default = true");
    let words = ["conclude", "fresh-first", "--outcome", "stopped", "--reason", "Skips.", "--learned", "Less."];
    ends(0, shop.root(), &words);
    commit(shop.root(), "Search, and a decision");
    shop.publish(0);
    let second = shop.manifest();
    ends(0, shop.root(), &["rollback"]);
    let third = shop.manifest();
    assert_eq!((&third["source"], &third["serial"]), (&first["source"], &Value::from(3)));
    assert_eq!(third["surfaces"]["search"]["formats"], first["surfaces"]["search"]["formats"]);
    assert!(!shop.serves_fresh(), "it was decided since");
    let said = ends(1, shop.root(), &["drift"]);
    assert!(said.contains("search: flag `search-ranking`: the default served is false, in Git it is true"), "{said}");
    // A rollback of the rollback.
    ends(0, shop.root(), &["rollback"]);
    assert_eq!(shop.manifest()["source"], second["source"]);
    ends(0, shop.root(), &["drift"]);
}

#[test]
fn a_rollback_brings_back_what_was_removed_by_mistake_and_not_what_was_tidied_up() {
    let shop = Shop::open();
    shop.publish(0);
    let begin = shop.manifest()["source"].as_str().expect("a commit").to_owned();
    let remove = || {
        fs::remove_file(shop.path(FRESH)).expect("removed");
        fs::remove_file(shop.path(FRESH).with_extension("lock")).expect("removed");
        ends(0, shop.root(), &["allocate"]);
        commit(shop.root(), "Without it");
    };
    remove();
    shop.publish(0);
    assert!(!shop.serves_fresh());
    ends(0, shop.root(), &["rollback", &begin]);
    assert!(shop.serves_fresh(), "it was running when its file was removed");
    let back = git(shop.root(), &["revert", "--no-edit", "HEAD"]);
    assert!(back.status.success(), "{back:?}");
    let words = ["conclude", "fresh-first", "--outcome", "stopped", "--reason", "Skips.", "--learned", "Less."];
    ends(0, shop.root(), &words);
    commit(shop.root(), "A decision");
    remove();
    shop.publish(0);
    let said = ends(0, shop.root(), &["rollback", &begin]);
    assert!(!shop.serves_fresh(), "{said} it was decided before its file was removed");
}

#[test]
fn drift_says_what_is_damaged_and_the_next_publish_mends_it() {
    let shop = Shop::open();
    shop.publish(0);
    let production = shop.path("production");
    let file = |ending: &str| -> PathBuf {
        let all = fs::read_dir(production.join("home")).expect("a folder").map(|entry| entry.expect("an entry").path());
        all.into_iter().find(|path| path.to_str().is_some_and(|path| path.ends_with(ending))).expect("a file")
    };
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).expect("bytes");
        bytes[50] ^= 4;
        fs::write(path, bytes).expect("written");
    };
    let (payload, native, pointer) = (file(".json"), file(".bin"), production.join("home/api/features/home"));
    let served = format!("file://{}", production.display());
    for (path, said) in [
        (&payload, "does not have the digest"),
        (&native, "does not have the digest"),
        (&pointer, "shows something else"),
    ] {
        flip(path);
        let told = ends(1, shop.root(), &["drift"]);
        assert!(told.contains(said), "{told}");
        if *path != pointer {
            ends(1, shop.root(), &["verify", &served]);
        }
        shop.publish(0);
        ends(0, shop.root(), &["drift"]);
    }
    // Two files that are swapped, one that is missing, a fixed name that is missing.
    let other = production.join("search/api/features/search");
    let (a, b) = (fs::read(&pointer).expect("bytes"), fs::read(&other).expect("bytes"));
    fs::write(&pointer, b).expect("written");
    fs::write(&other, a).expect("written");
    assert_eq!(ends(1, shop.root(), &["drift"]).matches("shows something else").count(), 2);
    shop.publish(0);
    fs::remove_file(&payload).expect("removed");
    fs::remove_file(&pointer).expect("removed");
    let told = ends(1, shop.root(), &["drift"]);
    assert!(told.contains("is missing"), "{told}");
    shop.publish(0);
    ends(0, shop.root(), &["drift"]);
    // An older manifest that is put back.
    let old = fs::read(production.join("manifest.json")).expect("bytes");
    shop.edit("flags/search-ranking.toml", "default = false", "default = true");
    commit(shop.root(), "Search");
    shop.publish(0);
    fs::write(production.join("manifest.json"), old).expect("written");
    let told = ends(1, shop.root(), &["drift"]);
    assert!(told.contains("an older manifest is served: its serial is 1, and 2 was served after it"), "{told}");
    let told = shop.publish(0);
    assert!(told.contains("an older manifest was put back"), "{told}");
    assert_eq!(shop.manifest()["serial"], 3);
    ends(0, shop.root(), &["drift"]);
}

#[test]
fn what_servers_send_compressed_is_the_file_itself() {
    let shop = Shop::open();
    shop.publish(0);
    let production = shop.path("production");
    let served = format!("file://{}", production.display());
    let folder = production.to_str().expect("UTF-8");
    let named = named(&shop.manifest(), "home").into_iter().find(|path| path.ends_with(".json")).expect("a payload");
    let sibling = production.join(format!("{named}.gz"));
    let good = fs::read(&sibling).expect("a sibling");
    let other = gzip(b"{\"features\":{}}");
    for bad in [other.clone(), b"garbage".to_vec(), [good.clone(), other].concat(), gzip(&vec![0; 64 << 20])] {
        fs::write(&sibling, bad).expect("written");
        for told in [
            ends(1, shop.root(), &["drift"]),
            ends(1, shop.root(), &["verify", &served]),
            ends(1, shop.root(), &["verify", folder]),
        ] {
            let said = format!("home: `{named}.gz` does not unpack to the file that it is sent in the place of");
            assert!(told.contains(&said), "{told}");
        }
    }
    fs::remove_file(&sibling).expect("removed");
    let told = ends(1, shop.root(), &["drift"]);
    assert!(told.contains(&format!("home: `{named}.gz` is missing")), "{told}");
    // What is there is right, and a folder that was only compiled has none.
    ends(0, shop.root(), &["verify", &served]);
    shop.publish(0);
    ends(0, shop.root(), &["drift"]);
    assert_eq!(fs::read(&sibling).expect("a sibling"), good);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, bytes).expect("memory");
    packed.finish().expect("memory")
}

#[test]
fn a_surface_without_its_proof_keeps_what_is_served() {
    let shop = Shop::open();
    shop.publish(0);
    let before = shop.manifest();
    shop.edit("flags/home-ranker.toml", "default = \"v7\"", "default = \"v8-fresh\"");
    shop.edit(FRESH, "control = \"v7\"\nfresh-first = \"v8-fresh\"", "control = \"v8-fresh\"\nfresh-first = \"v7\"");
    for (kept, lacking) in [(vec!["growthbook"], "native"), (vec!["native"], "growthbook"), (vec![], "native")] {
        shop.compile();
        let mut manifest: Value = serde_json::from_str(&shop.read("dist/manifest.json")).expect("JSON");
        let formats = manifest["surfaces"]["home"]["formats"].as_object_mut().expect("a table");
        formats.retain(|format, _| kept.contains(&format.as_str()));
        fs::write(shop.path("dist/manifest.json"), manifest.to_string()).expect("written");
        let dist = shop.path("dist");
        let dist = dist.to_str().expect("UTF-8");
        let said = ends(1, shop.root(), &["verify", dist]);
        assert!(said.contains(&format!("home: it has no `{lacking}` file")), "{said}");
        let said = ends(1, shop.root(), &["publish", dist]);
        assert!(said.contains("home: held by not proven"), "{said}");
        assert_eq!(shop.manifest()["surfaces"]["home"]["formats"], before["surfaces"]["home"]["formats"]);
    }
}

#[test]
fn drift_says_what_is_compared_and_what_differs() {
    let shop = Shop::open();
    let extra = "version = 1\ndescription = \"Nobody else\"\n\n[where]\ncountry = \"SE\"\n";
    fs::write(shop.path("segments/swedes.toml"), extra).expect("written");
    let preview = format!(
        "{}\n[preview]\nsegment = \"employees\"\nvariant = \"large\"\n",
        crate::world::CARDS.replace("\"ship\"", "\"build\"")
    );
    fs::write(shop.path(crate::world::LARGE_CARDS), &preview).expect("written");
    commit(shop.root(), "A preview");
    shop.publish(0);
    ends(0, shop.root(), &["drift"]);
    // Each edit is told by itself, though no value and no number changes.
    let (cards, rule) = ("flags/home-cards.toml", "segment = \"employees\"");
    for (path, from, to, said) in [
        (cards, rule, "segment = \"swedes\"", "home: flag `home-cards`: its rules are for other segments"),
        (
            crate::world::LARGE_CARDS,
            rule,
            "segment = \"nordic-premium\"",
            "home: flag `home-cards`: its previews differ",
        ),
        (
            crate::world::LARGE_CARDS,
            "variant = \"large\"",
            "variant = \"control\"",
            "home: flag `home-cards`: its previews differ",
        ),
    ] {
        let text = shop.read(path);
        shop.edit(path, from, to);
        commit(shop.root(), "An edit");
        let told = ends(1, shop.root(), &["drift"]);
        assert!(told.contains(said) && !told.contains("another version"), "{told}");
        fs::write(shop.path(path), text).expect("written");
        commit(shop.root(), "And back");
        ends(0, shop.root(), &["drift"]);
    }
    // A held surface is not said to be served as Git says.
    shop.edit("flags/search-ranking.toml", "default = false", "default = \"no\"");
    commit(shop.root(), "Broken");
    let told = ends(0, shop.root(), &["drift"]);
    assert!(
        told.contains("1 surface is served as `HEAD` says, with serial 1; 1 is held, and was not compared"),
        "{told}"
    );
}

#[test]
fn only_the_owner_of_the_key_publishes_what_passes() {
    let shop = Shop::open();
    shop.publish(0);
    let keys = shop.path("keys");
    let keys = keys.to_str().expect("UTF-8");
    ends(0, shop.root(), &["publish", "--new-key", keys]);
    assert!(ends(3, shop.root(), &["publish", "--new-key", keys]).contains("cannot create"));
    let other = format!("{keys}/other");
    ends(0, shop.root(), &["publish", "--new-key", &other]);
    let (private, public) = (format!("{keys}/signing.pem"), format!("{keys}/signing.pub.pem"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&private).expect("a key").permissions().mode() & 0o777, 0o600);
    }
    let dist = shop.path("dist");
    let dist = dist.to_str().expect("UTF-8");
    let served = format!("file://{}", shop.path("production").display());
    assert!(ends(1, shop.root(), &["verify", &served, "--key", &public]).contains("the manifest is not signed"));
    assert!(ends(1, shop.root(), &["drift", "--key", &public]).contains("the manifest is not signed"));
    let said = ends(2, shop.root(), &["publish", dist, "--signing-key", &private]);
    assert!(said.contains("`--adopt`"), "{said}");
    ends(0, shop.root(), &["publish", dist, "--signing-key", &private, "--adopt"]);
    ends(0, shop.root(), &["verify", &served, "--key", &public]);
    ends(0, shop.root(), &["drift", "--key", &public]);
    // Neither without a key, nor with another, nor altered.
    assert!(ends(2, shop.root(), &["publish", dist]).contains("there is no key to sign the next one with"));
    let others = format!("{other}/signing.pem");
    assert!(ends(2, shop.root(), &["publish", dist, "--signing-key", &others]).contains("is signed by key"));
    let others = format!("{other}/signing.pub.pem");
    assert!(ends(1, shop.root(), &["verify", &served, "--key", &others]).contains("is signed by key"));
    shop.edit("production/manifest.json", "\"source\": \"", "\"source\": \"0");
    assert!(ends(1, shop.root(), &["verify", &served, "--key", &public]).contains("is not what was signed"));
    assert!(ends(1, shop.root(), &["drift", "--key", &public]).contains("is not what was signed"));
    // The key is in nothing that is said or written.
    let key = fs::read_to_string(&private).expect("a key");
    let key = key.lines().nth(1).expect("base64").to_owned();
    assert!(
        !shop.read("production/manifest.json").contains(&key)
            && !ends(2, shop.root(), &["publish", dist]).contains(&key)
    );
    ends(2, shop.root(), &["publish", dist, "--signing-key", &public]);
}

#[test]
fn promotion_copies_the_very_same_bytes() {
    let shop = Shop::open();
    shop.compile();
    let dist = shop.path("dist");
    ends(0, shop.root(), &["publish", dist.to_str().expect("UTF-8"), "--to", "staging"]);
    fs::remove_dir_all(&dist).expect("removed");
    let said = ends(0, shop.root(), &["publish", "staging", "--to", "production"]);
    assert!(said.contains("home: new"), "{said}");
    let manifest = shop.manifest();
    for format in ["native", "growthbook"] {
        let path = manifest["surfaces"]["home"]["formats"][format]["path"].as_str().expect("a path");
        assert_eq!(
            fs::read(shop.path("staging").join(path)).expect("bytes"),
            fs::read(shop.path("production").join(path)).expect("bytes")
        );
    }
    ends(0, shop.root(), &["drift", "--to", "production"]);
}

#[test]
fn retention_removes_what_nothing_named_for_a_month_and_nothing_younger() {
    let shop = Shop::open();
    shop.publish(0);
    let first: Vec<String> = named(&shop.manifest(), "search");
    shop.edit("flags/search-ranking.toml", "default = false", "default = true");
    commit(shop.root(), "One");
    shop.publish(0);
    let age = |days: u64| {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
        for path in files(&shop.path("production")) {
            let file = fs::File::options().append(true).open(path).expect("a file");
            file.set_modified(then).expect("a time");
        }
    };
    let there = |paths: &[String]| paths.iter().filter(|path| shop.path("production").join(path).exists()).count();
    age(20);
    shop.edit("flags/search-ranking.toml", "default = true", "default = false");
    shop.edit("flags/search-ranking.toml", "owner", "description = \"x\"\nowner");
    commit(shop.root(), "Two");
    shop.publish(0);
    assert_eq!(there(&first), first.len());
    let second: Vec<String> = named(&shop.manifest(), "search");
    assert_eq!(first, second, "the same values are the same files");
    shop.edit("flags/search-ranking.toml", "default = false", "default = true");
    commit(shop.root(), "Three");
    shop.publish(0);
    age(40);
    shop.edit(FRESH, "control = \"v7\"\nfresh-first = \"v8-fresh\"", "control = \"v7\"\nfresh-first = \"v7\"");
    commit(shop.root(), "Four");
    let said = shop.publish(0);
    assert!(said.contains("removed that nothing named any more"), "{said}");
    // What the manifest before this one named was served until a moment ago.
    assert_eq!(there(&named(&shop.manifest(), "search")), 2);
    assert_eq!(there(&first), 0, "{said}");
    ends(0, shop.root(), &["drift"]);
}

fn named(manifest: &Value, surface: &str) -> Vec<String> {
    let formats = manifest["surfaces"][surface]["formats"].as_object().expect("formats");
    formats.values().map(|file| file["path"].as_str().expect("a path").to_owned()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_commit_that_there_is_not_is_wrong_usage() {
    let shop = Shop::open();
    shop.publish(0);
    let said = ends(2, shop.root(), &["rollback", "zzz"]);
    assert!(said.contains("`zzz`"), "{said}");
}

#[test]
fn a_surface_that_is_held_and_was_never_served_is_said_to_be_so() {
    let shop = Shop::open();
    shop.edit("flags/search-ranking.toml", "default = false", "default = \"no\"");
    commit(shop.root(), "Broken");
    let said = shop.publish(1);
    assert!(said.contains("search: held by ") && said.contains("; nothing was served before"), "{said}");
    shop.edit("flags/search-ranking.toml", "default = \"no\"", "default = false");
    commit(shop.root(), "Mended");
    let said = ends(1, shop.root(), &["drift"]);
    assert!(said.contains("search: nothing of it is served"), "{said}");
}

#[test]
fn a_file_with_its_times_in_it_is_right_for_as_long_as_git_says_the_same() {
    let shop = Shop::open();
    shop.edit("surfaces/search.toml", "unit = \"user\"", "unit = \"user\"\nsdk = \"eppo\"");
    let text = "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"search\"\nflag = \"search-ranking\"\n\
                hypothesis = \"Ranked is found faster\"\nstart = 2027-02-01\ndays = 28\ntraffic = \"20%\"\n\
                ramp = [{ days = 1, traffic = \"2%\" }]\n\n\
                [variants]\ncontrol = false\nranked = true\n\n[success]\nminutes-listened = { mde = \"2.5%\" }\n";
    fs::create_dir_all(shop.path("experiments/search")).expect("a folder");
    fs::write(shop.path("experiments/search/ranked.toml"), text).expect("written");
    ends(0, shop.root(), &["allocate"]);
    commit(shop.root(), "Ranked");
    shop.publish(0);
    let drift = |code: i32, at: &str| {
        let (ended, said) = at_root(shop.root(), &["drift", "--at", at]);
        assert_eq!(ended, Some(code), "{said}");
        said
    };
    drift(0, AT);
    // The first step of its ramp is over.
    drift(0, "2027-02-03T00:00:00Z");
    // GrowthBook's files hold what is live at one instant.
    let said = drift(1, "2027-02-09T00:00:00Z");
    assert!(said.contains("home: ") && !said.contains("search: "), "{said}");
}
