//! Whole distributions, sound and tampered with.

use super::*;
use crate::artifact::manifest::{self, Manifest};
use crate::artifact::sample::{self, DAY, START};
use crate::artifact::{Step, exposure_key};
use crate::bucket::{BucketSet, Hasher};
use crate::eval::Evaluator;
use std::collections::BTreeMap;

/// A distribution in memory: manifest, and files by path.
struct Dist {
    manifest: Manifest,
    files: BTreeMap<String, Vec<u8>>,
}

impl Dist {
    fn of(artifacts: &[Artifact]) -> Self {
        let mut dist = Self {
            manifest: Manifest { version: manifest::VERSION, at: START, ..Manifest::default() },
            files: BTreeMap::new(),
        };
        for artifact in artifacts {
            let surface =
                Surface { sdk: artifact.scheme.to_string(), at: sample::AT, held: None, formats: BTreeMap::new() };
            dist.manifest.surfaces.insert(artifact.surface.clone(), surface);
            dist.put(&artifact.surface, "native", artifact.encode());
            if let Ok(payload) = format::encode(artifact, sample::AT) {
                dist.put(&artifact.surface, artifact.scheme.id(), payload);
            }
        }
        dist
    }

    /// Puts a file with the entry that goes with it.
    fn put(&mut self, surface: &str, format: &str, bytes: Vec<u8>) {
        let extension = format::extension(format).unwrap();
        let file = File::of(surface, format, extension, &bytes);
        self.files.insert(file.path.clone(), bytes);
        self.manifest.surfaces.get_mut(surface).unwrap().formats.insert(format.into(), file);
    }

    fn entry(&mut self, surface: &str, format: &str) -> &mut File {
        self.manifest.surfaces.get_mut(surface).unwrap().formats.get_mut(format).unwrap()
    }

    fn verify(&self) -> Report {
        verify(self.manifest.to_json().as_bytes(), |path| self.files.get(path).cloned())
    }

    fn words(&self) -> Vec<String> {
        self.verify().failures.iter().map(ToString::to_string).collect()
    }
}

fn hasher() -> Hasher {
    Scheme::GrowthBook.surface_hasher("home.5e1f")
}

#[test]
fn a_sound_distribution_passes() {
    let mut search = sample::crowded(20, 1_000, 200);
    search.surface = "search".into();
    let report = Dist::of(&[sample::home(), search]).verify();
    assert_eq!(report.failures, []);
    assert_eq!((report.surfaces, report.files, report.claims), (2, 4, 24));
    assert_eq!(report.to_string(), "2 surfaces, 4 files, 24 experiments and rollouts: 0 failures");
}

#[test]
fn an_overlap_is_shown_by_a_unit() {
    let mut home = sample::home();
    home.flags[0].claims[2].steps[0].buckets = BucketSet::parse("20-25", 100).unwrap();
    let failures = verify_artifact(&home);
    let [Failure { surface, fault: Fault::Overlap(overlap) }] = failures.as_slice() else {
        panic!("{failures:?}");
    };
    assert_eq!(surface.as_deref(), Some("home"));
    assert_eq!(overlap.claims, ["fresh-first", "calm"]);
    assert_eq!(overlap.flag.as_deref(), Some("home-ranker"));
    assert_eq!(overlap.during, (START, Some(START + 20 * DAY)));
    assert_eq!(overlap.buckets.to_string(), "20-21");
    let unit = overlap.unit.as_deref().unwrap();
    assert!((20..22).contains(&(hasher().cell(unit) / 100)), "{unit}");
    let words = failures[0].to_string();
    let expected = "home: `fresh-first` and `calm` both serve flag `home-ranker` and share buckets 20-21; unit `unit-";
    assert!(words.starts_with(expected), "{words}");
    // The payload by itself shows it too.
    let mut dist = Dist::of(&[sample::home()]);
    dist.manifest.surfaces.get_mut("home").unwrap().formats.clear();
    dist.put("home", "growthbook", format::encode(&home, START + DAY).unwrap());
    let words = dist.words();
    assert!(words.len() == 2 && words[1].contains("share buckets 2000-2199"), "{words:?}");
}

#[test]
fn a_surface_has_all_that_it_is_served_in_and_proven_by() {
    let of = |scheme: Scheme, kept: &[&str], held: Option<&str>| {
        let mut dist = Dist::of(&[Artifact { scheme, ..sample::home() }]);
        let surface = dist.manifest.surfaces.get_mut("home").unwrap();
        surface.held = held.map(str::to_owned);
        surface.formats.retain(|format, _| kept.contains(&format.as_str()));
        dist.words()
    };
    let none: [&str; 0] = [];
    for (scheme, id) in [(Scheme::GrowthBook, "growthbook"), (Scheme::Eppo, "eppo"), (Scheme::Confidence, "confidence")]
    {
        let (native, sdk) = ("home: it has no `native` file", format!("home: it has no `{id}` file"));
        for held in [None, Some("`syntax`")] {
            assert_eq!(of(scheme, &["native", id], held), none);
            assert_eq!(of(scheme, &["native"], held), [sdk.as_str()]);
            assert_eq!(of(scheme, &[id], held), [native]);
        }
        assert_eq!(of(scheme, &[], None), [native, sdk.as_str()]);
        assert_eq!(of(scheme, &[], Some("it was never served")), none);
    }
    // A payload that nothing is held against could say anything.
    let mut dist = Dist::of(&[sample::home()]);
    let eppo = Artifact { scheme: Scheme::Eppo, ..sample::home() };
    dist.put("home", "eppo", format::encode(&eppo, sample::AT).unwrap());
    assert_eq!(dist.words()[0], "home: format `eppo` has no part in a surface of sdk `growthbook`");
}

#[test]
fn components_and_windows_decide_who_excludes_whom() {
    let faults = |change: fn(&mut Artifact)| {
        let mut home = sample::home();
        change(&mut home);
        verify_artifact(&home).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // The rollout on cards shares buckets with all of ranker, and no component.
    assert_eq!(faults(|_| ()), Vec::<String>::new());
    let global = faults(|home| home.flags[1].claims[0].components = vec!["*".into()]);
    assert_eq!(global.len(), 3, "{global:?}");
    assert!(global[0].contains("`home-cards` exclude each other, since one claims all, and share"), "{global:?}");
    let touching = faults(|home| home.flags[0].claims[1].components.push("cards".into()));
    assert_eq!(touching.len(), 1, "{touching:?}");
    assert!(touching[0].contains("both claim `cards`"), "{touching:?}");
    // One day earlier it would meet the one that it follows.
    let early = faults(|home| home.flags[0].claims[1].start -= DAY);
    assert_eq!(early.len(), 1, "{early:?}");
    // Without its flag's component it is still on its flag.
    let unclaimed = faults(|home| {
        home.flags[0].claims[1].start -= DAY;
        home.flags[0].claims[1].components = vec!["header".into()];
    });
    assert_eq!(unclaimed.len(), 2, "{unclaimed:?}");
    assert!(unclaimed[0].contains("does not claim `ranker`"), "{unclaimed:?}");
}

#[test]
fn each_claim_is_checked_by_itself() {
    let fault = |change: fn(&mut Artifact)| {
        let mut home = sample::home();
        change(&mut home);
        let failures = verify_artifact(&home);
        assert_eq!(failures.len(), 1, "{failures:?}");
        failures[0].to_string()
    };
    let cards = "home: `home-cards`: ";
    for (change, expected) in [
        (
            (|home| home.flags[1].claims[0].variants[0].range = 0..400) as fn(&mut Artifact),
            "cells 400 to 499 belong to no variant",
        ),
        (|home| home.flags[1].claims[0].variants[0].range = 0..501, "cell 500 belongs to two variants"),
        (|home| home.flags[1].claims[0].variants[1].range.end = 9_999, "cell 9999 belongs to no variant"),
        (|home| home.flags[1].claims[0].variants[1].range.end = 10_001, "cell 10000 is outside the grid"),
        (|home| home.flags[1].claims[0].variants.clear(), "cells 0 to 9999 belong to no variant"),
        (|home| home.flags[1].claims[0].steps.clear(), "no step"),
        (
            |home| {
                let buckets = BucketSet::parse("3", 100).unwrap();
                home.flags[1].claims[0].steps.push(Step { from: START + DAY, buckets });
            },
            "a step without buckets of the one before",
        ),
        (
            |home| {
                let step = home.flags[1].claims[0].steps[0].clone();
                home.flags[1].claims[0].steps.push(step);
            },
            "steps out of order",
        ),
    ] {
        assert_eq!(fault(change), format!("{cards}{expected}"));
    }
    let holdout = fault(|home| home.holdout = BucketSet::parse("0-1 99", 100).unwrap());
    assert!(holdout.starts_with("home: `home-cards` owns holdout buckets 99; unit `unit-"), "{holdout}");
    let twice = fault(|home| {
        home.flags[1].claims[0].id = "calm".into();
        home.flags[1].claims[0].key = exposure_key("calm", 1);
    });
    assert_eq!(twice, "home: `calm` is there twice");
    let backwards = fault(|home| home.flags[0].claims[1].end = Some(0));
    assert_eq!(backwards, "home: `long-tail.2` ends before it begins");
}

#[test]
fn files_are_what_the_manifest_says() {
    let sound = || Dist::of(&[sample::home()]);
    let one = |dist: &Dist| {
        let words = dist.words();
        assert_eq!(words.len(), 1, "{words:?}");
        words[0].clone()
    };
    let mut dist = sound();
    let path = dist.entry("home", "native").path.clone();
    dist.files.get_mut(&path).unwrap()[50] ^= 1;
    assert_eq!(one(&dist), format!("home: `{path}` does not have the digest that the manifest states"));
    dist.files.get_mut(&path).unwrap().push(0);
    assert!(one(&dist).contains("bytes where the manifest states"));
    dist.files.remove(&path);
    assert_eq!(one(&dist), format!("home: `{path}` is missing"));
    for path in ["../home/native-0123456789abcdef.bin", "/etc/passwd", "home/native-x.bin", "search/native.bin"] {
        let mut dist = sound();
        dist.entry("home", "native").path = path.into();
        assert!(one(&dist).contains("is not the path that follows"), "{path}");
    }
    let mut dist = sound();
    let surface = dist.manifest.surfaces.remove("home").unwrap();
    dist.manifest.surfaces.insert("../home".into(), surface);
    assert_eq!(one(&dist), "../home: the id cannot be part of a path");
    let mut dist = sound();
    let file = dist.entry("home", "native").clone();
    dist.manifest.surfaces.get_mut("home").unwrap().formats.insert("ufc".into(), file);
    assert_eq!(one(&dist), "home: format `ufc` cannot be verified");
    let mut dist = sound();
    dist.manifest.surfaces.get_mut("home").unwrap().sdk = "eppo".into();
    assert_eq!(dist.words().len(), 2);
    let report = verify(b"{", |_| None);
    assert!(!report.is_sound() && report.to_string().starts_with("unreadable manifest: "));
}

#[test]
fn the_payload_says_what_the_artifact_says() {
    let home = sample::home();
    let altered = |change: fn(&mut Artifact)| {
        let mut other = home.clone();
        change(&mut other);
        let mut dist = Dist::of(std::slice::from_ref(&home));
        dist.put("home", "growthbook", format::encode(&other, sample::AT).unwrap());
        dist.words()
    };
    assert_eq!(altered(|_| ()), Vec::<String>::new());
    for (change, expected) in [
        (
            (|other| {
                other.flags[0].claims[2].steps[0].buckets = BucketSet::parse("40-58", 100).unwrap();
            }) as fn(&mut Artifact),
            "`calm` owns other cells, among them 5900-5999; unit `unit-",
        ),
        (|other| other.flags[0].claims[2].salt = "other".into(), "`calm` has another salt"),
        (|other| other.salt = "other".into(), "`home-cards` has another surface salt"),
        (|other| other.flags[0].claims[2].variants[0].range = 0..4_000, "belong to no variant"),
        (|other| other.flags[0].claims[2].end = Some(0), "`calm` is live and not in the payload; unit `unit-"),
        (|other| other.flags[0].claims[2].segment = Some(1), "`calm` has another segment"),
        (|other| other.flags[1].default = "large".into(), "the payload is not what the artifact compiles to"),
        (|other| other.flags[1].rules.clear(), "the payload is not what the artifact compiles to"),
    ] {
        let words = altered(change);
        assert!(words.iter().any(|word| word.contains(expected)), "{expected}: {words:?}");
    }
    let extra = altered(|other| {
        let mut claim = other.flags[0].claims[2].clone();
        (claim.key, claim.id) = ("extra".into(), "extra".into());
        claim.components = vec!["header".into()];
        other.flags[2].claims.push(claim);
    });
    assert!(extra.iter().any(|word| word.contains("`extra` is served by the payload alone; unit `unit-")), "{extra:?}");
}

#[test]
fn a_payload_with_times_is_compared_step_by_step() {
    let home = Artifact { scheme: Scheme::Eppo, ..sample::home() };
    let altered = |change: fn(&mut Artifact)| {
        let mut other = home.clone();
        change(&mut other);
        let mut dist = Dist::of(std::slice::from_ref(&home));
        dist.put("home", "eppo", format::encode(&other, sample::AT).unwrap());
        dist.words()
    };
    assert_eq!(altered(|_| ()), Vec::<String>::new());
    for (change, expected) in [
        (
            (|other| {
                other.flags[0].claims[2].steps[0].buckets = BucketSet::parse("40-58", 100).unwrap();
            }) as fn(&mut Artifact),
            "`calm` owns other cells, among them 5900-5999; unit `unit-",
        ),
        (|other| other.flags[0].claims[2].salt = "other".into(), "`calm` has another salt"),
        (|other| other.salt = "other".into(), "`home-cards` has another surface salt"),
        (|other| other.unit = "device".into(), "`calm` has another unit attribute"),
        (|other| other.flags[0].claims[1].end = Some(START + 43 * DAY), "`long-tail.2` has another window"),
        (|other| other.flags[0].claims[0].steps[1].from += DAY, "`fresh-first` is due and not in the payload"),
        (|other| other.flags[0].claims[1].end = Some(0), "`long-tail.2` is due and not in the payload; unit `unit-"),
        (|other| other.flags[0].claims[2].segment = Some(1), "`calm` has another segment"),
        (|other| other.flags[1].default = "large".into(), "the payload is not what the artifact compiles to"),
        (|other| other.flags[1].rules.clear(), "the payload is not what the artifact compiles to"),
    ] {
        let words = altered(change);
        assert!(words.iter().any(|word| word.contains(expected)), "{expected}: {words:?}");
    }
}

#[test]
fn what_passes_is_exclusive_for_every_unit() {
    let home = sample::home();
    assert_eq!(verify_artifact(&home), []);
    let evaluator = Evaluator::new(home);
    let ranker = ["fresh-first", "long-tail.2", "calm"];
    for n in 0..2_000 {
        let unit = format!("unit-{n}");
        let bucket = evaluator.evaluate("home-ranker", &unit, &(), START).bucket.unwrap();
        let owners = evaluator.artifact().claims().filter(|(_, claim)| {
            ranker.contains(&claim.key.as_str())
                && claim.is_live(START + DAY)
                && claim.reserved().unwrap().contains(bucket)
        });
        assert!(owners.count() <= 1);
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let dist = Dist::of(&[sample::home()]);
    let json = dist.manifest.to_json();
    for end in (0..json.len()).step_by(3) {
        let _ = verify(&json.as_bytes()[..end], |path| dist.files.get(path).cloned());
    }
    for (format, at) in [("native", 300), ("growthbook", 300), ("growthbook", 1_200)] {
        for bit in 0..8 {
            let mut dist = Dist::of(&[sample::home()]);
            let path = dist.entry("home", format).path.clone();
            let mut bytes = dist.files[&path].clone();
            bytes[at] ^= 1 << bit;
            dist.put("home", format, bytes);
            assert!(!dist.verify().is_sound());
        }
    }
}

#[test]
fn a_state_of_confidence_is_compared_cell_by_cell() {
    let home = Artifact { scheme: Scheme::Confidence, ..sample::home() };
    let altered = |change: fn(&mut Artifact)| {
        let mut other = home.clone();
        change(&mut other);
        let mut dist = Dist::of(std::slice::from_ref(&home));
        dist.put("home", "confidence", format::encode(&other, sample::AT).unwrap());
        dist.words()
    };
    assert_eq!(altered(|_| ()), Vec::<String>::new());
    for (change, expected) in [
        (
            (|other| {
                other.flags[0].claims[2].steps[0].buckets = BucketSet::parse("40-58", 100).unwrap();
            }) as fn(&mut Artifact),
            "`calm` owns other cells, among them 590000-599999; unit `unit-",
        ),
        (|other| other.flags[0].claims[2].salt = "other".into(), "`calm` has another salt"),
        (|other| other.salt = "other".into(), "`fresh-first` has another surface salt"),
        (|other| other.unit = "device".into(), "`calm` has another unit attribute"),
        (|other| other.flags[0].claims[2].end = Some(0), "`calm` is live and not in the payload; unit `unit-"),
        (|other| other.flags[0].claims[2].segment = Some(1), "`calm` has another segment"),
        (|other| other.flags[1].default = "large".into(), "the payload is not what the artifact compiles to"),
        (|other| other.flags[1].rules.clear(), "the payload is not what the artifact compiles to"),
    ] {
        let words = altered(change);
        assert!(words.iter().any(|word| word.contains(expected)), "{expected}: {words:?}");
    }
}
