//! The locks that are there: read in parallel, checked against their own seals.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::prelude::*;
use toml::de::DeTable;

use super::Lock;
use super::codec::{decode, newer, seal_of, set};
use super::ledger::Ledger;
use super::plain::{self, Plain};
use super::shape::{LedgerFile, LockFile, SealFile};
use crate::bucket::MAX_BUCKETS;
use crate::decl::{Kind, Reader, Table};
use crate::diag::{Concern, Diagnostic};
use crate::model::Catalogue;
use crate::source::{FileId, Source, Sources, Span};

/// A lock as found.
#[derive(Debug, Clone)]
pub struct Held {
    pub file: FileId,
    pub lock: Lock,
    /// The digest it is sealed with.
    pub seal: String,
    /// Whether the seal is that of the text.
    pub sealed: bool,
    /// The place of the seal.
    pub seal_span: Span,
    /// The place of its buckets.
    pub steps_span: Span,
}

/// A ledger as found.
#[derive(Debug, Clone)]
pub struct HeldLedger {
    pub file: FileId,
    pub ledger: Ledger,
    /// The place of the digest of each component, and of the surface under the empty id.
    pub places: HashMap<String, Span>,
}

/// A lock that belongs to no declaration.
#[derive(Debug, Clone)]
pub struct Stray {
    pub file: FileId,
    pub path: String,
}

/// Every lock and ledger of a catalogue.
#[derive(Debug, Clone, Default)]
pub struct Locks {
    /// By the path of the declaration beside which it stands.
    held: HashMap<FileId, Arc<Held>>,
    /// By the path of the surface's declaration.
    ledgers: HashMap<FileId, HeldLedger>,
    pub strays: Vec<Stray>,
    /// Declarations whose lock is there but cannot be read.
    unreadable: HashMap<FileId, FileId>,
    /// Locks that belong to no declaration and still hold their buckets.
    adrift: Vec<Arc<Held>>,
    /// The declarations, where there are any, of locks that cannot be read: nobody knows what those hold.
    lost: Vec<Option<FileId>>,
}

enum Read {
    Lock(FileId, Result<Arc<Held>, FileId>),
    Ledger(FileId, Result<Box<HeldLedger>, FileId>),
    Stray(Stray),
    Adrift(Stray, Option<Arc<Held>>),
}

impl Locks {
    /// Reads every `.lock` of the sources; what is wrong with them comes beside.
    #[must_use]
    pub fn read(sources: &Sources, catalogue: &Catalogue) -> (Self, Vec<Diagnostic>) {
        let buckets = catalogue.surfaces.values().map(|surface| (surface.file, surface.buckets)).collect();
        Self::read_beside(sources, &buckets, &Self::default())
    }

    /// Reads every `.lock` of the sources, except where `others` holds the same version of one already. `buckets` says how many
    /// each surface has, by its file.
    #[must_use]
    pub fn read_beside(sources: &Sources, buckets: &HashMap<FileId, u32>, others: &Self) -> (Self, Vec<Diagnostic>) {
        let known: HashMap<FileId, &Arc<Held>> =
            others.held.values().chain(&others.adrift).map(|held| (held.file, held)).collect();
        let lock = |file: FileId, source: &Source| match known.get(&file) {
            Some(&held) => (Some(Arc::clone(held)), Vec::new()),
            None => {
                let (held, findings) = read_lock(file, source);
                (held.map(Arc::new), findings)
            }
        };
        let files: Vec<_> = sources.iter().filter(|(_, source)| source.path.ends_with(".lock")).collect();
        let read: Vec<_> = files
            .into_par_iter()
            .filter_map(|(file, source)| {
                let declaration = format!("{}.toml", source.path.strip_suffix(".lock").unwrap_or(&source.path));
                let kind = Kind::of(&declaration)?;
                let Some(owner) = sources.find(&declaration) else {
                    let stray = Stray { file, path: source.path.to_string() };
                    if kind == Kind::Surface {
                        return Some((Read::Stray(stray), Vec::new()));
                    }
                    let (held, findings) = lock(file, source);
                    return Some((Read::Adrift(stray, held), findings));
                };
                match kind {
                    Kind::Experiment | Kind::Rollout => {
                        let (held, findings) = lock(file, source);
                        Some((Read::Lock(owner, held.ok_or(file)), findings))
                    }
                    Kind::Surface => {
                        let size = buckets.get(&owner).copied().unwrap_or(MAX_BUCKETS);
                        let (held, findings) = read_ledger(file, source, size);
                        Some((Read::Ledger(owner, held.map(Box::new).ok_or(file)), findings))
                    }
                    _ => None,
                }
            })
            .collect();
        let mut locks = Self::default();
        let mut findings = Vec::new();
        for (read, found) in read {
            findings.extend(found);
            match read {
                Read::Lock(owner, Ok(held)) => drop(locks.held.insert(owner, held)),
                Read::Ledger(owner, Ok(held)) => drop(locks.ledgers.insert(owner, *held)),
                Read::Lock(owner, Err(file)) => {
                    locks.unreadable.insert(owner, file);
                    locks.lost.push(Some(owner));
                }
                Read::Ledger(owner, Err(file)) => drop(locks.unreadable.insert(owner, file)),
                Read::Stray(stray) => locks.strays.push(stray),
                Read::Adrift(stray, held) => {
                    locks.strays.push(stray);
                    match held {
                        Some(held) => locks.adrift.push(held),
                        None => locks.lost.push(None),
                    }
                }
            }
        }
        (locks, findings)
    }

    /// The lock beside a declaration.
    #[must_use]
    pub fn of(&self, declaration: FileId) -> Option<&Held> {
        self.held.get(&declaration).map(Arc::as_ref)
    }

    /// The ledger beside a surface's declaration.
    #[must_use]
    pub fn ledger(&self, surface: FileId) -> Option<&HeldLedger> {
        self.ledgers.get(&surface)
    }

    /// The lock or ledger beside a declaration that is there but cannot be read.
    #[must_use]
    pub fn unreadable(&self, declaration: FileId) -> Option<FileId> {
        self.unreadable.get(&declaration).copied()
    }

    /// Every lock that can be read, with the declaration beside which it stands, if that is there; in order of files.
    #[must_use]
    pub fn everywhere(&self) -> Vec<(Option<FileId>, &Held)> {
        let held = self.held.iter().map(|(&declaration, held)| (Some(declaration), held.as_ref()));
        let mut all: Vec<_> = held.chain(self.adrift.iter().map(|held| (None, held.as_ref()))).collect();
        all.sort_by_key(|(_, held)| held.file);
        all
    }

    /// Those that cannot be read, by the declaration beside which each stands, if that is there.
    pub(super) fn lost(&self) -> impl Iterator<Item = Option<FileId>> {
        self.lost.iter().copied()
    }

    /// How many locks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there is no lock.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

/// Opens a lock file's outermost table; conflict markers get words of their own.
fn open<T>(
    file: FileId,
    source: &Source,
    read: impl FnOnce(Table<'_, '_>) -> T,
) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
    if let Some(at) = conflict(&source.text) {
        let span = Span::new(file, at..at + 7);
        let finding = Diagnostic::new("tampered-lock", span, "a merge left a conflict in this lock")
            .help("run `allot allocate --base REF` with the branch that was merged: it keeps that branch's locks and draws the others again");
        return Err(vec![finding]);
    }
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    if let Some(error) = errors.first() {
        let span = error.span().map_or(Span::top(file), |range| Span::new(file, range));
        let message = format!("this lock is not TOML: {}", error.message().lines().next().unwrap_or_default());
        return Err(vec![Diagnostic::new("tampered-lock", span, message).help(RESTORE)]);
    }
    let mut reader = Reader { file, concern: Concern::Serving, planning: &[], findings: Vec::new() };
    let value = read(Table::new(document.get_ref(), Span::top(file), &mut reader));
    let findings = reader.findings.into_iter().take(1);
    let findings = findings.map(|finding| {
        let message = format!("this lock cannot be read: {}", finding.message);
        Diagnostic { rule: "tampered-lock", fix: None, message, ..finding }.help(RESTORE)
    });
    Ok((value, findings.collect()))
}

pub(crate) const RESTORE: &str =
    "restore it from Git (`git checkout -- FILE`), or from a branch with `allot allocate --base REF`";

fn conflict(text: &str) -> Option<usize> {
    if text.starts_with("<<<<<<<") {
        return Some(0);
    }
    text.find("\n<<<<<<<").map(|at| at + 1)
}

fn read_lock(file: FileId, source: &Source) -> (Option<Held>, Vec<Diagnostic>) {
    let Some(Plain { lock, seal, seal_at, steps_at }) = plain::read(source.stem(), &source.text) else {
        return read_toml(file, source);
    };
    let sealed = seal_of(&source.text).is_some_and(|expected| expected == seal);
    let (seal_span, steps_span) = (Span::new(file, seal_at), Span::new(file, steps_at));
    (Some(Held { file, lock, seal, sealed, seal_span, steps_span }), Vec::new())
}

fn read_toml(file: FileId, source: &Source) -> (Option<Held>, Vec<Diagnostic>) {
    let (shape, mut findings) = match open(file, source, LockFile::read) {
        Ok(opened) => opened,
        Err(findings) => return (None, findings),
    };
    if !findings.is_empty() {
        return (None, findings);
    }
    let top = Span::top(file);
    let digest = |seal: &SealFile| seal.digest.as_ref().map(|digest| (digest.value.clone(), digest.span));
    let (seal, seal_span) = shape.seal.as_ref().and_then(|seal| digest(seal)).unwrap_or((String::new(), top));
    match decode(source.stem(), &shape, top) {
        Ok(lock) => {
            let sealed = seal_of(&source.text).is_some_and(|expected| expected == seal);
            let steps_span = shape
                .steps
                .as_ref()
                .and_then(|steps| steps.value.first())
                .map_or(top, |step| step.value.adds.as_ref().map_or(step.span, |adds| adds.span));
            (Some(Held { file, lock, seal, sealed, seal_span, steps_span }), findings)
        }
        Err(finding) => {
            findings.push(finding.help(RESTORE));
            (None, findings)
        }
    }
}

fn read_ledger(file: FileId, source: &Source, size: u32) -> (Option<HeldLedger>, Vec<Diagnostic>) {
    let (shape, mut findings) = match open(file, source, LedgerFile::read) {
        Ok(opened) => opened,
        Err(findings) => return (None, findings),
    };
    if !findings.is_empty() {
        return (None, findings);
    }
    if let Some(version) = shape.version.as_ref().filter(|version| version.value != 1) {
        return (None, vec![*newer(version.span)]);
    }
    let mut places = HashMap::new();
    let mut digests = BTreeMap::new();
    let surface = shape.surface.as_ref().and_then(|seal| seal.digest.as_ref());
    if let Some(digest) = surface {
        places.insert(String::new(), digest.span);
    }
    for (component, seal) in shape.components.iter().flat_map(|components| components.iter()) {
        if let Some(digest) = seal.digest.as_ref() {
            places.insert(component.value.clone(), digest.span);
            digests.insert(component.value.clone(), digest.value.clone());
        }
    }
    let (Some(salt), Some(surface), Some(holdout)) = (shape.salt.as_ref(), surface, shape.holdout.as_ref()) else {
        return (None, findings);
    };
    // A holdout of a surface whose number of buckets has changed cannot be read in the new number.
    let holdout = set(holdout, size).or_else(|_| set(holdout, MAX_BUCKETS));
    match holdout {
        Ok(holdout) => {
            let ledger =
                Ledger { salt: salt.value.clone(), holdout, surface: surface.value.clone(), components: digests };
            (Some(HeldLedger { file, ledger, places }), findings)
        }
        Err(finding) => {
            findings.push(finding.help(RESTORE));
            (None, findings)
        }
    }
}

impl Stray {
    /// The declaration that it should stand beside.
    #[must_use]
    pub fn declaration(&self) -> String {
        format!("{}.toml", self.path.strip_suffix(".lock").unwrap_or(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::{BucketSet, draw};
    use crate::decl::Day;
    use crate::lock::{Step, lock_text};

    fn lock(seed: u32) -> Lock {
        let first = draw(&BucketSet::full(1_000), 3 * (seed % 3), &["first", &seed.to_string()]);
        let second = draw(&first.complement(), 30, &["second", &seed.to_string()]);
        Lock {
            id: "test".to_owned(),
            surface: "home".to_owned(),
            flag: "home-ranker".to_owned(),
            phase: 1 + seed % 2,
            began: (0..=seed % 2).map(|phase| Day::FIRST.plus(9_000 + phase)).collect(),
            start: Day::FIRST.plus(9_000 + seed),
            days: (!seed.is_multiple_of(5)).then_some(28),
            components: if seed.is_multiple_of(4) {
                vec!["*".to_owned()]
            } else {
                vec!["a".to_owned(), "b-2".to_owned()]
            },
            unit: "user".to_owned(),
            scheme: "growthbook".to_owned(),
            grid: 10_000,
            buckets: 1_000,
            salt: "5b2658335854a35b".to_owned(),
            segment: (!seed.is_multiple_of(3)).then(|| "9c0c6003b2137c4c674b62e268f15fab".to_owned()),
            plan: "fa6aaf0e18fdbc0f139e1d1bc54dae8d".to_owned(),
            variants: vec![("control".to_owned(), 0..5_000), ("treatment".to_owned(), 5_000..10_000)],
            steps: vec![Step { after: 0, adds: first }, Step { after: seed % 7, adds: second }],
        }
    }

    fn source(text: &str) -> Source {
        Source::new("experiments/test.lock", text)
    }

    #[test]
    fn a_lock_as_it_was_written_is_read_line_by_line() {
        for seed in 0..30 {
            let lock = lock(seed);
            let (text, seal) = lock_text(&lock);
            let plain = plain::read("test", &text).expect("it is as it was written");
            assert_eq!((&plain.lock, &plain.seal), (&lock, &seal));
            assert!(plain::read("test", &text.replace('\n', "\r\n")).is_none());
        }
    }

    #[test]
    fn both_readers_say_the_same_of_whatever_both_can_read() {
        let mut both = 0;
        for seed in 1..3 {
            let (text, _) = lock_text(&lock(seed));
            // Each byte in turn becomes another, goes, or comes twice; so does each line.
            let bytes = (0..text.len()).flat_map(|at| {
                // A lock is ASCII, so every byte is a letter.
                let (before, rest) = text.split_at(at);
                let (own, after) = rest.split_at(1);
                let others = ["", "0", "9", " ", "\n", "\"", "-", "x", "é", "\u{7f}"];
                others
                    .into_iter()
                    .map(String::from)
                    .chain([own.repeat(2)])
                    .map(move |other| format!("{before}{other}{after}"))
            });
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let lines = (0..lines.len()).flat_map(|at| {
                let part = |skip: usize| lines[at + skip..].concat();
                [format!("{}{}", lines[..at].concat(), part(1)), format!("{}{}", lines[..=at].concat(), part(0))]
            });
            for text in bytes.chain(lines) {
                let source = source(&text);
                if plain::read(source.stem(), &text).is_none() {
                    continue;
                }
                both += 1;
                let (fast, none) = read_lock(FileId(7), &source);
                let (slow, findings) = read_toml(FileId(7), &source);
                assert!(none.is_empty() && findings.is_empty(), "{text}");
                let seen = |held: Option<Held>| {
                    held.map(|held| (held.lock, held.seal, held.sealed, held.seal_span, held.steps_span))
                };
                assert_eq!(seen(fast), seen(slow), "{text}");
            }
        }
        assert!(both > 1_000, "{both}");
    }
}
