//! Findings and changes as they are recorded: domain types become the shapes of a report.

use crate::change::{Action, Changes, ClaimChange, Definition, Edit, Pair, Side, Sized, What};
use crate::decl::{self, Day, Stage};
use crate::diag::{self, Diagnostic};
use crate::lock::Lock;
use crate::model::{Claim, ClaimKind, Role, Window};
use crate::report;
use crate::source::{Position, Sources};

/// Findings as recorded.
#[must_use]
pub fn findings(sources: &Sources, findings: &[Diagnostic]) -> Vec<report::Finding> {
    findings.iter().map(|finding| recorded(sources, finding)).collect()
}

/// Counts of findings.
#[must_use]
pub fn summary(findings: &[Diagnostic], files: usize) -> report::Summary {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    report::Summary { errors: count(diag::Severity::Error), warnings: count(diag::Severity::Warning), files }
}

fn recorded(sources: &Sources, finding: &Diagnostic) -> report::Finding {
    let Position { line, column, end_line, end_column } = sources.position(finding.span);
    let related = finding.related.iter().map(|label| {
        let at = sources.position(label.span);
        let source = sources.get(label.span.file);
        let revision = source.and_then(|source| source.revision.as_deref());
        let message = match revision {
            Some(revision) => format!("at {revision}: {}", label.message),
            None => label.message.clone(),
        };
        let path = sources.path(label.span.file).to_owned();
        report::Related { path, line: at.line, column: at.column, message }
    });
    report::Finding {
        rule: finding.rule.to_owned(),
        severity: match finding.severity {
            diag::Severity::Error => report::Severity::Error,
            diag::Severity::Warning => report::Severity::Warning,
        },
        message: finding.message.clone(),
        help: finding.help.clone(),
        path: sources.path(finding.span.file).to_owned(),
        line,
        column,
        end_line,
        end_column,
        related: related.collect(),
    }
}

/// Changes as recorded.
#[must_use]
pub fn plan(base: &Side<'_>, head: &Side<'_>, changes: &Changes) -> report::Plan {
    report::Plan {
        changes: changes.claims.iter().map(|change| claim(base, head, change)).collect(),
        definitions: changes.definitions.iter().map(|found| definition(head, found)).collect(),
    }
}

fn claim(base: &Side<'_>, head: &Side<'_>, change: &ClaimChange) -> report::Change {
    let old = change.claims.before.map(|ix| base.catalogue.claims.at(ix));
    let new = change.claims.after.map(|ix| head.catalogue.claims.at(ix));
    let (side, shown) = match new {
        Some(new) => (head, Some(new)),
        None => (base, old),
    };
    let lock = match change.claims.after {
        Some(ix) => head.lock(ix),
        None => change.claims.before.and_then(|ix| base.lock(ix)),
    };
    let path = |side: &Side<'_>, claim: &Claim| side.sources.path(claim.file).to_owned();
    let before = old.map(|claim| path(base, claim));
    let path = shown.map(|claim| path(side, claim)).unwrap_or_default();
    let sizes = &change.sizes;
    let windows = both(sizes, |size| size.window);
    let after = sizes.after.as_ref().or(sizes.before.as_ref());
    let steps = after.map_or(&[][..], |size| size.steps.as_slice());
    let (full, ramp) = steps.split_last().map_or((None, &[][..]), |(last, ramp)| (Some(last), ramp));
    let text = |at: Option<&decl::At<String>>| at.map(|at| at.value.clone());
    let written = shown.and_then(Claim::experiment);
    report::Change {
        id: change.id.clone(),
        kind: match change.kind {
            ClaimKind::Experiment => "experiment".to_owned(),
            ClaimKind::Rollout => "rollout".to_owned(),
        },
        renamed_from: before.filter(|before| *before != path),
        path,
        actions: change.actions.iter().map(|&one| action(one)).collect(),
        surface: shown.and_then(|claim| claim.surface).map(|ix| side.catalogue.surfaces.at(ix).id.clone()),
        flag: shown.and_then(|claim| claim.flag).map(|ix| side.catalogue.flags.at(ix).id.clone()),
        owner: shown.and_then(Claim::owner).map(str::to_owned),
        hypothesis: written.and_then(|written| text(written.hypothesis.as_ref())),
        components: lock.as_deref().map_or_else(
            || shown.and_then(|claim| claim.intent.as_ref()).map_or(Vec::new(), |intent| intent.components.clone()),
            |lock| lock.components.clone(),
        ),
        segment: shown.and_then(|claim| claim.segment).map(|ix| side.catalogue.segments.at(ix).id.clone()),
        stage: span(both(sizes, |size| size.stage), |stage: Stage| stage.word().to_owned()),
        phase: span(both(sizes, |size| Some(size.phase)), |phase| phase),
        start: span(windows, |window: Window| window.start.to_string()),
        end: report::Span {
            before: windows.before.and_then(|window| day(window.end)),
            after: windows.after.and_then(|window| day(window.end)),
        },
        traffic: span(both(sizes, |size| size.traffic), |share| percent(share.fraction())),
        ramp: ramp.iter().map(|(day, share)| (day.to_string(), percent(share.fraction()))).collect(),
        full_from: full.map(|(day, _)| day.to_string()),
        variants: variants(shown, lock.as_deref()),
        metrics: shown.map_or(Vec::new(), metrics),
        moves: change.moves.iter().map(moved).collect(),
        moves_on: day(change.moves_on),
        moved: percent(change.moved()),
        moves_today: change.moves_today.iter().map(moved).collect(),
        taken: change.taken,
        freed: change.freed,
        buckets: change.buckets,
        excludes: change.excludes.iter().map(excluded).collect(),
        overlaps: change.overlaps.iter().map(neighbour).collect(),
        inherits: change.inherits.iter().map(neighbour).collect(),
        edits: change.edits.iter().map(edit).collect(),
        power: None,
    }
}

fn both<T>(sizes: &Pair<Sized>, part: impl Fn(&Sized) -> Option<T>) -> Pair<T> {
    Pair { before: sizes.before.as_ref().and_then(&part), after: sizes.after.as_ref().and_then(&part) }
}

fn span<T, U>(pair: Pair<T>, shape: impl Fn(T) -> U) -> report::Span<U> {
    report::Span { before: pair.before.map(&shape), after: pair.after.map(&shape) }
}

fn day(day: Option<Day>) -> Option<String> {
    day.map(|day| day.to_string())
}

/// A fraction in percent; what lies beyond the tenth decimal is the rounding of doubles.
pub(super) fn percent(fraction: f64) -> report::Share {
    report::Share((fraction * 100.0 * 1e8).round() / 1e8)
}

fn action(action: Action) -> report::Action {
    match action {
        Action::Launch => report::Action::Launch,
        Action::Phase => report::Action::Phase,
        Action::Ramp => report::Action::Ramp,
        Action::Shrink => report::Action::Shrink,
        Action::Pause => report::Action::Pause,
        Action::Resume => report::Action::Resume,
        Action::Reschedule => report::Action::Reschedule,
        Action::Stop => report::Action::Stop,
        Action::Stage => report::Action::Stage,
        Action::Add => report::Action::Add,
        Action::Remove => report::Action::Remove,
        Action::Assignment => report::Action::Assignment,
        Action::Analysis => report::Action::Analysis,
        Action::Edit => report::Action::Edit,
    }
}

/// The variants with their shares: as locked, else as declared.
fn variants(claim: Option<&Claim>, lock: Option<&Lock>) -> Vec<(String, report::Share)> {
    if let Some(lock) = lock {
        let grid = f64::from(crate::bucket::VARIANT_GRID);
        return lock.variants.iter().map(|(id, range)| (id.clone(), percent(range.len() as f64 / grid))).collect();
    }
    let declared = claim.map_or(&[][..], |claim| claim.variants.as_slice());
    let sum: f64 = declared.iter().map(|variant| f64::from(variant.weight)).sum();
    declared.iter().map(|variant| (variant.id.clone(), percent(f64::from(variant.weight) / sum.max(1.0)))).collect()
}

fn metrics(claim: &Claim) -> Vec<(String, String, Option<report::Share>)> {
    let each = claim.tracked.iter().map(|tracked| {
        let role = match tracked.role {
            Role::Success => "success",
            Role::Guardrail => "guardrail",
            Role::Required => "required",
        };
        let size = tracked.mde.or(tracked.margin).map(|share| percent(share.fraction()));
        (tracked.id.clone(), role.to_owned(), size)
    });
    each.collect()
}

fn moved(found: &crate::change::Move) -> report::Move {
    report::Move {
        from: found.from.clone(),
        to: found.to.clone(),
        units: percent(found.units),
        visible: found.visible,
        stays: found.stays,
    }
}

fn excluded(other: &crate::change::Excluded) -> report::Excluded {
    report::Excluded {
        id: other.id.clone(),
        share: percent(other.share),
        start: other.window.start.to_string(),
        end: day(other.window.end),
    }
}

fn neighbour(other: &crate::change::Neighbour) -> report::Neighbour {
    report::Neighbour {
        id: other.id.clone(),
        // A share of a share has no short decimals; a tenth of a percent is enough to judge by.
        share: report::Share((other.share * 1000.0).round() / 10.0),
        start: other.window.start.to_string(),
        end: day(other.window.end),
    }
}

fn edit(edit: &Edit) -> report::Edit {
    report::Edit { key: edit.key.clone(), before: edit.before.clone(), after: edit.after.clone() }
}

fn definition(side: &Side<'_>, found: &Definition) -> report::Definition {
    let kind = match found.what {
        What::Root => "root",
        What::Surface => "surface",
        What::Flag => "flag",
        What::Segment => "segment",
        What::Fact => "fact",
        What::Metric => "metric",
    };
    let action = match found.there {
        (true, true) => "changed",
        (false, _) => "added",
        (true, false) => "removed",
    };
    report::Definition {
        kind: kind.to_owned(),
        id: found.id.clone(),
        path: side.sources.path(found.file).to_owned(),
        action: action.to_owned(),
        edits: found.edits.iter().map(edit).collect(),
        live: found.live.clone(),
    }
}
