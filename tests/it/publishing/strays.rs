//! Fixed names of bundles and surfaces that are gone: they are read for as long as they are there, and never show what was stopped.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use flate2::read::GzDecoder;

use super::commands::{Shop, ends};
use super::web::{Manner, Objects, serve_over};
use crate::merges::commit;

const APP: &str = "\n[bundles]\napp = { surfaces = [\"home\", \"search\"] }\n";
const STOP: [&str; 5] = ["stop", "fresh-first", "--reason", "Crashes.", "--no-pull-request"];
const RANKED: [&str; 5] = ["stop", "ranked", "--reason", "Harm.", "--no-pull-request"];

/// A bundle is published, and taken out of the catalogue.
fn bundled() -> Shop {
    let shop = Shop::open();
    fs::write(shop.path("allotment.toml"), shop.read("allotment.toml") + APP).expect("written");
    commit(shop.root(), "A bundle");
    shop.publish(0);
    shop.edit("allotment.toml", APP, "");
    commit(shop.root(), "No bundle");
    shop
}

/// A surface with an experiment is published, and taken out of the catalogue.
fn surfaced() -> Shop {
    let shop = Shop::open();
    let text = "version = 1\nstage = \"ship\"\nowner = \"home\"\nsurface = \"search\"\nflag = \"search-ranking\"\n\
                hypothesis = \"Ranked is found faster\"\nstart = 2027-02-01\ndays = 28\ntraffic = \"20%\"\n\n\
                [variants]\ncontrol = false\nranked = true\n\n[success]\nminutes-listened = { mde = \"2.5%\" }\n";
    fs::create_dir_all(shop.path("experiments/search")).expect("a folder");
    fs::write(shop.path("experiments/search/ranked.toml"), text).expect("written");
    ends(0, shop.root(), &["allocate"]);
    commit(shop.root(), "Ranked");
    shop.publish(0);
    shop
}

fn remove_search(shop: &Shop) {
    for path in ["surfaces/search.toml", "flags/search-ranking.toml", "experiments/search"] {
        let path = shop.path(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("removed");
    }
    commit(shop.root(), "No search");
}

/// What an SDK finds under a fixed name, and what one finds that accepts compression.
fn shown(shop: &Shop, name: &str) -> [String; 2] {
    let plain = shop.read(&format!("production/{name}"));
    let packed = fs::read(shop.path(&format!("production/{name}.gz"))).expect("a sibling");
    let mut unpacked = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).expect("a text");
    [plain, unpacked]
}

const IN_APP: &str = "app/api/features/app";
const IN_SEARCH: &str = "search/api/features/search";

/// Lets everything that is published be older by some days.
fn age(folder: &Path, days: u64) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            age(&entry.path(), days);
            continue;
        }
        let file = fs::File::options().append(true).open(entry.path()).expect("a file");
        let then = file.metadata().and_then(|it| it.modified()).expect("a time") - Duration::from_secs(days * 86_400);
        file.set_modified(then).expect("a time");
    }
}

fn day(days: i64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs();
    let day = i64::try_from(now / 86_400).expect("a day") + days;
    let output = Command::new("date").args(["-u", "-d", &format!("1970-01-01 +{day} days"), "+%F"]).output();
    String::from_utf8(output.expect("a date").stdout).expect("a text").trim().to_owned()
}

#[test]
fn what_is_gone_is_said_and_for_how_long_its_fixed_name_stays() {
    for (shop, id, name) in [(bundled(), "app", IN_APP), (surfaced(), "search", IN_SEARCH)] {
        if id == "search" {
            remove_search(&shop);
        }
        let said = ends(0, shop.root(), &["drift", "--commit", "HEAD~1"]);
        assert!(!said.contains(name), "{said}");
        let before = shown(&shop, name);
        let said = shop.publish(0);
        assert!(said.contains(&format!("{id}: ")) && said.contains("is no longer in Git"), "{said}");
        let stays = format!("`{name}` stays as it was on {}, and is removed after {}", day(0), day(30));
        assert!(said.contains(&stays), "{stays}\n{said}");
        assert_eq!(shown(&shop, name), before, "applications still read it");
        let said = ends(0, shop.root(), &["drift"]);
        assert!(said.contains(&format!("`{name}` is still there")), "{said}");
        // Long after that it goes, and that is said by its name.
        age(&shop.path("production"), 40);
        shop.edit("flags/home-cards.toml", "How one item", "How an item");
        commit(shop.root(), "Something else");
        let said = shop.publish(0);
        assert!(said.contains(&format!("`{name}` is removed")), "{said}");
        assert!(!shop.path(&format!("production/{name}")).exists());
        assert!(!ends(0, shop.root(), &["drift"]).contains(name));
    }
}

#[test]
fn a_stop_reaches_the_fixed_name_of_a_bundle_that_is_gone() {
    let shop = bundled();
    shop.publish(0);
    let live = "\"id\":\"fresh-first\"";
    let before = shown(&shop, IN_APP);
    assert!(before.iter().all(|text| text.contains(live)));
    let said = ends(0, shop.root(), &[&STOP[..], &["--dry-run"]].concat());
    assert!(said.contains(&format!("would point   {IN_APP}")), "{said}");
    assert_eq!(shown(&shop, IN_APP), before);
    let said = ends(0, shop.root(), &STOP);
    assert!(said.contains(&format!("`{IN_APP}`")) && said.contains("`fresh-first` is stopped"), "{said}");
    // All else stays as it was.
    let rest = |text: &str| {
        let mut json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let rules = json["features"]["home-ranker"]["rules"].as_array_mut();
        rules.into_iter().for_each(|rules| rules.retain(|rule| rule["key"] != "fresh-first"));
        if json["features"]["home-ranker"]["rules"].as_array().is_some_and(Vec::is_empty) {
            json["features"]["home-ranker"].as_object_mut().expect("a feature").remove("rules");
        }
        json["allotment"]["claims"].as_object_mut().expect("claims").remove("fresh-first");
        json
    };
    let after = shown(&shop, IN_APP);
    for (before, after) in before.iter().zip(&after) {
        assert!(!after.contains("fresh-first"), "{after}");
        assert_eq!(rest(before), serde_json::from_str::<serde_json::Value>(after).expect("JSON"));
    }
    assert!(ends(0, shop.root(), &STOP).contains("is stopped already"));
    // One that comes back by itself is no better: whoever publishes while the record stands takes it out again.
    fs::write(shop.path(&format!("production/{IN_APP}")), &before[0]).expect("written");
    assert!(ends(1, shop.root(), &["drift"]).contains(&format!("`{IN_APP}` still shows `fresh-first`")));
    shop.publish(1);
    assert_eq!(shown(&shop, IN_APP), after);
}

#[test]
fn a_stop_reaches_the_fixed_name_of_a_surface_that_is_gone() {
    let shop = surfaced();
    remove_search(&shop);
    shop.publish(0);
    assert!(shown(&shop, IN_SEARCH).iter().all(|text| text.contains("\"id\":\"ranked\"")));
    let said = ends(0, shop.root(), &RANKED);
    assert!(said.contains("`ranked` is stopped"), "{said}");
    assert!(shown(&shop, IN_SEARCH).iter().all(|text| !text.contains("ranked\"")));
    assert_eq!(shop.manifest()["stopped"][0]["key"], "ranked");
    assert!(ends(0, shop.root(), &RANKED).contains("is stopped already"));
    // Git has nothing of it any more.
    assert!(shop.publish(0).contains("its stop is settled"));
    assert!(shown(&shop, IN_SEARCH).iter().all(|text| !text.contains("ranked\"")));
    ends(2, shop.root(), &["stop", "nothing", "--reason", "Harm.", "--no-pull-request"]);
}

#[test]
fn a_web_server_does_not_list_and_a_stop_finds_such_a_name_all_the_same() {
    let shop = bundled();
    let objects = Objects::default();
    let place = format!("http://127.0.0.1:{}/x", serve_over(Manner::Honest, &objects));
    let shown = || String::from_utf8(objects.lock().expect("objects")[&format!("/x/{IN_APP}")].clone()).expect("text");
    let publish = || {
        shop.compile();
        let dist = shop.path("dist");
        ends(0, shop.root(), &["publish", dist.to_str().expect("UTF-8"), "--to", &place])
    };
    fs::write(shop.path("allotment.toml"), shop.read("allotment.toml") + APP).expect("written");
    commit(shop.root(), "A bundle");
    publish();
    shop.edit("allotment.toml", APP, "");
    commit(shop.root(), "No bundle");
    assert!(publish().contains(&format!("`{IN_APP}` stays as it was")));
    shop.edit("flags/home-cards.toml", "How one item", "How an item");
    commit(shop.root(), "Something else");
    publish();
    assert!(shown().contains("fresh-first"));
    // Where it cannot be written, that is what is left to do.
    let refuses = format!("http://127.0.0.1:{}/x", serve_over(Manner::RefusesAbout("app/api"), &objects));
    let said = ends(3, shop.root(), &[&STOP[..], &["--to", &refuses]].concat());
    assert!(said.contains(&format!("`{IN_APP}` shows it still")) && said.contains("remove it by hand"), "{said}");
    assert!(said.contains("403") && shown().contains("fresh-first"), "{said}");
    let said = ends(0, shop.root(), &[&STOP[..], &["--to", &place]].concat());
    assert!(said.contains("is stopped already") && !shown().contains("fresh-first"), "{said}");
}
