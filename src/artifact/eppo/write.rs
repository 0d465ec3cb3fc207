//! A surface as the configuration that stock SDKs read.

use super::SHARDS;
use super::condition::rules;
use super::shape::{
    Allocation, DEFAULT, DEFAULT_ALLOCATION, Environment, File, Flag, Format, Origin, Range, Rule, Shard, Split,
    Variation, VariationType, outside_key, preview_key, rule_keys, variation_key,
};
use crate::artifact::growthbook::{check_attribute, check_value, plain};
use crate::artifact::payload::line;
use crate::artifact::{self, Artifact, Claim, FlagKind, Instant, Step, Unservable, Unsupported};
use crate::bucket::{BucketSet, Grid, Scheme};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops;

/// The configuration of what is live at an instant in Unix seconds and what is still to come, as compact JSON. A pure
/// function: same input, same bytes.
///
/// A flag's allocations stand in the order in which they count: previews, claims in their windows, the flag's rules, its
/// default. Only those of claims are logged.
///
/// # Errors
/// The first part that Eppo SDKs would not all serve alike.
pub fn encode(artifact: &Artifact, at: i64) -> Result<Vec<u8>, Unservable> {
    // Its instants were looked at, so that they can be written.
    Ok(line(&Writer::new(artifact, at)?.file()?))
}

struct Writer<'a> {
    artifact: &'a Artifact,
    at: i64,
    grid: Grid,
}

/// A claim with the buckets it owns for a time.
type Window<'a> = (&'a Claim, &'a Step, ops::Range<i64>);

impl<'a> Writer<'a> {
    fn new(artifact: &'a Artifact, at: i64) -> Result<Self, Unservable> {
        let here = |reason| unservable(format!("surface `{}`", artifact.surface), reason);
        if artifact.scheme != Scheme::Eppo {
            return Err(here(Unsupported::Scheme));
        }
        check_attribute(&artifact.unit).map_err(here)?;
        let grid = Grid::new(SHARDS, artifact.buckets).ok_or_else(|| here(Unsupported::Scheme))?;
        Ok(Self { artifact, at, grid })
    }

    fn file(&self) -> Result<File, Unservable> {
        let mut flags = BTreeMap::new();
        for flag in &self.artifact.flags {
            flags.insert(flag.id.clone(), self.flag(flag)?);
        }
        let windows = || self.artifact.flags.iter().flat_map(|flag| self.windows(flag));
        // When it last became what it is by itself: it says nothing of `at`, so that the same surface is the same bytes.
        let begun = windows().map(|(.., window)| window.start).filter(|start| *start <= self.at).max();
        let claims = windows().map(|(claim, ..)| (claim.key.clone(), claim.components.clone()));
        let (surface, unit) = (self.artifact.surface.clone(), self.artifact.unit.clone());
        Ok(File {
            created_at: Instant(begun.unwrap_or(0)),
            format: Format::Server,
            environment: Environment { name: surface.clone() },
            flags,
            bandits: BTreeMap::new(),
            allotment: Origin { version: 1, surface, unit, claims: claims.collect() },
        })
    }

    /// What a flag's claims own now and later, the latest first: an SDK takes an end for the last instant of a window, and
    /// what begins then goes before.
    fn windows<'f>(&self, flag: &'f artifact::Flag) -> Vec<Window<'f>> {
        let all = flag.claims.iter().flat_map(|claim| claim.windows().map(move |(step, window)| (claim, step, window)));
        let mut windows: Vec<Window<'f>> =
            all.filter(|(_, step, window)| window.end > self.at && !step.buckets.is_empty()).collect();
        windows.sort_by_key(|(.., window)| std::cmp::Reverse(window.start));
        windows
    }

    fn flag(&self, flag: &artifact::Flag) -> Result<Flag, Unservable> {
        let here = |reason| unservable(format!("flag `{}`", flag.id), reason);
        let mut variations = Variations { kind: flag.kind, all: BTreeMap::new() };
        let mut allocations = Vec::new();
        for preview in &flag.previews {
            let variation = variation_key(&preview.experiment, &preview.variant);
            variations.add(&variation, &preview.value).map_err(here)?;
            allocations.push(forced(preview_key(&preview.experiment), self.rules(preview.segment)?, variation));
        }
        let windows = self.windows(flag);
        for claim in &flag.claims {
            let here = |reason| unservable(format!("`{}`", claim.key), reason);
            if !windows.iter().any(|(other, ..)| other.key == claim.key) {
                continue;
            }
            if claim.variants.len() < 2 {
                return Err(here(Unsupported::Variants));
            }
            for variant in &claim.variants {
                variations.add(&variation_key(&claim.key, &variant.id), &variant.value).map_err(here)?;
            }
        }
        let alone = windows.iter().all(|(claim, ..)| windows.first().is_some_and(|(first, ..)| first.key == claim.key));
        for window in &windows {
            // Ranges would stand at each variant; where nothing else follows, they stand once, before them, and turned round.
            let outside = (alone && flag.rules.is_empty()).then(|| self.outside(window)).flatten();
            let split_before = outside.is_some();
            allocations.extend(outside);
            allocations.push(self.claim(window, split_before)?);
        }
        for (rule, number) in flag.rules.iter().zip(1..) {
            let (key, variation) = rule_keys(number);
            variations.add(&variation, &rule.value).map_err(here)?;
            allocations.push(forced(key, self.rules(rule.segment)?, variation));
        }
        variations.add(DEFAULT, &flag.default).map_err(here)?;
        allocations.push(forced(DEFAULT_ALLOCATION.to_owned(), Vec::new(), DEFAULT.to_owned()));
        let late = allocations.iter().flat_map(|allocation| [allocation.start_at, allocation.end_at]).flatten();
        if late.into_iter().any(|instant| instant.to_text().is_none()) {
            return Err(here(Unsupported::Instant));
        }
        Ok(Flag {
            key: flag.id.clone(),
            enabled: true,
            variation_type: variations.kind(),
            variations: variations.all,
            allocations,
            total_shards: SHARDS,
        })
    }

    /// The default for whoever a claim does not own, in its window; none where it owns everybody.
    fn outside(&self, (claim, step, window): &Window<'_>) -> Option<Allocation> {
        let mut others = BucketSet::full(self.grid.buckets());
        others.subtract(&step.buckets);
        let split = Split { variation_key: DEFAULT.to_owned(), shards: vec![self.surface(&others)] };
        let outside = timed(outside_key(&claim.key), window, vec![split], false);
        (!others.is_empty()).then_some(outside)
    }

    fn claim(&self, (claim, step, window): &Window<'_>, split_before: bool) -> Result<Allocation, Unservable> {
        let splits = claim.variants.iter().map(|variant| {
            let picked = shard(&claim.salt, [variant.range.clone()]);
            let owned = (!split_before).then(|| self.surface(&step.buckets));
            let shards = owned.into_iter().chain([picked]).collect();
            Split { variation_key: variation_key(&claim.key, &variant.id), shards }
        });
        let rules = claim.segment.map(|segment| self.rules(segment)).transpose()?.unwrap_or_default();
        Ok(Allocation { rules, ..timed(claim.key.clone(), window, splits.collect(), true) })
    }

    fn surface(&self, buckets: &BucketSet) -> Shard {
        shard(&self.artifact.salt, self.grid.cell_runs(buckets))
    }

    fn rules(&self, segment: usize) -> Result<Vec<Rule>, Unservable> {
        self.artifact.in_segment(segment, |segment| rules(&segment.condition, &self.artifact.unit))
    }
}

/// A flag's variations, each with the value it stands for.
struct Variations {
    kind: FlagKind,
    all: BTreeMap<String, Variation>,
}

impl Variations {
    fn add(&mut self, key: &str, value: &Value) -> Result<(), Unsupported> {
        check_value(value)?;
        let value = match (self.kind, plain(value)?) {
            (FlagKind::String, value @ Value::String(_))
            | (FlagKind::Number, value @ Value::Number(_))
            | (FlagKind::Boolean, value @ Value::Bool(_)) => value,
            (FlagKind::Object, value @ Value::Object(_)) => value.to_string().into(),
            _ => return Err(Unsupported::Kind),
        };
        let known =
            self.all.entry(key.to_owned()).or_insert_with(|| Variation { key: key.to_owned(), value: value.clone() });
        if known.value == value { Ok(()) } else { Err(Unsupported::Twice(key.to_owned())) }
    }

    const fn kind(&self) -> VariationType {
        match self.kind {
            FlagKind::String => VariationType::String,
            FlagKind::Number => VariationType::Numeric,
            FlagKind::Boolean => VariationType::Boolean,
            FlagKind::Object => VariationType::Json,
        }
    }
}

/// One value for all whom some rules match, at any time; never logged.
fn forced(key: String, rules: Vec<Rule>, variation_key: String) -> Allocation {
    let splits = vec![Split { variation_key, shards: Vec::new() }];
    Allocation { key, rules, start_at: None, end_at: None, splits, do_log: false }
}

fn timed(key: String, window: &ops::Range<i64>, splits: Vec<Split>, do_log: bool) -> Allocation {
    let end_at = (window.end != i64::MAX).then_some(Instant(window.end));
    Allocation { key, rules: Vec::new(), start_at: Some(Instant(window.start)), end_at, splits, do_log }
}

fn shard(salt: &str, ranges: impl IntoIterator<Item = ops::Range<u32>>) -> Shard {
    let ranges = ranges.into_iter().map(|ops::Range { start, end }| Range { start, end }).collect();
    Shard { salt: salt.to_owned(), ranges, total_shards: SHARDS }
}

fn unservable(place: String, reason: Unsupported) -> Unservable {
    Unservable { scheme: Scheme::Eppo, place, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Condition, Preview, eppo, sample};
    use serde_json::json;

    fn home() -> Artifact {
        Artifact { scheme: Scheme::Eppo, ..sample::home() }
    }

    fn payload(artifact: &Artifact, at: i64) -> Value {
        serde_json::from_slice(&encode(artifact, at).unwrap()).unwrap()
    }

    /// Keys of allocations, each with its beginning.
    fn keys(flag: &Value) -> Vec<(&str, Option<&str>)> {
        let allocations = flag["allocations"].as_array().unwrap();
        allocations.iter().map(|one| (one["key"].as_str().unwrap(), one["startAt"].as_str())).collect()
    }

    #[test]
    fn is_what_the_sdks_read() {
        let home = home();
        let payload = payload(&home, sample::AT);
        assert_eq!(payload["createdAt"], "2027-01-12T00:00:00Z");
        assert_eq!((&payload["format"], &payload["environment"]["name"]), (&json!("SERVER"), &json!("home")));
        let ranker = &payload["flags"]["home-ranker"];
        assert_eq!(
            keys(ranker),
            [
                ("preview/next-ranker", None),
                ("long-tail.2", Some("2027-02-08T00:00:00Z")),
                ("fresh-first", Some("2027-01-12T00:00:00Z")),
                ("calm", Some("2027-01-11T00:00:00Z")),
                ("rules/default", None),
            ]
        );
        let salt = &home.flags[0].claims[0].salt;
        let shards = |start: u32, end: u32| {
            json!([
                { "salt": "home.5e1f", "ranges": [{ "start": 200, "end": 2_200 }], "totalShards": 10_000 },
                { "salt": salt, "ranges": [{ "start": start, "end": end }], "totalShards": 10_000 },
            ])
        };
        let fresh = &ranker["allocations"][2];
        assert_eq!(fresh["endAt"], "2027-02-08T00:00:00Z");
        assert_eq!(fresh["doLog"], true);
        assert_eq!(
            fresh["splits"],
            json!([
                { "variationKey": "fresh-first/control", "shards": shards(0, 5_000) },
                { "variationKey": "fresh-first/fresh-first", "shards": shards(5_000, 10_000) },
            ])
        );
        assert_eq!(fresh["rules"].as_array().unwrap().len(), 1);
        assert_eq!(
            ranker["variations"]["fresh-first/fresh-first"],
            json!({ "key": "fresh-first/fresh-first", "value": "v8-fresh" })
        );
        assert_eq!(
            ranker["allocations"][4],
            json!({ "key": "rules/default", "splits": [{ "variationKey": "default", "shards": [] }], "doLog": false })
        );
        let greeting = &payload["flags"]["greeting"];
        assert_eq!(greeting["variationType"], "JSON");
        assert_eq!(greeting["variations"]["default"]["value"], r#"{"text":"hello","lines":1}"#);
        let components = json!({ "calm": ["ranker"], "fresh-first": ["ranker"], "home-cards": ["cards"], "long-tail.2": ["ranker"] });
        assert_eq!(
            payload["allotment"],
            json!({ "version": 1, "surface": "home", "unit": "user-id", "claims": components })
        );
    }

    #[test]
    fn ranges_stand_once_where_one_claim_is_alone() {
        let mut home = home();
        let ranges = |home: &Artifact| {
            let json = String::from_utf8(encode(home, sample::AT).unwrap()).unwrap();
            json.matches(r#""salt":"home.5e1f""#).count()
        };
        // Rules are for those outside a claim too, and another claim may own them.
        assert_eq!(
            keys(&payload(&home, sample::AT)["flags"]["home-cards"])[..2],
            [("home-cards", Some("2027-01-11T00:00:00Z")), ("rules/1", None)]
        );
        assert_eq!(ranges(&home), 3 * 2 + 2);
        home.flags[1].rules.clear();
        let cards = payload(&home, sample::AT)["flags"]["home-cards"].clone();
        assert_eq!(keys(&cards)[0].0, "outside/home-cards");
        assert_eq!(cards["allocations"][0]["splits"][0]["shards"][0]["ranges"], json!([{ "start": 0, "end": 200 }]));
        assert_eq!(cards["allocations"][1]["splits"][0]["shards"].as_array().unwrap().len(), 1);
        assert_eq!(ranges(&home), 3 * 2 + 1);
        home.flags[0].claims.truncate(1);
        assert_eq!(
            keys(&payload(&home, sample::START)["flags"]["home-ranker"])[1..5],
            [
                ("outside/fresh-first", Some("2027-01-12T00:00:00Z")),
                ("fresh-first", Some("2027-01-12T00:00:00Z")),
                ("outside/fresh-first", Some("2027-01-11T00:00:00Z")),
                ("fresh-first", Some("2027-01-11T00:00:00Z")),
            ]
        );
        // Nobody is outside of everybody.
        home.holdout = BucketSet::with_size(100);
        home.flags[1].claims[0].steps[0].buckets = BucketSet::full(100);
        assert_eq!(keys(&payload(&home, sample::AT)["flags"]["home-cards"])[0].0, "home-cards");
        assert!(eppo::read(&encode(&home, sample::AT).unwrap()).is_ok());
    }

    #[test]
    fn the_same_surface_is_the_same_bytes_at_another_instant() {
        let home = home();
        let at = |at| encode(&home, at).unwrap();
        assert_eq!(at(sample::START - 10), at(sample::START - 1_000_000));
        assert_eq!(at(sample::AT), at(sample::AT + 1));
        assert_ne!(at(sample::START), at(sample::AT));
        assert!(String::from_utf8(at(0)).unwrap().contains(r#""createdAt":"1970-01-01T00:00:00Z""#));
    }

    #[test]
    fn knows_the_ramp_and_the_windows() {
        let home = home();
        let found = |at| {
            let payload = eppo::read(&encode(&home, at).unwrap()).unwrap();
            let found =
                payload.served.into_iter().map(|served| (served.key, served.cells.len(), served.window.unwrap()));
            found.filter(|(key, ..)| key == "fresh-first" || key == "home-cards").collect::<Vec<_>>()
        };
        let (start, day) = (sample::START, sample::DAY);
        let all = [
            ("home-cards".to_owned(), 9_800, start..i64::MAX),
            ("fresh-first".to_owned(), 2_000, start + day..start + 28 * day),
            ("fresh-first".to_owned(), 200, start..start + day),
        ];
        assert_eq!(found(start - 1_000), all);
        assert_eq!(found(start + day - 1), all);
        assert_eq!(found(start + day), all[..2]);
        assert_eq!(found(start + 28 * day), all[..1]);
    }

    #[test]
    fn says_what_cannot_be_served_and_where() {
        let refused = |change: fn(&mut Artifact)| {
            let mut home = home();
            change(&mut home);
            encode(&home, sample::AT).unwrap_err().to_string()
        };
        assert!(refused(|home| home.scheme = Scheme::GrowthBook).starts_with("surface `home`: "));
        assert!(refused(|home| home.unit = "user.id".into()).contains("`user.id`"));
        assert!(refused(|home| home.flags[1].default = Value::Null).starts_with("flag `home-cards`: "));
        assert!(refused(|home| home.flags[1].default = json!(1)).contains("not of the flag's type"));
        assert!(refused(|home| home.flags[0].claims[0].variants[0].value = json!(true)).starts_with("`fresh-first`: "));
        assert!(refused(|home| home.flags[0].claims[0].variants.truncate(1)).contains("two variants"));
        assert!(
            refused(|home| home.flags[0].claims[0].variants[1].id = "control".into()).contains("`fresh-first/control`")
        );
        assert!(refused(|home| home.flags[1].claims[0].end = Some(1_i64 << 50)).contains("0 to 9999"));
        let empty = refused(|home| home.segments[1].condition = Condition::Any(Vec::new()));
        assert!(empty.starts_with("segment `employees`: "), "{empty}");
    }

    #[test]
    fn reads_back_what_it_wrote_and_refuses_what_is_altered() {
        let mut home = home();
        home.flags[0].previews.push(Preview {
            experiment: "later".into(),
            segment: 0,
            variant: "b".into(),
            value: json!("v9"),
        });
        home.flags[2].claims.push(sample::claim(
            "hello",
            "header",
            BucketSet::parse("5-9 20", 100).unwrap(),
            &[("control", json!({ "text": "hello", "lines": 1 })), ("short", json!({ "text": "hi" }))],
        ));
        let json = String::from_utf8(encode(&home, sample::AT).unwrap()).unwrap();
        let read = eppo::read(json.as_bytes()).unwrap();
        assert_eq!((read.surface.as_str(), read.flags.len(), read.forced), ("home", 3, 3));
        let hello = read.served.iter().find(|served| served.key == "hello").unwrap();
        assert_eq!((hello.cells.to_string().as_str(), hello.unit.as_str()), ("500-999 2000-2099", "user-id"));
        assert_eq!(hello.variants[1], ("short".to_owned(), 5_000..10_000, json!({ "text": "hi" })));
        assert_eq!(read.flags["greeting"], json!({ "text": "hello", "lines": 1 }));
        let outside = r#"{"key":"outside/hello","startAt":"2027-01-11T00:00:00Z","#;
        for (from, to) in [
            (r#""totalShards":10000"#, r#""totalShards":1000"#),
            (r#""enabled":true"#, r#""enabled":false"#),
            (r#""format":"SERVER""#, r#""format":"CLIENT""#),
            (r#""bandits":{}"#, r#""bandits":{"b":[]}"#),
            (r#""createdAt":"2027-01-12T00:00:00Z""#, r#""createdAt":"2027-01-12""#),
            (r#""name":"home""#, r#""name":"player""#),
            (r#""variationType":"JSON""#, r#""variationType":"STRING","extra":1"#),
            (r#""variationType":"JSON""#, r#""variationType":"NUMERIC""#),
            (r#""key":"home-cards","enabled""#, r#""key":"cards","enabled""#),
            (r#"{"start":200,"end":2200}"#, r#"{"start":2200,"end":200}"#),
            (r#"{"start":200,"end":2200}"#, r#"{"start":200,"end":1000},{"start":1000,"end":2200}"#),
            (r#"{"start":200,"end":2200}"#, r#"{"start":200,"end":2100}"#),
            (r#"{"start":200,"end":10000}"#, r#"{"start":200,"end":10001}"#),
            (r#"{"start":0,"end":5000}"#, r#"{"start":0,"end":2000},{"start":2000,"end":5000}"#),
            (r#""doLog":true"#, r#""doLog":false"#),
            (
                r#""key":"rules/default","splits":[{"variationKey":"default","shards":[]}],"doLog":false"#,
                r#""key":"rules/default","splits":[{"variationKey":"default","shards":[]}],"doLog":true"#,
            ),
            (r#""key":"rules/1""#, r#""key":"rules/2""#),
            (r#""key":"rules/default","#, r#""key":"rules/default","startAt":"2027-01-11T00:00:00Z","#),
            (r#""key":"preview/later""#, r#""key":"preview/other""#),
            (outside, &outside.replace("hello", "other")),
            (outside, &outside.replace("01-11", "01-10")),
            (r#""variationKey":"default","shards":[{"#, r#""variationKey":"hello/short","shards":[{"#),
            (r#""variationKey":"calm/calm""#, r#""variationKey":"calm/other""#),
            (r#""variationKey":"calm/calm""#, r#""variationKey":"calm/control""#),
            (r#""variationKey":"calm/calm""#, r#""variationKey":"fresh-first/control""#),
            (r#""calm":["ranker"],"#, ""),
            (r#""claims":{"#, r#""claims":{"ghost":[],"#),
            (r#""operator":"ONE_OF","value":["true"]"#, r#""operator":"ONE_OF","value":[]"#),
            (r#""operator":"ONE_OF","value":["true"]"#, r#""operator":"ONE_OF","value":"true""#),
            (r#""operator":"ONE_OF","value":["true"]"#, r#""operator":"NONE_OF","value":["true"]"#),
            (
                r#"{"conditions":[{"attribute":"employee","operator":"ONE_OF","value":["true"]}]}"#,
                r#"{"conditions":[]}"#,
            ),
            (r#""rules":[{"conditions":[{"attribute":"employee","operator":"ONE_OF","value":["true"]}]}],"#, ""),
            (r#""version":1"#, r#""version":2"#),
            (r#""endAt":"2027-02-08T00:00:00Z""#, r#""endAt":"2027-01-01T00:00:00Z""#),
            (r#"{\"text\":\"hi\"}"#, r#"[\"hi\"]"#),
            (r#"{\"text\":\"hi\"}"#, r#"{\"text\":"#),
        ] {
            assert!(json.contains(from), "{from} in {json}");
            assert!(eppo::read(json.replacen(from, to, 1).as_bytes()).is_err(), "{from} to {to}");
        }
        for end in 0..json.len() - 1 {
            assert!(eppo::read(&json.as_bytes()[..end]).is_err());
        }
    }
}
