//! Surfaces, flags, segments, facts and metrics that change, and the live experiments and rollouts that depend on them.

use std::collections::{BTreeMap, BTreeSet};

use super::Side;
use super::edits::{Edit, edits};
use crate::decl::Day;
use crate::lock::{analysis_digest, segment_digest};
use crate::model::{Catalogue, Claim, Fact, Flag, Ix, Metric, Segment, Surface};
use crate::source::FileId;

/// What is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Root,
    Surface,
    Flag,
    Segment,
    Fact,
    Metric,
}

/// One definition that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub what: What,
    pub id: String,
    /// Its file; in the base where it is removed.
    pub file: FileId,
    /// Whether it was there before, and whether it is there now.
    pub there: (bool, bool),
    pub edits: Vec<Edit>,
    /// Live experiments and rollouts of the base that depend on it.
    pub live: Vec<String>,
}

/// One definition on one side: its file, and the table in it where the file holds several.
struct Place {
    file: FileId,
    table: Option<String>,
}

/// Compares everything that is no experiment and no rollout.
#[must_use]
pub fn definitions(base: &Side<'_>, head: &Side<'_>, today: Day) -> Vec<Definition> {
    let (old, new) = (places(base), places(head));
    let keys: BTreeSet<&(What, String)> = old.keys().chain(new.keys()).collect();
    let mut texts = Texts::default();
    let mut changed = Vec::new();
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        if before.map(|place| place.file) == after.map(|place| place.file) {
            continue;
        }
        let (there, edits) = match (before, after) {
            (Some(before), Some(after)) => {
                let edits = texts.edits(base, head, before, after);
                if edits.is_empty() {
                    continue;
                }
                ((true, true), edits)
            }
            (before, after) => ((before.is_some(), after.is_some()), Vec::new()),
        };
        let Some(file) = after.or(before).map(|place| place.file) else { continue };
        let (what, id) = key.clone();
        let live = match what {
            What::Root if means(&edits) => under_root(base, head, today),
            _ => dependents(base, what, &id, today),
        };
        changed.push(Definition { what, id, file, there, edits, live });
    }
    changed
}

/// Whether edits of the root are of a kind that tests depend on.
fn means(edits: &[Edit]) -> bool {
    const KINDS: [&str; 3] = ["analysis.", "attributes.", "units."];
    edits.iter().any(|edit| KINDS.iter().any(|kind| edit.key.starts_with(kind)))
}

/// Edits between two files, each pair compared once: a file may hold many metrics.
#[derive(Default)]
struct Texts(BTreeMap<(FileId, FileId), Vec<Edit>>);

impl Texts {
    fn edits(&mut self, base: &Side<'_>, head: &Side<'_>, before: &Place, after: &Place) -> Vec<Edit> {
        let text =
            |side: &Side<'_>, file| side.sources.get(file).map_or(String::new(), |source| source.text.to_string());
        let all = self
            .0
            .entry((before.file, after.file))
            .or_insert_with(|| edits(&text(base, before.file), &text(head, after.file)));
        match &after.table {
            None => all.clone(),
            Some(table) => {
                let within = |edit: &Edit| {
                    let key = edit.key.strip_prefix(table.as_str())?.strip_prefix('.')?.to_owned();
                    Some(Edit { key, ..edit.clone() })
                };
                all.iter().filter_map(within).collect()
            }
        }
    }
}

fn places(side: &Side<'_>) -> BTreeMap<(What, String), Place> {
    let catalogue = side.catalogue;
    let whole = |file| Place { file, table: None };
    let mut places = BTreeMap::new();
    if let Some((file, _)) = &catalogue.root {
        places.insert((What::Root, "allotment".to_owned()), whole(*file));
    }
    places.extend(catalogue.surfaces.values().map(|item| ((What::Surface, item.id.clone()), whole(item.file))));
    places.extend(catalogue.flags.values().map(|item| ((What::Flag, item.id.clone()), whole(item.file))));
    places.extend(catalogue.segments.values().map(|item| ((What::Segment, item.id.clone()), whole(item.file))));
    places.extend(catalogue.facts.values().map(|item| {
        let table = Some(format!("facts.{}", item.id));
        ((What::Fact, item.id.clone()), Place { file: item.file, table })
    }));
    places.extend(catalogue.metrics.values().map(|item| {
        let table = Some(format!("metrics.{}", item.id));
        ((What::Metric, item.id.clone()), Place { file: item.file, table })
    }));
    places
}

/// The ids of the claims that are live on a day and depend on a definition.
#[must_use]
pub fn dependents(side: &Side<'_>, what: What, id: &str, today: Day) -> Vec<String> {
    let uses = uses(side.catalogue, what, id);
    let live = side.catalogue.claims.values().filter(|claim| claim.live_on(today));
    live.filter(|claim| uses(claim)).map(|claim| claim.id.clone()).collect()
}

/// Which claims depend on a definition.
#[must_use]
pub fn uses<'a>(catalogue: &'a Catalogue, what: What, id: &str) -> Box<dyn Fn(&Claim) -> bool + 'a> {
    match what {
        What::Root => Box::new(|_| false),
        What::Surface => {
            let surface: Option<Ix<Surface>> = catalogue.surfaces.find(id);
            Box::new(move |claim| surface.is_some() && claim.surface == surface)
        }
        What::Flag => {
            let flag: Option<Ix<Flag>> = catalogue.flags.find(id);
            Box::new(move |claim| flag.is_some() && claim.flag == flag)
        }
        What::Segment => {
            let segment: Option<Ix<Segment>> = catalogue.segments.find(id);
            Box::new(move |claim| segment.is_some() && claim.segment == segment)
        }
        What::Metric => {
            let metric: Option<Ix<Metric>> = catalogue.metrics.find(id);
            Box::new(move |claim| metric.is_some() && claim.tracked.iter().any(|tracked| tracked.metric == metric))
        }
        What::Fact => {
            let fact: Option<Ix<Fact>> = catalogue.facts.find(id);
            Box::new(move |claim| {
                let reads =
                    |metric: Ix<Metric>| fact.is_some_and(|fact| catalogue.metrics.at(metric).facts.contains(&fact));
                claim.tracked.iter().filter_map(|tracked| tracked.metric).any(reads)
            })
        }
    }
}

/// The ids of the claims that are live on a day and that the root has another meaning for: how they are analysed, whom
/// their segments address, and what of their units is hashed.
fn under_root(base: &Side<'_>, head: &Side<'_>, today: Day) -> Vec<String> {
    let meaning = |catalogue: &Catalogue, claim: &Claim| {
        let plan = claim.surface.map(|surface| analysis_digest(catalogue, claim, catalogue.surfaces.at(surface)));
        let segment =
            claim.segment.map(|segment| catalogue.segments.at(segment).predicate.as_ref().map(segment_digest));
        let unit = claim.surface.map(|surface| catalogue.surfaces.at(surface).unit());
        (plan, segment, unit.and_then(|unit| catalogue.unit_attribute(unit).map(str::to_owned)))
    };
    let live = base.catalogue.claims.values().filter(|claim| claim.live_on(today));
    let differs = |claim: &&Claim| {
        let after = head.catalogue.claims.find(&claim.id).map(|ix| head.catalogue.claims.at(ix));
        after.is_some_and(|after| meaning(base.catalogue, claim) != meaning(head.catalogue, after))
    };
    live.filter(differs).map(|claim| claim.id.clone()).collect()
}
