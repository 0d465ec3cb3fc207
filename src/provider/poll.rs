//! The thread that looks for something new, and what it shares with those who evaluate.

use super::options::Options;
use super::state::Served;
use crate::artifact::manifest::PATH;
use crate::feed::{Fetched, Shelf, Source};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;

/// The largest manifest that is read; one of ten thousand surfaces takes about six megabytes.
const MOST: u64 = 32 << 20;

/// A thread that polls until this is dropped.
#[derive(Debug)]
pub(super) struct Poll {
    shared: Arc<Shared>,
    attempted: watch::Receiver<bool>,
    /// Nothing is ever sent: that it is gone tells the thread to end.
    _alive: Sender<()>,
}

/// What is served, and why it may not be the newest.
#[derive(Debug)]
pub(super) struct Shared {
    served: RwLock<Arc<Served>>,
    problem: RwLock<Option<String>>,
}

impl Shared {
    /// What is served now.
    pub(super) fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why it may not be the newest.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn serve(&self, served: Served) {
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(served);
    }

    fn report(&self, problem: Option<String>) {
        *self.problem.write().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

impl Poll {
    /// Serves what is on the shelf, and starts the thread.
    pub(super) fn start(options: Options, source: Source, shelf: Option<Shelf>) -> Result<Self, String> {
        let served = shelf.as_ref().map_or_else(
            || Served::kept(&options.surfaces, None, |_| None),
            |shelf| Served::kept(&options.surfaces, shelf.serial(), |surface| shelf.artifact(surface)),
        );
        let complete = served.is_complete();
        let shared = Arc::new(Shared { served: RwLock::new(Arc::new(served)), problem: RwLock::new(None) });
        let (said, attempted) = watch::channel(complete);
        let (alive, ends) = mpsc::channel();
        let worker = Worker { shared: Arc::clone(&shared), options, source, shelf, tag: None };
        let thread = thread::Builder::new().name("allotment".to_owned());
        thread.spawn(move || worker.run(&said, &ends)).map_err(|error| format!("no thread to poll with: {error}"))?;
        Ok(Self { shared, attempted, _alive: alive })
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Waits for the first attempt, unless the shelf had everything.
    pub(super) async fn attempted(&mut self) {
        // The other end is gone only if the thread is, and then there is nothing to wait for.
        let _ = self.attempted.wait_for(|attempted| *attempted).await;
    }
}

struct Worker {
    shared: Arc<Shared>,
    options: Options,
    source: Source,
    shelf: Option<Shelf>,
    /// The tag of the last manifest of which all was taken.
    tag: Option<String>,
}

impl Worker {
    fn run(mut self, said: &watch::Sender<bool>, ends: &Receiver<()>) {
        loop {
            let problem = self.look().err();
            self.shared.report(problem);
            said.send_replace(true);
            match ends.recv_timeout(spread(self.options.every)) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Asks for the manifest, and takes what is new in it.
    fn look(&mut self) -> Result<(), String> {
        let (manifest, tag) = match self.source.fetch(PATH, MOST, self.tag.as_deref())? {
            Fetched::Unchanged => return Ok(()),
            Fetched::Bytes(manifest, tag) => (manifest, tag),
        };
        let fetch = |path: &str, most: u64| match self.source.fetch(path, most, None)? {
            Fetched::Bytes(bytes, _) => Ok(bytes),
            Fetched::Unchanged => Err(format!("{path}: the server says that nothing changed, which was not asked")),
        };
        let (next, taken, mut refused) = self.shared.served().after(
            &manifest,
            &self.options.surfaces,
            |manifest| self.options.trusts(manifest),
            fetch,
        )?;
        let serial = next.serial();
        self.shared.serve(next);
        if let Some(shelf) = &self.shelf {
            let kept = taken.iter().map(|(surface, bytes)| shelf.keep(surface, bytes));
            let kept = kept.chain(serial.map(|serial| shelf.keep_serial(serial)));
            refused.extend(kept.filter_map(Result::err).map(|error| format!("the shelf cannot be written: {error}")));
        }
        if refused.is_empty() {
            self.tag = tag;
            Ok(())
        } else {
            // Asked for again the next time, even if it has not changed by then.
            self.tag = None;
            Err(refused.join("; "))
        }
    }
}

/// A time within a tenth of another, so that many applications that start together do not ask together for ever.
fn spread(time: Duration) -> Duration {
    let chance = RandomState::new().hash_one(0) % 2_001;
    time.saturating_mul(u32::try_from(chance.saturating_add(9_000)).unwrap_or(10_000))
        .checked_div(10_000)
        .unwrap_or(time)
}
