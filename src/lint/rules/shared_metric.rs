//! `shared-metric`: neighbours on other components that should move the same metric at the same time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::decl::{Day, Stage};
use crate::diag::{Diagnostic, Severity};
use crate::lint::words::listed;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Intent, Ix, Metric, Role, Surface};
use crate::source::Span;

pub static RULE: Rule = Rule {
    name: "shared-metric",
    group: Group::Coordination,
    level: Some(Severity::Warning),
    serving: false,
    summary: "an experiment on another component has the same success metric at the same time",
    page: include_str!("shared_metric.md"),
    check: Check::Catalogue(check),
};

/// How many neighbours a finding names.
const NAMED: usize = 3;

/// An experiment that is live or planned, with one of its success metrics.
#[derive(Clone, Copy)]
struct Entry<'a> {
    claim: &'a Claim,
    intent: &'a Intent,
    span: Span,
}

impl Entry<'_> {
    /// The order in which experiments join: the first was there before the others.
    fn rank(&self) -> (Day, &str) {
        (self.intent.window.start, &self.claim.id)
    }

    /// The first day on which it is not there any more.
    fn end(&self) -> Day {
        self.intent.window.end.unwrap_or(Day(i32::MAX))
    }
}

/// A metric that an experiment shares with the first few of its neighbours.
struct Shared<'a> {
    metric: Ix<Metric>,
    span: Span,
    neighbours: Vec<Entry<'a>>,
}

/// Each experiment answers for those that were there when it joined; so a pair is one finding, at the one that can still
/// choose.
fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut shared: BTreeMap<(Ix<Surface>, Ix<Metric>), Vec<Entry<'_>>> = BTreeMap::new();
    for claim in context.catalogue.claims.values() {
        let planned = claim.stage == Some(Stage::Ship) && !context.is_over(claim);
        let Some(intent) = claim.intent.as_ref().filter(|intent| planned && !intent.paused) else { continue };
        for tracked in claim.tracked.iter().filter(|tracked| tracked.role == Role::Success) {
            let Some(metric) = tracked.metric else { continue };
            shared.entry((intent.surface, metric)).or_default().push(Entry { claim, intent, span: tracked.span });
        }
    }
    let mut found: BTreeMap<&str, Vec<Shared<'_>>> = BTreeMap::new();
    for ((_, metric), entries) in shared {
        for (entry, neighbours) in sweep(entries) {
            found.entry(&entry.claim.id).or_default().push(Shared { metric, span: entry.span, neighbours });
        }
    }
    found.into_values().filter_map(|found| finding(context, found)).collect()
}

/// Those that have neighbours, with the first few of them.
///
/// Experiments are swept by their first day. Those that are there are kept apart by the components that they claim: whoever
/// shares one excludes the newcomer, and all others are its neighbours.
fn sweep(mut entries: Vec<Entry<'_>>) -> Vec<(Entry<'_>, Vec<Entry<'_>>)> {
    entries.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let mut present: HashMap<&[String], BTreeMap<usize, Entry<'_>>> = HashMap::new();
    let mut leaving: BTreeSet<(Day, usize)> = BTreeSet::new();
    let mut found = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        while let Some(&(end, gone)) = leaving.first().filter(|(end, _)| *end <= entry.intent.window.start) {
            leaving.remove(&(end, gone));
            let components = entries.get(gone).map(|gone| gone.intent.components.as_slice());
            let Some(components) = components else { continue };
            if let Some(there) = present.get_mut(components) {
                there.remove(&gone);
                if there.is_empty() {
                    present.remove(components);
                }
            }
        }
        let apart = |components: &[String]| {
            components.iter().all(|other| {
                let own = &entry.intent.components;
                other != "*" && own.iter().all(|component| component != "*" && component != other)
            })
        };
        let others = present.iter().filter(|(components, _)| apart(components));
        let mut neighbours: Vec<(usize, Entry<'_>)> =
            others.flat_map(|(_, there)| there.iter().take(NAMED + 1).map(|(&at, &other)| (at, other))).collect();
        neighbours.sort_by_key(|&(at, _)| at);
        neighbours.truncate(NAMED + 1);
        if !neighbours.is_empty() {
            found.push((*entry, neighbours.into_iter().map(|(_, other)| other).collect()));
        }
        present.entry(&entry.intent.components).or_default().insert(at, *entry);
        leaving.insert((entry.end(), at));
    }
    found
}

/// One finding for all the metrics that an experiment shares.
fn finding(context: &Context<'_>, mut found: Vec<Shared<'_>>) -> Option<Diagnostic> {
    found.sort_by_key(|shared| shared.span);
    let mut neighbours: Vec<Entry<'_>> = Vec::new();
    for neighbour in found.iter().flat_map(|shared| &shared.neighbours) {
        if neighbours.iter().all(|known| known.claim.id != neighbour.claim.id) {
            neighbours.push(*neighbour);
        }
    }
    neighbours.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let more = neighbours.len() > NAMED;
    neighbours.truncate(NAMED);
    let metrics = &context.catalogue.metrics;
    let shared = listed(found.iter().map(|shared| metrics.at(shared.metric).id.as_str()));
    let others = neighbours.iter().map(|neighbour| neighbour.claim.id.as_str());
    let others = if more {
        format!("{} and others", others.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "))
    } else {
        listed(others)
    };
    let are = if found.len() == 1 { "is also a success metric" } else { "are also success metrics" };
    let run = if neighbours.len() == 1 { "runs" } else { "run" };
    let message = format!("{shared} {are} of {others}, which {run} at the same time");
    let span = found.first()?.span;
    let finding = Diagnostic::new(RULE.name, span, message)
        .help("where they interact, each is measured in a mix with the other: start later, or keep their users apart with `also-touches`");
    Some(neighbours.iter().fold(finding, |finding, neighbour| {
        let window = neighbour.intent.window;
        let components = listed(neighbour.intent.components.iter().map(String::as_str));
        let until = window.end.map_or(String::new(), |end| format!(" until {end}"));
        finding.related(neighbour.span, format!("`{}` runs on {components}{until}", neighbour.claim.id))
    }))
}
