//! Who gets which variant of one experiment on one day: the buckets it owns then, and the ranges of its variants.

use std::ops::Range;

use serde_json::Value;

use super::Side;
use crate::bucket::{BucketSet, Grid};
use crate::decl::{Day, Stage};
use crate::lock::Lock;
use crate::model::{Claim, Ix};

/// The assignment of one experiment or rollout on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Assigned {
    /// What decides a unit's bucket: surface, unit, scheme and salt.
    ground: [String; 4],
    flag: String,
    grid: u32,
    owned: BucketSet,
    /// The salt of the second hash.
    salt: String,
    /// The range of each variant on the grid of 10,000, and its value.
    variants: Vec<(String, Range<u32>, Value)>,
    /// What units get that it does not own.
    outside: Option<Value>,
}

impl Assigned {
    /// The assignment of a claim by a lock on a day; none where it owns nobody then.
    #[must_use]
    pub fn on(side: &Side<'_>, ix: Ix<Claim>, lock: &Lock, day: Day) -> Option<Self> {
        let claim = side.catalogue.claims.at(ix);
        // A pause keeps the buckets and assigns nobody.
        let serves = claim.stage == Some(Stage::Ship) && !claim.is_paused() && lock.window().contains(day);
        let owned = serves.then(|| owned(lock, day)).filter(|owned| !owned.is_empty())?;
        let salt = claim.surface.and_then(|surface| side.salt(surface)).unwrap_or_default();
        let flag = claim.flag.map(|flag| side.catalogue.flags.at(flag));
        let value = |id: &str| {
            let found = claim.variants.iter().find(|variant| variant.id == id);
            found.map_or(Value::Null, |variant| variant.value.clone())
        };
        Some(Self {
            ground: [lock.surface.clone(), lock.unit.clone(), lock.scheme.clone(), salt.to_owned()],
            flag: lock.flag.clone(),
            grid: lock.grid,
            owned,
            salt: lock.salt.clone(),
            variants: lock.variants.iter().map(|(id, range)| (id.clone(), range.clone(), value(id))).collect(),
            outside: flag.and_then(|flag| flag.written.default.as_ref()).map(|default| default.value.0.clone()),
        })
    }

    /// The same, as if the declaration's variants and weights held instead of those of the lock.
    #[must_use]
    pub fn with_ranges(mut self, claim: &Claim) -> Self {
        let weights: Vec<u64> = claim.variants.iter().map(|variant| u64::from(variant.weight)).collect();
        let ranges = crate::bucket::variant_ranges(&weights);
        self.variants = claim
            .variants
            .iter()
            .zip(ranges)
            .map(|(variant, range)| (variant.id.clone(), range, variant.value.clone()))
            .collect();
        self
    }

    /// The same with so many buckets only; which ones makes no difference to how many units leave.
    #[must_use]
    pub fn shrunk(mut self, buckets: u32) -> Self {
        let beyond: Vec<u32> = self.owned.iter().skip(buckets as usize).collect();
        for bucket in beyond {
            self.owned.remove(bucket);
        }
        self
    }

    /// The share of the surface's units that it owns.
    #[must_use]
    pub fn share(&self) -> f64 {
        part(self.owned.len(), self.owned.size())
    }

    /// Variants with their ranges and values.
    pub(super) fn variants(&self) -> &[(String, Range<u32>, Value)] {
        &self.variants
    }

    /// What units get that it does not own.
    pub(super) fn outside(&self) -> Option<&Value> {
        self.outside.as_ref()
    }

    /// Whether units are given values of the same flag.
    pub(super) fn same_flag(&self, other: &Self) -> bool {
        self.flag == other.flag && self.ground.first() == other.ground.first()
    }

    /// Whether the same hash picks the variant.
    pub(super) fn same_draw(&self, other: &Self) -> bool {
        self.salt == other.salt && self.ground == other.ground
    }

    /// The shares of the surface's units that both own, and that only the first and only the second owns.
    pub(super) fn shares_with(&self, other: &Self) -> (f64, f64, f64) {
        let (own, others) = (self.share(), other.share());
        let both = if self.ground != other.ground || self.grid != other.grid {
            // Another hash: who is owned by the one says nothing of the other.
            own * others
        } else if self.owned.size() == other.owned.size() {
            part(self.owned.intersection_len(&other.owned), self.owned.size())
        } else {
            part(self.cells().intersection_len(&other.cells()), self.grid)
        };
        (both, own - both, others - both)
    }

    /// The cells of the hash that it owns.
    fn cells(&self) -> BucketSet {
        let mut cells = BucketSet::with_size(self.grid);
        if let Some(grid) = Grid::new(self.grid, self.owned.size()) {
            grid.cell_runs(&self.owned).for_each(|run| cells.insert_run(run));
        }
        cells
    }
}

/// The buckets that a lock owns on a day of its window.
fn owned(lock: &Lock, day: Day) -> BucketSet {
    let mut owned = BucketSet::with_size(lock.buckets);
    for step in lock.steps.iter().filter(|step| lock.start.plus(step.after) <= day) {
        owned.union_with(&step.adds);
    }
    owned
}

/// A part of a whole; nothing of nothing.
pub(super) fn part(count: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(count) / f64::from(whole) }
}
