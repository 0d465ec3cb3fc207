//! From declarations to the catalogue: every file read in parallel, every reference bound and recorded.

use std::collections::HashSet;
use std::sync::Arc;

use super::ground::{Flag, Segment, Surface, is_salt};
use super::measure::{Fact, Metric};
use super::reading::Readings;
use super::reference::{Reference, Target};
use super::{Catalogue, audience, claim, measure};
use crate::decl::{self, At, Declaration, Sdk, Share};
use crate::diag::{Concern, Diagnostic};
use crate::source::{FileId, Sources};

/// The most buckets a surface may have; more than any grid has cells.
const MAX_BUCKETS: u32 = 1_000_000;

/// Binds what was read of a catalogue's files; what is wrong with single files comes beside it.
#[must_use]
pub fn bind(sources: &Sources, readings: &Readings) -> (Catalogue, Vec<Diagnostic>) {
    let read: Vec<_> =
        sources.iter().filter_map(|(file, source)| Some((file, source, readings.of_file(file)?))).collect();
    let broken = read
        .iter()
        .filter(|(.., reading)| reading.findings.iter().any(|finding| finding.rule == "syntax"))
        .map(|(file, ..)| *file)
        .collect();
    let mut binder = Binder { sources, catalogue: Catalogue { broken, ..Catalogue::default() } };
    // A file refers to some eight others; a list that grew would be copied again and again.
    binder.catalogue.references.reserve(read.len().saturating_mul(8));
    let mut findings = Vec::new();
    let mut flags = Vec::new();
    let mut metrics = Vec::new();
    let mut claims = Vec::new();
    for (file, source, reading) in read {
        findings.extend(reading.findings.iter().cloned());
        let id = source.stem().to_owned();
        match &reading.declaration {
            None => binder.catalogue.unread.push((file, reading.kind)),
            Some(Declaration::Root(root)) => binder.catalogue.root = Some((file, root.as_ref().clone())),
            Some(Declaration::Surface(written)) => {
                let whole = !binder.catalogue.broken.contains(&file);
                binder.catalogue.surfaces.push(surface(id, file, written.as_ref().clone(), whole));
            }
            Some(Declaration::Segment(written)) => {
                let written = written.as_ref().clone();
                binder.catalogue.segments.push(Segment { id, file, written, predicate: None });
            }
            Some(Declaration::Baseline(written)) => {
                binder.catalogue.baselines.push((file, written.as_ref().clone()));
            }
            Some(Declaration::Flag(written)) => flags.push((id, file, written.as_ref().clone())),
            Some(Declaration::Metrics(written)) => metrics.push((file, written.as_ref().clone())),
            Some(Declaration::Experiment(written)) => {
                claims.push((id, file, claim::Written::Experiment(Arc::clone(written))));
            }
            Some(Declaration::Rollout(written)) => {
                claims.push((id, file, claim::Written::Rollout(Arc::clone(written))));
            }
        }
    }
    findings.extend(binder.segments());
    for (id, file, written) in flags {
        binder.flag(id, file, written);
    }
    binder.metrics(metrics);
    binder.surfaces();
    binder.bundles();
    binder.baselines();
    let ids: HashSet<String> = claims.iter().map(|(id, ..)| id.clone()).collect();
    for (id, file, written) in claims {
        binder.claim(id, file, written, &ids);
    }
    (binder.catalogue, findings)
}

/// How many buckets a surface has.
pub(super) fn buckets_of(written: &decl::Surface) -> u32 {
    written.buckets.as_ref().map_or(1_000, |buckets| buckets.value).clamp(1, MAX_BUCKETS)
}

fn surface(id: String, file: FileId, written: decl::Surface, whole: bool) -> Surface {
    const DECISIVE: [&str; 6] = ["unit", "sdk", "buckets", "salt", "holdout", "components"];
    let mut components: Vec<String> =
        written.components.iter().flat_map(|components| components.keys()).map(str::to_owned).collect();
    components.sort();
    components.dedup();
    let buckets = buckets_of(&written);
    let listed = written.components.as_ref().is_some_and(|components| components.unread().is_empty());
    let holdout = written.holdout.as_ref().map_or(Share::NONE, |share| share.value);
    let salted = written.salt.as_ref().is_none_or(|salt| is_salt(salt));
    Surface {
        sound: whole
            && listed
            && salted
            && holdout < Share::WHOLE
            && !written.unread.iter().any(|key| DECISIVE.contains(key)),
        sdk: written.sdk.as_ref().map_or(Sdk::Growthbook, |sdk| sdk.value),
        buckets,
        holdout,
        components,
        id,
        file,
        written,
    }
}

/// What binding needs at hand: the texts, for places inside strings, and the catalogue so far.
pub(super) struct Binder<'a> {
    pub sources: &'a Sources,
    pub catalogue: Catalogue,
}

impl Binder<'_> {
    /// Records a reference and says whether it was found.
    pub fn refer(&mut self, target: Target, id: &At<String>, found: bool, concern: Concern) -> bool {
        let key = !self.sources.text(id.span).starts_with(['"', '\'']);
        self.catalogue.references.push(Reference {
            target,
            id: id.value.clone(),
            span: id.span,
            found,
            concern,
            key,
            within: None,
        });
        found
    }

    /// Records a reference to something inside another thing.
    pub fn refer_within(
        &mut self,
        target: Target,
        id: &At<String>,
        within: &str,
        found: bool,
        concern: Concern,
    ) -> bool {
        self.refer(target, id, found, concern);
        if let Some(last) = self.catalogue.references.last_mut() {
            last.within = Some(within.to_owned());
        }
        found
    }

    /// Records a reference to a team.
    pub fn team(&mut self, id: Option<&At<String>>) {
        let Some(id) = id else { return };
        let teams = self.catalogue.root.as_ref().and_then(|(_, root)| root.teams.as_ref());
        let found = teams.is_some_and(|teams| teams.has(id));
        self.refer(Target::Team, id, found, Concern::Planning);
    }

    /// Types every segment's tests and records the attributes they name.
    fn segments(&mut self) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let mut named = Vec::new();
        let Catalogue { root, segments, broken, .. } = &mut self.catalogue;
        let attributes: std::collections::HashMap<String, decl::AttributeType> = root
            .iter()
            .filter_map(|(_, root)| root.attributes.as_ref())
            .flat_map(|attributes| attributes.iter())
            .filter_map(|(id, attribute)| Some((id.value.clone(), attribute.r#type.as_ref()?.value)))
            .collect();
        let lookup = |id: &str| attributes.get(id).copied();
        for segment in segments.values_mut() {
            let Some(clause) = segment.written.r#where.as_ref() else { continue };
            let mut wrong = Vec::new();
            segment.predicate = audience::typed(clause, &lookup, &mut wrong)
                .filter(|_| !clause.partial && !broken.contains(&segment.file));
            collect_attributes(clause, &mut named);
            findings
                .extend(wrong.into_iter().map(|w| Diagnostic::new("invalid-segment", w.span, w.message).help(w.help)));
        }
        for id in named {
            let declared = self.catalogue.root.as_ref().and_then(|(_, root)| root.attributes.as_ref());
            let found = declared.is_some_and(|attributes| attributes.has(&id));
            self.refer(Target::Attribute, &id, found, Concern::Serving);
        }
        findings
    }

    fn flag(&mut self, id: String, file: FileId, written: decl::Flag) {
        self.team(written.owner.as_ref());
        let mut surface = None;
        let mut component = None;
        if let Some(named) = written.surface.as_ref() {
            surface = self.catalogue.surfaces.find(named);
            self.refer(Target::Surface, named, surface.is_some(), Concern::Serving);
        }
        if let (Some(ix), Some(named)) = (surface, written.component.as_ref()) {
            let ground = self.catalogue.surfaces.at(ix);
            let (within, found) = (ground.id.clone(), ground.components.contains(&named.value));
            if self.refer_within(Target::Component, named, &within, found, Concern::Serving) {
                component = Some(named.value.clone());
            }
        }
        let mut rules = Vec::new();
        for rule in written.rules.iter().flat_map(|rules| &rules.value) {
            rules.push(rule.segment.as_ref().and_then(|segment| self.segment(segment)));
        }
        self.catalogue.flags.push(Flag { id, file, written, surface, component, rules });
    }

    /// Records a reference to a segment.
    pub fn segment(&mut self, id: &At<String>) -> Option<super::Ix<Segment>> {
        let found = self.catalogue.segments.find(id);
        self.refer(Target::Segment, id, found.is_some(), Concern::Serving);
        found
    }

    fn metrics(&mut self, files: Vec<(FileId, decl::Metrics)>) {
        let mut pending = Vec::new();
        let engine = self.catalogue.engine();
        for (file, written) in files {
            self.team(written.owner.as_ref());
            for (id, fact) in written.facts.into_iter().flat_map(|facts| facts.value.0) {
                let faults = measure::fact_faults(self.sources, &fact.value, engine);
                for (unit, _) in fact.unit.iter().flat_map(|unit| unit.iter()) {
                    self.unit(unit, Concern::Planning);
                }
                self.catalogue.facts.push(Fact { id: id.value, file, span: id.span, written: fact.value, faults });
            }
            pending
                .extend(written.metrics.into_iter().flat_map(|metrics| metrics.value.0).map(|metric| (file, metric)));
        }
        for (file, (id, metric)) in pending {
            let parsed = measure::parse(self.sources, &metric.value);
            let mut facts = Vec::new();
            for named in parsed.facts {
                let found = self.catalogue.facts.find(&named);
                self.refer(Target::Fact, &named, found.is_some(), Concern::Planning);
                facts.extend(found);
            }
            facts.sort();
            facts.dedup();
            self.catalogue.metrics.push(Metric {
                id: id.value,
                file,
                span: id.span,
                written: metric.value,
                formula: parsed.formula,
                faults: parsed.faults,
                facts,
            });
        }
    }

    fn unit(&mut self, id: &At<String>, concern: Concern) {
        let units = self.catalogue.root.as_ref().and_then(|(_, root)| root.units.as_ref());
        let found = units.is_some_and(|units| units.has(id));
        self.refer(Target::Unit, id, found, concern);
    }

    /// Records a reference to a metric.
    pub fn metric(&mut self, id: &At<String>) -> Option<super::Ix<Metric>> {
        let found = self.catalogue.metrics.find(id);
        self.refer(Target::Metric, id, found.is_some(), Concern::Planning);
        found
    }

    fn surfaces(&mut self) {
        let surfaces: Vec<decl::Surface> =
            self.catalogue.surfaces.values().map(|surface| surface.written.clone()).collect();
        for written in surfaces {
            if let Some(unit) = written.unit.as_ref() {
                self.unit(unit, Concern::Serving);
            }
            for owner in written.owners.iter().flat_map(|owners| &owners.value) {
                self.team(Some(owner));
            }
            if let Some(metric) = &written.north_star {
                self.metric(metric);
            }
            if let Some(fact) = &written.visits {
                let found = self.catalogue.facts.find(fact).is_some();
                self.refer(Target::Fact, fact, found, Concern::Planning);
            }
            for (metric, _) in written.required.iter().flat_map(|required| required.iter()) {
                self.metric(metric);
            }
        }
    }

    fn bundles(&mut self) {
        let bundles = self.catalogue.root.as_ref().and_then(|(_, root)| root.bundles.clone());
        let exposures = self.catalogue.root.as_ref().and_then(|(_, root)| root.exposures.clone());
        for (unit, _) in exposures.iter().filter_map(|e| e.unit.as_ref()).flat_map(|unit| unit.iter()) {
            self.unit(unit, Concern::Planning);
        }
        for (_, bundle) in bundles.iter().flat_map(|bundles| bundles.iter()) {
            for surface in bundle.surfaces.iter().flat_map(|list| &list.value) {
                let found = self.catalogue.surfaces.find(surface).is_some();
                self.refer(Target::Surface, surface, found, Concern::Planning);
            }
        }
    }

    fn baselines(&mut self) {
        for (_, baseline) in self.catalogue.baselines.clone() {
            if let Some(surface) = baseline.surface.as_ref() {
                let found = self.catalogue.surfaces.find(surface).is_some();
                self.refer(Target::Surface, surface, found, Concern::Planning);
            }
            for (segment, _) in baseline.segments.iter().flat_map(|segments| segments.iter()) {
                let found = self.catalogue.segments.find(segment).is_some();
                self.refer(Target::Segment, segment, found, Concern::Planning);
            }
            for (metric, _) in baseline.metrics.iter().flat_map(|metrics| metrics.iter()) {
                self.metric(metric);
            }
        }
    }
}

fn collect_attributes(clause: &decl::Clause, named: &mut Vec<At<String>>) {
    let mut last: Option<&At<String>> = None;
    for (id, _) in &clause.tests {
        // Several tests of one entry share the key: one reference is enough.
        if last != Some(id) {
            named.push(id.clone());
        }
        last = Some(id);
    }
    for part in clause.parts() {
        collect_attributes(part, named);
    }
}
