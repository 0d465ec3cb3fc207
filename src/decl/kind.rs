//! The kinds of file, how a path tells them, and the reading of one file.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::reader::{MAX_FINDINGS, Reader, Table};
use super::syntax;
use super::{Baseline, Experiment, Flag, Metrics, Rollout, Root, Segment, Surface};
use crate::diag::{Concern, Diagnostic};
use crate::source::{FileId, Source, Span};

/// The version of the format that this tool reads and writes.
const VERSION: i64 = 1;

/// A kind of declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Root,
    Surface,
    Flag,
    Segment,
    Metrics,
    Experiment,
    Rollout,
    Baseline,
}

impl Kind {
    /// Every kind, in the order in which users meet them.
    pub const ALL: [Self; 8] = [
        Self::Root,
        Self::Surface,
        Self::Flag,
        Self::Segment,
        Self::Metrics,
        Self::Experiment,
        Self::Rollout,
        Self::Baseline,
    ];

    /// The word for it, which is also the name of its schema.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Root => "allotment",
            Self::Surface => "surface",
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Metrics => "metrics",
            Self::Experiment => "experiment",
            Self::Rollout => "rollout",
            Self::Baseline => "baseline",
        }
    }

    /// The folder of its files; the root has none.
    #[must_use]
    pub fn folder(self) -> Option<&'static str> {
        Some(match self {
            Self::Root => return None,
            Self::Surface => "surfaces",
            Self::Flag => "flags",
            Self::Segment => "segments",
            Self::Metrics => "metrics",
            Self::Experiment => "experiments",
            Self::Rollout => "rollouts",
            Self::Baseline => "baselines",
        })
    }

    /// The kind of the TOML file at a path below the root.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        if path == "allotment.toml" {
            return Some(Self::Root);
        }
        let (folder, rest) = path.split_once('/')?;
        let named = rest.ends_with(".toml");
        Self::ALL.into_iter().find(|kind| named && kind.folder() == Some(folder))
    }

    /// The top-level keys that nothing served depends on.
    fn planning(self) -> &'static [&'static str] {
        match self {
            Self::Root => {
                &["organisation", "teams", "exposures", "warehouse", "environments", "bundles", "analysis", "lint"]
            }
            Self::Surface => &["name", "description", "owners", "north-star", "limits", "required"],
            Self::Flag => &["description", "owner", "requires-review"],
            Self::Segment => &["description"],
            Self::Experiment | Self::Rollout => &[
                "owner",
                "hypothesis",
                "description",
                "success",
                "guardrails",
                "analysis",
                "follows",
                "evidence",
                "review",
                "waive",
            ],
            Self::Metrics | Self::Baseline => &[],
        }
    }

    /// What a file of this kind concerns as a whole.
    #[must_use]
    pub fn concern(self) -> Concern {
        match self {
            Self::Metrics | Self::Baseline => Concern::Planning,
            _ => Concern::Serving,
        }
    }
}

/// One file as written; shared by the catalogues that have the same version of it.
#[derive(Debug, Clone)]
pub enum Declaration {
    Root(Arc<Root>),
    Surface(Arc<Surface>),
    Flag(Arc<Flag>),
    Segment(Arc<Segment>),
    Metrics(Arc<Metrics>),
    Experiment(Arc<Experiment>),
    Rollout(Arc<Rollout>),
    Baseline(Arc<Baseline>),
}

/// Reads one file: the declaration, as far as it can be read, and the findings.
#[must_use]
pub fn read(file: FileId, source: &Source, kind: Kind) -> (Option<Declaration>, Vec<Diagnostic>) {
    let mut reader = Reader { file, concern: kind.concern(), planning: kind.planning(), findings: Vec::new() };
    if let Some(why) = source.fault {
        let finding = Diagnostic::new("syntax", Span::top(file), why);
        reader.report(finding.help("the file is left out of everything else"));
        return (None, reader.findings);
    }
    let text = strip_mark(&source.text);
    let skipped = source.text.len() - text.len();
    if skipped > 0 {
        let mark = Span::new(file, 0..skipped);
        reader.report(
            Diagnostic::new("syntax", mark, "the file starts with a byte order mark")
                .help("save it as UTF-8 without one")
                .fix(Some(crate::diag::Fix::replace(mark, "", "remove the mark"))),
        );
        return (None, reader.findings);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for finding in syntax::findings(file, text, &errors) {
        reader.report(finding);
    }
    let sound = (!errors.is_empty()).then(|| syntax::without_errors(text, &errors));
    let again = sound.as_deref().map(|text| DeTable::parse_recoverable(text).0);
    let table = again.as_ref().unwrap_or(&document).get_ref();
    if let Some(finding) = unsupported(table, &reader) {
        reader.report(finding);
        return (None, reader.findings);
    }
    let top = Table::new(table, Span::top(file), &mut reader).outermost();
    let declaration = match kind {
        Kind::Root => Declaration::Root(Arc::new(Root::read(top))),
        Kind::Surface => Declaration::Surface(Arc::new(Surface::read(top))),
        Kind::Flag => Declaration::Flag(Arc::new(Flag::read(top))),
        Kind::Segment => Declaration::Segment(Arc::new(Segment::read(top))),
        Kind::Metrics => Declaration::Metrics(Arc::new(Metrics::read(top))),
        Kind::Experiment => Declaration::Experiment(Arc::new(Experiment::read(top))),
        Kind::Rollout => Declaration::Rollout(Arc::new(Rollout::read(top))),
        Kind::Baseline => Declaration::Baseline(Arc::new(Baseline::read(top))),
    };
    if !errors.is_empty() {
        // What a syntax error swallowed is not missing: only the error itself is worth reading.
        reader.findings.retain(|finding| finding.rule != "missing-key");
    }
    // Where a file has too many, those stay that hold its surface back.
    reader.findings.sort_by_key(|finding| finding.concern);
    reader.findings.truncate(MAX_FINDINGS);
    (Some(declaration), reader.findings)
}

/// Some editors write a byte order mark, which TOML forbids.
fn strip_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A file of a newer format is not read any further: every other finding in it could be wrong.
fn unsupported(table: &DeTable<'_>, reader: &Reader) -> Option<Diagnostic> {
    let node = table.get("version")?;
    let DeValue::Integer(number) = node.get_ref() else { return None };
    let version = i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX);
    if version == VERSION {
        return None;
    }
    let tool = env!("CARGO_PKG_VERSION");
    let finding = Diagnostic::new(
        "unsupported-version",
        reader.span(node),
        format!("this file is of version {version}, and allot {tool} reads version {VERSION}"),
    );
    Some(if version > VERSION {
        finding.help(format!("use a release of allot that reads version {version}; it is newer than {tool}"))
    } else {
        let text = VERSION.to_string();
        let fix = crate::diag::Fix::replace(reader.span(node), text, format!("write `version = {VERSION}`"));
        finding.help(format!("write `version = {VERSION}`")).fix(Some(fix))
    })
}
