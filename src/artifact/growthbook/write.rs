//! A surface at one instant as the payload that stock SDKs read.

use super::shape::{Edge, Experiment, Feature, File, Filter, Force, HASH_VERSION, Meta, Origin, Rule};
use super::support::{check_attribute, check_id, check_salt, check_value, plain};
use crate::artifact::payload::line;
use crate::artifact::{Artifact, Claim, Flag, Unservable, Unsupported};
use crate::bucket::{BucketSet, Grid, Scheme};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// The payload of what is live at an instant in Unix seconds, as compact JSON. A pure function: same input, same bytes.
///
/// Rules of a flag stand in the order in which they count: previews, claims in their windows, the flag's rules.
///
/// # Errors
/// The first part that GrowthBook SDKs would not all serve alike.
pub fn encode(artifact: &Artifact, at: i64) -> Result<Vec<u8>, Unservable> {
    Ok(line(&Writer::new(artifact, at)?.file()?))
}

struct Writer<'a> {
    artifact: &'a Artifact,
    at: i64,
    grid: Grid,
}

impl<'a> Writer<'a> {
    fn new(artifact: &'a Artifact, at: i64) -> Result<Self, Unservable> {
        let here = |reason| Unservable {
            scheme: Scheme::GrowthBook,
            place: format!("surface `{}`", artifact.surface),
            reason,
        };
        if artifact.scheme != Scheme::GrowthBook {
            return Err(here(Unsupported::Scheme));
        }
        check_salt(&artifact.salt).map_err(here)?;
        check_attribute(&artifact.unit).map_err(here)?;
        let grid = Grid::new(artifact.scheme.grid(), artifact.buckets).ok_or_else(|| here(Unsupported::Scheme))?;
        Ok(Self { artifact, at, grid })
    }

    fn file(&self) -> Result<File, Unservable> {
        let live = self.artifact.claims().filter(|(_, claim)| self.owned(claim).is_some());
        let claims: BTreeMap<_, _> = live.map(|(_, claim)| (claim.key.clone(), claim.components.clone())).collect();
        let mut features = BTreeMap::new();
        for flag in &self.artifact.flags {
            features.insert(flag.id.clone(), self.feature(flag)?);
        }
        let allotment = Origin { version: 1, surface: self.artifact.surface.clone(), claims };
        Ok(File { features, allotment })
    }

    /// The buckets a claim has at the instant, if any.
    fn owned<'c>(&self, claim: &'c Claim) -> Option<&'c BucketSet> {
        claim.owned_at(self.at)
    }

    fn feature(&self, flag: &Flag) -> Result<Feature, Unservable> {
        let here = |reason| Unservable { scheme: Scheme::GrowthBook, place: format!("flag `{}`", flag.id), reason };
        let mut rules = Vec::new();
        for preview in &flag.previews {
            rules.push(Rule::Force(Force {
                id: format!("{}.preview", preview.experiment),
                condition: self.condition(preview.segment)?,
                value: served(&preview.value).map_err(here)?,
            }));
        }
        for claim in &flag.claims {
            if let Some(owned) = self.owned(claim) {
                rules.push(Rule::Experiment(Box::new(self.experiment(claim, owned)?)));
            }
        }
        for (rule, number) in flag.rules.iter().zip(1..) {
            rules.push(Rule::Force(Force {
                id: format!("{}.{number}", flag.id),
                condition: self.condition(rule.segment)?,
                value: served(&rule.value).map_err(here)?,
            }));
        }
        Ok(Feature { default_value: served(&flag.default).map_err(here)?, rules })
    }

    fn experiment(&self, claim: &Claim, owned: &BucketSet) -> Result<Experiment, Unservable> {
        let here = |reason| Unservable { scheme: Scheme::GrowthBook, place: format!("`{}`", claim.key), reason };
        check_id(&claim.id).map_err(here)?;
        check_salt(&claim.salt).map_err(here)?;
        if claim.variants.len() < 2 {
            return Err(here(Unsupported::Variants));
        }
        let values = claim.variants.iter().map(|variant| served(&variant.value));
        let filter = Filter {
            seed: self.artifact.salt.clone(),
            attribute: self.artifact.unit.clone(),
            hash_version: HASH_VERSION,
            ranges: self.grid.cell_runs(owned).map(edges).collect(),
        };
        Ok(Experiment {
            id: claim.id.clone(),
            key: claim.key.clone(),
            name: claim.id.clone(),
            phase: claim.phase.to_string(),
            hash_attribute: self.artifact.unit.clone(),
            hash_version: HASH_VERSION,
            seed: claim.salt.clone(),
            filters: [filter],
            condition: claim.segment.map(|segment| self.condition(segment)).transpose()?,
            variations: values.collect::<Result<_, _>>().map_err(here)?,
            ranges: claim.variants.iter().map(|variant| edges(variant.range.clone())).collect(),
            meta: claim.variants.iter().map(|v| Meta { key: v.id.clone(), name: v.id.clone() }).collect(),
            disable_sticky_bucketing: true,
        })
    }

    fn condition(&self, segment: usize) -> Result<Value, Unservable> {
        self.artifact.in_segment(segment, |segment| super::condition(&segment.condition))
    }
}

fn served(value: &Value) -> Result<Value, Unsupported> {
    check_value(value)?;
    plain(value)
}

fn edges(range: Range<u32>) -> [Edge; 2] {
    [Edge(range.start), Edge(range.end)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{growthbook, sample};
    use serde_json::json;

    fn payload(artifact: &Artifact, at: i64) -> Value {
        serde_json::from_slice(&encode(artifact, at).unwrap()).unwrap()
    }

    #[test]
    fn is_what_the_sdks_read() {
        let home = sample::home();
        let payload = payload(&home, sample::AT);
        let ranker = &payload["features"]["home-ranker"];
        assert_eq!(
            ranker["rules"][0],
            json!({
                "id": "next-ranker.preview",
                "condition": { "employee": { "$type": "boolean", "$in": [true] } },
                "force": "v9",
            })
        );
        assert_eq!(
            ranker["rules"][1],
            json!({
                "id": "fresh-first",
                "key": "fresh-first",
                "name": "fresh-first",
                "phase": "1",
                "hashAttribute": "user-id",
                "hashVersion": 2,
                "seed": home.flags[0].claims[0].salt,
                "filters": [{ "seed": "home.5e1f", "attribute": "user-id", "hashVersion": 2, "ranges": [[0.02, 0.22]] }],
                "condition": {
                    "country": { "$type": "string", "$in": ["DK", "FI", "IS", "NO", "SE"] },
                    "plan": { "$type": "string", "$in": ["premium"] },
                    "app-version": { "$type": "string", "$vgte": "9.4.0" },
                },
                "variations": ["v7", "v8-fresh"],
                "ranges": [[0, 0.5], [0.5, 1]],
                "meta": [{ "key": "control", "name": "control" }, { "key": "fresh-first", "name": "fresh-first" }],
                "disableStickyBucketing": true,
            })
        );
        assert_eq!(ranker["rules"][2]["key"], "calm");
        assert_eq!(ranker["defaultValue"], "v7");
        assert_eq!(payload["features"]["home-cards"]["rules"][1]["id"], "home-cards.1");
        assert_eq!(payload["features"]["greeting"], json!({ "defaultValue": { "text": "hello", "lines": 1 } }));
        assert_eq!(
            payload["allotment"],
            json!({
                "version": 1,
                "surface": "home",
                "claims": { "calm": ["ranker"], "fresh-first": ["ranker"], "home-cards": ["cards"] },
            })
        );
    }

    #[test]
    fn follows_the_ramp_and_the_windows() {
        let home = sample::home();
        let keys = |at| {
            let payload = growthbook::read(&encode(&home, at).unwrap()).unwrap();
            payload.served.into_iter().map(|served| (served.key, served.cells.len())).collect::<Vec<_>>()
        };
        let found = |key: &str, cells| (key.to_owned(), cells);
        assert_eq!(keys(sample::START - 1), []);
        let first = [found("home-cards", 9_800), found("fresh-first", 200), found("calm", 2_000)];
        assert_eq!(keys(sample::START), first);
        assert_eq!(keys(sample::START + sample::DAY)[1], found("fresh-first", 2_000));
        let later = [found("home-cards", 9_800), found("long-tail.2", 6_000)];
        assert_eq!(keys(sample::START + 28 * sample::DAY), later);
    }

    #[test]
    fn says_what_cannot_be_served_and_where() {
        let refused = |change: fn(&mut Artifact)| {
            let mut home = sample::home();
            change(&mut home);
            encode(&home, sample::AT).unwrap_err().to_string()
        };
        assert!(refused(|home| home.scheme = Scheme::Eppo).starts_with("surface `home`: "));
        assert!(refused(|home| home.unit = "user.id".into()).contains("`user.id`"));
        assert!(refused(|home| home.flags[1].default = Value::Null).starts_with("flag `home-cards`: "));
        assert!(refused(|home| home.flags[0].claims[0].salt.clear()).starts_with("`fresh-first`: "));
        assert!(refused(|home| home.flags[0].claims[0].variants.truncate(1)).contains("two variants"));
        let empty = refused(|home| {
            home.segments[1].condition = crate::artifact::Condition::Any(Vec::new());
        });
        assert!(empty.starts_with("segment `employees`: "), "{empty}");
    }

    #[test]
    fn reads_back_what_it_wrote_and_refuses_what_is_altered() {
        let home = sample::home();
        let json = String::from_utf8(encode(&home, sample::AT).unwrap()).unwrap();
        let read = growthbook::read(json.as_bytes()).unwrap();
        assert_eq!((read.surface.as_str(), read.flags.len(), read.forced), ("home", 3, 2));
        assert_eq!(read.served[1].variants[1].0, "fresh-first");
        for (from, to) in [
            (r#""hashVersion":2,"seed""#, r#""hashVersion":1,"seed""#),
            ("[0.02,0.22]", "[0.02,0.1],[0.1,0.22]"),
            ("[0.02,0.22]", "[0.22,0.02]"),
            ("[0.02,0.22]", "[0.02,0.22005]"),
            ("[0.02,0.22]", "[0.02,1.5]"),
            (r#""disableStickyBucketing":true"#, r#""disableStickyBucketing":false"#),
            (r#""disableStickyBucketing":true"#, r#""disableStickyBucketing":true,"weights":[0.5,0.5]"#),
            (r#""calm":["ranker"],"#, ""),
            (r#""claims":{"#, r#""claims":{"ghost":[],"#),
            (r#"{"key":"control","name":"control"},"#, ""),
        ] {
            assert!(json.contains(from), "{from} in {json}");
            assert!(growthbook::read(json.replacen(from, to, 1).as_bytes()).is_err(), "{from} to {to}");
        }
        for end in 0..json.len() - 1 {
            assert!(growthbook::read(&json.as_bytes()[..end]).is_err());
        }
    }
}
