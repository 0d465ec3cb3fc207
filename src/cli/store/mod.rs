//! Recorded looks: one file each, written once, never changed.

mod place;

use std::collections::BTreeSet;

use crate::artifact::manifest::sha256;
use crate::cli::Failure;
use crate::results::{Evidence, Results};
use place::Opened;
pub use place::{Place, place};

/// A place of recorded looks: `<experiment>/<phase>-<instant>.json`.
pub struct Store {
    place: Opened,
}

/// What was recorded of one phase of an experiment when it was read.
pub struct Shelf<'a> {
    store: &'a Store,
    experiment: String,
    phase: u32,
    /// The names of the records that were read.
    names: BTreeSet<String>,
    /// In the order of time.
    looks: Vec<(jiff::Timestamp, Results)>,
}

/// A look that is not recorded yet.
pub struct New {
    name: String,
    at: String,
    text: String,
}

impl Store {
    /// Opens a place.
    ///
    /// # Errors
    /// When it is an address that cannot be used.
    pub fn open(place: &Place) -> Result<Self, Failure> {
        Ok(Self { place: Opened::open(place)? })
    }

    /// Where it is, in words.
    pub fn shown(&self) -> String {
        self.place.shown()
    }

    /// Reads all that was recorded of a phase of an experiment.
    ///
    /// # Errors
    /// When a record cannot be read, or is none of this experiment: then nobody knows what was spent.
    pub fn shelf(&self, experiment: &str, phase: u32) -> Result<Shelf<'_>, Failure> {
        let names = self.names(experiment, phase)?;
        let paths: Vec<String> = names.iter().map(|name| format!("{experiment}/{name}")).collect();
        let mut looks = Vec::new();
        for (path, bytes) in paths.iter().zip(self.place.read(&paths)?) {
            let wrong = |why: &str| Failure::usage(format!("`{}/{path}`: {why}", self.shown()));
            let results = Results::read(&bytes)
                .map_err(|why| wrong(&why).help("without it nobody knows which looks were spent: restore the file"))?;
            if results.experiment != experiment || results.phase != phase {
                return Err(wrong("it is a record of another experiment or phase"));
            }
            let own: jiff::Timestamp = results.at.parse().map_err(|_| wrong("`at` is no instant"))?;
            looks.push((own, results));
        }
        looks.sort_by_key(|(own, _)| *own);
        Ok(Shelf { store: self, experiment: experiment.to_owned(), phase, names, looks })
    }

    /// Sees to it that no record can be written over.
    ///
    /// # Errors
    /// When a server does not keep conditions, or fails.
    pub fn prove(&self) -> Result<(), Failure> {
        self.place.prove()
    }

    /// The names of the records of a phase.
    fn names(&self, experiment: &str, phase: u32) -> Result<BTreeSet<String>, Failure> {
        let prefix = format!("{phase}-");
        let names = self.place.names(experiment)?.into_iter();
        Ok(names.filter(|name| name.starts_with(&prefix) && name.ends_with(".json")).collect())
    }
}

impl Shelf<'_> {
    /// The looks before an instant, in microseconds since 1970; the earliest first.
    pub fn before(&self, at: i64) -> Vec<Results> {
        let before = self.looks.iter().take_while(|(own, _)| own.as_microsecond() < at);
        before.map(|(_, results)| results.clone()).collect()
    }

    /// All looks, the earliest first.
    pub fn into_looks(self) -> Vec<Results> {
        self.looks.into_iter().map(|(_, results)| results).collect()
    }

    /// What records a look, if it is not recorded yet.
    ///
    /// # Errors
    /// When another record of the same look is there.
    pub fn record(&self, results: &Results) -> Result<Option<New>, Failure> {
        let (name, text) = (name(results), results.write());
        match self.looks.iter().find(|(_, own)| own.at == results.at) {
            None => Ok(Some(New { name, at: results.at.clone(), text })),
            Some((_, own)) if own.write() == text => Ok(None),
            Some(_) => {
                let path = format!("{}/{}/{name}", self.store.shown(), self.experiment);
                let failure = Failure::usage(format!("`{path}` records another result of the same look"));
                Err(failure
                    .help("a look is recorded once: look again at a later instant, or record into another folder"))
            }
        }
    }

    /// Writes looks that are not recorded yet; says how many were not. One that another run has recorded meanwhile is left as
    /// it is, and no verdict is to be read off a look that does not know of it.
    ///
    /// # Errors
    /// When another run was faster, or the place cannot be written.
    pub fn create(&self, new: &[New]) -> Result<usize, Failure> {
        self.alone(new)?;
        let mut created = 0;
        for New { name, at, text } in new {
            let path = format!("{}/{name}", self.experiment);
            if self.store.place.create(&path, text.as_bytes())? {
                created += 1;
                continue;
            }
            let theirs = self.store.place.read(std::slice::from_ref(&path))?.pop().unwrap_or_default();
            if theirs != text.as_bytes() {
                let digest = |bytes: &[u8]| Evidence::digest(&sha256(bytes));
                return Err(Failure::environment(format!(
                    "another run recorded the look of {at} at `{}` meanwhile, in `{}/{path}`: ours is {}, theirs is {}",
                    self.experiment,
                    self.store.shown(),
                    digest(text.as_bytes()),
                    digest(&theirs)
                ))
                .help("theirs stays; look again at a later instant, and it counts as the look before"));
            }
        }
        self.alone(new)?;
        Ok(created)
    }

    /// Whether nobody recorded a look that those to be recorded do not know of.
    fn alone(&self, new: &[New]) -> Result<(), Failure> {
        let is_ours = |name: &String| self.names.contains(name) || new.iter().any(|new| new.name == *name);
        let there = self.store.names(&self.experiment, self.phase)?;
        let Some(theirs) = there.iter().find(|name| !is_ours(name)) else { return Ok(()) };
        let own: Vec<&str> = new.iter().map(|new| new.name.as_str()).collect();
        Err(Failure::environment(format!(
            "another run recorded a look at `{}` in `{}` meanwhile: ours is `{}`, theirs is `{theirs}`",
            self.experiment,
            self.store.shown(),
            own.join("`, `"),
        ))
        .help("ours does not know what theirs has spent: look again at a later instant"))
    }
}

/// The name of the file that records a look.
fn name(results: &Results) -> String {
    format!("{}-{}.json", results.phase, results.at.replace(['-', ':'], ""))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Place, Store};
    use crate::results::Results;

    /// A record, at an instant and with a commit.
    fn look(at: &str, commit: &str) -> Results {
        let mut results =
            Results::read(include_bytes!("../../../tests/it/results/ship.json").as_slice()).expect("a record");
        results.at = at.to_owned();
        results.plan.commit = Some(commit.to_owned());
        results
    }

    /// The places that are tried: a folder and, where it is built in, an address.
    fn places(folder: &Path) -> Vec<Place> {
        let mut places = vec![Place::Folder(folder.join("plain"))];
        if cfg!(feature = "publish") {
            places.push(Place::Address(format!("file://{}", folder.join("address").display())));
        }
        places
    }

    const FIRST: &str = "2027-01-25T06:00:00Z";
    const SECOND: &str = "2027-01-25T06:00:01Z";

    #[test]
    fn a_look_of_another_run_is_named_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for place in places(folder.path()) {
            let store = Store::open(&place).unwrap();
            let (ours, theirs) = (look(FIRST, "aaaa"), look(FIRST, "bbbb"));
            let shelf = store.shelf(&ours.experiment, ours.phase).unwrap();
            let new = [shelf.record(&ours).unwrap().expect("it is new")];
            // Another run records the same look of other data, and then one that does not clash by its name.
            let other = store.shelf(&theirs.experiment, theirs.phase).unwrap();
            assert_eq!(other.create(&[other.record(&theirs).unwrap().unwrap()]).unwrap(), 1);
            let said = shelf.create(&new).unwrap_err().to_string();
            assert!(said.contains("meanwhile") && said.contains("ours is sha256:"), "{said}");
            let kept = store.shelf(&ours.experiment, ours.phase).unwrap().into_looks();
            assert_eq!(kept, [theirs]);
            // Whoever reads it before is told at once.
            let late = store.shelf(&ours.experiment, ours.phase).unwrap();
            assert!(late.record(&ours).err().unwrap().to_string().contains("another result of the same look"));
        }
    }

    #[test]
    fn the_same_look_is_the_same_and_an_unknown_one_keeps_others_from_being_read() {
        let folder = tempfile::tempdir().unwrap();
        for place in places(folder.path()) {
            let store = Store::open(&place).unwrap();
            store.prove().unwrap();
            let (first, second) = (look(FIRST, "aaaa"), look(SECOND, "aaaa"));
            let shelf = store.shelf(&first.experiment, first.phase).unwrap();
            let same = store.shelf(&first.experiment, first.phase).unwrap();
            let ignorant = store.shelf(&first.experiment, first.phase).unwrap();
            assert_eq!(shelf.create(&[shelf.record(&first).unwrap().unwrap()]).unwrap(), 1);
            assert_eq!(same.create(&[same.record(&first).unwrap().unwrap()]).unwrap(), 0, "it is recorded already");
            let said = ignorant.create(&[ignorant.record(&second).unwrap().unwrap()]).unwrap_err().to_string();
            assert!(said.contains("1-20270125T060001Z.json") && said.contains("1-20270125T060000Z.json"), "{said}");
            let knowing = store.shelf(&first.experiment, first.phase).unwrap();
            assert_eq!(knowing.before(i64::MAX), std::slice::from_ref(&first), "nothing was written");
            assert_eq!(knowing.create(&[knowing.record(&second).unwrap().unwrap()]).unwrap(), 1);
            let at = first.at.parse::<jiff::Timestamp>().unwrap().as_microsecond();
            let all = store.shelf(&first.experiment, first.phase).unwrap();
            assert_eq!((all.before(at).len(), all.before(at + 1).len(), all.into_looks().len()), (0, 1, 2));
            // Another phase is another shelf.
            assert!(store.shelf(&first.experiment, first.phase + 1).unwrap().into_looks().is_empty());
        }
    }

    #[test]
    fn addresses_are_refused_with_a_reason() {
        for address in ["https://example.com/results", "ftp://example.com/x", "s3://me:hunter2@bucket/x"] {
            let said = Store::open(&Place::Address(address.to_owned())).err().expect("it is refused").to_string();
            assert!(said.contains("help:") || said.contains("no such storage"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
