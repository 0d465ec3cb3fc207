//! What `check` and `plan` have in common: what a change adds to its base, and the record of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Failure;
use super::workspace::Workspace;
use crate::change::{self, Side};
use crate::decl::Stage;
use crate::diag::{Diagnostic, Severity};
use crate::io;
use crate::lint::{Context, Levels, Report, held, lint};
use crate::lock::{LedgerVerdict, Verdict, path_of_ledger, path_of_lock};
use crate::power::{Power, WhatIf};
use crate::render::power::record::Recorder;
use crate::render::recorded;
use crate::report;

/// What a gate found.
#[derive(Default)]
pub struct Gate {
    /// Findings that the base does not have.
    pub new: Vec<Diagnostic>,
    /// Findings that it has too, at the same instant.
    pub known: Vec<Diagnostic>,
    /// Surfaces that a serving fault holds back, with the rules.
    pub held: BTreeMap<String, BTreeSet<&'static str>>,
    /// Locks and ledgers that allocation would write, and would not write at the base.
    pub stale: Vec<String>,
    pub plan: Option<report::Plan>,
}

impl Gate {
    /// Lints a catalogue and compares it with its base, if it has one.
    #[must_use]
    pub fn of(context: &Context<'_>) -> Self {
        let levels = levels(context);
        let report = lint(context, &levels);
        let held = held(context, &report);
        let mut stale = stale(context);
        let (mut new, mut known) = (report.findings, Vec::new());
        if let Some(base) = &context.base {
            if !new.is_empty() {
                let before = lint(&base.context, &levels);
                (new, known) = apart(context, new, &base.context, &before);
            }
            if !stale.is_empty() {
                let before: BTreeSet<String> = self::stale(&base.context).into_iter().collect();
                stale.retain(|path| !before.contains(path));
            }
        }
        Self { new, known, held, stale, plan: Self::plan(context) }
    }

    /// Whether the change may go in.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.stale.is_empty() && !self.new.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// What changes against the base.
    #[must_use]
    pub fn plan(context: &Context<'_>) -> Option<report::Plan> {
        let base = &context.base.as_ref()?.context;
        let before = Side::as_it_is(base.sources, &base.catalogue, &base.locks);
        let after = Side::once_allotted(context.sources, &context.catalogue, &context.locks, &context.plan);
        let changes = change::between(&before, &after, context.today);
        let mut plan = recorded::plan(&before, &after, &changes);
        forecast(context, &mut plan);
        Some(plan)
    }

    /// The record of it.
    ///
    /// # Errors
    /// When the instant cannot be written.
    pub fn record(&self, workspace: &Workspace) -> Result<report::Report, Failure> {
        let sources = &workspace.sources;
        let held = self.held.iter().map(|(surface, rules)| report::Held {
            surface: surface.clone(),
            rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
        });
        Ok(report::Report {
            version: report::VERSION,
            summary: recorded::summary(&self.new, sources.len()),
            diagnostics: recorded::findings(sources, &self.new),
            verdict: if self.ready() { report::Verdict::Ready } else { report::Verdict::NotReady },
            known: recorded::findings(sources, &self.known),
            held: held.collect(),
            stale: self.stale.clone(),
            plan: self.plan.clone(),
            source: source(workspace)?,
        })
    }
}

/// So many changes are said to be large enough or not: of more, nobody reads each.
const FORECASTS: usize = 100;

/// Says of what is launched, or measured otherwise than before, what it can find.
fn forecast(context: &Context<'_>, plan: &mut report::Plan) {
    let power = Power::new(&context.catalogue, &context.locks, &context.plan);
    let recorder = Recorder { power: &power, sources: context.sources, what_if: &WhatIf::default() };
    for change in plan.changes.iter_mut().filter(|change| measured_anew(change)).take(FORECASTS) {
        let claim = context.catalogue.claims.get(&change.id);
        let claim = claim.filter(|claim| claim.stage != Some(Stage::Tweak) && !context.is_over(claim));
        let found = claim.map(|claim| recorder.beside(claim));
        change.power = found.filter(|forecast| forecast.verdict != report::Powered::Watched);
    }
}

/// Whether a change is about what can be found: launches, shares, days, variants, metrics.
fn measured_anew(change: &report::Change) -> bool {
    use report::Action;
    let about = |action: &Action| !matches!(action, Action::Pause | Action::Stop | Action::Remove | Action::Edit);
    change.actions.iter().any(about) && !change.actions.contains(&Action::Remove)
}

/// Where a record was made.
///
/// # Errors
/// When the instant cannot be written.
pub fn source(workspace: &Workspace) -> Result<report::Source, Failure> {
    let origin = workspace.origin.as_ref();
    let base = workspace.base.as_ref();
    Ok(report::Source {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        at: io::written_instant(workspace.at)?,
        folder: origin.map(|origin| origin.folder.clone()).unwrap_or_default(),
        head: origin.and_then(|origin| origin.head.clone()),
        dirty: origin.is_some_and(|origin| origin.dirty),
        base: base.map(|base| report::Base { name: base.name.clone(), commit: base.commit.clone() }),
    })
}

/// The levels of rules: the base's, so that no change loosens its own gate.
fn levels(context: &Context<'_>) -> Levels {
    let root = |context: &Context<'_>| context.catalogue.root.as_ref().map(|(_, root)| Levels::of_root(Some(root)));
    match context.base.as_ref().filter(|base| !base.context.sources.is_empty()) {
        // A root that cannot be read sets no level, and whoever mends it does not set them for this change either.
        Some(base) => root(&base.context).unwrap_or_default(),
        None => root(context).unwrap_or_default(),
    }
}

/// Findings that a base does not have, and those that it has too: the same words of the same rule in the same file.
fn apart(
    head: &Context<'_>,
    found: Vec<Diagnostic>,
    base: &Context<'_>,
    before: &Report,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    // A file that was moved keeps its name, and its name is its id.
    let key = |context: &Context<'_>, finding: &Diagnostic| {
        let path = context.sources.path(finding.span.file);
        (finding.rule, path.rsplit('/').next().unwrap_or(path).to_owned(), finding.message.clone())
    };
    let mut there: HashMap<(&str, String, String), usize> = HashMap::new();
    for finding in &before.findings {
        *there.entry(key(base, finding)).or_default() += 1;
    }
    found.into_iter().partition(|finding| match there.get_mut(&key(head, finding)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    })
}

/// The locks and ledgers that allocation would write.
fn stale(context: &Context<'_>) -> Vec<String> {
    let (catalogue, sources) = (&context.catalogue, context.sources);
    let locks = context.plan.claims.iter().filter_map(|(ix, verdict)| match verdict {
        Verdict::New(_) | Verdict::Changed(_) => Some(path_of_lock(sources.path(catalogue.claims.at(*ix).file))),
        Verdict::Kept | Verdict::Refused(_) => None,
    });
    let ledgers = context.plan.ledgers.iter().filter_map(|(ix, verdict)| match verdict {
        LedgerVerdict::New(_) | LedgerVerdict::Changed(_) => {
            Some(path_of_ledger(sources.path(catalogue.surfaces.at(*ix).file)))
        }
        LedgerVerdict::Kept | LedgerVerdict::Refused { .. } | LedgerVerdict::Unsound => None,
    });
    let mut paths: Vec<String> = locks.chain(ledgers).collect();
    paths.sort();
    paths
}
