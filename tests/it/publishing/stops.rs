//! What was stopped or is over stays so, whatever is promoted, lost, damaged or rolled back.

use std::fs;
use std::path::PathBuf;

use super::commands::{FRESH, Shop, ends};
use crate::merges::{commit, git};

const STOP: [&str; 5] = ["stop", "fresh-first", "--reason", "Crashes.", "--no-pull-request"];

/// The copy of a manifest in the history of production.
fn copy(shop: &Shop, serial: u64) -> PathBuf {
    shop.path(&format!("production/manifests/{serial:010}.json"))
}

fn remove_manifest(shop: &Shop) {
    fs::remove_file(shop.path("production/manifest.json")).expect("removed");
}

fn damage(path: &PathBuf) {
    let bytes = fs::read(path).expect("bytes");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
}

#[test]
fn a_promotion_is_no_word_of_git_and_carries_over_what_was_stopped() {
    for also_here in [true, false] {
        let shop = Shop::open();
        shop.compile();
        let dist = shop.path("dist");
        ends(0, shop.root(), &["publish", dist.to_str().expect("UTF-8"), "--to", "staging"]);
        let promote = ["publish", "staging", "--to", "production"];
        ends(0, shop.root(), &promote);
        if also_here {
            ends(0, shop.root(), &STOP);
        }
        ends(0, shop.root(), &[&STOP[..], &["--to", "staging"]].concat());
        let said = ends(0, shop.root(), &promote);
        assert!(!said.contains("is settled") && !shop.serves_fresh(), "{said}");
        assert!(said.contains("`fresh-first` stays stopped"), "{said}");
        assert_eq!(shop.manifest()["stopped"][0]["experiment"], "fresh-first", "{said}");
        assert!(shop.manifest()["stopped"][1].is_null(), "once is enough");
        assert!(ends(0, shop.root(), &promote).contains("nothing to write"));
        // Git has it live all the time.
        let said = shop.publish(1);
        assert!(said.contains("home: `fresh-first` stays stopped") && !shop.serves_fresh(), "{said}");
        let words =
            ["conclude", "fresh-first", "--outcome", "stopped", "--reason", "Crashes.", "--learned", "Test first."];
        ends(0, shop.root(), &words);
        commit(shop.root(), "Conclude");
        assert!(shop.publish(0).contains("its stop is settled"));
        assert!(shop.manifest()["stopped"].is_null());
    }
}

#[test]
fn a_store_without_its_manifest_is_taken_over_by_nobody_else() {
    let shop = Shop::open();
    let keys = shop.path("keys");
    let keys = keys.to_str().expect("UTF-8");
    let other = format!("{keys}/other");
    ends(0, shop.root(), &["publish", "--new-key", keys]);
    ends(0, shop.root(), &["publish", "--new-key", &other]);
    let (private, others) = (format!("{keys}/signing.pem"), format!("{other}/signing.pem"));
    shop.compile();
    let dist = shop.path("dist");
    let dist = dist.to_str().expect("UTF-8");
    ends(0, shop.root(), &["publish", dist, "--signing-key", &private]);
    let unsigned = shop.read("production/manifest.json");
    ends(0, shop.root(), &[&STOP[..], &["--signing-key", &private]].concat());
    remove_manifest(&shop);
    let said = ends(2, shop.root(), &["publish", dist]);
    assert!(said.contains("there is no key to sign the next one with") && said.contains("`--adopt`"), "{said}");
    let said = ends(2, shop.root(), &["publish", dist, "--signing-key", &others]);
    assert!(said.contains("is signed by key") && said.contains("`--adopt`"), "{said}");
    assert!(!shop.path("production/manifest.json").exists() && !shop.serves_fresh());
    let said = ends(1, shop.root(), &["publish", dist, "--signing-key", &private]);
    assert!(said.contains("`fresh-first` stays stopped") && !shop.serves_fresh(), "{said}");
    assert_eq!(shop.manifest()["serial"], 3);
    // Nor is one where a manifest of before anything was signed is put back.
    let start = unsigned.find("  \"signature\"").expect("it is signed");
    let bare = format!("{}\n}}\n", unsigned[..start].trim_end().trim_end_matches(','));
    fs::write(shop.path("production/manifest.json"), bare).expect("written");
    let said = ends(2, shop.root(), &["publish", dist]);
    assert!(said.contains("`--adopt`") && !shop.serves_fresh(), "{said}");
}

#[test]
fn what_is_stopped_outlasts_the_manifest_and_its_newest_copy() {
    let shop = Shop::open();
    shop.publish(0);
    let first = shop.read("production/manifest.json");
    ends(0, shop.root(), &STOP);
    shop.edit("flags/search-ranking.toml", "default = false", "default = true");
    commit(shop.root(), "Search");
    shop.publish(1);
    damage(&copy(&shop, 3));
    // An older one is put back while the newest copy cannot be read.
    fs::write(shop.path("production/manifest.json"), first).expect("written");
    let said = shop.publish(1);
    assert!(said.contains("`manifests/0000000003.json` cannot be read"), "{said}");
    assert!(said.contains("going on from serial 2") && !shop.serves_fresh(), "{said}");
    assert_eq!(shop.manifest()["serial"], 4);
    damage(&copy(&shop, 4));
    remove_manifest(&shop);
    let said = shop.publish(1);
    assert!(said.contains("`manifests/0000000004.json` cannot be read"), "{said}");
    assert!(said.contains("going on from serial 2") && !shop.serves_fresh(), "{said}");
    assert_eq!(shop.manifest()["serial"], 5);
    // Where no copy can be read nobody knows what was stopped.
    (1..=5).for_each(|serial| damage(&copy(&shop, serial)));
    remove_manifest(&shop);
    let dist = shop.path("dist");
    let dist = dist.to_str().expect("UTF-8");
    let said = ends(2, shop.root(), &["publish", dist]);
    assert!(said.contains("none of its copies can be read") && said.contains("`--adopt`"), "{said}");
    ends(2, shop.root(), &STOP);
    assert!(!shop.serves_fresh());
    ends(0, shop.root(), &["publish", dist, "--adopt"]);
    assert_eq!(shop.manifest()["serial"], 6);
}

#[test]
fn a_stop_names_what_is_damaged_and_never_says_that_it_is_not_served() {
    let shop = Shop::open();
    shop.publish(0);
    let native = shop.manifest()["surfaces"]["home"]["formats"]["native"]["path"].as_str().expect("a path").to_owned();
    let file = shop.path("production").join(&native);
    let good = fs::read(&file).expect("bytes");
    let stop = |code: i32| ends(code, shop.root(), &STOP);
    for at in [9, good.len() - 1, good.len()] {
        match good.get(at) {
            Some(byte) => {
                let mut bytes = good.clone();
                bytes[at] = byte ^ 1;
                fs::write(&file, bytes).expect("written");
            }
            None => fs::remove_file(&file).expect("removed"),
        }
        let said = stop(3);
        assert!(said.contains(&native) && said.contains("`home`") && !said.contains("is not served"), "{said}");
        assert!(said.contains("`allot publish`") && said.contains("`allot rollback COMMIT`"), "{said}");
    }
    // What is on no surface that can be read may be on one that cannot.
    ends(3, shop.root(), &["stop", "anything", "--reason", "x"]);
    ends(0, shop.root(), &["rollback", "HEAD"]);
    assert_eq!(fs::read(&file).expect("bytes"), good);
    stop(0);
    assert!(!shop.serves_fresh());
    // Another surface that is damaged is no reason to wait.
    shop.publish(1);
    let other = shop.manifest()["surfaces"]["search"]["formats"]["native"]["path"].as_str().expect("a path").to_owned();
    fs::remove_file(shop.path("production").join(other)).expect("removed");
    assert!(stop(1).contains("is stopped already"));
}

#[test]
fn a_rollback_brings_nothing_back_that_is_over_or_paused() {
    for (from, to) in [
        (&["days = 28"][..], &["days = 14"][..]),
        (&["traffic = \"20%\"", "ramp = [{ days = 1, traffic = \"2%\" }]"], &["traffic = \"0%\"", ""]),
    ] {
        let shop = Shop::open();
        shop.publish(0);
        assert!(shop.serves_fresh());
        from.iter().zip(to).for_each(|(from, to)| shop.edit(FRESH, from, to));
        ends(0, shop.root(), &["allocate"]);
        commit(shop.root(), "It ends");
        shop.publish(0);
        assert!(!shop.serves_fresh(), "{to:?}");
        ends(0, shop.root(), &["rollback", "HEAD~1"]);
        assert!(!shop.serves_fresh(), "{to:?}");
        // What HEAD has live is served again.
        from.iter().zip(to).filter(|(_, to)| !to.is_empty()).for_each(|(from, to)| shop.edit(FRESH, to, from));
        ends(0, shop.root(), &["allocate"]);
        commit(shop.root(), "It goes on");
        ends(0, shop.root(), &["rollback", "HEAD~2"]);
        assert!(shop.serves_fresh(), "{to:?}");
    }
}

#[test]
fn a_stop_that_a_bundle_does_not_see_is_not_complete() {
    let shop = Shop::open();
    let root = shop.read("allotment.toml");
    fs::write(shop.path("allotment.toml"), root + "\n[bundles]\napp = { surfaces = [\"home\", \"search\"] }\n")
        .expect("written");
    commit(shop.root(), "A bundle");
    shop.publish(0);
    let bundled = || shop.read("production/app/api/features/app").contains("\"id\":\"fresh-first\"");
    assert!(bundled());
    let other = &shop.manifest()["surfaces"]["search"]["formats"]["growthbook"]["path"];
    damage(&shop.path("production").join(other.as_str().expect("a path")));
    let said = ends(3, shop.root(), &[&STOP[..], &["--dry-run"]].concat());
    assert!(said.contains("the stop would not be complete: the bundle `app`") && shop.serves_fresh(), "{said}");
    for _ in 0..2 {
        let said = ends(3, shop.root(), &STOP);
        assert!(said.contains("the bundle `app` cannot be made anew") && said.contains("`allot publish`"), "{said}");
        assert!(!shop.serves_fresh() && bundled());
    }
    // Git says nothing new, and the bundle is made anew all the same.
    shop.publish(1);
    assert!(!bundled());
    assert!(ends(0, shop.root(), &STOP).contains("is stopped already"));
}

#[test]
fn a_rollback_brings_back_no_phase_that_was_stopped_or_is_over() {
    for stops in [true, false] {
        let shop = Shop::open();
        shop.publish(0);
        if stops {
            ends(0, shop.root(), &STOP);
        }
        shop.edit(FRESH, "start = 2027-01-11", "phase = 2\nstart = 2027-03-01");
        ends(0, shop.root(), &["allocate"]);
        commit(shop.root(), "Another phase");
        assert_eq!(shop.publish(0).contains("its stop is settled"), stops);
        ends(0, shop.root(), &["rollback", "HEAD~1"]);
        assert!(!shop.serves_fresh(), "{stops}");
    }
}

#[test]
fn a_rollback_remembers_stops_that_git_has_caught_up_with() {
    let shop = Shop::open();
    shop.publish(0);
    ends(0, shop.root(), &STOP);
    let words = ["conclude", "fresh-first", "--outcome", "stopped", "--reason", "Crashes.", "--learned", "Test first."];
    ends(0, shop.root(), &words);
    commit(shop.root(), "Conclude");
    assert!(shop.publish(0).contains("its stop is settled"));
    assert!(git(shop.root(), &["revert", "--no-edit", "HEAD"]).status.success());
    shop.publish(0);
    assert!(shop.serves_fresh(), "Git says so");
    ends(0, shop.root(), &["rollback", "HEAD~2"]);
    assert!(!shop.serves_fresh());
}

#[test]
fn drift_says_what_settles_a_stop() {
    let shop = Shop::open();
    shop.publish(0);
    ends(0, shop.root(), &STOP);
    let said = ends(1, shop.root(), &["drift"]);
    assert!(said.contains("`allot conclude fresh-first --outcome stopped …` makes Git agree"), "{said}");
    assert!(!said.contains("puts what Git says"), "{said}");
    shop.edit("flags/search-ranking.toml", "default = false", "default = true");
    commit(shop.root(), "Search");
    let said = ends(1, shop.root(), &["drift"]);
    assert!(said.contains("`allot conclude fresh-first") && said.contains("puts what Git says"), "{said}");
}
