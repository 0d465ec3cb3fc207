//! A surface at one instant as the state of a resolver.

use super::shape::{
    ACTIVE, Assignment, AssignmentSpec, BucketRange, Client, Components, Flag as Written, Origin, PackedBitset, Rule,
    Segment, State, Struct, Targeting, Variant, VariantAssignment,
};
use super::{BUCKETS, TARGETING_KEY, UNLOGGED, bits, client, condition, value};
use crate::artifact::{self, Artifact, Claim, Flag, Unservable, Unsupported};
use crate::bucket::{BucketSet, Grid, Scheme, VARIANT_GRID};
use prost::Message as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The state of what is live at an instant in Unix seconds. A pure function: same input, same bytes.
///
/// Rules of a flag stand in the order in which they count: no unit, previews, claims in their windows, the flag's rules, the flag's
/// default. It has no credentials: whoever publishes it knows the secret.
///
/// # Errors
/// The first part that a resolver would not serve as it is meant.
pub fn encode(artifact: &Artifact, at: i64) -> Result<Vec<u8>, Unservable> {
    let here = |reason| unservable(format!("surface `{}`", artifact.surface), reason);
    if artifact.scheme != Scheme::Confidence {
        return Err(here(Unsupported::Scheme));
    }
    check_salt(&artifact.salt).map_err(here)?;
    check_name(&artifact.surface).map_err(here)?;
    let grid = Grid::new(BUCKETS, artifact.buckets).ok_or_else(|| here(Unsupported::Scheme))?;
    let mut writer = Writer { artifact, at, grid, state: State::default(), audiences: BTreeSet::new() };
    writer.surface()?;
    Ok(writer.state.encode_to_vec())
}

fn unservable(place: String, reason: Unsupported) -> Unservable {
    Unservable { scheme: Scheme::Confidence, place, reason }
}

/// A resolver takes the salt from behind the slash of a name.
fn check_salt(salt: &str) -> Result<(), Unsupported> {
    if salt.is_empty() || salt.contains('/') || salt.starts_with(UNLOGGED) { Err(Unsupported::Salt) } else { Ok(()) }
}

/// A dot in a flag's name would begin a path, a slash another name.
fn check_name(id: &str) -> Result<(), Unsupported> {
    if id.is_empty() || id.contains(['.', '/', ':']) || id.starts_with(UNLOGGED) {
        return Err(Unsupported::Id(id.to_owned()));
    }
    Ok(())
}

struct Writer<'a> {
    artifact: &'a Artifact,
    at: i64,
    grid: Grid,
    state: State,
    /// The segments of the artifact that are in use.
    audiences: BTreeSet<usize>,
}

/// Names of segments that are no claim's.
fn unlogged_segment(name: &str) -> String {
    format!("segments/{UNLOGGED}{name}")
}

fn audience(segment: &artifact::Segment) -> String {
    unlogged_segment(&format!("audience.{}", segment.id))
}

pub(super) fn everyone() -> String {
    unlogged_segment("everyone")
}

pub(super) fn no_unit() -> String {
    unlogged_segment("no-unit")
}

impl Writer<'_> {
    fn surface(&mut self) -> Result<(), Unservable> {
        let Artifact { surface, unit, salt, .. } = self.artifact;
        let mut origin = Origin {
            version: 1,
            surface: surface.clone(),
            unit: unit.clone(),
            account: salt.clone(),
            claims: BTreeMap::new(),
        };
        self.state.clients.push(Client { name: client(surface) });
        self.segment(everyone(), None);
        self.segment(no_unit(), Some(condition::without_unit()));
        for flag in &self.artifact.flags {
            let written = self.flag(flag, &mut origin.claims)?;
            self.state.flags.push(written);
        }
        for &index in &self.audiences.clone() {
            self.audience(index)?;
        }
        self.state.allotment = Some(origin);
        Ok(())
    }

    fn segment(&mut self, name: String, targeting: Option<Targeting>) {
        self.state.segments.push(Segment { name, targeting });
    }

    /// The name of one of the artifact's segments, which is then in use.
    fn uses(&mut self, index: usize) -> Result<String, Unservable> {
        let name = self.artifact.in_segment(index, |segment| Ok(audience(segment)))?;
        self.audiences.insert(index);
        Ok(name)
    }

    fn audience(&mut self, index: usize) -> Result<(), Unservable> {
        let written = |segment: &artifact::Segment| {
            Ok((audience(segment), condition::targeting(&segment.condition, &self.artifact.unit)?))
        };
        let (name, targeting) = self.artifact.in_segment(index, written)?;
        self.segment(name, Some(targeting));
        Ok(())
    }

    /// The buckets a claim has at the instant, if any.
    fn owned<'c>(&self, claim: &'c Claim) -> Option<&'c BucketSet> {
        claim.owned_at(self.at)
    }

    fn flag(&mut self, flag: &Flag, claims: &mut BTreeMap<String, Components>) -> Result<Written, Unservable> {
        let here = |reason| unservable(format!("flag `{}`", flag.id), reason);
        check_name(&flag.id).map_err(here)?;
        let mut one = OneFlag { flag, variants: Vec::new(), rules: Vec::new() };
        let default = one.variant(&format!("{UNLOGGED}default"), &flag.default).map_err(here)?;
        one.forced("no-unit", no_unit(), "", default.clone());
        for preview in &flag.previews {
            let name = format!("preview-{}", preview.experiment);
            let variant = one.variant(&format!("{UNLOGGED}{name}"), &preview.value).map_err(here)?;
            one.forced(&name, self.uses(preview.segment)?, TARGETING_KEY, variant);
        }
        for claim in &flag.claims {
            let Some(owned) = self.owned(claim) else { continue };
            let segment = self.claimed(claim, owned)?;
            one.claim(claim, segment).map_err(|reason| unservable(format!("`{}`", claim.key), reason))?;
            claims.insert(claim.key.clone(), Components { ids: claim.components.clone() });
        }
        for (rule, number) in flag.rules.iter().zip(1..) {
            let name = format!("rule-{number}");
            let variant = one.variant(&format!("{UNLOGGED}{name}"), &rule.value).map_err(here)?;
            one.forced(&name, self.uses(rule.segment)?, TARGETING_KEY, variant);
        }
        one.forced("default", everyone(), "", default);
        let values: Vec<&Struct> = one.variants.iter().filter_map(|variant| variant.value.as_ref()).collect();
        Ok(Written {
            name: format!("flags/{}", flag.id),
            schema: Some(value::schema(&values).map_err(here)?),
            variants: one.variants,
            state: ACTIVE,
            rules: one.rules,
            clients: vec![client(&self.artifact.surface)],
        })
    }

    /// A claim's segment: its cells, and who of their units it is limited to.
    fn claimed(&mut self, claim: &Claim, owned: &BucketSet) -> Result<String, Unservable> {
        let name = format!("segments/{}", claim.salt);
        let taken = self.state.segments.iter().any(|segment| segment.name == name);
        if taken || check_salt(&claim.salt).is_err() {
            return Err(unservable(format!("`{}`", claim.key), Unsupported::Salt));
        }
        let audience = claim.segment.map(|segment| self.uses(segment)).transpose()?;
        self.segment(name.clone(), audience.map(condition::within));
        let gzipped_bitset = bits::packed(self.grid.cell_runs(owned));
        self.state.bitsets.push(PackedBitset { segment: name.clone(), gzipped_bitset });
        Ok(name)
    }
}

struct OneFlag<'a> {
    flag: &'a Flag,
    variants: Vec<Variant>,
    rules: Vec<Rule>,
}

impl OneFlag<'_> {
    /// Adds a variant, and gives its name.
    fn variant(&mut self, id: &str, value: &Value) -> Result<String, Unsupported> {
        let name = format!("flags/{}/variants/{id}", self.flag.id);
        let value = Some(value::written(value, self.flag.kind)?);
        self.variants.push(Variant { name: name.clone(), value });
        Ok(name)
    }

    fn rule(&mut self, id: &str, segment: String, selector: &str, assignments: Vec<Assignment>) {
        let bucket_count = edge(VARIANT_GRID);
        self.rules.push(Rule {
            name: format!("flags/{}/rules/{id}", self.flag.id),
            segment,
            targeting_key_selector: selector.to_owned(),
            enabled: true,
            assignment_spec: Some(AssignmentSpec { bucket_count, assignments }),
        });
    }

    /// One value for a whole segment, which is no exposure.
    fn forced(&mut self, name: &str, segment: String, selector: &str, variant: String) {
        let assignment = assigned(String::new(), variant, &(0..VARIANT_GRID));
        self.rule(&format!("{UNLOGGED}{name}"), segment, selector, vec![assignment]);
    }

    fn claim(&mut self, claim: &Claim, segment: String) -> Result<(), Unsupported> {
        if claim.variants.is_empty() {
            return Err(Unsupported::Empty);
        }
        let mut assignments = Vec::new();
        for variant in &claim.variants {
            check_name(&variant.id)?;
            let name = self.variant(&format!("{}:{}", claim.key, variant.id), &variant.value)?;
            assignments.push(assigned(variant.id.clone(), name, &variant.range));
        }
        self.rule(&claim.key, segment, TARGETING_KEY, assignments);
        Ok(())
    }
}

fn assigned(id: String, variant: String, range: &Range<u32>) -> Assignment {
    Assignment {
        id,
        variant: Some(VariantAssignment { variant }),
        bucket_ranges: vec![BucketRange { lower: edge(range.start), upper: edge(range.end) }],
    }
}

/// An edge of a range on the variant grid, which fits.
fn edge(cell: u32) -> i32 {
    i32::try_from(cell).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Condition, confidence, sample};
    use serde_json::json;

    fn home() -> Artifact {
        Artifact { scheme: Scheme::Confidence, ..sample::home() }
    }

    fn state(artifact: &Artifact) -> State {
        State::decode(encode(artifact, sample::AT).unwrap().as_slice()).unwrap()
    }

    /// The assignments of the claim `fresh-first`.
    fn spec(state: &mut State) -> &mut AssignmentSpec {
        state.flags[0].rules[2].assignment_spec.as_mut().unwrap()
    }

    #[test]
    fn is_what_a_resolver_reads() {
        let home = home();
        let state = state(&home);
        let ranker = &state.flags[0];
        assert_eq!((ranker.name.as_str(), ranker.state), ("flags/home-ranker", ACTIVE));
        assert_eq!(ranker.clients, ["clients/home"]);
        let rules: Vec<_> = ranker.rules.iter().map(|rule| rule.name.rsplit('/').next().unwrap()).collect();
        assert_eq!(rules, ["_no-unit", "_preview-next-ranker", "fresh-first", "calm", "_default"]);
        let fresh = &ranker.rules[2];
        assert_eq!(fresh.segment, format!("segments/{}", home.flags[0].claims[0].salt));
        assert_eq!(fresh.targeting_key_selector, "targeting_key");
        let spec = fresh.assignment_spec.as_ref().unwrap();
        assert_eq!(spec.bucket_count, 10_000);
        let told: Vec<_> = spec.assignments.iter().map(|part| (part.id.as_str(), part.bucket_ranges[0])).collect();
        let range = |lower, upper| BucketRange { lower, upper };
        assert_eq!(told, [("control", range(0, 5_000)), ("fresh-first", range(5_000, 10_000))]);
        let variant = &spec.assignments[1].variant.as_ref().unwrap().variant;
        assert_eq!(variant, "flags/home-ranker/variants/fresh-first:fresh-first");
        let value = ranker.variants.iter().find(|known| known.name == *variant).unwrap().value.as_ref().unwrap();
        assert_eq!(value::read(value), json!("v8-fresh"));
        // What is no exposure has no assignment id.
        let unlogged = state.flags.iter().flat_map(|flag| &flag.rules).filter(|rule| rule.name.contains("/_"));
        let mut ids = unlogged.flat_map(|rule| &rule.assignment_spec.as_ref().unwrap().assignments);
        assert!(ids.all(|part| part.id.is_empty()));
    }

    #[test]
    fn follows_the_ramp_and_the_windows() {
        let home = home();
        let keys = |at| {
            let payload = confidence::read(&encode(&home, at).unwrap()).unwrap();
            payload.served.into_iter().map(|served| (served.key, served.cells.len())).collect::<Vec<_>>()
        };
        let found = |key: &str, cells| (key.to_owned(), cells);
        assert_eq!(keys(sample::START - 1), []);
        let first = [found("fresh-first", 20_000), found("calm", 200_000), found("home-cards", 980_000)];
        assert_eq!(keys(sample::START), first);
        assert_eq!(keys(sample::START + sample::DAY)[0], found("fresh-first", 200_000));
        let later = [found("long-tail.2", 600_000), found("home-cards", 980_000)];
        assert_eq!(keys(sample::START + 28 * sample::DAY), later);
    }

    #[test]
    fn says_what_cannot_be_served_and_where() {
        let refused = |change: fn(&mut Artifact)| {
            let mut home = home();
            change(&mut home);
            encode(&home, sample::AT).unwrap_err().to_string()
        };
        assert!(refused(|home| home.scheme = Scheme::Eppo).starts_with("surface `home`: "));
        assert!(refused(|home| home.salt = "a/b".into()).starts_with("surface `home`: "));
        assert!(refused(|home| home.flags[1].default = Value::Null).starts_with("flag `home-cards`: "));
        assert!(refused(|home| home.flags[1].id = "home.cards".into()).contains("`home.cards`"));
        assert!(refused(|home| home.flags[0].claims[0].salt.clear()).starts_with("`fresh-first`: "));
        assert!(
            refused(|home| home.flags[0].claims[2].salt = home.flags[0].claims[0].salt.clone()).starts_with("`calm`: ")
        );
        assert!(refused(|home| home.flags[0].claims[2].variants[0].value = json!(1)).contains("same fields"));
        let contains = refused(|home| {
            let test = json!({ "is": ["language", "string", "contains", "en"] });
            home.segments[1].condition = serde_json::from_value::<Condition>(test).unwrap();
        });
        assert!(contains.starts_with("segment `employees`: "), "{contains}");
    }

    #[test]
    fn reads_back_what_it_wrote_and_refuses_what_is_altered() {
        let home = home();
        let bytes = encode(&home, sample::AT).unwrap();
        let read = confidence::read(&bytes).unwrap();
        assert_eq!((read.surface.as_str(), read.flags.len(), read.forced), ("home", 3, 2));
        assert_eq!(read.flags["greeting"], json!({ "text": "hello", "lines": 1 }));
        assert_eq!((read.served[0].key.as_str(), read.served[0].targeted), ("fresh-first", true));
        assert_eq!(confidence::account(&bytes).unwrap(), ("home".to_owned(), "home.5e1f".to_owned()));
        let refused = |change: fn(&mut State)| {
            let mut state = state(&home);
            change(&mut state);
            confidence::read(&state.encode_to_vec()).is_err()
        };
        assert!(!refused(|_| ()));
        let changes: [fn(&mut State); 19] = [
            |state| state.clients[0].name = "clients/other".into(),
            |state| state.flags[0].state = 2,
            |state| state.flags[0].clients.clear(),
            |state| state.flags[0].name = "flags/greeting".into(),
            |state| state.flags[0].rules[2].enabled = false,
            |state| state.flags[0].rules[2].targeting_key_selector.clear(),
            |state| state.flags[0].rules[1].targeting_key_selector.clear(),
            |state| state.flags[0].rules.swap(0, 1),
            |state| drop(state.flags[0].rules.pop()),
            |state| spec(state).bucket_count = 1_000,
            |state| spec(state).assignments[0].bucket_ranges[0].upper = 10_001,
            |state| spec(state).assignments[0].bucket_ranges.push(BucketRange { lower: 0, upper: 1 }),
            |state| spec(state).assignments[0].id.clear(),
            |state| spec(state).assignments[0].variant = None,
            |state| drop(state.bitsets.pop()),
            |state| state.bitsets[0].gzipped_bitset[0] ^= 1,
            |state| state.segments[0].name = "segments/none".into(),
            |state| drop(state.allotment.as_mut().unwrap().claims.remove("calm")),
            |state| state.allotment = None,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert!(refused(change), "change {number}");
        }
        for end in 0..bytes.len() {
            assert!(confidence::read(&bytes[..end]).is_err());
        }
        // A field that is not known, such as a credential.
        assert!(confidence::read(&[&bytes[..], &[0x3a, 0]].concat()).is_err());
    }
}
