//! A plan, worked out against what is there and then carried out: after every single write a reader finds a whole state.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use rayon::prelude::*;

use super::prune::at_risk;
use super::served::{Served, failed};
use super::source::AT_ONCE;
use crate::artifact::manifest::{self, File, Manifest, sha256};
use crate::artifact::signature::SigningKey;
use crate::cli::Failure;
use crate::io;
use crate::io::store::{self, Refused, Store, When, each, prove};
use crate::publish::{
    Action, Headers, Kind, Next, Object, Offer, Pointer, Sealers, gzip, is_gzip_of, manifest_headers, objects, opens,
    path_of_serial, plan, pointers, sealed, sealed_pointers,
};

/// A publish that is ready to be carried out.
pub struct Delivery<'a> {
    store: &'a dyn Store,
    pub next: Next,
    /// What is to be written, in order.
    pub plan: Vec<Action>,
    /// Files that are damaged where they are served, and whose bytes nobody here has.
    pub damaged: Vec<String>,
    /// Sealed names that are to be written, where what is there was sealed with a key that is not here.
    pub rekeyed: Vec<String>,
    served: &'a Served,
    objects: BTreeMap<String, Object>,
    pointers: BTreeMap<String, Pointer>,
    contents: BTreeMap<String, Content>,
    bytes: Vec<u8>,
    sealers: &'a Sealers,
}

/// The bytes of a file, and their compressed form once somebody asked for it.
struct Content {
    plain: Vec<u8>,
    packed: OnceLock<Vec<u8>>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of the plan is done.
    Done,
    /// The manifest was published, and another publisher came after it, who sees to the rest.
    Superseded,
}

impl<'a> Delivery<'a> {
    /// Reads what is there of what the next manifest names, and plans what to write; nothing is written yet.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub fn prepare(
        store: &'a dyn Store,
        served: &'a Served,
        mut next: Next,
        offer: &Offer,
        key: Option<&SigningKey>,
        sealers: &'a Sealers,
    ) -> Result<Self, Failure> {
        if let Some(key) = key.filter(|_| next.is_new) {
            key.sign(&mut next.manifest);
        }
        let siblings = store.has_siblings();
        let (all, mut fixed) = (objects(&next.manifest, siblings), pointers(&next.manifest, siblings));
        fixed.extend(sealed_pointers(&next.manifest, sealers));
        let paths: Vec<&String> =
            all.iter().map(|object| &object.path).chain(fixed.iter().map(|pointer| &pointer.path)).collect();
        let read = each(&paths, AT_ONCE, |path| store.get(path)).map_err(failed)?;
        let there: BTreeMap<&String, store::Found> =
            paths.into_iter().zip(read).filter_map(|(path, found)| Some((path, found?))).collect();
        let mut contents = BTreeMap::new();
        let mut damaged = Vec::new();
        for (_, _, file) in next.manifest.files() {
            let offered = offer.files.get(&file.path).filter(|bytes| file.holds(bytes)).cloned();
            let found =
                || there.get(&file.path).filter(|found| file.holds(&found.bytes)).map(|found| found.bytes.clone());
            match offered.or_else(found) {
                Some(plain) => {
                    contents.insert(file.path.clone(), Content { plain, packed: OnceLock::new() });
                }
                None => damaged.push(file.path.clone()),
            }
        }
        let is_right = |path: &String, file: &File, compressed: bool| match (there.get(path), contents.get(&file.path))
        {
            (Some(found), Some(content)) if compressed => is_gzip_of(&found.bytes, &content.plain),
            (Some(found), Some(content)) => found.bytes == content.plain,
            // What cannot be mended is not tried.
            (_, None) => true,
            (None, _) => false,
        };
        let told = all.par_iter().map(|object| {
            let is = is_right(&object.path, &object.file, object.compressed);
            (object.path.clone(), is)
        });
        let mut right: BTreeMap<String, bool> = told.collect();
        let mut rekeyed = Vec::new();
        for pointer in &fixed {
            let is = if pointer.sealed {
                let due = contents.get(&pointer.file.path).and_then(|state| sealed(sealers, pointer, &state.plain));
                // What cannot be mended is not tried.
                due.is_none_or(|due| there.get(&pointer.path).is_some_and(|found| found.bytes == due))
            } else {
                is_right(&pointer.path, &pointer.file, pointer.compressed)
            };
            let opens = |found: &store::Found| opens(sealers, pointer, &found.bytes);
            if pointer.sealed && !is && there.get(&pointer.path).is_some_and(|found| !opens(found)) {
                rekeyed.push(pointer.path.clone());
            }
            right.insert(pointer.path.clone(), is);
        }
        if next.is_new {
            let named = named(served.manifest.as_ref());
            let again: Vec<&Object> = all
                .iter()
                .filter(|object| !named.contains(&object.file.path) && contents.contains_key(&object.file.path))
                .filter(|object| right.get(&object.path).copied().unwrap_or(false))
                .collect();
            right.extend(at_risk(store, &again, io::now().0)?.into_iter().map(|path| (path, false)));
        }
        let recorded = served.manifest.as_ref().filter(|_| served.intact).map(|m| (m.serial, served.recorded));
        let plan = plan(&next, &all, &fixed, &right, recorded);
        Ok(Self {
            store,
            bytes: next.manifest.to_json().into_bytes(),
            next,
            plan,
            damaged,
            rekeyed,
            served,
            objects: all.into_iter().map(|object| (object.path.clone(), object)).collect(),
            pointers: fixed.into_iter().map(|pointer| (pointer.path.clone(), pointer)).collect(),
            contents,
            sealers,
        })
    }

    /// Carries the plan out. Each kind of action begins when those before it are done; within a kind, `at_once` go at a time.
    ///
    /// # Errors
    /// When a write fails or cannot be read back, or another publisher was faster. What is done by then stays, and the next
    /// run goes on from there.
    pub fn carry_out(&self, at_once: usize, progress: &(dyn Fn(&Action) + Sync)) -> Result<Outcome, Failure> {
        if self.store.is_doubtful() && !self.plan.is_empty() {
            // Two publishers of one manifest must not take each other's probe for a condition that is not kept.
            let token = sha256(&io::random()?);
            prove(self.store, token.get(..12).unwrap_or_default()).map_err(failed)?;
        }
        let of = |kind: Kind| self.plan.iter().filter(move |action| action.kind == kind).collect::<Vec<&Action>>();
        let all = |kind: Kind, act: &(dyn Fn(&str) -> Result<(), Failure> + Sync)| {
            each(&of(kind), at_once, |action| act(&action.path).inspect(|()| progress(action))).map(drop)
        };
        all(Kind::Record, &|path| self.record(path, self.served.manifest.as_ref()))?;
        all(Kind::Upload, &|path| self.upload(path))?;
        // The manifest relies on what was uploaded.
        self.store.settle().map_err(failed)?;
        all(Kind::Swap, &|_| self.swap())?;
        if self.next.is_new {
            self.restore(at_once)?;
        }
        if self.next.is_new && !self.is_served()? {
            return Ok(Outcome::Superseded);
        }
        all(Kind::RecordNew, &|path| self.record(path, Some(&self.next.manifest)))?;
        if self.plan.is_empty() {
            return Ok(Outcome::Done);
        }
        if self.is_served()? {
            self.point_all(at_once, progress)?;
            // Another publisher may have found a name right that was changed here after it.
            if self.is_served()? {
                return Ok(Outcome::Done);
            }
        }
        Self::follow(self.store, self.sealers)?;
        Ok(Outcome::Superseded)
    }

    /// Lets every fixed name show what the manifest names. They are read anew, now that the manifest is exchanged: whoever came
    /// before may have changed one since the plan was made, and whoever changes one later looks at the manifest after it.
    fn point_all(&self, at_once: usize, progress: &(dyn Fn(&Action) + Sync)) -> Result<(), Failure> {
        let pointers: Vec<&Pointer> = self.pointers.values().collect();
        each(&pointers, at_once, |pointer| -> Result<(), Failure> {
            let path = &pointer.path;
            let Some(content) = self.contents.get(&pointer.file.path) else { return Ok(()) };
            let sealed = if pointer.sealed { self.shown(pointer) } else { None };
            let due = sealed.as_deref().unwrap_or(&content.plain);
            let found = self.store.get(path).map_err(failed)?;
            match found {
                Some(found) if pointer.compressed && is_gzip_of(&found.bytes, &content.plain) => return Ok(()),
                Some(found) if found.bytes == due => return Ok(()),
                Some(found) => self.point(pointer, When::Is(found.version))?,
                None => self.point(pointer, When::Absent)?,
            }
            progress(&Action { kind: Kind::Point, path: path.clone() });
            Ok(())
        })?;
        self.store.settle().map_err(failed)
    }

    /// Writes again what is named now and was not before, where somebody's retention has removed it since it was found or
    /// written. Whoever removes one after this finds the manifest that names it, and puts it back.
    fn restore(&self, at_once: usize) -> Result<(), Failure> {
        if !self.store.lists() {
            return Ok(());
        }
        let named = named(self.served.manifest.as_ref());
        let again: Vec<&Object> = self.objects.values().filter(|object| !named.contains(&object.file.path)).collect();
        each(&again, at_once, |object| match self.store.get(&object.path).map_err(failed)? {
            Some(_) => Ok(()),
            None => self.upload(&object.path),
        })?;
        self.store.settle().map_err(failed)
    }

    /// Lets the fixed names show what the manifest that is there names: who changes a name last sees to it that it is right.
    ///
    /// # Errors
    /// When the place fails.
    pub fn follow(store: &dyn Store, sealers: &Sealers) -> Result<(), Failure> {
        for _ in 0..8 {
            let Some(manifest) = present(store)? else { return Ok(()) };
            let served = Served {
                past: manifest.serial,
                manifest: Some(manifest.clone()),
                when: When::Absent,
                intact: true,
                recorded: true,
            };
            let bytes = manifest.to_json().into_bytes();
            let next = Next { manifest, is_new: false, surfaces: BTreeMap::new() };
            let theirs = Delivery::prepare(store, &served, next, &Offer::default(), None, sealers)?;
            theirs.point_all(AT_ONCE, &|_| {})?;
            if store.get(manifest::PATH).map_err(failed)?.is_some_and(|found| found.bytes == bytes) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes an immutable object and reads it back.
    fn upload(&self, path: &str) -> Result<(), Failure> {
        let Some(object) = self.objects.get(path) else { return Ok(()) };
        let Some(bytes) = self.bytes_of(&object.file, object.compressed) else { return Ok(()) };
        let write = || self.store.put_soon(path, bytes, headers(object.headers), &When::Always).map_err(failed);
        write()?;
        match self.store.get(path).map_err(failed)? {
            Some(found) if found.bytes == bytes => return Ok(()),
            Some(_) => {}
            // Somebody's retention removed the one that was there before, and this one in its place.
            None => write()?,
        }
        self.read_back(path, bytes)
    }

    fn read_back(&self, path: &str, bytes: &[u8]) -> Result<(), Failure> {
        match self.store.get(path).map_err(failed)? {
            Some(found) if found.bytes == bytes => Ok(()),
            found => {
                let what = if found.is_some() { "is read back otherwise" } else { "is not there" };
                Err(Failure::environment(format!("`{path}` was written to {} and {what}", self.store.shown()))
                    .help("what was served before is served still; run again"))
            }
        }
    }

    /// Exchanges the manifest, if it is still the one that was read.
    fn swap(&self) -> Result<(), Failure> {
        match self.store.put(manifest::PATH, &self.bytes, headers(manifest_headers()), &self.served.when) {
            Ok(()) => {}
            // An answer that was lost on its way may have been a yes.
            Err(Refused::Changed) if self.is_served()? => {}
            Err(Refused::Changed) => return Err(self.lost()?),
            Err(wrong) => return Err(failed(wrong)),
        }
        if self.is_served()? || present(self.store)?.is_some_and(|theirs| theirs.serial > self.next.manifest.serial) {
            return Ok(());
        }
        Err(Failure::environment(format!("the manifest was written to {} and is not there", self.store.shown()))
            .help("run again; if that does not help, the storage does not keep what it takes"))
    }

    /// Another publisher was faster.
    fn lost(&self) -> Result<Failure, Failure> {
        let theirs = present(self.store)?;
        let commit = |manifest: Option<&Manifest>| {
            manifest.and_then(|manifest| manifest.source.clone()).unwrap_or_else(|| "no commit".to_owned())
        };
        let serial = theirs.as_ref().map_or(0, |theirs| theirs.serial);
        Ok(Failure::environment(format!(
            "another publisher was faster: ours is {}, theirs is {}, with serial {serial}",
            commit(Some(&self.next.manifest)),
            commit(theirs.as_ref())
        ))
        .help("nothing of what is served was changed; run again, if yours is the newer one"))
    }

    /// Whether ours is the manifest that is there.
    fn is_served(&self) -> Result<bool, Failure> {
        let found = self.store.get(manifest::PATH).map_err(failed)?;
        Ok(found.is_some_and(|found| found.bytes == self.bytes))
    }

    /// Keeps the copy of a manifest that is or was served.
    fn record(&self, path: &str, manifest: Option<&Manifest>) -> Result<(), Failure> {
        let Some(manifest) = manifest else { return Ok(()) };
        debug_assert_eq!(path, path_of_serial(manifest.serial));
        let bytes = manifest.to_json().into_bytes();
        let headers = headers(Headers { cache_control: crate::publish::IMMUTABLE, ..manifest_headers() });
        // One that is there otherwise was never served: the serial was given to the manifest that was exchanged.
        self.store.put(path, &bytes, headers, &When::Always).map_err(failed)?;
        self.read_back(path, &bytes)
    }

    /// Lets a fixed name show what the manifest names, for as long as that is ours.
    fn point(&self, pointer: &Pointer, mut when: When) -> Result<(), Failure> {
        let path = &pointer.path;
        let Some(bytes) = self.shown(pointer) else { return Ok(()) };
        let mut lost = None;
        for _ in 0..3 {
            match self.store.put_soon(path, &bytes, headers(pointer.headers), &when) {
                Ok(()) => match self.read_back(path, &bytes) {
                    Ok(()) => return Ok(()),
                    Err(wrong) => lost = Some(wrong),
                },
                Err(Refused::Changed) => {}
                Err(wrong) => return Err(failed(wrong)),
            }
            let found = self.store.get(path).map_err(failed)?;
            if found.as_ref().is_some_and(|found| found.bytes == *bytes) || !self.is_served()? {
                return Ok(());
            }
            when = found.map_or(When::Absent, |found| When::Is(found.version));
        }
        if let Some(wrong) = lost {
            return Err(wrong);
        }
        Err(Failure::environment(format!("`{path}` in {} is being written by somebody else", self.store.shown()))
            .help("run again"))
    }

    /// The bytes that a fixed name shows.
    fn shown(&self, pointer: &Pointer) -> Option<Cow<'_, [u8]>> {
        if pointer.sealed {
            return sealed(self.sealers, pointer, &self.contents.get(&pointer.file.path)?.plain).map(Cow::Owned);
        }
        self.bytes_of(&pointer.file, pointer.compressed).map(Cow::Borrowed)
    }

    fn bytes_of(&self, file: &File, compressed: bool) -> Option<&[u8]> {
        let content = self.contents.get(&file.path)?;
        // A file and the fixed name that shows it have the same compressed form.
        Some(if compressed { content.packed.get_or_init(|| gzip(&content.plain)) } else { &content.plain })
    }
}

/// The manifest that is there, if it can be read.
fn present(store: &dyn Store) -> Result<Option<Manifest>, Failure> {
    let found = store.get(manifest::PATH).map_err(failed)?;
    Ok(found.and_then(|found| Manifest::parse(&found.bytes).ok()))
}

/// The files that a manifest names.
fn named(manifest: Option<&Manifest>) -> BTreeSet<&String> {
    manifest.into_iter().flat_map(Manifest::files).map(|(_, _, file)| &file.path).collect()
}

/// As the store takes them.
pub const fn headers(headers: Headers) -> store::Headers {
    let Headers { content_type, cache_control, content_encoding } = headers;
    store::Headers { content_type, cache_control, content_encoding }
}
