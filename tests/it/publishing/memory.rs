//! A store in memory, of which any single call can fail, lie, or let somebody else go first.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use allotment::io::IoError;
use allotment::io::store::{Entry, Found, Headers, Refused, Store, Version, When};

/// The bytes of an object, the number of the write that made it, and its headers.
type Object = (Vec<u8>, usize, Headers);

/// Objects, each with the number of the write that made it.
#[derive(Default)]
pub struct Memory {
    objects: Mutex<BTreeMap<String, Object>>,
    writes: AtomicUsize,
}

impl Clone for Memory {
    fn clone(&self) -> Self {
        Self { objects: Mutex::new(self.objects.lock().unwrap().clone()), writes: AtomicUsize::new(self.writes()) }
    }
}

impl Memory {
    /// How many writes there were.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// The headers of an object.
    pub fn headers(&self, path: &str) -> Headers {
        self.objects.lock().unwrap()[path].2
    }

    /// Changes the bytes of an object behind everybody's back.
    pub fn tamper(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.objects.lock().unwrap().get_mut(path).unwrap_or_else(|| panic!("{path}")).0);
    }
}

impl Store for Memory {
    fn shown(&self) -> &'static str {
        "memory"
    }

    fn get(&self, path: &str) -> Result<Option<Found>, Refused> {
        let objects = self.objects.lock().unwrap();
        Ok(objects
            .get(path)
            .map(|(bytes, write, _)| Found { bytes: bytes.clone(), version: Version::tagged(&format!("\"{write}\"")) }))
    }

    fn put(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused> {
        let mut objects = self.objects.lock().unwrap();
        let there = objects.get(path).map(|(_, write, _)| Version::tagged(&format!("\"{write}\"")));
        let holds = match when {
            When::Always => true,
            When::Absent => there.is_none(),
            When::Is(version) => there.as_ref() == Some(version),
        };
        if !holds {
            return Err(Refused::Changed);
        }
        let write = self.writes.fetch_add(1, Ordering::SeqCst);
        objects.insert(path.to_owned(), (bytes.to_vec(), write, headers));
        Ok(())
    }

    fn list(&self) -> Result<Vec<Entry>, Refused> {
        let objects = self.objects.lock().unwrap();
        Ok(objects.keys().map(|path| Entry { path: path.clone(), written: 0 }).collect())
    }

    fn delete(&self, path: &str) -> Result<(), Refused> {
        self.objects.lock().unwrap().remove(path);
        Ok(())
    }

    fn has_siblings(&self) -> bool {
        true
    }

    fn is_doubtful(&self) -> bool {
        false
    }
}

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and so does every call after it, as when the publisher is killed.
    Killed,
    /// It is done, its answer is lost, and every call after it fails.
    KilledAfter,
    /// It is done, its answer is lost, and the calls after it go well.
    AnswerLost,
    /// A write fails for want of space, and so does every write after it.
    Full,
    /// A write is acknowledged and not done.
    Lies,
    /// A read gives other bytes.
    Garbled,
}

pub const FAULTS: [Fault; 6] =
    [Fault::Killed, Fault::KilledAfter, Fault::AnswerLost, Fault::Full, Fault::Lies, Fault::Garbled];

/// A store of which one call goes wrong, or before which `meanwhile` happens.
pub struct Faulty<'a> {
    pub inner: &'a Memory,
    pub at: usize,
    pub fault: Option<Fault>,
    pub meanwhile: &'a (dyn Fn() + Sync),
    pub calls: AtomicUsize,
}

impl<'a> Faulty<'a> {
    pub fn new(inner: &'a Memory, at: usize, fault: Fault) -> Self {
        Self { inner, at, fault: Some(fault), meanwhile: &|| {}, calls: AtomicUsize::new(0) }
    }

    pub fn interrupted(inner: &'a Memory, at: usize, meanwhile: &'a (dyn Fn() + Sync)) -> Self {
        Self { inner, at, fault: None, meanwhile, calls: AtomicUsize::new(0) }
    }

    /// Whether the chosen call was reached.
    pub fn is_reached(&self) -> bool {
        self.calls.load(Ordering::SeqCst) > self.at
    }

    fn act<T>(
        &self,
        is_write: bool,
        act: impl Fn() -> Result<T, Refused>,
        lie: impl Fn(T) -> T,
        said: impl Fn() -> Option<T>,
    ) -> Result<T, Refused> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let failed = || Err(IoError::new("cannot go on", "the storage failed").into());
        if call == self.at && self.fault.is_none() {
            (self.meanwhile)();
        }
        match self.fault {
            Some(Fault::Killed) if call >= self.at => failed(),
            Some(Fault::KilledAfter) if call > self.at => failed(),
            Some(Fault::KilledAfter | Fault::AnswerLost) if call == self.at => act().and_then(|_| failed()),
            Some(Fault::Full) if call >= self.at && is_write => failed(),
            Some(Fault::Lies) if call == self.at => said().map_or_else(&act, Ok),
            Some(Fault::Garbled) if call == self.at => act().map(lie),
            _ => act(),
        }
    }
}

impl Store for Faulty<'_> {
    fn shown(&self) -> &'static str {
        "memory"
    }

    fn get(&self, path: &str) -> Result<Option<Found>, Refused> {
        let garbled = |found: Option<Found>| {
            found.map(|found| {
                let mut bytes = found.bytes;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                Found { bytes, ..found }
            })
        };
        self.act(false, || self.inner.get(path), garbled, || None)
    }

    fn put(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused> {
        self.act(true, || self.inner.put(path, bytes, headers, when), |()| (), || Some(()))
    }

    fn list(&self) -> Result<Vec<Entry>, Refused> {
        self.act(false, || self.inner.list(), |all| all, || None)
    }

    fn delete(&self, path: &str) -> Result<(), Refused> {
        self.act(true, || self.inner.delete(path), |()| (), || Some(()))
    }

    fn has_siblings(&self) -> bool {
        true
    }

    fn is_doubtful(&self) -> bool {
        false
    }
}

/// A store that waits before one of its calls: it says that it got there, and goes on when it is told to.
pub struct Gate<'a> {
    pub inner: &'a Memory,
    at: usize,
    calls: AtomicUsize,
    reached: Mutex<Sender<bool>>,
    go: Mutex<Receiver<()>>,
}

impl<'a> Gate<'a> {
    /// The gate, what tells that it was reached, and what opens it.
    pub fn before(inner: &'a Memory, at: usize) -> (Self, Sender<bool>, Receiver<bool>, Sender<()>) {
        let ((reached, told), (open, go)) = (channel(), channel());
        let gate =
            Self { inner, at, calls: AtomicUsize::new(0), reached: Mutex::new(reached.clone()), go: Mutex::new(go) };
        (gate, reached, told, open)
    }

    fn pass(&self) {
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.at {
            self.reached.lock().unwrap().send(true).expect("somebody waits");
            self.go.lock().unwrap().recv().expect("somebody opens");
        }
    }
}

impl Store for Gate<'_> {
    fn shown(&self) -> &'static str {
        "memory"
    }

    fn get(&self, path: &str) -> Result<Option<Found>, Refused> {
        self.pass();
        self.inner.get(path)
    }

    fn put(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused> {
        self.pass();
        self.inner.put(path, bytes, headers, when)
    }

    fn list(&self) -> Result<Vec<Entry>, Refused> {
        self.pass();
        self.inner.list()
    }

    fn delete(&self, path: &str) -> Result<(), Refused> {
        self.pass();
        self.inner.delete(path)
    }

    fn has_siblings(&self) -> bool {
        true
    }

    fn is_doubtful(&self) -> bool {
        false
    }
}
