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
    results: Results,
}

/// How a look stands to what is recorded.
pub enum Standing<'a> {
    /// It is recorded, and stays as it was.
    Recorded(&'a Results),
    /// It comes after all that is recorded.
    New(Box<New>),
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
    /// The looks from an instant on and before another, both in microseconds since 1970; the earliest first.
    pub fn between(&self, from: i64, to: i64) -> impl Iterator<Item = &Results> {
        let within = move |own: &jiff::Timestamp| (from..to).contains(&own.as_microsecond());
        self.looks.iter().filter(move |(own, _)| within(own)).map(|(_, results)| results)
    }

    /// All looks, the earliest first.
    pub fn into_looks(self) -> Vec<Results> {
        self.looks.into_iter().map(|(_, results)| results).collect()
    }

    /// What records a look, or the record of it that is there; `is_now` says that nobody named its instant.
    ///
    /// # Errors
    /// When another record of the same look is there, or one of a later look, which does not know of this one.
    pub fn record(&self, results: &Results, is_now: bool) -> Result<Standing<'_>, Failure> {
        let path = |results: &Results| format!("{}/{}/{}", self.store.shown(), self.experiment, name(results));
        if let Some((_, own)) = self.looks.iter().find(|(_, own)| own.at == results.at) {
            if own.is_same_look(results) {
                return Ok(Standing::Recorded(own));
            }
            let failure = Failure::usage(format!("`{}` records another result of the same look", path(results)));
            return Err(
                failure.help("a look is recorded once: look again at a later instant, or record into another folder")
            );
        }
        let at = results.at.parse::<jiff::Timestamp>().ok();
        if let Some((_, later)) = self.looks.iter().find(|(own, _)| at.is_some_and(|at| *own > at)) {
            let words =
                format!("the look of {} is not recorded, and `{}` records a later one", results.at, path(later));
            // Where no instant was named another run was faster: to look again is to look later.
            let failure = if is_now { Failure::environment(words) } else { Failure::usage(words) };
            return Err(failure.help(
                "a look is taken after those before it: look again at a later instant, or record into another folder",
            ));
        }
        Ok(Standing::New(Box::new(New { name: name(results), results: results.clone() })))
    }

    /// Writes looks that are not recorded yet; says how many were not. One that another run has recorded meanwhile is left as
    /// it is, and no verdict is to be read off a look that does not know of it.
    ///
    /// # Errors
    /// When another run was faster, or the place cannot be written.
    pub fn create(&self, new: &[New]) -> Result<usize, Failure> {
        self.alone(new)?;
        let mut created = 0;
        for New { name, results } in new {
            let (path, text) = (format!("{}/{name}", self.experiment), results.write());
            if self.store.place.create(&path, text.as_bytes())? {
                created += 1;
                continue;
            }
            let theirs = self.store.place.read(std::slice::from_ref(&path))?.pop().unwrap_or_default();
            if !Results::read(&theirs).is_ok_and(|theirs| theirs.is_same_look(results)) {
                let digest = |bytes: &[u8]| Evidence::digest(&sha256(bytes));
                return Err(Failure::environment(format!(
                    "another run recorded the look of {} at `{}` meanwhile, in `{}/{path}`: ours is {}, theirs is {}",
                    results.at,
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
    use std::process::ExitCode;

    use super::{New, Place, Shelf, Standing, Store};
    use crate::results::Results;

    /// A record, at an instant and with so many exposure rows that were left out.
    fn look(at: &str, outside: u64) -> Results {
        let mut results =
            Results::read(include_bytes!("../../../tests/it/results/ship.json").as_slice()).expect("a record");
        results.at = at.to_owned();
        results.tally.rows_outside = outside;
        results
    }

    /// What records a look that is not recorded.
    fn new(shelf: &Shelf<'_>, results: &Results) -> [New; 1] {
        match shelf.record(results, false) {
            Ok(Standing::New(new)) => [*new],
            Ok(Standing::Recorded(_)) => panic!("it is recorded"),
            Err(failure) => panic!("{failure}"),
        }
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
            let (ours, theirs) = (look(FIRST, 1), look(FIRST, 2));
            let shelf = store.shelf(&ours.experiment, ours.phase).unwrap();
            let own = new(&shelf, &ours);
            // Another run records the same look of other data, and then one that does not clash by its name.
            let other = store.shelf(&theirs.experiment, theirs.phase).unwrap();
            assert_eq!(other.create(&new(&other, &theirs)).unwrap(), 1);
            let said = shelf.create(&own).unwrap_err().to_string();
            assert!(said.contains("meanwhile") && said.contains("ours is sha256:"), "{said}");
            let kept = store.shelf(&ours.experiment, ours.phase).unwrap().into_looks();
            assert_eq!(kept, [theirs]);
            // Whoever reads it before is told at once.
            let late = store.shelf(&ours.experiment, ours.phase).unwrap();
            assert!(late.record(&ours, false).err().unwrap().to_string().contains("another result of the same look"));
        }
    }

    #[test]
    fn the_same_look_is_the_same_and_an_unknown_one_keeps_others_from_being_read() {
        let folder = tempfile::tempdir().unwrap();
        for place in places(folder.path()) {
            let store = Store::open(&place).unwrap();
            store.prove().unwrap();
            let (first, second) = (look(FIRST, 1), look(SECOND, 1));
            let shelf = store.shelf(&first.experiment, first.phase).unwrap();
            let same = store.shelf(&first.experiment, first.phase).unwrap();
            let ignorant = store.shelf(&first.experiment, first.phase).unwrap();
            assert_eq!(shelf.create(&new(&shelf, &first)).unwrap(), 1);
            // Who takes it, at which commit and with which words beside it, is none of the look.
            let mut elsewhere = first.clone();
            (elsewhere.plan.commit, elsewhere.plan.dirty) = (Some("b".repeat(40)), !first.plan.dirty);
            (elsewhere.source.tool, elsewhere.source.query) = ("0.9.0".to_owned(), "sha256:0".to_owned());
            elsewhere.hypothesis = Some("It was written better.".to_owned());
            assert_eq!(same.create(&new(&same, &elsewhere)).unwrap(), 0, "it is recorded already");
            let late = store.shelf(&first.experiment, first.phase).unwrap();
            let Ok(Standing::Recorded(kept)) = late.record(&elsewhere, false) else { panic!("it is the same look") };
            assert!(*kept == first && kept.comes_to_the_same(&elsewhere), "what is recorded stays as it is");
            let said = ignorant.create(&new(&ignorant, &second)).unwrap_err().to_string();
            assert!(said.contains("1-20270125T060001Z.json") && said.contains("1-20270125T060000Z.json"), "{said}");
            let knowing = store.shelf(&first.experiment, first.phase).unwrap();
            let all = |shelf: &Shelf<'_>| shelf.between(i64::MIN, i64::MAX).cloned().collect::<Vec<_>>();
            assert_eq!(all(&knowing), std::slice::from_ref(&first), "nothing was written");
            assert_eq!(knowing.create(&new(&knowing, &second)).unwrap(), 1);
            let at = first.at.parse::<jiff::Timestamp>().unwrap().as_microsecond();
            let all = store.shelf(&first.experiment, first.phase).unwrap();
            let count = |from, to| all.between(from, to).count();
            assert_eq!(
                (count(i64::MIN, at), count(i64::MIN, at + 1), count(at, at + 1), count(at + 1, i64::MAX)),
                (0, 1, 1, 1)
            );
            assert_eq!(all.into_looks().len(), 2);
            // Another phase is another shelf.
            assert!(store.shelf(&first.experiment, first.phase + 1).unwrap().into_looks().is_empty());
        }
    }

    #[test]
    fn a_look_before_one_that_is_recorded_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for place in places(folder.path()) {
            let store = Store::open(&place).unwrap();
            let (first, second) = (look(FIRST, 1), look(SECOND, 1));
            let shelf = store.shelf(&second.experiment, second.phase).unwrap();
            shelf.create(&new(&shelf, &second)).unwrap();
            let shelf = store.shelf(&second.experiment, second.phase).unwrap();
            let (named, now) = (shelf.record(&first, false).err(), shelf.record(&first, true).err());
            let (named, now) = (named.expect("it is refused"), now.expect("it is refused"));
            assert_eq!((named.code(), now.code()), (ExitCode::from(2), ExitCode::from(3)));
            let said = named.to_string();
            assert!(said.contains(FIRST) && said.contains("1-20270125T060001Z.json` records a later one"), "{said}");
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
