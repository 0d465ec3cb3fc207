//! The texts of a catalogue, the files they came from, and places inside them.

mod lines;

use std::ops::Range;
use std::sync::Arc;

pub use lines::Position;

/// A file of a catalogue, as an index into its [`Sources`].
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

/// One file: its path below the catalogue's root, with `/` between folders, and its text.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// Why it is there and could not be read as text; the text is empty then.
    pub fault: Option<&'static str>,
}

impl Source {
    /// The file's name without its folder and its last extension: the id of what it declares.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// All files of a catalogue, sorted by path; a [`FileId`] is an index into them.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Sorts files by path, so that ids, and all that is ordered by them, never depend on the file system.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut files: Vec<Source> = files
            .into_iter()
            .map(|(path, text)| Source { path: path.into(), text: text.into(), fault: None })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|later, earlier| later.path == earlier.path);
        Self { files }
    }

    /// Adds files that are there and could not be read as text, each with the reason: so they have a place.
    #[must_use]
    pub fn with_faults<'p>(self, faults: impl IntoIterator<Item = (&'p str, &'static str)>) -> Self {
        let faulty = |(path, why): (&str, _)| Source { path: path.into(), text: "".into(), fault: Some(why) };
        let mut files: Vec<Source> = faults.into_iter().map(faulty).chain(self.files).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|later, earlier| later.path == earlier.path);
        Self { files }
    }

    /// The files with their ids, in order of their paths.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(at, source)| (FileId(u32::try_from(at).unwrap_or(u32::MAX)), source))
    }

    /// The file of an id, if it is one of these sources'.
    #[must_use]
    pub fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }

    /// The file at a path below the root.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.files.binary_search_by(|source| source.path.as_ref().cmp(path)).ok()?;
        u32::try_from(at).ok().map(FileId)
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
        let text = self.get(span.file).map_or("", |source| &source.text);
        Position::of(text, span.range())
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
