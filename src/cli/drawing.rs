//! What allocation writes: every file that is not yet what the plan says, and what stands in the way.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use crate::decl::Share;
use crate::lint::{Context, Group, Levels, Report, held, lint, rules};
use crate::lock::{
    LedgerVerdict, Lock, Plan, Refusal, Verdict, Wishes, inheritance, ledger_text, lock_text, path_of_ledger,
    path_of_lock, plan,
};
use crate::source::Sources;

/// One file that changes, and what is said of it.
pub struct Change {
    pub path: String,
    pub text: String,
    pub words: String,
    /// Whether it is a lock that was drawn or changed, not one that is only kept, nor a ledger.
    pub drawn: bool,
}

/// What allocation would do.
pub struct Drawing {
    pub changes: Vec<Change>,
    /// Findings about what could not be allotted, and about what could not be read.
    pub report: Report,
    /// Claims that `--redraw` named and that have started.
    pub started: Vec<String>,
    /// Whether anything could not be allotted.
    pub refused: bool,
}

impl Drawing {
    /// Works out every file that differs from `before`, the texts as they are.
    pub fn of(context: &Context<'_>, wishes: &Wishes, before: &Sources) -> Self {
        let levels = Levels::of_root(context.catalogue.root.as_ref().map(|(_, root)| root));
        let report = lint(context, &levels);
        let plan = plan(&context.catalogue, &context.locks, wishes);
        // What a broken declaration asks for is not known: its surface's locks stay as they are.
        let broken = held(context, &correctness(&report));
        let changes = changes(context, &plan, &broken.into_keys().collect(), before);
        let report = refused(context, &plan, &report);
        let verdicts = || plan.claims.iter().map(|(ix, verdict)| (&context.catalogue.claims.at(*ix).id, verdict));
        let started = verdicts().filter(|(_, verdict)| **verdict == Verdict::Refused(Refusal::Started));
        let started = started.map(|(id, _)| id.clone()).collect();
        let any = verdicts().any(|(_, verdict)| matches!(verdict, Verdict::Refused(_)));
        Self { changes, started, refused: any || !report.findings.is_empty(), report }
    }
}

fn correctness(report: &Report) -> Report {
    let mut report = report.clone();
    report.findings.retain(|finding| rules::find(finding.rule).is_some_and(|rule| rule.group == Group::Correctness));
    report
}

/// Findings about what could not be allotted, and about what could not be read.
fn refused(context: &Context<'_>, plan: &Plan, report: &Report) -> Report {
    let refused: BTreeSet<&str> = plan
        .claims
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Refused(_)))
        .map(|(ix, _)| context.catalogue.claims.at(*ix).id.as_str())
        .collect();
    let unsound = plan
        .ledgers
        .iter()
        .any(|(_, verdict)| matches!(verdict, LedgerVerdict::Refused { .. } | LedgerVerdict::Unsound));
    let mut findings = report.clone();
    findings.findings.retain(|finding| {
        let Some(rule) = rules::find(finding.rule) else { return false };
        let claim = context.claim_of(finding.span.file).map(|claim| claim.id.as_str());
        match rule.group {
            Group::Correctness => rule.serving && finding.concern == crate::diag::Concern::Serving,
            Group::Coordination => {
                let about = claim.map_or(unsound, |id| refused.contains(id));
                about && !matches!(rule.name, "missing-allocation" | "exposure-limit" | "shared-metric" | "late-start")
            }
            _ => false,
        }
    });
    findings
}

/// Every file that is not yet what the plan says.
fn changes(context: &Context<'_>, plan: &Plan, broken: &BTreeSet<String>, before: &Sources) -> Vec<Change> {
    let (catalogue, sources) = (&context.catalogue, context.sources);
    let sound = |surface: &str| !broken.contains(surface);
    let mut texts: HashMap<String, (String, String, bool)> = HashMap::new();
    for (ix, verdict) in &plan.claims {
        let claim = catalogue.claims.at(*ix);
        let path = path_of_lock(sources.path(claim.file));
        let (verb, lock) = match verdict {
            Verdict::New(lock) => ("draws", lock),
            Verdict::Changed(lock) => ("changes", lock),
            Verdict::Kept | Verdict::Refused(_) => continue,
        };
        if sound(&lock.surface) {
            let words = said(verb, &path, lock, context);
            texts.insert(path, (lock_text(lock).0, words, true));
        }
    }
    for (ix, verdict) in &plan.ledgers {
        let surface = catalogue.surfaces.at(*ix);
        let path = path_of_ledger(sources.path(surface.file));
        if let LedgerVerdict::New(ledger) | LedgerVerdict::Changed(ledger) = verdict
            && sound(&surface.id)
        {
            let words = format!("writes {path}\n");
            texts.insert(path, (ledger_text(ledger), words, false));
        }
    }
    // With another revision's locks in view, what is kept may still differ from what is on disk.
    for (_, source) in sources.iter().filter(|(_, source)| source.path.ends_with(".lock")) {
        let path = source.path.to_string();
        let words = format!("keeps {path}\n");
        texts.entry(path).or_insert_with(|| (source.text.to_string(), words, false));
    }
    let change = |(path, (text, words, drawn))| Change { path, text, words, drawn };
    let mut changes: Vec<Change> = texts.into_iter().map(change).collect();
    changes.retain(|change| {
        let found = before.find(&change.path).and_then(|file| before.get(file));
        found.is_none_or(|found| *found.text != *change.text)
    });
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// What is said of a lock: how much, where, when, and whose units it inherits.
fn said(verb: &str, path: &str, lock: &Lock, context: &Context<'_>) -> String {
    let share = Share::of(lock.size(), lock.buckets);
    let until = lock.window().end.map_or("until it is decided".to_owned(), |end| format!("up to {end}"));
    let components = lock.components.join(", ");
    let mut words = format!(
        "{verb} {path}: {} of {} buckets ({share}) on {components}, {} {until}\n",
        lock.size(),
        lock.buckets,
        lock.start
    );
    let earlier = context.catalogue.claims.values().filter_map(|claim| context.locks.of(claim.file));
    for inherited in inheritance(lock, earlier.map(|held| &held.lock)).into_iter().take(3) {
        // Writing to a string cannot fail.
        let percent = 100.0 * inherited.share.fraction();
        let _ =
            writeln!(words, "  {} of its buckets ({percent:.1}%) were those of `{}`", inherited.buckets, inherited.id);
    }
    words
}
