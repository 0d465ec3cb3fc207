//! What becomes of one lock that is there, given what its declaration says now.

use super::digest::analysis_digest;
use super::{Lock, Room, Step};
use crate::bucket::{BucketSet, Grid, VARIANT_GRID, draw, variant_ranges};
use crate::model::{Catalogue, Claim, Intent, Surface};

/// Something pinned at the draw that the declaration now says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    Surface,
    Flag,
    Unit,
    Scheme,
    Buckets,
    Variants,
    Segment,
    /// The surface's salt, or the id: the salt of a lock follows from both.
    Salt,
}

impl Pin {
    /// What it is, for readers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Surface => "the surface",
            Self::Flag => "the flag",
            Self::Unit => "the unit",
            Self::Scheme => "the surface's `sdk`",
            Self::Buckets => "the surface's number of buckets",
            Self::Variants => "the variants or their weights",
            Self::Segment => "the segment",
            Self::Salt => "the surface's salt or the id",
        }
    }
}

/// Why a lock cannot be made what the declaration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// What is pinned has changed and `phase` has not.
    Pinned(Vec<Pin>),
    /// The share is smaller than what is held: buckets now, and before.
    Shrinks { to: u32, from: u32 },
    /// `phase` is below the lock's, or more than one above it.
    PhaseSkips { to: u32, from: u32 },
    /// It does not fit.
    NoRoom(Room),
    /// A share is no whole number of buckets.
    Unrepresentable,
    /// Its lock, or one beside which it would be drawn, was edited by hand or cannot be read.
    Tampered,
    /// `--redraw` was asked for one that has started.
    Started,
}

/// What a draw or an update needs to know of the surface.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub catalogue: &'a Catalogue,
    pub surface: &'a Surface,
    pub salt: &'a str,
    pub holdout: &'a BucketSet,
    /// The digest of each segment's audience.
    pub segments: &'a [Option<String>],
}

impl Ground<'_> {
    /// The buckets of each step, growing. A rollout's "100%" is all that the holdout leaves.
    pub fn counts(&self, claim: &Claim, intent: &Intent) -> Option<Vec<(u32, u32)>> {
        let most = self.most();
        let rollout = claim.experiment().is_none();
        let count = |share| self.surface.count(share).map(|count| if rollout { count.min(most) } else { count });
        intent.steps.iter().map(|step| Some((step.after, count(step.share)?))).collect()
    }

    /// The most buckets that a claim may hold: all that the holdout leaves.
    pub fn most(&self) -> u32 {
        self.holdout.size().saturating_sub(self.holdout.len())
    }

    /// The ranges of the variants on the grid of 10,000.
    pub fn ranges(intent: &Intent) -> Vec<(String, std::ops::Range<u32>)> {
        let weights: Vec<u64> = intent.variants.iter().map(|variant| u64::from(variant.weight)).collect();
        intent.variants.iter().map(|variant| variant.id.clone()).zip(variant_ranges(&weights)).collect()
    }

    /// The digest of the audience.
    pub fn segment(&self, intent: &Intent) -> Option<String> {
        self.segments.get(intent.segment?.position())?.clone()
    }

    /// The salt of the hash that picks the variant. It follows from the surface's salt, so that a lock shows under which one
    /// it was drawn; in locks of version 1 it always does.
    fn variant_salt(&self, claim: &Claim, phase: u32) -> String {
        super::digest::salt(&["claim", self.salt, &claim.id, &phase.to_string()])
    }

    /// A new lock without buckets: everything that is pinned.
    pub fn blank(&self, claim: &Claim, intent: &Intent, began: Vec<crate::decl::Day>) -> Lock {
        Lock {
            id: claim.id.clone(),
            surface: self.surface.id.clone(),
            flag: self.catalogue.flags.at(intent.flag).id.clone(),
            phase: intent.phase,
            began,
            start: intent.window.start,
            days: intent.window.end.map(|end| end.since(intent.window.start)),
            components: intent.components.clone(),
            unit: self.surface.unit().to_owned(),
            scheme: self.surface.sdk.word().to_owned(),
            grid: self.surface.grid(),
            buckets: self.surface.buckets,
            salt: self.variant_salt(claim, intent.phase),
            segment: self.segment(intent),
            plan: analysis_digest(self.catalogue, claim, self.surface),
            variants: Self::ranges(intent),
            steps: Vec::new(),
        }
    }

    /// What the declaration now says otherwise than the lock pinned.
    pub fn broken_pins(&self, claim: &Claim, lock: &Lock, intent: &Intent) -> Vec<Pin> {
        let surface = self.surface;
        // Weights are pinned by id, so that reordering variants in the file moves nobody, as long as ranges stay whole.
        let mut pinned = lock.variants.clone();
        let mut declared = Self::ranges(intent);
        let size = |ranges: &mut Vec<(String, std::ops::Range<u32>)>| {
            ranges.sort_by(|a, b| a.0.cmp(&b.0));
            ranges.iter().map(|(id, range)| (id.clone(), range.len())).collect::<Vec<_>>()
        };
        let checks = [
            (Pin::Surface, lock.surface == surface.id),
            (Pin::Flag, lock.flag == self.catalogue.flags.at(intent.flag).id),
            (Pin::Unit, lock.unit == surface.unit()),
            (Pin::Scheme, lock.scheme == surface.sdk.word() && lock.grid == surface.grid()),
            (Pin::Buckets, lock.buckets == surface.buckets),
            (Pin::Variants, nearly_equal(&size(&mut pinned), &size(&mut declared))),
            (Pin::Segment, lock.segment == self.segment(intent)),
            (Pin::Salt, lock.salt == self.variant_salt(claim, lock.phase)),
        ];
        checks.into_iter().filter(|&(_, same)| !same).map(|(pin, _)| pin).collect()
    }
}

/// Whether two lists of sizes agree; largest remainders may land on another variant when the order changes.
fn nearly_equal(a: &[(String, usize)], b: &[(String, usize)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.abs_diff(b.1) <= 1)
}

/// The seed of a claim's draw.
pub(super) fn seed<'a>(salt: &'a str, id: &'a str, phase: &'a str) -> [&'a str; 4] {
    ["claim", salt, id, phase]
}

/// Steps of the given sizes: prefixes of one order, so that each contains the one before and growth moves nobody.
///
/// The order is that in which buckets were added before, each step's own by their keyed hash, then `fresh`.
pub(super) fn steps(counts: &[(u32, u32)], before: &[Step], fresh: &BucketSet, seed: &[&str]) -> Vec<Step> {
    let size = fresh.size();
    let mut sources: Vec<BucketSet> = before.iter().map(|step| step.adds.clone()).collect();
    sources.push(fresh.clone());
    let mut queue = sources.into_iter();
    let mut current = queue.next().unwrap_or_else(|| BucketSet::with_size(size));
    let mut taken = 0;
    let mut steps = Vec::with_capacity(counts.len());
    for &(after, count) in counts {
        let mut adds = BucketSet::with_size(size);
        while taken < count {
            if current.is_empty() {
                let Some(next) = queue.next() else { break };
                current = next;
                continue;
            }
            let part = draw(&current, count - taken, seed);
            current.subtract(&part);
            taken += part.len();
            adds.union_with(&part);
        }
        steps.push(Step { after, adds });
    }
    steps
}

/// A decided claim keeps its lock as the record; only its window ends with the decision. None where it already does.
pub(super) fn cut(lock: &Lock, intent: &Intent) -> Option<Box<Lock>> {
    let days = intent.window.end?.since(lock.start);
    lock.days.is_none_or(|before| days < before).then(|| Box::new(Lock { days: Some(days), ..lock.clone() }))
}

/// Whether a surface's numbers make a grid at all.
pub(super) fn has_grid(surface: &Surface) -> bool {
    Grid::new(surface.grid(), surface.buckets).is_some() && VARIANT_GRID > 0
}
