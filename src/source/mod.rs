//! The texts of a catalogue, the files they came from, and places inside them.

mod lines;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use lines::Lines;
pub use lines::Position;

/// One version of a file of a catalogue, as an index into its [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one file.
///
/// It is ordered by file, then by start, so that sorted findings read from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The span of `range` in `file`; a range beyond 4 GiB is cut there.
    #[must_use]
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { file, start: narrow(range.start), end: narrow(range.end.max(range.start)) }
    }

    /// The very start of a file: the place of a finding about the file as a whole.
    #[must_use]
    pub fn top(file: FileId) -> Self {
        Self { file, start: 0, end: 0 }
    }

    /// A part of this span, in bytes from its start; it never leaves the span.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        let inner = Self::new(self.file, range);
        let start = self.start.saturating_add(inner.start).min(self.end);
        let end = self.start.saturating_add(inner.end).clamp(start, self.end);
        Self { file: self.file, start, end }
    }

    /// The bytes that this span covers.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One version of a file: its path below the catalogue's root, with `/` between folders, and its text.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// Why it is there and could not be read as text; the text is empty then.
    pub fault: Option<&'static str>,
    /// The revision whose version this is, where it is not the one that is looked at.
    pub revision: Option<Arc<str>>,
    lines: OnceLock<Lines>,
}

impl Source {
    /// A file of the catalogue that is looked at.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), fault: None, revision: None, lines: OnceLock::new() }
    }

    /// The file's name without its folder and its last extension: the id of what it declares.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// A file of another revision: its path, and its text or why that cannot be read.
#[derive(Debug, Clone)]
pub struct Version {
    pub path: String,
    pub text: Result<String, &'static str>,
}

/// All files of a catalogue, in order of their paths; a [`FileId`] stands for one version of one file.
///
/// A catalogue and its base share their versions: a file that is the same in both has the same id in both, and a place in
/// either can be shown from either.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    versions: Arc<Vec<Source>>,
    /// The versions of this catalogue, by path.
    files: Vec<FileId>,
}

impl Sources {
    /// Sorts files by path, so that ids, and all that is ordered by them, never depend on the file system.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let whole = |(path, text): (String, String)| Source {
            path: path.into(),
            text: text.into(),
            fault: None,
            revision: None,
            lines: OnceLock::new(),
        };
        Self::of(files.into_iter().map(whole).collect())
    }

    fn of(mut versions: Vec<Source>) -> Self {
        versions.sort_by(|a, b| a.path.cmp(&b.path));
        versions.dedup_by(|later, earlier| later.path == earlier.path);
        let files = (0..versions.len()).map(id).collect();
        Self { versions: Arc::new(versions), files }
    }

    /// Adds files that are there and could not be read as text, each with the reason: so they have a place.
    #[must_use]
    pub fn with_faults<'p>(self, faults: impl IntoIterator<Item = (&'p str, &'static str)>) -> Self {
        let faulty = |(path, why): (&str, _)| Source { fault: Some(why), ..Source::new(path, "") };
        let mut files: Vec<Source> = faults.into_iter().map(faulty).collect();
        if files.is_empty() {
            return self;
        }
        files.extend(self.iter().map(|(_, source)| source.clone()));
        Self::of(files)
    }

    /// These sources with those of another revision, of which only what differs is given: versions of its own, and paths that
    /// it does not have.
    #[must_use]
    pub fn with_base(self, revision: &str, others: Vec<Version>, missing: &HashSet<String>) -> (Self, Self) {
        let revision: Arc<str> = revision.into();
        let replaced: HashSet<&str> = others.iter().map(|version| version.path.as_str()).collect();
        let kept = |file: &&FileId| {
            let path = self.path(**file);
            !replaced.contains(path) && !missing.contains(path)
        };
        let mut base: Vec<FileId> = self.files.iter().filter(kept).copied().collect();
        let mut versions = Arc::unwrap_or_clone(self.versions);
        for Version { path, text } in others {
            base.push(id(versions.len()));
            let fault = text.as_ref().err().copied();
            let text: Arc<str> = text.unwrap_or_default().into();
            let revision = Some(Arc::clone(&revision));
            versions.push(Source { path: path.into(), text, fault, revision, lines: OnceLock::new() });
        }
        base.sort_by(|&a, &b| path_of(&versions, a).cmp(path_of(&versions, b)));
        let versions = Arc::new(versions);
        (Self { versions: Arc::clone(&versions), files: self.files }, Self { versions, files: base })
    }

    /// The files with their ids, in order of their paths.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &Source)> + Clone {
        self.files.iter().map(|&file| (file, self.get(file).unwrap_or(&NOTHING)))
    }

    /// The version of an id, be it of this catalogue or of its base.
    #[must_use]
    pub fn get(&self, file: FileId) -> Option<&Source> {
        self.versions.get(file.0 as usize)
    }

    /// The file at a path below the root.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.files.binary_search_by(|&file| self.path(file).cmp(path)).ok()?;
        self.files.get(at).copied()
    }

    /// The path of a file below the root; empty for an id from elsewhere.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.path)
    }

    /// The text under a span; empty where the span lies outside the file.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).and_then(|source| source.text.get(span.range())).unwrap_or("")
    }

    /// Where a span starts and ends, in lines and columns counted from 1.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        let source = self.get(span.file).unwrap_or(&NOTHING);
        source.lines.get_or_init(|| Lines::of(&source.text)).position(&source.text, span.range())
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// What stands for a file that cannot be missing.
static NOTHING: std::sync::LazyLock<Source> = std::sync::LazyLock::new(|| Source::new("", ""));

fn id(at: usize) -> FileId {
    FileId(u32::try_from(at).unwrap_or(u32::MAX))
}

fn path_of(versions: &[Source], file: FileId) -> &str {
    versions.get(file.0 as usize).map_or("", |source| &source.path)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Sources, Version};

    fn sources(files: &[(&str, &str)]) -> Sources {
        Sources::new(files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())))
    }

    #[test]
    fn a_base_shares_what_is_the_same() {
        let head = sources(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let others = vec![
            Version { path: "b".to_owned(), text: Ok("old".to_owned()) },
            Version { path: "0".to_owned(), text: Ok("gone".to_owned()) },
        ];
        let (head, base) = head.with_base("main", others, &HashSet::from(["c".to_owned()]));
        let shown = |sources: &Sources| {
            sources.iter().map(|(_, source)| format!("{}={}", source.path, source.text)).collect::<Vec<_>>()
        };
        assert_eq!(shown(&head), ["a=1", "b=2", "c=3"]);
        assert_eq!(shown(&base), ["0=gone", "a=1", "b=old"]);
        assert_eq!(head.find("a"), base.find("a"));
        assert_ne!(head.find("b"), base.find("b"));
        let old = base.find("b").expect("it is there");
        let seen = head.get(old).expect("a version");
        assert_eq!((seen.text.as_ref(), seen.revision.as_deref()), ("old", Some("main")));
    }
}
