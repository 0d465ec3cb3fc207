//! Two versions of one experiment or rollout, compared upon the little of the catalogue that it depends on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::record::{decided, fault, is_unreadable, waived};
use crate::change::{self, Changes, Pair, Side};
use crate::cli::Failure;
use crate::decl::{Day, Declaration, Kind, read};
use crate::io::{self, Files, Loaded};
use crate::lock::Locks;
use crate::model::{Claim, Readings, bind};
use crate::render::recorded;
use crate::report;
use crate::source::{FileId, Source, Sources, Version};

/// Where versions are read.
pub struct Reader<'a> {
    pub repo: &'a io::Repo,
    /// The root in the work tree; none where only commits are looked at.
    pub root: Option<&'a Path>,
    pub id: &'a str,
}

/// A version.
#[derive(Clone, Copy)]
pub enum State<'a> {
    /// That of a commit.
    At(&'a str, &'a Files),
    WorkTree,
    Nothing,
}

impl<'a> State<'a> {
    pub fn of(commit: &'a str, files: &'a Files) -> Self {
        if files.is_empty() { Self::Nothing } else { Self::At(commit, files) }
    }
}

/// What differs between two versions.
#[derive(Default)]
pub struct Compared {
    pub change: Option<report::Change>,
    pub decision: Option<report::Decision>,
    pub waivers: Vec<report::Waiver>,
    pub faults: Vec<report::Fault>,
    pub moved_from: Option<String>,
}

impl Compared {
    /// Whether the version before, and the one after, cannot be read.
    pub fn unreadable(&self) -> (bool, bool) {
        let any = |side: &str| {
            self.faults.iter().any(|fault| fault.side == side && fault.unreadable && fault.path.ends_with(".toml"))
        };
        (any("before"), any("after"))
    }
}

/// What the work tree has otherwise than the head.
pub struct Uncommitted {
    /// The paths of files that differ.
    pub paths: Vec<String>,
    /// Where the declaration is now.
    pub declaration: Option<String>,
}

/// Whether a path is that of a declaration or a lock of an id, or of a folder that may hold it.
pub fn is_of(id: &str, path: &str) -> bool {
    let allotted = path.starts_with("experiments/") || path.starts_with("rollouts/");
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".toml").or_else(|| name.strip_suffix(".lock"));
    allotted && (name.is_empty() || stem == Some(id))
}

impl Reader<'_> {
    /// What is not committed yet, if anything is.
    pub fn uncommitted(&self, files: &Files) -> Result<Option<Uncommitted>, Failure> {
        let Some(root) = self.root else { return Ok(None) };
        let now = io::load_some(root, &|path| is_of(self.id, path))?;
        let then = self.repo.load_files(files);
        let (now, then) = (texts(&now), texts(&then));
        // A work tree may have other line ends than its objects.
        let same = |a: &str, b: &str| a.lines().eq(b.lines());
        let differs = |path: &&&str| match (now.get(**path), then.get(**path)) {
            (Some(Some(now)), Some(Some(then))) => !same(now, then),
            (now, then) => now.is_none() || then.is_none(),
        };
        let all: BTreeSet<&str> = now.keys().chain(then.keys()).copied().collect();
        let paths: Vec<String> = all.iter().filter(|path| differs(path)).map(|path| (*path).to_owned()).collect();
        let declaration = now.keys().filter(|path| path.ends_with(".toml")).min().map(|path| (*path).to_owned());
        Ok((!paths.is_empty()).then_some(Uncommitted { paths, declaration }))
    }

    /// Every id that there is at the head or in the work tree.
    pub fn known(&self, head: Option<&str>) -> Result<BTreeSet<String>, Failure> {
        let claims = |path: &str| ["experiments/", "rollouts/"].iter().any(|folder| path.starts_with(folder));
        let mut paths: Vec<String> = Vec::new();
        if let Some(head) = head {
            paths.extend(self.repo.tree_of(head, &claims)?.paths().map(str::to_owned));
        }
        if let Some(root) = self.root {
            paths.extend(io::load_some(root, &claims)?.files.into_iter().map(|(path, _)| path));
        }
        let ids = paths.iter().filter(|path| path.ends_with(".toml"));
        Ok(ids.map(|path| Source::new(path, "").stem().to_owned()).collect())
    }

    /// Compares two versions as of a day; `today` tells which waivers have expired.
    pub fn compare(&self, before: State<'_>, after: State<'_>, day: Day, today: Day) -> Result<Compared, Failure> {
        let own = |state: State<'_>| match state {
            State::At(_, files) => Ok(self.repo.load_files(files)),
            State::WorkTree => self.work_tree(&|path| is_of(self.id, path)),
            State::Nothing => Ok(Loaded::default()),
        };
        let mut named = named(&own(before)?);
        named.extend(self::named(&own(after)?));
        let wanted = |path: &str| belongs(&named, path);
        let (base, head) = sources(&self.load(before, &wanted)?, &self.load(after, &wanted)?);
        let mut readings = Readings::of(&head);
        readings.extend(&base);
        let (new, new_findings) = bind(&head, &readings);
        let (old, old_findings) = bind(&base, &readings);
        let (locks, lock_findings) = Locks::read_beside(&head, &readings.buckets(&head), &Locks::default());
        let (old_locks, _) = Locks::read_beside(&base, &readings.buckets(&base), &locks);
        let claims = Pair { before: old.claims.get(self.id), after: new.claims.get(self.id) };
        let mut faults = Vec::new();
        let files = (self.files(&base), self.files(&head));
        for finding in old_findings.iter().filter(|finding| files.0.contains(&finding.span.file)) {
            // What is wrong with the version before is told of the commit that did it; that it cannot be read matters here.
            if is_unreadable(finding.rule) && !files.1.contains(&finding.span.file) {
                faults.push(fault("before", &base, finding));
            }
        }
        for finding in new_findings.iter().chain(&lock_findings).filter(|f| files.1.contains(&f.span.file)) {
            faults.push(fault("after", &head, finding));
        }
        let mut compared = Compared { faults, ..Compared::default() };
        if compared.unreadable() != (false, false) {
            return Ok(compared);
        }
        compared.decision = decided(claims.before.and_then(Claim::decision), claims.after.and_then(Claim::decision));
        compared.waivers = waived(claims, today);
        let path = |sources: &Sources, claim: Option<&Claim>| claim.map(|claim| sources.path(claim.file).to_owned());
        let moved = path(&base, claims.before).zip(path(&head, claims.after));
        compared.moved_from = moved.filter(|(from, to)| from != to).map(|(from, _)| from);
        let (before, after) = (Side::as_it_is(&base, &old, &old_locks), Side::as_it_is(&head, &new, &locks));
        let found = change::claims(&before, &after, day).into_iter().filter(|found| found.id == self.id).collect();
        let plan = recorded::plan(&before, &after, &Changes { claims: found, definitions: Vec::new() });
        compared.change = plan.changes.into_iter().next();
        Ok(compared)
    }

    fn load(&self, state: State<'_>, wanted: &(dyn Fn(&str) -> bool + Sync)) -> Result<Loaded, Failure> {
        Ok(match state {
            State::At(commit, files) => self.repo.load_with(commit, files, &|path| wanted(path))?,
            State::WorkTree => self.work_tree(&|path| wanted(path) || is_of(self.id, path))?,
            State::Nothing => Loaded::default(),
        })
    }

    fn work_tree(&self, wanted: &(dyn Fn(&str) -> bool + Sync)) -> Result<Loaded, io::IoError> {
        self.root.map_or_else(|| Ok(Loaded::default()), |root| io::load_some(root, wanted))
    }

    /// The declaration and the lock among sources.
    fn files(&self, sources: &Sources) -> HashSet<FileId> {
        sources.iter().filter(|(_, source)| is_of(self.id, &source.path)).map(|(file, _)| file).collect()
    }
}

/// Texts by path; none where there is a file that is no text.
fn texts(loaded: &Loaded) -> HashMap<&str, Option<&str>> {
    let files = loaded.files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str())));
    files.chain(loaded.refused.iter().map(|(path, _)| (path.as_str(), None))).collect()
}

/// The ids of the surface, the flag and the segments that a version names.
fn named(own: &Loaded) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (path, text) in own.files.iter().filter(|(path, _)| path.ends_with(".toml")) {
        let Some(kind) = Kind::of(path) else { continue };
        let (declaration, _) = read(FileId(0), &Source::new(path, text), kind);
        match declaration {
            Some(Declaration::Experiment(written)) => {
                let preview = written.preview.as_ref().and_then(|preview| preview.segment.as_ref());
                let all = [written.surface.as_ref(), written.flag.as_ref(), written.segment.as_ref(), preview];
                ids.extend(all.into_iter().flatten().map(|id| id.value.clone()));
            }
            Some(Declaration::Rollout(written)) => {
                let all = [written.surface.as_ref(), written.flag.as_ref(), written.segment.as_ref()];
                ids.extend(all.into_iter().flatten().map(|id| id.value.clone()));
            }
            _ => {}
        }
    }
    ids
}

/// Whether a path is that of the root or of what is named, or of a folder that may hold it. Metrics are left out: only their
/// ids matter to a plan of analysis.
fn belongs(named: &BTreeSet<String>, path: &str) -> bool {
    let Some((folder, _)) = path.split_once('/') else { return path == "allotment.toml" };
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    matches!(folder, "surfaces" | "flags" | "segments") && (name.is_empty() || named.contains(stem))
}

/// Two versions as sources that share what is the same.
fn sources(before: &Loaded, after: &Loaded) -> (Sources, Sources) {
    let now: HashMap<&str, Option<&str>> = texts(after);
    let same = |path: &str, text: &str| {
        now.get(path).is_some_and(|now| now.is_some_and(|now| now == text || now.lines().eq(text.lines())))
    };
    let there: HashSet<&str> = texts(before).into_keys().collect();
    let missing = now.keys().filter(|path| !there.contains(*path)).map(|path| (*path).to_owned()).collect();
    let readable = before.files.iter().filter(|(path, text)| !same(path, text));
    let readable = readable.map(|(path, text)| Version { path: path.clone(), text: Ok(text.clone()) });
    let refused = before.refused.iter().map(|(path, why)| Version { path: path.clone(), text: Err(*why) });
    let versions = readable.chain(refused).collect();
    let faults = after.refused.iter().map(|(path, why)| (path.as_str(), *why));
    let head = Sources::new(after.files.iter().cloned()).with_faults(faults);
    let (head, base) = head.with_base("before", versions, &missing);
    (base, head)
}
