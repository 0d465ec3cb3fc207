//! Whatever is broken, missing or half changed in a catalogue, no bucket is ever given twice.

use allotment::decl::Day;
use allotment::lint::Context;
use allotment::lock::{Lock, lock_text};

use super::field::{Field, Plot};
use crate::world::TODAY;

const START: Day = Day(TODAY.0 + 1);

/// A field on which `first` holds 60 % of the ranker.
fn sown() -> (Field, Plot) {
    let mut field = Field::new(1_000, 2);
    let first = Plot::new("first", "ranker", START, 28, 60);
    field.plant(&first).allocate();
    (field, first)
}

/// Two locks share no bucket, or one of them was not drawn.
fn disjoint(a: Option<&Lock>, b: Option<&Lock>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return true };
    a.held().is_disjoint(&b.held())
}

/// What happens to `first` while something is wrong with it, after which `second` is launched on the same component, and
/// then it is mended.
fn second_while(broken: impl Fn(&mut Field, &Plot)) {
    let (mut field, first) = sown();
    let sound = field.clone();
    let lock = field.locks().0["first"].clone();
    broken(&mut field, &first);
    let second = Plot::new("second", "ranker", START, 28, 60);
    field.plant(&second).allocate();
    let drawn = field.locks().0.remove("second");
    assert!(disjoint(Some(&lock), drawn.as_ref()), "buckets of `first` were given to `second`");
    assert!(drawn.is_none(), "60 % and 60 % do not fit");
    // What was broken is restored, as a user would from Git; then everything is as it was.
    for path in [first.path(), first.lock_path(), "surfaces/home.toml".to_owned()] {
        field.world.put(&path, &sound.world.files[&path]);
    }
    field.allocate();
    assert_eq!(field.lock_text(&first), sound.lock_text(&first));
    let (serving, others) = field.findings(TODAY);
    assert_eq!(serving, Vec::new());
    assert!(others.contains(&"over-capacity"), "{others:?}");
}

#[test]
fn buckets_of_an_experiment_that_cannot_be_read_stay_its_own() {
    second_while(|field, first| {
        field.world.put(&first.path(), &first.text().replace("version = 1", "version = 2"));
    });
}

#[test]
fn buckets_of_an_experiment_whose_surface_is_misspelt_stay_its_own() {
    second_while(|field, first| {
        field.world.put(&first.path(), &first.text().replace("\"home\"\nflag", "\"hmoe\"\nflag"));
    });
}

#[test]
fn buckets_of_an_experiment_whose_declaration_is_gone_stay_its_own() {
    second_while(|field, first| {
        field.world.files.remove(&first.path());
    });
}

#[test]
fn buckets_of_an_experiment_whose_stage_went_back_stay_its_own() {
    second_while(|field, first| {
        field.world.put(&first.path(), &first.text().replace("\"ship\"", "\"build\""));
    });
}

#[test]
fn nothing_is_drawn_beside_a_lock_that_cannot_be_read() {
    second_while(|field, first| {
        let text = field.world.files[&first.lock_path()].replace("phase = 1", "<<<<<<< HEAD\nphase = 1");
        field.world.put(&first.lock_path(), &text);
    });
}

#[test]
fn nothing_is_drawn_beside_a_lock_that_was_edited() {
    second_while(|field, first| {
        let text = field.world.files[&first.lock_path()].clone();
        let start = text.find("adds = ").expect("its buckets");
        let end = start + text[start..].find("\n\n").expect("the seal follows");
        let edited = format!("{}adds = [\"0-599\"]{}", &text[..start], &text[end..]);
        field.world.put(&first.lock_path(), &edited);
    });
}

#[test]
fn an_experiment_that_moves_to_another_surface_without_a_phase_keeps_its_old_ground() {
    second_while(|field, first| {
        let other = field.world.files["surfaces/home.toml"].replace("name = \"Home\"", "name = \"Other\"");
        field.world.put("surfaces/other.toml", &other);
        field.world.put(&first.path(), &first.text().replace("surface = \"home\"", "surface = \"other\""));
    });
}

#[test]
fn a_new_phase_that_does_not_fit_keeps_the_old_one() {
    let mut field = Field::new(100, 0);
    let mut first = Plot::new("first", "ranker", START, 28, 40);
    let mut second = Plot::new("second", "ranker", START, 28, 30);
    field.plant(&first).plant(&second).allocate();
    let before = field.lock_text(&first).map(str::to_owned);
    // 80 % do not fit beside 30 %; nor may the 60 % that the other now asks for take what the old phase still holds.
    (first.phase, first.traffic, second.traffic) = (2, 80, 65);
    field.plant(&first).plant(&second).allocate();
    assert_eq!(field.lock_text(&first), before.as_deref());
    let (locks, _) = field.locks();
    assert!(disjoint(locks.get("first"), locks.get("second")));
    assert_eq!(field.findings(TODAY), (vec![], vec!["over-capacity", "over-capacity"]));
    assert_eq!(field.allocate(), Vec::<String>::new());
}

#[test]
fn room_that_one_claim_gives_up_is_there_for_the_next() {
    let mut field = Field::new(100, 0);
    let mut first = Plot::new("first", "ranker", START, 28, 40);
    let mut second = Plot::new("second", "ranker", START.plus(1), 28, 60);
    field.plant(&first).plant(&second).allocate();
    // The one that is planned first grows into what the other leaves; one allocation settles both.
    (first.traffic, second.phase, second.traffic) = (70, 2, 30);
    field.plant(&first).plant(&second).allocate();
    let (locks, _) = field.locks();
    assert_eq!((locks["first"].size(), locks["second"].size()), (70, 30));
    assert!(disjoint(locks.get("first"), locks.get("second")));
    assert_eq!(field.allocate(), Vec::<String>::new());
}

#[test]
fn new_phases_that_stand_in_each_others_way_are_drawn_together() {
    let mut field = Field::new(1_000, 0);
    let mut first = Plot::new("first", "ranker", START, 28, 60);
    let mut second = Plot::new("second", "ranker", START, 28, 40);
    field.plant(&first).plant(&second).allocate();
    (first.phase, second.phase) = (2, 2);
    field.surface(500, 0, "");
    field.plant(&first).plant(&second).allocate();
    let (locks, _) = field.locks();
    assert_eq!((locks["first"].size(), locks["second"].size()), (300, 200));
    assert!(disjoint(locks.get("first"), locks.get("second")));
    assert_eq!(field.findings(TODAY), (vec![], vec![]));
}

#[test]
fn buckets_of_another_size_still_count() {
    let (mut field, first) = sown();
    field.surface(500, 2, "");
    let second = Plot::new("second", "ranker", START, 28, 10);
    field.plant(&second).allocate();
    let (locks, _) = field.locks();
    if let Some(second) = locks.get("second") {
        let (old, new) = (locks["first"].held(), second.held());
        assert!(new.iter().all(|bucket| !old.contains(2 * bucket) && !old.contains(2 * bucket + 1)));
    }
    let (serving, _) = field.findings(TODAY);
    assert!(serving.iter().any(|(rule, words)| *rule == "stale-allocation" && words.contains("first")), "{serving:?}");
    assert_eq!(field.lock_text(&first).map(|text| text.contains("buckets = 1000")), Some(true));
}

/// What guards serving, by rule.
fn guards(field: &Field) -> Vec<&'static str> {
    field.findings(TODAY).0.into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn a_new_salt_of_the_surface_needs_new_phases() {
    let (mut field, mut first) = sown();
    let before = field.lock_text(&first).map(str::to_owned);
    field.surface(1_000, 2, "salt = \"another\"\n");
    field.allocate();
    assert_eq!(field.lock_text(&first), before.as_deref());
    assert_eq!(guards(&field), ["stale-allocation"], "every unit would move unseen");
    first.phase = 2;
    field.plant(&first).allocate();
    assert_eq!(field.findings(TODAY), (vec![], vec![]));
    assert_ne!(field.lock_text(&first), before.as_deref());
}

#[test]
fn a_salt_that_was_edited_in_the_ledger_is_seen_even_after_allocation() {
    let (mut field, _) = sown();
    let ledger = field.world.files["surfaces/home.lock"].clone();
    let start = ledger.find("salt = \"").expect("a salt") + 8;
    let edited = format!("{}ffff{}", &ledger[..start], &ledger[start + 4..]);
    field.world.put("surfaces/home.lock", &edited);
    assert_eq!(guards(&field), ["stale-allocation"]);
    field.allocate();
    assert_eq!(guards(&field), ["stale-allocation"], "{:?}", field.findings(TODAY));
}

#[test]
fn a_lock_that_was_copied_from_another_experiment_is_seen() {
    let (mut field, first) = sown();
    let second = Plot::new("second", "ranker", START.plus(28), 28, 60);
    field.plant(&second);
    let copied = field.world.files[&first.lock_path()].clone();
    field.world.put(&second.lock_path(), &copied);
    field.allocate();
    let (serving, _) = field.findings(TODAY);
    assert!(serving.iter().any(|(rule, words)| *rule == "stale-allocation" && words.contains("second")), "{serving:?}");
}

#[test]
fn a_pause_never_loses_buckets() {
    let (mut field, mut first) = sown();
    let before = field.lock_text(&first).map(str::to_owned);
    (first.traffic, first.phase) = (0, 2);
    // A pause in a hurry, before anything is allotted, is served; its ledger is asked for.
    assert_eq!(field.plant(&first).findings(TODAY), (vec![], vec!["stale-allocation"]));
    assert_eq!(field.allocate(), ["surfaces/home.lock"]);
    assert_eq!(field.lock_text(&first), before.as_deref());
    assert_eq!(field.findings(TODAY), (vec![], vec![]));
    // It is drawn when it goes on.
    first.traffic = 50;
    field.plant(&first).allocate();
    let lock = &field.locks().0["first"];
    assert_eq!((lock.phase, lock.size()), (2, 500));
    assert_eq!(field.findings(TODAY), (vec![], vec![]));
}

#[test]
fn a_lock_of_an_impossible_phase_is_refused_and_no_more() {
    let (mut field, first) = sown();
    let sources = field.world.sources();
    let context = Context::new(&sources, TODAY);
    let file = sources.find(&first.path()).expect("it is there");
    let mut lock = context.locks.of(file).expect("it is allotted").lock.clone();
    lock.phase = u32::MAX;
    field.world.put(&first.lock_path(), &lock_text(&lock).0);
    field.allocate();
    let (serving, _) = field.findings(TODAY);
    assert!(serving.iter().any(|(rule, _)| *rule == "stale-allocation"), "{serving:?}");
}
