//! A state read back, for what it says to whom.

use super::shape::{
    ACTIVE, ClientSecret, ClientState, Credential, Credentials, Flag, Origin, PackedBitset, Rule, Segment, State,
};
use super::write::{everyone, no_unit};
use super::{TARGETING_KEY, UNLOGGED, bits, client, value};
use crate::artifact::{Payload, ReadError, Served};
use crate::bucket::{Scheme, VARIANT_GRID};
use prost::Message as _;
use std::collections::BTreeMap;
use std::ops::Range;

/// Reads a state that [`encode`](super::encode) wrote.
///
/// # Errors
/// What in it a resolver might take otherwise than it was meant, or what is missing.
pub fn read(bytes: &[u8]) -> Result<Payload, ReadError> {
    let (state, origin) = decoded(bytes)?;
    let [own] = state.clients.as_slice() else { return Err(wrong("not one client")) };
    if own.name != client(&origin.surface) {
        return Err(wrong("a client that is not the surface's"));
    }
    let segments = by_name(state.segments, |segment| segment.name.clone())?;
    let bitsets = by_name(state.bitsets, |bitset| bitset.segment.clone())?;
    let components = origin.claims.iter().map(|(key, components)| (key.clone(), components.ids.clone())).collect();
    let mut reader = Reader { segments, bitsets, components, origin, forced: 0, served: Vec::new() };
    let mut flags = BTreeMap::new();
    for flag in &state.flags {
        let id = flag.name.strip_prefix("flags/").ok_or_else(|| wrong("a flag without its name"))?;
        let default = reader.flag(id, flag)?;
        if flags.insert(id.to_owned(), default).is_some() {
            return Err(wrong(&format!("flag `{id}` twice")));
        }
    }
    if let Some(key) = reader.components.into_keys().next() {
        return Err(wrong(&format!("components of `{key}`, which is not served")));
    }
    if let Some(name) = reader.bitsets.into_keys().next() {
        return Err(wrong(&format!("a bitset of `{name}`, which no rule asks for")));
    }
    Ok(Payload {
        scheme: Scheme::Confidence,
        surface: reader.origin.surface,
        flags,
        served: reader.served,
        forced: reader.forced,
    })
}

/// The surface of a state, and the id of the account with which a resolver must hash, which is the surface's salt.
///
/// # Errors
/// When it is no state that this crate has written.
pub fn account(bytes: &[u8]) -> Result<(String, String), ReadError> {
    decoded(bytes).map(|(_, origin)| (origin.surface, origin.account))
}

/// What providers fetch before it is encrypted: the state with the secret of its client, and the account.
///
/// # Errors
/// When it is no state that this crate has written.
pub fn with_secret(state: &[u8], secret: &str) -> Result<Vec<u8>, ReadError> {
    let (surface, account) = account(state)?;
    let name = credential(&surface);
    let client_secret = Some(ClientSecret { secret: secret.to_owned() });
    let credentials = Credentials { all: vec![Credential { name, client_secret }] };
    // Messages one after the other are one message.
    let state = [state, &credentials.encode_to_vec()].concat();
    Ok(ClientState { state, account }.encode_to_vec())
}

/// The surface and the secret of what [`with_secret`] made; none where it made something else.
#[must_use]
pub fn secret_of(bytes: &[u8]) -> Option<(String, String)> {
    let whole = ClientState::decode(bytes).ok()?;
    let Credentials { all } = Credentials::decode(whole.state.as_slice()).ok()?;
    let [Credential { name, client_secret: Some(ClientSecret { secret }) }] = all.as_slice() else { return None };
    let (_, surface) = name.rsplit_once('/')?;
    (*name == credential(surface)).then(|| (surface.to_owned(), secret.clone()))
}

/// The name of the credential of a surface's client.
fn credential(surface: &str) -> String {
    format!("{}/credentials/{surface}", client(surface))
}

fn decoded(bytes: &[u8]) -> Result<(State, Origin), ReadError> {
    let state = State::decode(bytes).map_err(|error| ReadError(error.to_string()))?;
    // Whatever else there might be, a resolver may understand.
    if state.encode_to_vec() != bytes {
        return Err(wrong("fields that are not known, or out of order"));
    }
    match state.allotment.clone() {
        Some(origin) if origin.version == 1 => Ok((state, origin)),
        Some(origin) => Err(wrong(&format!("version {} of the state; this is made for version 1", origin.version))),
        None => Err(wrong("no word of where it comes from")),
    }
}

fn wrong(what: &str) -> ReadError {
    ReadError(what.to_owned())
}

fn by_name<T>(parts: Vec<T>, name: impl Fn(&T) -> String) -> Result<BTreeMap<String, T>, ReadError> {
    let mut named = BTreeMap::new();
    for part in parts {
        let name = name(&part);
        if named.insert(name.clone(), part).is_some() {
            return Err(wrong(&format!("`{name}` twice")));
        }
    }
    Ok(named)
}

struct Reader {
    segments: BTreeMap<String, Segment>,
    /// Those that no rule has asked for yet.
    bitsets: BTreeMap<String, PackedBitset>,
    /// Those of claims that were not met yet.
    components: BTreeMap<String, Vec<String>>,
    origin: Origin,
    forced: usize,
    served: Vec<Served>,
}

impl Reader {
    /// Reads a flag's rules, and gives its default.
    fn flag(&mut self, id: &str, flag: &Flag) -> Result<serde_json::Value, ReadError> {
        let wrong = |what: &str| ReadError(format!("flag `{id}`: {what}"));
        if flag.state != ACTIVE || flag.clients != [client(&self.origin.surface)] {
            return Err(wrong("not active for the surface's client alone"));
        }
        let variants = by_name(flag.variants.iter().collect(), |variant| variant.name.clone())?;
        let value_of = |name: &str| {
            let value = variants.get(name).and_then(|variant| variant.value.as_ref());
            value.map(value::read).ok_or_else(|| wrong(&format!("no variant `{name}`")))
        };
        let own = |rule: &Rule| rule.name.strip_prefix(&format!("{}/rules/", flag.name)).map(str::to_owned);
        let mut names: Vec<String> = Vec::new();
        let last = flag.rules.len().saturating_sub(1);
        let mut default = None;
        for (at, rule) in flag.rules.iter().enumerate() {
            let name = own(rule).ok_or_else(|| wrong("a rule without its name"))?;
            let parts = assigned(rule).ok_or_else(|| wrong(&format!("`{name}` assigns what cannot be verified")))?;
            if !rule.enabled || names.contains(&name) {
                return Err(wrong(&format!("`{name}` twice, or not enabled")));
            }
            let values = parts.iter().map(|part| Ok((part.id.to_owned(), part.range.clone(), value_of(part.variant)?)));
            let values = values.collect::<Result<Vec<_>, ReadError>>()?;
            match (at, values.as_slice()) {
                (0, [(_, _, value)]) => {
                    self.forced(rule, &no_unit(), "", "no-unit", &values).map_err(wrong)?;
                    default = Some(value.clone());
                }
                (at, [(_, _, value)]) if at == last => {
                    self.forced(rule, &everyone(), "", "default", &values).map_err(wrong)?;
                    default = default.filter(|default| default == value);
                }
                _ if name.starts_with(UNLOGGED) => {
                    let short = name.trim_start_matches(UNLOGGED);
                    self.forced(rule, &rule.segment, TARGETING_KEY, short, &values).map_err(wrong)?;
                    self.forced = self.forced.saturating_add(1);
                }
                _ => self.claim(id, &name, rule, values)?,
            }
            names.push(name);
        }
        let ends = names.last().is_some_and(|name| *name == format!("{UNLOGGED}default"));
        default.filter(|_| ends).ok_or_else(|| wrong("without a default at its beginning and its end"))
    }

    /// Checks a rule that gives one value to a whole segment.
    fn forced(
        &self,
        rule: &Rule,
        segment: &str,
        selector: &str,
        name: &str,
        values: &[(String, Range<u32>, serde_json::Value)],
    ) -> Result<(), &'static str> {
        let [(id, range, _)] = values else { return Err("a rule that hashes and is no experiment") };
        let of_all = id.is_empty() && *range == (0..VARIANT_GRID);
        let right = rule.segment == segment
            && rule.targeting_key_selector == selector
            && rule.name.ends_with(&format!("/{UNLOGGED}{name}"))
            && self.segments.contains_key(segment)
            && !self.bitsets.contains_key(segment);
        if of_all && right { Ok(()) } else { Err("a rule that is not as it would be written") }
    }

    fn claim(
        &mut self,
        flag: &str,
        key: &str,
        rule: &Rule,
        variants: Vec<(String, Range<u32>, serde_json::Value)>,
    ) -> Result<(), ReadError> {
        let wrong = |what: &str| ReadError(format!("`{key}`: {what}"));
        let components = self.components.remove(key).ok_or_else(|| wrong("no components"))?;
        let segment = self.segments.get(&rule.segment).ok_or_else(|| wrong("no segment"))?;
        let bitset = self.bitsets.remove(&rule.segment).ok_or_else(|| wrong("no bitset of its own"))?;
        if rule.targeting_key_selector != TARGETING_KEY {
            return Err(wrong("another key than the targeting key"));
        }
        if variants.iter().any(|(id, _, _)| id.is_empty()) {
            return Err(wrong("a variant without its id"));
        }
        self.served.push(Served {
            flag: flag.to_owned(),
            key: key.to_owned(),
            components,
            unit: self.origin.unit.clone(),
            surface_salt: self.origin.account.clone(),
            salt: rule.segment.strip_prefix("segments/").unwrap_or_default().to_owned(),
            cells: bits::unpacked(&bitset.gzipped_bitset).ok_or_else(|| wrong("an unreadable bitset"))?,
            variants,
            targeted: segment.targeting.is_some(),
            window: None,
        });
        Ok(())
    }
}

/// One of a rule's assignments.
struct Part<'a> {
    id: &'a str,
    variant: &'a str,
    range: Range<u32>,
}

fn assigned(rule: &Rule) -> Option<Vec<Part<'_>>> {
    let spec = rule.assignment_spec.as_ref().filter(|spec| u32::try_from(spec.bucket_count) == Ok(VARIANT_GRID))?;
    let parts = spec.assignments.iter().map(|assignment| {
        let [range] = assignment.bucket_ranges.as_slice() else { return None };
        let range = u32::try_from(range.lower).ok()?..u32::try_from(range.upper).ok()?;
        let inside = range.end <= VARIANT_GRID && range.start <= range.end;
        let variant = &assignment.variant.as_ref()?.variant;
        inside.then_some(Part { id: &assignment.id, variant, range })
    });
    parts.collect()
}
