//! In what two artifacts of a surface differ, in words for those who own it.

use std::collections::BTreeMap;

use crate::artifact::{Artifact, Claim, ClaimKind, Flag};

/// What is served against what should be: a line for each difference that somebody would see, in order of the flags.
#[must_use]
pub fn differences(served: &Artifact, wanted: &Artifact) -> Vec<String> {
    let mut lines = Vec::new();
    if (&served.salt, served.buckets, served.scheme) != (&wanted.salt, wanted.buckets, wanted.scheme) {
        lines.push("units are hashed otherwise: its salt, its buckets or its SDK differ".to_owned());
    }
    if served.unit != wanted.unit {
        lines.push(format!("`{}` is hashed, not `{}`", served.unit, wanted.unit));
    }
    if served.holdout != wanted.holdout {
        lines.push("its holdout differs".to_owned());
    }
    let (ours, theirs) = (by_id(served), by_id(wanted));
    for (id, flag) in &ours {
        match theirs.get(id) {
            Some(wanted) => lines.extend(flags(flag, wanted)),
            None => lines.push(format!("flag `{id}` is served, and is not in Git")),
        }
    }
    for id in theirs.keys().filter(|id| !ours.contains_key(*id)) {
        lines.push(format!("flag `{id}` is not served"));
    }
    let (ours, theirs) = (claims(served), claims(wanted));
    for (key, claim) in &ours {
        match theirs.get(key) {
            Some(wanted) => lines.extend(claimed(claim, wanted, served)),
            None => lines.push(format!("{} `{key}` is served, and Git does not have it live", word(claim))),
        }
    }
    for (key, claim) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
        lines.push(format!("{} `{key}` is not served", word(claim)));
    }
    let audience = |artifact: &Artifact| {
        artifact.segments.iter().map(|segment| (segment.id.clone(), segment.condition.clone())).collect::<Vec<_>>()
    };
    for (id, condition) in audience(served) {
        if audience(wanted).iter().any(|(other, wanted)| *other == id && *wanted != condition) {
            lines.push(format!("segment `{id}` means somebody else"));
        }
    }
    lines
}

fn by_id(artifact: &Artifact) -> BTreeMap<&str, &Flag> {
    artifact.flags.iter().map(|flag| (flag.id.as_str(), flag)).collect()
}

fn claims(artifact: &Artifact) -> BTreeMap<&str, &Claim> {
    artifact.claims().map(|(_, claim)| (claim.key.as_str(), claim)).collect()
}

const fn word(claim: &Claim) -> &'static str {
    match claim.kind {
        ClaimKind::Experiment => "experiment",
        ClaimKind::Rollout => "rollout",
    }
}

fn flags(served: &Flag, wanted: &Flag) -> Vec<String> {
    let id = &served.id;
    let mut lines = Vec::new();
    if served.default != wanted.default {
        lines.push(format!("flag `{id}`: the default served is {}, in Git it is {}", served.default, wanted.default));
    }
    if served.kind != wanted.kind || served.component != wanted.component {
        lines.push(format!("flag `{id}`: its type or its component differs"));
    }
    let values = |flag: &Flag| flag.rules.iter().map(|rule| rule.value.clone()).collect::<Vec<_>>();
    if values(served) != values(wanted) {
        lines.push(format!("flag `{id}`: its rules differ"));
    }
    if served.previews.len() != wanted.previews.len() {
        lines.push(format!("flag `{id}`: its previews differ"));
    }
    lines
}

fn size(claim: &Claim) -> u32 {
    match claim.reserved() {
        Some(buckets) => buckets.len(),
        None => 0,
    }
}

fn claimed(served: &Claim, wanted: &Claim, surface: &Artifact) -> Vec<String> {
    let (key, kind) = (&served.key, word(served));
    let mut lines = Vec::new();
    let share = |buckets: u32| 100.0 * f64::from(buckets) / f64::from(surface.buckets.max(1));
    if served.steps != wanted.steps {
        let (here, there) = (share(size(served)), share(size(wanted)));
        lines.push(match (here - there).abs() > 1e-9 {
            true => format!("{kind} `{key}` has {here} % of the units, in Git it has {there} %"),
            false => format!("{kind} `{key}` has other units, or its ramp has other days"),
        });
    }
    if (served.start, served.end) != (wanted.start, wanted.end) {
        lines.push(format!("{kind} `{key}` runs at other times"));
    }
    let ranges = |claim: &Claim| claim.variants.iter().map(|v| (v.id.clone(), v.range.clone())).collect::<Vec<_>>();
    let values = |claim: &Claim| claim.variants.iter().map(|v| v.value.clone()).collect::<Vec<_>>();
    if ranges(served) != ranges(wanted) || served.salt != wanted.salt {
        lines.push(format!("{kind} `{key}` divides its units otherwise among its variants"));
    } else if values(served) != values(wanted) {
        lines.push(format!("{kind} `{key}` gives other values"));
    }
    if served.segment.is_some() != wanted.segment.is_some() || served.components != wanted.components {
        lines.push(format!("{kind} `{key}` is for somebody else, or claims other components"));
    }
    lines
}
