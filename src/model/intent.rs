//! Binding of claims: what an experiment or a rollout means to take, if all of it is there and sound.

use std::collections::{HashMap, HashSet};

use super::arena::Ix;
use super::bind::Binder;
use super::claim::{Claim, ClaimKind, Intent, Step, Variant, Window, Written};
use super::ground::{Flag, Surface};
use super::measure::{Role, Tracked};
use super::reference::Target;
use crate::decl::{self, At, Day, Entries, Share, Stage};
use crate::diag::Concern;
use crate::source::FileId;

/// The most phases an experiment may have.
pub const MAX_PHASE: u32 = 999;

impl Binder<'_> {
    /// Binds one experiment or rollout; `ids` are those of all claims.
    pub(super) fn claim(&mut self, id: String, file: FileId, written: Written, ids: &HashSet<String>) {
        let common = Common::of(&written);
        self.team(common.owner);
        let surface = common.surface.and_then(|named| {
            let found = self.catalogue.surfaces.find(named);
            self.refer(Target::Surface, named, found.is_some(), Concern::Serving);
            found
        });
        let flag = common.flag.and_then(|named| {
            let found = self.catalogue.flags.find(named);
            self.refer(Target::Flag, named, found.is_some(), Concern::Serving);
            found
        });
        let segment = common.segment.and_then(|named| self.segment(named));
        let components = self.components(surface, flag, common.touches);
        let variants = self.variants(&written, flag);
        if let Written::Experiment(experiment) = &written {
            self.experiment_references(experiment, ids);
        }
        let window = window(&written);
        let tracked = self.tracked(&written, surface, window);
        let stage = match &written {
            Written::Experiment(experiment) => experiment.stage.as_ref().map(|stage| stage.value),
            Written::Rollout(rollout) if rollout.decision.is_some() => Some(Stage::Tweak),
            Written::Rollout(_) => Some(Stage::Ship),
        };
        let phase = common.phase.map_or(1, |phase| phase.value);
        let audience_known =
            common.segment.is_none() || segment.is_some_and(|ix| self.catalogue.segments.at(ix).predicate.is_some());
        let steps = steps(&written);
        let intent = (|| {
            let (surface, flag, window, steps) = (surface?, flag?, window?, steps?);
            let sound = matches!(stage, Some(Stage::Ship | Stage::Tweak))
                && audience_known
                && readable(&written)
                && lasting(&written)
                && !self.catalogue.broken.contains(&file)
                && self.has_ground(surface, flag)
                && (1..=MAX_PHASE).contains(&phase)
                && divisible(&written, &variants)
                && self.catalogue.flags.at(flag).surface == Some(surface);
            let paused = steps.is_empty();
            let (components, variants) = (components?, variants.clone());
            sound.then_some(Intent { surface, flag, components, window, steps, paused, phase, segment, variants })
        })();
        let kind = match &written {
            Written::Experiment(_) => ClaimKind::Experiment,
            Written::Rollout(_) => ClaimKind::Rollout,
        };
        let claim =
            Claim { id, file, kind, written, stage, surface, flag, segment, window, phase, variants, tracked, intent };
        self.catalogue.claims.push(claim);
    }

    /// Whether a surface and a flag could be read as far as a draw depends on them.
    fn has_ground(&self, surface: Ix<Surface>, flag: Ix<Flag>) -> bool {
        let flag = self.catalogue.flags.at(flag);
        let unread = ["surface", "component", "default"].iter().any(|key| flag.written.unread.contains(key));
        self.catalogue.surfaces.at(surface).sound && !unread && !self.catalogue.broken.contains(&flag.file)
    }

    /// The claimed components: the flag's own and those also touched; `*` stands for all.
    fn components(
        &mut self,
        surface: Option<Ix<Surface>>,
        flag: Option<Ix<Flag>>,
        touches: Option<&At<Vec<At<String>>>>,
    ) -> Option<Vec<String>> {
        let surface = surface?;
        let mut sound = true;
        let mut components: Vec<String> = Vec::new();
        for named in touches.iter().flat_map(|touches| &touches.value) {
            if named.value == "*" {
                components = vec!["*".to_owned()];
                continue;
            }
            let ground = self.catalogue.surfaces.at(surface);
            let (within, found) = (ground.id.clone(), ground.components.contains(&named.value));
            sound &= self.refer_within(Target::Component, named, &within, found, Concern::Serving);
            components.push(named.value.clone());
        }
        if components.iter().any(|component| component == "*") {
            return sound.then(|| vec!["*".to_owned()]);
        }
        components.push(self.catalogue.flags.at(flag?).component.clone()?);
        components.sort();
        components.dedup();
        sound.then_some(components)
    }

    /// The variants with their weights; empty where they cannot be served.
    fn variants(&mut self, written: &Written, flag: Option<Ix<Flag>>) -> Vec<Variant> {
        let default =
            flag.and_then(|flag| self.catalogue.flags.at(flag).written.default.as_ref()).map(|at| at.value.0.clone());
        match written {
            Written::Experiment(experiment) => {
                let Some(variants) = &experiment.variants else { return Vec::new() };
                let names = names(variants);
                let weights = experiment.weights.as_ref();
                let unread = variants.unread().iter().map(String::as_str);
                let ids: HashSet<&str> = variants.keys().chain(unread).collect();
                for (id, _) in weights.iter().flat_map(|weights| weights.iter()) {
                    let found = ids.contains(id.value.as_str());
                    self.refer_within(Target::Variant, id, &names, found, Concern::Serving);
                }
                let shares: Option<HashMap<&str, u32>> = weights
                    .map(|weights| weights.iter().map(|(id, share)| (id.value.as_str(), share.value.0)).collect());
                let weight = |id: &str| shares.as_ref().map_or(1, |shares| shares.get(id).copied().unwrap_or(0));
                variants
                    .iter()
                    .map(|(id, value)| Variant {
                        id: id.value.clone(),
                        value: value.value.0.clone(),
                        weight: weight(id),
                    })
                    .collect()
            }
            Written::Rollout(rollout) => {
                let holdback = rollout.holdback.as_ref().map_or(Share::NONE, |share| share.value).min(Share::WHOLE);
                let control = default.filter(|_| holdback > Share::NONE);
                let control = control.map(|value| Variant { id: "control".to_owned(), value, weight: holdback.0 });
                let treatment = rollout.value.as_ref().map(|value| Variant {
                    id: "treatment".to_owned(),
                    value: value.value.0.clone(),
                    weight: Share::WHOLE.0 - holdback.0,
                });
                control.into_iter().chain(treatment).collect()
            }
        }
    }

    /// References that only experiments have.
    fn experiment_references(&mut self, experiment: &decl::Experiment, ids: &HashSet<String>) {
        let variant_of = |experiment: &decl::Experiment, id: &str| {
            experiment.variants.as_ref().is_some_and(|variants| variants.has(id))
        };
        let names = experiment.variants.as_ref().map_or(String::new(), |variants| names(variants));
        if let Some(follows) = &experiment.follows {
            self.refer(Target::Experiment, follows, ids.contains(&follows.value), Concern::Planning);
        }
        if let Some(preview) = &experiment.preview {
            if let Some(segment) = preview.segment.as_ref() {
                self.segment(segment);
            }
            if let Some(variant) = preview.variant.as_ref() {
                let found = variant_of(experiment, variant);
                self.refer_within(Target::Variant, variant, &names, found, Concern::Serving);
            }
        }
        if let Some(variant) = experiment.decision.as_ref().and_then(|decision| decision.variant.as_ref()) {
            let found = variant_of(experiment, variant);
            self.refer_within(Target::Variant, variant, &names, found, Concern::Planning);
        }
    }

    /// The metrics that a claim tracks: its own, and those that its surface requires at its start.
    fn tracked(&mut self, written: &Written, surface: Option<Ix<Surface>>, window: Option<Window>) -> Vec<Tracked> {
        let mut tracked: Vec<Tracked> = Vec::new();
        if let Written::Experiment(experiment) = written {
            for (id, success) in experiment.success.iter().flat_map(|success| success.iter()) {
                let mde = success.mde.as_ref().map(|mde| mde.value);
                let metric = self.metric(id);
                tracked.push(Tracked {
                    id: id.value.clone(),
                    metric,
                    role: Role::Success,
                    span: id.span,
                    mde,
                    margin: None,
                });
            }
        }
        let guardrails = match written {
            Written::Experiment(experiment) => &experiment.guardrails,
            Written::Rollout(rollout) => &rollout.guardrails,
        };
        for (id, guardrail) in guardrails.iter().flat_map(|guardrails| guardrails.iter()) {
            let margin = guardrail.margin.as_ref().map(|margin| margin.value);
            let metric = self.metric(id);
            tracked.push(Tracked {
                id: id.value.clone(),
                metric,
                role: Role::Guardrail,
                span: id.span,
                mde: None,
                margin,
            });
        }
        let Some(surface) = surface else { return tracked };
        let required = self.catalogue.surfaces.at(surface).written.required.as_ref();
        for (id, required) in required.iter().flat_map(|required| required.iter()) {
            let from = required.from.as_ref().map(|from| from.value);
            let applies = from.is_none_or(|from| window.is_none_or(|window| window.start >= from));
            // An experiment names a required metric only to promote it or to tighten its margin: its own words win.
            if !applies || tracked.iter().any(|own| own.id == id.value) {
                continue;
            }
            let metric = self.catalogue.metrics.find(id);
            let margin = required.margin.as_ref().map(|margin| margin.value);
            tracked.push(Tracked {
                id: id.value.clone(),
                metric,
                role: Role::Required,
                span: id.span,
                mde: None,
                margin,
            });
        }
        tracked
    }
}

/// Whether all that decides what is taken could be read: what is left of the rest may mean something else.
fn readable(written: &Written) -> bool {
    const DECISIVE: [&str; 16] = [
        "stage",
        "surface",
        "flag",
        "start",
        "days",
        "traffic",
        "ramp",
        "steps",
        "phase",
        "segment",
        "variants",
        "weights",
        "value",
        "holdback",
        "also-touches",
        "decision",
    ];
    let (unread, whole) = match written {
        Written::Experiment(e) => {
            let variants = e.variants.as_ref().is_none_or(|variants| variants.unread().is_empty());
            (&e.unread, variants && e.weights.as_ref().is_none_or(|weights| weights.unread().is_empty()))
        }
        Written::Rollout(r) => (&r.unread, true),
    };
    whole && !unread.iter().any(|key| DECISIVE.contains(key))
}

/// Whether every length is one, the full share has days of its own, and the end can be written.
fn lasting(written: &Written) -> bool {
    let ends = |start: &At<Day>, days: u32| start.value.plus(days) <= Day::LAST;
    match written {
        Written::Experiment(e) => {
            let (Some(start), Some(days)) = (e.start.as_ref(), e.days.as_ref()) else { return false };
            let steps: Option<Vec<u64>> = e
                .ramp
                .iter()
                .flat_map(|ramp| &ramp.value)
                .map(|step| step.days.as_ref().map(|days| u64::from(days.value)))
                .collect();
            let ramped =
                steps.is_some_and(|steps| !steps.contains(&0) && steps.iter().sum::<u64>() < u64::from(days.value));
            ramped && ends(start, days.value)
        }
        Written::Rollout(r) => {
            let (Some(start), Some(steps)) = (r.start.as_ref(), r.steps.as_ref()) else { return false };
            let ending = steps.value.split_last().map_or(&[][..], |(_, ending)| ending);
            ending.iter().all(|step| step.days.as_ref().is_some_and(|days| days.value > 0 && ends(start, days.value)))
        }
    }
}

/// Whether the variants of a claim share its units out: as many as there must be, each with a weight, together the whole.
fn divisible(written: &Written, variants: &[Variant]) -> bool {
    let sum: u64 = variants.iter().map(|variant| u64::from(variant.weight)).sum();
    let enough = match written {
        Written::Experiment(e) => {
            let whole = e.weights.is_none() || sum == u64::from(Share::WHOLE.0);
            variants.len() >= 2 && whole && variants.iter().any(|variant| variant.id == "control")
        }
        // Without the flag's default a holdback has nothing to keep.
        Written::Rollout(r) => {
            let held = r.holdback.as_ref().is_some_and(|holdback| holdback.value > Share::NONE);
            variants.len() == if held { 2 } else { 1 }
        }
    };
    enough && variants.iter().all(|variant| variant.weight > 0)
}

/// The ids of variants, to suggest from; a hostile file's are cut off.
fn names(variants: &Entries<decl::Value>) -> String {
    variants.keys().filter(|id| id.len() <= 64).take(32).collect::<Vec<_>>().join(",")
}

/// What both kinds of claim have.
struct Common<'a> {
    owner: Option<&'a At<String>>,
    surface: Option<&'a At<String>>,
    flag: Option<&'a At<String>>,
    segment: Option<&'a At<String>>,
    touches: Option<&'a At<Vec<At<String>>>>,
    phase: Option<&'a At<u32>>,
}

impl<'a> Common<'a> {
    fn of(written: &'a Written) -> Self {
        match written {
            Written::Experiment(e) => Self {
                owner: e.owner.as_ref(),
                surface: e.surface.as_ref(),
                flag: e.flag.as_ref(),
                segment: e.segment.as_ref(),
                touches: e.also_touches.as_ref(),
                phase: e.phase.as_ref(),
            },
            Written::Rollout(r) => Self {
                owner: r.owner.as_ref(),
                surface: r.surface.as_ref(),
                flag: r.flag.as_ref(),
                segment: r.segment.as_ref(),
                touches: r.also_touches.as_ref(),
                phase: r.phase.as_ref(),
            },
        }
    }
}

/// The declared window, cut by a decision.
fn window(written: &Written) -> Option<Window> {
    let (start, days, decision) = match written {
        Written::Experiment(e) => (e.start.as_ref()?.value, Some(e.days.as_ref()?.value), e.decision.as_ref()),
        Written::Rollout(r) => (r.start.as_ref()?.value, None, r.decision.as_ref()),
    };
    let planned = days.map(|days| start.plus(days));
    let decided = decision.and_then(|decision| decision.on.as_ref()).map(|on| on.value.max(start));
    let end = match (planned, decided) {
        (Some(planned), Some(decided)) => Some(planned.min(decided)),
        (planned, decided) => planned.or(decided),
    };
    Some(Window { start, end: end.map(|end| end.min(Day(i32::MAX))) })
}

/// The growing shares; empty for a pause, none where they are missing or shrink.
pub(super) fn steps(written: &Written) -> Option<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut after = 0_u32;
    match written {
        Written::Experiment(e) => {
            let traffic = e.traffic.as_ref()?.value;
            if traffic == Share::NONE {
                return Some(steps);
            }
            for step in e.ramp.iter().flat_map(|ramp| &ramp.value) {
                steps.push(Step { after, share: step.traffic.as_ref()?.value });
                after = after.saturating_add(step.days.as_ref()?.value);
            }
            steps.push(Step { after, share: traffic });
        }
        Written::Rollout(r) => {
            for step in &r.steps.as_ref()?.value {
                steps.push(Step { after, share: step.traffic.as_ref()?.value });
                after = after.saturating_add(step.days.as_ref().map_or(0, |days| days.value));
            }
            if steps.last().is_none_or(|last| last.share == Share::NONE) {
                return Some(Vec::new());
            }
        }
    }
    let sound = steps.iter().all(|step| step.share > Share::NONE && step.share <= Share::WHOLE)
        && steps.is_sorted_by_key(|step| step.share);
    sound.then_some(steps)
}
