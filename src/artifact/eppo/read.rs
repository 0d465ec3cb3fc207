//! A configuration read back.

use super::SHARDS;
use super::shape::{
    Allocation, Condition, DEFAULT, DEFAULT_ALLOCATION, File, Flag, Operator, Range, Rule, Shard, Split, VariationType,
    outside_key, preview_key, rule_keys, variation_key,
};
use crate::artifact::{Instant, Payload, ReadError, Served};
use crate::bucket::{BucketSet, Scheme};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops;

/// Reads a configuration.
///
/// # Errors
/// What in it an SDK might take otherwise than it was meant, or what is missing.
pub fn read(bytes: &[u8]) -> Result<Payload, ReadError> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| ReadError(error.to_string()))?;
    let origin = file.allotment;
    if origin.version != 1 {
        let version = origin.version;
        return Err(ReadError(format!("version {version} of the payload; this is made for version 1")));
    }
    if !file.bandits.is_empty() || file.environment.name != origin.surface {
        return Err(ReadError("bandits, or the name of another surface".to_owned()));
    }
    let mut payload = Payload {
        scheme: Scheme::Eppo,
        surface: origin.surface,
        flags: BTreeMap::new(),
        served: Vec::new(),
        forced: 0,
    };
    for (id, flag) in file.flags {
        let default =
            Reader { id: &id, flag: &flag, unit: &origin.unit, components: &origin.claims }.read(&mut payload)?;
        payload.flags.insert(id, default);
    }
    let served: BTreeSet<&str> = payload.served.iter().map(|served| served.key.as_str()).collect();
    match origin.claims.keys().find(|key| !served.contains(key.as_str())) {
        Some(key) => Err(ReadError(format!("components of `{key}`, which is not served"))),
        None => Ok(payload),
    }
}

struct Reader<'a> {
    id: &'a str,
    flag: &'a Flag,
    unit: &'a str,
    components: &'a BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> ReadError {
        ReadError(format!("flag `{}`: {what}", self.id))
    }

    /// Reads its allocations, and says what its default is.
    fn read(&self, payload: &mut Payload) -> Result<Value, ReadError> {
        let flag = self.flag;
        if flag.key != self.id || !flag.enabled || flag.total_shards != SHARDS {
            return Err(self.wrong("another key, other shards, or not enabled"));
        }
        self.all_are_used()?;
        let Some((last, allocations)) = flag.allocations.split_last() else { return Err(self.wrong("no allocations")) };
        if last.key != DEFAULT_ALLOCATION || !last.rules.is_empty() || self.forced(last)? != DEFAULT {
            return Err(self.wrong("no default for everybody at the end"));
        }
        let mut rest = allocations.iter();
        let (mut numbers, mut claimed, mut alone) = (1.., false, None);
        let before = payload.served.len();
        while let Some(allocation) = rest.next() {
            sound(&allocation.rules).map_err(|what| self.wrong(what))?;
            if (allocation.do_log || allocation.key.starts_with("outside/")) && numbers.start != 1 {
                return Err(self.wrong("a claim behind a rule"));
            }
            if let Some(claim) = allocation.key.strip_prefix("outside/") {
                let outside = self.outside(allocation, claim)?;
                let inside = rest.next().filter(|next| next.key == claim && window(next) == window(allocation));
                let inside = inside.ok_or_else(|| self.wrong("units outside a claim that does not follow"))?;
                sound(&inside.rules).map_err(|what| self.wrong(what))?;
                payload.served.push(self.served(inside, Some(outside))?);
                (claimed, alone) = (true, Some(claim));
            } else if allocation.do_log {
                payload.served.push(self.served(allocation, None)?);
                claimed = true;
            } else {
                let variation = self.forced(allocation)?;
                if let Some(experiment) = allocation.key.strip_prefix("preview/") {
                    let own = variation.strip_prefix(experiment).is_some_and(|variant| variant.starts_with('/'));
                    if claimed || numbers.start != 1 || !own || allocation.key != preview_key(experiment) {
                        return Err(self.wrong("a preview behind a claim or a rule, or of another experiment"));
                    }
                } else if numbers.next().map(rule_keys) != Some((allocation.key.clone(), variation.to_owned())) {
                    return Err(self.wrong("rules that are not numbered in their order"));
                }
                if allocation.rules.is_empty() {
                    return Err(self.wrong("a preview or a rule for everybody"));
                }
                payload.forced = payload.forced.saturating_add(1);
            }
        }
        let others = || payload.served.iter().skip(before).any(|served| Some(served.key.as_str()) != alone);
        if alone.is_some() && (numbers.start != 1 || others()) {
            return Err(self.wrong("units outside a claim that something else is to decide about"));
        }
        self.value(DEFAULT)
    }

    /// Variations have their own keys and values of the flag's type, and a split refers to each.
    fn all_are_used(&self) -> Result<(), ReadError> {
        let splits = self.flag.allocations.iter().flat_map(|allocation| &allocation.splits);
        let used: BTreeSet<&str> = splits.map(|split| split.variation_key.as_str()).collect();
        for (key, variation) in &self.flag.variations {
            if variation.key != *key || !used.contains(key.as_str()) {
                return Err(self.wrong("a variation with two keys, or that nobody is given"));
            }
            self.value(key)?;
        }
        Ok(())
    }

    /// The value of a variation, as an application gets it.
    fn value(&self, key: &str) -> Result<Value, ReadError> {
        let missing = || self.wrong("a variation that is not there");
        let value = &self.flag.variations.get(key).ok_or_else(missing)?.value;
        let other = || self.wrong("a value of another type");
        match (self.flag.variation_type, value) {
            (VariationType::String, Value::String(_))
            | (VariationType::Numeric, Value::Number(_))
            | (VariationType::Boolean, Value::Bool(_)) => Ok(value.clone()),
            (VariationType::Json, Value::String(text)) => {
                let value: Value = serde_json::from_str(text).map_err(|_| other())?;
                if value.is_object() { Ok(value) } else { Err(other()) }
            }
            _ => Err(other()),
        }
    }

    /// The variation of an allocation that gives everybody the same, at any time, unlogged.
    fn forced<'a>(&self, allocation: &'a Allocation) -> Result<&'a str, ReadError> {
        match allocation.splits.as_slice() {
            [Split { variation_key, shards }]
                if shards.is_empty()
                    && !allocation.do_log
                    && (allocation.start_at, allocation.end_at) == (None, None) =>
            {
                Ok(variation_key)
            }
            _ => Err(self.wrong("an allocation that is neither a claim nor the same for all")),
        }
    }

    /// The shards of the units that a claim does not own, and the salt they are told by.
    fn outside(&self, allocation: &Allocation, claim: &str) -> Result<(String, BucketSet), ReadError> {
        match allocation.splits.as_slice() {
            [Split { variation_key, shards }]
                if variation_key == DEFAULT
                    && !allocation.do_log
                    && allocation.rules.is_empty()
                    && allocation.key == outside_key(claim) =>
            {
                let [shard] = shards.as_slice() else { return Err(self.wrong("units outside a claim by two hashes")) };
                Ok((shard.salt.clone(), self.cells(shard)?))
            }
            _ => Err(self.wrong("units outside a claim that are logged, chosen, or given no default")),
        }
    }

    fn cells(&self, shard: &Shard) -> Result<BucketSet, ReadError> {
        let mut cells = BucketSet::with_size(SHARDS);
        let mut end = None;
        for &Range { start, end: stop } in &shard.ranges {
            // Touching ranges would be one; anything but ascending ranges hides how many units there are.
            if start >= stop || stop > SHARDS || end.is_some_and(|end| start <= end) {
                return Err(self.wrong("ranges that are empty, touch, overlap or end beyond the shards"));
            }
            cells.insert_run(start..stop);
            end = Some(stop);
        }
        if shard.total_shards != SHARDS || cells.is_empty() {
            return Err(self.wrong("other shards, or none of them"));
        }
        Ok(cells)
    }

    /// A claim, whose owned shards stand at each of its variants unless others were split off before.
    fn served(&self, allocation: &Allocation, outside: Option<(String, BucketSet)>) -> Result<Served, ReadError> {
        let wrong = |what: &str| ReadError(format!("`{}`: {what}", allocation.key));
        let components = self.components.get(&allocation.key).ok_or_else(|| wrong("no components"))?;
        let mut owned: Option<Shard> = None;
        let mut salt: Option<&str> = None;
        let mut variants = Vec::new();
        for split in &allocation.splits {
            let pick = match (split.shards.as_slice(), &outside) {
                ([pick], Some(_)) => pick,
                ([surface, pick], None) => {
                    if owned.get_or_insert_with(|| surface.clone()) != surface {
                        return Err(wrong("variants that own different shards"));
                    }
                    pick
                }
                _ => return Err(wrong("a variant that is picked by other than two hashes")),
            };
            let [Range { start, end }] = pick.ranges.as_slice() else { return Err(wrong("a variant in pieces")) };
            if pick.total_shards != SHARDS
                || start > end
                || *end > SHARDS
                || *salt.get_or_insert(&pick.salt) != pick.salt
            {
                return Err(wrong("variants by different hashes, or beyond the shards"));
            }
            let id = split.variation_key.strip_prefix(&allocation.key).and_then(|rest| rest.strip_prefix('/'));
            let id = id.filter(|id| variation_key(&allocation.key, id) == split.variation_key);
            let id = id.ok_or_else(|| wrong("a variant of another claim"))?;
            variants.push((id.to_owned(), *start..*end, self.value(&split.variation_key)?));
        }
        let (surface_salt, cells) = match (outside, owned) {
            (Some((salt, outside)), _) => {
                let mut cells = BucketSet::full(SHARDS);
                cells.subtract(&outside);
                (salt, cells)
            }
            (None, Some(shard)) => (shard.salt.clone(), self.cells(&shard)?),
            (None, None) => return Err(wrong("no variants")),
        };
        let start = allocation.start_at.ok_or_else(|| wrong("no beginning"))?;
        if !allocation.do_log || cells.is_empty() || allocation.end_at.is_some_and(|end| end <= start) {
            return Err(wrong("not logged, or for nobody"));
        }
        Ok(Served {
            flag: self.id.to_owned(),
            key: allocation.key.clone(),
            components: components.clone(),
            unit: self.unit.to_owned(),
            surface_salt,
            salt: salt.unwrap_or_default().to_owned(),
            cells,
            variants,
            targeted: !allocation.rules.is_empty(),
            window: Some(ops::Range { start: start.0, end: allocation.end_at.map_or(i64::MAX, |end| end.0) }),
        })
    }
}

const fn window(allocation: &Allocation) -> (Option<Instant>, Option<Instant>) {
    (allocation.start_at, allocation.end_at)
}

/// Rules that every SDK evaluates: one without conditions holds of everybody, and a value of another type fails in some only.
fn sound(rules: &[Rule]) -> Result<(), &'static str> {
    let fits = |Condition { attribute, operator, value }: &Condition| {
        !attribute.is_empty()
            && match operator {
                Operator::Matches | Operator::NotMatches => value.is_string(),
                Operator::Gte | Operator::Gt | Operator::Lte | Operator::Lt => value.is_number() || value.is_string(),
                Operator::OneOf | Operator::NotOneOf => {
                    value.as_array().is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string))
                }
                Operator::IsNull => value.is_boolean(),
            }
    };
    match rules.iter().find(|rule| rule.conditions.is_empty() || !rule.conditions.iter().all(fits)) {
        Some(_) => Err("a rule without conditions, or with a value that does not go with its operator"),
        None => Ok(()),
    }
}
