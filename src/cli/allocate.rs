//! `allot allocate`: draws buckets and writes locks and ledgers.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;

use super::output::{data, say};
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::decl::Share;
use crate::io;
use crate::lint::{Context, Group, Levels, Report, held, lint, rules};
use crate::lock::{
    LedgerVerdict, Lock, Plan, Refusal, Verdict, Wishes, inheritance, ledger_text, lock_text, path_of_ledger,
    path_of_lock, plan,
};
use crate::render;
use crate::source::Sources;

/// Allot buckets: write the lock beside each experiment and the ledger beside each surface
///
/// A lock that is there is kept unless its declaration grows, ends or raises `phase`. Nothing is written for what does
/// not fit or cannot be read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  allot allocate                        draw what is missing
  allot allocate --check                in CI: exit with 1 if a lock is not up to date
  allot allocate --base origin/main     after a merge: keep the locks of main, draw the others again
  allot allocate --redraw fresh-first   draw one again whose start is still ahead")]
pub struct Allocate {
    /// Write nothing; exit with 1 if a lock or a ledger is not up to date
    #[arg(long)]
    check: bool,
    /// Keep every lock that is there at this revision, and draw only the others again
    #[arg(long, value_name = "REF", conflicts_with = "redraw")]
    base: Option<String>,
    /// Draw this one again; its start must still be ahead
    #[arg(long, value_name = "ID")]
    redraw: Vec<String>,
}

/// One file that changes, and what is said of it.
struct Change {
    path: String,
    text: String,
    words: String,
}

pub fn run(global: &Global, verb: &Allocate) -> Result<Exit, Failure> {
    let mut workspace = Workspace::open(global)?;
    let before = workspace.sources.clone();
    if let Some(base) = &verb.base {
        workspace.sources = with_locks_of(&before, io::locks_at(&workspace.root, base)?);
    }
    let context = workspace.context();
    let levels = Levels::of_root(context.catalogue.root.as_ref().map(|(_, root)| root));
    let report = lint(&context, &levels);
    let wishes = Wishes { redraw: verb.redraw.iter().cloned().collect(), today: Some(workspace.today()) };
    if let Some(unknown) = verb.redraw.iter().find(|id| context.catalogue.claims.get(id).is_none()) {
        let ids: Vec<&str> = context.catalogue.claims.values().map(|claim| claim.id.as_str()).collect();
        let failure = Failure::usage(format!("--redraw: there is no experiment or rollout `{unknown}`"));
        return Err(match crate::diag::closest(unknown, ids) {
            Some(close) => failure.help(format!("did you mean `{close}`?")),
            None => failure,
        });
    }
    let plan = plan(&context.catalogue, &context.locks, &wishes);
    // What a broken declaration asks for is not known: its surface's locks stay as they are.
    let broken = held(&context, &correctness(&report));
    let changes = changes(&context, &plan, &broken.into_keys().collect(), &before);
    let findings = refused(&context, &plan, &report);
    let style = global.color.style();
    data(&render::text::findings(&workspace.sources, &findings.findings, style, 100))?;
    for (ix, verdict) in &plan.claims {
        if *verdict == Verdict::Refused(Refusal::Started) {
            let id = &context.catalogue.claims.at(*ix).id;
            say(&format!("`{id}` has started: its units would move; raise `phase` instead"));
        }
    }
    let refused =
        !findings.findings.is_empty() || plan.claims.iter().any(|(_, verdict)| matches!(verdict, Verdict::Refused(_)));
    let all_or_nothing = verb.base.is_some() && refused;
    let writes = !verb.check && !all_or_nothing;
    if writes {
        let files: Vec<(PathBuf, Vec<u8>)> = changes
            .iter()
            .map(|change| (workspace.root.join(&change.path), change.text.clone().into_bytes()))
            .collect();
        io::write_all(&files)?;
    }
    let words: String = changes.iter().map(|change| change.words.as_str()).collect();
    if !global.quiet && !all_or_nothing {
        data(&words)?;
    }
    say(&match (changes.len(), writes) {
        (_, false) if all_or_nothing => "nothing was written: every lock is as it was".to_owned(),
        (0, _) if refused => "nothing could be allotted".to_owned(),
        (0, _) => "every lock is up to date".to_owned(),
        (1, true) => "1 file written".to_owned(),
        (n, true) => format!("{n} files written"),
        (1, false) => "1 file is not up to date: run `allot allocate`".to_owned(),
        (n, false) => format!("{n} files are not up to date: run `allot allocate`"),
    });
    let stale = verb.check && !changes.is_empty();
    Ok(if refused || stale { Exit::Findings } else { Exit::Clean })
}

/// The head's declarations with another revision's locks.
fn with_locks_of(head: &Sources, locks: Vec<(String, String)>) -> Sources {
    let declarations = head.iter().filter(|(_, source)| !source.path.ends_with(".lock"));
    let texts = declarations.map(|(_, source)| (source.path.to_string(), source.text.to_string()));
    Sources::new(texts.chain(locks))
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
    let mut texts: HashMap<String, (String, String)> = HashMap::new();
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
            texts.insert(path, (lock_text(lock).0, words));
        }
    }
    for (ix, verdict) in &plan.ledgers {
        let surface = catalogue.surfaces.at(*ix);
        let path = path_of_ledger(sources.path(surface.file));
        if let LedgerVerdict::New(ledger) | LedgerVerdict::Changed(ledger) = verdict
            && sound(&surface.id)
        {
            let words = format!("writes {path}\n");
            texts.insert(path, (ledger_text(ledger), words));
        }
    }
    // With another revision's locks in view, what is kept may still differ from what is on disk.
    for (_, source) in sources.iter().filter(|(_, source)| source.path.ends_with(".lock")) {
        let path = source.path.to_string();
        let words = format!("keeps {path}\n");
        texts.entry(path).or_insert_with(|| (source.text.to_string(), words));
    }
    let mut changes: Vec<Change> =
        texts.into_iter().map(|(path, (text, words))| Change { path, text, words }).collect();
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
