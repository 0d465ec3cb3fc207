//! What must not be served although it was compiled: it was stopped in an emergency, or it has ended since.

use std::collections::BTreeMap;

use crate::artifact::format::{self, NATIVE};
use crate::artifact::manifest::{File, Manifest, Stopped, Surface, phase_of};
use crate::artifact::{Artifact, exposure_key};

/// What is to be published: a manifest, and the bytes of the files that it names, by path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offer {
    pub manifest: Manifest,
    pub files: BTreeMap<String, Vec<u8>>,
}

/// What became of the records of what was stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withheld {
    /// The records that stay.
    pub stopped: Vec<Stopped>,
    /// Those whose experiment the offer has live, and which was left out of it.
    pub against: Vec<Stopped>,
    /// Those that the catalogue has caught up with.
    pub settled: Vec<Stopped>,
    /// Those that stay since they are in the manifest that is offered, too: what was stopped where that is served is missing
    /// in it whatever the catalogue says.
    pub alike: Vec<Stopped>,
    /// Those of the manifest that is offered that are none of ours yet, on surfaces that go out.
    pub carried: Vec<Stopped>,
    /// Surfaces that cannot be served without what was stopped on them, and why.
    pub refused: BTreeMap<String, String>,
}

impl Offer {
    /// The native artifact of a surface, if it is offered and not held.
    #[must_use]
    pub fn artifact(&self, surface: &str) -> Option<Artifact> {
        let entry = self.manifest.surfaces.get(surface)?;
        let file = entry.formats.get(NATIVE).filter(|_| entry.held.is_none())?;
        Artifact::decode(self.files.get(&file.path)?).ok()
    }

    /// Puts another artifact in the place of a surface's, with its formats as of an instant.
    ///
    /// # Errors
    /// When the surface's SDK cannot be served something of it.
    pub fn replace(&mut self, artifact: &Artifact, at: i64) -> Result<(), String> {
        let id = artifact.scheme.id();
        let payload = format::encode(artifact, at).map_err(|wrong| wrong.to_string())?;
        let Some(entry) = self.manifest.surfaces.get_mut(&artifact.surface) else { return Ok(()) };
        entry.at = at;
        for file in std::mem::take(&mut entry.formats).into_values() {
            self.files.remove(&file.path);
        }
        for (format, bytes) in [(NATIVE, artifact.encode()), (id, payload)] {
            let ending = format::extension(format).unwrap_or_default();
            let file = File::of(&artifact.surface, format, ending, &bytes);
            self.files.insert(file.path.clone(), bytes);
            entry.formats.insert(format.to_owned(), file);
        }
        Ok(())
    }
}

/// Leaves out of an offer what was stopped, until the catalogue says so too: by not having the experiment live any more, or by
/// a higher phase. An offer that was compiled before something was stopped, or is `old` on purpose, settles nothing. One that
/// has records itself is of another place: those settle nothing either, and are taken over.
pub fn withhold(offer: &mut Offer, stopped: &[Stopped], refused: &BTreeMap<String, String>, old: bool) -> Withheld {
    let mut withheld = Withheld::default();
    for record in stopped {
        let entry = offer.manifest.surfaces.get(&record.surface);
        let unknown = refused.contains_key(&record.surface) || entry.is_some_and(|entry| entry.held.is_some());
        let artifact = offer.artifact(&record.surface);
        let phases = artifact.as_ref().map(|artifact| phases(artifact, &record.experiment)).unwrap_or_default();
        let live = phases.iter().any(|phase| *phase <= record.phase());
        if live {
            withheld.against.push(record.clone());
        }
        let alike = offer.manifest.stopped.iter().any(|theirs| is_alike(record, theirs));
        if alike && !live && !unknown {
            withheld.alike.push(record.clone());
        }
        let later = !old && offer.manifest.at >= record.at;
        if live || unknown || alike || !later {
            withheld.stopped.push(record.clone());
        } else {
            withheld.settled.push(record.clone());
        }
    }
    let goes_out = |surface: &String| {
        let held = |entry: &Surface| entry.held.is_some();
        !refused.contains_key(surface) && offer.manifest.surfaces.get(surface).is_some_and(|entry| !held(entry))
    };
    let is_ours = |theirs: &Stopped| stopped.iter().any(|own| is_alike(own, theirs) && own.phase() >= theirs.phase());
    let theirs = offer.manifest.stopped.iter().filter(|theirs| goes_out(&theirs.surface) && !is_ours(theirs));
    withheld.carried.extend(theirs.cloned());
    let gone: Vec<(String, u32)> = withheld
        .against
        .iter()
        .chain(&withheld.carried)
        .map(|record| (record.experiment.clone(), record.phase()))
        .collect();
    withheld.refused = ended(offer, &gone);
    withheld
}

/// Whether two records are of one experiment on one surface, whatever its phase.
fn is_alike(a: &Stopped, b: &Stopped) -> bool {
    (&a.experiment, &a.surface) == (&b.experiment, &b.surface)
}

/// An experiment or a rollout that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub surface: String,
    pub id: String,
    pub key: String,
    pub phase: u32,
    /// In Unix seconds.
    pub end: i64,
}

/// What the files of an offer have live although it has ended by an instant. Formats with times in them see to that themselves.
#[must_use]
pub fn ended_since(offer: &Offer, now: i64) -> Vec<Ended> {
    let mut all = Vec::new();
    for (surface, entry) in &offer.manifest.surfaces {
        let Some(artifact) = offer.artifact(surface).filter(|artifact| !format::has_windows(artifact.scheme)) else {
            continue;
        };
        let live = artifact.claims().filter(|(_, claim)| claim.owned_at(entry.at).is_some());
        all.extend(live.filter_map(|(_, claim)| {
            let end = claim.end.filter(|end| *end <= now)?;
            let (id, key) = (claim.id.clone(), claim.key.clone());
            Some(Ended { surface: surface.clone(), id, key, phase: claim.phase, end })
        }));
    }
    all
}

/// Leaves experiments and rollouts out of an offer, up to a phase of each; says which surfaces cannot be served so, and why.
pub fn ended(offer: &mut Offer, gone: &[(String, u32)]) -> BTreeMap<String, String> {
    let mut refused = BTreeMap::new();
    // Nothing has to be read to leave nothing out.
    if gone.is_empty() {
        return refused;
    }
    let surfaces: Vec<(String, i64)> =
        offer.manifest.surfaces.iter().map(|(id, entry)| (id.clone(), entry.at)).collect();
    for (surface, at) in surfaces {
        let Some(artifact) = offer.artifact(&surface) else { continue };
        let is_gone = |id: &str, phase: u32| gone.iter().any(|(gone, last)| gone == id && phase <= *last);
        let Some(rest) = without(&artifact, &is_gone) else { continue };
        if let Err(why) = offer.replace(&rest, at) {
            refused.insert(surface, why);
        }
    }
    refused
}

/// The record of stopping what is served on a surface under an id, if anything is; and the artifact without it.
#[must_use]
pub fn stopped(artifact: &Artifact, id: &str, at: i64, reason: &str) -> Option<(Stopped, Artifact)> {
    let phase = phases(artifact, id).into_iter().max()?;
    let rest = without(artifact, &|other, _| other == id)?;
    let record = Stopped {
        experiment: id.to_owned(),
        key: exposure_key(id, phase),
        surface: artifact.surface.clone(),
        at,
        reason: reason.to_owned(),
    };
    Some((record, rest))
}

/// The phases in which an id is served, previews included.
fn phases(artifact: &Artifact, id: &str) -> Vec<u32> {
    let claims = artifact.claims().filter(|(_, claim)| claim.id == id).map(|(_, claim)| claim.phase);
    let previews = artifact.flags.iter().flat_map(|flag| &flag.previews);
    claims.chain(previews.filter_map(|preview| phase_of(&preview.experiment, id))).collect()
}

/// An artifact without some of its claims and their previews; none if it has none of them.
fn without(artifact: &Artifact, gone: &dyn Fn(&str, u32) -> bool) -> Option<Artifact> {
    let mut rest = artifact.clone();
    let mut found = false;
    for flag in &mut rest.flags {
        let before = flag.claims.len() + flag.previews.len();
        flag.claims.retain(|claim| !gone(&claim.id, claim.phase));
        flag.previews.retain(|preview| {
            let (id, phase) = preview.experiment.split_once('.').unwrap_or((&preview.experiment, "1"));
            !gone(id, phase.parse().unwrap_or(1))
        });
        found |= flag.claims.len() + flag.previews.len() < before;
    }
    found.then_some(rest)
}
