//! Planning alone: the next manifest, what was stopped, and what retention frees.

use std::collections::{BTreeMap, BTreeSet};

use allotment::artifact::Artifact;
use allotment::artifact::manifest::{Manifest, Stopped};
use allotment::publish::{Change, Listed, Offer, Record, differences, freed, next, path_of_serial, stopped, withhold};
use proptest::prelude::*;

use super::{offer, two, world};
use crate::world::TODAY;

fn served(offer: &Offer, serial: u64) -> Manifest {
    Manifest { serial, ..offer.manifest.clone() }
}

#[test]
fn the_same_files_are_the_same_manifest_whatever_the_hour() {
    let first = offer(&world(), 0, "aaaa");
    let mut later = first.clone();
    later.manifest.at += 3_600;
    later.manifest.surfaces.values_mut().for_each(|surface| surface.at += 3_600);
    let before = served(&first, 4);
    let same = next(&later.manifest, &BTreeMap::new(), Vec::new(), Some(&before), 4, true);
    assert!(!same.is_new && same.manifest == before);
    let damaged = next(&later.manifest, &BTreeMap::new(), Vec::new(), Some(&before), 4, false);
    assert!(damaged.is_new && damaged.manifest.serial == 5);
    later.manifest.source = Some("bbbb".to_owned());
    let moved = next(&later.manifest, &BTreeMap::new(), Vec::new(), Some(&before), 9, true);
    assert!(moved.is_new && moved.manifest.serial == 10);
    assert_eq!(moved.manifest.surfaces, before.surfaces);
}

#[test]
fn a_surface_that_is_held_or_not_proven_keeps_what_is_served_and_the_others_go_out() {
    let (first, mut second) = two();
    let before = served(&first, 1);
    let refused = BTreeMap::from([("home".to_owned(), "not proven".to_owned())]);
    let one = next(&second.manifest, &refused, Vec::new(), Some(&before), 1, true);
    assert_eq!(one.manifest.surfaces["home"].formats, before.surfaces["home"].formats);
    assert_eq!(one.manifest.surfaces["home"].held.as_deref(), Some("not proven"));
    assert_eq!(one.manifest.surfaces["search"], second.manifest.surfaces["search"]);
    assert_eq!(one.surfaces["search"], Change::Changed);
    // Held once more for the same reason is nothing new.
    let again = next(&second.manifest, &refused, Vec::new(), Some(&one.manifest), 2, true);
    assert!(!again.is_new);
    // Where nothing is served, nothing that is not proven is.
    let none = next(&second.manifest, &refused, Vec::new(), None, 0, true);
    assert!(none.manifest.surfaces["home"].formats.is_empty());
    second.manifest.surfaces.remove("search");
    let gone = next(&second.manifest, &BTreeMap::new(), Vec::new(), Some(&before), 1, true);
    assert_eq!(gone.surfaces["search"], Change::Gone);
    assert!(!gone.manifest.surfaces.contains_key("search"));
}

#[test]
fn what_was_stopped_comes_back_only_when_git_agrees() {
    let live = offer(&world(), 0, "aaaa");
    let artifact = live.artifact("home").expect("an artifact");
    let now = TODAY.seconds() + 60;
    assert!(stopped(&artifact, "nothing", now, "x").is_none());
    let (record, rest) = stopped(&artifact, "fresh-first", now, "harm").expect("it is served");
    assert_eq!((record.key.as_str(), record.phase()), ("fresh-first", 1));
    assert!(rest.claims().all(|(_, claim)| claim.id != "fresh-first"));
    assert!(
        differences(&artifact, &rest).iter().any(|line| line.contains("`fresh-first` is served, and Git does not")),
        "{:?}",
        differences(&artifact, &rest)
    );
    let none = BTreeMap::new();
    let records = [record.clone()];
    // Git has it live: it is left out, and the record stays.
    let mut same = live.clone();
    same.manifest.at = now;
    let kept = withhold(&mut same, &records, &none, false);
    assert_eq!((kept.stopped.len(), kept.against.len(), kept.settled.len()), (1, 1, 0));
    assert_eq!(same.artifact("home").expect("an artifact"), rest);
    assert_ne!(same.manifest.surfaces["home"].formats, live.manifest.surfaces["home"].formats);
    // A higher phase is another experiment.
    let mut risen = live.clone();
    let mut artifact: Artifact = artifact.clone();
    for claim in artifact.flags.iter_mut().flat_map(|flag| &mut flag.claims).filter(|claim| claim.id == "fresh-first") {
        claim.phase = 2;
        claim.key = "fresh-first.2".to_owned();
    }
    risen.manifest.at = now;
    risen.replace(&artifact, now).expect("it is served");
    let settled = withhold(&mut risen.clone(), &records, &none, false);
    assert_eq!((settled.stopped.len(), settled.settled.len()), (0, 1));
    // Git no longer has it: settled, unless that was compiled before it was stopped, is held, or is old on purpose.
    let mut over = live.clone();
    over.replace(&rest, now).expect("it is served");
    over.manifest.at = now;
    assert_eq!(withhold(&mut over.clone(), &records, &none, false).settled.len(), 1);
    assert_eq!(withhold(&mut over.clone(), &records, &none, true).stopped.len(), 1);
    let held = BTreeMap::from([("home".to_owned(), "not proven".to_owned())]);
    assert_eq!(withhold(&mut over.clone(), &records, &held, false).stopped.len(), 1);
    over.manifest.at = now - 1;
    assert_eq!(withhold(&mut over, &records, &none, false).stopped.len(), 1);
}

#[test]
fn what_another_place_has_stopped_is_no_word_of_git() {
    let live = offer(&world(), 0, "aaaa");
    let artifact = live.artifact("home").expect("an artifact");
    let now = TODAY.seconds();
    let (record, rest) = stopped(&artifact, "fresh-first", now, "harm").expect("it is served");
    let none = BTreeMap::new();
    let mut theirs = live;
    theirs.replace(&rest, now).expect("it is served");
    theirs.manifest.at = now + 60;
    theirs.manifest.stopped = vec![record.clone()];
    let told = |own: &[Stopped], refused: &BTreeMap<String, String>| withhold(&mut theirs.clone(), own, refused, false);
    // What is stopped in both stays as it was said here; what is stopped there alone is taken over.
    let own = Stopped { reason: "ours".to_owned(), ..record.clone() };
    let both = told(std::slice::from_ref(&own), &none);
    assert_eq!((&both.stopped[..], &both.alike[..]), (&[own.clone()][..], &[own.clone()][..]));
    assert!(both.settled.is_empty() && both.carried.is_empty() && both.against.is_empty());
    let carried = told(&[], &none);
    assert_eq!((carried.carried, carried.stopped), (vec![record.clone()], Vec::new()));
    // What is stopped here alone, and missing there of its own, is settled, and a later phase than ours is taken over.
    let other = Stopped { experiment: "other".to_owned(), key: "other".to_owned(), ..own.clone() };
    let settled = told(std::slice::from_ref(&other), &none);
    assert_eq!((settled.settled, settled.carried), (vec![other], vec![record.clone()]));
    theirs.manifest.stopped[0].key = "fresh-first.2".to_owned();
    let told = |own: &[Stopped], refused: &BTreeMap<String, String>| withhold(&mut theirs.clone(), own, refused, false);
    let later = told(std::slice::from_ref(&own), &none);
    assert_eq!((later.stopped.len(), later.carried.len()), (1, 1));
    // A surface that keeps what is served here has nothing of what is stopped there.
    let held = BTreeMap::from([("home".to_owned(), "not proven".to_owned())]);
    assert!(told(&[], &held).carried.is_empty());
}

#[test]
fn retention_touches_nothing_that_is_not_ours() {
    let (first, second) = two();
    let old = |path: &str| Listed { path: path.to_owned(), written: 0 };
    let mut all: Vec<Listed> =
        ["index.html", "js/app.js", "home/other-0123456789abcdef.json", "home/native-01.bin"].map(old).to_vec();
    let theirs = all.len();
    all.extend(first.manifest.files().map(|(_, _, file)| old(&file.path)));
    all.extend([
        old("gone/api/features/gone"),
        old("gone/api/features/gone.gz"),
        old("home/.allot-x1y2"),
        old("manifest.json"),
    ]);
    for serial in 1..=3 {
        all.push(Listed { path: path_of_serial(serial), written: i64::try_from(serial).unwrap() * 100 });
    }
    let kept = |serials: &[u64]| -> Vec<Record> {
        serials.iter().map(|serial| Record { serial: *serial, manifest: served(&second, *serial) }).collect()
    };
    let free: BTreeSet<String> = freed(&all, 3, &kept(&[2, 3]), 1_000).into_iter().collect();
    let changed = first.manifest.files().filter(|(_, _, file)| !second.files.contains_key(&file.path)).count();
    assert_eq!(free.len(), changed + 4, "{free:?}");
    assert!(all[..theirs].iter().all(|listed| !free.contains(&listed.path)));
    assert!(free.contains(&path_of_serial(1)) && !free.contains("manifest.json"));
    // Where a manifest that counts could not be read, nothing goes.
    assert!(freed(&all, 3, &kept(&[3]), 1_000).is_empty());
}

proptest! {
    #[test]
    fn nothing_that_was_served_within_the_window_is_freed(
        written in proptest::collection::vec((0_i64..1_000, 0_usize..6), 1..12),
        since in 0_i64..1_200,
    ) {
        // Each manifest names two of six files, and is written with those of them that are not there.
        let surface = |file: usize| format!("s{file}");
        let mut times: Vec<i64> = written.iter().map(|(at, _)| *at).collect();
        times.sort_unstable();
        let template = offer_of_six();
        let mut all: BTreeMap<String, i64> = BTreeMap::new();
        let mut history = Vec::new();
        for ((at, (_, file)), serial) in times.iter().zip(&written).zip(1_u64..) {
            let mut manifest = Manifest { serial, ..template.clone() };
            manifest.surfaces.retain(|id, _| *id == surface(*file) || *id == surface((*file + 1) % 6));
            for (_, _, named) in manifest.files() {
                all.entry(named.path.clone()).or_insert(*at);
            }
            all.insert(path_of_serial(serial), *at);
            history.push((*at, Record { serial, manifest }));
        }
        let present = history.len() as u64;
        let listed: Vec<Listed> = all.iter().map(|(path, at)| Listed { path: path.clone(), written: *at }).collect();
        let records: Vec<Record> = history.iter().map(|(_, record)| record.clone()).collect();
        let free: BTreeSet<String> = freed(&listed, present, &records_needed(&listed, present, since, &records), since).into_iter().collect();
        for (number, (_, record)) in history.iter().enumerate() {
            let until = history.get(number + 1).map_or(i64::MAX, |(at, _)| *at);
            if until >= since {
                for (_, _, named) in record.manifest.files() {
                    prop_assert!(!free.contains(&named.path), "{} was served until {until}", named.path);
                }
            }
        }
        for path in &free {
            prop_assert!(all[path] < since, "{path} is young");
        }
    }
}

fn records_needed(listed: &[Listed], present: u64, since: i64, all: &[Record]) -> Vec<Record> {
    let needed = allotment::publish::needed_manifests(listed, present, since);
    all.iter().filter(|record| needed.contains(&record.serial) || record.serial == present).cloned().collect()
}

/// A manifest of six surfaces with a file each.
fn offer_of_six() -> Manifest {
    use allotment::artifact::manifest::{File, Surface};
    let surfaces = (0..6).map(|number| {
        let id = format!("s{number}");
        let formats = BTreeMap::from([("native".to_owned(), File::of(&id, "native", "bin", id.as_bytes()))]);
        (id, Surface { sdk: "growthbook".to_owned(), at: 0, held: None, formats })
    });
    Manifest { version: 1, surfaces: surfaces.collect(), ..Manifest::default() }
}
