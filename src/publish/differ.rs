//! In what two artifacts of a surface differ, in words for those who own it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::artifact::{Artifact, Claim, ClaimKind, Condition, Flag, Preview};

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
    if served.components != wanted.components {
        lines.push("its components differ".to_owned());
    }
    let (ours, theirs) = (by_id(served), by_id(wanted));
    for (id, flag) in &ours {
        match theirs.get(id) {
            Some(other) => lines.extend(flags((flag, served), (other, wanted))),
            None => lines.push(format!("flag `{id}` is served, and is not in Git")),
        }
    }
    for id in theirs.keys().filter(|id| !ours.contains_key(*id)) {
        lines.push(format!("flag `{id}` is not served"));
    }
    let (ours, theirs) = (claims(served), claims(wanted));
    for (key, (flag, claim)) in &ours {
        match theirs.get(key) {
            Some((other, _)) if other != flag => {
                lines.push(format!("{} `{key}` is on flag `{flag}`, in Git it is on `{other}`", word(claim)));
            }
            Some((_, other)) => lines.extend(claimed((claim, served), (other, wanted))),
            None => lines.push(format!("{} `{key}` is served, and Git does not have it live", word(claim))),
        }
    }
    for (key, (_, claim)) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
        lines.push(format!("{} `{key}` is not served", word(claim)));
    }
    let (ours, theirs) = (audiences(served), audiences(wanted));
    for (id, condition) in &ours {
        if theirs.get(id).is_some_and(|other| other != condition) {
            lines.push(format!("segment `{id}` means somebody else"));
        }
    }
    if lines.is_empty() && !ours.keys().eq(theirs.keys()) {
        lines.push("it lists other segments, which nobody gets anything else by".to_owned());
    }
    lines
}

fn audiences(artifact: &Artifact) -> BTreeMap<&str, &Condition> {
    artifact.segments.iter().map(|segment| (segment.id.as_str(), &segment.condition)).collect()
}

/// The id of a segment: its place among the others means nothing in another artifact.
fn segment(artifact: &Artifact, at: usize) -> Option<&str> {
    artifact.segments.get(at).map(|segment| segment.id.as_str())
}

fn by_id(artifact: &Artifact) -> BTreeMap<&str, &Flag> {
    artifact.flags.iter().map(|flag| (flag.id.as_str(), flag)).collect()
}

/// Experiments and rollouts by their keys, each with the id of its flag.
fn claims(artifact: &Artifact) -> BTreeMap<&str, (&str, &Claim)> {
    artifact.claims().map(|(flag, claim)| (claim.key.as_str(), (flag.id.as_str(), claim))).collect()
}

const fn word(claim: &Claim) -> &'static str {
    match claim.kind {
        ClaimKind::Experiment => "experiment",
        ClaimKind::Rollout => "rollout",
    }
}

fn flags((served, ours): (&Flag, &Artifact), (wanted, theirs): (&Flag, &Artifact)) -> Vec<String> {
    let id = &served.id;
    let mut lines = Vec::new();
    if served.default != wanted.default {
        lines.push(format!("flag `{id}`: the default served is {}, in Git it is {}", served.default, wanted.default));
    }
    if served.kind != wanted.kind || served.component != wanted.component {
        lines.push(format!("flag `{id}`: its type or its component differs"));
    }
    let rules = |flag: &Flag, all: &Artifact| -> Vec<_> {
        flag.rules.iter().map(|rule| (segment(all, rule.segment).map(str::to_owned), rule.value.clone())).collect()
    };
    let (have, due) = (rules(served, ours), rules(wanted, theirs));
    let values = |rules: &[(Option<String>, _)]| rules.iter().map(|(_, value)| value).cloned().collect::<Vec<Value>>();
    if values(&have) != values(&due) {
        lines.push(format!("flag `{id}`: its rules differ"));
    } else if have != due {
        lines.push(format!("flag `{id}`: its rules are for other segments"));
    }
    let previews = |flag: &Flag, all: &Artifact| -> Vec<_> {
        let preview = |own: &Preview| {
            let who = segment(all, own.segment).map(str::to_owned);
            (own.experiment.clone(), who, own.variant.clone(), own.value.clone())
        };
        flag.previews.iter().map(preview).collect()
    };
    if previews(served, ours) != previews(wanted, theirs) {
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

fn claimed((served, ours): (&Claim, &Artifact), (wanted, theirs): (&Claim, &Artifact)) -> Vec<String> {
    let (key, kind) = (&served.key, word(served));
    let mut lines = Vec::new();
    if served.kind != wanted.kind {
        lines.push(format!("{kind} `{key}` is no {kind} in Git"));
    }
    let share = |buckets: u32| 100.0 * f64::from(buckets) / f64::from(ours.buckets.max(1));
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
    let who = |claim: &Claim, all: &Artifact| claim.segment.map(|at| segment(all, at).map(str::to_owned));
    if who(served, ours) != who(wanted, theirs) || served.components != wanted.components {
        lines.push(format!("{kind} `{key}` is for somebody else, or claims other components"));
    }
    lines
}
