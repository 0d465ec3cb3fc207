//! What is served now: the manifest that is there, or else the newest of the history.

use crate::artifact::manifest::{self, Manifest};
use crate::artifact::signature::{PublicKey, SigningKey};
use crate::cli::{Failure, output};
use crate::io::IoError;
use crate::io::store::{Found, Refused, Store, When};
use crate::publish::{path_of_serial, serial_of_path};

/// What was found.
pub struct Served {
    /// The manifest to go on from.
    pub manifest: Option<Manifest>,
    /// On which condition the manifest may be replaced.
    pub when: When,
    /// The largest serial that is known to have been served.
    pub past: u64,
    /// Whether what is there is that manifest, byte by byte, and signed as it should be.
    pub intact: bool,
    /// Whether the history has that manifest.
    pub recorded: bool,
}

impl Served {
    /// Reads what is served. Where `key` is given, what is there must be signed with it, unless it is `adopt`ed.
    ///
    /// # Errors
    /// When the place cannot be read, or somebody else's manifest is there.
    pub fn read(store: &dyn Store, key: Option<&SigningKey>, adopt: bool) -> Result<Self, Failure> {
        // A manifest that is exchanged between two looks is no older one: it is looked at again.
        for _ in 0..8 {
            if let Some(served) = Self::look(store, key, adopt)? {
                return Ok(served);
            }
        }
        Err(Failure::environment(format!("{} is published to again and again", store.shown())).help("run again"))
    }

    /// One look; none where what is there was exchanged meanwhile.
    fn look(store: &dyn Store, key: Option<&SigningKey>, adopt: bool) -> Result<Option<Self>, Failure> {
        let found = store.get(manifest::PATH).map_err(failed)?;
        let when = found.as_ref().map_or(When::Absent, |found| When::Is(found.version.clone()));
        let trusted = |manifest: &Manifest| trust(manifest, key.map(SigningKey::public).as_ref());
        let present = found.as_ref().map(parse);
        let (present, fault) = match present {
            None => (None, None),
            Some(Err(why)) => (None, Some(why)),
            Some(Ok(manifest)) => match trusted(&manifest) {
                Ok(()) => (Some(manifest), None),
                Err(_) if adopt => (Some(manifest), None),
                Err(why) => {
                    let help = "if that is meant to be, run once with `--adopt`";
                    return Err(Failure::usage(format!("{}: {why}", store.shown())).help(help));
                }
            },
        };
        let Some(manifest) = present else {
            return Self::recovered(store, when, fault, &trusted).map(Some);
        };
        let serial = newest_after(store, manifest.serial)?;
        if serial > manifest.serial && store.get(manifest::PATH).map_err(failed)? != found {
            return Ok(None);
        }
        if serial > manifest.serial
            && let Some(newer) = record(store, serial)?.filter(|newer| trusted(newer).is_ok())
        {
            output::say(&format!(
                "{}: an older manifest was put back, of serial {}; going on from serial {serial}",
                store.shown(),
                manifest.serial
            ));
            return Ok(Some(Self { manifest: Some(newer), when, past: serial, intact: false, recorded: true }));
        }
        let bytes = found.map(|found| found.bytes).unwrap_or_default();
        let intact = bytes == manifest.to_json().as_bytes() && trusted(&manifest).is_ok();
        let copy = store.get(&path_of_serial(manifest.serial)).map_err(failed)?;
        let recorded = copy.is_some_and(|copy| copy.bytes == bytes);
        Ok(Some(Self { past: serial, intact, recorded, manifest: Some(manifest), when }))
    }

    /// Where no manifest is there, or it cannot be read, the history says what was served.
    fn recovered(
        store: &dyn Store,
        when: When,
        fault: Option<String>,
        trusted: &dyn Fn(&Manifest) -> Result<(), String>,
    ) -> Result<Self, Failure> {
        let newest = match store.list() {
            Ok(all) => all.iter().filter_map(|entry| serial_of_path(&entry.path)).max(),
            // A web server that does not list has to have its manifest.
            Err(_) => None,
        };
        let past = newest.unwrap_or(0);
        let manifest = match newest {
            Some(serial) => record(store, serial)?.filter(|manifest| trusted(manifest).is_ok()),
            None => None,
        };
        match (&manifest, fault) {
            (Some(_), Some(why)) => output::say(&format!(
                "{}: the manifest cannot be read ({why}); going on from serial {past}",
                store.shown()
            )),
            (None, Some(why)) => {
                return Err(Failure::usage(format!(
                    "{}: `{}` is no manifest of allot: {why}",
                    store.shown(),
                    manifest::PATH
                ))
                .help("publish to a place of its own, or remove that file if it is broken"));
            }
            _ => {}
        }
        Ok(Self { manifest, when, past, intact: false, recorded: true })
    }
}

/// Whether a manifest is one to go on from.
fn trust(manifest: &Manifest, key: Option<&PublicKey>) -> Result<(), String> {
    match (key, &manifest.signature) {
        (Some(key), _) => key.check(manifest).map_err(|wrong| wrong.to_string()),
        (None, Some(_)) => Err("the manifest is signed, and there is no key to sign the next one with".to_owned()),
        (None, None) => Ok(()),
    }
}

/// The manifest of the history with a serial; none if it is not there, or is none.
///
/// # Errors
/// When the place cannot be read.
pub fn record(store: &dyn Store, serial: u64) -> Result<Option<Manifest>, Failure> {
    let found = store.get(&path_of_serial(serial)).map_err(failed)?;
    Ok(found.and_then(|found| parse(&found).ok()).filter(|manifest| manifest.serial == serial))
}

/// The largest serial that the history has without a gap after one.
///
/// # Errors
/// When the place cannot be read.
pub fn newest_after(store: &dyn Store, mut serial: u64) -> Result<u64, Failure> {
    while let Some(next) = serial.checked_add(1)
        && store.get(&path_of_serial(next)).map_err(failed)?.is_some()
    {
        serial = next;
    }
    Ok(serial)
}

fn parse(found: &Found) -> Result<Manifest, String> {
    Manifest::parse(&found.bytes)
}

/// A refusal that is none of a condition.
#[must_use]
pub fn failed(refused: Refused) -> Failure {
    match refused {
        Refused::Failed(error) => error.into(),
        Refused::Changed => IoError::new("cannot publish", "something else writes to the same place").into(),
    }
}
