//! Publishing: whatever happens at whatever moment, a reader finds a whole state, and the next run mends the rest.

mod commands;
mod faults;
mod full;
mod memory;
mod older;
mod peers;
mod planning;
mod processes;
mod retention;
mod secrets;
mod slow;
mod stops;
mod strays;
mod web;

use std::collections::BTreeMap;

use allotment::artifact::manifest::Manifest;
use allotment::cli::Failure;
use allotment::cli::publish::{Delivery, Outcome, Served};
use allotment::compile::{Inputs, compile};
use allotment::io::store::Store;
use allotment::lint::Context;
use allotment::publish::{Offer, next, path_of_serial, pointers};
use allotment::verify::verify;

use crate::world::{TODAY, World};

/// The small catalogue with a second surface.
fn world() -> World {
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
    world
}

/// What is compiled of a catalogue, some days after the first of February.
fn offer(world: &World, days: i64, source: &str) -> Offer {
    let sources = world.sources();
    let context = Context::new(&sources, TODAY);
    let inputs = Inputs {
        at: TODAY.seconds() + days * 86_400,
        source: Some(source.to_owned()),
        held: BTreeMap::new(),
        previous: None,
        kept: BTreeMap::new(),
    };
    let dist = compile(&context.catalogue, &context.locks, &inputs);
    assert!(dist.manifest.surfaces.values().all(|surface| surface.held.is_none()), "{:?}", dist.manifest);
    Offer { manifest: dist.manifest, files: dist.files }
}

/// Two states that differ on both surfaces.
fn two() -> (Offer, Offer) {
    let mut later = world();
    later.edit("flags/search-ranking.toml", "default = false", "default = true");
    (offer(&world(), 0, "aaaa"), offer(&later, 60, "bbbb"))
}

/// A third, in which one surface is as in the first.
fn third() -> Offer {
    offer(&world(), 70, "cccc")
}

fn publish(store: &dyn Store, offer: &Offer) -> Result<Outcome, Failure> {
    let served = Served::read(store, None, false)?;
    let before = served.manifest.as_ref();
    let next = next(&offer.manifest, &BTreeMap::new(), Vec::new(), before, served.past, served.intact);
    Delivery::prepare(store, &served, next, offer, None, &BTreeMap::new())?.carry_out(1, &|_| {})
}

fn read(store: &dyn Store, path: &str) -> Option<Vec<u8>> {
    store.get(path).expect("it can be read").map(|found| found.bytes)
}

/// What a reader finds: nothing, or a proven state that is one of the offers' and no mixture; fixed names show files of offers.
fn whole(store: &dyn Store, offers: &[&Offer]) -> Option<Manifest> {
    for pointer in offers.iter().flat_map(|offer| pointers(&offer.manifest, false)) {
        if let Some(bytes) = read(store, &pointer.path) {
            assert!(offers.iter().any(|offer| offer.files.values().any(|file| *file == bytes)), "{}", pointer.path);
        }
    }
    let bytes = read(store, "manifest.json")?;
    let report = verify(&bytes, |path| read(store, path));
    assert!(report.is_sound(), "{report}");
    let manifest = Manifest::parse(&bytes).expect("a manifest");
    let formats = |manifest: &Manifest| {
        manifest.surfaces.iter().map(|(id, surface)| (id.clone(), surface.formats.clone())).collect::<Vec<_>>()
    };
    let same =
        |offer: &&&Offer| formats(&offer.manifest) == formats(&manifest) && offer.manifest.source == manifest.source;
    assert!(offers.iter().any(|offer| same(&offer)), "a mixture is served");
    Some(manifest)
}

/// A state to which nothing is left to do: every fixed name and the history agree with the manifest.
fn settled(store: &dyn Store, offer: &Offer) -> Manifest {
    let manifest = whole(store, &[offer]).expect("something is served");
    for pointer in pointers(&manifest, false) {
        assert_eq!(read(store, &pointer.path).as_ref(), offer.files.get(&pointer.file.path), "{}", pointer.path);
    }
    assert_eq!(read(store, &path_of_serial(manifest.serial)), read(store, "manifest.json"), "the history");
    manifest
}
