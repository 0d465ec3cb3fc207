//! A small catalogue to test on, from `tests/it/catalogue`, that can be overlaid, allotted and linted in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use allotment::decl::Day;
use allotment::lint::{Context, Levels, Report, lint};
use allotment::lock::{LedgerVerdict, Verdict, ledger_text, lock_text, path_of_ledger, path_of_lock, seal_of};
use allotment::results::Evidence;
use allotment::source::{Sources, Version};

/// The day on which the tests look at it: 2027-02-01.
pub const TODAY: Day = Day(20_850);

/// Files of the small catalogue that many tests change.
pub const SURFACE: &str = "surfaces/home.toml";
pub const LISTENING: &str = "metrics/listening.toml";
pub const FRESH: &str = "experiments/home/fresh-first.toml";
pub const ROLLOUT: &str = "rollouts/home-cards.toml";
/// A file that it does not have, for [`CARDS`].
pub const LARGE_CARDS: &str = "experiments/home/large-cards.toml";

/// One more experiment, that takes no more than the surface allows.
pub const CARDS: &str = r#"version = 1
stage = "ship"
owner = "home"
surface = "home"
flag = "home-cards"
hypothesis = "Larger cards are played more often."
start = 2027-02-02
days = 10
traffic = "4%"

[variants]
control = "small"
large = "large"

[success]
skip-rate = { mde = "2%" }
"#;

/// Files by path, in memory.
#[derive(Clone, Default)]
pub struct World {
    pub files: BTreeMap<String, String>,
    /// What recorded results advised.
    pub evidence: Vec<Evidence>,
}

impl World {
    /// The small catalogue, not yet allotted; it has no other finding.
    pub fn base() -> Self {
        let mut world = Self::default();
        world.add_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/catalogue"), "");
        world
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let entry = entry.expect("an entry");
            let name = format!("{prefix}{}", entry.file_name().to_str().expect("UTF-8"));
            if entry.path().is_dir() {
                self.add_folder(&entry.path(), &format!("{name}/"));
            } else {
                self.files.insert(name, fs::read_to_string(entry.path()).expect("a text"));
            }
        }
    }

    /// Writes one file.
    pub fn put(&mut self, path: &str, text: &str) -> &mut Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// Replaces a text that stands in a file exactly once; an empty one appends.
    pub fn edit(&mut self, path: &str, from: &str, to: &str) -> &mut Self {
        let text = self.files.get_mut(path).unwrap_or_else(|| panic!("there is no `{path}`"));
        if from.is_empty() {
            text.push_str(to);
        } else {
            assert_eq!(text.matches(from).count(), 1, "`{from}` in `{path}`");
            *text = text.replace(from, to);
        }
        self
    }

    /// The texts as sources.
    pub fn sources(&self) -> Sources {
        Sources::new(self.files.clone())
    }

    /// Allots everything that can be allotted, as `allot allocate` would, and says which files it wrote.
    pub fn allocate(&mut self) -> Vec<String> {
        let sources = self.sources();
        let context = Context::new(&sources, TODAY);
        let mut written = Vec::new();
        for (ix, verdict) in &context.plan.claims {
            if let Verdict::New(lock) | Verdict::Changed(lock) = verdict {
                let path = path_of_lock(sources.path(context.catalogue.claims.at(*ix).file));
                written.push((path, lock_text(lock).0));
            }
        }
        for (ix, verdict) in &context.plan.ledgers {
            if let LedgerVerdict::New(ledger) | LedgerVerdict::Changed(ledger) = verdict {
                let path = path_of_ledger(sources.path(context.catalogue.surfaces.at(*ix).file));
                written.push((path, ledger_text(ledger)));
            }
        }
        let paths = written.iter().map(|(path, _)| path.clone()).collect();
        self.files.extend(written);
        paths
    }

    /// Puts lines in the place of those of the same keys in a lock, and makes its seal and all ledgers right, as a merge of
    /// two branches that were each right would.
    pub fn reseal(&mut self, path: &str, lines: &str) {
        let lock = self.files.get_mut(path).expect("a lock that was allotted");
        for line in lines.lines() {
            let (key, _) = line.split_once(" = ").expect("a key and its value");
            let old = lock.lines().find(|old| old.starts_with(&format!("{key} = "))).expect("a line of this key");
            *lock = lock.replacen(&old.to_owned(), line, 1);
        }
        let seal = seal_of(lock).expect("a seal");
        let at = lock.find("[seal]").expect("a seal");
        *lock = format!("{}[seal]\ndigest = \"{seal}\"\n", &lock[..at]);
        let sources = self.sources();
        let context = Context::new(&sources, TODAY);
        for (ix, verdict) in &context.plan.ledgers {
            if let LedgerVerdict::Changed(ledger) = verdict {
                let path = path_of_ledger(sources.path(context.catalogue.surfaces.at(*ix).file));
                self.files.insert(path, ledger_text(ledger));
            }
        }
    }

    /// Puts lines in the place of those of the same keys, or before the first table where there are none; whole tables go to
    /// the end of the file.
    pub fn replace_lines(&mut self, path: &str, lines: &str) {
        let text = self.files.get_mut(path).unwrap_or_else(|| panic!("there is no `{path}`"));
        let (keys, tables) = match lines.find("\n[").map(|at| at + 1).or(lines.starts_with('[').then_some(0)) {
            Some(at) => lines.split_at(at),
            None => (lines, ""),
        };
        for line in keys.lines() {
            let (key, _) = line.split_once(" = ").expect("a key and its value");
            match text.lines().find(|old| old.starts_with(&format!("{key} = "))).map(str::to_owned) {
                Some(old) => *text = text.replacen(&old, line, 1),
                None => {
                    let first = text.find("\n[").map_or(text.len(), |at| at + 1);
                    text.insert_str(first, &format!("{line}\n\n"));
                }
            }
        }
        if !tables.is_empty() {
            text.push('\n');
            text.push_str(tables);
        }
    }

    /// Lints it as a change of a base, as of [`TODAY`], with its own levels.
    pub fn lint_against(&self, base: &Self) -> (Sources, Report) {
        let (head, base) = self.beside(base, "main");
        let context = Context::with_base(&head, &base, "main", TODAY);
        let levels = Levels::of_root(context.catalogue.root.as_ref().map(|(_, root)| root));
        let report = lint(&context, &levels);
        (head.clone(), report)
    }

    /// Its sources beside those of its base.
    pub fn beside(&self, base: &Self, revision: &str) -> (Sources, Sources) {
        let differs = |(path, text): &(&String, &String)| self.files.get(*path) != Some(*text);
        let versions = base.files.iter().filter(differs);
        let versions = versions.map(|(path, text)| Version { path: path.clone(), text: Ok(text.clone()) }).collect();
        let missing = self.files.keys().filter(|path| !base.files.contains_key(*path)).cloned().collect();
        self.sources().with_base(revision, versions, &missing)
    }

    /// Lints it as of [`TODAY`], with its own levels.
    pub fn lint(&self) -> (Sources, Report) {
        self.lint_on(TODAY)
    }

    /// Lints it as of a day, with its own levels.
    pub fn lint_on(&self, today: Day) -> (Sources, Report) {
        let sources = self.sources();
        let mut context = Context::new(&sources, today);
        context.evidence.clone_from(&self.evidence);
        let levels = Levels::of_root(context.catalogue.root.as_ref().map(|(_, root)| root));
        let report = lint(&context, &levels);
        (sources.clone(), report)
    }
}

#[test]
fn the_small_catalogue_is_clean_once_allotted() {
    let mut world = World::base();
    assert!(!world.allocate().is_empty());
    assert_eq!(world.allocate(), Vec::<String>::new(), "allocation is idempotent");
    let (sources, report) = world.lint();
    let text =
        allotment::render::text::findings(&sources, &report.findings, allotment::render::text::Style::Plain, 100);
    assert!(report.findings.is_empty(), "{text}");
}
