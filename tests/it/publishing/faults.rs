//! Every call of a publish goes wrong in every way, one after the other; and somebody else publishes before every call.

use std::cell::RefCell;

use allotment::cli::publish::Outcome;
use allotment::publish::{path_of_serial, pointers};

use super::memory::{FAULTS, Fault, Faulty, Gate, Memory};
use super::{publish, read, settled, third, two, whole};

#[test]
fn whatever_goes_wrong_at_whatever_call_readers_find_a_whole_state_and_the_next_run_mends_the_rest() {
    let (first, second) = two();
    let empty = Memory::default();
    let served = Memory::default();
    publish(&served, &first).expect("it goes well");
    settled(&served, &first);
    let mut tried = 0;
    for start in [&empty, &served] {
        for fault in FAULTS {
            for at in 0.. {
                let store = start.clone();
                let faulty = Faulty::new(&store, at, fault);
                let ended = publish(&faulty, &second);
                if !faulty.is_reached() {
                    break;
                }
                tried += 1;
                let here = format!("{fault:?} at call {at}");
                let found = whole(&store, &[&first, &second]);
                let before = start.writes() > 0;
                assert!(found.is_some() || !before, "{here}: what was served is gone");
                if ended.is_ok() {
                    assert_eq!(found.expect("it is served").source, second.manifest.source, "{here}");
                }
                if fault == Fault::Lies && ended.is_ok() {
                    // A read has nothing to lie about; every write must be.
                    settled(&store, &second);
                }
                publish(&store, &second).unwrap_or_else(|wrong| panic!("{here}: {wrong}"));
                let manifest = settled(&store, &second);
                let writes = store.writes();
                publish(&store, &second).expect("it goes well");
                assert_eq!(store.writes(), writes, "{here}: nothing changed");
                for serial in 1..=manifest.serial {
                    assert!(
                        read(&store, &path_of_serial(serial)).is_some(),
                        "{here}: serial {serial} is in the history"
                    );
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn of_two_publishers_one_wins_and_the_fixed_names_are_the_winners_whenever_the_other_comes() {
    let (first, second) = two();
    let third = third();
    let served = Memory::default();
    publish(&served, &first).expect("it goes well");
    let (mut lost, mut superseded, mut done) = (0, 0, 0);
    for at in 0.. {
        let store = served.clone();
        let theirs = || {
            publish(&store, &third).expect("it goes well");
        };
        let ours = Faulty::interrupted(&store, at, &theirs);
        let ended = publish(&ours, &second);
        if !ours.is_reached() {
            break;
        }
        match ended {
            Ok(Outcome::Done) => {
                done += 1;
                let served = whole(&store, &[&second, &third]).expect("it is served");
                settled(&store, if served.source == second.manifest.source { &second } else { &third });
            }
            Ok(Outcome::Superseded) => {
                superseded += 1;
                settled(&store, &third);
            }
            Err(wrong) => {
                lost += 1;
                let wrong = wrong.to_string();
                assert!(wrong.contains("ours is bbbb, theirs is cccc"), "{at}: {wrong}");
                settled(&store, &third);
            }
        }
    }
    assert!(lost > 5 && superseded > 0 && done > 0, "{lost} lost, {superseded} superseded, {done} done");
}

/// One publisher goes as far as a call and waits, the other as far as another call; then the first ends, and then the other. A
/// fixed name that the second found right may be changed by the first meanwhile.
#[test]
fn two_publishers_interleaved_leave_the_fixed_names_to_whoever_is_served() {
    let (first, second) = two();
    let third = third();
    let served = Memory::default();
    publish(&served, &third).expect("it goes well");
    let mut tried = 0;
    for (ours, theirs) in [(&first, &second), (&second, &first)] {
        for here in 0.. {
            let mut is_reached = false;
            for there in (here % 3..).step_by(3) {
                let store = served.clone();
                let (a, a_done, a_told, a_go) = Gate::before(&store, here);
                let (b, b_done, b_told, b_go) = Gate::before(&store, there);
                let both = std::thread::scope(|scope| {
                    let one = scope.spawn(|| {
                        // A publisher that is faster wins; one that is not says so.
                        let _ = publish(&a, ours);
                        let _ = a_done.send(false);
                    });
                    is_reached = a_told.recv().expect("it gets there or ends");
                    let other = scope.spawn(|| {
                        let _ = publish(&b, theirs);
                        let _ = b_done.send(false);
                    });
                    let both = b_told.recv().expect("it gets there or ends") && is_reached;
                    let _ = a_go.send(());
                    one.join().expect("it ends");
                    let _ = b_go.send(());
                    other.join().expect("it ends");
                    both
                });
                tried += 1;
                let manifest = whole(&store, &[&first, &second, &third]).expect("something is served");
                let winner = if manifest.source == first.manifest.source { &first } else { &second };
                let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| settled(&store, winner)));
                assert!(told.is_ok(), "one waited at call {here}, the other at call {there}");
                if !both {
                    break;
                }
            }
            if !is_reached {
                break;
            }
        }
    }
    println!("{tried} interleavings");
    assert!(tried > 500, "{tried}");
}

#[test]
fn what_is_flipped_swapped_or_lost_is_written_again_and_what_is_right_is_not() {
    let (first, _) = two();
    let store = Memory::default();
    publish(&store, &first).expect("it goes well");
    let writes = store.writes();
    let pointer = pointers(&first.manifest, true).remove(0).path;
    let file = first.manifest.files().next().expect("a file").2.path.clone();
    for path in [&file, &pointer, &format!("{pointer}.gz")] {
        store.tamper(path, |bytes| bytes[3] ^= 0x10);
        publish(&store, &first).expect("it goes well");
        settled(&store, &first);
    }
    assert_eq!(store.writes(), writes + 3);
    // An older manifest that is put back is replaced, under a higher serial than any before.
    let (_, second) = two();
    let old = read(&store, "manifest.json").expect("a manifest");
    publish(&store, &second).expect("it goes well");
    store.tamper("manifest.json", |bytes| *bytes = old);
    publish(&store, &second).expect("it goes well");
    assert_eq!(settled(&store, &second).serial, 3);
    // One that cannot be read is, too: the history says what was served.
    store.tamper("manifest.json", |bytes| bytes.truncate(100));
    publish(&store, &second).expect("it goes well");
    assert_eq!(settled(&store, &second).serial, 4);
}

#[test]
fn headers_say_what_an_object_is_and_how_long_it_may_be_kept() {
    let (first, _) = two();
    let store = Memory::default();
    publish(&store, &first).expect("it goes well");
    let seen = RefCell::new(0);
    let said = |path: &str, kind: &str, immutable: bool, encoding: Option<&str>| {
        let headers = store.headers(path);
        assert_eq!((headers.content_type, headers.content_encoding), (kind, encoding), "{path}");
        assert_eq!(headers.cache_control.contains("immutable"), immutable, "{path}");
        *seen.borrow_mut() += 1;
    };
    for (_, format, file) in first.manifest.files() {
        let json = format != "native";
        said(&file.path, if json { "application/json" } else { "application/octet-stream" }, true, None);
        if json {
            said(&format!("{}.gz", file.path), "application/json", true, Some("gzip"));
        }
    }
    said("manifest.json", "application/json", false, None);
    said("home/api/features/home", "application/json", false, None);
    said("home/api/features/home.gz", "application/json", false, Some("gzip"));
    assert_eq!(*seen.borrow(), 9);
}
