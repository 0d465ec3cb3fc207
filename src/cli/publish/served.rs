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
        let copies = Copies { store, trusted: &trusted, adopt };
        if found.as_ref().is_some_and(|found| Manifest::is_foreign(&found.bytes)) {
            return Err(foreign(store, manifest::PATH));
        }
        let present = found.as_ref().map(parse);
        let (present, fault) = match present {
            None => (None, None),
            Some(Err(why)) => (None, Some(why)),
            Some(Ok(manifest)) => match trusted(&manifest) {
                Ok(()) => (Some(manifest), None),
                Err(_) if adopt => (Some(manifest), None),
                Err(why) => return Err(untrusted(store, &why)),
            },
        };
        let Some(manifest) = present else {
            return Self::recovered(&copies, found.as_ref(), when, fault.as_deref());
        };
        let serial = newest_after(store, manifest.serial)?;
        if serial > manifest.serial && store.get(manifest::PATH).map_err(failed)? != found {
            return Ok(None);
        }
        if serial > manifest.serial {
            let Some(newer) = copies.newest((manifest.serial.saturating_add(1)..=serial).rev())? else {
                copies.give_up("an older manifest was put back")?;
                return Ok(Some(Self { past: serial, intact: false, recorded: true, manifest: Some(manifest), when }));
            };
            output::say(&format!(
                "{}: an older manifest was put back, of serial {}; going on from serial {}",
                store.shown(),
                manifest.serial,
                newer.serial
            ));
            return Ok(Some(Self { manifest: Some(newer), when, past: serial, intact: false, recorded: true }));
        }
        let bytes = found.map(|found| found.bytes).unwrap_or_default();
        let intact = bytes == manifest.to_json().as_bytes() && trusted(&manifest).is_ok();
        let copy = store.get(&path_of_serial(manifest.serial)).map_err(failed)?;
        let recorded = copy.is_some_and(|copy| copy.bytes == bytes);
        Ok(Some(Self { past: serial, intact, recorded, manifest: Some(manifest), when }))
    }

    /// Where no manifest is there, or it cannot be read, the history says what was served; none where one came meanwhile.
    fn recovered(
        copies: &Copies<'_>,
        found: Option<&Found>,
        when: When,
        fault: Option<&str>,
    ) -> Result<Option<Self>, Failure> {
        let store = copies.store;
        let mut serials: Vec<u64> = match store.list() {
            Ok(all) => all.iter().filter_map(|entry| serial_of_path(&entry.path)).collect(),
            Err(wrong) if !store.is_doubtful() => return Err(failed(wrong)),
            // A web server does not list what it has; nothing is ever removed there.
            Err(_) => (1..=newest_after(store, 0)?).collect(),
        };
        serials.sort_unstable();
        let past = serials.last().copied().unwrap_or(0);
        let lost = match (fault, serials.is_empty()) {
            (Some(why), true) => {
                return Err(Failure::usage(format!(
                    "{}: `{}` is no manifest of allot: {why}",
                    store.shown(),
                    manifest::PATH
                ))
                .help("publish to a place of its own, or remove that file if it is broken"));
            }
            (None, true) => return Ok(Some(Self { manifest: None, when, past, intact: false, recorded: true })),
            (Some(why), false) => format!("the manifest cannot be read ({why})"),
            (None, false) => "the manifest is missing".to_owned(),
        };
        if store.get(manifest::PATH).map_err(failed)?.as_ref() != found {
            return Ok(None);
        }
        let manifest = copies.newest(serials.into_iter().rev())?;
        match &manifest {
            Some(manifest) => {
                output::say(&format!("{}: {lost}; going on from serial {}", store.shown(), manifest.serial));
            }
            None => copies.give_up(&lost)?,
        }
        Ok(Some(Self { manifest, when, past, intact: false, recorded: true }))
    }
}

/// The copies of manifests in the history, and what is asked of one to go on from it.
struct Copies<'a> {
    store: &'a dyn Store,
    trusted: &'a dyn Fn(&Manifest) -> Result<(), String>,
    adopt: bool,
}

impl Copies<'_> {
    /// The first of some copies that can be read. It is held to what the manifest itself is held to: one that is not trusted is
    /// not passed over for an older one, which may not know yet what was stopped.
    fn newest(&self, serials: impl Iterator<Item = u64>) -> Result<Option<Manifest>, Failure> {
        for serial in serials {
            let found = self.store.get(&path_of_serial(serial)).map_err(failed)?;
            if found.as_ref().is_some_and(|found| Manifest::is_foreign(&found.bytes)) {
                return Err(foreign(self.store, &path_of_serial(serial)));
            }
            let read = match found.as_ref().map(parse) {
                Some(Ok(manifest)) if manifest.serial == serial => Ok(manifest),
                Some(Ok(manifest)) => Err(format!("it is that of serial {}", manifest.serial)),
                Some(Err(why)) => Err(why),
                None => Err("it is not there".to_owned()),
            };
            match read.map(|manifest| ((self.trusted)(&manifest), manifest)) {
                Ok((Ok(()), manifest)) => return Ok(Some(manifest)),
                Ok((Err(_), manifest)) if self.adopt => return Ok(Some(manifest)),
                Ok((Err(why), _)) => {
                    return Err(untrusted(self.store, &format!("`{}`: {why}", path_of_serial(serial))));
                }
                Err(why) => {
                    let path = path_of_serial(serial);
                    output::say(&format!("{}: `{path}` cannot be read: {why}", self.store.shown()));
                }
            }
        }
        Ok(None)
    }

    /// Where nothing says what was served, and so what was stopped, somebody has to want to go on.
    fn give_up(&self, lost: &str) -> Result<(), Failure> {
        if self.adopt {
            return Ok(());
        }
        let message = format!("{}: {lost}, and none of its copies can be read", self.store.shown());
        Err(Failure::usage(message)
            .help("what was stopped is not known: restore a copy in `manifests`, or go on without with `--adopt`"))
    }
}

/// What is there was published by somebody else.
fn untrusted(store: &dyn Store, why: &str) -> Failure {
    Failure::usage(format!("{}: {why}", store.shown())).help("if that is meant to be, run once with `--adopt`")
}

/// What is there is of a version that is not understood here.
fn foreign(store: &dyn Store, path: &str) -> Failure {
    Failure::usage(format!("{}: `{path}` was written by another version of allot", store.shown()))
        .help("use that version, or a newer one")
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
