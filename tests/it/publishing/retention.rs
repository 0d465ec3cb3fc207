//! Retention: what it removes while somebody else publishes is there again when both have ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use allotment::artifact::manifest::Manifest;
use allotment::cli::publish::prune;
use allotment::io::store::{Entry, Store};
use allotment::publish::{Listed, Offer};

use super::memory::{Faulty, Gate, Memory};
use super::{publish, read, settled, third, two};

/// What is served names nothing of a surface that the first state has: its files and its fixed names are free, and so are others.
fn stale() -> (Memory, Offer, Offer) {
    let (first, second) = two();
    let mut last = third();
    last.manifest.surfaces.remove("search");
    last.files.retain(|path, _| !path.starts_with("search/"));
    let store = Memory::default();
    for offer in [&first, &second, &Offer { manifest: last.manifest.clone(), files: last.files.clone() }] {
        publish(&store, offer).expect("it goes well");
    }
    // The one before the present counts too.
    last.manifest.source = Some("dddd".to_owned());
    publish(&store, &last).expect("it goes well");
    (store, first, last)
}

/// Removes what is free; everything that is in memory is old.
fn tidied(store: &dyn Store, present: &Manifest) -> usize {
    let listed = store.list().expect("a list").into_iter();
    let listed: Vec<Listed> = listed.map(|Entry { path, written }| Listed { path, written }).collect();
    prune(store, present, &BTreeMap::new(), &listed, &[], Some(1_000)).expect("it goes well").len()
}

fn present(store: &dyn Store) -> Manifest {
    Manifest::parse(&read(store, "manifest.json").expect("a manifest")).expect("a manifest")
}

#[test]
fn what_nothing_names_goes_and_nothing_else() {
    let (store, _, last) = stale();
    let before = store.list().expect("a list").len();
    let gone = tidied(&store, &present(&store));
    assert!(gone > 6 && store.list().expect("a list").len() == before - gone, "{gone} of {before}");
    assert_eq!(read(&store, "search/api/features/search"), None);
    settled(&store, &last);
    assert_eq!(tidied(&store, &present(&store)), 0);
}

#[test]
fn whoever_publishes_while_something_is_removed_has_all_that_it_names() {
    let (served, first, _) = stale();
    let manifest = present(&served);
    let gone = AtomicUsize::new(0);
    for at in 0.. {
        let store = served.clone();
        let theirs = || {
            publish(&store, &first).expect("it goes well");
        };
        let ours = Faulty::interrupted(&store, at, &theirs);
        gone.fetch_add(tidied(&ours, &manifest), Ordering::Relaxed);
        if !ours.is_reached() {
            break;
        }
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| settled(&store, &first)));
        assert!(told.is_ok(), "somebody published before call {at}");
    }
    assert!(gone.into_inner() > 0);
    for at in 0.. {
        let store = served.clone();
        let theirs = || {
            tidied(&store, &present(&store));
        };
        let ours = Faulty::interrupted(&store, at, &theirs);
        publish(&ours, &first).unwrap_or_else(|wrong| panic!("{at}: {wrong}"));
        if !ours.is_reached() {
            break;
        }
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| settled(&store, &first)));
        assert!(told.is_ok(), "something was removed before call {at}");
    }
}

/// One goes as far as a call and waits, the other as far as another call; then the first ends, and then the other.
#[test]
fn a_publisher_and_retention_interleaved_leave_a_whole_state() {
    let (served, first, _) = stale();
    let manifest = present(&served);
    let mut tried = 0;
    for removes_first in [true, false] {
        for here in 0.. {
            let mut is_reached = false;
            for there in (here % 2..).step_by(2) {
                let store = served.clone();
                let (a, a_done, a_told, a_go) = Gate::before(&store, here);
                let (b, b_done, b_told, b_go) = Gate::before(&store, there);
                let remove = |gate: &Gate<'_>| {
                    tidied(gate, &manifest);
                };
                let put = |gate: &Gate<'_>| publish(gate, &first).map(drop).expect("it goes well");
                let both = std::thread::scope(|scope| {
                    let one = scope.spawn(|| {
                        if removes_first {
                            remove(&a);
                        } else {
                            put(&a);
                        }
                        let _ = a_done.send(false);
                    });
                    is_reached = a_told.recv().expect("it gets there or ends");
                    let other = scope.spawn(|| {
                        if removes_first {
                            put(&b);
                        } else {
                            remove(&b);
                        }
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
                let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| settled(&store, &first)));
                assert!(told.is_ok(), "one waited at call {here}, the other at call {there}, {removes_first}");
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
    assert!(tried > 300, "{tried}");
}
