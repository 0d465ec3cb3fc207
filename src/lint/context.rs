//! What rules may look at.

use std::collections::HashMap;

use crate::decl::{Day, Stage};
use crate::diag::Diagnostic;
use crate::lock::{Locks, Plan, Wishes, plan};
use crate::model::{Catalogue, Claim, Phase, Readings, Window, bind};
use crate::results::Evidence;
use crate::source::{FileId, Sources, Span};

/// A catalogue with its locks, as of a day.
#[derive(Debug)]
pub struct Context<'a> {
    pub sources: &'a Sources,
    pub catalogue: Catalogue,
    pub locks: Locks,
    /// What every lock and ledger should become.
    pub plan: Plan,
    /// The day of `--at`.
    pub today: Day,
    /// Findings from reading declarations and locks.
    pub read: Vec<Diagnostic>,
    /// The same catalogue as it was at the base of the change, if the change is looked at.
    pub base: Option<Base<'a>>,
    /// What recorded results advised, of those that are at hand.
    pub evidence: Vec<Evidence>,
    /// Claims, by the files of their declarations and of their locks.
    claims: HashMap<FileId, usize>,
    /// Files in which something could not be read, and whether they are not even TOML.
    misread: HashMap<FileId, bool>,
}

/// A catalogue at the base of a change.
#[derive(Debug)]
pub struct Base<'a> {
    /// How the revision is called, such as `origin/main`.
    pub name: &'a str,
    pub context: Box<Context<'a>>,
}

impl<'a> Context<'a> {
    /// Reads, binds and plans a whole catalogue.
    #[must_use]
    pub fn new(sources: &'a Sources, today: Day) -> Self {
        Self::bound(sources, today, &Readings::of(sources), &Locks::default())
    }

    /// A catalogue beside what it was at its base; what both have in common is read once.
    #[must_use]
    pub fn with_base(sources: &'a Sources, base: &'a Sources, name: &'a str, today: Day) -> Self {
        let mut readings = Readings::of(sources);
        readings.extend(base);
        let head = Self::bound(sources, today, &readings, &Locks::default());
        let base = Self::bound(base, today, &readings, &head.locks);
        Self { base: Some(Base { name, context: Box::new(base) }), ..head }
    }

    fn bound(sources: &'a Sources, today: Day, readings: &Readings, known: &Locks) -> Self {
        // Binding is one after another, and needs no lock; locks are read meanwhile.
        let ((catalogue, mut read), (locks, found)) =
            rayon::join(|| bind(sources, readings), || Locks::read_beside(sources, &readings.buckets(sources), known));
        read.extend(found);
        let plan = plan(&catalogue, &locks, &Wishes::default());
        let mut claims = HashMap::with_capacity(2 * catalogue.claims.len());
        for (at, claim) in catalogue.claims.values().enumerate() {
            claims.insert(claim.file, at);
            let lock = locks.of(claim.file).map(|held| held.file).or_else(|| locks.unreadable(claim.file));
            claims.extend(lock.map(|file| (file, at)));
        }
        let mut misread: HashMap<FileId, bool> = HashMap::new();
        for finding in &read {
            *misread.entry(finding.span.file).or_default() |= finding.rule == "syntax";
        }
        Self { sources, catalogue, locks, plan, today, read, base: None, evidence: Vec::new(), claims, misread }
    }

    /// Says of a file that it is no text at all, in place of everything else that was found in it.
    pub fn refuse(&mut self, file: FileId, why: &str) {
        self.read.retain(|finding| finding.span.file != file);
        let help = "the file is left out of everything else";
        self.read.push(Diagnostic::new("syntax", Span::top(file), why).help(help));
        self.misread.insert(file, true);
    }

    /// The claim that a file declares, or whose lock it is.
    #[must_use]
    pub fn claim_of(&self, file: FileId) -> Option<&Claim> {
        self.claims.get(&file).and_then(|&at| self.catalogue.claims.values().as_slice().get(at))
    }

    /// Whether a file is not TOML: what it seems to lack may only have been swallowed.
    #[must_use]
    pub fn broken(&self, file: FileId) -> bool {
        self.misread.get(&file).copied().unwrap_or(false)
    }

    /// Whether a claim is behind us: decided, or past its window and that of its lock. It takes nothing from anyone any more.
    #[must_use]
    pub fn is_over(&self, claim: &Claim) -> bool {
        let past = |window: Window| window.phase(self.today) == Phase::Over;
        claim.stage == Some(Stage::Tweak)
            || (claim.window.is_some_and(past) && self.locks.of(claim.file).is_none_or(|held| past(held.lock.window())))
    }

    /// Whether something in a file could not be read: then what seems to be missing there may only be misspelt.
    #[must_use]
    pub fn misread(&self, file: FileId) -> bool {
        self.misread.contains_key(&file)
    }

    /// Whether a waiver in the claim's own file accepts a finding today.
    #[must_use]
    pub fn waives(&self, finding: &Diagnostic) -> bool {
        let waivers = self.claim_of(finding.span.file).map_or(&[][..], Claim::waivers);
        waivers.iter().any(|waiver| {
            let named = waiver.rule.as_ref().is_some_and(|rule| rule.value == finding.rule);
            let reasoned = waiver.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
            named && reasoned && waiver.until.as_ref().is_some_and(|until| self.today < until.value)
        })
    }
}
