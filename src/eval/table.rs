//! What is looked at for every flag and every claim, packed: a flag that was not asked for lately costs few cache lines.

use super::Reason;
use super::owners::{Span, Spans};
use crate::artifact::{Claim, Flag};
use crate::bucket::{Fnv, Hasher};
use serde_json::Value;

/// A flag, in one cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Record {
    /// The first of its spans, which most often is the only one; its time is empty where there is none.
    pub(super) first: Span,
    pub(super) spans: Spans,
    pub(super) has_previews: bool,
    pub(super) has_rules: bool,
    /// The reason for its default: a flag that nothing can ever decide otherwise is static.
    pub(super) fallback: Reason,
}

impl Record {
    pub(super) fn of(flag: &Flag, first: Span, spans: Spans) -> Self {
        let (has_previews, has_rules) = (!flag.previews.is_empty(), !flag.rules.is_empty());
        let is_static = !has_previews && !has_rules && flag.claims.is_empty();
        let fallback = if is_static { Reason::Static } else { Reason::Default };
        Self { first, spans, has_previews, has_rules, fallback }
    }
}

/// The claim that owns a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    /// Its index in the flag.
    pub(super) claim: u32,
    /// The hash that picks its variant.
    pub(super) pick: Pick,
    /// The index of its segment; [`Owner::EVERYBODY`] where it has none.
    pub(super) segment: u32,
    /// Its first outcome, and how many it has.
    pub(super) outcomes: u32,
    pub(super) variants: u32,
}

/// A hash in its place: the small one stands here, so that the common case needs no other cache line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pick {
    Here(Fnv),
    /// Its place among the hashers.
    There(u32),
}

impl Owner {
    pub(super) const EVERYBODY: u32 = u32::MAX;
}

/// What the units of a variant get. What is read is in the first of its cache lines.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Outcome {
    /// Its cells on the variant grid: the first, and the one after the last.
    pub(super) from: u32,
    pub(super) until: u32,
    pub(super) key: Box<str>,
    pub(super) variant: Box<str>,
    pub(super) value: Value,
}

/// The outcomes of all claims, and the hashes that do not fit beside them.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    all: Vec<Outcome>,
    hashers: Vec<Hasher>,
}

impl Outcomes {
    /// Adds those of a claim, and says what its owner needs to know.
    pub(super) fn add(&mut self, claim: &Claim, index: u32, hasher: Hasher) -> Owner {
        // An index beyond all segments stays beyond them.
        let segment = claim.segment.map_or(Owner::EVERYBODY, |segment| place(segment).min(u32::MAX - 1));
        let (outcomes, variants) = (place(self.all.len()), place(claim.variants.len()));
        self.all.extend(claim.variants.iter().map(|variant| Outcome {
            from: variant.range.start,
            until: variant.range.end,
            key: claim.key.as_str().into(),
            variant: variant.id.as_str().into(),
            value: variant.value.clone(),
        }));
        let pick = match hasher {
            Hasher::GrowthBook(state) => Pick::Here(state),
            other => {
                self.hashers.push(other);
                Pick::There(place(self.hashers.len().saturating_sub(1)))
            }
        };
        Owner { claim: index, pick, segment, outcomes, variants }
    }

    /// The cell of the variant grid in which a unit lies; beyond the grid, where its hash is not there.
    #[inline]
    pub(super) fn cell(&self, owner: &Owner, unit: &str) -> u32 {
        match owner.pick {
            Pick::Here(state) => state.cell(unit),
            Pick::There(at) => self.hashers.get(at as usize).map_or(u32::MAX, |hasher| hasher.cell(unit)),
        }
    }

    /// The outcome of a cell of the variant grid.
    #[inline]
    pub(super) fn of(&self, owner: &Owner, cell: u32) -> Option<&Outcome> {
        let variants = self.all.get(owner.outcomes as usize..)?.iter().take(owner.variants as usize);
        variants.into_iter().find(|outcome| outcome.from <= cell && cell < outcome.until)
    }
}

/// A place in a table. Tables of more than four billion entries do not fit the memory that an
/// artifact may take.
pub(super) fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
